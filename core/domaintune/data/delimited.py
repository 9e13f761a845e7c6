"""CSV and TSV: records of one or more physical lines; after a bad one, reading resumes at the very next line."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from domaintune.data.lines import MAX_LINE, Line, lines
from domaintune.data.records import Flaw, Malformed, Record, Records, Table
from domaintune.errors import DataError

MAX_LINES = 200
DELIMITERS = {".csv": ",", ".tsv": "\t"}
OTHER_DELIMITERS = (";", "\t", "|")  # what spreadsheets of other countries write into a .csv
REASONS = {
    "unexpected end of data": "a quote is opened and not closed",
    "expected after": "there is text after a closing quote",
}


class _Feed:
    """Lines in order, with the power to go back."""

    def __init__(self, source: Iterator[Line]) -> None:
        self._source = source
        self._ahead: deque[Line] = deque()

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> Line:
        return self._ahead.popleft() if self._ahead else next(self._source)

    def back(self, taken: Sequence[Line]) -> None:
        """Give lines back, to be read again."""
        self._ahead.extendleft(reversed(taken))


def open_delimited(path: Path, encoding: str) -> Table:
    """Read the header of a CSV or TSV file; the rows are read as they are asked for."""
    # one field may be as long as a record; the limit is the module's own, and never lowered
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE + 1))
    feed = _Feed(lines(path, encoding))
    delimiter = DELIMITERS[path.suffix.casefold()]
    header, delimiter = _header(feed, delimiter, path)
    columns = tuple(name.strip() for name in header)
    return Table(columns, lambda _: _records(feed, delimiter, columns))


def _header(feed: _Feed, delimiter: str, path: Path) -> tuple[list[str], str]:
    first = next((line for line in feed if line.flaw or line.text.strip()), None)
    if first is None:
        raise DataError(f"{str(path)!r} holds no lines; the first line must name the columns")
    try:
        cells, taken = _record(first, feed, delimiter)
    except Flaw as flaw:
        raise DataError(
            f"{str(path)!r} has no readable header: line {first.number}: {flaw}; "
            "the first line must name the columns, in the encoding that data.encoding names"
        ) from None
    if len(cells) == 1 and not taken:
        for other in OTHER_DELIMITERS:
            if other in first.text:
                return next(csv.reader([first.text], delimiter=other)), other
    return cells, delimiter


def _records(feed: _Feed, delimiter: str, columns: tuple[str, ...]) -> Records:
    for first in feed:
        if not first.flaw and not first.text.strip(" \n"):
            continue  # a blank line is no row
        place = f"line {first.number}"
        try:
            cells, taken = _record(first, feed, delimiter)
            if len(cells) != len(columns):
                feed.back(taken)
                raise Flaw(f"{len(cells)} fields where the header has {len(columns)}")
        except Flaw as flaw:
            yield Malformed(place, str(flaw))
        else:
            yield Record(place, dict(zip(columns, cells, strict=True)))


def _record(first: Line, feed: _Feed, delimiter: str) -> tuple[list[str], list[Line]]:
    """Parse the record that starts on a line, and the further lines it took; a flawed one takes none."""
    taken: list[Line] = []
    try:
        return next(csv.reader(_texts(first, feed, taken), delimiter=delimiter, strict=True)), taken
    except (csv.Error, Flaw) as error:
        feed.back(taken)
        reason = next((said for known, said in REASONS.items() if known in str(error)), str(error))
        raise Flaw(reason) from None


def _texts(first: Line, feed: _Feed, taken: list[Line]) -> Iterator[str]:
    """Hand lines to the parser, which asks for another one only while a quote is open."""
    if first.flaw:
        raise Flaw(first.flaw)
    size = 0
    for line in chain([first], feed):
        if line is not first:
            taken.append(line)
        size += len(line.text)
        if line.flaw:
            raise Flaw(f"a quote is opened and not closed before line {line.number}, which is malformed ({line.flaw})")
        if len(taken) >= MAX_LINES or size > MAX_LINE:
            raise Flaw(f"a quote is opened and not closed within {MAX_LINES} lines or 1 MiB")
        yield line.text
