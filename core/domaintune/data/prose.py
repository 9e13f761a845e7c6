"""Texts as they are written: a Markdown or plain text file is one record, with the columns `text` and `title`."""

from __future__ import annotations

from pathlib import Path

from domaintune.data.lines import SURROGATE, known_encoding, open_text
from domaintune.data.markdown import title_of
from domaintune.data.records import Malformed, Record, Records, Table
from domaintune.errors import DataError

MAX_TEXT = 32 << 20
MARKDOWN = (".md", ".markdown")


def open_prose(path: Path, encoding: str) -> Table:
    """Open a file that is one text; its title is the first heading, or the name of the file."""
    known_encoding(encoding)
    if path.stat().st_size > MAX_TEXT:
        raise DataError(f"{str(path)!r} is a text of more than {MAX_TEXT >> 20} MiB; divide it into several files")
    return Table(("text", "title"), lambda _: _record(path, encoding))


def _record(path: Path, encoding: str) -> Records:
    stream, name = open_text(path, encoding)
    with stream:
        text = stream.read().removeprefix("\ufeff")
    flaw = SURROGATE.search(text)
    at, why = (flaw.start(), f"not {name}") if flaw else (text.find("\0"), "contains a NUL byte")
    if at >= 0:
        yield Malformed(f"line {text.count(chr(10), 0, at) + 1}", why)
        return
    heading = title_of(text) if path.suffix.casefold() in MARKDOWN else ""
    # a file name need not be valid text
    yield Record("", {"text": text, "title": heading or path.stem.encode("utf-8", "replace").decode()})
