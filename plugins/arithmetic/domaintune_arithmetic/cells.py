"""The 32 cells of Goat's Table 3: which problems each tests, and what Goat-7B and GPT-4 reached (Liu and Low 2023).

    problems(CELLS["div-6D/3D"], 100, seed=0)  ->  100 pairs, all held out, each of 6 by 3 digits
    PUBLISHED["div-6D/3D"].goat_exact          ->  94.1

A cell `nD` of a division takes the form of BIG-bench: n digits by at most n digits, without remainder.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from domaintune_arithmetic.held_out import Words, mask

NAMES = {"+": "add", "-": "sub", "*": "mul", "/": "div"}
"""What the operations are called in tags."""
_EXTRAS = {
    "+": ("8D+8D", "16D+8D", "16D+16D"),
    "-": ("8D-8D", "16D-8D", "16D-16D"),
    "*": ("1Dx16D", "4Dx8D", "6Dx6D"),
    "/": ("16D/1D", "6D/3D", "12D/6D"),
}
_SMALL = 1_000_000
"""Spaces of up to so many problems are listed, larger ones sampled."""
_MOST = 100_000
"""Problems that may be asked for: far fewer than the smallest sampled cell holds (8 million)."""
_AT_ONCE = 8192
"""Problems drawn at a time, however many are asked for: so a small sample is the start of a larger one."""

# Table 3, a row a model: exact match and digit match of 1D to 5D and of the three extra cells. The paper's text runs two
# columns together; they are split by counting.
_TABLE = {
    "+": (
        "100/100 100/100 99.4/99.8 98.3/99.5 98.1/99.4 97.8/99.4 97.1/99.6 97.6/99.7",
        "100/100 100/100 99.6/99.9 98.8/99.6 94.1/98.5 92.1/98.3 9.4/70.4 94.1/99.5",
    ),
    "-": (
        "100/100 100/100 99.7/99.9 98.6/99.6 98.4/99.5 96.8/99.3 95.8/99.2 96.3/99.3",
        "100/100 100/100 99.2/99.6 98.9/99.6 92.4/98.1 70.5/91.5 10.6/68.8 59.6/88.2",
    ),
    "*": (
        "100/100 100/100 97.8/99.4 96.9/99.2 96.7/99.3 99.7/99.9 88.1/97.8 96.8/99.5",
        "100/100 99.4/99.8 30.3/83.0 5.3/61.8 0.0/47.9 61.5/92.3 0.0/45.9 0.0/49.8",
    ),
    "/": (
        "100/100 100/100 99.5/99.7 99.0/99.5 96.5/98.1 99.0/99.7 94.1/96.1 89.3/93.5",
        "100/100 100/100 94.5/96.3 90.9/92.1 53.4/73.2 54.0/84.3 6.4/48.6 0.0/29.5",
    ),
}


Pairs = list[tuple[int, int]]


@dataclass(frozen=True)
class Cell:
    """One cell: numbers of so many digits (one digit: 0 to 9); a divisor is never 0.

    An `exact` division has no remainder, and a divisor of at most `right_digits` digits that is not above the dividend.
    """

    tag: str
    operation: str
    left_digits: int
    right_digits: int
    exact: bool = False

    @property
    def grows(self) -> bool:
        """Whether it is one of 1D to 5D, which follow each other."""
        return self.left_digits == self.right_digits <= 5


class Published(NamedTuple):
    """What the paper reports for a cell, in per cent: exact match, and digit match (1 - character error rate)."""

    goat_exact: float
    goat_digit: float
    gpt4_exact: float
    gpt4_digit: float


def problems(cell: Cell, count: int, seed: int) -> Pairs:
    """Return so many different problems that are held out, or all there are in a small cell; equal seeds, equal problems.

    A smaller count gives the first problems of a larger one.
    `5 + 3` and `3 + 5` are two problems, and always on the same side.
    """
    if not 0 <= count <= _MOST:
        raise ValueError(f"count = {count} problems of {cell.tag}: give a number from 0 to {_MOST:,}")
    rng = np.random.default_rng([seed, zlib.crc32(cell.tag.encode())])
    found = _listed(cell, rng) if _is_small(cell) else _sampled(cell, count, rng)
    return found[:count]


def answer(operation: str, a: int, b: int) -> str:
    """Return the bare result: `8`, `-5`, `3 R 2` or `undefined`."""
    if operation == "/":
        if b == 0:
            return "undefined"
        quotient, remainder = divmod(a, b)
        return f"{quotient} R {remainder}" if remainder else str(quotient)
    return str({"+": a + b, "-": a - b, "*": a * b}[operation])


def _cells() -> list[Cell]:
    """Return the cells in the order of the paper's columns, operation by operation."""
    found = []
    for sign, name in NAMES.items():
        found += [Cell(f"{name}-{n}D", sign, n, n, exact=sign == "/") for n in range(1, 6)]
        for extra in _EXTRAS[sign]:
            left, right, _ = extra.split("D")
            found.append(Cell(f"{name}-{extra}", sign, int(left), int(right[1:])))
    return found


