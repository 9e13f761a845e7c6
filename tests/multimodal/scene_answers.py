"""Answers questions about scenes by another route: the question's words are read, and boxes and pixels are looked at."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from domaintune_multimodal.scenes.drawing import boxes, draw
from domaintune_multimodal.scenes.scene import Scene

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange", "black", "white")
SHAPES = ("circle", "square", "triangle", "star", "cross")
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
PHRASE = re.compile(
    rf"(?:an? |the )?(?:(small|large) ?)?(?:({'|'.join(COLOURS)}) ?)?"
    rf"(?:({'|'.join(SHAPES)}|thing)(?:e?s)?)?(?: in the (.+))?"
)
Thing = dict[str, Any]


class Seen:
    """What can be measured in a scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.picture = np.asarray(draw(scene)).astype(int)
        self.things: list[Thing] = []
        for name, (x1, y1, x2, y2) in boxes(scene):
            size, colour, shape = name.split()
            x, y = (x1 + x2) / 2, (y1 + y2) / 2
            column, row = ("left", "middle", "right")[int(x * 3)], ("top", "middle", "bottom")[int(y * 3)]
            place = "middle" if row == column else f"{row} {column}"
            self.things.append(
                {"size": size, "colour": colour, "shape": shape, "x": x, "y": y, "column": column, "row": row}
                | {"position": place, "width": x2 - x1}
            )
        self._pair: tuple[Thing, Thing] | str | None = "unknown"

    def all(self, phrase: str) -> list[Thing]:
        """Return the things that a phrase fits."""
        match = PHRASE.fullmatch(phrase.strip())
        assert match, phrase
        size, colour, shape, place = match.groups()
        wanted = {"size": size, "colour": colour, "shape": None if shape == "thing" else shape, "position": place}
        return [thing for thing in self.things if all(value in {None, thing[name]} for name, value in wanted.items())]

    def the(self, phrase: str) -> Thing:
        """Return the one thing that a phrase fits."""
        found = self.all(phrase)
        assert len(found) == 1, (phrase, self.things)
        return found[0]

    def count(self, name: str) -> Counter[str]:
        return Counter(thing[name] for thing in self.things)

    @property
    def pair(self) -> tuple[Thing, Thing] | None:
        """What is hidden in part and what is in front of it, found by drawing every thing alone."""
        if isinstance(self._pair, str):
            self._pair = self._overlap()
        return self._pair

    def _overlap(self) -> tuple[Thing, Thing] | None:
        whole = self.picture
        alone = [np.asarray(draw(Scene((thing,), self.scene.background))).astype(int) for thing in self.scene.things]
        full = [_full(picture, self.scene.background) for picture in alone]
        for place, picture in enumerate(alone):
            lost = full[place] & (whole != picture).any(axis=2)
            if lost.any():
                over = [-1 if other == place else int((full[other] & lost).sum()) for other in range(len(alone))]
                return self.things[place], self.things[int(np.argmax(over))]
        return None


def _full(picture: np.ndarray, background: int) -> np.ndarray:
    """Return where a picture of one thing has the thing's own colour, which its edges have not."""
    colours, counts = np.unique(picture[(picture != background).any(axis=2)], axis=0, return_counts=True)
    return np.asarray((picture == colours[np.argmax(counts)]).all(axis=2))


def only(found: Sequence[Any]) -> Any:
    assert len(found) == 1, found
    return found[0]


def yes(truth: bool) -> str:
    return "yes" if truth else "no"


def ways(seen: Seen, words: str, anchor: Thing) -> list[Thing]:
    """Return what is on one side of a thing."""
    axis, sign = {"to the left of": ("x", -1), "to the right of": ("x", 1), "above": ("y", -1), "below": ("y", 1)}[
        words
    ]
    return [thing for thing in seen.things if sign * (thing[axis] - anchor[axis]) > 0]


def outermost(seen: Seen, words: str) -> Thing:
    axis, sign = {
        "furthest to the left": ("x", 1), "furthest to the right": ("x", -1),
        "highest up": ("y", 1), "lowest down": ("y", -1),
    }[words]  # fmt: skip
    ranked = sorted(seen.things, key=lambda thing: sign * thing[axis])
    assert abs(ranked[0][axis] - ranked[1][axis]) > 0.09
    return ranked[0]


def most(seen: Seen, name: str) -> str:
    counts = seen.count(name).most_common()
    assert len(counts) == 1 or counts[0][1] > counts[1][1]
    return counts[0][0]


def left_of(one: Thing, other: Thing, axis: str = "x") -> bool:
    assert abs(one[axis] - other[axis]) > 0.09
    return bool(one[axis] < other[axis])


def empty(seen: Seen, place: str) -> bool:
    """Whether no pixel of that ninth differs from the background."""
    column, row = next(
        (c, r) for r in range(3) for c in range(3)
        if place == ("middle" if r == c == 1 else f"{('top', 'middle', 'bottom')[r]} {('left', 'middle', 'right')[c]}")
    )  # fmt: skip
    part = seen.picture[32 * row : 32 * row + 32, 32 * column : 32 * column + 32]
    return bool((part == seen.scene.background).all())


