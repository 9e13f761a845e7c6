"""Every row in is in exactly one place, whatever the builder and the settings do."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from data_support import FIELDS, adds_up, example, jsonl, pairs, run
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from domaintune.contracts import BuildContext, Dropped, Example, Origin
from domaintune.data import Ledger, load, make, write
from domaintune.errors import DataError, PluginError
from domaintune.files import folder_hashes
from domaintune.images import encode
from domaintune.settings import DataSettings

word = st.sampled_from(["heart", "lungs", "clear", "normal", "effusion", "small", "large", "left", "right", "no"])
text = st.lists(word, max_size=8).map(" ".join)
row = st.fixed_dictionaries({"question": text, "answer": word, "tag": st.sampled_from(["a", "b", ""])})
line = st.one_of(row.map(json.dumps), st.sampled_from(["", "broken", "[1]", '{"question": ["x"]}', "null"]))
fates = st.lists(st.sampled_from(["copy", "twice", "drop", "silent"]), min_size=1, max_size=5)


def by_fate(fates: list[str]) -> Any:
    """A builder that treats its rows in turn as the list says."""

    def build(context: BuildContext) -> Iterator[Example | Dropped]:
        for i, one in enumerate(context.rows(*FIELDS)):
            fate = fates[i % len(fates)]
            if fate in {"copy", "twice", "both"}:
                yield example(one)
            if fate == "twice":
                yield example(one)
            if fate in {"drop", "both"}:
                yield Dropped(origin=one.origin, reason="dull")

    return build


@settings(max_examples=250, deadline=None)
@given(
    lines=st.lists(line, min_size=4, max_size=30), fates=fates, near=st.sampled_from([0.5, 0.8, 1.0]),
    duplicates=st.sampled_from(["keep", "drop"]), limit=st.sampled_from([None, 3, 20]),
    max_length=st.sampled_from([None, 3]),
)  # fmt: skip
def test_the_ledger_adds_up(lines, fates, near, duplicates, limit, max_length) -> None:
    refused = None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.write_text("\n".join(lines) + "\n")
        try:
            dataset = run(
                path, builder=by_fate(fates), max_malformed=1.0, near=near, duplicates=duplicates, limit=limit,
                max_length=max_length, test_fraction=0.5,
                count_tokens=lambda found: [(len(one.question.split()), 1) for one in found],
            )  # fmt: skip
        except DataError as error:
            refused = str(error)
    if refused is not None:
        assert any(said in refused for said in ("are left", "empty", "no column", "not one row"))
        return
    adds_up(dataset)
    filled = [one for one in lines if one.strip()][:limit]
    per_fate = {"copy": 1, "drop": 1, "silent": 1, "twice": 2}
    readable = sum(one.startswith("{") and "[" not in one for one in filled)
    expected = sum(per_fate[fates[i % len(fates)]] for i in range(readable)) + len(filled) - readable
    assert dataset.ledger.rows_in == expected
    assert dataset.ledger.counts.get("malformed", 0) == len(filled) - readable
    assert Ledger.from_dict(json.loads(json.dumps(dataset.ledger.as_dict()))) == dataset.ledger


def test_a_ledger_that_does_not_add_up_cannot_exist() -> None:
    with pytest.raises(AssertionError, match="3 rows in, but 1 train \\+ 1 test \\+ 0 dropped = 2"):
        Ledger(rows_in=3, train=1, test=1, dropped=())


def test_the_line_is_a_number_where_the_place_has_one_and_the_rest_is_the_place() -> None:
    places = ["line 12", "row 3", "seed 1 item 2", "", "somewhere", "line 2"]
    dropped = [Dropped(origin=Origin(source="a", place=place), reason="r") for place in places]
    ledger = Ledger.close(6, 0, 0, dropped)
    assert [entry["line"] for entry in ledger.as_dict()["dropped"]] == ["", 2, 3, 12, "seed 1 item 2", "somewhere"]
    assert ledger.summary() == [("rows in", 6), ("kept for training", 0), ("kept for testing", 0), ("dropped: r", 6)]


def test_silent_rows_are_booked_as_unused_and_a_row_of_several_examples_counts_once_for_each(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", pairs(20))
    ledger = run(path, builder=by_fate(["twice", "silent"])).ledger
    assert (ledger.rows_in, ledger.counts) == (30, {"unused": 10})
    assert [entry.line for entry in ledger.dropped] == list(range(2, 21, 2))


def test_the_sample_is_read_where_no_source_is_named(tmp_path: Path) -> None:
    sample = jsonl(tmp_path / "own.jsonl", pairs(30))

    def build(context: BuildContext) -> Iterator[Example]:
        return map(example, context.rows(*FIELDS, sample=sample))

    dataset = run(builder=build)
    assert dataset.sample
    assert {one.origin.source for one in dataset.train} == {"own.jsonl"}
    other = jsonl(tmp_path / "other.jsonl", pairs(30))
    assert not run(other, builder=build).sample
    tested = run(builder=build, test_source=jsonl(tmp_path / "t.jsonl", [{"question": "new one", "answer": "a"}]))
    assert tested.sample
    assert [one.question for one in tested.test] == ["new one"]


def test_a_builder_without_rows_and_without_files_says_what_it_needs() -> None:
    with pytest.raises(DataError, match="'tiny' needs files to read; name them with --source FILE"):
        run()


def generate(context: BuildContext) -> Iterator[Example | Dropped]:
    """Make numbers, without end."""
    i = 0
    while True:
        a, b = context.rng.randint(0, 10**6), i
        made = Origin(source="made", place=f"problem {i}")
        yield Example(
            prompt=({"role": "user", "content": f"{a} + {b}"},),
            completion=({"role": "assistant", "content": str(a + b)},), origin=made,
        )  # fmt: skip
        yield Dropped(origin=made, reason="odd")
        i += 1


def test_a_builder_that_makes_its_own_examples_is_counted_by_what_it_yields(tmp_path: Path) -> None:
    ledger = run(builder=generate, limit=200).ledger
    assert (ledger.rows_in, ledger.counts) == (200, {"odd": 100})
    assert ledger.train > ledger.test > 0
    with pytest.raises(DataError, match="makes its own examples and read none of"):
        run(jsonl(tmp_path / "a.jsonl", pairs(3)), builder=generate, limit=20)
    assert run(builder=generate, limit=50) == run(builder=generate, limit=50)


def test_a_builder_that_yields_something_else_is_refused() -> None:
    with pytest.raises(PluginError, match="'tiny' yielded dict; it must yield Example or Dropped"):
        run(builder=lambda _: iter([{}]))


def test_the_limit_counts_rows_over_the_sources_in_order(tmp_path: Path) -> None:
    one = jsonl(tmp_path / "one.jsonl", pairs(30))
    two = jsonl(tmp_path / "two.jsonl", [{**row, "question": row["question"] + " b"} for row in pairs(30)])
    ledger = run(one, two, limit=40)
    assert ledger.ledger.rows_in == 40
    assert sum(item.origin.source == str(two) for item in (*ledger.train, *ledger.test)) == 10


def test_a_source_named_twice_is_refused(tmp_path: Path) -> None:
    one = jsonl(tmp_path / "one.jsonl", pairs(30))
    with pytest.raises(DataError, match="named 2 times"):
        run(one, one)
    with pytest.raises(DataError, match="named 2 times"):
        run(one, test_source=one)


def test_no_rows_left_is_said_with_the_counts(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", pairs(10))
    with pytest.raises(DataError, match=r"no training rows are left .*dropped: dull 10"):
        run(path, builder=by_fate(["drop"]))
    with pytest.raises(DataError, match=r"no test rows are left .*raise data.test_fraction"):
        run(path, test_fraction=0.0)
    with pytest.raises(DataError, match="not one row came in"):
        run(builder=lambda _: iter(()))


def test_what_is_written_is_what_is_loaded_and_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", pairs(40, tag="x"))
    (tmp_path / "a.png").write_bytes(encode(Image.new("RGB", (8, 8))).content)

    def build(context: BuildContext) -> Iterator[Example]:
        for one in context.rows(*FIELDS):
            yield example(
                one, images=("a.png",) if "1" in one["answer"] else (), meta={"id": one["answer"], "no": None}
            )

    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        made = run(path, builder=build, count_tokens=lambda found: [(5, 2)] * len(found))
        write(made, folder)
    names = sorted(file.name for file in folders[0].iterdir())
    assert names == ["images", "ledger.json", "lengths.json", "test.jsonl", "train.jsonl"]
    assert folder_hashes(folders[0]) == folder_hashes(folders[1])
    rows = [json.loads(one) for one in (folders[0] / "train.jsonl").read_text().splitlines()]
    assert all(list(one) == sorted(one) and None not in one["meta"].values() for one in rows)
    assert all(("images" in one) == ("1" in one["meta"]["id"]) for one in rows)
    assert all(len(one["meta"]["group"]) == 16 and one["meta"]["origin"]["source"] == str(path) for one in rows)
    loaded = load(folders[0], "train")
    assert [replace(one, images=(), meta={}) for one in loaded] == [
        replace(one, images=(), meta={}) for one in made.train
    ]
    assert [len(one.images) for one in loaded] == [len(one.images) for one in made.train]
    assert loaded[0].meta == {"id": made.train[0].meta["id"]}
    with pytest.raises(DataError, match="run the data stage first"):
        load(tmp_path / "nowhere", "test")


def test_make_passes_options_and_a_seeded_generator() -> None:
    seen: list[Any] = []

    def build(context: BuildContext) -> Iterator[Example]:
        seen.append((context.options, context.rng.random()))
        return iter(())

    for seed in (1, 1, 2):
        with pytest.raises(DataError):
            make("b", build, "option", DataSettings(), seed=seed, max_length=None, count_tokens=None)
    assert [option for option, _ in seen] == ["option"] * 3
    assert seen[0] == seen[1] != seen[2]


def test_a_builder_that_uses_and_drops_a_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="line 1 twice; a row is used, or dropped once"):
        run(jsonl(tmp_path / "a.jsonl", pairs(20)), builder=by_fate(["both"]))
