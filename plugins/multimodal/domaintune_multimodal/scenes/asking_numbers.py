"""Questions that count, and questions that compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from domaintune_multimodal.scenes.drawing import plural
from domaintune_multimodal.scenes.referring import (
    YES_NO,
    By,
    Form,
    Found,
    askable,
    name_of,
    ordered_pairs,
    phrase,
)
from domaintune_multimodal.scenes.scene import COLOURS, SIZES, Scene, Thing
from domaintune_multimodal.scenes.shapes import SHAPES

VALUES: dict[str, tuple[str, ...]] = {"colour": COLOURS, "shape": SHAPES, "size": SIZES}


def total(scene: Scene) -> Iterator[Found]:
    """Ask how many things there are."""
    yield Found((), str(len(scene.things)))


def with_value(scene: Scene, attribute: str) -> Iterator[Found]:
    """Ask how many things have a value, also values that none has."""
    for value in VALUES[attribute]:
        count = sum(getattr(thing, attribute) == value for thing in scene.things)
        yield Found((phrase((attribute,), lambda _, value=value: value, 2),), str(count))  # type: ignore[misc]


def with_both(scene: Scene, first: str, second: str) -> Iterator[Found]:
    """Ask how many things have two values at once; both values do occur."""
    for one in dict.fromkeys(str(getattr(thing, first)) for thing in scene.things):
        for other in dict.fromkeys(str(getattr(thing, second)) for thing in scene.things):
            values = {first: one, second: other}
            pair = (values.get("colour", ""), values.get("shape", ""))
            if not askable(scene, *pair):
                continue
            count = sum(getattr(t, first) == one and getattr(t, second) == other for t in scene.things)
            yield Found((phrase((first, second), values.__getitem__, 2),), str(count), named=pair)


def without(scene: Scene, attribute: str) -> Iterator[Found]:
    """Ask how many things lack a value that some thing has."""
    for value in dict.fromkeys(str(getattr(thing, attribute)) for thing in scene.things):
        count = sum(getattr(thing, attribute) != value for thing in scene.things)
        yield Found((plural(value, 2) if attribute == "shape" else value,), str(count))


def different(scene: Scene, attribute: str) -> Iterator[Found]:
    """Ask how many values occur."""
    yield Found((), str(len({getattr(thing, attribute) for thing in scene.things})))


def more(scene: Scene, attribute: str) -> Iterator[Found]:
    """Ask whether more things have one value than another; at least one of both occurs, mostly both."""
    counts = Counter(str(getattr(thing, attribute)) for thing in scene.things)
    values = VALUES[attribute] if len(counts) == 1 else tuple(counts)
    for one in values:
        for other in values:
            if one != other and counts[one] + counts[other]:
                names = tuple(phrase((attribute,), lambda _, value=value: value, 2) for value in (one, other))  # type: ignore[misc]
                yield Found(names, YES_NO[counts[one] <= counts[other]])


def equally_many(scene: Scene) -> Iterator[Found]:
    """Ask whether two shapes that occur are equally many."""
    counts = Counter(str(thing.shape) for thing in scene.things)
    for one in counts:
        for other in counts:
            if one != other:
                yield Found((plural(one, 2), plural(other, 2)), YES_NO[counts[one] != counts[other]])


def which_more(scene: Scene, attribute: str) -> Iterator[Found]:
    """Ask which of two values that occur more things have."""
    counts = Counter(str(getattr(thing, attribute)) for thing in scene.things)
    for one in counts:
        for other in counts:
            if counts[one] != counts[other]:
                yield Found((one, other), max(one, other, key=counts.__getitem__))


def larger(scene: Scene) -> Iterator[Found]:
    """Ask whether one thing is larger than another, without saying the size."""
    for one, other in ordered_pairs(scene):
        names = _names(scene, one, other, (("colour", "shape"), ("shape", "position"), ("colour", "position")))
        if names:
            yield Found(names, YES_NO[not one.radius > other.radius], (one, other))


def same(scene: Scene, attribute: str, by: By) -> Iterator[Found]:
    """Ask whether two things are alike in an attribute that their names do not tell."""
    for one, other in ordered_pairs(scene):
        names = _names(scene, one, other, (by, ("size", *by), (*by, "position")))
        if names:
            yield Found(names, YES_NO[getattr(one, attribute) != getattr(other, attribute)], (one, other))


def all_same(scene: Scene, attribute: str) -> Iterator[Found]:
    """Ask whether all things are alike."""
    if len(scene.things) > 1:
        yield Found((), YES_NO[len({getattr(thing, attribute) for thing in scene.things}) > 1])


def _names(scene: Scene, one: Thing, other: Thing, ways: tuple[By, ...]) -> tuple[str, str] | None:
    first, second = name_of(scene, one, ways), name_of(scene, other, ways)
    return (first, second) if first and second else None


_FEW = ("1", "2", "3", "4", "5")
_NONE = ("0", "1", "2", "3")
_SAME_COLOUR = partial(same, attribute="colour", by=("shape",))
_SAME_SHAPE = partial(same, attribute="shape", by=("colour",))
_SAME_SIZE = partial(same, attribute="size", by=("colour", "shape"))
FORMS: tuple[Form, ...] = (
    Form("count", "How many things are there?", _FEW, total),
    Form("count", "How many things does the picture show? Answer with a number.", _FEW, total),
    Form("count", "How many {} are there?", _NONE, partial(with_value, attribute="colour")),
    Form("count", "How many {} can you see?", _NONE, partial(with_value, attribute="shape")),
    Form("count", "How many {} does the picture show?", _NONE, partial(with_value, attribute="size")),
    Form("count", "Count the {}.", _NONE, partial(with_both, first="colour", second="shape")),
    Form("count", "What is the number of {}?", _NONE, partial(with_both, first="size", second="shape")),
    Form("count", "How many {} do you find?", _NONE, partial(with_both, first="size", second="colour")),
    Form("count", "How many things are not {}?", _NONE, partial(without, attribute="colour")),
    Form("count", "How many of the things are not {}?", _NONE, partial(without, attribute="shape")),
    Form("count", "How many different colours do the things have?", _FEW[:4], partial(different, attribute="colour")),
    Form("count", "How many different shapes do the things have?", _FEW[:4], partial(different, attribute="shape")),
    Form("comparison", "Are there more {} than {}?", YES_NO, partial(more, attribute="colour")),
    Form("comparison", "Do you see more {} than {}?", YES_NO, partial(more, attribute="shape")),
    Form("comparison", "Does the picture show more {} than {}?", YES_NO, partial(more, attribute="size")),
    Form("comparison", "Are there as many {} as {}? Answer yes or no.", YES_NO, equally_many),
    Form("comparison", "Which colour do more things have, {} or {}?", COLOURS, partial(which_more, attribute="colour")),
    Form("comparison", "Which shape do more things have, {} or {}?", SHAPES, partial(which_more, attribute="shape")),
    Form("comparison", "Is the {} larger than the {}?", YES_NO, larger),
    Form("comparison", "Do the {} and the {} have the same colour?", YES_NO, _SAME_COLOUR),
    Form("comparison", "Do the {} and the {} have the same shape?", YES_NO, _SAME_SHAPE),
    Form("comparison", "Are the {} and the {} equally large?", YES_NO, _SAME_SIZE),
    Form("comparison", "Do all things have the same colour?", YES_NO, partial(all_same, attribute="colour")),
    Form("comparison", "Do all things have the same shape?", YES_NO, partial(all_same, attribute="shape")),
    Form("comparison", "Are all things equally large?", YES_NO, partial(all_same, attribute="size")),
)  # fmt: skip
