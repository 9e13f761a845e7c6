"""Grading answers about scenes: what counts as the same answer, the floor by form, and the picture."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from domaintune import IMAGE, Example, Message, Origin
from domaintune.testing import run_builder
from domaintune_multimodal.scenes.data import scenes
from domaintune_multimodal.scenes.grading import SceneGrader, answer_of, form_of
from domaintune_multimodal.scenes.options import KINDS, SceneOptions
from domaintune_multimodal.scenes.questions import Draw
from domaintune_multimodal.scenes.scene import make_scene


def example(question: str, said: str, /, *more: str, **meta: str) -> Example:
    turns = [("assistant", said), *((("user", "assistant")[n % 2], text) for n, text in enumerate(more))]
    return Example(
        prompt=(Message(role="user", content=f"{IMAGE}\n{question}"),),
        completion=tuple(Message(role=role, content=text) for role, text in turns),
        origin=Origin(source="made"),
        meta=meta,
    )


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("blue", "blue"),
        ("Blue.", "blue"),
        ("**Blue**", "blue"),
        ('"blue"', "blue"),
        ("The answer is blue.", "blue"),
        ("Answer: blue", "blue"),
        ("A star.", "star"),
        ("the star", "star"),
        ("Two", "2"),
        ("2.", "2"),
        ("Zero", "0"),
        ("top-left", "top left"),
        ("In the top left.", "top left"),
        ("in the middle", "middle"),
        ("center", "middle"),
        ("in the center", "middle"),
        ("In the centre left.", "middle left"),
        ("top left corner", "top left"),
        ("in the bottom-right corner", "bottom right"),
        ("left side", "left"),
        ("on the right side", "right"),
        ("the top part", "top"),
        ("3 things", "3"),
        ("Three things.", "3"),
        ("One thing", "1"),
        ("on the left", "left"),
        ("big", "large"),
        ("Yes.", "yes"),
        ("Yes, there is a red star.", "yes"),
        ("No - I see none", "no"),
        ("3 - 1 = 2. So the answer is 2.", "2"),
        ("The answer is 3. No: 4 - 2 = 2. So the answer is two.", "2"),
        ("blue\nWhat colour is the circle?", "blue"),
        ("\n\nblue", "blue"),
    ],
)
def test_the_same_answer_may_be_written_in_several_ways(said: str, wanted: str) -> None:
    assert answer_of(said) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("", "blue"),
        ("It is blue", "blue"),
        ("blue and red", "blue"),
        ("the blue star", "star"),
        ("2 or 3", "2"),
        ("12", "2"),
        ("yes and no", "yes"),
        ("not blue", "blue"),
        ("left", "top left"),
        ("yesterday", "yes"),
        ("left side", "top left"),
        ("the corner", "top left"),
        ("side", "left"),
        ("3 things and a star", "3"),
        ("30 things", "3"),
        ("the red side", "red"),
        ("2 - 1 = 1. So the answer is 1.", "2"),
    ],
)
def test_other_answers_are_wrong(said: str, wanted: str) -> None:
    (score,) = SceneGrader().grade(example("?", wanted), said)
    assert score.metric == "exact"
    assert score.value == 0
    assert repr(wanted) in score.reason


def test_every_reference_is_right_in_steps_and_bare() -> None:
    examples, _ = run_builder(scenes, options=SceneOptions(train=1, test=25))
    for item in (item for item in examples if item.side == "test"):
        for text in (item.reference, str(item.meta["answer"]), str(item.meta["answer"]).capitalize() + "."):
            (score,) = SceneGrader().grade(item, text)
            assert score.value == 1, (item, score)
            assert score.proportion


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What colour is the star?", "What colour is the large cross?"),
        ("Is there a red star?", "Is there an orange circle?"),
        ("How many stars can you see?", f"{IMAGE}\nHow many crosses can you see?"),
        ("Is the star in the top left larger than the red cross?", "Is the cross larger than the blue star?"),
        ("What colour is the third thing from the left?", "What colour is the second thing from the left?"),
    ],
)
def test_questions_of_one_form_look_the_same_to_the_floor(one: str, other: str) -> None:
    assert form_of(one) == form_of(other)
    assert not re.search(r"star|red|cross", form_of(one))


def test_questions_of_different_forms_do_not() -> None:
    assert form_of("What colour is the star?") != form_of("What shape is the red thing?")
    assert form_of("Is the star above the cross?") != form_of("Is the star below the cross?")


def test_the_floor_answers_as_training_does_and_reads_the_question_alone() -> None:
    train = [
        example("What colour is the star?", "red", "Is there a star?", "yes"),
        example("What colour is the large cross?", "red", "Is there an orange circle?", "yes"),
        example("What colour is the circle?", "blue", "Is there a red thing?", "no"),
        example("If all stars disappear, how many things remain?", "There is 1 thing. So the answer is 4."),
        example("Describe this picture in detail.", "There are four things and none of them is small."),
    ]
    floor = SceneGrader().floors(train)["kind"]
    assert floor(example("What colour is the small triangle?", "", answer="green")) == "red"
    assert floor(example("Is there a white square?", "")) == "yes"
    assert floor(example("If all crosses disappear, how many things remain?", "")) == "4"
    assert floor(example("What colour has the cross on the left side?", "")) == "red"
    assert floor(example("Nothing of the kind?", "")) in {"red", "yes"}
    assert SceneGrader().floors([])["kind"](example("What colour is the star?", "")) == ""


def test_the_floor_chooses_among_what_a_question_names() -> None:
    train = [
        example(
            "Which is higher up, the star or the cross?", "star", "Which is higher up, the cross or the star?", "cross"
        ),
        example(
            "Which is higher up, the circle or the star?", "star", "Which colour is the star, red or blue?", "blue"
        ),
        example("Which is in front, the star or the cross?", "cross"),
        example("Which is in front, the red thing or the blue thing?", "blue"),
        example("Is the star small or large?", "large"),
    ]
    floor = SceneGrader().floors(train)["kind"]
    assert floor(example("Which is higher up, the triangle or the square?", "")) == "triangle"
    assert floor(example("Which colour is the star, black or white?", "")) == "blue"  # three names: it cannot tell
    assert floor(example("Which is in front, the white thing or the black thing?", "")) == "black"
    assert floor(example("Which is in front, the circle or the square?", "")) == "square"
    assert floor(example("Is the red cross small or large?", "")) == "large"


def test_the_floor_is_at_chance_where_two_are_named() -> None:
    draw, rng = Draw(random.Random(8)), random.Random(9)
    talked = tuple(kind for kind in KINDS if kind not in {"reasoning", "count"})
    sides = [
        [draw.some(make_scene(rng, held_out=test, things=(2, 5)), 8, talked) for _ in range(250)]
        for test in (False, True)
    ]
    train = [example(question.text, question.answer) for questions in sides[0] for question in questions]
    floor = SceneGrader().floors(train)["kind"]
    found: dict[str, list[bool]] = {}
    for question in (question for questions in sides[1] for question in questions):
        if re.match(r"Which (?:is|colour do|shape do) .* or ", question.form):
            right = floor(example(question.text, "")) == question.answer
            found.setdefault(question.form, []).append(right)
    assert len(found) == 6
    for form, right in found.items():
        assert len(right) >= 8, form
        assert 0.15 < sum(right) / len(right) < 0.85, (form, right)
    together = [right for rights in found.values() for right in rights]
    assert abs(sum(together) / len(together) - 0.5) < 0.1


def test_the_floor_is_far_from_right_where_answers_are_many() -> None:
    examples, _ = run_builder(scenes, options=SceneOptions(train=200, test=60, reasoning=0, detail=0))
    floor = SceneGrader().floors([item for item in examples if item.side == "train"])["kind"]
    right: dict[str, list[float]] = {}
    for item in (item for item in examples if item.side == "test"):
        (score,) = SceneGrader().grade(item, floor(item))
        right.setdefault(str(item.meta["kind"]), []).append(score.value)
    shares = {kind: sum(values) / len(values) for kind, values in right.items()}
    assert shares["colour"] < 0.35
    assert shares["shape"] < 0.4
    assert shares["position"] < 0.4
    assert all(share < 0.7 for share in shares.values()), shares


def rows(systems: dict[str, float]) -> list[dict[str, object]]:
    return [
        {
            "system": system,
            "metric": "exact",
            "tag": tag,
            "value": value,
            "low": value - 0.1,
            "high": value + 0.1,
            "n": 9,
        }
        for system, value in systems.items()
        for tag in ("colour", "count", "seen")
    ]


def test_the_picture_has_a_bar_for_who_sees_and_who_is_blind(tmp_path: Path) -> None:
    systems = {"base": 0.1, "tuned": 0.8, "tuned+blind": 0.3, "floor:kind": 0.25, "floor:constant": 0.2}
    said = SceneGrader().draw(rows(systems), tmp_path / "one.png")
    assert said == (
        "Exact match in per cent by kind of question: colour base 10.0, tuned 80.0, tuned blind 30.0, floor 25.0; "
        "count base 10.0, tuned 80.0, tuned blind 30.0, floor 25.0."
    )
    SceneGrader().draw(rows(systems), tmp_path / "two.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_to_draw_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        SceneGrader().draw([], tmp_path / "none.png")
