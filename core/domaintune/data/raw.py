"""Whole rows of a file as it has them: for parts that read a format of their own, such as an evaluator its items."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from domaintune.contracts import Origin
from domaintune.data.jsontext import STRICT, as_object, kind, parse
from domaintune.data.records import Flaw, Malformed, listed
from domaintune.data.rows import printable
from domaintune.data.sources import HUB, open_table, unreadable
from domaintune.errors import DataError

LINES, DOCUMENT = (".jsonl", ".ndjson"), ".json"
KNOWN = ".json, .jsonl, .json.gz, .jsonl.gz, .parquet, and hub datasets as hf:owner/name:split"
MAX_ROW = 64 << 20
"""Bytes of one row: the tests of one problem may take megabytes."""
MAX_FILE = 1 << 30
"""Bytes of a file when unpacked: a small packed file may hold terabytes."""


def records(source: str | Path) -> Iterator[tuple[dict[str, Any], Origin]]:
    """Yield the rows of a JSON, JSONL or Parquet file, or a hub dataset, each with its place; `.gz` is unpacked.

    Values are as the file has them; of a JSON object of objects each row begins with its key as `id`. What cannot be read
    raises DataError, which names the file and the line.
    """
    name = str(source)
    packed = name.casefold().endswith(".gz")
    ending = Path(name[:-3] if packed else name).suffix.casefold()
    if not HUB.fullmatch(name) and ending in {*LINES, DOCUMENT}:
        rows = _of_lines(name, packed) if ending in LINES else _of_document(name, packed)
    elif not packed and (HUB.fullmatch(name) or ending == ".parquet"):
        rows = _of_table(name)
    else:
        raise DataError(f"{name!r} is of no kind that can be read; known: {KNOWN}")
    for place, row in rows:
        yield row, Origin(source=printable(name), place=place)


def _of_table(source: str) -> Iterator[tuple[str, dict[str, Any]]]:
    table = open_table(source, "utf-8")
    for record in table.read(table.columns or ()):
        if isinstance(record, Malformed):
            raise _malformed(source, record.place, record.why)
        yield record.place, dict(record.values)


def _of_lines(source: str, packed: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    with _opened(source, packed) as file:
        size = number = 0
        while line := file.readline(MAX_ROW + 1):
            number += 1
            size += len(line)
            place = f"line {number}"
            if len(line) > MAX_ROW:
                raise _malformed(source, place, f"longer than {MAX_ROW >> 20} MiB")
            _check_size(source, size)
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
                if text:
                    yield place, parse(text)
            except UnicodeDecodeError:
                raise _malformed(source, place, "not UTF-8") from None
            except Flaw as flaw:
                raise _malformed(source, place, str(flaw)) from None


def _of_document(source: str, packed: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    with _opened(source, packed) as file:
        content = file.read(MAX_FILE + 1)
    _check_size(source, len(content))
    try:
        rows = _list_in(source, STRICT.decode(content.decode("utf-8-sig")))
    except json.JSONDecodeError as error:
        raise _malformed(source, f"line {error.lineno}", f"not JSON: {error.msg} (column {error.colno})") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _malformed(source, f"line {line}", "not UTF-8") from None
    except (Flaw, RecursionError) as error:
        why = str(error) if isinstance(error, Flaw) else "nested too deeply"
        raise DataError(f"{source!r} cannot be used: {why}; mend the file") from None
    for number, row in enumerate(rows, 1):
        try:
            yield f"item {number}", as_object(row)
        except Flaw as flaw:
            raise _malformed(source, f"item {number}", str(flaw)) from None


def _list_in(source: str, value: Any) -> list[Any]:
    """Return the rows of a document: a list, the one list of objects in an object, or the objects of one by their key."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        raise DataError(f"{source!r} holds {kind(value)}; it must hold a list of objects")
    lists = {key: rows for key, rows in value.items() if isinstance(rows, list)}
    found = {key: rows for key, rows in lists.items() if any(isinstance(row, dict) for row in rows)}
    if not lists and value and all(isinstance(row, dict) for row in value.values()):
        return [{"id": key, **row} for key, row in value.items()]
    if len(found) != 1:
        raise DataError(
            f"{source!r} is an object with {len(found)} lists of objects ({listed(list(found))}); it must hold exactly one"
        )
    rows: list[Any] = next(iter(found.values()))
    return rows


@contextmanager
def _opened(source: str, packed: bool) -> Iterator[BinaryIO | gzip.GzipFile]:
    """Open a file, unpacked; what goes wrong while it is read is said of it."""
    path = Path(source)
    if not path.is_file():
        raise DataError(f"there is no file {source!r}; check the path")
    try:
        with path.open("rb") as raw:
            if not packed:
                yield raw
                return
            with gzip.GzipFile(fileobj=raw) as file:
                yield file
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{source!r} cannot be unpacked: {error}; fetch it again") from None
    except OSError as error:
        raise unreadable(source, error) from None


def _check_size(source: str, size: int) -> None:
    if size > MAX_FILE:
        raise DataError(f"{source!r} holds more than {MAX_FILE >> 30} GiB; divide it, or name a Parquet file")


def _malformed(source: str, place: str, why: str) -> DataError:
    return DataError(f"{source!r}, {place}: {why}; mend the row")
