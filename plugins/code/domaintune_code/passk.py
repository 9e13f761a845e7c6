"""pass@k: how likely one of k answers to a problem is right, estimated from n answers without bias (Chen et al. 2021).

pass_at_k(20, 5, 1)   ->  0.25
pass_at_k(20, 5, 10)  ->  0.983746...
"""

from __future__ import annotations

from math import comb


def pass_at_k(n: int, c: int, k: int) -> float:
    """Return the share of all choices of k out of n answers that hold at least one of the c right ones.

    It is 1 - C(n-c, k) / C(n, k), counted in whole numbers and rounded once, so no n or k is numerically delicate.
    """
    if not 0 <= c <= n:
        raise ValueError(f"{c} right answers of {n}: give a number from 0 to {n}")
    if not 1 <= k <= n:
        raise ValueError(f"pass@{k} of {n} answers: k must be from 1 to {n}; give more answers a problem")
    every = comb(n, k)
    return (every - comb(n - c, k)) / every
