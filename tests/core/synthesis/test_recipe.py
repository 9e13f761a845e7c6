"""What a recipe accepts, and what the teacher is asked by it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from domaintune import Origin
from domaintune.synthesis import GENERAL, EvolveOptions, Operator, Recipe, Step, Task

ONE = Operator(name="one", method="Do {task} with {method} and {anything}.")
SEED = Task(text="Fill {method} and {task}.", origin=Origin(source="s"))


def test_values_are_never_taken_for_places() -> None:
    recipe = Recipe(operators=(ONE,), frame='{"keep": {x}} {method} | {task}')
    (message,) = recipe.to_evolve(SEED, ONE)
    assert message["content"] == '{"keep": {x}} Do {task} with {method} and {anything}. | Fill {method} and {task}.'


def test_the_judge_sees_the_parent_first() -> None:
    child = SEED.evolved("Child.", Step(round=1, operator="one"))
    recipe = replace(GENERAL, judge="1 {parent} 2 {task}", system="Be strict.")
    assert [message["content"] for message in recipe.to_judge(child)] == [
        "Be strict.", "1 Fill {method} and {task}. 2 Child."
    ]  # fmt: skip


def test_an_operator_in_breadth_has_a_frame_of_its_own() -> None:
    wide = next(operator for operator in GENERAL.operators if operator.breadth)
    assert GENERAL.around(wide) == GENERAL.breadth_frame != GENERAL.around(GENERAL.operators[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"operators": ()}, "give one or more"),
        ({"operators": (ONE, ONE)}, "each with a name of its own"),
        ({"operators": (replace(ONE, weight=-1.0),)}, "give none below 0"),
        ({"operators": (replace(ONE, weight=0.0),)}, "and one above"),
        ({"frame": "{task}"}, r"frame of the recipe lacks \{method\}"),
        ({"breadth_frame": ""}, r"breadth_frame of the recipe lacks \{method\} and \{task\}"),
        ({"answer": "?"}, r"answer of the recipe lacks \{task\}"),
        ({"judge": "{task}?"}, r"judge of the recipe lacks \{parent\}"),
    ],
)
def test_a_recipe_that_cannot_work_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(GENERAL, **change)


def test_no_frame_of_the_general_recipe_gives_itself_away_as_a_leak_of_its_task() -> None:
    from domaintune.synthesis.elimination import leaked

    for operator in GENERAL.operators:
        asked = GENERAL.to_evolve(SEED, operator)[0]["content"]
        assert leaked(asked, SEED.text, GENERAL, operator)
        assert not leaked(SEED.text, SEED.text, GENERAL, operator)


def test_a_draw_is_repeatable() -> None:
    drawn = [[GENERAL.draw(random.Random(seed)).name for seed in range(20)] for _ in range(2)]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    "wrong",
    [{"rounds": -1}, {"similarity": 0.0}, {"top_p": 1.5}, {"task_tokens": 0}, {"temperature": -0.1},
     {"answer_temperature": float("inf")}, {"max_new_tokens": 0}, {"verdict_tokens": 0}],
    ids=lambda wrong: next(iter(wrong)),
)  # fmt: skip
def test_options_that_could_make_nothing_are_refused(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=rf"^{name} = "):
        EvolveOptions(**wrong)


def test_every_public_name_can_be_imported() -> None:
    import domaintune.synthesis as room

    assert all(getattr(room, name) is not None for name in room.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Evolver'"):
        room.Evolver  # noqa: B018
