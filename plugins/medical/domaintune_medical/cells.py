"""Lists as people write them into one cell of a table.

    ['Fever', 'Dry cough']    ["Fever", "Dry cough"]    Fever; Dry cough    Fever, Dry cough    发热、干咳

A cell that begins like a list of Python or JSON has to be one: half a list, or one with lists in it, is an error.
Numbers stay whole: `0.9% sodium chloride` is no entry numbered 0, and `1,25-dihydroxyvitamin D` is one entry.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
import warnings
from collections.abc import Iterable
from itertools import pairwise

from domaintune import clean_text

LONGEST = 20_000
"""Characters that a list may have."""
MOST = 200
"""Entries that a list may have."""
_NOTHING = frozenset({"", "-", "--", "n/a", "na", "nan", "none", "null", "nil", "unknown", "无", "暂无", "不详"})
# "1. Fever" is numbered; "0.9% sodium chloride", "1.5 T" and "(25)-hydroxy" begin with what they say.
_BULLET = re.compile(r"^\s*(?:[-*•·]\s+|\(?\d{1,3}(?:\.\)|[.)、])(?:\s+(?!\d)|(?=[^\W\d_]|$)))")
# The first of these that a cell contains divides it: "a, b; c" has two entries.
_SEPARATORS = (re.compile(r"[\n\r]+"), re.compile(r"[;；|]"), re.compile("、"), re.compile(r"，|,(?!(?<=\d,)\d)"))
_OPENING, _CLOSING = frozenset("([（【"), frozenset(")]）】")
# What stays of a text that a program printed as bytes: "you\xe2\x80\x99re", "the infant\'s".
_ESCAPED = re.compile(r"(?:\\x[0-9a-fA-F]{2})+|\\[nrt'\"\\]")
_SURELY_ESCAPED = re.compile(r"\\x[0-9a-fA-F]{2}|\\['\"]")
_PLAIN = {"n": "\n", "r": "\n", "t": "\t"}


def entries(text: str) -> tuple[str, ...]:
    """Return the entries of a cell, each once; ValueError says what is wrong with one that cannot be read."""
    text = text.strip()
    if len(text) > LONGEST:
        raise ValueError(f"{len(text):,} characters, more than {LONGEST:,}")
    found = _literal(text) if text.startswith("[") else _parts(text)
    once: dict[str, str] = {}
    for item in found:
        entry = _BULLET.sub("", clean_text(item)).rstrip(".。;；,， ")
        if entry.casefold() not in _NOTHING:
            once.setdefault(entry.casefold(), entry)
    if len(once) > MOST:
        raise ValueError(f"{len(once)} entries, more than {MOST}")
    return tuple(once.values())


def unescaped(text: str) -> str:
    """Return a text with the escapes undone that printing it as bytes left in it, as in ChatDoctor's disease table.

    A backslash alone proves nothing: without an escaped byte or quote, a text stays as it is. So do bytes that are no
    UTF-8.
    """
    return _ESCAPED.sub(_character, text) if _SURELY_ESCAPED.search(text) else text


def _character(escape: re.Match[str]) -> str:
    found = escape[0]
    if found[1] != "x":
        return _PLAIN.get(found[1], found[1])
    try:
        return bytes.fromhex(found.replace("\\x", "")).decode("utf-8")
    except UnicodeDecodeError:
        return found


def _literal(text: str) -> list[str]:
    """Read a list of JSON or Python."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = _python(text)
    if not isinstance(value, list):
        raise ValueError("it begins like a list and is none")
    found = []
    for item in value:
        if isinstance(item, str):
            found.append(item)
        elif item is not None:
            raise ValueError(f"an entry is {type(item).__name__}, not text")
    return found


def _python(text: str) -> object:
    try:
        with warnings.catch_warnings():  # a stray backslash is no business of the user's
            warnings.simplefilter("ignore")
            value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise ValueError("it begins like a list and cannot be read as one") from None
    if _runs_together(text):
        raise ValueError("two entries of the list stand without a comma between them")
    return value


def _runs_together(text: str) -> bool:
    """Say whether two strings stand side by side, which Python would read as one: ['Fever' 'Cough']."""
    layout = (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT)
    kinds = [token.type for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type not in layout]
    return any(one == other == tokenize.STRING for one, other in pairwise(kinds))


def _parts(text: str) -> Iterable[str]:
    for separator in _SEPARATORS:
        places = [match.span() for match in separator.finditer(text)]
        if separator is _SEPARATORS[-1]:
            inner = _in_brackets(text)
            places = [span for span in places if span[0] not in inner]
        if places:
            starts, ends = [0, *(end for _, end in places)], [*(start for start, _ in places), len(text)]
            return [text[start:end] for start, end in zip(starts, ends, strict=True)]
    return [text]


def _in_brackets(text: str) -> set[int]:
    """Return the places within brackets, where a comma divides nothing: "Alprazolam (Xanax, Niravam)".

    Where a bracket is never closed, nobody knows, and all commas divide.
    """
    inner, depth = set(), 0
    for place, char in enumerate(text):
        depth += (char in _OPENING) - (char in _CLOSING and depth > 0)
        if depth:
            inner.add(place)
    return set() if depth else inner
