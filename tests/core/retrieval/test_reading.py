"""Knowledge is read with an account of every row."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from domaintune import BuildContext, DataError, Dropped, Field, Origin, Passage
from domaintune.errors import PluginError
from domaintune.retrieval.reading import Reading
from domaintune.settings import RetrievalSettings


def rules(context: BuildContext) -> Iterator[Passage | Dropped]:
    """Two passages of a rule, none of a comment, and silence about what is secret."""
    for row in context.rows(Field(name="rule"), Field(name="license", required=False)):
        text = row["rule"]
        if not text:
            yield Dropped(origin=row.origin, reason="no-text", detail="the rule is blank")
        elif text.startswith("#"):
            yield Dropped(origin=row.origin, reason="comment")
        elif text != "secret":
            for part in (1, 2):
                place = f"{row.origin.place}, part {part}"
                origin = Origin(source=row.origin.source, place=place)
                yield Passage(text=f"{text} {part}", origin=origin, title=text, license=row["license"])


def reading(file: Path, **settings: object) -> Reading:
    return Reading("toy-rules", rules, None, RetrievalSettings(sources=(str(file),), **settings), 0)  # type: ignore[arg-type]


def test_every_row_is_kept_dropped_or_said_to_be_unused(tmp_path: Path) -> None:
    file = tmp_path / "rules.csv"
    file.write_text("rule,license\nknight,MIT\n# no,\nsecret,\nbishop,\n")
    found = reading(file, license="CC0")
    passages = list(found)
    assert [passage.text for passage in passages] == ["knight 1", "knight 2", "bishop 1", "bishop 2"]
    assert [passage.license for passage in passages] == ["MIT", "MIT", "CC0", "CC0"]
    assert found.books["rows_in"] == 4
    assert found.books["kept"] == {"rows": 2, "passages": 4}
    assert found.books["counts"] == {"comment": 1, "unused": 1}


def damaged(row: dict[str, str], how: int) -> bytes:
    line = json.dumps(row).encode()
    kinds = [
        line[: len(line) // 2], b"\xff\xfe" + line, line + b"}", b"[1, 2]", b'"text"', b"{\"rule\": NaN}",
        b'{"rule": {"a": 1}}', b"null", b'{"rule": "\\ud800"}', b"\x00\x00", b"{'rule': 'x'}",
    ]  # fmt: skip
    return kinds[how % len(kinds)]


def test_a_thousand_malformed_rows_are_each_accounted_for(tmp_path: Path) -> None:
    draw, lines, bad = random.Random(1), [], set()
    for number in range(1, 3001):
        row = {"rule": f"rule {number}"}
        if number % 3 == 0:
            bad.add(number)
            lines.append(damaged(row, draw.randrange(11)))
        else:
            lines.append(json.dumps(row).encode())
    file = tmp_path / "rules.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    found = reading(file, max_malformed=0.5)
    passages = list(found)
    assert len(bad) == 1000
    assert len(passages) == 2 * 2000
    assert {entry["line"] for entry in found.books["dropped"]} == bad
    assert all(entry["reason"] and entry["detail"] for entry in found.books["dropped"])
    assert found.books["rows_in"] == 3000
    with pytest.raises(DataError, match=r"1,000 of 3,000 rows of the knowledge are malformed \(33.3%"):
        list(reading(file))


def test_a_passage_names_its_file_and_no_folder_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "notes" / "new").mkdir(parents=True)
    for file in (tmp_path / "rules.csv", tmp_path / "notes" / "new" / "more.csv"):
        file.write_text("rule\nknight\n")
    found = reading(tmp_path / "rules.csv")
    assert {passage.origin.source for passage in found} == {"rules.csv"}
    found = reading(tmp_path / "notes")
    assert {passage.origin.source for passage in found} == {"notes/new/more.csv"}


def test_a_source_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rules.csv"
    file.write_text("rule\nknight\n")
    twice = RetrievalSettings(sources=(str(file), f"{tmp_path}/./rules.csv"))
    with pytest.raises(DataError, match="is named 2 times in the sources of the knowledge"):
        list(Reading("toy-rules", rules, None, twice, 0))


def test_messages_name_the_settings_of_the_knowledge(tmp_path: Path) -> None:
    file = tmp_path / "rules.csv"
    file.write_text("rule\nknight\n")
    with pytest.raises(DataError, match=r"retrieval\.columns names the unknown field 'nope'"):
        list(reading(file, columns={"nope": "x"}))
    with pytest.raises(DataError, match=r"retrieval\.encoding = 'nonsense'"):
        list(reading(file, encoding="nonsense"))


def test_nothing_to_index_is_an_error_that_says_why(tmp_path: Path) -> None:
    file = tmp_path / "rules.csv"
    file.write_text("rule\n# one\n# two\n")
    with pytest.raises(DataError, match="nothing to index: comment 2; name files with --source"):
        list(reading(file))


def test_a_builder_of_examples_is_no_builder_of_knowledge(tmp_path: Path) -> None:
    file = tmp_path / "rules.csv"
    file.write_text("rule\nknight\n")

    def wrong(context: BuildContext) -> Iterator[str]:
        yield from (row["rule"] for row in context.rows(Field(name="rule")))

    found = Reading("toy-wrong", wrong, None, RetrievalSettings(sources=(str(file),)), 0)  # type: ignore[arg-type]
    with pytest.raises(PluginError, match="yielded str; it must yield Passage or Dropped"):
        list(found)
