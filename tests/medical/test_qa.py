"""Questions from a table of diseases: forms and teachers, English and Chinese, honest splits, every row accounted for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from domaintune import DataError, Dropped, Example, Message, Origin, Sampling
from domaintune.data import make
from domaintune.data.context import Context
from domaintune.settings import DataSettings
from domaintune.testing import run_builder
from domaintune_medical.dialogue_options import KINDS, QaOptions
from domaintune_medical.knowledge import Condition
from domaintune_medical.qa import INSTRUCTION_ZH, qa
from domaintune_medical.qa_teacher import Unreadable, parse, request
from domaintune_medical.qa_templates import ANSWERS, ANSWERS_ZH, QUESTIONS, QUESTIONS_ZH, sex, spoken

FLU = {
    "disease": "Influenza",
    "Symptom": "['Fever', 'Chills', 'Muscle pain', 'Dry cough']",
    "reason": "Influenza is caused by a virus. It begins suddenly. It passes. Nobody needs a fourth sentence.",
    "TestsAndProcedures": "['PCR of a nasal swab', 'Chest X-ray']",
    "commonMedications": "['Oseltamivir', 'Paracetamol']",
}
LIUGAN = {
    "疾病": "流行性感冒",
    "症状": "发热、寒战、肌肉酸痛、干咳",
    "病因": "由流感病毒引起。",
    "检查": "核酸检测",
    "药物": "奥司他韦",
}
CONDITION = Condition(
    name="Influenza",
    symptoms=("Fever", "Chills"),
    reason="A virus.",
    tests=("Chest X-ray",),
    medications=("Oseltamivir (Tamiflu)",),
    origin=Origin(source="x"),
)


def build(*rows: dict[str, str], seed: int = 0, **options: Any) -> tuple[list[Example], list[Dropped]]:
    return run_builder(qa, rows, QaOptions(**options), seed=seed)


def test_there_are_enough_forms_in_both_languages() -> None:
    for forms, answers in ((QUESTIONS, ANSWERS), (QUESTIONS_ZH, ANSWERS_ZH)):
        assert set(forms) == set(answers) == set(KINDS)
        every = [form for kind in forms.values() for form in kind]
        assert len(every) == len(set(every)) >= 16


@pytest.mark.parametrize(
    ("row", "language", "facts"),
    [
        (
            FLU,
            "en",
            {"symptoms": "fever", "causes": "virus", "tests": "PCR of a nasal swab", "medications": "oseltamivir"},
        ),
        (LIUGAN, "zh", {"symptoms": "寒战", "causes": "流感病毒", "tests": "核酸检测", "medications": "奥司他韦"}),
    ],
)
def test_a_row_gives_a_pair_of_every_kind_with_its_facts(
    row: dict[str, str], language: str, facts: dict[str, str]
) -> None:
    made, dropped = build(row, per_entry=5)
    name = row.get("disease") or row["疾病"]
    assert (len(made), dropped) == (5, [])
    for example in made:
        (kind,) = example.tags - {language}
        answer = example.reference.casefold()
        assert (name if kind == "diagnosis" else facts[kind]).casefold() in answer
        assert "fourth" not in answer
        assert (name.casefold() in example.question.casefold()) == (kind != "diagnosis")
        assert "{" not in example.question + example.reference
        assert example.meta["passages"] == example.meta["disease"] == [name]
        assert bool(example.meta["medication"]) == (kind == "medications")
        assert example.group == name
    assert {tag for example in made for tag in example.tags} == {*KINDS, language}


def test_no_question_is_asked_twice_of_an_entry_and_per_entry_is_a_limit() -> None:
    made, _ = build(FLU, per_entry=100)
    assert len({example.question for example in made}) == len(made) == sum(map(len, QUESTIONS.values()))
    assert len(build(FLU, per_entry=2)[0]) == 2


def test_equal_seeds_agree_others_differ_and_other_rows_change_nothing() -> None:
    other = {**FLU, "disease": "Common cold"}

    def texts(*rows: dict[str, str], seed: int = 0) -> list[tuple[str, str]]:
        return [(e.question, e.reference) for e in build(*rows, seed=seed)[0] if e.group == "Influenza"]

    assert texts(FLU) == texts(FLU) == texts(other, FLU)
    assert texts(FLU) != texts(FLU, seed=1)


def test_only_what_the_entry_knows_is_asked() -> None:
    made, _ = build({"disease": "Influenza", "symptoms": "Fever"}, per_entry=9)
    assert {tag for example in made for tag in example.tags} == {"symptoms", "en"}, "one symptom makes no diagnosis"
    made, (dropped,) = build({"disease": "Influenza", "symptoms": "Fever"}, kinds=("tests",))
    assert (made, dropped.reason) == ([], "nothing-to-ask")


def test_rows_that_the_table_cannot_use_are_dropped_once() -> None:
    made, dropped = build({**FLU, "disease": ""}, {**FLU, "Symptom": "['Fever', "}, FLU, FLU)
    assert len(dropped) == 3
    assert {example.origin.place for example in made} == {"line 3"}


def test_names_in_sentences_keep_the_capitals_they_need() -> None:
    kept = ("Crohn's disease", "HIV infection", "Lyme disease", "COVID-19", "2型糖尿病")
    assert [spoken(name) for name in kept] == list(kept)
    assert spoken("Influenza") == "influenza"


def test_patients_fit_their_complaint() -> None:
    assert sex("Endometriosis") == sex("Irregular periods") == sex("卵巢囊肿") == "woman"
    assert sex("Enlarged prostate") == sex("前列腺增生") == "man"
    assert sex("Influenza") == sex("Periodic fever") == ""


def test_the_sample_splits_by_disease() -> None:
    for language, diseases in (("en", 60), ("zh", 15)):
        data = make("q", qa, QaOptions(language=language), DataSettings(), seed=0, max_length=None, count_tokens=None)
        sides = [{example.meta["disease"][0] for example in side} for side in (data.train, data.test)]
        assert len(sides[0] | sides[1]) >= diseases
        assert sides[1]
        assert not sides[0] & sides[1]
        assert all(language in example.tags for example in data.train)


def test_chinese_from_table_to_grade() -> None:
    from domaintune_medical.grading import Rouge

    made, _ = build(LIUGAN, per_entry=5)
    example = next(example for example in made if "medications" in example.tags)
    assert example.prompt[0]["content"] == INSTRUCTION_ZH
    right = {score.metric: score.value for score in Rouge().grade(example, example.reference)}
    wrong = {score.metric: score.value for score in Rouge().grade(example, "明天天气晴朗")}
    assert right["rougeL"] == pytest.approx(1.0)
    assert wrong["rougeL"] < 0.3


class Scripted:
    """A teacher that says what it was told to, in turn, and remembers what it was asked."""

    def __init__(self, *replies: str | None) -> None:
        self.replies, self.asked = replies, []  # type: tuple[str | None, ...], list[tuple[str, Sampling]]

    def answer(self, messages: Sequence[Message], sampling: Sampling) -> str | None:
        self.asked.append((messages[-1]["content"], sampling))
        return self.replies[(len(self.asked) - 1) % len(self.replies)]


def taught(
    tmp_path: Path, teacher: Scripted, *rows: dict[str, str], **options: Any
) -> tuple[list[Example], list[Dropped], list[str]]:
    class Taught(Context):
        def teacher(self) -> Any:
            return teacher

    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    context = Taught("q", QaOptions(ask="teacher", **options), DataSettings(sources=(str(path),)), seed=0)
    return *context.call(qa), context.notes


def test_a_teacher_writes_pairs_and_what_is_no_pair_is_counted(tmp_path: Path) -> None:
    teacher = Scripted(
        '```json\n{"question": "What is influenza?", "answer": "Fever by a virus; oseltamivir helps."}\n```',
        "I'm sorry, I cannot help with that.",
        "**Question:** Does influenza hurt?\n**Answer:** Muscle pain is common.\n\nNote: be careful",
        "What a day.",
        '{"question": "What is influenza?", "answer": "Twice the same."}',
    )
    made, dropped, notes = taught(tmp_path, teacher, FLU, per_entry=5)
    assert dropped == []
    assert [(e.question, e.reference) for e in made] == [
        ("What is influenza?", "Fever by a virus; oseltamivir helps."),
        ("Does influenza hurt?", "Muscle pain is common."),
    ]
    assert made[0].meta["medication"] == ["Oseltamivir"]
    assert notes == ["3 replies of the teacher gave no pair: 1 declined, 1 repeated, 1 unreadable"]
    assert all("Fever, Chills" in prompt for prompt, _ in teacher.asked)
    assert len({sampling.seed for _, sampling in teacher.asked}) == 5


def test_a_row_of_which_the_teacher_makes_nothing_is_dropped(tmp_path: Path) -> None:
    made, (dropped,), _ = taught(tmp_path, Scripted(None), FLU)
    assert (made, dropped.reason) == ([], "no-pair")


def test_chinese_entries_are_asked_about_in_chinese(tmp_path: Path) -> None:
    teacher = Scripted("问题：得了流行性感冒怎么办？\n回答：可用奥司他韦。")
    (made,), _, _ = taught(tmp_path, teacher, LIUGAN, per_entry=1)
    assert (made.question, made.reference) == ("得了流行性感冒怎么办？", "可用奥司他韦。")
    assert made.meta["medication"] == ["奥司他韦"]
    assert "症状：发热、寒战" in teacher.asked[0][0]


def test_a_teacher_that_is_not_named_is_an_error_that_says_so() -> None:
    with pytest.raises(DataError, match="teacher"):
        build(FLU, ask="teacher")


def test_the_forms_of_request_differ() -> None:
    import random

    rng = random.Random(0)
    assert len({request(CONDITION, "tests", rng)[0]["content"] for _ in range(200)}) == 10


PAIR = ("Is influenza bad?", "Rest helps.")


@pytest.mark.parametrize(
    "reply",
    [
        '{"question": "Is influenza bad?", "answer": "Rest helps."}',
        'Sure! Here it is:\n```json\n{"Question": "Is influenza bad?", "Answer": " Rest helps. "}\n```\nAnything else?',
        '{"id": {"x": 1}} {"问题": "Is influenza bad?", "回答": "Rest helps."}',
        "Question: Is influenza bad?\nAnswer: Rest helps.",
        "1. **Q:** Is influenza bad?\n   **A**: Rest\nhelps.\n\n2. **Q:** Another?\n **A:** Yes.",
        "> Question: Is\n> influenza bad?\n> Answer: Rest helps.".replace("\n> i", "\ni"),
        "问题：Is influenza bad?\n\n答案：Rest helps.\n注意：无",
    ],
)
def test_replies_are_read_however_they_are_written(reply: str) -> None:
    assert parse(reply, CONDITION) == PAIR


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (None, "declined"),
        ("  ", "declined"),
        ("As an AI I cannot.", "declined"),
        ("抱歉，我无法回答。", "declined"),
        ('{"question": "Is influenza bad?", "answer": "I\'m sorry, I can\'t say."}', "declined"),
        ('{"question": "Is influenza bad?"}', "unreadable"),
        ('{"question": "Influenza?", "answer": "influenza?"}', "unreadable"),
        ('{"question": "Influenza?", "answer": 3}', "unreadable"),
        ("Answer: influenza\nQuestion: which?", "unreadable"),
        ("{" * 5000, "unreadable"),
        ('{"question": "What is the capital of France?", "answer": "Paris."}', "off-topic"),
    ],
)
def test_a_reply_without_a_pair_says_why(reply: str | None, why: str) -> None:
    with pytest.raises(Unreadable, match=f"^{why}$"):
        parse(reply, CONDITION)


def test_a_brand_name_need_not_be_repeated() -> None:
    reply = '{"question": "What may help?", "answer": "Oseltamivir."}'
    assert parse(reply, CONDITION)[1] == "Oseltamivir."


def test_real_diseases_are_read_and_accounted_for(shared_data: Path) -> None:
    source = str(shared_data / "chatdoctor/format_dataset.csv")
    context = Context("q", QaOptions(per_entry=3), DataSettings(sources=(source,)), seed=0)
    made, dropped = context.call(qa)
    assert len({example.origin for example in made} | {item.origin for item in dropped}) == context.read == 796
    assert len(made) > 2300
    assert Counter(len(example.meta["passages"]) for example in made).keys() == {1}
