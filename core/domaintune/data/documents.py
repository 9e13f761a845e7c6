"""JSON files: objects in one document, in a list or each under its key, or one object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from domaintune.data.jsontext import SHAPE, STRICT, as_object, kind, parse
from domaintune.data.lines import SURROGATE, known_encoding, lines, open_text
from domaintune.data.records import Flaw, Malformed, Record, Records, Table, listed, shown
from domaintune.errors import DataError

MAX_DOCUMENT = 512 << 20
LITERALS = ("true", "false", "null", "-", "NaN", "Infinity", "-Infinity")
BLANK = re.compile(r"[ \t\n\r]*")


def open_json_lines(path: Path, encoding: str) -> Table:
    """Open a file of one JSON object a line; every record names its own columns."""
    known_encoding(encoding)
    return Table(None, lambda _: _line_records(path, encoding))


def _line_records(path: Path, encoding: str) -> Records:
    for line in lines(path, encoding):
        text = line.text.strip()
        if not text and not line.flaw:
            continue
        place = f"line {line.number}"
        try:
            if line.flaw:
                raise Flaw(line.flaw)
            yield Record(place, parse(text))
        except Flaw as flaw:
            yield Malformed(place, str(flaw))


def open_json(path: Path, encoding: str) -> Table:
    """Open one JSON document: a list of objects, an object with exactly one such list, or an object of objects.

    An object of objects is a table whose first column `id` holds the keys; an object's own `id` goes before its key.
    """
    if path.stat().st_size > MAX_DOCUMENT:
        raise DataError(
            f"{str(path)!r} is a JSON document of more than 512 MiB; write one object a line into a .jsonl file instead"
        )
    text = _text(path, encoding)
    try:
        start = _rows_start(text, path)
    except (json.JSONDecodeError, RecursionError) as error:
        raise _unreadable(path, text, error) from None
    if text[start] == "{":
        return Table(None, lambda _: _keyed_records(text, start))
    return Table(None, lambda _: _item_records(path, text, start))


def _text(path: Path, encoding: str) -> str:
    stream, name = open_text(path, encoding)
    with stream:
        text = stream.read().removeprefix("\ufeff")
    flaw = SURROGATE.search(text)
    if flaw:
        line = text.count("\n", 0, flaw.start()) + 1
        raise DataError(f"{str(path)!r} is not {name} in line {line}; name its encoding with --set data.encoding=…")
    if not text.strip():
        raise DataError(f"{str(path)!r} is blank; it must hold a list of objects")
    return text


def _rows_start(text: str, path: Path) -> int:
    """Return where the list of objects begins, or the object of objects."""
    start = _skip(text, 0)
    if text[start] == "[":
        return start
    value, end = SHAPE.raw_decode(text, start)
    if _skip(text, end) < len(text):
        hint = "; one object a line belongs into a .jsonl file" if isinstance(value, dict) else ""
        raise DataError(f"{str(path)!r} goes on after its first value{hint}")
    if not isinstance(value, dict):
        raise DataError(f"{str(path)!r} holds {kind(value)}; it must hold a list of objects")
    found = dict(_lists(text, start))
    if not found and value and all(isinstance(row, dict) for row in value.values()):
        return start
    if len(found) != 1:
        which = f"{len(found)} lists of objects ({listed(list(found))})" if found else "no list of objects"
        raise DataError(f"{str(path)!r} is an object with {which}; it must hold exactly one")
    return next(iter(found.values()))


def _lists(text: str, start: int) -> Iterator[tuple[str, int]]:
    """Yield key and place of each list of objects directly inside an object that is known to parse."""
    for key, at, value in _members(text, start):
        if isinstance(value, list) and any(isinstance(item, dict) for item in value):
            yield key, at


def _members(text: str, start: int) -> Iterator[tuple[str, int, Any]]:
    """Yield key, place and value of each member of an object that is known to parse."""
    at = _skip(text, start + 1)
    while text[at] != "}":
        key, at = SHAPE.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)  # past the colon
        value, end = SHAPE.raw_decode(text, at)
        yield key, at, value
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at


def _keyed_records(text: str, start: int) -> Records:
    seen: set[str] = set()
    for number, (key, at, _) in enumerate(_members(text, start), 1):
        place = f"item {number}"
        try:
            if key in seen:
                raise Flaw(f"the key {shown(key)} appears more than once")
            seen.add(key)
            yield Record(place, {"id": key, **as_object(STRICT.raw_decode(text, at)[0])})
        except Flaw as flaw:
            yield Malformed(place, str(flaw))


def _item_records(path: Path, text: str, start: int) -> Records:
    try:
        for number, at in enumerate(_items(text, start), 1):
            place = f"item {number}"
            try:
                yield Record(place, as_object(STRICT.raw_decode(text, at)[0]))
            except Flaw as flaw:
                yield Malformed(place, str(flaw))
    except (json.JSONDecodeError, RecursionError) as error:
        raise _unreadable(path, text, error) from None


def _items(text: str, start: int) -> Iterator[int]:
    """Yield where each item of a list begins; raises JSONDecodeError where the list is broken."""
    at = _skip(text, start + 1)
    if text[at : at + 1] == "]":
        return
    while True:
        _, end = SHAPE.raw_decode(text, at)
        yield at
        at = _skip(text, end)
        if text[at : at + 1] == "]":
            break
        if text[at : at + 1] != ",":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
        at = _skip(text, at + 1)
    if text[start] == "[" and start == _skip(text, 0) and _skip(text, at + 1) < len(text):
        raise json.JSONDecodeError("Extra data", text, _skip(text, at + 1))


def _skip(text: str, at: int) -> int:
    """Return the place of the next character that is not blank."""
    blank = BLANK.match(text, at)
    return blank.end() if blank else at


def _unreadable(path: Path, text: str, error: json.JSONDecodeError | RecursionError) -> DataError:
    if isinstance(error, RecursionError):
        return DataError(f"{str(path)!r} is nested too deeply to be read")
    what = "is cut off" if _at_end(text, error) else f"is not valid JSON ({error.msg})"
    return DataError(f"{str(path)!r} {what} at line {error.lineno} column {error.colno}; mend the file or use JSONL")


def _at_end(text: str, error: json.JSONDecodeError) -> bool:
    """Tell whether the text ended too early, rather than being wrong."""
    rest = text[error.pos : error.pos + 10].rstrip()
    begun = any(word.startswith(rest) for word in LITERALS) or (error.msg.startswith("Invalid \\u") and len(rest) < 6)
    return begun or error.msg.startswith("Unterminated string")
