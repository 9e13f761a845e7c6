"""Graders that ask different things: each is given its own items, the models the union of all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made import NORMAL, example, grader, report_of, reports, said, words

from domaintune.contracts import Score
from domaintune.data.dataset import as_example, as_row
from domaintune.errors import DataError
from domaintune.evaluation import ask, evaluate
from domaintune.settings import EvalSettings

HELD_OUT, TRAIN = reports(40), reports(60, start=1000)
SUMS = [example(f"What is {i} plus {i}?", str(2 * i), "sums") for i in range(30)]


class Sums:
    """Asks its own items, whatever is held out."""

    own = SUMS

    def grade(self, item, answer):
        yield Score(metric="right", value=float(answer == item.reference))

    def items(self, _test):
        return list(self.own)


def sums(*items):
    part = Sums()
    part.own = items or SUMS
    return grader(part, "made-sums")


def asked_by(found):
    return {grader.name: [item.question for item in grader.items([])] for grader in found.graders}


def questions(items):
    return [item.question for item in items]


def test_every_grader_asks_its_own_and_the_models_answer_the_union():
    found = ask([grader(), sums()], HELD_OUT, TRAIN, None)
    assert found.items == [*HELD_OUT, *SUMS]
    assert asked_by(found) == {"made-words": questions(HELD_OUT), "made-sums": questions(SUMS)}
    assert found.warnings == []
    assert ask([sums(), grader()], HELD_OUT, TRAIN, None).items == [*SUMS, *HELD_OUT]


def test_graders_of_the_held_out_examples_ask_them_once():
    found = ask([grader(), grader(name="made-again")], HELD_OUT, TRAIN, None)
    assert found.items == HELD_OUT


def test_the_limit_is_a_graders():
    found = ask([grader(), sums(), grader(name="made-again")], HELD_OUT, TRAIN, 10)
    assert {name: len(items) for name, items in asked_by(found).items()} == {
        "made-words": 10,
        "made-sums": 10,
        "made-again": 10,
    }
    assert len(found.items) == 20
    assert {tag for item in found.items for tag in item.tags} == {"normal", "abnormal", "sums"}


def test_an_item_that_two_graders_ask_is_answered_once():
    mine = replace(HELD_OUT[3], tags=frozenset({"mine"}))
    found = ask([grader(), sums(mine, SUMS[0])], HELD_OUT, TRAIN, None)
    assert found.items == [*HELD_OUT, SUMS[0]]
    assert asked_by(found)["made-sums"] == [mine.question, SUMS[0].question]


def test_other_choices_make_another_item():
    chosen = replace(SUMS[0], choices=("0", "1"))
    assert ask([sums(SUMS[0]), grader(Sums(), "made-b")], [], [], None).items == SUMS
    assert ask([sums(SUMS[0], chosen)], [], [], None).items == [SUMS[0], chosen]


@pytest.mark.parametrize(
    ("learned", "sentence"),
    [
        (1, "1 item of made-sums occurs in training and was not asked."),
        (12, "12 items of made-sums occur in training and were not asked."),
    ],
)
def test_items_that_occur_in_training_are_not_asked(learned, sentence):
    shouted = [example(f"  {item.question.upper()}", "?") for item in SUMS[:learned]]
    found = ask([grader(), sums()], HELD_OUT, [*TRAIN, *shouted], None)
    assert found.warnings == [sentence]
    assert asked_by(found)["made-sums"] == questions(SUMS[learned:])
    assert found.items == [*HELD_OUT, *SUMS[learned:]]


def test_held_out_examples_were_divided_by_their_groups_and_stay():
    same_question = [example("What does the picture show?", name, group=name) for name in ("cat", "dog")]
    assert ask([grader()], same_question[:1], same_question[1:], None).items == same_question[:1]


def test_a_grader_all_of_whose_items_were_learned_is_refused():
    with pytest.raises(DataError, match="every item of made-sums occurs in training"):
        ask([grader(), sums()], HELD_OUT, SUMS, None)


@pytest.fixture(scope="module")
def report():
    found = ask([grader(), sums()], HELD_OUT, TRAIN, None)
    right = said([item.reference for item in found.items])
    wrong = said([NORMAL] * len(found.items))
    return evaluate(
        found.items, TRAIN, found.graders, {"base": wrong, "tuned": right}, EvalSettings(draws=50, samples=6),
        seed=0, domain="made", base="starter", adapter="made-1", decoding={},
    )  # fmt: skip


def test_the_report_counts_every_item_once_and_each_grader_its_own(report):
    assert report.n == {"all": 70, "abnormal": 20, "normal": 20, "sums": 30}
    seen = {(row["evaluator"], row["tag"]): row["n"] for row in report.scores}
    assert seen == {
        ("made-words", "all"): 40, ("made-words", "abnormal"): 20, ("made-words", "normal"): 20,
        ("made-sums", "all"): 30, ("made-sums", "sums"): 30,
    }  # fmt: skip
    assert report.value("right") == report.value("exact") == 1.0


def test_samples_carry_the_scores_of_those_who_asked(report):
    seen = {tuple(sample["tags"]): {row["evaluator"] for row in sample["scores"]} for sample in report.samples}
    assert seen == {("abnormal",): {"made-words"}, ("normal",): {"made-words"}, ("sums",): {"made-sums"}}


def test_repetition_is_counted_over_the_items_of_all(report):
    assert report.repetition["base"]["sentence"] == NORMAL
    shares = report.repetition["base"]["tags"]
    assert {tag: share["n"] for tag, share in shares.items()} == report.n
    assert {tag: share["reference"] for tag, share in shares.items()} == {
        "all": round(20 / 70, 6), "abnormal": 0.0, "normal": 1.0, "sums": 0.0,
    }  # fmt: skip


def test_choices_travel_with_the_data_and_examples_without_have_no_such_field():
    chosen = replace(SUMS[0], choices=("0", "1"), group="g")
    assert as_row(chosen)["choices"] == ["0", "1"]
    assert as_example(as_row(chosen)) == chosen
    assert "choices" not in as_row(replace(SUMS[0], group="g"))


def test_a_floor_sees_the_choices():
    class First(Sums):
        own = tuple(replace(item, choices=(item.reference, "wrong")) for item in SUMS)

        def floors(self, _train):
            return {"first": lambda item: item.choices[0]}

    items = list(First.own)
    found = report_of(["wrong"] * 30, ["wrong"] * 30, items, graders=[grader(First()), grader(words, "made-w")])
    assert found.value("right", system="floor:first") == 1.0
