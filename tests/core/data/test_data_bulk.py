"""Data sets made in shards: the same bytes as the plain road, in any number of processes, with the same books."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune.contracts import Batch, Dropped, Example, Origin, Shard
from domaintune.data import Sharded, load, make
from domaintune.data.context import Tools
from domaintune.data.dataset import as_row
from domaintune.data.parts import examples
from domaintune.errors import DataError, PluginError
from domaintune.files import write_jsonl
from domaintune.settings import DataSettings

FILES = ("train.jsonl", "test.jsonl")


def batch(first: int, rows: int, *, word: str = "cube", **changes: Any) -> Batch:
    """Ask for cubes: a module's own function, so that other processes find it."""
    numbers = range(first, first + rows)
    values: dict[str, Any] = {
        "prompts": [f"the {word} of {n}" for n in numbers],
        "completions": [str(n**3) for n in numbers],
        "groups": [str(n) for n in numbers],
        "origin": Origin(source="cubes", place=f"from {first},"),
        "tags": frozenset({"cube", "even" if first % 2 == 0 else "odd"}),
        "meta": {"n": [str(n) for n in numbers]},
    }
    return Batch(**values | changes)


def same(made: Batch) -> Batch:
    return made


def broken() -> Batch:
    raise KeyError("nope")


def killed() -> Batch:
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def shard(first: int, rows: int, side: str = "train", **changes: Any) -> Shard:
    return Shard(make=partial(batch, first, rows, **changes), rows=rows, side=side)


def sharded(*shards: Shard, **changes: Any) -> Sharded:
    return Sharded(**{"shards": shards, "max_length": None, "count": None} | changes)


def by_words(found: Any) -> list[tuple[int, int]]:
    """Count four tokens for a chat template, then words."""
    return [(4 + len(one.question.split()), len(one.reference.split())) for one in found]


def written(data: Sharded, folder: Path, **options: Any) -> list[bytes]:
    data.write(folder, **options)
    return [(folder / name).read_bytes() for name in FILES]


LESSONS = (shard(0, 30), shard(101, 7, system="Be brief."), shard(500, 12, "test"), shard(200, 40))


def test_lines_are_those_of_the_plain_road(tmp_path: Path) -> None:
    train, test = written(sharded(*LESSONS), tmp_path, processes=1)
    for side, bytes_ in (("train", train), ("test", test)):
        rows = [as_row(one) for part in LESSONS if part.side == side for one in examples(part)]
        write_jsonl(tmp_path / "plain.jsonl", rows)
        assert bytes_ == (tmp_path / "plain.jsonl").read_bytes()
    assert load(tmp_path, "test") == examples(LESSONS[2])


texts = st.text(st.characters(codec="utf-8"), max_size=12)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(texts, texts, texts, texts), min_size=1, max_size=4), texts, texts)
def test_any_text_gives_the_line_of_its_example(rows: list[tuple[str, ...]], system: str, tag: str) -> None:
    prompts, completions, groups, meta = map(list, zip(*rows, strict=True))
    made = batch(
        0, len(rows), prompts=prompts, completions=completions, groups=groups, system=system, meta={"m %s": meta},
        tags=frozenset({tag}),
    )  # fmt: skip
    part = Shard(make=partial(same, made), rows=len(rows))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = written(sharded(part, shard(-9, 1, "test")), folder, processes=1)[0].decode().split("\n")
        kept = [one for one in examples(part) if one.group != "-9"]
        assert [json.loads(line) for line in lines[:-1]] == [json.loads(json.dumps(as_row(one))) for one in kept]


def test_the_number_of_processes_leaves_no_trace(tmp_path: Path) -> None:
    data = sharded(*LESSONS, count=by_words, max_length=9)
    one, three = (written(data, tmp_path / str(n), processes=n) for n in (1, 3))
    assert one == three
    assert sorted(path.name for path in (tmp_path / "3").iterdir()) == ["test.jsonl", "train.jsonl"]


