"""Drawing the problems of a stratum: uniform, never twice where there are enough, never one that is held out.

A stratum too large for one piece is cut by a hash of its problems, so that the pieces share no problem and know nothing of
each other. Equal seeds give equal problems, in however many processes the pieces are made.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np

from domaintune_arithmetic.held_out import Flags, Words, hashed, mask
from domaintune_arithmetic.strata import Stratum

PIECE = 20_000
"""Problems made at once."""
PATIENCE = 3
"""Draws without a new problem after which a stratum counts as exhausted."""

Pairs = tuple[Words, Words]


def pieces(stratum: Stratum) -> list[int]:
    """Return the sizes of the pieces in which a stratum is made."""
    count = -(-stratum.rows // PIECE)
    return [stratum.rows * (n + 1) // count - stratum.rows * n // count for n in range(count)]


def problems(stratum: Stratum, seed: int, piece: int) -> Pairs:
    """Return the two numbers of every problem of a piece, as columns; each pair once, or all pairs equally often."""
    sizes = pieces(stratum)
    rows = sizes[piece]
    rng = np.random.default_rng([seed, zlib.crc32(stratum.name.encode()), piece])
    a, b = _distinct(stratum, rng, rows, (piece, len(sizes)))
    times = -(-rows // len(a))
    order = np.concatenate([rng.permutation(len(a)) for _ in range(times)])[:rows] if times > 1 else slice(rows)
    a, b = a[order], b[order]
    if stratum.swap:
        turned = rng.random(rows) < 0.5
        a, b = np.where(turned, b, a), np.where(turned, a, b)
    return a, b


def _distinct(stratum: Stratum, rng: np.random.Generator, rows: int, piece: tuple[int, int]) -> Pairs:
    """Draw until there are so many different problems, or until nothing new comes."""
    a = b = np.empty(0, dtype=np.uint64)
    idle = 0
    for x, y in _draws(stratum, rng, rows):
        usable = _usable(stratum, x, y, piece)
        before = len(a)
        a, b = _without_repeats(np.concatenate([a, x[usable]]), np.concatenate([b, y[usable]]))
        idle = idle + 1 if len(a) == before else 0
        if len(a) >= rows or (idle == PATIENCE and len(a)):
            return a[:rows], b[:rows]
        if idle > 100 * PATIENCE:
            raise ValueError(f"no problem of {stratum.name!r} may be trained on: all of them are held out")
    raise AssertionError("draws never end")


def _draws(stratum: Stratum, rng: np.random.Generator, rows: int) -> Iterator[Pairs]:
    """Yield problems as they fall, in columns; more than `rows` at a time, for some will not be usable."""
    many = rows + rows // 4 + 64
    while True:
        left = _uniform(rng, stratum.left, many)
        right = _uniform(rng, stratum.right, many)
        match stratum.kind:
            case "power":
                right = right * np.uint64(10) ** rng.integers(1, 7, many, dtype=np.uint64)
            case "exact":
                left = left * right
            case "rest":
                left = left * right + rng.integers(1, right, dtype=np.uint64)
            case "long-exact":
                left = left - left % right
        yield left, right


def _uniform(rng: np.random.Generator, ends: tuple[int, int], many: int) -> Words:
    return rng.integers(ends[0], ends[1], many, dtype=np.uint64, endpoint=True)


def _usable(stratum: Stratum, a: Words, b: Words, piece: tuple[int, int]) -> Flags:
    """Tell which problems may be trained on, and belong to this piece of this stratum and to no other."""
    usable: Flags = ~mask(stratum.operation, a, b)
    if piece[1] > 1 and _size(stratum) >= stratum.rows:
        usable &= hashed(stratum.operation, a, b) // np.uint64(64) % np.uint64(piece[1]) == piece[0]
    if stratum.kind == "long-exact":
        usable &= a >= np.uint64(max(1, stratum.left[0]))
    if stratum.kind == "long-rest":
        usable &= a % b != 0
    if stratum.part == "multiplication" or stratum.kind == "power":
        usable &= ~_shared(a, b) | (_side(a, b) == (stratum.kind == "power"))
    if stratum.part == "multiplication":
        usable &= (a != 10) & (b != 10)  # n x 10 is a stratum of its own
    if stratum.part == "division":
        usable &= b != 10  # likewise n / 10
    return usable


def _shared(a: Words, b: Words) -> Flags:
    """Tell which products are both n x m and n x 1 digit times a power of ten: one factor is 20, 300, 7000000 ..."""
    shared = np.zeros(len(a), dtype=bool)
    for power in range(1, 7):
        ten = np.uint64(10**power)
        for factor in (a, b):
            shared |= (factor % ten == 0) & (factor >= 2 * ten) & (factor < 10 * ten)
    return shared


def _side(a: Words, b: Words) -> Flags:
    """Give each product that two strata could make to one of them, by its hash."""
    odd: Flags = hashed("*", a, b) >> np.uint64(63) == 1
    return odd


def _size(stratum: Stratum) -> int:
    """Return an upper bound of the number of different problems."""
    left, right = stratum.left[1] - stratum.left[0] + 1, stratum.right[1] - stratum.right[0] + 1
    ways = 6 if stratum.kind == "power" else 9 if stratum.kind == "rest" else 1
    return left * right * ways


def _without_repeats(a: Words, b: Words) -> Pairs:
    """Keep the first of equal problems, in their order."""
    # a hash that two problems share loses one of them, which nobody will miss
    keys = a * np.uint64(0x9E3779B97F4A7C15) ^ (b + (a >> np.uint64(32))) * np.uint64(0xC2B2AE3D27D4EB4F)
    first = np.sort(np.unique(keys, return_index=True)[1])
    return a[first], b[first]
