"""Physical lines of a text file, of bounded length, in any encoding: a bad line spoils no other."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from domaintune.errors import DataError

MAX_LINE = 1 << 20
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SURROGATE = re.compile("[\ud800-\udfff]")
UNDECODABLE = "\udcff"


def _flag(error: UnicodeError) -> tuple[str, int]:
    """Put a lone surrogate, which no valid text decodes to, where bytes do not fit the encoding."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return UNDECODABLE, error.end


codecs.register_error("domaintune.flag", _flag)


class Line(NamedTuple):
    """One physical line with its number from 1; `flaw` says why it cannot be used, and then `text` is empty."""

    number: int
    text: str
    flaw: str = ""


def open_text(path: Path, encoding: str) -> tuple[TextIO, str]:
    """Open a text file and name its encoding; where UTF-8 is expected, a byte order mark decides."""
    name = known_encoding(encoding)
    file = path.open("rb")
    try:
        head = file.read(4)
        file.seek(0)
    except OSError:
        file.close()
        raise
    if name in {"utf-8", "utf-8-sig"}:
        name = next((marked for mark, marked in BYTE_ORDER_MARKS if head.startswith(mark)), name)
    return io.TextIOWrapper(file, encoding=name, errors="domaintune.flag"), name.removesuffix("-sig")


def known_encoding(encoding: str) -> str:
    """Return Python's name of a text encoding, or say that there is none."""
    try:
        info = codecs.lookup(encoding)
        "".encode(encoding)  # codecs such as hex are no text encodings, and only this says so
    except (LookupError, ValueError):
        raise DataError(
            f"data.encoding = {encoding!r} is no text encoding that Python knows; try utf-8, utf-16, cp1252 or latin-1"
        ) from None
    return info.name


def lines(path: Path, encoding: str) -> Iterator[Line]:
    """Yield every physical line; a line over 1 MiB is passed over without being held in memory."""
    stream, name = open_text(path, encoding)
    with stream:
        number = 0
        while piece := stream.readline(MAX_LINE + 1):
            number += 1
            long = len(piece) > MAX_LINE and not piece.endswith("\n")
            while len(piece) > MAX_LINE and not piece.endswith("\n"):
                piece = stream.readline(MAX_LINE + 1)
            if number == 1:
                piece = piece.removeprefix("\ufeff")
            yield Line(number, "", "line longer than 1 MiB") if long else _checked(number, piece, name)


def _checked(number: int, text: str, encoding: str) -> Line:
    if not text.isascii():
        if SURROGATE.search(text):
            return Line(number, "", f"not {encoding}")
        if len(text) * 4 > MAX_LINE and len(text.encode()) > MAX_LINE:
            return Line(number, "", "line longer than 1 MiB")
    return Line(number, "", "contains a NUL byte") if "\0" in text else Line(number, text)
