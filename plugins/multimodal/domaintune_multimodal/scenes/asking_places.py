"""Questions about what there is, how two things lie to each other, and what hides what."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product

from domaintune_multimodal.scenes.asking_looks import POSITIONS
from domaintune_multimodal.scenes.asking_numbers import VALUES
from domaintune_multimodal.scenes.drawing import with_article
from domaintune_multimodal.scenes.referring import (
    MARGIN,
    YES_NO,
    By,
    Form,
    Found,
    askable,
    distance,
    name_of,
    ordered_pairs,
    phrase,
    unique,
)
from domaintune_multimodal.scenes.scene import COLOURS, Scene, Thing
from domaintune_multimodal.scenes.shapes import SHAPES

_PAIR: tuple[By, ...] = (("colour", "shape"), ("size", "colour", "shape"))
_OPPOSITE = {"left": "right", "above": "below"}
_CLEAR = 0.02


def exists(scene: Scene, by: By) -> Iterator[Found]:
    """Ask for combinations that are there and for some that are not, put together from what is."""
    there = [{name: str(getattr(thing, name)) for name in by} for thing in scene.things]
    present = list({tuple(one.items()): one for one in there}.values())
    for answer, asked in (("yes", present), ("no", list(_absent(by, there)))):
        for values in asked:
            pair = (values.get("colour", ""), values.get("shape", ""))
            if askable(scene, *pair):
                yield Found((with_article(phrase(by, values.__getitem__)),), answer, named=pair)


def _absent(by: By, there: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    """Yield what could be there: the scene's own values mixed, or where they give nothing, with one other value."""
    own = [list(dict.fromkeys(one[name] for one in there)) for name in by]
    mixed = [dict(zip(by, values, strict=True)) for values in product(*own)]
    mixed = [one for one in mixed if one not in there]
    if not mixed:
        mixed = [{**one, name: value} for one in there for name in by for value in VALUES.get(name, POSITIONS)]
    yield from (one for one in mixed if one not in there)


def anything(scene: Scene) -> Iterator[Found]:
    """Ask whether something is in a ninth of the picture, unless something is there but for its middle."""
    for place, (row, column) in zip(POSITIONS, product(range(3), range(3)), strict=True):
        if any(thing.position == place for thing in scene.things):
            yield Found((place,), "yes")
        elif not any(_reaches(thing, column, row) for thing in scene.things):
            yield Found((place,), "no")


def _reaches(thing: Thing, column: int, row: int) -> bool:
    return all(
        place + thing.radius > third / 3 - _CLEAR and place - thing.radius < (third + 1) / 3 + _CLEAR
        for place, third in ((thing.x, column), (thing.y, row))
    )


def side(scene: Scene, way: str) -> Iterator[Found]:
    """Ask on which side of another a thing is."""
    for one, other in ordered_pairs(scene):
        names, far = _names(scene, one, other), distance(one, other, way)
        if names and abs(far) >= MARGIN:
            yield Found(names, way if far > 0 else _OPPOSITE[way], (one, other))


def is_side(scene: Scene, way: str) -> Iterator[Found]:
    """Ask whether a thing is on one side of another."""
    for one, other in ordered_pairs(scene):
        names, far = _names(scene, one, other), distance(one, other, way)
        if names and abs(far) >= MARGIN:
            yield Found(names, YES_NO[far < 0], (one, other))


def further(scene: Scene, way: str, asked: str) -> Iterator[Found]:
    """Ask which of two things, named by what is asked for, is further to one side."""
    for one, other in ordered_pairs(scene):
        far = distance(one, other, way)
        if unique(scene, one, (asked,)) and unique(scene, other, (asked,)) and abs(far) >= MARGIN:
            nearer = one if far > 0 else other
            words = (str(getattr(one, asked)), str(getattr(other, asked)))
            yield Found(words, str(getattr(nearer, asked)), (one, other))


def in_front(scene: Scene, asked: str) -> Iterator[Found]:
    """Ask which of the two things that overlap is in front, named by what is asked for."""
    if scene.covered and all(unique(scene, thing, (asked,)) for thing in scene.covered):
        behind, front = scene.covered
        for one, other in ((behind, front), (front, behind)):
            words = (str(getattr(one, asked)), str(getattr(other, asked)))
            yield Found(words, str(getattr(front, asked)), (one, other))


