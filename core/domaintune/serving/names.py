"""The names by which a request asks for a model, read by one strict grammar.

base                    the first base model          (each is also known by its published name)
medical                 the promoted version
medical@3               this version
medical+code            both, with equal weights      medical:0.7+code@1:0.3 with these
medical|code            both, chosen anew for each token (Arrow)
auto                    whoever fits the prompt
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

BASE, AUTO = "base", "auto"
MOST_PARTS = 8
LARGEST_WEIGHT = 10.0
LONGEST = 1024
"""Letters of a name; the longest mix of eight needs fewer."""
_PART = re.compile(r"([a-z0-9][a-z0-9._-]{0,63})(?:@([1-9][0-9]{0,8}))?(?::(-?[0-9]{1,3}(?:\.[0-9]{1,6})?))?")

Kind = Literal["base", "auto", "one", "sum", "arrow"]


class BadNameError(ValueError):
    """A text is no name of a model; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One adapter of a name; without a number the promoted version is meant."""

    name: str
    number: int | None = None
    weight: float | None = None

    @property
    def id(self) -> str:
        """As it is looked up: `medical` or `medical@3`."""
        return self.name if self.number is None else f"{self.name}@{self.number}"


@dataclass(frozen=True, kw_only=True)
class Name:
    """What a request asked for, read but not looked up."""

    kind: Kind
    parts: tuple[Part, ...] = ()


def parse(text: str) -> Name:
    """Read a name, or raise BadNameError with the reason."""
    if text in {BASE, AUTO}:
        return Name(kind="base" if text == BASE else "auto")
    if len(text) > LONGEST:
        raise BadNameError(f"it has {len(text):,} letters; {LONGEST:,} are the most")
    if "|" in text:
        return _several(text, "|", "arrow")
    if "+" in text or ":" in text:
        return _several(text, "+", "sum")
    return Name(kind="one", parts=(_part(text),))


def shown(weight: float) -> str:
    """Write a weight so that reading it gives the same number: `0.7`."""
    return f"{weight:.6f}".rstrip("0").rstrip(".")


def mixed(ids: tuple[str, ...], weights: tuple[float, ...]) -> str:
    """Return the exact name of a weighted mix: `medical@3:0.7+code@1:0.3`."""
    return "+".join(f"{one}:{shown(weight)}" for one, weight in zip(ids, weights, strict=True))


def _several(text: str, sign: Literal["+", "|"], kind: Kind) -> Name:
    parts = tuple(map(_part, text.split(sign, MOST_PARTS)))
    if len(parts) > MOST_PARTS:
        raise BadNameError(f"it has more than {MOST_PARTS} parts")
    if len({part.id for part in parts}) < len(parts):
        raise BadNameError("it names an adapter twice")
    weights = [part.weight for part in parts]
    if kind == "arrow" and any(weight is not None for weight in weights):
        raise BadNameError("adapters joined by | are chosen for each token and take no weights")
    if kind == "sum" and None in weights:
        if any(weight is not None for weight in weights):
            raise BadNameError("give every adapter a weight, or none")
        share = round(1 / len(parts), 6)
        parts = tuple(Part(name=part.name, number=part.number, weight=share) for part in parts)
    return Name(kind=kind, parts=parts)


def _part(text: str) -> Part:
    found = _PART.fullmatch(text)
    if found is None or found[1] in {BASE, AUTO}:
        raise BadNameError("names look like medical, medical@3, medical+code, medical:0.7+code:0.3 or medical|code")
    weight = None if found[3] is None else float(found[3])
    if weight is not None and not 0 < abs(weight) <= LARGEST_WEIGHT:
        raise BadNameError(
            f"the weight {found[3]} is not between -{shown(LARGEST_WEIGHT)} and {shown(LARGEST_WEIGHT)}, or is 0"
        )
    return Part(name=found[1], number=None if found[2] is None else int(found[2]), weight=weight)
