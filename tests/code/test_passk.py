"""pass@k against its definition: the share of all choices of k answers that hold a right one."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domaintune_code.passk import pass_at_k

COUNTS = st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n)))
FEW = st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n)))


@given(FEW)
def test_it_is_the_mean_over_all_choices_of_k_answers(counts: tuple[int, int, int]) -> None:
    n, c, k = counts
    choices = list(combinations([place < c for place in range(n)], k))
    assert pass_at_k(n, c, k) == float(Fraction(sum(map(any, choices)), len(choices)))


@given(COUNTS)
def test_it_is_a_share_that_is_0_without_right_answers_and_1_where_no_choice_misses_them(
    counts: tuple[int, int, int],
) -> None:
    n, c, k = counts
    value = pass_at_k(n, c, k)
    assert 0 <= value <= 1
    assert (value == 0) == (c == 0)
    assert n - c >= k or value == 1


@given(COUNTS)
def test_more_right_answers_or_more_choices_never_lower_it(counts: tuple[int, int, int]) -> None:
    n, c, k = counts
    assert c == n or pass_at_k(n, c, k) <= pass_at_k(n, c + 1, k)
    assert k == n or pass_at_k(n, c, k) <= pass_at_k(n, c, k + 1)


@given(COUNTS)
def test_pass_at_1_is_the_share_of_right_answers(counts: tuple[int, int, int]) -> None:
    n, c, _ = counts
    assert pass_at_k(n, c, 1) == c / n


@given(COUNTS)
def test_it_equals_the_product_form_of_the_humaneval_script(counts: tuple[int, int, int]) -> None:
    n, c, k = counts
    missed = 1.0
    for i in range(n - c + 1, n + 1):
        missed *= 1 - k / i
    assert pass_at_k(n, c, k) == pytest.approx(1 - missed if n - c >= k else 1.0, abs=1e-12)


def test_numbers_too_large_for_floats_are_no_trouble() -> None:
    assert pass_at_k(5000, 1, 2500) == 0.5
    assert pass_at_k(5000, 2500, 100) == pytest.approx(1.0)


@pytest.mark.parametrize(("n", "c", "k"), [(5, 1, 6), (5, 1, 0), (0, 0, 1), (5, 6, 1), (5, -1, 1)])
def test_more_choices_than_answers_and_other_nonsense_is_refused(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match="answers"):
        pass_at_k(n, c, k)
