"""Which problems are never trained on: one in ten (of one-digit problems one in four), by a hash of sign and numbers.

    held_out("+", 3, 5) == held_out("+", 5, 3)

The rule needs no list, so training data of any size and a test made elsewhere stay apart, whatever their seeds. The order
of the two numbers does not count, except in a division: who has learned 5 + 3 knows 3 + 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

SHARE, SMALL_SHARE = 10, 4
"""One problem in so many is held out; more of those with two numbers below ten, of which there are few."""
_SALT = {"+": 0x9E3779B97F4A7C15, "-": 0xBF58476D1CE4E5B9, "*": 0x94D049BB133111EB, "/": 0xD6E8FEB86659FD93}

Words = np.ndarray[Any, np.dtype[np.uint64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]


def held_out(operation: str, a: int, b: int) -> bool:
    """Tell whether a problem (`+`, `-`, `*` or `/`; numbers below 2^64) is kept for testing."""
    return bool(mask(operation, np.array([a], dtype=np.uint64), np.array([b], dtype=np.uint64))[0])


def mask(operation: str, a: Words, b: Words) -> Flags:
    """Return `held_out` for columns of numbers."""
    shares = np.where((a < 10) & (b < 10), np.uint64(SMALL_SHARE), np.uint64(SHARE))
    flags: Flags = hashed(operation, a, b) % shares == 0
    return flags


def unordered(expressions: Sequence[str]) -> Sequence[str]:
    """Return `3 + 5` for `5 + 3` too, and so for all but divisions; the expressions share one operation."""
    sign = expressions[0].split(" ")[1]
    if sign == "/":
        return expressions
    pairs = [expression.split(f" {sign} ") for expression in expressions]
    return [
        expression if (len(a), a) <= (len(b), b) else f"{b} {sign} {a}"
        for expression, (a, b) in zip(expressions, pairs, strict=True)
    ]


def hashed(operation: str, a: Words, b: Words) -> Words:
    """Return 64 well mixed bits of each problem."""
    low, high = (a, b) if operation == "/" else (np.minimum(a, b), np.maximum(a, b))
    return _mixed(_mixed(low ^ np.uint64(_SALT[operation])) ^ high)


def _mixed(x: Words) -> Words:
    """Mix 64 bits (the finaliser of splitmix64, Steele et al. 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