def hidden(scene: Scene, asked: str) -> Iterator[Found]:
    """Ask about the thing that is hidden in part."""
    if scene.covered:
        yield Found((), str(getattr(scene.covered[0], asked)), scene.covered[:1])


def hides(scene: Scene, asked: str) -> Iterator[Found]:
    """Ask about the thing in front of the one that is hidden in part."""
    if scene.covered:
        behind, front = scene.covered
        name = name_of(scene, behind)
        if name:
            yield Found((name,), str(getattr(front, asked)), (front, behind))


def covers(scene: Scene) -> Iterator[Found]:
    """Ask whether one of the two things that overlap is in front of the other."""
    if scene.covered:
        for one, other in (scene.covered, scene.covered[::-1]):
            names = _names(scene, one, other)
            if names:
                yield Found(names, YES_NO[one is scene.covered[0]], (one, other))


def overlap(scene: Scene) -> Iterator[Found]:
    """Ask whether anything is hidden in part."""
    if len(scene.things) > 1:
        yield Found((), YES_NO[scene.covered is None])


def partly_hidden(scene: Scene) -> Iterator[Found]:
    """Ask whether a thing is hidden in part, in pictures where one is."""
    for thing in scene.things if scene.covered else ():
        name = name_of(scene, thing)
        if name:
            yield Found((name,), YES_NO[thing.visible == 1], (thing,))


def _names(scene: Scene, one: Thing, other: Thing) -> tuple[str, str] | None:
    first, second = name_of(scene, one, _PAIR), name_of(scene, other, _PAIR)
    return (first, second) if first and second else None


FORMS: tuple[Form, ...] = (
    Form("existence", "Is there {}?", YES_NO, partial(exists, by=("colour", "shape"))),
    Form("existence", "Is {} in the picture?", YES_NO, partial(exists, by=("shape",))),
    Form("existence", "Can you see {}?", YES_NO, partial(exists, by=("colour",))),
    Form("existence", "Does the picture show {}? Answer yes or no.", YES_NO, partial(exists, by=("size", "shape"))),
    Form("existence", "Do you see {} anywhere?", YES_NO, partial(exists, by=("size", "colour"))),
    Form("existence", "Is there anything in the {}?", YES_NO, anything),
    Form("existence", "Do you find {}?", YES_NO, partial(exists, by=("shape", "position"))),
    Form("existence", "Is it true that there is {}?", YES_NO, partial(exists, by=("size", "colour", "shape"))),
    Form("relation", "Is the {} to the left or to the right of the {}?", ("left", "right"), partial(side, way="left")),
    Form("relation", "Is the {} above or below the {}?", ("above", "below"), partial(side, way="above")),
    Form("relation", "Is the {} to the left of the {}?", YES_NO, partial(is_side, way="left")),
    Form("relation", "Is the {} to the right of the {}?", YES_NO, partial(is_side, way="right")),
    Form("relation", "Is the {} above the {}?", YES_NO, partial(is_side, way="above")),
    Form("relation", "Is the {} below the {}?", YES_NO, partial(is_side, way="below")),
    Form(
        "relation",
        "Which is further to the left, the {} thing or the {} thing?",
        COLOURS,
        partial(further, way="left", asked="colour"),
    ),
    Form("relation", "Which is higher up, the {} or the {}?", SHAPES, partial(further, way="above", asked="shape")),
    Form("occlusion", "Which is in front, the {} thing or the {} thing?", COLOURS, partial(in_front, asked="colour")),
    Form("occlusion", "Which is in front, the {} or the {}?", SHAPES, partial(in_front, asked="shape")),
    Form("occlusion", "What colour is the thing that is partly hidden?", COLOURS, partial(hidden, asked="colour")),
    Form("occlusion", "What shape is the thing that is partly hidden?", SHAPES, partial(hidden, asked="shape")),
    Form("occlusion", "What colour is the thing in front of the {}?", COLOURS, partial(hides, asked="colour")),
    Form("occlusion", "What shape is the thing in front of the {}?", SHAPES, partial(hides, asked="shape")),
    Form("occlusion", "Is the {} in front of the {}?", YES_NO, covers),
    Form("occlusion", "Does one thing cover a part of another?", YES_NO, overlap),
    Form("occlusion", "Is the {} partly hidden?", YES_NO, partly_hidden),
)
