"""Questions whose answer is not seen but follows from what is seen; the steps end in "So the answer is X."."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import pairwise

from domaintune_multimodal.scenes.drawing import NUMBERS, listed, plural, with_article
from domaintune_multimodal.scenes.referring import MARGIN, YES_NO, Form, Found, alike, name_of, unique
from domaintune_multimodal.scenes.scene import COLOURS, Scene
from domaintune_multimodal.scenes.shapes import SHAPES

PRICES = {"small": 1, "large": 2}
CORNERS = {"triangle": 3, "square": 4}
_MIRRORED = {"left": "right", "right": "left"}
_UPSIDE_DOWN = {"top": "bottom", "bottom": "top"}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


def ending(answer: str) -> str:
    """Return the sentence in which every derivation ends."""
    return f"So the answer is {answer}."


def taken_away(scene: Scene, attribute: str) -> Iterator[Found]:
    """Ask how many things are left without those of a colour or of a shape."""
    count = len(scene.things)
    for thing in {getattr(thing, attribute): thing for thing in scene.things}.values():
        gone = alike(scene, thing, (attribute,))
        value = str(getattr(thing, attribute))
        what = plural(value, 2) if attribute == "shape" else f"{value} things"
        left = count - len(gone)
        said = value if attribute == "colour" else _article_of(len(gone), value)
        working = f"{_there(count)} {_some(len(gone))} {said}. {count} - {len(gone)} = {left}."
        yield Found((what,), str(left), (), working)


def added(scene: Scene) -> Iterator[Found]:
    """Ask how many there are of two shapes together."""
    counts = Counter(str(thing.shape) for thing in scene.things)
    for one in counts:
        for other in SHAPES:
            if one != other and (len(counts) == 1 or other in counts):
                first, second = counts[one], counts[other]
                working = f"{_there_of(first, one)} {_there_of(second, other)} {first} + {second} = {first + second}."
                yield Found((plural(one, 2), plural(other, 2)), str(first + second), (), working)


def difference(scene: Scene) -> Iterator[Found]:
    """Ask how many more there are of one shape than of another."""
    counts = Counter(str(thing.shape) for thing in scene.things)
    for one in counts:
        for other in SHAPES:
            first, second = counts[one], counts[other]
            if one != other and first > second:
                working = f"{_there_of(first, one)} {_there_of(second, other)} {first} - {second} = {first - second}."
                yield Found((plural(one, 2), plural(other, 2)), str(first - second), (), working)


def price(scene: Scene) -> Iterator[Found]:
    """Ask what all things cost, where large ones cost more."""
    small = sum(thing.size == "small" for thing in scene.things)
    large = len(scene.things) - small
    cost = small * PRICES["small"] + large * PRICES["large"]
    working = f"{_there_of(small, 'small thing')} {_there_of(large, 'large thing')} {small} + 2 * {large} = {cost}."
    yield Found((), str(cost), (), working)


def parity(scene: Scene) -> Iterator[Found]:
    """Ask whether the number of things is even or odd."""
    answer = "odd" if len(scene.things) % 2 else "even"
    yield Found((), answer, (), f"{_there(len(scene.things))} {len(scene.things)} is {answer}.")


def mirrored(scene: Scene, attribute: str) -> Iterator[Found]:
    """Ask where a thing would be if the picture were turned over."""
    turned = _MIRRORED if attribute == "column" else _UPSIDE_DOWN
    how = "Left and right change places" if attribute == "column" else "Top and bottom change places"
    for thing in scene.things:
        name, now = name_of(scene, thing, (("colour", "shape"), ("size", "colour", "shape"))), getattr(thing, attribute)
        if name:
            after = turned.get(now, now)
            where = {"left": "on the left", "right": "on the right", "top": "at the top", "bottom": "at the bottom"}
            working = f"The {name} is {where.get(now, 'in the middle')}. {how}."
            yield Found((name,), after, (thing,), working)


def corners(scene: Scene) -> Iterator[Found]:
    """Ask how many corners triangles and squares have together."""
    counts = Counter(str(thing.shape) for thing in scene.things)
    triangles, squares = counts["triangle"], counts["square"]
    if triangles + squares:
        answer = 3 * triangles + 4 * squares
        parts = f"{_there_of(triangles, 'triangle')} {_there_of(squares, 'square')}"
        yield Found((), str(answer), (), f"{parts} 3 * {triangles} + 4 * {squares} = {answer}.")


def in_order(scene: Scene, asked: str) -> Iterator[Found]:
    """Ask for the n-th thing from the left, or from the right."""
    row = sorted(scene.things, key=lambda thing: thing.x)
    if len(row) < 2 or any(after.x - before.x < MARGIN / 2 for before, after in pairwise(row)):
        return
    for way, things in (("left", row), ("right", row[::-1])):
        values = [str(getattr(thing, asked)) for thing in things]
        for place in range(1, len(things)):
            working = f"From the {way} I see {listed(values)}. The {_ORDINALS[place]} is {values[place]}."
            yield Found((_ORDINALS[place], way), values[place], (things[place],), working)


def partner(scene: Scene, asked: str, shared: str) -> Iterator[Found]:
    """Ask about the one other thing that shares an attribute with a thing that is named."""
    for thing in scene.things:
        name = name_of(scene, thing)
        same = [other for other in alike(scene, thing, (shared,)) if other is not thing]
        if name and len(same) == 1:
            value, answer = str(getattr(thing, shared)), str(getattr(same[0], asked))
            is_what, what = (with_article(value), value) if shared == "shape" else (value, f"{value} thing")
            working = f"The other {what} is {with_article(answer) if asked == 'shape' else answer}."
            if value not in name.split():
                working = f"The {name} is {is_what}. {working}"
            yield Found((name,), answer, (thing, same[0]), working)


def room(scene: Scene) -> Iterator[Found]:
    """Ask whether the things would be more than a box holds."""
    count = len(scene.things)
    for holds in range(max(1, count - 2), count + 3):
        fits = count <= holds
        sign = "not more" if fits else "more"
        working = f"{_there(count)} {count} is {sign} than {holds}."
        yield Found((NUMBERS[holds], plural("thing", holds)), YES_NO[not fits], (), working)


def doubled(scene: Scene, attribute: str) -> Iterator[Found]:
    """Ask how many there would be if every thing of a value were there twice."""
    for thing in {getattr(thing, attribute): thing for thing in scene.things}.values():
        same, count = len(alike(scene, thing, (attribute,))), len(scene.things)
        value = str(getattr(thing, attribute))
        working = f"{_there(count)} {_some(same)} {value}. {count} + {same} = {count + same}."
        yield Found((value,), str(count + same), (), working)


def odd_one_out(scene: Scene, asked: str, among: str) -> Iterator[Found]:
    """Ask about the only thing that differs from all others, which are alike."""
    for thing in scene.things:
        others = [other for other in scene.things if other is not thing]
        values = {str(getattr(other, among)) for other in others}
        if len(others) > 1 and len(values) == 1 and unique(scene, thing, (among,)):
            most, own = next(iter(values)), str(getattr(thing, among))
            if among == "shape":
                most, own = plural(most, 2), with_article(own)
            answer = str(getattr(thing, asked))
            said = answer if asked == "colour" else with_article(answer)
            working = f"The other things are {most}, and one is {own}. It is {said}."
            yield Found((among,), answer, (thing,), working)


def _there(count: int) -> str:
    return f"There {'is' if count == 1 else 'are'} {count} {plural('thing', count)}."


def _there_of(count: int, name: str) -> str:
    return f"There {'is' if count == 1 else 'are'} {count} {plural(name, count)}."


def _some(count: int) -> str:
    return f"{count} of them {'is' if count == 1 else 'are'}"


def _article_of(count: int, shape: str) -> str:
    return with_article(shape) if count == 1 else plural(shape, count)


_UP_TO_4 = ("0", "1", "2", "3", "4")
FORMS: tuple[Form, ...] = (
    Form(
        "reasoning",
        "If I take away all {}, how many things are left?",
        _UP_TO_4,
        partial(taken_away, attribute="colour"),
    ),
    Form("reasoning", "If all {} disappear, how many things remain?", _UP_TO_4, partial(taken_away, attribute="shape")),
    Form("reasoning", "How many {} and {} are there together?", _UP_TO_4[1:], added),
    Form("reasoning", "How many more {} than {} are there?", ("1", "2", "3"), difference),
    Form(
        "reasoning",
        "A small thing costs 1 coin and a large thing costs 2 coins. How many coins do all things cost?",
        tuple(map(str, range(1, 9))),
        price,
    ),
    Form("reasoning", "Is the number of things even or odd?", ("even", "odd"), parity),
    Form(
        "reasoning",
        "If the picture is mirrored so that left becomes right, is the {} on the left, in the middle or on the right?",
        ("left", "middle", "right"),
        partial(mirrored, attribute="column"),
    ),
    Form(
        "reasoning",
        "If the picture is turned upside down, is the {} at the top, in the middle or at the bottom?",
        ("top", "middle", "bottom"),
        partial(mirrored, attribute="row"),
    ),
    Form(
        "reasoning", "How many corners do all triangles and squares have together?", ("3", "4", "6", "7", "8"), corners
    ),
    Form("reasoning", "What colour is the {} thing from the {}?", COLOURS, partial(in_order, asked="colour")),
    Form("reasoning", "What shape is the {} thing from the {}?", SHAPES, partial(in_order, asked="shape")),
    Form(
        "reasoning",
        "What colour is the other thing with the shape of the {}?",
        COLOURS,
        partial(partner, asked="colour", shared="shape"),
    ),
    Form(
        "reasoning",
        "What shape is the other thing with the colour of the {}?",
        SHAPES,
        partial(partner, asked="shape", shared="colour"),
    ),
    Form("reasoning", "A box holds {} {}. Do all things of the picture fit into it?", YES_NO, room),
    Form(
        "reasoning",
        "If every {} thing were there twice, how many things would there be?",
        tuple(map(str, range(2, 9))),
        partial(doubled, attribute="colour"),
    ),
    Form(
        "reasoning",
        "All things but one have the same {}. What colour is that one?",
        COLOURS,
        partial(odd_one_out, asked="colour", among="shape"),
    ),
    Form(
        "reasoning",
        "All things but one have the same {}. What shape is that one?",
        SHAPES,
        partial(odd_one_out, asked="shape", among="colour"),
    ),
)
