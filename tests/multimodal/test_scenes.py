"""Scenes and their pictures: the split by combination, what is drawn where, what hides what, true captions."""

from __future__ import annotations

import random
import re
from collections import Counter
from functools import cache

import numpy as np
import pytest

from domaintune_multimodal.scenes.drawing import RGB, boxes, captions, draw
from domaintune_multimodal.scenes.scene import (
    COLOURS,
    COLUMNS,
    HELD_OUT,
    ROWS,
    SEEN,
    Scene,
    Thing,
    make_scene,
)
from domaintune_multimodal.scenes.shapes import SHAPES, SIDE
from domaintune_multimodal.scenes.telling import description

NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}


@cache
def made(*, held_out: bool, count: int = 400) -> tuple[Scene, ...]:
    rng = random.Random(7)
    return tuple(make_scene(rng, held_out=held_out) for _ in range(count))


def every() -> tuple[Scene, ...]:
    return made(held_out=False) + made(held_out=True)


def pixels(scene: Scene) -> np.ndarray:
    return np.asarray(draw(scene)).astype(int)


def test_a_pair_of_each_colour_is_held_out_and_every_shape_is_among_them() -> None:
    assert sorted(colour for colour, _ in HELD_OUT) == sorted(COLOURS)
    assert {shape for _, shape in HELD_OUT} == set(SHAPES)
    assert {colour for colour, _ in SEEN} == set(COLOURS)
    assert {shape for _, shape in SEEN} == set(SHAPES)


def test_training_shows_no_held_out_pair_and_every_test_scene_one() -> None:
    train, test = made(held_out=False), made(held_out=True)
    assert not any(thing.pair in HELD_OUT for scene in train for thing in scene.things)
    assert all(any(thing.pair in HELD_OUT for thing in scene.things) for scene in test)
    assert {thing.pair for scene in train for thing in scene.things} == set(SEEN)
    assert {thing.pair for scene in test for thing in scene.things} >= HELD_OUT
    assert not {scene.key for scene in train} & {scene.key for scene in test}


def test_the_key_forgets_jitter_order_and_background_and_nothing_else() -> None:
    one = Thing(shape="star", colour="blue", size="small", x=0.1, y=0.1)
    other = Thing(shape="cross", colour="red", size="large", x=0.75, y=0.75)
    moved = Thing(shape="star", colour="blue", size="small", x=0.09, y=0.11)
    away = Thing(shape="star", colour="blue", size="small", x=0.25, y=0.1)
    assert Scene((one, other), 160).key == Scene((other, moved), 180).key
    assert Scene((one, other)).key != Scene((away, other)).key
    assert Scene((one,)).code != Scene((other,)).code


def test_equal_seeds_make_equal_scenes_and_equal_pictures() -> None:
    first, second = (make_scene(random.Random(3), held_out=True) for _ in "ab")
    assert first == second
    assert draw(first).tobytes() == draw(second).tobytes()


@pytest.mark.parametrize("things", [(1, 1), (5, 5), (8, 8)])
def test_a_scene_has_as_many_things_as_were_asked_for(things: tuple[int, int]) -> None:
    rng = random.Random(1)
    assert {len(make_scene(rng, held_out=False, things=things).things) for _ in range(20)} == {things[0]}


def test_no_middle_is_near_a_border_between_thirds_and_no_thing_leaves_the_picture() -> None:
    for thing in (thing for scene in every() for thing in scene.things):
        for place in (thing.x, thing.y):
            assert min(abs(place - 1 / 3), abs(place - 2 / 3)) >= 0.04
            assert thing.radius <= place <= 1 - thing.radius
        assert thing.column == COLUMNS[[thing.x < 1 / 3, 1 / 3 < thing.x < 2 / 3, thing.x > 2 / 3].index(True)]
        assert thing.row == ROWS[[thing.y < 1 / 3, 1 / 3 < thing.y < 2 / 3, thing.y > 2 / 3].index(True)]


def test_the_middle_of_a_thing_that_nothing_hides_has_its_colour() -> None:
    for scene in every()[::4]:
        picture = pixels(scene)
        assert picture.shape == (SIDE, SIDE, 3)
        for thing in scene.things:
            if thing.visible == 1:
                seen = picture[int(thing.y * SIDE), int(thing.x * SIDE)]
                assert tuple(seen) == RGB[thing.colour], thing


def test_what_is_not_in_a_box_is_background() -> None:
    for scene in every()[::8]:
        picture, inside = pixels(scene), np.zeros((SIDE, SIDE), bool)
        for _, (x1, y1, x2, y2) in boxes(scene):
            rows, columns = slice(int(y1 * SIDE - 1), int(y2 * SIDE + 2)), slice(int(x1 * SIDE - 1), int(x2 * SIDE + 2))
            inside[max(rows.start, 0) : rows.stop, max(columns.start, 0) : columns.stop] = True
        assert (picture[~inside] == scene.background).all()


def test_the_visible_share_is_what_the_picture_shows() -> None:
    hidden = [scene for scene in every() if scene.covered]
    assert len(hidden) > 150
    for scene in hidden[::5]:
        assert scene.covered
        behind, front = scene.covered
        assert 0.45 <= behind.visible <= 0.85
        assert front.visible == 1
        assert behind.colour != front.colour
        alone = pixels(Scene((behind,), scene.background))
        both = pixels(Scene((behind, front), scene.background))
        whole = (alone == RGB[behind.colour]).all(axis=2).sum()
        left = (both == RGB[behind.colour]).all(axis=2).sum()
        assert left / whole == pytest.approx(behind.visible, abs=0.13)  # whole pixels only, and small things have few


