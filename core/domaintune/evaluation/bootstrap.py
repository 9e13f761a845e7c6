"""How far chance reaches: percentile bootstrap intervals over items (Efron 1979), paired for comparisons (Koehn 2004).

All systems of a slice are resampled with the same items, so that a difference compares like with like. A proportion has
Wilson's score interval (1927) instead: of 10 right answers in 10, every resample is 10 of 10, and knows no doubt.

Items that share something, such as the questions about one picture, are right or wrong together. Then what they share is
drawn, with all its items (Field and Welsh 2007), and proportions have the percentile interval too.
"""

from __future__ import annotations

import zlib
from math import sqrt
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

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


def resample(values: Floats, draws: int, seed: int, label: str = "", shared: Places | None = None) -> Floats:
    """Return the means [draws, systems] of resampled items, for values of shape [systems, items].

    The same draws, seed, label and number of items give the same resamples. `shared` [items] numbers from 0 what each item
    is about; where two are about the same, that is drawn instead of items, and a mean is over all items it brings.
    """
    rng = np.random.default_rng([seed % 2**32, zlib.crc32(label.encode())])
    if shared is None:
        sums, sizes = values, np.ones(values.shape[1])
    else:
        sums, sizes = np.stack([np.bincount(shared, row) for row in values]), np.bincount(shared).astype(np.float64)
    size = len(sizes)
    step = max(1, _CELLS // size)
    parts = []
    for start in range(0, draws, step):
        counts = _counts(rng, min(step, draws - start), size)
        parts.append(counts @ sums.T / (size if shared is None else (counts @ sizes)[:, None]))
    return np.concatenate(parts)


def estimate(values: Floats, means: Floats, *, proportion: bool = False, shared: Places | None = None) -> Estimate:
    """Return the mean of one system's values [items] with the interval of its resampled means [draws].

    The mean of shares of hits is a proportion, and its interval Wilson's; it is cautious where shares lie between 0 and 1.
    Of items that share something it is Wilson's only where all are hits or none is: then so many hits as things shared.
    """
    value = _rounded(values.mean())
    if proportion and (shared is None or value in {0, 1}):
        size = len(values) if shared is None else int(shared.max()) + 1
        hits = float(values.sum()) if shared is None else value * size
        return Estimate(value, *wilson(hits, size), len(values), "wilson")
    return Estimate(value, *_interval(value, means), len(values), "bootstrap")


def wilson(hits: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % score interval of a proportion: `wilson(10, 10) == (0.722467, 1.0)`."""
    share, pull = hits / n, _Z**2 / n
    centre = (share + pull / 2) / (1 + pull)
    reach = sqrt(share * (1 - share) * pull + pull**2 / 4) / (1 + pull)
    return _rounded(centre - reach), _rounded(centre + reach)


def compare(a: Floats, b: Floats, means_a: Floats, means_b: Floats, shared: Places | None = None) -> Difference:
    """Return how system a differs from system b on the same items and the same resamples."""
    gaps, drawn = a - b, means_a - means_b
    difference = _rounded(gaps.mean())
    low, high = _interval(difference, drawn)
    verdict = "better" if low > 0 else "worse" if high < 0 else "no evidence"
    return Difference(difference, low, high, _p(drawn), verdict, _detectable(gaps, shared))


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


def _detectable(gaps: Floats, shared: Places | None) -> float | None:
    """Return 2.8 standard errors; of items that share something, that of a ratio of sums (Cochran 1977, section 6.4)."""
    if shared is None:
        return _rounded((1.96 + 0.84) * gaps.std(ddof=1) / np.sqrt(len(gaps))) if len(gaps) > 1 else None
    off = np.bincount(shared, gaps - gaps.mean())
    size = len(off)
    return _rounded((1.96 + 0.84) * np.sqrt(size / (size - 1) * (off**2).sum()) / len(gaps)) if size > 1 else None


def _rounded(number: float | np.floating) -> float:
    return round(float(number), DIGITS) + 0.0  # turns -0.0 into 0.0
