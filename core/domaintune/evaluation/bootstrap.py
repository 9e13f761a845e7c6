"""How far chance reaches: percentile bootstrap intervals over items (Efron 1979), paired for comparisons (Koehn 2004).

All systems of a slice are resampled with the same items, so that a difference compares like with like. A proportion has
Wilson's score interval (1927) instead: of 10 right answers in 10, every resample is 10 of 10, and knows no doubt.
"""

from __future__ import annotations

import zlib
from math import sqrt
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DIGITS = 6
"""Decimals kept: far below what an interval can tell, and above the noise of floating-point sums."""
_Z = 1.959963984540054
"""The normal deviate that 2.5 % exceed."""
_CELLS = 4_000_000
"""Resampled items held in memory at once."""


class Estimate(NamedTuple):
    """A mean over items with its 95 % interval, and where that comes from."""

    value: float
    low: float
    high: float
    n: int
    interval: Literal["bootstrap", "wilson"]


class Difference(NamedTuple):
    """The mean difference a - b with its 95 % interval, two-sided p, verdict and minimal detectable effect.

    `mde` is the true difference that this many items would show in four cases of five (alpha 0.05, power 0.8); None for
    a single item.
    """

    difference: float
    low: float
    high: float
    p: float
    verdict: str
    mde: float | None


def resample(values: Floats, draws: int, seed: int, label: str = "") -> Floats:
    """Return the means [draws, systems] of resampled items, for values of shape [systems, items].

    The same draws, seed, label and number of items give the same resamples.
    """
    rng = np.random.default_rng([seed % 2**32, zlib.crc32(label.encode())])
    size = values.shape[1]
    step = max(1, _CELLS // size)
    parts = [_counts(rng, min(step, draws - start), size) @ values.T / size for start in range(0, draws, step)]
    return np.concatenate(parts)


def estimate(values: Floats, means: Floats, *, proportion: bool = False) -> Estimate:
    """Return the mean of one system's values [items] with the interval of its resampled means [draws].

    The mean of shares of hits is a proportion, and its interval Wilson's; it is cautious where shares lie between 0 and 1.
    """
    value = _rounded(values.mean())
    if proportion:
        return Estimate(value, *wilson(float(values.sum()), len(values)), len(values), "wilson")
    return Estimate(value, *_interval(value, means), len(values), "bootstrap")


def wilson(hits: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % score interval of a proportion: `wilson(10, 10) == (0.722467, 1.0)`."""
    share, pull = hits / n, _Z**2 / n
    centre = (share + pull / 2) / (1 + pull)
    reach = sqrt(share * (1 - share) * pull + pull**2 / 4) / (1 + pull)
    return _rounded(centre - reach), _rounded(centre + reach)


def compare(a: Floats, b: Floats, means_a: Floats, means_b: Floats) -> Difference:
    """Return how system a differs from system b on the same items and the same resamples."""
    gaps, drawn = a - b, means_a - means_b
    difference = _rounded(gaps.mean())
    low, high = _interval(difference, drawn)
    verdict = "better" if low > 0 else "worse" if high < 0 else "no evidence"
    return Difference(difference, low, high, _p(drawn), verdict, _detectable(gaps))


def _counts(rng: np.random.Generator, draws: int, size: int) -> Floats:
    """Return how often each item occurs in each resample: [draws, items]."""
    drawn = rng.integers(0, size, (draws, size))
    drawn += np.arange(draws)[:, None] * size
    return np.bincount(drawn.ravel(), minlength=draws * size).reshape(draws, size).astype(np.float64)


def _interval(value: float, means: Floats) -> tuple[float, float]:
    low, high = np.quantile(means, (0.025, 0.975))
    return min(_rounded(low), value), max(_rounded(high), value)


def _p(drawn: Floats) -> float:
    """Return the two-sided p, never 0: one resample is added to each side (Davison and Hinkley 1997)."""
    settled = drawn.round(12)
    side = min((settled <= 0).sum(), (settled >= 0).sum())
    return _rounded(min(1.0, 2 * (side + 1) / (len(drawn) + 1)))


def _detectable(gaps: Floats) -> float | None:
    return _rounded((1.96 + 0.84) * gaps.std(ddof=1) / np.sqrt(len(gaps))) if len(gaps) > 1 else None


def _rounded(number: float | np.floating) -> float:
    return round(float(number), DIGITS) + 0.0  # turns -0.0 into 0.0
