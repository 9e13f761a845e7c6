"""Long descriptions of scenes: how many things, each with its place, how some lie to each other, what hides what."""

from __future__ import annotations

import random
from collections.abc import Iterator

from domaintune_multimodal.scenes.asking_looks import SIDES
from domaintune_multimodal.scenes.drawing import NUMBERS, plural, reading_order, with_article
from domaintune_multimodal.scenes.referring import MARGIN, distance, name_of, ordered_pairs
from domaintune_multimodal.scenes.scene import Scene

_OPENINGS = (
    "The picture shows {} on a plain grey background.",
    "On a plain grey background there {be} {}.",
    "There {be} {} in this picture, on a grey background.",
)
_PLACES = ("{thing} is in the {place}.", "In the {place} there is {thing}.")
_MOST_RELATIONS = 2


def description(scene: Scene, rng: random.Random) -> str:
    """Return several true sentences about a scene; every thing has one of its own.

    "There are two things in this picture, on a grey background. A large red circle is in the top left. In the middle there
    is a small blue star. The red circle is above the blue star."
    """
    count = len(scene.things)
    sentences = [rng.choice(_OPENINGS).format(f"{NUMBERS[count]} {plural('thing', count)}", be=_be(count))]
    for thing in reading_order(scene):
        text = rng.choice(_PLACES).format(thing=with_article(thing.name), place=thing.position)
        sentences.append(text[0].upper() + text[1:])
    relations = list(_relations(scene))
    sentences += rng.sample(relations, min(len(relations), rng.randint(1, _MOST_RELATIONS)))
    sentences += _cover(scene)
    sentences += _alike(scene)
    return " ".join(sentences)


def _relations(scene: Scene) -> Iterator[str]:
    for one, other in ordered_pairs(scene):
        first, second = name_of(scene, one), name_of(scene, other)
        for way, words in SIDES.items():
            if first and second and distance(one, other, way) >= MARGIN:
                yield f"The {first} is {words} the {second}."


def _cover(scene: Scene) -> list[str]:
    if scene.covered is None:
        return []
    behind, front = scene.covered
    first, second = name_of(scene, front), name_of(scene, behind)
    return [f"The {first} covers a part of the {second}."] if first and second else []


def _alike(scene: Scene) -> list[str]:
    """Say what all of several things have in common."""
    if len(scene.things) < 2:
        return []
    colours, shapes = {thing.colour for thing in scene.things}, {str(thing.shape) for thing in scene.things}
    return [f"All of them are {next(iter(colours))}."] * (len(colours) == 1) + [
        f"All of them are {plural(next(iter(shapes)), 2)}."
    ] * (len(shapes) == 1)


def _be(count: int) -> str:
    return "is" if count == 1 else "are"
