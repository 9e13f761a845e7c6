"""The passages of an index on disk: one JSON object a line, found by number without reading the others."""

from __future__ import annotations

import dataclasses
import json
import mmap
import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, overload

from domaintune.contracts import Origin, Passage
from domaintune.errors import DataError

TEXTS, PLACES = "passages.jsonl", "passages.places"
WIDTH = 8
"""Bytes of a place: where a line begins, as a little-endian integer; one more than lines."""


def write(passages: Iterable[Passage], folder: Path) -> int:
    """Write the passages in their order and return how many there are; equal passages give equal bytes."""
    count = 0
    with (folder / TEXTS).open("wb") as texts, (folder / PLACES).open("wb") as places:
        places.write(_place(0))
        for passage in passages:
            texts.write(_line(passage))
            places.write(_place(texts.tell()))
            count += 1
        for file in (texts, places):
            file.flush()
            os.fsync(file.fileno())
    return count


class Passages(Sequence[Passage]):
    """Passages that `write` wrote, mapped into memory: a number gives a passage, a slice a list. Raises DataError."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / TEXTS
        try:
            places = array("q", (folder / PLACES).read_bytes())
            size = self._file.stat().st_size
        except (OSError, ValueError) as error:
            raise DataError(f"there are no passages in {str(folder)!r} ({error}); index the knowledge first") from None
        if not places or places[-1] != size:
            raise DataError(f"the passages in {str(folder)!r} are damaged; index the knowledge anew")
        self._places = places
        self._bytes: bytes | mmap.mmap = b""
        if size:
            with self._file.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __len__(self) -> int:
        return len(self._places) - 1

    @overload
    def __getitem__(self, place: int) -> Passage: ...
    @overload
    def __getitem__(self, place: slice) -> list[Passage]: ...

    def __getitem__(self, place: int | slice) -> Passage | list[Passage]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        place = range(len(self))[place]  # negative numbers, and IndexError beyond the end
        try:
            return _passage(json.loads(self._bytes[self._places[place] : self._places[place + 1]]))
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"passage {place + 1} in {str(self._file)!r} is damaged ({error}); index anew") from None

    def __iter__(self) -> Iterator[Passage]:
        return (self[place] for place in range(len(self)))


def name_of(passage: Passage) -> str:
    """Return what makes passages parts of one thing: the title, or where there is none the origin."""
    return passage.title or str(passage.origin)


def as_dict(passage: Passage) -> dict[str, Any]:
    """Return a passage as plain values; what is empty is left out."""
    values = dataclasses.asdict(passage)
    return {key: value for key, value in values.items() if key == "text" or value not in ("", (), {})}


def _passage(values: Mapping[str, Any]) -> Passage:
    return Passage(**{**values, "origin": Origin(**values["origin"]), "keys": tuple(values.get("keys", ()))})


def _line(passage: Passage) -> bytes:
    return (json.dumps(as_dict(passage), ensure_ascii=False, sort_keys=True) + "\n").encode("utf-8", "backslashreplace")


def _place(number: int) -> bytes:
    return number.to_bytes(WIDTH, "little")
