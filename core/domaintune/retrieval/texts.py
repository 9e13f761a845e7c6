"""What of passages is embedded: each distinct text once, and the way back from a text to its passages.

A passage is known by its text, under its title, and by its keys. Many passages share keys, so a text has a row of its
own, and passages name rows.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from domaintune.contracts import Passage
from domaintune.data.text import words

DIGEST = 16
"""Bytes that stand for a text."""
PARTS = 12
"""Parts of a question that are searched for one by one; what follows them is searched for in the whole only."""
# A point or a comma between digits belongs to a number.
_CUT = re.compile(r"(?<!\d)[.,]|[.,](?!\d)|[;:?!\n、，。；：？！]|\b(?:and|or)\b", re.IGNORECASE)


def whole(passage: Passage) -> str:
    """Return the text of a passage with its title, which is not said twice."""
    title, text = passage.title.strip(), passage.text
    return text if not title or text.casefold().startswith(title.casefold()) else f"{title}. {text}"


def parts(query: str) -> list[str]:
    """Cut a question where it names another thing: at commas, ends of sentences, and `and`.

    >>> parts("I have a cough, a fever of 38.5 and chills.")
    ['I have a cough', 'a fever of 38.5', 'chills']
    """
    return [part.strip() for part in _CUT.split(query) if words(part)][:PARTS]


@dataclass(frozen=True, kw_only=True, eq=False)
class Texts(Sequence[str]):
    """The distinct texts of passages, row by row, in the order in which they are met.

    `digests` is uint8 [rows, 16]; `bodies` int32 [passages] names the row of each passage's text; `keys` int32 holds the
    rows of its keys, those of passage i from `starts[i]` to `starts[i + 1]` (int64 [passages + 1]).
    """

    passages: Sequence[Passage]
    digests: NDArray[np.uint8]
    bodies: NDArray[np.int32]
    keys: NDArray[np.int32]
    starts: NDArray[np.int64]
    met: NDArray[np.int32]
    """Where each text is met first, int32 [rows, 2]: passage, and 0 for its text or the number of the key from 1."""

    def __len__(self) -> int:
        return len(self.met)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> list[str]: ...

    def __getitem__(self, row: int | slice) -> str | list[str]:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        place, slot = self.met[row]
        return _texts(self.passages[int(place)])[int(slot)]


def gathered(passages: Sequence[Passage]) -> Texts:
    """Read the passages once and number their texts; only digests of these are held."""
    rows: dict[bytes, int] = {}
    digests, met = bytearray(), array("i")
    bodies, keys, starts = array("i"), array("i"), array("q", [0])
    for place, passage in enumerate(passages):
        for slot, text in enumerate(_texts(passage)):
            digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:DIGEST]
            row = rows.setdefault(digest, len(rows))
            if row == len(met) // 2:
                digests += digest
                met.extend((place, slot))
            (keys if slot else bodies).append(row)
        starts.append(len(keys))
    return Texts(
        passages=passages,
        digests=np.frombuffer(bytes(digests), dtype=np.uint8).reshape(-1, DIGEST),
        bodies=np.array(bodies, dtype=np.int32),
        keys=np.array(keys, dtype=np.int32),
        starts=np.array(starts, dtype=np.int64),
        met=np.array(met, dtype=np.int32).reshape(-1, 2),
    )


def owners(texts: Texts) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the way back: the passages of row r are `places[starts[r] : starts[r + 1]]`, in their order."""
    count = len(texts.bodies)
    of_keys = np.repeat(np.arange(count, dtype=np.int32), np.diff(texts.starts))
    rows = np.concatenate([texts.bodies, texts.keys])
    places = np.concatenate([np.arange(count, dtype=np.int32), of_keys])
    order = np.lexsort((places, rows))
    starts = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(np.bincount(rows, minlength=len(texts)), out=starts[1:])
    return starts, places[order]


def _texts(passage: Passage) -> list[str]:
    return [whole(passage), *(key.strip() for key in passage.keys if words(key))]
