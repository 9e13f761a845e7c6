"""JSON read strictly: what other readers let pass (NaN, repeated keys, endless numbers) is a flaw with a reason."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from domaintune.data.records import Flaw, shown

MAX_DIGITS = 4000


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        raise Flaw(f"the key {shown(counts.most_common(1)[0][0])} appears more than once")
    return result


def _constant(name: str) -> Any:
    raise Flaw(f"{name} is not JSON")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise Flaw(f"a number of {len(digits):,} digits")
    return int(digits)


def _real(digits: str) -> float:
    value = float(digits)
    if value in {float("inf"), float("-inf")}:
        raise Flaw(f"the number {shown(digits)} is out of range")
    return value


STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_real)
SHAPE = json.JSONDecoder(parse_constant=lambda _: 0.0, parse_int=lambda _: 0, parse_float=lambda _: 0.0)
"""Finds where a value ends, whatever is wrong inside it."""


def parse(text: str) -> dict[str, Any]:
    """Parse one JSON object, or say in a Flaw why it is none."""
    try:
        return as_object(STRICT.decode(text))
    except json.JSONDecodeError as error:
        said = error.msg.removesuffix(" at").removesuffix(" starting")
        raise Flaw(f"not JSON: {said[0].lower()}{said[1:]} (column {error.pos + 1})") from None
    except RecursionError:
        raise Flaw("nested too deeply") from None


def as_object(value: Any) -> dict[str, Any]:
    """Return the value when it is an object, or say in a Flaw what it is."""
    if isinstance(value, dict):
        return value
    raise Flaw(f"{kind(value)}, not an object")


def kind(value: Any) -> str:
    """Name the kind of a value for a message."""
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    names |= {tuple: "a list", bytes: "bytes"}
    return names.get(type(value), f"a {type(value).__name__}")
