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


def test_balance_limits_a_tag_and_leaves_the_rest_and_the_test_set_alone(tmp_path: Path) -> None:
    rows = [{**row, "tag": "normal" if i < 80 else "abnormal" if i < 110 else ""} for i, row in enumerate(pairs(120))]
    path = jsonl(tmp_path / "a.jsonl", rows)
    plain = run(path)
    dataset = run(path, balance={"normal": 0.5})
    adds_up(dataset)
    others = sum("normal" not in one.tags for one in plain.train)
    tags = Counter(tag for one in dataset.train for tag in one.tags or {"none"})
    assert tags["normal"] == others == tags["abnormal"] + tags["none"]
    assert dataset.test == plain.test
    assert set(dataset.ledger.counts) == {"balance"}
    assert all(entry.detail == "more 'normal' than 0.5 of the training set" for entry in dataset.ledger.dropped)


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
    free=st.integers(0, 20),
)
def test_no_tag_exceeds_its_share_and_no_example_leaves_without_need(counts, shares, free) -> None:
    caps = {tag: share / 10 for (tag, _), share in zip(sorted(counts.items()), shares, strict=False)}
    counts = counts | ({"z": free} if free else {})
    examples = [
        Example(prompt=(), completion=(), origin=Origin(source=tag, place=str(i)), tags=frozenset(tag))
        for tag, n in counts.items()
        for i in range(n)
    ]
    try:
        kept, dropped = balanced(examples, caps)
    except DataError:
        assert not free  # every example has a limited tag, and the limits leave none
        return
    assert len(kept) + len(dropped) == len(examples)
    found = Counter(tag for one in kept for tag in one.tags)
    assert found["z"] == free
    for tag, share in caps.items():
        slack = len(caps)  # each limited tag is rounded down, so the whole is at most that much smaller
        assert found[tag] <= share * (len(kept) + slack) + 1e-9
        if found[tag] < counts[tag]:  # it left some, so one more would be too many
            assert found[tag] + 1 > share * len(kept) - 1e-9


def test_a_rare_tag_costs_no_example_of_another(tmp_path: Path) -> None:
    rows = [{**row, "tag": "rare" if i < 8 else "common"} for i, row in enumerate(pairs(100))]
    path = jsonl(tmp_path / "a.jsonl", rows)
    assert len(run(path, balance={"rare": 0.4}).train) == len(run(path).train)


def test_a_tag_that_no_example_has_is_a_note_and_a_slip_is_an_error(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", pairs(30, tag="normal"))
    with pytest.raises(DataError, match=r"'norml', which no training example has \(did you mean 'normal'\?\)"):
        run(path, balance={"norml": 1.0})
    assert (
        "data.balance limits 'rare', which no training example has"
        in run(path, balance={"normal": 1.0, "rare": 0.5}).notes
    )
    with pytest.raises(DataError, match=r"leaves no training example.*data\.balance=\{\}"):
        run(path, balance={"normal": 0.5})
