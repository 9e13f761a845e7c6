"""Any file format, columns as people name them, and the place of every row."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from data_support import as_csv, everything, jsonl, pairs, questions, run

from domaintune.contracts import BuildContext, Dropped
from domaintune.data import clean_text
from domaintune.errors import DataError

ROWS = pairs(30)


def places(dataset) -> dict[str, str]:
    return {one.question: one.origin.place for one in (*dataset.train, *dataset.test)}


@pytest.mark.parametrize("name", ["a.csv", "a.CSV", "a.tsv", "a.json", "a.jsonl", "a.ndjson", "a.parquet"])
def test_every_format_gives_the_same_rows_with_their_places(name: str, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / name
    kind = path.suffix.lower()
    if kind in {".csv", ".tsv"}:
        as_csv(path, ROWS, "\t" if kind == ".tsv" else ",")
    elif kind == ".json":
        path.write_text(json.dumps(ROWS, indent=1))
    elif kind == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    else:
        jsonl(path, ROWS)
    dataset = run(path)
    word = {".json": "item", ".parquet": "row"}.get(kind, "line")
    first = 2 if kind in {".csv", ".tsv"} else 1
    assert places(dataset) == {row["question"]: f"{word} {i}" for i, row in enumerate(ROWS, first)}
    assert {one.origin.source for one in dataset.train} == {str(path)}


def test_an_object_of_objects_is_a_table_with_its_keys_as_the_first_column(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    keyed = {row["question"]: {"answer": row["answer"]} for row in ROWS}
    path.write_text(json.dumps(keyed, indent=1))
    dataset = run(path, columns={"question": "id"})
    assert places(dataset) == {row["question"]: f"item {i}" for i, row in enumerate(ROWS, 1)}
    path.write_text(json.dumps({"key": {**ROWS[0], "id": "own"}, **{str(i): row for i, row in enumerate(ROWS[1:])}}))
    assert "own" in everything(run(path, columns={"question": "id"}))
    assert everything(run(path)) == {row["question"] for row in ROWS}


@pytest.mark.parametrize(
    ("member", "why"),
    [
        ('"3": {"answer": "twice"}', "the key '3' appears more than once"),
        ('"30": {"answer": NaN}', "NaN is not JSON"),
        ('"30": {"answer": "a", "answer": "b"}', "the key 'answer' appears more than once"),
    ],
)
def test_a_flawed_member_of_an_object_of_objects_costs_one_row(member: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    members = [f'"{i}": {json.dumps(row)}' for i, row in enumerate(ROWS)]
    path.write_text("{" + ", ".join([*members, member]) + "}")
    dataset = run(path)
    assert [(entry.line, entry.detail) for entry in dataset.ledger.dropped] == [(31, why)]
    assert everything(dataset) == {row["question"] for row in ROWS}


def test_an_object_that_holds_more_than_objects_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for text in ('{"1": {"question": "q"}, "version": 3}', '{"1": {"question": "q"}, "2": ["q"]}', "{}"):
        path.write_text(text)
        with pytest.raises(DataError, match="is an object with no list of objects; it must hold exactly one"):
            run(path)


def test_a_record_over_several_lines_starts_where_it_starts(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    body = "".join(f'"q{i}\r\nsays ""hello"", twice",a{i}\r\n\r\n' for i in range(30))
    path.write_bytes(("question,answer\r\n" + body).encode())
    expected = {f'q{i}\nsays "hello", twice': f"line {2 + 3 * i}" for i in range(30)}
    assert places(run(path, near=1.0)) == expected


def test_a_quote_left_open_costs_one_line_and_a_record_may_have_200(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    whole = "\n".join(f"part {i}" for i in range(200))
    body = [f"q{i},a{i}" for i in range(300)]
    path.write_text("\n".join(["question,answer", '"open,a', *body, f'"{whole}",fits', f'"{whole}\n1",over']) + "\n")
    dataset = run(path, max_malformed=1.0)
    bad = dataset.ledger.dropped
    assert (bad[0].line, bad[0].detail) == (2, "a quote is opened and not closed within 200 lines or 1 MiB")
    assert whole in everything(dataset)
    assert {f"q{i}" for i in range(300)} <= everything(dataset)
    assert bad[1].line == 503
    assert len(bad) == 201  # the last fragment of the broken record has two fields: a row like any other


@pytest.mark.parametrize("column", ["QUESTION", "Ques_tion", " ques-tion ", "Report", "INPUT_TEXT", "input-text"])
def test_columns_are_found_as_people_write_them(column: str, tmp_path: Path) -> None:
    rows = [{column: row["question"], "x": "1", "Answer": row["answer"]} for row in ROWS]
    assert everything(run(as_csv(tmp_path / "a.csv", rows))) == {row["question"] for row in ROWS}
    assert everything(run(jsonl(tmp_path / "a.jsonl", rows))) == {row["question"] for row in ROWS}


def test_a_missing_column_is_named_with_the_columns_there_are_and_what_to_write(tmp_path: Path) -> None:
    rows = [{"text": row["question"], "answers": row["answer"]} for row in ROWS]
    for path in (as_csv(tmp_path / "a.csv", rows), jsonl(tmp_path / "a.jsonl", rows)):
        with pytest.raises(DataError) as caught:
            run(path)
        assert f"'{path}' has no column for 'question'; its columns: 'text', 'answers'" in str(caught.value)
        assert "--set data.columns.question=COLUMN" in str(caught.value)
        chosen = run(path, columns={"question": "text", "answer": "answers"})
        assert len(everything(chosen)) == 30
        assert not chosen.notes
        with pytest.raises(DataError, match=r"no column 'txt' \(data.columns.question\) \(did you mean 'text'\?\)"):
            run(path, columns={"question": "txt", "answer": "answers"})
        with pytest.raises(DataError, match=r"unknown field 'quesion' \(did you mean 'question'\?\)"):
            run(path, columns={"quesion": "text"})


def test_a_chosen_column_that_only_another_file_has_is_noted(tmp_path: Path) -> None:
    one = as_csv(tmp_path / "one.csv", [{"text": row["question"], "answer": "a"} for row in ROWS])
    two = as_csv(tmp_path / "two.csv", [{"question": row["question"] + " b", "answer": "a"} for row in ROWS])
    dataset = run(one, two, columns={"question": "text"})
    assert len(everything(dataset)) == 60
    assert dataset.notes == (f"'{two}' has no column 'text' (data.columns.question); 'question' was read instead",)


def test_cells_become_text(tmp_path: Path) -> None:
    rows = [{"question": f"q{i} k{i} z{i}", "answer": value} for i, value in enumerate([None, 3, 2.5, True, "x"] * 6)]
    del rows[0]["answer"]
    dataset = run(jsonl(tmp_path / "a.jsonl", rows))
    found = {one.question: one.reference for one in (*dataset.train, *dataset.test)}
    assert [found[row["question"]] for row in rows[:5]] == ["", "3", "2.5", "True", "x"]


def test_parquet_values_that_are_no_text_are_malformed(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    values = [dt.date(2020, 1, 2), None] * 10
    dates = pa.table({"question": [f"q{i} z{i}" for i in range(20)], "answer": pa.array(values)})
    pq.write_table(dates, tmp_path / "dates.parquet")
    dataset = run(tmp_path / "dates.parquet")
    assert {one.reference for one in (*dataset.train, *dataset.test)} == {"2020-01-02", ""}
    broken = pa.array([b"fine", b"\xff\xfe"] * 10).view(pa.string()) if hasattr(pa.Array, "view") else None
    lists = pa.table({"question": [f"q{i} z{i}" for i in range(20)], "answer": broken, "tag": [None] * 20})
    pq.write_table(lists, tmp_path / "bytes.parquet")
    ledger = run(tmp_path / "bytes.parquet", max_malformed=1.0).ledger
    assert ledger.counts == {"malformed": 10}
    assert {entry.detail for entry in ledger.dropped} == {"not utf-8"}
    pq.write_table(pa.table({"question": [["a"]] * 3, "answer": [{"b": 1}] * 3}), tmp_path / "lists.parquet")
    with pytest.raises(DataError, match="question is a list, not text"):
        run(tmp_path / "lists.parquet")


def test_the_encoding_setting_is_honoured_and_an_unknown_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"question,answer\n" + b"".join(f"caf\xe9 q{i} z{i},a\n".encode("cp1252") for i in range(30)))
    assert "café q1 z1" in everything(run(path, encoding="cp1252"))
    for encoding in ("utf-9", "hex", "a\0b", ""):
        with pytest.raises(DataError, match="is no text encoding that Python knows"):
            run(path, encoding=encoding)
    with pytest.raises(DataError, match=r"not utf-8.*name their encoding with --set data.encoding"):
        run(path)


def test_a_folder_in_the_shape_of_a_hub_dataset_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "folder"
    folder.mkdir()
    jsonl(folder / "train.jsonl", ROWS)
    jsonl(folder / "test.jsonl", [{**row, "question": row["question"] + " held out"} for row in ROWS[:5]])
    other = tmp_path / "other"
    other.mkdir()
    jsonl(other / "train.jsonl", [{"a": "b"}])
    dataset = run("hf:./folder", test_source="hf:./folder:test")
    assert questions(dataset.train) == {row["question"] for row in ROWS}
    assert len(dataset.test) == 5
    assert places(dataset)[ROWS[2]["question"]] == "row 3"
    with pytest.raises(DataError, match=r"hub dataset './folder' \(split 'missing'\) cannot be loaded"):
        run("hf:./folder:missing")
    with pytest.raises(DataError, match=r"'hf:./other' has no column for 'question'; its columns: 'a'"):
        run("hf:./other")


def test_a_name_that_looks_like_a_hub_dataset_proposes_one() -> None:
    with pytest.raises(
        DataError, match="there is no file 'owner/name'; for the hub dataset of that name write 'hf:owner/name'"
    ):
        run("owner/name")
    with pytest.raises(DataError, match="hub dataset 'no-such/thing'"):
        run("hf:no-such/thing")
    with pytest.raises(DataError, match=r"there is no file ''|is a folder"):
        run("")


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "parquet"])
def test_a_builder_may_ask_for_no_field(kind: str, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / f"a.{kind}"
    write = {"csv": as_csv, "jsonl": jsonl, "json": lambda file, rows: file.write_text(json.dumps(rows))}
    write.get(kind, lambda file, rows: pq.write_table(pa.Table.from_pylist(rows), file))(path, ROWS)

    def build(context: BuildContext) -> Iterator[Dropped]:
        return (Dropped(origin=row.origin, reason="seen") for row in context.rows())

    with pytest.raises(DataError, match="dropped: seen 30"):
        run(path, builder=build)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission_is_said(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", ROWS)
    path.chmod(0)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        run(path)


def test_a_disk_that_fails_while_reading_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = jsonl(tmp_path / "a.jsonl", ROWS)

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("domaintune.data.lines._checked", fail)
    with pytest.raises(DataError, match="cannot be read: Input/output error; check the file"):
        run(path)


def test_a_file_name_that_is_no_text_can_be_stored(tmp_path: Path) -> None:
    from domaintune.data import write

    if sys.platform != "linux":
        pytest.skip("only Linux keeps such names")
    path = jsonl(tmp_path / "caf\udce9.jsonl", ROWS)
    write(run(path), tmp_path / "out")


def test_importing_the_room_loads_nothing_heavy() -> None:
    import subprocess

    heavy = ["numpy", "torch", "datasets", "pyarrow", "datasketch", "transformers", "scipy"]
    code = f"import sys, domaintune.data; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert clean_text("a") == "a"
