"""Scenes: things with a shape, a colour, a size and a place, and the split that holds combinations out.

    Thing(shape="star", colour="blue", size="small", x=0.42, y=0.59)   ->  "small blue star" in the "middle"

Eight pairs of colour and shape occur in no training scene, though every colour and every shape does; every test scene
has at least one of them. What was learned about blue and about crosses must be put together for a blue cross.
"""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from domaintune_multimodal.scenes.shapes import SHAPES, Shape, mask, uncovered

if TYPE_CHECKING:
    from PIL import Image

Colour: TypeAlias = Literal["red", "green", "blue", "yellow", "purple", "orange", "black", "white"]
Size: TypeAlias = Literal["small", "large"]
Pair: TypeAlias = tuple[Colour, Shape]

COLOURS: tuple[Colour, ...] = get_args(Colour)
SIZES: tuple[Size, ...] = get_args(Size)
RADIUS: dict[Size, float] = {"small": 7.5 / 96, "large": 13.5 / 96}
"""Half the width of a thing, as a share of the picture's side."""
COLUMNS = ("left", "middle", "right")
ROWS = ("top", "middle", "bottom")
CELLS = 6
"""Places lie on a grid of so many columns and rows, a little off its middles."""
HELD_OUT: frozenset[Pair] = frozenset({
    ("red", "star"), ("green", "square"), ("blue", "cross"), ("yellow", "triangle"),
    ("purple", "circle"), ("orange", "cross"), ("black", "star"), ("white", "circle"),
})  # fmt: skip
"""One pair of each colour, each shape at least once; seen in test scenes only."""
SEEN: tuple[Pair, ...] = tuple(
    (colour, shape) for colour in COLOURS for shape in SHAPES if (colour, shape) not in HELD_OUT
)
BACKGROUNDS = range(158, 187)
"""Grey levels; black and white stand out from all of them."""

_JITTER = 0.042
_CLEAR = 0.04
_APART = 0.02
_VISIBLE = (0.45, 0.85)
_OCCLUDED = 0.5
_THEMED = 0.55
_TRIES = 60


@dataclasses.dataclass(frozen=True, kw_only=True)
class Thing:
    """One shape in a picture; `x` and `y` are the middle of its box, 0 to 1 from the left and from the top."""

    shape: Shape
    colour: Colour
    size: Size
    x: float
    y: float
    visible: float = 1.0
    """Share of its pixels that no thing in front of it covers."""

    @property
    def radius(self) -> float:
        """Half its width, as a share of the picture's side."""
        return RADIUS[self.size]

    @property
    def pair(self) -> Pair:
        """Colour and shape: what is held out."""
        return self.colour, self.shape

    @property
    def name(self) -> str:
        """All that is to be seen of it: "large red circle"."""
        return f"{self.size} {self.colour} {self.shape}"

    @property
    def column(self) -> str:
        """The third it is in: left, middle or right."""
        return COLUMNS[int(self.x * 3)]

    @property
    def row(self) -> str:
        """The third it is in: top, middle or bottom."""
        return ROWS[int(self.y * 3)]

    @property
    def position(self) -> str:
        """Row and column: "top left", "middle right"; "middle" is the middle of both."""
        return "middle" if self.row == self.column else f"{self.row} {self.column}"


@dataclasses.dataclass(frozen=True)
class Scene:
    """Things from back to front, on a plain grey (0 black to 255 white)."""

    things: tuple[Thing, ...]
    background: int = 172

    @cached_property
    def key(self) -> str:
        """The symbols in a fixed order, places by cell; equal for scenes that differ in jitter and background only."""
        things = sorted(
            f"{thing.name} {int(thing.x * CELLS)},{int(thing.y * CELLS)}{'' if thing.visible == 1 else ' behind'}"
            for thing in self.things
        )
        return "; ".join(things)

    @cached_property
    def code(self) -> str:
        """A short name of the key, the same everywhere."""
        return sha256(self.key.encode()).hexdigest()[:16]

    @cached_property
    def covered(self) -> tuple[Thing, Thing] | None:
        """The thing that another hides in part, and the one in front of it."""
        for place, behind in enumerate(self.things):
            if behind.visible < 1:
                return behind, next(front for front in self.things[place + 1 :] if not _apart(behind, front))
        return None

    @property
    def held_out(self) -> bool:
        """Whether a held-out pair is among its things."""
        return any(thing.pair in HELD_OUT for thing in self.things)


