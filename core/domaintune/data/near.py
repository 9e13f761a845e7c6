"""Which texts are the same: equal but for case, punctuation and marks, or nearly equal in their word 3-grams."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from domaintune.data.door import enter
from domaintune.data.text import digest, same_text, shingles
from domaintune.errors import DataError

LOWEST = 0.1


class Match(NamedTuple):
    """The text that another one is the same as, and how similar the two are (1.0: equal)."""

    text: str
    similarity: float


@dataclass(frozen=True)
class _Form:
    """A text as it is compared."""

    same: str
    set: int


class Kinship:
    """Knows which of some texts are equal or nearly equal; the order in which they come plays no part."""

    def __init__(self, texts: Iterable[str], near: float) -> None:
        if near < LOWEST:
            raise DataError(f"data.near = {near} would join texts with nothing in common; use {LOWEST} to 1.0")
        unique = sorted(set(texts))
        sets = {text: shingles(text) if near < 1 else frozenset({same_text(text)}) for text in unique}
        number = {one: i for i, one in enumerate(dict.fromkeys(sets.values()))}
        self._forms = {text: _Form(same_text(text), number[sets[text]]) for text in unique}
        # with near = 1.0 only equal texts count, and there is nothing to search
        self._sketches: Any = enter("candidates").Sketches(list(number), near) if near < 1 and len(number) > 1 else None

    def families(self, texts: Iterable[str]) -> dict[str, str]:
        """Give each text the key of its family: texts that are equal, nearly equal, or joined by others that are."""
        unique = sorted(set(texts))
        parent: dict[str | int, str | int] = {}
        for text in unique:
            form = self._forms[text]
            join(parent, form.same, form.set)
        if self._sketches is not None:
            for one, other in self._sketches.links([self._forms[text].set for text in unique]):
                join(parent, one, other)
        keys: dict[str | int, str] = {}
        for text in unique:
            root, key = root_of(parent, self._forms[text].set), digest(self._forms[text].same)
            keys[root] = min(key, keys.get(root, key))
        return {text: keys[root_of(parent, self._forms[text].set)] for text in unique}

    def across(self, left: Iterable[str], right: Iterable[str]) -> dict[str, Match]:
        """Return the texts of the left that are the same as one of the right, each with the most similar one."""
        ours, theirs = sorted(set(left)), sorted(set(right), reverse=True)
        same = {self._forms[text].same: text for text in theirs}
        sets = {self._forms[text].set: text for text in theirs}
        found = {}
        rest: dict[str, int] = {}
        for text in ours:
            form = self._forms[text]
            equal = same.get(form.same) or sets.get(form.set)
            if equal is None:
                rest[text] = form.set
            else:
                found[text] = Match(equal, 1.0)
        if self._sketches is not None and rest and sets:
            nearest = self._sketches.nearest(list(rest.values()), list(sets))
            found |= {
                text: Match(sets[nearest[one][0]], nearest[one][1]) for text, one in rest.items() if one in nearest
            }
        return found


def root_of(parent: dict[str | int, str | int], one: str | int) -> str | int:
    """Return what stands for all that `one` was joined with."""
    parent.setdefault(one, one)
    while parent[one] != one:
        parent[one] = parent[parent[one]]
        one = parent[one]
    return one


def join(parent: dict[str | int, str | int], one: str | int, other: str | int) -> None:
    """Make two things relatives, and with them their relatives."""
    parent[root_of(parent, one)] = root_of(parent, other)
