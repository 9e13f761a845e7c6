"""Folders, Markdown and plain text as sources."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from corpus import BAD_BYTES, BAD_CSV_LINES, BAD_JSON_LINES
from data_support import adds_up, as_csv, jsonl, pairs, run

from domaintune import DataError, Dropped, Passage
from domaintune.data.context import Context
from domaintune.data.sources import contents
from domaintune.defaults.documents import documents
from domaintune.settings import DataSettings


def knowledge(*sources: Path | str, **settings: Any) -> tuple[Context, list[Passage], list[Dropped]]:
    context = Context("documents", None, DataSettings(sources=tuple(map(str, sources)), **settings), seed=0)
    dropped: list[Dropped] = []
    passages = list(context.passages(documents, dropped))
    assert len(context.used) + len(dropped) == context.read, "every row is in one place"
    return context, passages, dropped


def folder_of_notes(root: Path) -> Path:
    """A folder with everything in it that may be found in one."""
    notes = root / "notes"
    for place in ("b/deep", ".git", "a"):
        (notes / place).mkdir(parents=True)
    (notes / "z.md").write_text("# Zed\n\nLast.")
    (notes / "b/deep/y.txt").write_text("deep")
    (notes / "a/x.markdown").write_text("A text without a heading.")
    jsonl(notes / "b/rows.jsonl", [{"text": "one", "title": "T"}, {"text": "two"}])
    (notes / ".git/hidden.md").write_text("hidden")
    (notes / ".hidden.txt").write_text("hidden")
    (notes / "picture.png").write_bytes(b"\x89PNG")
    (root / "outside").mkdir()
    (root / "outside/secret.md").write_text("secret")
    (notes / "leads_out.md").symlink_to(root / "outside/secret.md")
    (notes / "folder_out").symlink_to(root / "outside")
    (notes / "again.md").symlink_to("z.md")
    (notes / "loop.md").symlink_to("loop.md")
    (notes / "up").symlink_to("..")
    os.mkfifo(notes / "pipe.md")
    return notes


def test_a_folder_is_all_files_below_it_in_order_of_their_names(tmp_path: Path) -> None:
    notes = folder_of_notes(tmp_path)
    context, passages, dropped = knowledge(notes)
    assert not dropped
    assert [(str(one.origin).removeprefix(f"{notes}/"), one.title, one.text) for one in passages] == [
        ("a/x.markdown, line 1", "x", "A text without a heading."),
        ("b/deep/y.txt, line 1", "y", "deep"),
        ("b/rows.jsonl, line 1", "T", "one"),
        ("b/rows.jsonl, line 2", "", "two"),
        ("z.md, line 3", "Zed", "Last."),
    ]
    (note,) = context.notes
    assert "passed over (links that lead out, and what is no file 5, .png 1, links to files that are here 1)" in note


def test_a_folder_changes_when_a_file_in_it_does(tmp_path: Path) -> None:
    notes = folder_of_notes(tmp_path)
    before = contents([str(notes), str(notes / "z.md"), "hf:x/y", str(tmp_path / "missing.csv")])
    assert set(before) == {str(notes), str(notes / "z.md")}
    (notes / ".hidden.txt").write_text("changed")
    assert contents([str(notes)]) == {str(notes): before[str(notes)]}
    (notes / "b/deep/y.txt").write_text("changed")
    assert contents([str(notes)]) != {str(notes): before[str(notes)]}


def test_a_file_of_a_folder_that_cannot_be_used_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("other,columns\n1,2\n")
    (tmp_path / "b.json").write_text("[1, 2")
    (tmp_path / "c.md").write_bytes(b"fine\nnot \xff utf-8")
    (tmp_path / "d.txt").write_text("a\0b")
    (tmp_path / "e.md").write_text("")
    (tmp_path / "f.md").write_text("good")
    (tmp_path / "g.parquet").write_bytes(b"PAR1 no PAR1")
    _, passages, dropped = knowledge(tmp_path)
    assert [one.text for one in passages] == ["good"]
    found = {str(one.origin).removeprefix(f"{tmp_path}/"): one.detail for one in dropped}
    assert {one.reason for one in dropped} == {"malformed"}
    assert found["c.md, line 2"] == "not utf-8"
    assert found["d.txt, line 1"] == "contains a NUL byte"
    assert "no column for 'text'" in found["a.csv"]
    assert "is cut off" in found["b.json"]
    assert "is empty" in found["e.md"]
    assert "cannot be read as Parquet" in found["g.parquet"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda _: None, "is a folder without a file that can be read; known: .csv"),
        (lambda path: (path / "a.png").write_text("x"), "is a folder without a file that can be read"),
        (lambda path: (path / "a").symlink_to(path), "is a folder without a file that can be read"),
    ],
)
def test_a_folder_without_anything_to_read_is_refused(
    make: Callable[[Path], object], sentence: str, tmp_path: Path
) -> None:
    make(tmp_path)
    with pytest.raises(DataError, match=sentence):
        knowledge(tmp_path)
    with pytest.raises(DataError, match=sentence):
        run(tmp_path)


def test_a_source_inside_another_is_refused(tmp_path: Path) -> None:
    notes = folder_of_notes(tmp_path)
    with pytest.raises(DataError, match=r"z.md' lies in '.*notes', which is a source too"):
        knowledge(notes / "z.md", notes)
    with pytest.raises(DataError, match="lies in"):
        run(notes, test_source=notes / "b/rows.jsonl")
    with pytest.raises(DataError, match="there is no file ''"):
        knowledge("")


def test_examples_may_come_from_a_folder(tmp_path: Path) -> None:
    rows = pairs(40)
    (tmp_path / "in").mkdir()
    as_csv(tmp_path / "in/a.csv", rows[:20])
    jsonl(tmp_path / "in/b.jsonl", rows[20:])
    dataset = run(tmp_path / "in")
    adds_up(dataset)
    assert dataset.ledger.rows_in == 40
    assert {one.origin.source for one in dataset.train} == {f"{tmp_path}/in/a.csv", f"{tmp_path}/in/b.jsonl"}


def test_the_encoding_of_a_text_is_honoured(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("café".encode("cp1252"))
    (tmp_path / "b.txt").write_bytes("café".encode("utf-16"))
    assert [one.text for one in knowledge(tmp_path / "a.txt", encoding="cp1252")[1]] == ["café"]
    assert [one.text for one in knowledge(tmp_path / "b.txt")[1]] == ["café"]
    with pytest.raises(DataError, match="is no text encoding"):
        knowledge(tmp_path, encoding="hex")


def test_a_text_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "a.md").open("wb") as file:
        file.truncate((32 << 20) + 1)
    with pytest.raises(DataError, match="more than 32 MiB; divide it"):
        knowledge(tmp_path / "a.md")


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_a_thousand_damaged_rows_of_knowledge_are_accounted_for_one_by_one(kind: str, tmp_path: Path) -> None:
    rng = random.Random(5)
    bad = _damaged(kind)
    lines = [(f'{{"text": "good {i}"}}' if kind == "jsonl" else f'"good {i}",T{i}').encode() for i in range(3000)]
    fine = [True] * len(lines)
    for i in range(1000):
        at = rng.randrange(len(lines) + 1)
        lines.insert(at, bad[i % len(bad)])
        fine.insert(at, False)
    header = [b"text,title"] if kind == "csv" else []
    path = tmp_path / f"a.{kind}"
    path.write_bytes(b"\n".join([*header, *lines]) + b"\n")
    context, passages, dropped = knowledge(path)
    assert {one.text for one in passages} == {f"good {i}" for i in range(3000)}
    numbers = [number for number, good in enumerate(fine, 1 + len(header)) if not good]
    assert sorted(int(one.origin.place.removeprefix("line ")) for one in dropped) == numbers
    assert all(one.detail and one.reason in {"malformed", "empty"} for one in dropped)
    assert context.read == 4000


def _damaged(kind: str) -> list[bytes]:
    """Every damage that stays on its line, and rows that hold no text."""
    if kind == "jsonl":
        own = {
            name: text.replace("question", "text").replace("QUESTION", "TEXT") for name, text in BAD_JSON_LINES.items()
        }
        texts = [text for name, text in own.items() if name != "bom-inside"]
        raw = [b'{"text": "' + damage + b'"' for damage in BAD_BYTES.values()]
        texts += ['{"text": ""}', '{"title": "only"}', '{"text": " ... "}', '{"text": null}']
    else:
        texts = [text for text in BAD_CSV_LINES.values() if "\n" not in text]
        raw = [damage + b",x," for damage in BAD_BYTES.values()]
        texts += ['"",only', " ,only", "...,only"]
    return [text.encode("utf-8", "surrogatepass") for text in texts if len(text) < 10_000] + raw
