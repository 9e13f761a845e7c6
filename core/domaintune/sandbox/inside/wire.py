"""Plain values as bytes, and frames of them on a descriptor: all that passes between solution, tests and the outside.

A value of a plain type is written as what it is. Anything else is given to `odd`, which describes it in plain values; the
reader gives the description to its own `odd`. Nothing here runs code that the other side chose.

    load(dump([1, "two", 3.0])) == [1, "two", 3.0]
"""

from __future__ import annotations

import os
from struct import pack, unpack_from

TYPE_CHECKING = False  # as in typing, which takes as long to import as all this

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Odd = Callable[[Any], Any]

LONGEST = 64 << 20
"""Bytes of a frame."""


class WireError(Exception):
    """The other side says what cannot be read."""


class GoneError(WireError):
    """The other side has gone."""


def refuse(value: Any) -> Any:
    """Take no value that is not plain."""
    raise WireError(f"a {type(value).__name__} is no plain value")


def dump(value: Any, odd: Odd = refuse) -> bytes:
    """Return a value as bytes; `odd` describes what is not plain."""
    parts: list[bytes] = []
    _write(value, parts.append, odd)
    return b"".join(parts)


def _write(value: Any, put: Callable[[bytes], None], odd: Odd) -> None:
    kind = type(value)
    if kind in _SCALAR:
        put(_SCALAR[kind](value))
    elif kind in _SERIES:
        put(pack("<cI", _SERIES[kind], len(value)))
        for item in value:
            _write(item, put, odd)
    elif kind is dict:
        put(pack("<cI", b"d", len(value)))
        for key, item in value.items():
            _write(key, put, odd)
            _write(item, put, odd)
    elif kind in _PARTS:
        put(_PARTS[kind][0])
        _write(_PARTS[kind][1](value), put, odd)
    else:
        put(b"o")
        _write(odd(value), put, odd)


def _integer(value: int) -> bytes:
    if -(1 << 63) <= value < 1 << 63:
        return pack("<cq", b"i", value)
    size = value.bit_length() // 8 + 1
    return pack("<cI", b"I", size) + value.to_bytes(size, "little", signed=True)


def _sized(tag: bytes, content: bytes | bytearray) -> bytes:
    return pack("<cI", tag, len(content)) + content


_SCALAR: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"N",
    type(...): lambda _: b"E",
    bool: lambda value: b"T" if value else b"F",
    int: _integer,
    float: lambda value: pack("<cd", b"f", value),
    str: lambda value: _sized(b"s", value.encode("utf-8", "surrogatepass")),
    bytes: lambda value: _sized(b"b", value),
    bytearray: lambda value: _sized(b"y", value),
}
_SERIES: dict[type, bytes] = {list: b"l", tuple: b"t", set: b"S", frozenset: b"Z"}
_PARTS: dict[type, tuple[bytes, Callable[[Any], tuple[Any, ...]]]] = {
    complex: (b"c", lambda value: (value.real, value.imag)),
    range: (b"r", lambda value: (value.start, value.stop, value.step)),
    slice: (b"L", lambda value: (value.start, value.stop, value.step)),
}
_MADE: dict[bytes, Callable[[Any], Any]] = {
    b"l": list, b"t": tuple, b"S": set, b"Z": frozenset,
    b"c": lambda parts: complex(*parts), b"r": lambda parts: range(*parts), b"L": lambda parts: slice(*parts),
}  # fmt: skip
_CONSTANT = {b"N": None, b"T": True, b"F": False, b"E": ...}


def load(content: bytes, odd: Odd = refuse) -> Any:
    """Return the value that `dump` wrote; raises WireError."""
    try:
        value, end = _read(content, 0, odd)
    except (IndexError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise WireError(f"it cannot be read ({type(error).__name__})") from None
    if end != len(content):
        raise WireError("it goes on after its end")
    return value


def _read(content: bytes, at: int, odd: Odd) -> tuple[Any, int]:
    tag, at = content[at : at + 1], at + 1
    if tag in _CONSTANT:
        return _CONSTANT[tag], at
    if tag == b"i":
        return _number(content, at, "<q")
    if tag == b"f":
        return _number(content, at, "<d")
    if tag in {b"c", b"r", b"L"}:
        parts, at = _read(content, at, odd)
        return _MADE[tag](parts), at
    if tag == b"o":
        described, at = _read(content, at, odd)
        return odd(described), at
    size, at = _number(content, at, "<I")
    if tag in {b"s", b"b", b"y", b"I"}:
        if at + size > len(content):
            raise WireError("it ends too soon")
        return _scalar(tag, content[at : at + size]), at + size
    return _series(tag, size, content, at, odd)


def _number(content: bytes, at: int, form: str) -> tuple[Any, int]:
    size = 4 if form == "<I" else 8
    if at + size > len(content):
        raise WireError("it ends too soon")
    return unpack_from(form, content, at)[0], at + size


def _scalar(tag: bytes, content: bytes) -> Any:
    if tag == b"s":
        return content.decode("utf-8", "surrogatepass")
    if tag == b"I":
        return int.from_bytes(content, "little", signed=True)
    return content if tag == b"b" else bytearray(content)


def _series(tag: bytes, size: int, content: bytes, at: int, odd: Odd) -> tuple[Any, int]:
    if size > len(content):
        raise WireError("it ends too soon")
    if tag == b"d":
        pairs = {}
        for _ in range(size):
            key, at = _read(content, at, odd)
            pairs[key], at = _read(content, at, odd)
        return pairs, at
    if tag not in _MADE:
        raise WireError("it holds an unknown sign")
    items = []
    for _ in range(size):
        item, at = _read(content, at, odd)
        items.append(item)
    return _MADE[tag](items), at


def send(descriptor: int, content: bytes) -> None:
    """Write one frame."""
    view = memoryview(pack("<I", len(content)) + content)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except OSError as error:
            raise GoneError(f"the other side has gone ({error.strerror})") from None


def receive(descriptor: int) -> bytes:
    """Read one frame; raises WireError at the end."""
    size = unpack_from("<I", _exactly(descriptor, 4))[0]
    if size > LONGEST:
        raise WireError(f"it says {size:,} bytes at once")
    return _exactly(descriptor, size)


def _exactly(descriptor: int, size: int) -> bytes:
    parts = []
    while size:
        try:
            part = os.read(descriptor, min(size, 1 << 20))
        except OSError as error:
            raise GoneError(f"the other side has gone ({error.strerror})") from None
        if not part:
            raise GoneError("the other side has gone")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