def test_rows_of_test_groups_leave_the_training_set_and_are_booked(tmp_path: Path) -> None:
    made = sharded(shard(0, 30), shard(10, 5, "test", word="third power")).write(tmp_path, processes=1)
    assert (made.ledger.rows_in, made.ledger.train, made.ledger.test) == (35, 25, 5)
    assert made.ledger.counts == {"contamination": 5}
    assert {example.group for example in load(tmp_path, "train")}.isdisjoint(map(str, range(10, 15)))


def test_rows_with_too_many_tokens_are_dropped_and_counted_though_only_some_are_measured(tmp_path: Path) -> None:
    asked: list[int] = []

    def count(found: Any) -> list[tuple[int, int]]:
        asked.append(len(found))
        return by_words(found)

    long = shard(0, 50, completions=["one two three four five six" if n % 10 == 3 else "one" for n in range(50)])
    made = sharded(long, shard(900, 5, "test"), count=count, max_length=11).write(tmp_path, processes=1)
    assert made.ledger.counts == {"too-long": 5}
    assert made.ledger.dropped[0].detail == "14 tokens > train.max_length 11"
    assert [e.meta["n"] for e in load(tmp_path, "train")] == [str(n) for n in range(50) if n % 10 != 3]
    assert made.lengths is not None
    assert made.lengths.train.over == 5


def test_short_rows_are_not_measured_one_by_one(tmp_path: Path) -> None:
    asked: list[int] = []

    def count(found: Any) -> list[tuple[int, int]]:
        asked.append(len(found))
        return by_words(found)

    rows = 20_000
    made = sharded(shard(0, rows), shard(50_000, 5, "test"), count=count, max_length=64).write(tmp_path, processes=1)
    assert made.ledger.train == rows
    assert sum(asked) < 6000
    assert made.notes[-1].startswith("token lengths are those of 5,005 of 20,005 examples")


def test_a_limit_leaves_every_shard_its_share(tmp_path: Path) -> None:
    def build(_: object) -> Iterator[Shard]:
        yield from (shard(0, 100), shard(1000, 300), shard(5000, 10, "test"))

    made = make("c", build, None, DataSettings(limit=40), seed=0, max_length=None, count_tokens=None)
    assert isinstance(made, Sharded)
    assert [(part.rows, part.side) for part in made.shards] == [(10, "train"), (30, "train"), (10, "test")]
    made.write(tmp_path, processes=1)
    assert [example.meta["n"] for example in load(tmp_path, "train")][9:11] == ["9", "1000"]


def test_a_sample_comes_from_all_over_with_the_books_of_the_whole() -> None:
    data = sharded(*(shard(1000 * n, 200) for n in range(60)), shard(90_000, 20, "test"), count=by_words)
    sample = data.sample(48)
    assert (sample.ledger.train, sample.ledger.test) == (12_000, 20)
    assert len(sample.train) == 48
    assert len({int(example.meta["n"]) // 1000 for example in sample.train}) == 24


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"balance": {"cube": 0.5}}, "data.balance does not work with data builder 'c'"),
        ({"duplicates": "drop"}, "data.duplicates does not work"),
        ({"test_fraction": 0.5}, "data.test_fraction does not work"),
        ({"near": 0.9}, "data.near does not work"),
        ({"sources": ("rows.csv",)}, "makes its own examples and read none of rows.csv"),
    ],
)
def test_settings_that_shards_cannot_follow_are_refused(change: dict[str, Any], sentence: str) -> None:
    def build(_: object) -> Iterator[Shard]:
        yield from LESSONS

    with pytest.raises(DataError, match=sentence):
        make("c", build, None, DataSettings(**change), seed=0, max_length=None, count_tokens=None)


