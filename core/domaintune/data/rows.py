"""Rows of one source: the builder's fields as text, each with its origin, the malformed ones with a reason instead."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from domaintune.contracts import Dropped, Field, Origin, Row
from domaintune.data.columns import as_text, find, match, missing, pick
from domaintune.data.folders import is_folder, listing
from domaintune.data.lines import known_encoding
from domaintune.data.records import Flaw, Malformed, Record, Records, shown
from domaintune.data.sources import READERS, open_table, unreadable
from domaintune.errors import DataError

PEEK = 200  # records of a JSON source that are looked at to tell which columns it has


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a builder wants from its sources, and what the user said about their columns and encoding."""

    fields: tuple[Field, ...]
    columns: Mapping[str, str]
    encoding: str


def read(source: str, label: str, reading: Reading, notes: list[str]) -> Iterator[Row | Dropped]:
    """Yield the rows of a source in order, a Dropped in the place of each malformed one.

    In a folder a file that cannot be used is malformed as a whole: it stops no other.
    """
    if not is_folder(source):
        yield from _read_file(source, label, reading, notes)
        return
    known_encoding(reading.encoding)
    found = listing(source, READERS)
    if found.passed:
        notes.append(f"{shown(label, 200)}: files that cannot be read were passed over ({found.passed})")
    for name in found.files:
        inside = f"{label.rstrip('/')}/{printable(name)}"
        try:
            yield from _read_file(str(Path(source) / name), inside, reading, notes)
        except DataError as error:
            yield Dropped(origin=Origin(source=inside), reason="malformed", detail=str(error))


def joined(found: Iterable[tuple[Mapping[str, Any], Origin]], reading: Reading) -> Iterator[Row | Dropped]:
    """Yield the rows that a builder's own reader has found; one whose value is no text is malformed, as ever."""
    for values, origin in found:
        record = Record(origin.place, values)
        yield _row(record, origin.source, _picked(record, reading, {}), reading)


def printable(source: str) -> str:
    """Return the name of a source as it can be stored: a file name need not be valid text."""
    return source.encode("utf-8", "backslashreplace").decode()


def _read_file(source: str, label: str, reading: Reading, notes: list[str]) -> Iterator[Row | Dropped]:
    table = open_table(source, reading.encoding)
    try:
        if table.columns is None:
            yield from _self_described(source, label, table.read(()), reading, notes)
        else:
            mapping = match(source, reading.fields, table.columns, reading.columns)
            _note_unused(source, mapping, reading, notes)
            for record in table.read(list(mapping.values())):
                yield _row(record, label, mapping, reading)
    except (OSError, UnicodeError) as error:
        raise unreadable(source, error) from None


def _self_described(
    source: str, label: str, records: Records, reading: Reading, notes: list[str]
) -> Iterator[Row | Dropped]:
    """Read records that name their own columns, after a look at the first of them for what is missing."""
    head: list[Record | Malformed] = []
    names: dict[str, None] = {}
    good = 0
    for record in records:
        head.append(record)
        if isinstance(record, Record):
            names.update(dict.fromkeys(record.values))
            good += 1
        if good == PEEK:
            break
    if good:
        _check(source, list(names), reading, notes)
    picked: dict[tuple[str, ...], dict[str, str] | Flaw] = {}
    for record in chain(head, records):
        mapping = _picked(record, reading, picked)
        yield _row(record, label, mapping, reading)


def _check(source: str, names: Sequence[str], reading: Reading, notes: list[str]) -> None:
    mapping = {}
    for field in reading.fields:
        override = reading.columns.get(field.name)
        found = find(field, names, override)
        if not found and (field.required or override):
            raise missing(source, field, names, override)
        if found:
            mapping[field.name] = found[0]
    _note_unused(source, mapping, reading, notes)


def _note_unused(source: str, mapping: Mapping[str, str], reading: Reading, notes: list[str]) -> None:
    for name, override in reading.columns.items():
        column = mapping.get(name)
        if column is not None and find(Field(name=override), [column], None) == []:
            notes.append(
                f"{source!r} has no column {override!r} (data.columns.{name}); {shown(column)} was read instead"
            )


def _picked(
    record: Record | Malformed, reading: Reading, known: dict[tuple[str, ...], dict[str, str] | Flaw]
) -> dict[str, str] | Flaw:
    """Map the fields to a record's own keys; records with the same keys share the answer."""
    keys = tuple(record.values) if isinstance(record, Record) else ()
    if keys not in known:
        if len(known) > PEEK:
            known.clear()  # a file whose every record has other keys must not fill the memory
        try:
            known[keys] = pick(reading.fields, keys, reading.columns)
        except Flaw as flaw:
            known[keys] = flaw
    return known[keys]


def _row(record: Record | Malformed, label: str, mapping: dict[str, str] | Flaw, reading: Reading) -> Row | Dropped:
    origin = Origin(source=label, place=record.place)
    try:
        if isinstance(record, Malformed):
            raise Flaw(record.why)
        if isinstance(mapping, Flaw):
            raise Flaw(str(mapping))
        values = {
            field.name: _text(field, record.values[mapping[field.name]]) if field.name in mapping else ""
            for field in reading.fields
        }
    except Flaw as flaw:
        return Dropped(origin=origin, reason="malformed", detail=str(flaw))
    return Row(values=values, origin=origin)


def _text(field: Field, value: Any) -> str:
    if field.nested and isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return as_text(field.name, value)