def nth(seen: Seen, ordinal: str, way: str) -> Thing:
    return sorted(seen.things, key=lambda thing: thing["x"], reverse=way == "right")[ORDINALS.index(ordinal)]


def other_like(seen: Seen, phrase: str, name: str) -> Thing:
    thing = seen.the(phrase)
    return only([other for other in seen.things if other is not thing and other[name] == thing[name]])  # type: ignore[no-any-return]


def odd(seen: Seen, name: str) -> Thing:
    (_, common), (rare, once) = seen.count(name).most_common()
    assert common > 1
    assert once == 1
    return only([thing for thing in seen.things if thing[name] == rare])  # type: ignore[no-any-return]


def one_of(seen: Seen, name: str, first: str, second: str, axis: str) -> str:
    one, other = (only([thing for thing in seen.things if thing[name] == value]) for value in (first, second))
    return first if left_of(one, other, axis) else second


def front_of(seen: Seen, name: str, first: str, second: str) -> str:
    assert seen.pair
    assert {first, second} == {thing[name] for thing in seen.pair}
    return str(seen.pair[1][name])


def before(seen: Seen, phrase: str) -> Thing:
    assert seen.pair
    assert seen.the(phrase) is seen.pair[0]
    return seen.pair[1]


def corners(seen: Seen) -> int:
    return sum({"square": 4, "triangle": 3}.get(thing["shape"], 0) for thing in seen.things)


def plural_shape(word: str) -> str:
    return next(shape for shape in SHAPES if word.startswith(shape))


def mirrored(place: str) -> str:
    return {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}.get(place, place)


