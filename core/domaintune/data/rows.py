"""Rows of one source: the builder's fields as text, each with its origin, the malformed ones with a reason instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from domaintune.contracts import Dropped, Field, Origin, Row
from domaintune.data.columns import as_text, find, match, missing, pick
from domaintune.data.records import Flaw, Malformed, Record, Records, shown
from domaintune.data.sources import open_table, unreadable

PEEK = 200  # records of a JSON source that are looked at to tell which columns it has


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a builder wants from its sources, and what the user said about their columns and encoding."""

    fields: tuple[Field, ...]
    columns: Mapping[str, str]
    encoding: str


def read(source: str, label: str, reading: Reading, notes: list[str]) -> Iterator[Row | Dropped]:
    """Yield the rows of a source in order, a Dropped in the place of each malformed one."""
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
            field.name: as_text(field.name, record.values[mapping[field.name]]) if field.name in mapping else ""
            for field in reading.fields
        }
    except Flaw as flaw:
        return Dropped(origin=origin, reason="malformed", detail=str(flaw))
    return Row(values=values, origin=origin)
