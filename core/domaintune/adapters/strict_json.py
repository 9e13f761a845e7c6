"""Reading the JSON of strangers: bounded in size, depth and number of values, with no key twice and no NaN."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from domaintune.adapters.refusals import AdmissionError, Sentence

DEEPEST, MOST_VALUES, MOST_DIGITS = 32, 200_000, 40

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A text, or the rest where its end is missing: each character is looked at once."""
_BRACKET = re.compile(r"[][{}]")


def parse(data: bytes, file: str, *, most_values: int = MOST_VALUES) -> dict[str, Any]:
    """Return the JSON object that a file holds, or refuse it; memory and time stay in proportion to the bytes."""
    text = _decode(data, file)
    _check_structure(text, file, most_values)
    try:
        value = json.loads(
            text,
            object_pairs_hook=lambda pairs: _unique(pairs, file),
            parse_constant=lambda word: _refuse_number(word, file),
            parse_float=lambda digits: _float(digits, file),
            parse_int=lambda digits: _int(digits, file),
        )
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise AdmissionError("json_text", file=file) from None
    except ValueError as error:
        raise AdmissionError("json_syntax", file=file, problem=Sentence(str(error)[:120])) from None
    if not isinstance(value, dict):
        raise AdmissionError("json_not_an_object", file=file)
    return value


def _decode(data: bytes, file: str) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        raise AdmissionError("json_encoding", file=file, place=0)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise AdmissionError("json_encoding", file=file, place=error.start) from None


def _check_structure(text: str, file: str, most_values: int) -> None:
    """Count brackets and commas outside of texts, before a parser makes objects of them or runs out of stack."""
    bare = _STRING.sub("", text)
    if sum(bare.count(mark) for mark in ",[{") > most_values:
        raise AdmissionError("json_too_many_values", file=file, limit=most_values)
    depth = 0
    for match in _BRACKET.finditer(bare):
        depth += 1 if match[0] in "[{" else -1
        if depth > DEEPEST:
            raise AdmissionError("json_depth", file=file, limit=DEEPEST)


def _unique(pairs: list[tuple[str, Any]], file: str) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise AdmissionError("json_duplicate_key", file=file, key=twice)
    return table


def _float(digits: str, file: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _refuse_number(digits, file)


def _int(digits: str, file: str) -> int:
    return int(digits) if len(digits) <= MOST_DIGITS else _refuse_number(digits, file)


def _refuse_number(digits: str, file: str) -> NoReturn:
    raise AdmissionError("json_number", file=file, number=Sentence(digits[:30]))
