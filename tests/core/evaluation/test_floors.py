from __future__ import annotations

import pytest
from made import example

from domaintune.evaluation.floors import commonest, constant, core_floors, nearest, normalise, predict_all

TRAIN = [
    example("left pleural effusion", "Effusion."),
    example("clear lungs", "No acute disease."),
    example("normal heart", "no  acute disease"),
    example("normal heart and lungs", "No acute disease."),
    example("right pleural effusion", "Right effusion."),
]


def test_constant_is_the_commonest_completion_in_its_commonest_spelling():
    assert constant(TRAIN)(example("anything", "-")) == "No acute disease."


def test_constant_is_not_an_odd_sentence_that_leads_by_one_row():
    odd = [example(f"q{i}", "Entirely different wording here.") for i in range(4)]
    usual = [example(f"r{i}", "No acute disease.") for i in range(3)]
    usual += [
        example(f"s{i}", f"No acute disease of the {part}.") for i, part in enumerate(("chest", "lungs", "heart"))
    ]
    assert constant(odd + usual)(example("anything", "-")) == "No acute disease."


def test_ties_go_to_the_first_by_text():
    assert commonest(["b", "a", "B", "A"]) == "A"


def test_normalise_forgets_case_space_and_closing_stops():
    assert normalise("  No\nacute  DISEASE. ") == "no acute disease"


def test_nearest_answers_with_the_most_similar_training_question():
    predict = nearest(TRAIN)
    assert predict(example("small right effusion", "-")) == "Right effusion."
    assert predict(example("heart is normal", "-")) == "no  acute disease"


def test_nearest_takes_the_first_of_equals():
    twins = [example("same words", "first"), example("same words", "second")]
    assert nearest(twins)(example("same words", "-")) == "first"
    assert nearest(twins)(example("nothing in common", "-")) == "first"


def test_nearest_reads_single_digits_and_chinese():
    assert nearest([example("3 + 4", "7"), example("3 + 5", "8")])(example("5 + 3", "-")) == "8"
    chinese = [example("患者头痛发热", "感冒"), example("患者腹痛腹泻", "肠炎")]
    assert nearest(chinese)(example("腹泻三天", "-")) == "肠炎"


def test_nearest_without_a_single_word():
    assert nearest([example("?", "first"), example("!", "second")])(example("word", "-")) == "first"


def test_floors_do_not_see_the_reference():
    assert predict_all(lambda item: item.reference, [example("q", "secret")]) == [""]


def test_without_training_examples_there_are_no_floors():
    assert core_floors([]) == {}
    assert list(core_floors(TRAIN)) == ["constant", "nearest"]


@pytest.mark.parametrize("tail", [[], [example("q", "later")]])
def test_nearest_does_not_depend_on_later_strangers(tail):
    assert nearest([*TRAIN, *tail])(example("left effusion", "-")) == "Effusion."
