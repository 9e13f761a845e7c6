"""Any documents become passages that say where they stand, and none is lost in silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from domaintune import DataError, Dropped, Passage
from domaintune.data.context import Context
from domaintune.defaults.document_options import DocumentOptions
from domaintune.defaults.documents import documents
from domaintune.errors import SettingsError
from domaintune.settings import DataSettings, validate

GUIDE = """---
title: "The guide"
tags: [a]
---
What it is for.

# Install

Run this:

```sh
# no heading
pip install it
```

Extras
------

There are two.

## Empty ##

### Deep

The end.
"""


def read(
    *sources: Path, options: DocumentOptions | None = None, **settings: Any
) -> tuple[list[Passage], list[Dropped]]:
    given = DataSettings(sources=tuple(map(str, sources)), **settings)
    context = Context("documents", options, given, seed=0)
    dropped: list[Dropped] = []
    return list(context.passages(documents, dropped)), dropped


def shown(passages: list[Passage]) -> list[tuple[str, str, str]]:
    return [(one.origin.place, one.title, one.text) for one in passages]


def test_a_markdown_text_is_cut_at_its_headings(tmp_path: Path) -> None:
    path = tmp_path / "guide.md"
    path.write_text(GUIDE)
    passages, dropped = read(path)
    assert not dropped
    assert shown(passages) == [
        ("line 5", "The guide", "What it is for."),
        ("line 9", "The guide > Install", "Run this:\n\n```sh\n# no heading\npip install it\n```"),
        ("line 19", "The guide > Install > Extras", "There are two."),
        ("line 25", "The guide > Install > Empty > Deep", "The end."),
    ]
    assert {one.origin.source for one in passages} == {str(path)}
    lines = GUIDE.splitlines()
    for one in passages:
        assert lines[int(one.origin.place.removeprefix("line ")) - 1] == one.text.splitlines()[0]


def test_the_first_heading_is_the_title_and_is_not_said_twice(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Coughs\n\nThey pass.\n\n## When\n\nSoon.\n")
    (tmp_path / "b.txt").write_text("# Not a heading\n")
    (tmp_path / "c.md").write_text("# Only\n## Headings\n")
    found = [(one.title, one.text) for one in read(*sorted(tmp_path.iterdir()))[0]]
    assert found == [
        ("Coughs", "They pass."), ("Coughs > When", "Soon."), ("b", "# Not a heading"), ("Only", "# Only\n## Headings"),
    ]  # fmt: skip


def test_long_rows_are_cut_in_parts_and_long_lines_of_a_file_too(tmp_path: Path) -> None:
    text = " ".join(f"Sentence number {i} is here." for i in range(10))
    (tmp_path / "a.jsonl").write_text(json.dumps({"content": text, "name": "T"}) + "\n" + '{"content": "short"}\n')
    (tmp_path / "b.txt").write_text(f"first\n{text}")
    passages, _ = read(tmp_path / "a.jsonl", tmp_path / "b.txt", options=DocumentOptions(size=24, overlap=6))
    places = [one.origin.place for one in passages]
    assert places == [
        *(f"line 1, part {i}" for i in range(1, 4)), "line 2",
        "line 1", "line 2", "line 2 (part 2)", "line 2 (part 3)",
    ]  # fmt: skip
    assert passages[1].text.startswith("Sentence number 3 is here."), "a whole sentence is repeated"
    assert {one.title for one in passages[:3]} == {"T"}
    whole, _ = read(tmp_path / "a.jsonl", tmp_path / "b.txt", options=DocumentOptions(whole_rows=True))
    assert [one.text for one in whole] == [text, "short", f"first\n{text}"]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "parquet"])
def test_every_table_with_a_column_of_text_is_knowledge(kind: str, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = ("Page Content", "Title", "URL", "licence", "source")
    rows = [
        dict(zip(columns, ("Rest and water.", " Colds ", "https://a.example/1", "CC0", "A"), strict=True)),
        dict(zip(columns, (" \n-- ", "Nothing", "", "", ""), strict=True)),
    ]
    path = tmp_path / f"a.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif kind == "json":
        path.write_text(json.dumps(rows))
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        lines = [",".join(rows[0]), *(",".join(f'"{value}"' for value in row.values()) for row in rows)]
        path.write_text("\n".join(lines))
    (passage,), (dropped,) = read(path)
    assert (passage.text, passage.title, passage.license) == ("Rest and water.", "Colds", "CC0")
    assert passage.meta == {"url": "https://a.example/1", "source": "A"}
    assert (dropped.reason, dropped.detail) == ("empty", "the text holds no words")


def test_a_table_without_text_is_said_and_a_column_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("note\nhello there\n")
    with pytest.raises(DataError, match=r"no column for 'text'.*--set data.columns.text=COLUMN"):
        read(path)
    assert read(path, columns={"text": "note"})[0][0].text == "hello there"


def test_chinese_documents_are_cut_by_character(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# 感冒\n\n" + "多喝水，多休息。" * 10)
    passages, _ = read(tmp_path / "a.md", options=DocumentOptions(size=40, overlap=8))
    assert [one.title for one in passages] == ["感冒"] * 3
    assert all(len(one.text) == 40 for one in passages[:2])


def test_an_overlap_as_large_as_a_passage_is_refused() -> None:
    with pytest.raises(SettingsError, match="overlap = 160 must be smaller than size = 160"):
        validate(DocumentOptions, {"overlap": 160}, "retrieval.knowledge_options")