def test_things_keep_apart_but_for_one_pair() -> None:
    for scene in every():
        assert sum(thing.visible < 1 for thing in scene.things) <= 1
        free = [thing for thing in scene.things if not scene.covered or thing is not scene.covered[0]]
        whole = pixels(Scene(tuple(free), scene.background)) if len(free) == 2 else None
        if whole is not None:
            for thing in free:
                alone = pixels(Scene((thing,), scene.background))
                own = (alone == RGB[thing.colour]).all(axis=2)
                assert (whole[own] == RGB[thing.colour]).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_symmetric_from_left_to_right(shape: str) -> None:
    thing = Thing(shape=shape, colour="black", size="large", x=0.5, y=0.5)  # type: ignore[arg-type]
    picture = pixels(Scene((thing,)))
    assert np.abs(picture - picture[:, ::-1]).mean() < 3
    (_, (x1, y1, x2, y2)) = boxes(Scene((thing,)))[0]
    assert x1 + x2 == pytest.approx(1, abs=0.002)
    assert y1 + y2 == pytest.approx(1, abs=0.002)


def test_shapes_sizes_and_colours_are_clearly_apart() -> None:
    def covered(shape: str, size: str) -> float:
        thing = Thing(shape=shape, colour="black", size=size, x=0.5, y=0.5)  # type: ignore[arg-type]
        return float((pixels(Scene((thing,), 172)) < 100).all(axis=2).sum())

    for shape in SHAPES:
        assert covered(shape, "large") > 2.5 * covered(shape, "small")
    values = [*RGB.values(), (158, 158, 158), (186, 186, 186)]
    apart = [np.linalg.norm(np.subtract(a, b)) for n, a in enumerate(values) for b in values[n + 1 : 8 if n < 8 else n]]
    assert min(apart) > 80
    assert all(np.linalg.norm(np.subtract(colour, grey)) > 80 for colour in values[:8] for grey in values[8:])


def test_boxes_are_corners_with_three_decimals_around_the_middles() -> None:
    for scene in every()[::5]:
        for (name, box), thing in zip(boxes(scene), scene.things, strict=True):
            x1, y1, x2, y2 = box
            assert name == f"{thing.size} {thing.colour} {thing.shape}"
            assert 0 <= x1 < thing.x < x2 <= 1
            assert 0 <= y1 < thing.y < y2 <= 1
            assert all(round(edge, 3) == edge for edge in box)


LOOK = r"(?:(?P<size>small|large) )?(?P<colour>{}) (?P<shape>{})".format(
    "|".join(COLOURS), "|".join(f"{shape}(?:es|s)?" for shape in SHAPES)
)


def fits(scene: Scene, match: re.Match[str]) -> list[Thing]:
    shape = (
        match["shape"].removesuffix("es") if match["shape"].startswith("cross") else match["shape"].removesuffix("s")
    )
    return [
        thing
        for thing in scene.things
        if thing.shape == shape and thing.colour == match["colour"] and match["size"] in {None, thing.size}
    ]


def told(scene: Scene, text: str) -> None:
    """Hold a text against the symbols, phrase by phrase."""
    for match in re.finditer(rf"\b(?P<count>an?|{'|'.join(NUMBERS)}) {LOOK}", text):
        found = fits(scene, match)
        assert found, (scene, text)
        assert len(found) == NUMBERS.get(match["count"], 0) or match["count"] in {"a", "an"}, (scene, text)
    for match in re.finditer(rf"{LOOK} (?:is )?in the (?P<place>(?:top |bottom |middle )?(?:left|middle|right))", text):
        assert any(thing.position == match["place"] for thing in fits(scene, match)), (scene, text)
    one, other = (LOOK.replace("(?P<", f"(?P<{n}") for n in "ab")
    for way, sign in (("to the left of", "x<"), ("to the right of", "x>"), ("above", "y<"), ("below", "y>")):
        for match in re.finditer(rf"(?P<one>{one}) (?:is )?{way} (?:an?|the) (?P<other>{other})", text):
            first, second = (fits(scene, next(re.finditer(LOOK, match[name]))) for name in ("one", "other"))
            assert any(
                (getattr(a, sign[0]) < getattr(b, sign[0])) == (sign[1] == "<") for a in first for b in second if a != b
            ), (scene, text)


def test_five_different_captions_are_true() -> None:
    for scene in every():
        said = captions(scene)
        assert len(set(said)) == 5
        assert said == captions(scene)
        for caption in said:
            told(scene, caption)


def test_descriptions_are_true_and_name_every_thing_once() -> None:
    rng = random.Random(5)
    for scene in every():
        text = description(scene, rng)
        told(scene, text)
        sentences = re.findall(rf"\b[Aa]n? {LOOK}", text)
        assert Counter(f"{size} {colour} {shape}" for size, colour, shape in sentences) == Counter(
            thing.name for thing in scene.things
        )
        hides = re.search(rf"The (.*?{LOOK}) covers a part of", text)
        assert not hides or (scene.covered and hides["colour"] == scene.covered[1].colour)
