"""How questions point at things, and what a form of question is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from domaintune_multimodal.scenes.drawing import plural
from domaintune_multimodal.scenes.options import Kind
from domaintune_multimodal.scenes.scene import HELD_OUT, Scene, Thing

By: TypeAlias = tuple[str, ...]
"""The attributes that a phrase names, of colour, shape, size and position."""

MARGIN = 0.1
"""Shares of the picture's side by which two middles differ before one thing is left of, or above, another."""
YES_NO = ("yes", "no")
NAMES: tuple[By, ...] = (("colour", "shape"), ("size", "colour", "shape"), ("shape", "position"))
"""Ways to name a thing, shortest first."""


@dataclass(frozen=True)
class Found:
    """What fills a form on one scene: the words of its gaps, the only right answer, and the things it is about.

    It is about things that it asks for one by one, whatever the answer; of all things, or of how many, it is about none.
    """

    words: tuple[str, ...]
    answer: str
    about: tuple[Thing, ...] = ()
    working: str = ""
    """The sentences that lead to the answer, of a question that needs some."""
    named: tuple[str, str] = ("", "")
    """Colour and shape that the question names, whether or not anything has both."""


Finder: TypeAlias = Callable[[Scene], Iterator[Found]]


@dataclass(frozen=True)
class Form:
    """A question with gaps, `answers` that it usually has, and what fills it on a scene, every way that is sure."""

    kind: Kind
    text: str
    answers: Sequence[str]
    find: Finder


def phrase(by: By, value: Callable[[str], str], count: int = 1) -> str:
    """Return the words of some attributes: "red circle", "large thing", "stars in the top left"."""
    words = [value(name) for name in ("size", "colour") if name in by]
    noun = value("shape") if "shape" in by else "thing"
    where = f" in the {value('position')}" if "position" in by else ""
    return " ".join([*words, plural(noun, count)]) + where


def named(thing: Thing, by: By) -> str:
    """Return what a thing is called by some of its attributes."""
    return phrase(by, lambda attribute: str(getattr(thing, attribute)))


def alike(scene: Scene, thing: Thing, by: By) -> list[Thing]:
    """Return the things that a phrase fits, itself included."""
    return [other for other in scene.things if all(getattr(other, name) == getattr(thing, name) for name in by)]


def unique(scene: Scene, thing: Thing, by: By) -> bool:
    """Whether a phrase fits this thing alone."""
    return len(alike(scene, thing, by)) == 1


def name_of(scene: Scene, thing: Thing, ways: Sequence[By] = NAMES) -> str | None:
    """Return the first of the ways to name a thing that fits no other; None where all do."""
    return next((named(thing, by) for by in ways if unique(scene, thing, by)), None)


def askable(scene: Scene, colour: str, shape: str) -> bool:
    """Whether a pair may be asked for: in training even a "no" would tell something about a held-out pair."""
    return scene.held_out or (colour, shape) not in HELD_OUT


def distance(thing: Thing, other: Thing, way: str) -> float:
    """Return how far a thing lies towards "left", "right", "above" or "below" of another; negative the other way."""
    along = {"left": other.x - thing.x, "above": other.y - thing.y}
    return along[way] if way in along else -along[{"right": "left", "below": "above"}[way]]


def ordered_pairs(scene: Scene) -> Iterator[tuple[Thing, Thing]]:
    """Yield every thing with every other one."""
    for one in scene.things:
        for other in scene.things:
            if one is not other:
                yield one, other
