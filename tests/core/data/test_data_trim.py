"""What leaves the training set: repeats, rows too long, and the surplus of a tag; the test set is never touched."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from data_support import adds_up, jsonl, pairs, questions, run
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune.contracts import Example, Origin
from domaintune.data.balance import balanced
from domaintune.errors import DataError


def lengths(found: list[Example]) -> list[tuple[int, int]]:
    return [(len(one.question.split()), 1) for one in found]


def test_repeats_leave_the_training_set_only_when_asked(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", pairs(30) * 2)
    kept, dropped = run(path), run(path, duplicates="drop")
    assert kept.ledger.counts == {}
    assert dropped.ledger.counts == {"duplicate": len(kept.train) // 2}
    assert dropped.ledger.test == kept.ledger.test
    assert questions(kept.train) == questions(dropped.train)
    assert all(entry.detail.startswith(f"the same as {path}, line ") for entry in dropped.ledger.dropped)


def test_training_rows_that_are_too_long_are_dropped_and_test_rows_stay(tmp_path: Path) -> None:
    rows = [{"question": " ".join(f"w{i}x{j}" for j in range(i + 1)), "answer": "a"} for i in range(40)]
    path = jsonl(tmp_path / "a.jsonl", rows)
    whole = run(path, count_tokens=lengths, max_length=None)
    cut = run(path, count_tokens=lengths, max_length=20)
    adds_up(cut)
    assert questions(whole.test) == questions(cut.test)
    assert all(len(question.split()) <= 19 for question in questions(cut.train))
    assert cut.ledger.counts["too-long"] == cut.lengths.train.over == len(whole.train) - len(cut.train)
    assert cut.ledger.dropped[0].detail == f"{cut.ledger.dropped[0].line + 1} tokens > train.max_length 20"
    table = cut.lengths.as_dict()
    assert table["max_length"] == 20
    assert table["train"]["n"] == len(whole.train)
    assert table["test"]["total"] == sum(len(q.split()) + 1 for q in questions(cut.test))
    assert "max_length" not in whole.lengths.as_dict()
    assert run(path).lengths is None


def test_percentiles_are_lengths_that_occur(tmp_path: Path) -> None:
    counts = iter(range(1, 101))
    path = jsonl(tmp_path / "a.jsonl", pairs(100))
    test = jsonl(tmp_path / "b.jsonl", [{"question": "alone", "answer": "b"}])
    table = run(path, test_source=test, count_tokens=lambda found: [(next(counts, 7), 0) for _ in found], max_length=95)
    row = table.lengths.as_dict()["train"]
    assert row == {"n": 100, "total": 5050, "median": 50, "p90": 90, "p99": 99, "max": 100, "over": 5}


def test_balance_keeps_the_largest_set_and_leaves_the_test_set_alone(tmp_path: Path) -> None:
    rows = [{**row, "tag": "normal" if i < 80 else "abnormal" if i < 110 else ""} for i, row in enumerate(pairs(120))]
    path = jsonl(tmp_path / "a.jsonl", rows)
    plain = run(path)
    dataset = run(path, balance={"normal": 0.5, "abnormal": 0.5})
    adds_up(dataset)
    tags = Counter(tag for one in dataset.train for tag in one.tags)
    abnormal = sum("abnormal" in one.tags for one in plain.train)
    assert tags == {"normal": abnormal, "abnormal": abnormal}
    assert dataset.test == plain.test
    untagged = [entry for entry in dataset.ledger.dropped if "none of the tags" in entry.detail]
    assert len(untagged) == sum(not one.tags for one in plain.train)
    assert set(dataset.ledger.counts) == {"balance"}


def test_balance_does_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    rows = [{**row, "tag": "a" if i % 3 else "b"} for i, row in enumerate(pairs(90))]
    chosen = [
        questions(run(jsonl(tmp_path / f"{i}.jsonl", part), balance={"a": 1, "b": 1}).train)
        for i, part in enumerate([rows, rows[::-1]])
    ]
    assert chosen[0] == chosen[1]


@settings(max_examples=200, deadline=None)
@given(
    counts=st.dictionaries(st.sampled_from("abcd"), st.integers(1, 30), min_size=1),
    shares=st.lists(st.integers(0, 10), min_size=4, max_size=4),
)
def test_balanced_sets_are_within_one_example_of_their_shares_and_as_large_as_can_be(counts, shares) -> None:
    wanted = {tag: share / 10 for (tag, _), share in zip(sorted(counts.items()), shares, strict=False)}
    examples = [
        Example(prompt=(), completion=(), origin=Origin(source=tag, place=str(i)), tags=frozenset(tag))
        for tag, n in counts.items()
        for i in range(n)
    ]
    if not sum(wanted.values()):
        with pytest.raises(DataError, match="every tag the share 0"):
            balanced(examples, wanted)
        return
    kept, dropped = balanced(examples, wanted)
    assert len(kept) + len(dropped) == len(examples)
    total, whole = sum(wanted.values()), len(kept)
    found = Counter(tag for one in kept for tag in one.tags)
    for tag, share in wanted.items():
        assert abs(found[tag] - whole * share / total) < 1
    # one more example would ask for more of some tag than there is
    assert any((whole + 1) * share / total > counts[tag] for tag, share in wanted.items())


def test_an_unknown_tag_is_refused_with_the_tags_there_are(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", pairs(30, tag="normal"))
    with pytest.raises(DataError, match=r"'norml', which no training example has \(did you mean 'normal'\?\)"):
        run(path, balance={"norml": 1.0})
    with pytest.raises(DataError, match="tags: normal"):
        run(path, balance={"normal": 0.5, "rare": 0.5})