SIDE = "(to the left of|to the right of|above|below)"
EDGE = "(furthest to the left|furthest to the right|highest up|lowest down)"
Rule = tuple[str, Callable[..., Any]]
RULES: tuple[Rule, ...] = (
    *(
        rule
        for name in ("colour", "shape")
        for rule in (
            (rf"What {name} is the thing {EDGE}\?", lambda s, e, n=name: outermost(s, e)[n]),
            (rf"What {name} is the only thing {SIDE} the (.+)\?", lambda s, w, p, n=name: only(ways(s, w, s.the(p)))[n]),
            (rf"Which {name} is most common among the things\?", lambda s, n=name: most(s, n)),
            (rf"Name the {name} of the only (.+)\.", lambda s, p, n=name: s.the(p)[n]),
            (rf"What {name} is the thing that is partly hidden\?", lambda s, n=name: s.pair[0][n]),
            (rf"What {name} is the thing in front of the (.+)\?", lambda s, p, n=name: before(s, p)[n]),
            (rf"What {name} is the ({'|'.join(ORDINALS)}) thing from the (\w+)\?", lambda s, o, w, n=name: nth(s, o, w)[n]),
            (rf"What {name} is the other thing with the \w+ of the (.+)\?",
             lambda s, p, n=name: other_like(s, p, "shape" if n == "colour" else "colour")[n]),
            (rf"All things but one have the same (\w+)\. What {name} is that one\?",
             lambda s, m, n=name: odd(s, m)[n]),
            (rf"(?:What {name} is|What is the {name} of) the (.+)\?", lambda s, p, n=name: s.the(p)[n]),
            (rf"How many different {name}s do the things have\?", lambda s, n=name: len(s.count(n))),
            (rf"Do the (.+) and the (.+) have the same {name}\?", lambda s, p, q, n=name: yes(s.the(p)[n] == s.the(q)[n])),
            (rf"Do all things have the same {name}\?", lambda s, n=name: yes(len(s.count(n)) == 1)),
        )
    ),
    (r"Which colour does the (.+) have\?", lambda s, p: s.the(p)["colour"]),
    (r"Which shape is the (.+)\?", lambda s, p: s.the(p)["shape"]),
    (r"What is the size of the thing (.+)\?", lambda s, e: outermost(s, e)["size"]),
    (r"(?:What size is|How big is|Is) the ([^?,]+?)(?:, small or large| small or large| large or small)?\?",
     lambda s, p: s.the(p)["size"]),
    (r"(?:Where is|In which part of the picture is|Where can you see) the (?:only )?(.+)\?",
     lambda s, p: s.the(p)["position"]),
    (r"Is the (.+) on the left, in the middle or on the right\?", lambda s, p: s.the(p)["column"]),
    (r"Is the (.+) at the top, in the middle or at the bottom\?", lambda s, p: s.the(p)["row"]),
    (r"How many things (?:are there|does the picture show)\?.*", lambda s: len(s.things)),
    (r"How many (?:of the )?things are not (.+)\?", lambda s, p: len(s.things) - len(s.all(p))),
    (r"How many (?:more )?(.+) than (.+) are there\?", lambda s, p, q: len(s.all(p)) - len(s.all(q))),
    (r"How many (.+) and (.+) are there together\?", lambda s, p, q: len(s.all(p)) + len(s.all(q))),
    (r"(?:How many|Count the|What is the number of) ([^?,]+?)"
     r"(?: are there| can you see| does the picture show| do you find)?[?.]",
     lambda s, p: len(s.all(p))),
    (r"(?:Are there|Do you see|Does the picture show) more (.+) than (.+)\?",
     lambda s, p, q: yes(len(s.all(p)) > len(s.all(q)))),
    (r"Are there as many (.+) as (.+)\? Answer yes or no\.", lambda s, p, q: yes(len(s.all(p)) == len(s.all(q)))),
    (r"Which colour do more things have, (.+) or (.+)\?", lambda s, p, q: max(p, q, key=lambda w: len(s.all(w)))),
    (r"Which shape do more things have, (.+) or (.+)\?", lambda s, p, q: max(p, q, key=lambda w: len(s.all(w)))),
    (r"Is the (.+) larger than the (.+)\?", lambda s, p, q: yes(s.the(p)["width"] > 1.3 * s.the(q)["width"])),
    (r"Are the (.+) and the (.+) equally large\?", lambda s, p, q: yes(s.the(p)["size"] == s.the(q)["size"])),
    (r"Are all things equally large\?", lambda s: yes(len(s.count("size")) == 1)),
    (r"Is there anything in the (.+)\?", lambda s, p: "no" if empty(s, p) else "yes"),
    (r"(?:Is there|Can you see|Do you find|Is it true that there is) (an? .+)\?", lambda s, p: yes(bool(s.all(p)))),
    (r"Is (an? .+) in the picture\?", lambda s, p: yes(bool(s.all(p)))),
    (r"Does the picture show (an? .+)\? Answer yes or no\.", lambda s, p: yes(bool(s.all(p)))),
    (r"Do you see (an? .+) anywhere\?", lambda s, p: yes(bool(s.all(p)))),
    (r"Is the (.+) to the left or to the right of the (.+)\?",
     lambda s, p, q: "left" if left_of(s.the(p), s.the(q)) else "right"),
    (r"Is the (.+) above or below the (.+)\?", lambda s, p, q: "above" if left_of(s.the(p), s.the(q), "y") else "below"),
    (rf"Is the (.+) {SIDE} the (.+)\?", lambda s, p, w, q: yes(s.the(p) in ways(s, w, s.the(q)))),
    (r"Which is further to the left, the (.+) thing or the (.+) thing\?", lambda s, p, q: one_of(s, "colour", p, q, "x")),
    (r"Which is higher up, the (.+) or the (.+)\?", lambda s, p, q: one_of(s, "shape", p, q, "y")),
    (r"Which is in front, the (.+) thing or the (.+) thing\?", lambda s, p, q: front_of(s, "colour", p, q)),
    (r"Which is in front, the (.+) or the (.+)\?", lambda s, p, q: front_of(s, "shape", p, q)),
    (r"Is the (.+) in front of the (.+)\?", lambda s, p, q: yes((s.the(q), s.the(p)) == s.pair)),
    (r"Does one thing cover a part of another\?", lambda s: yes(s.pair is not None)),
    (r"Is the (.+) partly hidden\?", lambda s, p: yes(s.the(p) is s.pair[0])),
    (r"If I take away all (.+), how many things are left\?", lambda s, p: len(s.things) - len(s.all(p))),
    (r"If all (.+) disappear, how many things remain\?", lambda s, p: len(s.things) - len(s.all(p))),
    (r"A small thing costs 1 coin .*", lambda s: sum(2 if thing["size"] == "large" else 1 for thing in s.things)),
    (r"Is the number of things even or odd\?", lambda s: ("even", "odd")[len(s.things) % 2]),
    (r"If the picture is mirrored so .* is the (.+) on the left, .*", lambda s, p: mirrored(s.the(p)["column"])),
    (r"If the picture is turned upside down, is the (.+) at the top, .*", lambda s, p: mirrored(s.the(p)["row"])),
    (r"How many corners do all triangles and squares have together\?", corners),
    (r"A box holds (\w+) things?\. Do all things .*", lambda s, n: yes(len(s.things) <= NUMBERS.index(n))),
    (r"If every (.+) were there twice, how many things would there be\?", lambda s, p: len(s.things) + len(s.all(p))),
)  # fmt: skip
_PATTERNS = [(re.compile(pattern), answer) for pattern, answer in RULES]
_USED: dict[str, int] = {}


def answer(seen: Seen, text: str, form: str) -> str:
    """Return the answer to a question; `form` only remembers which rule reads such questions."""
    if form not in _USED:
        _USED[form] = _rule(text)
    pattern, work = _PATTERNS[_USED[form]]
    match = pattern.fullmatch(text)
    assert match, (text, pattern.pattern)
    return str(work(seen, *match.groups()))


def _rule(text: str) -> int:
    """Return the rule that reads a question: the one whose pattern says most of it."""
    fitting = [place for place, (pattern, _) in enumerate(_PATTERNS) if pattern.fullmatch(text)]
    assert fitting, f"no rule reads {text!r}"

    def free(place: int) -> int:
        match = _PATTERNS[place][0].fullmatch(text)
        assert match
        return sum(len(group or "") for group in match.groups())

    return min(fitting, key=free)