def make_scene(rng: random.Random, *, held_out: bool, things: tuple[int, int] = (1, 5)) -> Scene:
    """Draw a scene: of training without held-out pairs, or of testing with one at least.

    `things` are the fewest and the most things. In many scenes of several things one hides a part of another.
    """
    while True:
        count = rng.randint(*things)
        looks = _looks(rng, count, held_out=held_out)
        placed = _placed(rng, looks)
        if placed:
            return Scene(things=placed, background=rng.choice(BACKGROUNDS))


def _looks(rng: random.Random, count: int, *, held_out: bool) -> list[tuple[Pair, Size]]:
    """Draw what the things look like; often several share a colour or a shape, for there is little to count otherwise."""
    pairs: list[Pair] = [*SEEN, *sorted(HELD_OUT)] if held_out else list(SEEN)
    first: Pair = rng.choice(sorted(HELD_OUT)) if held_out else rng.choice(SEEN)
    theme = rng.choice(("colour", "shape", "size", "both")) if rng.random() < _THEMED else ""
    alike = {
        "colour": [pair for pair in pairs if pair[0] == first[0]],
        "shape": [pair for pair in pairs if pair[1] == first[1]],
        "both": [first],
    }.get(theme, pairs)
    size = rng.choice(SIZES)
    looks: list[tuple[Pair, Size]] = [(first, size)]
    for _ in range(count - 1):
        pair = rng.choice(alike if rng.random() < 0.7 else pairs)
        looks.append((pair, size if theme == "size" and rng.random() < 0.7 else rng.choice(SIZES)))
    rng.shuffle(looks)
    return looks


def _placed(rng: random.Random, looks: Sequence[tuple[Pair, Size]]) -> tuple[Thing, ...] | None:
    """Find places for things of these looks; None where there is no room."""
    things: list[Thing] = []
    if len(looks) > 1 and looks[0][0][0] != looks[1][0][0] and rng.random() < _OCCLUDED:
        pair = _overlapping(rng, looks[0], looks[1])
        if pair is None:
            return None
        things.extend(pair)
    for look in looks[len(things) :]:
        for _ in range(_TRIES):
            thing = _thing(look, *_spot(rng, RADIUS[look[1]]))
            if all(_apart(thing, other) for other in things):
                things.append(thing)
                break
        else:
            return None
    return tuple(things)


def _overlapping(rng: random.Random, behind: tuple[Pair, Size], front: tuple[Pair, Size]) -> list[Thing] | None:
    """Place two things so that the second covers part of the first, which can still be named."""
    for _ in range(_TRIES):
        back = _thing(behind, *_spot(rng, RADIUS[behind[1]]))
        angle = rng.uniform(0, math.tau)
        far = rng.uniform(0.5, 1.0) * (back.radius + RADIUS[front[1]])
        x, y = back.x + far * math.cos(angle), back.y + far * math.sin(angle)
        if not _clear(x, y, RADIUS[front[1]]):
            continue
        over = _thing(front, round(x, 4), round(y, 4))
        visible = uncovered(_mask(back), _mask(over))
        if _VISIBLE[0] <= visible <= _VISIBLE[1]:
            return [dataclasses.replace(back, visible=round(visible, 4)), over]
    return None


def _thing(look: tuple[Pair, Size], x: float, y: float) -> Thing:
    (colour, shape), size = look
    return Thing(shape=shape, colour=colour, size=size, x=x, y=y)


def _spot(rng: random.Random, radius: float) -> tuple[float, float]:
    """Draw a place on the grid, a little off it, wholly inside the picture."""
    x, y = ((rng.randrange(CELLS) + 0.5) / CELLS + rng.uniform(-_JITTER, _JITTER) for _ in "xy")
    inside = radius + 0.005
    return round(min(max(x, inside), 1 - inside), 4), round(min(max(y, inside), 1 - inside), 4)


def _clear(x: float, y: float, radius: float) -> bool:
    """Whether a thing is wholly in the picture and its middle well inside a third, both ways."""
    return all(
        radius <= place <= 1 - radius and all(abs(place - border) >= _CLEAR for border in (1 / 3, 2 / 3))
        for place in (x, y)
    )


def _apart(one: Thing, other: Thing) -> bool:
    """Whether there is background between two things, wherever their corners are."""
    return (
        max(abs(one.x - other.x), abs(one.y - other.y)) >= one.radius + other.radius + _APART
        or math.dist((one.x, one.y), (other.x, other.y)) >= 1.3 * (one.radius + other.radius) + _APART
    )


def _mask(thing: Thing) -> Image.Image:
    return mask(thing.shape, thing.x, thing.y, thing.radius)
