"""An embedder that needs no model: a text is the sum of its words' vectors, each drawn from a hash of the word."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from domaintune import Origin, Passage, words


class WordEmbedder:
    """Texts with the same words are near; `seen` holds all that was embedded to be found."""

    def __init__(self, fingerprint: str = "words-1", width: int = 32, seconds: float = 0.0) -> None:
        self.name, self.fingerprint, self.width, self.longest = "words", fingerprint, width, 512
        self.seconds, self.seen = seconds, list[str]()

    def vectors(self, texts: Sequence[str], query: bool = False) -> NDArray[np.float32]:
        if not query:
            self.seen += texts
            time.sleep(self.seconds)
        rows = np.array([self._of(text) for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def vector(self, text: str, query: bool = False) -> NDArray[np.float32]:
        return self.vectors([text], query)[0]

    def _of(self, text: str) -> NDArray[np.float64]:
        total = np.full(self.width, 1e-3)
        for word in words(text):
            total += _drawn(word, self.width)
        return total


@cache
def _drawn(word: str, width: int) -> NDArray[np.float64]:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "little")
    return np.random.default_rng(seed).standard_normal(width)


def passage(text: str, *keys: str, title: str = "") -> Passage:
    return Passage(text=text, title=title, keys=keys, origin=Origin(source="made.csv"))


def many(count: int, keys: int = 0) -> list[Passage]:
    """Passages of five words from a hundred, with keys of two; the same every time."""
    draw = np.random.default_rng(7)
    return [
        passage(" ".join(f"w{n}" for n in draw.integers(0, 100, 5)) + f" n{place}",
                *(" ".join(f"w{n}" for n in draw.integers(0, 100, 2)) for _ in range(keys)))
        for place in range(count)
    ]  # fmt: skip


def folder(path: Path, name: str) -> Path:
    (path / name).mkdir()
    return path / name
