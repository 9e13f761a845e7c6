"""Search by words: BM25, as bm25s computes it ahead for every word and passage (Lù 2024)."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import bm25s

from domaintune.contracts import Hit, Passage
from domaintune.data.text import UNSPACED, words
from domaintune.errors import DataError
from domaintune.retrieval import ranking, records
from domaintune.retrieval.options import Bm25Options
from domaintune.retrieval.ranking import Ranking
from domaintune.retrieval.texts import whole

KIND, METHOD = "bm25", "lucene"
FILES = (
    "data.csc.index.npy", "indices.csc.index.npy", "indptr.csc.index.npy", "params.index.json", "vocab.index.json",
)  # fmt: skip
"""What bm25s writes: arrays without pickles, and JSON."""
_WORDS = """
a about am an and any are as at be been being but by can could did do does doing for from had has have having he
her him his how i if in into is it its just ll m me my of on or our s she should so some such t than that the
their them then there these they this those to too us ve very was we were what when which who why will with
would you your
"""
STOP = frozenset(_WORDS.split())
"""Words of English that say nothing about a passage."""
_UNSPACED = re.compile(f"[{UNSPACED}]")
_CLAUSE = re.compile(r"[\s、，。；：！？,;:!?]")


def tokens(text: str) -> list[str]:
    """Return what a text is found by: words without regard to case and plural; of Chinese, characters and pairs.

    >>> tokens("The patients' X-rays, 头痛")
    ['patient', 'x', 'ray', '头', '头痛', '痛']
    """
    text = text.encode("utf-8", "ignore").decode()  # half a character is no word, and no file takes it
    return [token for clause in _CLAUSE.split(text) for token in _of_clause(words(clause))]


def _of_clause(found: list[str]) -> Iterator[str]:
    for word, following in pairwise([*found, ""]):
        if _UNSPACED.fullmatch(word):
            yield word
            if _UNSPACED.fullmatch(following):
                yield word + following
        elif word not in STOP:
            yield _singular(word)


def _singular(word: str) -> str:
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("sses", "shes", "ches", "xes")) else word[:-1]


class Bm25:
    """Finds passages that share rare words with the question."""

    def __init__(self, options: Bm25Options) -> None:
        self.options = options

    def index(self, passages: Sequence[Passage], folder: Path, before: Path | None = None) -> None:  # noqa: ARG002
        """Count the words of the passages. It takes seconds, so nothing of an earlier index is used."""
        vocabulary: dict[str, int] = {}
        ids = [
            array("i", (vocabulary.setdefault(token, len(vocabulary)) for token in tokens(_read(passage))))
            for passage in passages
        ]
        about = {
            "kind": KIND,
            "passages": len(ids),
            "words": len(vocabulary),
            "k1": self.options.k1,
            "b": self.options.b,
        }
        for name in (records.RECORD, *FILES):
            (folder / name).unlink(missing_ok=True)
        if vocabulary:
            index = bm25s.BM25(k1=self.options.k1, b=self.options.b, method=METHOD)
            index.index((ids, vocabulary), show_progress=False)
            index.save(folder, show_progress=False)
        records.write(folder, about, FILES if vocabulary else ())

    def open(self, passages: Sequence[Passage], folder: Path) -> Bm25Finder:
        """Open the index of these passages, mapped into memory; raises DataError."""
        about = records.read(folder, KIND)
        records.fits(about, folder, len(passages))
        if not about["words"]:
            return Bm25Finder(passages, None)
        try:
            index = bm25s.BM25.load(folder, mmap=True, show_progress=False)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"the index in {str(folder)!r} cannot be read ({error}); index the knowledge anew"
            ) from None
        return Bm25Finder(passages, index)


class Bm25Finder:
    """An open index; of passages without a word, where it has none."""

    def __init__(self, passages: Sequence[Passage], index: Any) -> None:
        self.passages, self._index = passages, index

    def search(self, query: str, k: int) -> list[Hit]:
        """Return the k passages that fit best; none that shares no word with the question."""
        return ranking.hits(self.passages, self.ranked(query, k))

    def ranked(self, query: str, k: int) -> Ranking:
        """Return the places of the k passages that fit best."""
        known: dict[str, int] = self._index.vocab_dict if self._index else {}
        asked = [known[token] for token in tokens(query) if token in known]
        if not asked:
            return []
        scores = self._index.get_scores_from_ids(asked)
        return [(int(place), float(scores[place])) for place in ranking.best(scores, k) if scores[place] > 0]


def _read(passage: Passage) -> str:
    """Return all words by which a passage may be found; keys that its text names are not counted twice."""
    text = whole(passage)
    folded = text.casefold()
    return "\n".join([text, *(key for key in passage.keys if key.casefold() not in folded)])
