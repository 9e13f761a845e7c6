"""Questions about one thing's colour, shape, size and place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from domaintune_multimodal.scenes.referring import (
    MARGIN,
    By,
    Form,
    Found,
    distance,
    name_of,
    named,
    unique,
)
from domaintune_multimodal.scenes.scene import COLOURS, COLUMNS, ROWS, SIZES, Scene
from domaintune_multimodal.scenes.shapes import SHAPES

POSITIONS = tuple("middle" if row == column else f"{row} {column}" for row in ROWS for column in COLUMNS)
SIDES = {"left": "to the left of", "right": "to the right of", "above": "above", "below": "below"}
EDGES = {
    "left": "furthest to the left",
    "right": "furthest to the right",
    "above": "highest up",
    "below": "lowest down",
}


def attribute(scene: Scene, asked: str, by: By) -> Iterator[Found]:
    """Ask for an attribute of each thing that others single out."""
    for thing in scene.things:
        if unique(scene, thing, by):
            yield Found((named(thing, by),), str(getattr(thing, asked)), (thing,))


def outermost(scene: Scene, asked: str) -> Iterator[Found]:
    """Ask about the thing that lies clearly further out than all others."""
    for way, words in EDGES.items():
        for thing in scene.things:
            others = [other for other in scene.things if other is not thing]
            if others and all(distance(thing, other, way) >= MARGIN for other in others):
                yield Found((words,), str(getattr(thing, asked)), (thing,))


def beside(scene: Scene, asked: str) -> Iterator[Found]:
    """Ask about the only thing on one side of another; things nearly level leave no doubt, for then nothing is asked."""
    for way, words in SIDES.items():
        for anchor in scene.things:
            name = name_of(scene, anchor)
            others = [(distance(other, anchor, way), other) for other in scene.things if other is not anchor]
            there = [other for far, other in others if far > 0]
            if name and len(there) == 1 and max(far for far, _ in others) >= MARGIN:
                yield Found((words, name), str(getattr(there[0], asked)), (there[0], anchor))


def commonest(scene: Scene, asked: str) -> Iterator[Found]:
    """Ask for the value that more things have than any other value."""
    counts = Counter(str(getattr(thing, asked)) for thing in scene.things).most_common()
    if len(scene.things) > 1 and (len(counts) == 1 or counts[0][1] > counts[1][1]):
        yield Found((), counts[0][0])


FORMS: tuple[Form, ...] = (
    Form("colour", "What colour is the {}?", COLOURS, partial(attribute, asked="colour", by=("shape",))),
    Form("colour", "What is the colour of the {}?", COLOURS, partial(attribute, asked="colour", by=("size", "shape"))),
    Form("colour", "Which colour does the {} have?", COLOURS, partial(attribute, asked="colour", by=("position",))),
    Form("colour", "Name the colour of the only {}.", COLOURS, partial(attribute, asked="colour", by=("size",))),
    Form("colour", "What colour is the thing {}?", COLOURS, partial(outermost, asked="colour")),
    Form("colour", "What colour is the only thing {} the {}?", COLOURS, partial(beside, asked="colour")),
    Form("colour", "Which colour is most common among the things?", COLOURS, partial(commonest, asked="colour")),
    Form("shape", "What shape is the {}?", SHAPES, partial(attribute, asked="shape", by=("colour",))),
    Form("shape", "What is the shape of the {}?", SHAPES, partial(attribute, asked="shape", by=("size", "colour"))),
    Form("shape", "Which shape is the {}?", SHAPES, partial(attribute, asked="shape", by=("position",))),
    Form("shape", "Name the shape of the only {}.", SHAPES, partial(attribute, asked="shape", by=("size",))),
    Form("shape", "What shape is the thing {}?", SHAPES, partial(outermost, asked="shape")),
    Form("shape", "What shape is the only thing {} the {}?", SHAPES, partial(beside, asked="shape")),
    Form("shape", "Which shape is most common among the things?", SHAPES, partial(commonest, asked="shape")),
    Form("size", "Is the {} small or large?", SIZES, partial(attribute, asked="size", by=("shape",))),
    Form("size", "What size is the {}?", SIZES, partial(attribute, asked="size", by=("colour",))),
    Form("size", "How big is the {}, small or large?", SIZES, partial(attribute, asked="size", by=("colour", "shape"))),
    Form("size", "Is the {} large or small?", SIZES, partial(attribute, asked="size", by=("position",))),
    Form("size", "What is the size of the thing {}?", SIZES, partial(outermost, asked="size")),
    Form(
        "position",
        "Is the {} on the left, in the middle or on the right?",
        COLUMNS,
        partial(attribute, asked="column", by=("colour", "shape")),
    ),
    Form(
        "position",
        "Is the {} at the top, in the middle or at the bottom?",
        ROWS,
        partial(attribute, asked="row", by=("colour", "shape")),
    ),
    Form("position", "Where is the {}?", POSITIONS, partial(attribute, asked="position", by=("shape",))),
    Form(
        "position",
        "In which part of the picture is the {}?",
        POSITIONS,
        partial(attribute, asked="position", by=("colour",)),
    ),
    Form(
        "position", "Where can you see the {}?", POSITIONS, partial(attribute, asked="position", by=("colour", "shape"))
    ),
    Form("position", "Where is the only {}?", POSITIONS, partial(attribute, asked="position", by=("size",))),
)
