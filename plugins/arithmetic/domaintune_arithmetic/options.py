"""The options of the data builder, as users write them in TOML; what makes no sense is refused before any work."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

from domaintune_arithmetic.strata import PARTS, selected

ALL_PARTS = tuple(PARTS)
MOST_ROWS = 100_000_000
"""More rows than any model of this kind can use: some 30 GB of text."""


def option(default: Any, doc: str) -> Any:
    """Declare a field with its default and the sentence that documents it."""
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata={"doc": doc})
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, kw_only=True)
class GoatOptions:
    """Options of the data builder, written `[data.options]`."""

    parts: tuple[str, ...] = option(ALL_PARTS, f"which parts are made: {', '.join(PARTS)}")
    rows: dict[str, int] = option({}, "part = training rows; its kinds of problems keep their proportions")
    scale: float = option(1.0, "multiplies the rows of every part that `rows` does not set; 1 is the paper's 1,746,300")
    min_digits: int = option(1, "kinds of problems whose longer number may have fewer digits are left out")
    max_digits: int = option(17, "likewise those whose longer number may have more")
    hard: float = option(0.0, "above 0, rows shift to kinds with longer numbers, by the power of their digits")
    bare: float = option(0.2, "share of questions that are the bare expression; the others use templates")
    noise: bool = option(True, "vary how expressions are written: nouns, x for *, words, no spaces")
    target: Literal["steps", "result"] = option("steps", "what is learned: Goat's lines with steps, or the bare result")
    system: str = option("", "system message of every example; empty: none")
    test: int = option(100, "held-out problems for each cell of the paper's table")
    tokenizer: Literal["refuse", "warn"] = option("refuse", "what happens where numbers are not one token a digit")

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        for name in (*self.parts, *self.rows):
            if name not in PARTS:
                near = get_close_matches(name, PARTS, n=1)
                hint = f" (did you mean {near[0]!r}?)" if near else ""
                raise ValueError(f"unknown part {name!r}{hint}; parts: {', '.join(PARTS)}")
        if len(set(self.parts)) < len(self.parts):
            raise ValueError(f"parts = {list(self.parts)}: name each part once")
        _between("bare", self.bare, 0, 1)
        _between("hard", self.hard, 0, 10)
        _between("scale", self.scale, 0, 1000)
        _between("test", self.test, 1, 100_000)
        _between("min_digits", self.min_digits, 1, 17)
        _between("max_digits", self.max_digits, self.min_digits, 17)
        for part, rows in self.rows.items():
            _between(f"rows of {part}", rows, 1, MOST_ROWS)
            if part not in self.parts:
                raise ValueError(f"rows are set for {part!r}, which is not among the parts: {', '.join(self.parts)}")
        self._check_something_is_left()

    def _check_something_is_left(self) -> None:
        chosen = self.strata()
        made = {stratum.part for stratum in chosen}
        empty = [part for part in self.parts if part not in made]
        if not self.parts or empty:
            raise ValueError(
                f"no problem of {', '.join(empty) or 'any part'} has {self.min_digits} to {self.max_digits} digits "
                f"with scale = {self.scale:g}; choose other parts or digits, or more rows"
            )
        total = sum(stratum.rows for stratum in chosen)
        if total > MOST_ROWS:
            raise ValueError(f"{total:,} rows are more than the {MOST_ROWS:,} that can be made; lower scale or rows")

    def strata(self) -> Any:
        """Return the strata that these options choose."""
        return selected(self.parts, (self.min_digits, self.max_digits), self.rows, self.scale, self.hard)


def _between(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} = {value:,} is not between {least:,} and {most:,}")
