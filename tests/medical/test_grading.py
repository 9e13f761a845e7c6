from __future__ import annotations

import pytest

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