def test_shards_beside_other_things_are_refused() -> None:
    def build(_: object) -> Iterator[Shard | Dropped]:
        yield LESSONS[0]
        yield Dropped(origin=Origin(source="x"), reason="dull")

    with pytest.raises(PluginError, match="yielded shards beside other things"):
        make("c", build, None, DataSettings(), seed=0, max_length=None, count_tokens=None)


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        (Shard(make=partial(batch, 0, 3), rows=4), "promised 4 rows, but its column 'prompts' has 3"),
        (shard(0, 2, meta={"n": ["1"]}), "promised 2 rows, but its column 'n' has 1"),
        (shard(0, 1, meta={"tags": ["1"]}), "has a meta column 'tags', which is domaintune's own"),
        (Shard(make=list, rows=1), "must make a Batch; it made list"),
    ],
)
def test_a_batch_that_breaks_its_promise_is_refused(part: Shard, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=sentence):
        sharded(part, shard(90, 2, "test")).write(tmp_path, processes=1)


def test_without_test_rows_nothing_is_built(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="makes no test rows"):
        sharded(Shard(make=killed, rows=3)).write(tmp_path, processes=1)


def test_a_process_that_is_killed_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a process that made examples ended before its time: it was killed"):
        sharded(shard(9, 2, "test"), Shard(make=killed, rows=1)).write(tmp_path, processes=2)


def test_an_error_of_a_shard_says_which_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="nope") as caught:
        sharded(shard(9, 2, "test"), shard(0, 5), Shard(make=broken, rows=1)).write(tmp_path, processes=2)
    assert "while the shard for train-1 was made" in caught.value.__notes__[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        (Shard(make=lambda: batch(0, 1), rows=1), "cannot be sent to another process"),
        (shard(0, -2), "has -2 rows for side 'train'"),
        (shard(0, 2, "tset"), "for side 'tset'"),
    ],
)
def test_a_shard_that_cannot_be_made_is_refused_before_any_work(part: Shard, sentence: str) -> None:
    def build(_: object) -> Iterator[Shard]:
        yield part

    with pytest.raises(PluginError, match=sentence):
        make("c", build, None, DataSettings(), seed=0, max_length=None, count_tokens=None)


def test_another_test_set_in_the_same_folder_is_kept_apart_too(tmp_path: Path) -> None:
    for first in (10, 20):
        made = sharded(shard(0, 30), shard(first, 2, "test")).write(tmp_path, processes=1)
        assert made.ledger.counts == {"contamination": 2}


def test_what_is_safe_from_being_too_long_knows_templates_that_bring_their_own_system_message(tmp_path: Path) -> None:
    def count(found: Any) -> list[tuple[int, int]]:
        own = [4 if one.prompt[0]["role"] == "system" else 34 for one in found]
        texts = [sum(len(message["content"]) for message in one.prompt) for one in found]
        return [(more + text, len(one.reference)) for one, more, text in zip(found, own, texts, strict=True)]

    parts = (shard(0, 20, system="x"), shard(100, 20), shard(900, 2, "test"))
    made = sharded(*parts, count=count, max_length=40).write(tmp_path, processes=1)
    assert made.ledger.counts == {"too-long": 20}


def test_an_error_in_a_process_is_the_error_of_the_build(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="promised 5 rows"):
        sharded(shard(9, 2, "test"), Shard(make=partial(batch, 0, 4), rows=5)).write(tmp_path, processes=2)


def test_a_builder_sees_the_tokens_of_the_base_model_and_can_tell_the_user() -> None:
    def build(context: Any) -> Iterator[Example]:
        context.note(f"365 is {context.tokens('365')}")
        yield from examples(LESSONS[0])

    known = make("c", build, None, DataSettings(), seed=0, max_length=None, count_tokens=None, tools=Tools(pieces=list))
    assert known.notes == ("365 is ['3', '6', '5']",)
    unknown = make("c", build, None, DataSettings(), seed=0, max_length=None, count_tokens=None)
    assert unknown.notes == ("365 is None",)
