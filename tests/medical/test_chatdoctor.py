"""ChatDoctor's retriever: keywords, chunks scored by substrings, and a teacher that reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune import Dropped, Message, Origin, Passage, Sampling
from domaintune.data.context import Context
from domaintune.settings import DataSettings
from domaintune_medical import chatdoctor
from domaintune_medical.chatdoctor import KeywordFinder, Keywords
from domaintune_medical.keywords import content_words, listed
from domaintune_medical.knowledge import diseases
from domaintune_medical.knowledge_options import DiseaseOptions, KeywordOptions


class Says:
    """A teacher that answers by a function of the prompt, and remembers what it was asked."""

    def __init__(self, answer: Callable[[str], str | None]) -> None:
        self._answer = answer
        self.asked: list[str] = []

    def answer(self, messages: Sequence[Message], sampling: Sampling) -> str | None:
        assert sampling.temperature == 0, "the same keywords every time"
        self.asked.append(messages[-1]["content"])
        return self._answer(self.asked[-1])


def disease(name: str, *symptoms: str, care: str = "") -> list[Passage]:
    origin = Origin(source="table.csv", place=name)
    text = f"{name}. Symptoms: {', '.join(symptoms)}."
    meta = {"disease": name, "symptoms": list(symptoms)}
    first = Passage(text=text, origin=origin, title=name, keys=symptoms, meta=meta)
    return [first, *([Passage(text=f"{name}. {care}", origin=origin, title=name)] if care else [])]


def finder(passages: Sequence[Passage], teacher: Says | None = None, **options: Any) -> KeywordFinder:
    return KeywordFinder(passages, KeywordOptions(**options, teacher="made" if teacher else None), teacher)


TABLE = [
    *disease("Asthma", "Wheezing", "Cough", care="Tests: Spirometry."),
    *disease("Flu", "Fever", "Cough", "Muscle pain"),
    *disease("Gout", "Joint pain", "Swollen joint"),
    *disease("Sprain", "Painful ankle"),
]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("I have sharp chest pain, fever and cough. What could it be?", ["sharp chest pain", "fever", "cough"]),
        ("Hello doctor, I'm 45 and I can't sleep", ["sleep"]),
        ("Which tests are done for Crohn's disease?", ["done", "crohn"]),
        ("医生您好，我最近几天咳嗽、发热和胸痛", ["咳嗽", "发热", "胸痛"]),
        ("What is it?", []),
        ("?!", []),
        ("", []),
    ],
)
def test_the_content_words_of_a_question(question: str, words: list[str]) -> None:
    assert [word for word in content_words(question, 20) if word in words] == words
    assert content_words(question, 20)[: len(words)] == words


@pytest.mark.parametrize(
    "reply",
    [
        "chest pain, Fever, dry cough",
        "Chest pain\nfever\ndry cough",
        "- chest pain\n- fever\n- dry cough\n",
        "1. Chest pain\n2. Fever\n3. Dry cough",
        "Keywords: chest pain, fever and dry cough.",
        "**Keywords:** \"chest pain\", 'fever', `dry cough`, fever",
        "Chest pain; fever; dry cough",
        "Here are the key terms for this question:\n* Chest pain\n* Fever\n* Dry cough",
        "chest pain,,fever, ,dry cough,",
    ],
)
def test_a_list_of_keywords_is_read_however_it_is_set_out(reply: str) -> None:
    assert listed(reply, 20) == ["chest pain", "fever", "dry cough"]


def test_a_list_in_chinese_is_read() -> None:
    assert listed("关键词：咳嗽、发热和胸痛。", 20) == ["咳嗽", "发热", "胸痛"]


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_no_reply_and_no_question_gives_a_keyword_that_is_everywhere(text: str) -> None:
    for found in (listed(text, 5), content_words(text, 5)):
        assert len(found) <= 5
        assert len(set(found)) == len(found)
        assert all(any(map(str.isalnum, word)) for word in found)


def test_a_chunk_scores_the_keywords_that_occur_in_it() -> None:
    hits = finder(TABLE, group=1).search("I have a cough, fever and muscle pain", 10)
    assert [(hit.passage.title, hit.score) for hit in hits][:2] == [("Flu", 5.0), ("Asthma", 1.0)]


def test_substrings_count_as_in_the_original() -> None:
    hits = finder(TABLE, group=1).search("pain", 10)
    assert {hit.passage.title for hit in hits} == {"Flu", "Gout", "Sprain"}, "pain is in painful"


def test_equal_scores_are_ordered_by_text_whatever_the_order_of_the_table() -> None:
    titles = [hit.passage.title for hit in finder(TABLE, group=1).search("cough", 10)]
    turned = [*disease("Flu", "Fever", "Cough", "Muscle pain"), *disease("Asthma", "Wheezing", "Cough")]
    assert titles == ["Asthma", "Asthma", "Flu"]
    assert [hit.passage.title for hit in finder(turned, group=1).search("cough", 10)] == ["Asthma", "Flu"]


def test_diseases_of_a_group_are_scored_together_and_come_one_by_one() -> None:
    hits = finder(TABLE, group=2).search("wheezing and fever, with swollen joints", 10)
    assert [(hit.passage.text.split(".")[1][:9], hit.passage.title, hit.score) for hit in hits] == [
        (" Symptoms", "Asthma", 2.0),
        (" Symptoms", "Flu", 2.0),
        (" Tests: S", "Asthma", 2.0),
        (" Symptoms", "Gout", 1.0),
        (" Symptoms", "Sprain", 1.0),
    ]


def test_the_parts_of_a_disease_are_one_row_and_other_passages_stand_alone() -> None:
    article = [Passage(text=f"Piece {n} on cough", origin=Origin(source="wiki"), title="Cough") for n in range(3)]
    hits = finder([*article, *TABLE], group=6).search("spirometry for cough", 20)
    scores = {(hit.passage.title, hit.score) for hit in hits}
    assert scores == {("Asthma", 2.0), ("Flu", 2.0), ("Gout", 2.0), ("Sprain", 2.0), ("Cough", 1.0)}


@pytest.mark.parametrize("k", [0, 1, 2, 50])
def test_no_more_than_k_are_found_and_nothing_for_a_question_without_words(k: int) -> None:
    assert len(finder(TABLE).search("cough", k)) <= k
    assert finder(TABLE).search("What is it?", k) == []
    assert finder([]).search("cough", k) == []


def test_a_teacher_names_the_keywords_and_is_asked_once() -> None:
    teacher = Says(lambda _: "Joint pain, swollen joint")
    made = finder(TABLE, teacher, group=1)
    assert made.search("My toe hurts like hell", 1)[0].passage.title == "Gout"
    made.search("My toe hurts like hell", 3)
    assert len(teacher.asked) == 1
    assert "My toe hurts like hell" in teacher.asked[0]


@pytest.mark.parametrize(
    "reply", [None, "", " \n", "...", "x" * 500, "I'm sorry, I cannot help.", "抱歉，我无法回答。"]
)
def test_where_the_teacher_declines_the_question_speaks_for_itself(reply: str | None) -> None:
    assert finder(TABLE, Says(lambda _: reply), group=1).search("wheezing", 1)[0].passage.title == "Asthma"


def test_a_teacher_reads_the_best_chunks_and_says_what_is_in_them() -> None:
    def reads(prompt: str) -> str:
        if prompt.startswith("Which"):
            return "cough, fever"
        return "It fits the flu, with fever." if "Flu" in prompt else "No entry."

    teacher = Says(reads)
    (hit,) = finder(TABLE, teacher, group=1, read=True, top=2).search("I cough and am hot", 4)
    assert (hit.passage.text, hit.passage.title, hit.score) == ("It fits the flu, with fever.", "Flu", 2.0)
    assert hit.passage.origin == TABLE[2].origin
    assert len(teacher.asked) == 3, "the keywords, and two chunks one at a time"
    assert "Asthma. Tests: Spirometry." in teacher.asked[2]


def test_an_answer_that_names_no_disease_has_no_title() -> None:
    teacher = Says(lambda prompt: "cough" if prompt.startswith("Which") else "Drink enough.")
    hits = finder(TABLE, teacher, group=1, read=True, top=1).search("cough", 4)
    assert [(hit.passage.title, hit.passage.text) for hit in hits] == [("", "Drink enough.")]


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        ("No entry", False),
        ('"No entry."', False),
        ("There is no entry that helps.", False),
        ("It does not help.", False),
        ("This part doesn't help to answer the question.", False),
        ("No relevant entry was found. The part speaks of gout.", False),
        ("I'm sorry, I cannot help.", False),
        ("没有相关内容。", False),
        ("No entry point is visible, but gout fits well.", True),
        ("No entry point is visible; gout fits well.", True),
        ("It does not help with the cough, but gout fits.", True),
        ("It does not mention treatment. The pain fits gout.", True),
        ("Nothing beats rest.", True),
    ],
)
def test_what_says_that_there_is_nothing_is_no_passage(reply: str, kept: bool) -> None:
    teacher = Says(lambda prompt: "joint pain" if prompt.startswith("Which") else reply)
    hits = finder(TABLE, teacher, group=1, read=True, top=1).search("my toe hurts", 4)
    assert [hit.passage.text for hit in hits] == ([reply] if kept else [])


def test_a_title_is_a_word_and_what_a_model_wrote_says_so() -> None:
    def reads(prompt: str) -> str:
        return "joint pain, fever" if prompt.startswith("Which") else "Pain throughout the night fits the flu."

    (hit,) = finder(TABLE, Says(reads), group=6, read=True, top=1).search("my toe hurts", 4)
    assert hit.passage.title == "Flu"
    assert hit.passage.meta == {"written_by": "made"}


def test_reading_needs_someone_who_reads() -> None:
    with pytest.raises(ValueError, match="name a teacher"):
        KeywordOptions(read=True)


@pytest.mark.parametrize("wrong", [{"group": 0}, {"keywords": 101}, {"top": 0}, {"max_new_tokens": 0}])
def test_options_that_do_not_fit_are_refused(wrong: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        KeywordOptions(**wrong)


def test_the_index_is_empty_and_the_teacher_is_opened_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[str, Any]] = []

    def open_teacher(name: str, options: Any) -> Says:
        opened.append((name, options))
        return Says(lambda _: "wheezing")

    monkeypatch.setattr(chatdoctor, "open_teacher", open_teacher)
    retriever = Keywords(KeywordOptions(teacher="teacher-replay", teacher_options={"file": "x"}, group=1))
    retriever.index(TABLE, tmp_path / "index")
    assert list((tmp_path / "index").iterdir()) == []
    assert not opened
    assert retriever.open(TABLE, tmp_path / "index").search("I whistle", 1)[0].passage.title == "Asthma"
    assert opened == [("teacher-replay", {"file": "x"})]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_three_symptoms_of_the_sample_find_their_disease(language: Any) -> None:
    context = Context("medical-diseases", DiseaseOptions(language=language), DataSettings(), seed=0)
    passages = [item for item in diseases(context) if not isinstance(item, Dropped)]
    found = Keywords(KeywordOptions(group=1)).open(passages, Path())
    entries = [item for item in passages if item.meta]
    right = 0
    for entry in entries:
        names = entry.meta["symptoms"][:3]
        question = (
            f"我有{'、'.join(names)}，是什么病？" if language == "zh" else f"I have {', '.join(names)}. What is it?"
        )
        titles = list(dict.fromkeys(hit.passage.title for hit in found.search(question.lower(), 50)))
        right += entry.title in titles[:5]
    assert right >= 0.95 * len(entries)
