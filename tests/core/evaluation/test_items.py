from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from made import example

from domaintune.evaluation import choose
from domaintune.evaluation.items import slices, spread

TAGS = st.lists(st.sampled_from(["normal", "mixed", "abnormal"]), min_size=1, max_size=80)


def items(tags):
    return [example(f"q{i}", "-", tag) for i, tag in enumerate(tags)]


def counts(examples):
    return Counter(tag for item in examples for tag in item.tags)


def test_choose_keeps_shares_by_largest_remainder():
    test = items(["normal"] * 60 + ["abnormal"] * 30 + ["mixed"] * 10)
    assert counts(choose(test, 20)) == {"normal": 12, "abnormal": 6, "mixed": 2}
    # 60 % of 7 is 4.2, 30 % is 2.1, 10 % is 0.7: the seventh goes to mixed
    assert counts(choose(test, 7)) == {"normal": 4, "abnormal": 2, "mixed": 1}


def test_choose_returns_everything_without_a_limit():
    test = items(["normal"] * 3)
    assert choose(test, None) == choose(test, 3) == choose(test, 9) == test


@given(TAGS, st.integers(1, 80))
def test_choose_returns_the_limit_in_the_input_order(tags, limit):
    test = items(tags)
    chosen = choose(test, limit)
    assert len(chosen) == min(limit, len(test))
    assert [item for item in test if item in chosen] == chosen
    for tag, count in counts(chosen).items():
        assert abs(count - len(chosen) * counts(test)[tag] / len(test)) < 1


@given(TAGS, st.integers(1, 80), st.randoms())
def test_choose_looks_at_content_not_at_place(tags, limit, rng):
    test = items(tags)
    shuffled = rng.sample(test, len(test))
    assert {item.question for item in choose(test, limit)} == {item.question for item in choose(shuffled, limit)}


def test_slices_begin_with_all_and_are_sorted():
    found = slices([frozenset({"b"}), frozenset({"a", "b"}), frozenset({"all"})])
    assert list(found.items()) == [("all", [0, 1, 2]), ("a", [1]), ("b", [0, 1])]


def test_spread_takes_turns_among_tags():
    test = items(["normal"] * 50 + ["abnormal"] * 5 + ["mixed"])
    assert counts(test[i] for i in spread(test, 6)) == {"abnormal": 3, "normal": 2, "mixed": 1}
    assert len(spread(test, 1000)) == 56
    assert spread(test, 0) == []
