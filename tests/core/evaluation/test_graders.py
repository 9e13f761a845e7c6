from __future__ import annotations

from dataclasses import dataclass

import pytest
from made import example, grader, words

from domaintune.contracts import Component, Score
from domaintune.errors import PluginError, SettingsError
from domaintune.evaluation import open_grader

ITEM = example("2 + 2", "4")


@dataclass(frozen=True, kw_only=True)
class Options:
    tolerance: float = 0.0


class Near:
    def __init__(self, options):
        self.options = options

    def grade(self, item, answer):
        yield Score(metric="near", value=float(abs(float(answer) - float(item.reference)) <= self.options.tolerance))

    def items(self, test):
        return (item for item in test if item.reference.isdigit())

    def floors(self, train):
        return {"first": lambda _: train[0].reference}


class Bare:
    def grade(self, _item, _answer):
        return [Score(metric="bare", value=1.0)]


def part(load, options=None):
    return Component(name="made-part", summary="", load=load, options=options)


def test_a_class_is_given_its_options():
    found = open_grader(part(lambda: Near, Options), {"tolerance": 1})
    assert found.name == "made-part"
    assert found.options == {"tolerance": 1.0}
    assert [score.value for score in found.grade(ITEM, "5")] == [1.0]
    assert [score.value for score in open_grader(part(lambda: Near, Options), {}).grade(ITEM, "5")] == [0.0]


def test_its_items_and_floors_are_used():
    found = open_grader(part(lambda: Near, Options), {})
    assert found.items([ITEM, example("q", "text")]) == [ITEM]
    assert found.floors([ITEM])["first"](example("q", "")) == "4"


@pytest.mark.parametrize("load", [lambda: Bare, Bare])
def test_a_class_without_options_and_an_object(load):
    found, test = open_grader(part(load), {}), [ITEM]
    assert found.grade(ITEM, "")[0].metric == "bare"
    assert found.items(test) is test
    assert (found.floors(test), found.options) == ({}, {})


def test_a_function_may_return_one_score_or_several():
    one = grader(lambda _, __: Score(metric="one", value=1.0))
    assert one.grade(ITEM, "") == [Score(metric="one", value=1.0)]
    assert [score.metric for score in grader(words).grade(ITEM, "")] == ["exact", "recall"]


def test_unknown_options_are_refused_with_the_nearest():
    with pytest.raises(SettingsError, match=r"eval\.made-part: unknown setting 'tolerence' \(did you mean 'tolerance'"):
        open_grader(part(lambda: Near, Options), {"tolerence": 1})
    with pytest.raises(SettingsError, match="'tolerance'; this evaluator has no options"):
        open_grader(part(lambda: Bare), {"tolerance": 1})


def test_parts_that_cannot_grade_are_refused():
    with pytest.raises(PluginError, match="must be a class or an object with grade"):
        open_grader(part(lambda: 3), {})
    with pytest.raises(PluginError, match="no class to take them"):
        open_grader(part(lambda: words, Options), {})


def test_odd_scores_are_refused_by_name():
    with pytest.raises(PluginError, match="'made-words' must yield Score records"):
        grader(lambda _, __: [0.5]).grade(ITEM, "")
    twice = [Score(metric="m", value=0.0), Score(metric="m", value=1.0)]
    with pytest.raises(PluginError, match="same metric twice"):
        grader(lambda _, __: twice).grade(ITEM, "")


def test_an_error_in_a_grader_says_which_item():
    with pytest.raises(ZeroDivisionError) as caught:
        grader(lambda _, __: 1 / 0).grade(ITEM, "")
    assert caught.value.__notes__ == ["while evaluator 'made-words' graded the answer to made.csv, 2 + 2"]
