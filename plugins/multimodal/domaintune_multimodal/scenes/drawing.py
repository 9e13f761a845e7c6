"""Scenes as pictures, as boxes and as captions."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw

from domaintune_multimodal.scenes.scene import Colour, Scene, Thing
from domaintune_multimodal.scenes.shapes import FINE, SIDE, outline

RGB: dict[Colour, tuple[int, int, int]] = {
    "red": (214, 32, 38), "green": (28, 148, 58), "blue": (34, 72, 214), "yellow": (248, 222, 36),
    "purple": (136, 40, 160), "orange": (246, 132, 22), "black": (16, 16, 18), "white": (252, 252, 252),
}  # fmt: skip
"""The colour of every pixel of a thing, but those of its edge."""
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

Box = tuple[float, float, float, float]


def draw(scene: Scene) -> Image.Image:
    """Return the picture of a scene, RGB, `SIDE` pixels square; the same bytes for the same scene."""
    size = SIDE * FINE
    picture = Image.new("RGB", (size, size), (scene.background,) * 3)
    pen = ImageDraw.Draw(picture)
    for thing in scene.things:
        corners = outline(thing.shape, thing.x * size, thing.y * size, thing.radius * size)
        pen.polygon(corners, fill=RGB[thing.colour])
    return picture.reduce(FINE)


def boxes(scene: Scene) -> list[tuple[str, Box]]:
    """Return what is where, back to front: ("large red circle", (x1, y1, x2, y2)), corners as shares of the picture.

    The numbers have three decimals: the symbolic form that LLaVA's teacher reads (Liu et al. 2023, section 3).
    """
    return [(thing.name, _box(thing)) for thing in scene.things]


def captions(scene: Scene) -> list[str]:
    """Return five different true captions, the same for the same scene.

    "a large red circle in the top left, and a small blue star in the middle"
    """
    rng = random.Random(scene.code)  # noqa: S311  (wording, no secret)
    found: dict[str, None] = {}
    ways = [_with_places, _counted, _grouped, _with_relation, _some, _with_places, _grouped]
    while len(found) < 5:
        for way in ways:
            if len(found) < 5:
                found.setdefault(way(scene, rng))
    return list(found)


def with_article(name: str) -> str:
    """Return "a red circle", "an orange star"."""
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def plural(name: str, count: int) -> str:
    """Return "circles", "crosses"; the name itself for one."""
    return name if count == 1 else f"{name}es" if name.endswith("s") else f"{name}s"


def listed(parts: Sequence[str], comma: str = ", ") -> str:
    """Return "a", "a and b", "a, b and c"."""
    return " and ".join([*([comma.join(parts[:-1])] if len(parts) > 1 else []), parts[-1]])


def reading_order(scene: Scene) -> list[Thing]:
    """Return the things row by row, each row from the left."""
    return sorted(scene.things, key=lambda thing: (int(thing.y * 3), thing.x))


def _box(thing: Thing) -> Box:
    corners = outline(thing.shape, thing.x, thing.y, thing.radius)
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    x1, y1, x2, y2 = (round(min(max(edge, 0.0), 1.0), 3) for edge in (min(xs), min(ys), max(xs), max(ys)))
    return x1, y1, x2, y2


def _with_places(scene: Scene, rng: random.Random) -> str:
    things = rng.sample(scene.things, len(scene.things)) if rng.random() < 0.5 else reading_order(scene)
    said = [f"{with_article(_called(thing, rng))} in the {thing.position}" for thing in things]
    return rng.choice(("", "a picture of ", "an image with ")) + ", and ".join(
        [*([", ".join(said[:-1])] if len(said) > 1 else []), said[-1]]
    )


def _counted(scene: Scene, rng: random.Random) -> str:
    count = len(scene.things)
    said = _groups(scene, rng.choice(_DETAILS))
    return f"{NUMBERS[count]} {plural(rng.choice(('shape', 'thing')), count)}: {said}"


def _grouped(scene: Scene, rng: random.Random) -> str:
    said = _groups(scene, rng.choice(_DETAILS))
    return rng.choice(("{}", "{} on a grey background", "a picture of {}", "there is {}", "a drawing of {}")).format(
        said
    )


def _with_relation(scene: Scene, rng: random.Random) -> str:
    if scene.covered:
        behind, front = scene.covered
        return f"{with_article(_called(front, rng))} in front of {with_article(_called(behind, rng))}"
    if len(scene.things) < 2:
        return _with_places(scene, rng)
    one, other = rng.sample(scene.things, 2)
    across, down = one.x - other.x, one.y - other.y
    if abs(across) >= abs(down):
        where = "to the left of" if across < 0 else "to the right of"
    else:
        where = "above" if down < 0 else "below"
    return f"{with_article(_called(one, rng))} {where} {with_article(_called(other, rng))}"


def _groups(scene: Scene, name: Callable[[Thing], str]) -> str:
    """Return what there is, equal things together: "two red circles and a blue star"."""
    counts = Counter(map(name, reading_order(scene)))
    return listed([f"{NUMBERS[n]} {plural(what, n)}" if n > 1 else with_article(what) for what, n in counts.items()])


def _called(thing: Thing, rng: random.Random) -> str:
    return rng.choice(_DETAILS)(thing)


def _some(scene: Scene, rng: random.Random) -> str:
    thing = rng.choice(scene.things)
    return f"there is {with_article(thing.name)} in the {thing.position}"


def _with_colour(thing: Thing) -> str:
    return f"{thing.colour} {thing.shape}"


def _in_full(thing: Thing) -> str:
    return thing.name


_DETAILS: tuple[Callable[[Thing], str], ...] = (_with_colour, _in_full)