def _published() -> dict[str, Published]:
    pairs: dict[str, list[float]] = {tag: [] for tag in CELLS}
    for sign, rows in _TABLE.items():
        tags = [tag for tag, cell in CELLS.items() if cell.operation == sign]
        for row in rows:
            for tag, pair in zip(tags, row.split(), strict=True):
                pairs[tag] += map(float, pair.split("/"))
    return {tag: Published(*values) for tag, values in pairs.items()}


def _ends(digits: int) -> tuple[int, int]:
    """Return the smallest number of so many digits and the one after the largest."""
    return (10 ** (digits - 1) if digits > 1 else 0, 10**digits)


def _divisors(cell: Cell) -> tuple[int, int]:
    """Return the ends of the second number, which is not 0 in a division."""
    start, stop = _ends(cell.right_digits)
    return (max(start, 1) if cell.operation == "/" else start, stop)


def _is_small(cell: Cell) -> bool:
    """Tell whether all problems can be listed; exact divisions can (a million of five digits), and are too rare to draw."""
    (low, high), (start, stop) = _ends(cell.left_digits), _divisors(cell)
    return cell.exact or (high - low) * (stop - start) <= _SMALL


def _listed(cell: Cell, rng: np.random.Generator) -> Pairs:
    """Return all held-out problems of a small cell in random order."""
    (low, high), (start, stop) = _ends(cell.left_digits), _divisors(cell)
    a, b = _quotients(low, high) if cell.exact else np.mgrid[low:high, start:stop].reshape(2, -1).astype(np.uint64)
    kept = rng.permutation(np.flatnonzero(mask(cell.operation, a, b)))
    return _pairs(a[kept], b[kept])


def _quotients(low: int, high: int) -> tuple[Words, Words]:
    """Return all divisions without remainder and with a quotient above 0, the dividend from `low` to below `high`."""
    divisors = np.arange(1, high)
    first = np.maximum(-(-low // divisors), 1)
    many = (high - 1) // divisors - first + 1
    quotients = np.arange(many.sum()) + np.repeat(first - many.cumsum() + many, many)
    b = np.repeat(divisors, many)
    return (quotients * b).astype(np.uint64), b.astype(np.uint64)


def _sampled(cell: Cell, count: int, rng: np.random.Generator) -> Pairs:
    """Draw until there are so many different problems that are held out; one in ten is."""
    found: dict[tuple[int, int], None] = {}
    while len(found) < count:
        a = rng.integers(*_ends(cell.left_digits), size=_AT_ONCE, dtype=np.uint64)
        b = rng.integers(*_divisors(cell), size=_AT_ONCE, dtype=np.uint64)
        kept = mask(cell.operation, a, b)
        found.update(dict.fromkeys(_pairs(a[kept], b[kept])))
    return list(found)


def _pairs(a: Words, b: Words) -> Pairs:
    return list(zip(a.tolist(), b.tolist(), strict=True))


CELLS = {cell.tag: cell for cell in _cells()}
"""The 32 cells by tag, in the order of the paper's columns."""
PUBLISHED: Mapping[str, Published] = _published()
"""The numbers of Table 3 by tag."""
