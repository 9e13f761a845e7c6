"""From a file's columns to a builder's fields: names found as people write them, values turned into text."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from domaintune.contracts import Field
from domaintune.data.jsontext import kind
from domaintune.data.lines import SURROGATE
from domaintune.data.records import Flaw, listed
from domaintune.errors import DataError, nearest

SEPARATOR = re.compile(r"[\s_-]+")
SCALARS = (str, int, float, Decimal, dt.date, dt.time, dt.timedelta)
MAX_NAME = 100


def check_overrides(overrides: Mapping[str, str], fields: Sequence[Field]) -> None:
    """Refuse `data.columns` for a field that the builder does not read."""
    known = [field.name for field in fields]
    for name in overrides:
        if name not in known:
            raise DataError(
                f"data.columns names the unknown field {name!r}{nearest(name, known)}; "
                f"fields: {', '.join(known) or 'none'}"
            )


def find(field: Field, columns: Sequence[str], override: str | None) -> list[str]:
    """Return the columns that a field may mean: one, or none, or several where the file is ambiguous."""
    for name in ([override] if override else []) + [field.name, *field.aliases]:
        if name in columns:
            return [column for column in columns if column == name]
        plain = _plain(name)
        alike = [column for column in columns if _plain(column) == plain]
        if alike:
            return alike
    return []


def match(source: str, fields: Sequence[Field], columns: Sequence[str], overrides: Mapping[str, str]) -> dict[str, str]:
    """Map fields to the columns of a file; raises DataError for a missing or ambiguous one."""
    mapping = {}
    for field in fields:
        override = overrides.get(field.name)
        found = find(field, columns, override)
        if len(found) > 1:
            choice = f", or choose with --set data.columns.{field.name}=COLUMN" if len(set(found)) > 1 else ""
            raise DataError(
                f"{source!r} has {len(found)} columns for {field.name!r} ({listed(found)}); rename all but one{choice}"
            )
        if found:
            mapping[field.name] = found[0]
        elif field.required or override:
            raise missing(source, field, columns, override)
    return mapping


def missing(source: str, field: Field, columns: Sequence[str], override: str | None) -> DataError:
    """Say that a file lacks a column, which it has, and how to name the right one."""
    lacks = f"column {override!r} (data.columns.{field.name})" if override else f"column for {field.name!r}"
    near = nearest(override or field.name, [column for column in columns[:1000] if len(column) <= MAX_NAME])
    return DataError(
        f"{source!r} has no {lacks}{near}; its columns: {listed(columns)}; "
        f"name the right one with --set data.columns.{field.name}=COLUMN"
    )


def pick(fields: Sequence[Field], columns: Sequence[str], overrides: Mapping[str, str]) -> dict[str, str]:
    """Map fields to the keys of one JSON record; a key that is absent is no flaw, an ambiguous one is."""
    mapping = {}
    for field in fields:
        found = find(field, columns, overrides.get(field.name))
        if len(found) > 1:
            raise Flaw(f"{field.name} is ambiguous: {listed(found)}")
        if found:
            mapping[field.name] = found[0]
    return mapping


def as_text(name: str, value: Any) -> str:
    """Turn a cell into text, or say in a Flaw why it has none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""  # tables without nulls write a missing number as NaN
    if not isinstance(value, SCALARS):
        raise Flaw(f"{name} is {kind(value)}, not text")
    text = str(value)
    if not text.isascii() and SURROGATE.search(text):
        raise Flaw(f"{name} holds half of a surrogate pair")
    if "\0" in text:
        raise Flaw(f"{name} contains a NUL character")
    return text


def _plain(name: str) -> str:
    return SEPARATOR.sub("", name.casefold())
