"""Passages by their scores: the k best, and where scores are equal those that stand first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from domaintune.contracts import Hit, Passage

Ranking: TypeAlias = list[tuple[int, float]]
"""Places of passages with their scores, best first."""


class Ranker(Protocol):
    """What finds places of passages."""

    def ranked(self, query: str, k: int) -> Ranking:
        """Return at most k places, best first."""


def best(scores: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """Return the places of the k largest scores, largest first; of equal ones the first places."""
    k = min(k, len(scores))
    if k <= 0:
        return np.empty(0, dtype=np.intp)
    limit = np.partition(scores, len(scores) - k)[len(scores) - k]
    above = np.flatnonzero(scores > limit)
    equal = np.flatnonzero(scores == limit)[: k - len(above)]
    places = np.concatenate([above, equal])
    order: NDArray[np.intp] = places[np.lexsort((places, -scores[places]))]
    return order


def fused(rankings: Sequence[tuple[float, Ranking]], k: int, constant: int) -> Ranking:
    """Join weighted rankings: a place scores the sum of weight / (constant + rank), ranks counted from 1."""
    total: dict[int, float] = {}
    for weight, ranking in rankings:
        if weight:
            for rank, (place, _) in enumerate(ranking, start=1):
                total[place] = total.get(place, 0.0) + weight / (constant + rank)
    return sorted(total.items(), key=lambda item: (-item[1], item[0]))[:k]


def hits(passages: Sequence[Passage], ranking: Ranking) -> list[Hit]:
    """Return the passages of a ranking."""
    return [Hit(passage=passages[place], score=score) for place, score in ranking]
