from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune.evaluation import bootstrap
from domaintune.evaluation.bootstrap import compare, estimate, resample

VALUES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40)
FEW = settings(max_examples=60, deadline=None)


def both(pairs, draws=200, seed=3):
    values = np.array(pairs, dtype=float).T
    return values, resample(values, draws, seed, "all")


@FEW
@given(VALUES)
def test_an_interval_contains_its_mean(pairs):
    values, means = both(pairs)
    one = estimate(values[0], means[:, 0])
    assert one.low <= one.value <= one.high
    assert one.value == pytest.approx(values[0].mean(), abs=1e-6)
    assert one.n == len(pairs)


@FEW
@given(VALUES)
def test_a_comparison_is_antisymmetric(pairs):
    values, means = both(pairs)
    there = compare(values[0], values[1], means[:, 0], means[:, 1])
    back = compare(values[1], values[0], means[:, 1], means[:, 0])
    assert (back.difference, back.low, back.high) == (-there.difference, -there.high, -there.low)
    assert (back.p, back.mde) == (there.p, there.mde)
    assert {there.verdict, back.verdict} in ({"better", "worse"}, {"no evidence"})


@FEW
@given(VALUES)
def test_a_verdict_agrees_with_its_p(pairs):
    values, means = both(pairs)
    found = compare(values[0], values[1], means[:, 0], means[:, 1])
    assert round(2 / 201, 6) <= found.p <= 1
    if found.verdict != "no evidence":
        assert found.p <= 0.08


@FEW
@given(VALUES, st.integers())
def test_the_same_seed_gives_the_same_numbers(pairs, seed):
    assert np.array_equal(both(pairs, seed=seed)[1], both(pairs, seed=seed)[1])


@FEW
@given(VALUES, st.randoms())
def test_a_permutation_of_the_items_leaves_the_values_the_same(pairs, rng):
    (a, means_a), (b, means_b) = both(pairs), both(rng.sample(pairs, len(pairs)))
    assert estimate(a[0], means_a[:, 0]).value == estimate(b[0], means_b[:, 0]).value
    before, after = compare(*a, *means_a.T), compare(*b, *means_b.T)
    assert before.difference == pytest.approx(after.difference, abs=2e-6)


def test_golden_interval_of_a_coin():
    values = np.array([[0.0] * 50 + [1.0] * 50])
    one = estimate(values[0], resample(values, 20_000, 0)[:, 0])
    # the standard error of a mean of 100 fair coins is 0.05
    assert (one.value, one.low, one.high) == (0.5, pytest.approx(0.402, abs=0.012), pytest.approx(0.598, abs=0.012))


def test_golden_comparison():
    a, b = np.array([1.0, 1.0, 0.0, 1.0]), np.array([0.0, 0.0, 0.0, 0.0])
    means = resample(np.stack([a, b]), 1000, 0)
    found = compare(a, b, means[:, 0], means[:, 1])
    assert found.difference == 0.75
    assert found.mde == pytest.approx(2.8 * 0.5 / 2)  # the sample's standard deviation is 0.5
    # no difference at all is drawn with probability (1/4)^4
    assert found.p == pytest.approx(2 / 256, abs=0.01)


def test_equal_systems_are_no_evidence():
    values = np.full((2, 9), 0.1)
    means = resample(values, 100, 0)
    assert compare(*values, *means.T) == (0.0, 0.0, 0.0, 1.0, "no evidence", 0.0)


def test_p_is_never_zero():
    values = np.array([[1.0] * 9, [0.0] * 9])
    found = compare(*values, *resample(values, 99, 0).T)
    assert (found.verdict, found.p) == ("better", 0.02)


def test_one_item_has_no_detectable_difference():
    values = np.array([[1.0], [0.0]])
    assert compare(*values, *resample(values, 9, 0).T).mde is None


def test_many_items_are_resampled_in_parts(monkeypatch):
    values = np.random.default_rng(0).random((2, 300))
    monkeypatch.setattr(bootstrap, "_CELLS", 1000)
    means = resample(values, 200, 0)
    assert means.shape == (200, 2)
    assert means.std(axis=0) == pytest.approx(values.std(axis=1) / np.sqrt(300), rel=0.2)


def test_equal_systems_are_seldom_told_apart():
    """A/A: two systems of the same quality on 60 items, 300 times; 5 % are expected."""
    rng = np.random.default_rng(2004)
    told_apart = 0
    for run in range(300):
        skill = rng.random(60)
        values = (rng.random((2, 60)) < skill).astype(float)
        means = resample(values, 400, run)
        told_apart += compare(*values, *means.T).verdict != "no evidence"
    assert told_apart / 300 <= 0.07


def test_a_real_difference_is_seen_as_often_as_the_mde_says():
    """With a true difference of one mde, about four runs of five say `better`."""
    rng = np.random.default_rng(1979)
    seen = 0
    for run in range(200):
        b = rng.random(60)
        a = b + rng.normal(0.1 * 2.8 / np.sqrt(60), 0.1, 60)
        means = resample(np.stack([a, b]), 400, run)
        seen += compare(a, b, *means.T).verdict == "better"
    assert 0.7 <= seen / 200 <= 0.9
