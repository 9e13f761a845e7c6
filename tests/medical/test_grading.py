from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from domaintune import Example, Message, Origin
from domaintune_medical.grading import Rouge
from domaintune_medical.options import RougeOptions


def report(impression, **meta):
    return Example(
        prompt=(Message(role="user", content="Findings: heart is enlarged."),),
        completion=(Message(role="assistant", content=impression),),
        origin=Origin(source="made"),
        meta=meta,
    )


def scores(reference, answer, **options):
    return {score.metric: score for score in Rouge(RougeOptions(**options)).grade(report(reference), answer)}


# By hand: F1 = 2 x overlap / (words in reference + words in answer)
@pytest.mark.parametrize(
    ("reference", "answer", "rouge1", "rouge2", "rouge_l"),
    [
        ("No acute disease.", "no ACUTE disease", 1, 1, 1),
        ("no acute cardiopulmonary abnormality", "no acute abnormality", 6 / 7, 2 / 5, 6 / 7),
        ("left effusion and right nodule", "right nodule and left effusion", 1, 2 / 4, 2 * 2 / 10),
        ("no effusion", "effusion", 2 / 3, 0, 2 / 3),
        ("cardiomegaly", "pneumonia", 0, 0, 0),
        ("cardiomegaly", "", 0, 0, 0),
        ("cardiomegaly", " \n", 0, 0, 0),
        ("", "cardiomegaly", 0, 0, 0),
    ],
)
def test_truth_table(reference, answer, rouge1, rouge2, rouge_l):
    found = scores(reference, answer)
    assert list(found) == ["rouge1", "rouge2", "rougeL"]
    assert [score.value for score in found.values()] == pytest.approx([rouge1, rouge2, rouge_l])


def test_reasons_count_what_is_there():
    found = scores("no acute cardiopulmonary abnormality", "no acute abnormality")
    assert found["rouge1"].reason == "3 of 4 reference words"
    assert found["rouge2"].reason == "1 of 3 reference word pairs"
    assert found["rougeL"].reason == "3 of 4 reference words in order"


def test_stems_are_compared_on_request():
    assert scores("small effusions", "small effusion")["rouge1"].value == pytest.approx(0.5)
    assert scores("small effusions", "small effusion", stemmer=True)["rouge1"].value == 1


def test_grading_is_pure():
    rouge = Rouge(RougeOptions())
    item = report("no acute disease")
    assert list(rouge.grade(item, "acute disease")) == list(rouge.grade(item, "acute disease"))


def test_the_copy_floor_is_the_findings():
    floors = Rouge().floors([])
    assert list(floors) == ["copy"]
    assert floors["copy"](report("-", findings="heart is enlarged.")) == "heart is enlarged."
    assert floors["copy"](report("-")) == "Findings: heart is enlarged."


LATIN = st.text(st.characters(codec="latin-1"), max_size=60)


@given(reference=LATIN, answer=LATIN, stemmer=st.booleans())
def test_figures_of_languages_with_spaces_are_those_of_rouge_score(reference, answer, stemmer):
    expected = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=stemmer).score(reference, answer)
    found = scores(reference, answer, stemmer=stemmer)
    assert {metric: score.value for metric, score in found.items()} == {
        metric: score.fmeasure for metric, score in expected.items()
    }


@pytest.mark.parametrize(
    ("reference", "answer", "rouge1", "rouge2", "rouge_l"),
    [
        ("肺炎", "肺炎", 1, 1, 1),
        ("可能是肺炎。", "肺炎", 2 * 2 / 7, 2 * 1 / 5, 2 * 2 / 7),
        ("咳嗽、发热", "发热，咳嗽", 1, 2 * 2 / 6, 2 * 2 / 8),
        ("服用 ibuprofen 200", "Ibuprofen 200", 2 * 2 / 6, 2 * 1 / 4, 2 * 2 / 6),
        ("肺炎", "pneumonia", 0, 0, 0),
        ("肺炎", "", 0, 0, 0),
    ],
)
def test_chinese_is_compared_by_character(reference, answer, rouge1, rouge2, rouge_l):
    values = [score.value for score in scores(reference, answer).values()]
    assert values == pytest.approx([rouge1, rouge2, rouge_l])


def test_reasons_count_characters_of_chinese():
    assert scores("可能是肺炎。", "肺炎")["rouge1"].reason == "2 of 5 reference characters"
    assert scores("可能是肺炎。", "肺炎")["rouge2"].reason == "1 of 4 reference character pairs"
