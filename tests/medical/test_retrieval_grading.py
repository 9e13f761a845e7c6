from __future__ import annotations

import ast
import csv
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune import Example, Origin, Passage
from domaintune_medical import lay
from domaintune_medical.grading_options import RetrievalOptions
from domaintune_medical.retrieval_grading import FRAMES, RetrievalGrader

SAMPLES = resources.files("domaintune_medical") / "samples"


def passage(disease, symptoms, **more):
    meta = {"disease": disease, "symptoms": list(symptoms)} | more
    return Passage(text=f"{disease}.", title=disease, origin=Origin(source="made.csv", place=disease), meta=meta)


ASTHMA = passage("Asthma", ["Wheezing", "Cough", "Shortness of breath", "Chest tightness"])
FLU = passage("Influenza", ["Fever", "Cough", "Headache", "Fatigue"])
ODD = passage("Zebra disease", ["Striped skin", "Neighing", "Galloping thoughts"])


def asked(*passages, **options):
    grader = RetrievalGrader(RetrievalOptions(**options))
    grader.read(passages)
    return grader, grader.items([])


def item(disease="Asthma"):
    return next(one for one in asked(ASTHMA, FLU)[1] if one.reference == disease)


def values(example, titles):
    return {score.metric: score.value for score in RetrievalGrader().grade(example, "\n".join(titles))}


def test_a_question_names_three_symptoms_of_its_disease_in_two_wordings():
    _, items = asked(ASTHMA, FLU)
    assert [(one.reference, *one.tags) for one in items] == [
        ("Asthma", "verbatim"), ("Asthma", "lay"), ("Influenza", "verbatim"), ("Influenza", "lay"),
    ]  # fmt: skip
    verbatim, said = items[:2]
    assert len(verbatim.meta["symptoms"]) == 3
    assert set(verbatim.meta["symptoms"]) < {"wheezing", "cough", "shortness of breath", "chest tightness"}
    for name, phrase in zip(verbatim.meta["symptoms"], said.meta["symptoms"], strict=True):
        assert name in verbatim.question
        assert phrase in said.question
        assert phrase in lay.phrases(name)
    assert verbatim.origin == ASTHMA.origin


def test_a_symptom_without_everyday_words_stays_and_a_question_of_such_has_one_wording():
    mixed = passage("Half", ["Cough", "Neighing", "Striped skin"])
    _, items = asked(ODD, mixed)
    assert [(one.reference, *one.tags) for one in items] == [
        ("Half", "verbatim"), ("Half", "mixed"), ("Zebra disease", "verbatim"),
    ]  # fmt: skip
    assert "neighing" in items[1].question
    assert "cough" not in items[1].meta["symptoms"]


def test_the_seed_decides_and_other_diseases_do_not():
    many = [passage(f"Disease {n}", [f"Symptom {n} {m}" for m in range(9)]) for n in range(20)]
    questions = [one.question for one in asked(*many)[1]]
    assert questions == [one.question for one in asked(*reversed(many))[1]]
    assert questions[:5] == [one.question for one in asked(*many)[1]][:5]
    assert asked(many[3])[1][0] in asked(*many)[1]
    assert questions != [one.question for one in asked(*many, seed=1)[1]]
    frames = {next(place for place, frame in enumerate(FRAMES) if q.startswith(frame.split("{")[0])) for q in questions}
    assert len(frames) >= 5


def test_too_few_symptoms_and_symptoms_that_too_many_have_give_no_question():
    same = [passage(f"Twin {n}", ["Fever", "Cough", "Nausea"]) for n in range(6)]
    grader, items = asked(*same, passage("Short", ["Fever", "Cough", "cough."]), ASTHMA)
    assert {one.reference for one in items} == {"Asthma"}
    assert grader.notes == [
        "1 of 8 diseases gave no question: they have fewer than 3 symptoms besides their own name.",
        "6 of 8 diseases gave no question: more than 5 diseases have the symptoms that were drawn.",
    ]
    assert len(asked(*same, most=6)[1]) == 12


@settings(max_examples=30)
@given(
    table=st.dictionaries(st.sampled_from("ABCDEFGHIJKL"), st.sets(st.integers(0, 7), max_size=6), max_size=12),
    questions=st.integers(1, 3),
)
def test_recall_at_five_can_always_be_one(table, questions):
    owned = {name: {f"sign {n}" for n in found} for name, found in table.items()}
    _, items = asked(*(passage(name, sorted(found)) for name, found in owned.items()), questions=questions)
    for one in items:
        fitting = [name for name, found in owned.items() if set(one.meta["symptoms"]) <= found]
        assert one.reference in fitting
        assert len(fitting) == one.meta["sharing"] <= 5
    assert len({(one.reference, frozenset(one.meta["symptoms"])) for one in items}) == len(items)


