"""Pairs of shingle sets that are nearly equal: found by MinHash LSH, then verified exactly.

A leaf module: numpy and datasketch are imported here and only here. The hashing decides which pairs are looked at, and
its seed is fixed; which of them are taken, exact arithmetic decides. So the result is the same on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from datasketch import MinHash, MinHashLSH

Ints: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

PERMUTATIONS = 128
SEED = 1
WORDS = 8  # of 64 bits, in the bitmap of a set
MISS = 1e-4  # chance that a pair exactly at the limit is not looked at; it falls fast above it


def bands(near: float) -> tuple[int, int]:
    """Return the number of bands and their width: the widest that misses next to no pair at the limit."""
    widths = range(PERMUTATIONS, 0, -1)
    width = next((w for w in widths if (1 - near**w) ** (PERMUTATIONS // w) <= MISS), 1)
    return PERMUTATIONS // width, width


class Sketches:
    """Shingle sets in one flat array beside their LSH buckets, so that one set meets many in one step."""

    def __init__(self, sets: Sequence[frozenset[str]], near: float) -> None:
        self._near = near
        number: dict[str, int] = {}
        for shingle in (shingle for one in sets for shingle in one):
            number.setdefault(shingle, len(number))
        hashes = [_hash(shingle) for shingle in number]
        self._flat = np.array([number[shingle] for one in sets for shingle in one], dtype=np.int64)
        self._sizes = np.array([len(one) for one in sets], dtype=np.int64)
        self._starts = np.concatenate(([0], self._sizes.cumsum()))
        self._marked = np.zeros(len(number), dtype=bool)
        self._bits = self._bitmaps(np.array(hashes, dtype=np.uint64))
        self._buckets = self._hashed(hashes)

    def links(self, among: Sequence[int]) -> list[tuple[int, int]]:
        """Return enough nearly equal pairs among some of the sets to join all that are connected."""
        found: list[tuple[int, int]] = []
        label = np.arange(len(self._sizes))
        for bucket in self._chosen(among):
            rest = bucket
            while len(rest) > 1:
                one, rest = int(rest[0]), rest[1:]
                others = rest[label[rest] != label[one]]
                if not len(others):
                    break  # the whole rest is joined already
                close = self._close(one, others)[0]
                found += [(one, int(other)) for other in close]
                if len(close):
                    label[np.isin(label, label[close])] = label[one]
        return found

    def nearest(self, left: Sequence[int], right: Sequence[int]) -> dict[int, tuple[int, float]]:
        """Return, for each set of the left that has a near one on the right, that one and their similarity."""
        found: dict[int, tuple[int, float]] = {}
        on_right = self._mask(right)
        for bucket in self._chosen([*left, *right]):
            others = bucket[on_right[bucket]]
            for one in bucket[~on_right[bucket]].tolist() if len(others) else []:
                close, similarity = self._close(one, others)
                if len(close) and similarity.max() > found.get(one, (0, 0.0))[1]:
                    best = int(similarity.argmax())
                    found[one] = (int(close[best]), float(similarity[best]))
        return found

    def _hashed(self, hashes: Sequence[int]) -> list[Ints]:
        """Return groups of sets that are worth comparing: those that share a bucket of the LSH."""
        lsh = MinHashLSH(num_perm=PERMUTATIONS, params=bands(self._near))
        # the values are hashed already: datasketch only permutes them
        values = ([hashes[i] for i in self._ids(one)] for one in range(len(self._sizes)))
        sketches = MinHash.generator(values, num_perm=PERMUTATIONS, seed=SEED, hashfunc=int, scheme="affine64")
        for one, sketch in enumerate(sketches):
            lsh.insert(one, sketch, check_duplication=False)
        members = (table.get(key) for table in lsh.hashtables for key in table.keys())  # noqa: SIM118  (no mapping)
        buckets = [np.array(sorted(found), dtype=np.int64) for found in members if len(found) > 1]
        # texts of one template fill buckets with more pairs than there are: then all pairs are looked at, once
        everything = np.arange(len(self._sizes))
        return buckets if sum(len(bucket) ** 2 for bucket in buckets) <= len(everything) ** 2 else [everything]

    def _chosen(self, among: Sequence[int]) -> list[Ints]:
        """Return the buckets as far as they hold some of the sets; what was looked at once is always looked at."""
        mask = self._mask(among)
        return [chosen for bucket in self._buckets if len(chosen := bucket[mask[bucket]]) > 1]

    def _mask(self, among: Sequence[int]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        mask = np.zeros(len(self._sizes), dtype=bool)
        mask[list(among)] = True
        return mask

    def _close(self, one: int, others: Ints) -> tuple[Ints, Floats]:
        """Return which of the others are nearly equal to one, with the exact similarity."""
        others = others[self._differing(one, others) <= self._allowed(one, others)]
        if not len(others):
            return others, np.empty(0)
        shared = self._shared(one, others)
        similarity = shared / (self._sizes[others] + self._sizes[one] - shared)
        close = similarity >= self._near
        return others[close], similarity[close]

    def _differing(self, one: int, others: Ints) -> Ints:
        """Count bits that differ: sets differ in at least as many shingles, so nothing near is lost."""
        counts: Ints = np.bitwise_count(self._bits[others] ^ self._bits[one]).sum(axis=1, dtype=np.int64)
        return counts

    def _allowed(self, one: int, others: Ints) -> Floats:
        """Return in how many shingles two sets of these sizes may differ and still be near."""
        allowed: Floats = (1 - self._near) / (1 + self._near) * (self._sizes[others] + self._sizes[one]) + 1e-6
        return allowed

    def _shared(self, one: int, others: Ints) -> Ints:
        """Count the shingles that one set shares with each of the others."""
        sizes = self._sizes[others]
        begins = sizes.cumsum() - sizes
        places = np.arange(sizes.sum()) + np.repeat(self._starts[others] - begins, sizes)
        ids = self._ids(one)
        self._marked[ids] = True
        shared: Ints = np.add.reduceat(self._marked[self._flat[places]], begins, dtype=np.int64)
        self._marked[ids] = False
        return shared

    def _bitmaps(self, hashes: np.ndarray[Any, np.dtype[np.uint64]]) -> np.ndarray[Any, np.dtype[np.uint64]]:
        """Return a bitmap of each set: one bit a shingle, by its hash."""
        bits = np.zeros((len(self._sizes), WORDS), dtype=np.uint64)
        bit = hashes[self._flat] % np.uint64(64 * WORDS)
        rows = np.repeat(np.arange(len(self._sizes)), self._sizes)
        np.bitwise_or.at(bits, (rows, (bit >> np.uint64(6)).astype(np.int64)), np.uint64(1) << (bit & np.uint64(63)))
        return bits

    def _ids(self, one: int) -> Ints:
        return self._flat[self._starts[one] : self._starts[one + 1]]


def _hash(shingle: str) -> int:
    return int.from_bytes(hashlib.blake2b(shingle.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
