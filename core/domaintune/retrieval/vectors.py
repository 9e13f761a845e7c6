"""The vectors of texts in a file: written batch by batch, so that a killed run goes on where it was.

The file holds float32 rows and nothing else. Beside it, until the index is complete, lies a journal: a line says what is
being embedded, and one line for each batch gives the checksum of its rows, written after these are on the disk. Batches
have fixed places and are embedded in their order, so a run that was killed ends with the same bytes as one that was not.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from domaintune.embedding import TextEmbedder
from domaintune.errors import ModelError
from domaintune.retrieval.texts import DIGEST, Texts

VECTORS, DIGESTS, JOURNAL = "vectors.f32", "texts.digests", "vectors.journal"
BATCH = 256
"""Rows between two flushes to the disk: what a killed run has to do again at most."""


class Earlier:
    """Vectors of an earlier index by the digests of their texts; of none, where there is no such index."""

    def __init__(self, folder: Path | None, width: int) -> None:
        self._rows: dict[bytes, int] = {}
        self._vectors = np.empty((0, width), dtype=np.float32)
        if folder is not None:
            digests = (folder / DIGESTS).read_bytes()
            count = len(digests) // DIGEST
            self._vectors = mapped(folder / VECTORS, count, width)
            self._rows = {digests[row * DIGEST : (row + 1) * DIGEST]: row for row in range(count)}

    def find(self, digest: bytes) -> NDArray[np.float32] | None:
        """Return the vector of a text that was embedded before."""
        row = self._rows.get(digest)
        return None if row is None else self._vectors[row]


def write(texts: Texts, embedder: TextEmbedder, folder: Path, earlier: Earlier) -> None:
    """Write the vectors of all texts, taking up what a killed run left; raises ModelError.

    Vectors of an earlier index are copied; they were made in other batches, so they may differ in the last digit from
    those that a fresh run makes.
    """
    about = {
        "embedder": embedder.fingerprint,
        "texts": f"{zlib.crc32(texts.digests.tobytes()):08x}",
        "rows": len(texts),
        "width": embedder.width,
        "batch": BATCH,
    }
    done = _resumable(folder, about)
    with (folder / VECTORS).open("ab") as vectors, (folder / JOURNAL).open("ab") as journal:
        if not done and journal.tell() == 0:
            _append(journal, (json.dumps(about, sort_keys=True) + "\n").encode())
        for start in range(done * BATCH, len(texts), BATCH):
            rows = _embedded(texts, slice(start, min(start + BATCH, len(texts))), embedder, earlier)
            _append(vectors, rows.tobytes())
            _append(journal, _checksum(rows.tobytes()))
    with (folder / DIGESTS).open("wb") as file:
        _append(file, texts.digests.tobytes())


def mapped(file: Path, rows: int, width: int) -> NDArray[np.float32]:
    """Return the vectors of a file, [rows, width], mapped into memory."""
    if not rows:
        return np.empty((0, width), dtype=np.float32)
    # a plain view: memmap's own indexing is slow
    return np.asarray(np.memmap(file, dtype=np.float32, mode="r", shape=(rows, width)))


def _embedded(texts: Texts, place: slice, embedder: TextEmbedder, earlier: Earlier) -> NDArray[np.float32]:
    """Return the vectors of a batch; only texts that were never embedded are read."""
    rows = np.empty((place.stop - place.start, embedder.width), dtype=np.float32)
    new: list[int] = []
    for row in range(place.start, place.stop):
        known = earlier.find(texts.digests[row].tobytes())
        if known is None:
            new.append(row)
        else:
            rows[row - place.start] = known
    if new:
        made = np.asarray(embedder.vectors([texts[row] for row in new]), dtype=np.float32)
        if made.shape != (len(new), embedder.width) or not np.isfinite(made).all():
            raise ModelError(
                f"the embedder {embedder.name!r} gave vectors of shape {made.shape} or without a value for "
                f"{len(new)} texts; {(len(new), embedder.width)} finite numbers were expected"
            )
        rows[np.array(new) - place.start] = made
    return rows


def _resumable(folder: Path, about: Mapping[str, Any]) -> int:
    """Return how many batches a killed run has left whole, and cut off what follows them."""
    lines = _lines(folder / JOURNAL)
    head = len((json.dumps(about, sort_keys=True) + "\n").encode())
    good = 0
    if lines and lines[0] == json.dumps(about, sort_keys=True).encode() + b"\n" and (folder / VECTORS).is_file():
        size = about["width"] * 4
        with (folder / VECTORS).open("rb") as file:
            for line in lines[1:]:
                rows = min(BATCH, about["rows"] - good * BATCH)
                data = file.read(rows * size)
                if len(data) != rows * size or not data or line != _checksum(data):
                    break
                good += 1
        _cut(folder / VECTORS, min(good * BATCH, about["rows"]) * size)
        _cut(folder / JOURNAL, head + good * len(_checksum(b"")))
    else:
        _cut(folder / VECTORS, 0)
        _cut(folder / JOURNAL, 0)
    return good


def _lines(journal: Path) -> Sequence[bytes]:
    return journal.read_bytes().splitlines(keepends=True) if journal.is_file() else []


def _checksum(data: bytes) -> bytes:
    return f"{zlib.crc32(data):08x}\n".encode()


def _append(file: BinaryIO, data: bytes) -> None:
    file.write(data)
    file.flush()
    os.fsync(file.fileno())


def _cut(path: Path, size: int) -> None:
    """Shorten a file, or make an empty one."""
    with path.open("ab") as file:
        file.truncate(size)
        os.fsync(file.fileno())