@pytest.mark.parametrize(
    ("name", "symptoms", "left"),
    [
        ("Whooping cough", ["Cough", "Fever", "Nausea", "Vomiting"], {"fever", "nausea", "vomiting"}),
        (
            "Depression",
            ["Fatigue", "Depression", "Manic depression", "Insomnia", "Anxiety"],
            {"fatigue", "insomnia", "anxiety"},
        ),
        ("Odd (gas)", ["Gas", "Gasping", "Cough", "Fever"], {"gasping", "cough", "fever"}),
        ("急性头痛", ["头痛", "发热", "呕吐", "恶心"], {"发热", "呕吐", "恶心"}),
    ],
)
def test_symptoms_that_tell_the_name_are_not_asked_about(name, symptoms, left):
    _, items = asked(passage(name, symptoms), questions=9)
    assert {symptom for one in items if "verbatim" in one.tags for symptom in one.meta["symptoms"]} == left


def test_a_question_is_lay_only_where_every_symptom_is():
    known = ["Cough", "Fever", "Nausea"]
    _, items = asked(passage("All", known), passage("Some", [*known[:2], "Neighing"]), passage("None", ["A", "B", "C"]))
    assert {one.reference: set(one.tags) for one in items if "verbatim" not in one.tags} == {
        "All": {"lay"},
        "Some": {"mixed"},
    }


def test_parts_of_one_disease_are_one_disease():
    parts = [passage("Asthma", ["Wheezing"]), passage("Asthma", ["Cough", "wheezing"]), passage("Asthma", ["Fever"])]
    grader, items = asked(*parts, Passage(text="no disease", origin=Origin(source="x")))
    assert [len(disease.symptoms) for disease in grader.diseases] == [3]
    assert {one.reference for one in items} == {"Asthma"}


@pytest.mark.parametrize(
    ("titles", "rank"),
    [
        (["Asthma"], 1),
        (["Influenza", "asthma."], 2),
        (["a", "b", "c", "d", "e", "Asthma"], 6),
        (["a", "A", "a.", "Asthma"], 2),
        ([*"abcdefghij", "Asthma"], 0),
        (["Asthma attack"], 0),
        ([], 0),
        (["", " "], 0),
    ],
)
def test_ranks(titles, rank):
    assert values(item(), titles) == {
        "recall@1": float(rank == 1),
        "recall@5": float(1 <= rank <= 5),
        "recall@10": float(rank >= 1),
        "mrr": 1 / rank if rank else 0,
    }


def test_reasons_say_the_rank():
    assert {score.reason for score in RetrievalGrader().grade(item(), "x\nAsthma")} == {"found at rank 2"}
    assert {score.reason for score in RetrievalGrader().grade(item(), "x\ny")} == {"not among the 2 titles"}


def test_chinese_knowledge_is_asked_in_chinese():
    _, items = asked(passage("感冒", ["发热", "咳嗽", "头痛"]))
    verbatim, said = items
    assert "、" in verbatim.question
    assert not any(char.isascii() and char.isalpha() for char in verbatim.question + said.question)
    assert set(verbatim.meta["symptoms"]) == {"发热", "咳嗽", "头痛"}
    assert not set(said.meta["symptoms"]) & {"发热", "咳嗽", "头痛"}
    assert values(verbatim, ["肺炎", "感冒"])["mrr"] == 0.5


def test_before_it_has_read_it_asks_nothing():
    assert RetrievalGrader().items([Example(prompt=(), completion=(), origin=Origin(source="x"))]) == []


def rows():
    with lay.TABLE.open(encoding="utf-8", newline="") as file:
        return [(row["symptoms"].split("|"), row["phrases"].split("|")) for row in csv.DictReader(file)]


def test_the_lexicon_is_large_and_each_phrase_means_one_thing():
    names = [lay.plain(name) for found, _ in rows() for name in found]
    said = [lay.plain(phrase) for _, phrases in rows() for phrase in phrases]
    assert len(rows()) >= 300
    assert all(1 <= len(phrases) <= 3 for _, phrases in rows())
    assert len(set(names)) == len(names)
    assert len(set(said)) == len(said)
    assert not set(names) & set(said)
    assert all(name and name == name.strip() for name in [*names, *said])


def test_the_lexicon_is_found_whatever_the_case_and_punctuation():
    assert lay.phrases("Shortness of Breath ") == lay.phrases("dyspnea") != ()
    assert lay.phrases("Skin dryness, peeling, scaliness, or roughness") == lay.phrases("dry skin")
    assert lay.phrases("galloping thoughts") == ()


def test_the_lexicon_covers_most_symptoms_of_our_own_sample():
    text = (SAMPLES / "conditions.csv").read_text(encoding="utf-8")
    symptoms = [name for row in csv.DictReader(text.splitlines()) for name in ast.literal_eval(row["Symptom"])]
    covered = sum(bool(lay.phrases(name)) for name in symptoms)
    assert covered / len(symptoms) > 0.75


@pytest.mark.parametrize(
    ("symptom", "other"),
    [
        ("weak urine stream", "not being able to pee"), ("cloudy urine", "smelly"), ("jaw pain", "chew"),
        ("warm skin", "leg"),
        ("right upper abdominal pain", "greasy"), ("怕冷", "哆嗦"),
        ("出汗", "睡着"), ("多尿", "一晚上"), ("头晕", "天旋地转"),
    ],
)  # fmt: skip
def test_a_phrase_says_its_symptom_and_not_another(symptom, other):
    assert lay.phrases(symptom)
    assert not any(other in phrase for phrase in lay.phrases(symptom))
