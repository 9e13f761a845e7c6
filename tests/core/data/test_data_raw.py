"""`records` yields the rows of a file as they are, and names the line of what it cannot read."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from domaintune import Origin, records
from domaintune.data import raw
from domaintune.errors import DataError

ROWS = [
    {"task_id": f"own/{n}", "tests": ["assert f(1)", {"deep": [n, None, 1.5]}], "text": "größer\n"} for n in range(3)
]


def written(file: Path, content: str | bytes) -> Path:
    data = content.encode() if isinstance(content, str) else content
    file.write_bytes(gzip.compress(data) if file.name.endswith(".gz") else data)
    return file


LINES = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\n\n"


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.jsonl", LINES, "line"),
        ("a.ndjson", "\ufeff" + LINES, "line"),
        ("a.JSONL.GZ", LINES, "line"),
        ("a.json", json.dumps(ROWS), "item"),
        ("a.json.gz", json.dumps({"version": 1, "rows": ROWS, "of": []}), "item"),
    ],
)
def test_rows_come_as_they_are_with_their_places(tmp_path: Path, name: str, content: str, word: str) -> None:
    name = name.replace("GZ", "gz")
    file = written(tmp_path / name, content)
    assert list(records(str(file))) == list(records(file))
    assert list(records(file)) == [
        (row, Origin(source=str(file), place=f"{word} {n}")) for n, row in enumerate(ROWS, 1)
    ]


def test_parquet_rows_keep_their_values(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [{"task_id": n, "tests": [f"assert {n}"], "text": "größer"} for n in range(3)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    found = list(records(tmp_path / "a.parquet"))
    assert [row for row, _ in found] == rows
    assert found[2][1].place == "row 3"


def test_a_hub_dataset_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    from domaintune.data import hub
    from domaintune.data.records import Record, Table

    def opened(name: str, split: str) -> Table:
        assert (name, split) == ("owner/name", "test")
        return Table(("a", "b"), lambda wanted: iter([Record("row 1", dict.fromkeys(wanted, 1))]))

    monkeypatch.setattr(hub, "open_hub", opened)
    assert list(records("hf:owner/name:test")) == [
        ({"a": 1, "b": 1}, Origin(source="hf:owner/name:test", place="row 1"))
    ]


def test_an_object_of_objects_is_a_table_with_its_keys_as_the_first_column(tmp_path: Path) -> None:
    file = written(tmp_path / "a.json", '{"7": {"text": "x", "of": [1]}, "8": {"id": "own", "text": "y"}}')
    rows = [row for row, _ in records(file)]
    assert rows == [{"id": "7", "text": "x", "of": [1]}, {"id": "own", "text": "y"}]
    assert next(iter(rows[0])) == "id"


GOOD = b'{"a": 1}\n'


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.jsonl", GOOD + b"{]\n", "line 2: not JSON"),
        ("a.jsonl.gz", GOOD * 2 + b"[1]\n", "line 3: a list, not an object"),
        ("a.jsonl", GOOD + b'{"a": "\xff"}\n', "line 2: not UTF-8"),
        ("a.jsonl", GOOD + b'{"a": NaN}\n', "line 2: NaN is not JSON"),
        ("a.jsonl", GOOD + b'{"a": 1, "a": 2}\n', "line 2: the key 'a' appears more than once"),
        ("a.jsonl", GOOD + b'{"a":' * 9000 + b"\n", "line 2: n"),
        ("a.json", b'[{"a": 1},\n {"a": }]', "line 2: not JSON"),
        ("a.json", b'[{"a": 1}, 7]', "item 2: a number, not an object"),
        ("a.json", b'[{"a": 1},\n\n"\xff"]', "line 3: not UTF-8"),
        ("a.json", b"3", "holds a number; it must hold a list"),
        ("a.json", b'{"a": [{}], "b": [{}]}', r"2 lists of objects \('a', 'b'\); it must hold exactly one"),
        ("a.json", b'{"a": {"b": 1}, "c": 3}', r"0 lists of objects \(none\)"),
        ("a.json", b'{"a": {"b": 1}, "a": {"b": 2}}', "the key 'a' appears more than once"),
        ("a.json", b"[" * 200_000, "nested too deeply|not JSON"),
        ("a.csv", b"a,b\n", r"of no kind that can be read; known: \.json, "),
        ("a.parquet.gz", b"x", "of no kind that can be read"),
        ("a.parquet", b"x", "cannot be read as Parquet"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    file = written(tmp_path / name, content)
    with pytest.raises(DataError, match=why) as caught:
        list(records(file))
    assert name in str(caught.value)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no file '.*a\.jsonl\.gz'; check the path"):
        list(records(tmp_path / "a.jsonl.gz"))
    (tmp_path / "b.jsonl").mkdir()
    with pytest.raises(DataError, match="there is no file"):
        list(records(tmp_path / "b.jsonl"))


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: b"no" + data, lambda data: data[:12] + b"\0" * 9]
)
def test_a_damaged_packed_file_is_said(tmp_path: Path, damage: Any) -> None:
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(damage(gzip.compress(LINES.encode() * 50)))
    with pytest.raises(DataError, match=r"cannot be unpacked: .*; fetch it again"):
        list(records(file))


def test_sizes_are_bounded_before_memory_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw, "MAX_ROW", 1 << 20)
    bomb = written(tmp_path / "a.jsonl.gz", GOOD + b'{"a": "' + b"x" * (3 << 20) + b'"}\n')
    with pytest.raises(DataError, match="line 2: longer than 1 MiB"):
        list(records(bomb))
    monkeypatch.setattr(raw, "MAX_FILE", 1 << 10)
    for name, content in (("b.jsonl.gz", GOOD * 500), ("b.json.gz", b"[" + b'{"a": 1},' * 500 + b"{}]")):
        with pytest.raises(DataError, match="holds more than 0 GiB"):
            list(records(written(tmp_path / name, content)))
