from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import example, grader

from domaintune.contracts import Score
from domaintune.evaluation import bootstrap
from domaintune.evaluation.bootstrap import compare, estimate, resample, wilson
from domaintune.evaluation.marks import Marks, mark, numbers

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


def test_golden_interval_of_a_mean():
    values = np.array([[0.25] * 50 + [0.75] * 50])
    one = estimate(values[0], resample(values, 20_000, 0)[:, 0])
    # the standard error of the mean of 100 such values is 0.025
    assert (one.value, one.interval) == (0.5, "bootstrap")
    assert (one.low, one.high) == (pytest.approx(0.451, abs=0.006), pytest.approx(0.549, abs=0.006))


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (10, 10, 0.7225, 1), (0, 10, 0, 0.2775), (5, 10, 0.2366, 0.7634), (1, 1, 0.2065, 1), (0, 1, 0, 0.7935),
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (1, 29, 0.0061, 0.1718),  # Newcombe 1998, table I
    ],
)  # fmt: skip
def test_a_proportion_has_wilsons_interval(hits, n, low, high):
    values = np.array([[1.0] * hits + [0.0] * (n - hits)])
    one = estimate(values[0], resample(values, 50, 0)[:, 0], proportion=True)
    assert (one.value, one.n, one.interval) == (pytest.approx(hits / n, abs=1e-6), n, "wilson")
    assert (one.low, one.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(st.integers(1, 5000), st.data())
def test_wilsons_interval_holds_its_share_mirrors_and_grows_with_it(n, data):
    hits = data.draw(st.integers(0, n))
    low, high = wilson(hits, n)
    assert 0 <= low <= round(hits / n, 6) <= high <= 1
    assert (low == 0, high == 1) == (hits == 0, hits == n)
    assert wilson(n - hits, n) == (pytest.approx(1 - high, abs=2e-6), pytest.approx(1 - low, abs=2e-6))
    if hits < n:
        above = wilson(hits + 1, n)
        assert low <= above[0]
        assert high <= above[1]


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("n", [10, 40, 200])
def test_wilsons_interval_covers_the_truth_about_95_times_in_100(n, share):
    chance = [math.comb(n, hits) * share**hits * (1 - share) ** (n - hits) for hits in range(n + 1)]
    covered = sum(p for hits, p in enumerate(chance) if wilson(hits, n)[0] <= share <= wilson(hits, n)[1])
    assert 0.91 <= covered <= 0.99


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


def width(values, shared=None, **how):
    means = resample(values, 4000, 0, "all", shared)
    one = estimate(values[0], means[:, 0], shared=shared, **how)
    return one.high - one.low


def test_equal_items_of_one_picture_widen_the_interval():
    hits = (np.random.default_rng(1).random(40) < 0.6).astype(float)
    single = width(hits[None])
    for times in (2, 4, 8):
        shared = np.repeat(np.arange(40), times)
        values = np.repeat(hits, times)[None]
        assert width(values) == pytest.approx(single / math.sqrt(times), rel=0.1)
        assert width(values, shared) == pytest.approx(single, rel=0.1)  # four equal items say what one says
        assert width(values, shared, proportion=True) == width(values, shared)


def test_items_of_a_picture_that_differ_as_others_do_leave_the_interval_as_it_is():
    values = np.random.default_rng(2).random((1, 400))
    assert width(values, np.arange(400) // 4) == pytest.approx(width(values), rel=0.2)


def test_the_mean_over_pictures_of_several_sizes_is_the_mean_over_their_items():
    values, shared = np.array([[1.0, 1, 1, 0, 1, 0]]), np.array([0, 0, 0, 1, 2, 2])
    means = resample(values, 3000, 0, "all", shared)[:, 0]
    often = [(a, b, 3 - a - b) for a in range(4) for b in range(4 - a)]  # how often each of three pictures is drawn
    drawn = {(3 * a + c) / (3 * a + b + 2 * c) for a, b, c in often}
    assert set(means.round(9)) <= {round(share, 9) for share in drawn}
    assert estimate(values[0], means, shared=shared).value == pytest.approx(4 / 6, abs=1e-6)


def test_all_right_of_some_pictures_is_not_for_certain():
    values, shared = np.ones((1, 40)), np.arange(40) // 4
    one = estimate(values[0], resample(values, 50, 0, "", shared)[:, 0], proportion=True, shared=shared)
    assert (one.low, one.high, one.n, one.interval) == (*wilson(10, 10), 40, "wilson")


def test_a_difference_on_the_items_of_few_pictures_is_less_evidence():
    a, b = np.repeat([1.0, 1, 1, 0, 1, 0], 8), np.repeat([0.0, 1, 0, 0, 0, 1], 8)
    values, shared = np.stack([a, b]), np.repeat(np.arange(6), 8)
    alone, together = (compare(a, b, *resample(values, 2000, 0, "", drawn).T, drawn) for drawn in (None, shared))
    assert (alone.verdict, together.verdict) == ("better", "no evidence")
    assert alone.difference == together.difference
    one_each = compare(a[::8], b[::8], *resample(values[:, ::8], 2000, 0).T)
    assert together.mde == one_each.mde > 2 * alone.mde
    assert together.p > alone.p


def pictured(images):
    items = [dataclasses.replace(example(f"Q{n}?", "yes"), images=shown) for n, shown in enumerate(images)]
    right = np.random.default_rng(4).random((2, len(items))) < 0.7
    texts = {
        system: ["yes" if hit else "no" for hit in row] for system, row in zip(("base", "tuned"), right, strict=True)
    }
    return mark(grader(), items, texts, lambda: None)


def test_questions_about_one_picture_are_drawn_together_in_a_report():
    marks = pictured([(f"{n // 4}.png",) for n in range(20)])
    assert marks.pictures("exact", range(20)).tolist() == [n // 4 for n in range(20)]
    assert marks.pictures("exact", range(0, 20, 4)) is None  # each of another picture
    assert marks.pictures("exact", range(4)) is None  # all of one
    scores, comparisons = numbers(marks, 200, 0)
    assert {row["interval"] for row in scores} == {"bootstrap"}
    assert {row["n"] for row in scores} == {20}
    assert len(comparisons) == len(marks.metrics)


def test_items_without_shared_pictures_have_the_numbers_that_they_had():
    alone, without = pictured([(f"{n}.png",) for n in range(20)]), pictured([()] * 20)
    assert alone.pictures("exact", range(20)) is without.pictures("exact", range(20)) is None
    assert numbers(alone, 200, 0) == numbers(without, 200, 0)
    values = without.values("exact", range(20))
    (row, *_) = numbers(without, 200, 0)[1]
    plain = compare(values[1], values[0], *resample(values, 200, 0, "all").T[::-1])
    assert {name: row[name] for name in plain._asdict()} == plain._asdict()


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


def test_a_column_of_zeros_in_a_metric_that_is_no_proportion_is_not_one():
    values = {"base": [0.0, 0.0, 0.0], "tuned": [0.5, 0.25, 0.0]}
    scores = {system: [{"rougeL": Score(metric="rougeL", value=v)} for v in row] for system, row in values.items()}
    items = [example(f"question {n}", "answer") for n in range(3)]
    rows, _ = numbers(Marks(evaluator="made", items=items, scores=scores), 50, 0)
    assert next((row["system"], row["low"], row["high"], row["interval"]) for row in rows) == (
        "base", 0.0, 0.0, "bootstrap",
    )  # fmt: skip
