"""Search by words and by meaning at once: two rankings made one by their ranks alone.

Words find names, meaning finds what is said otherwise. Scores of the two cannot be compared, ranks can: reciprocal rank
fusion (Cormack, Clarke and Büttcher 2009), weighted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from domaintune.contracts import Hit, Passage
from domaintune.retrieval import ranking
from domaintune.retrieval.dense import Dense, DenseFinder
from domaintune.retrieval.lexical import Bm25
from domaintune.retrieval.options import HybridOptions
from domaintune.retrieval.ranking import Ranker, Ranking

WORDS, MEANING = "bm25", "dense"
"""The folders of the two indexes."""
EVEN, KEYED = 0.5, 0.8
"""Share of the meaning without and with keys. Where the parts of a question meet keys one by one, the words of the whole
question only settle what is nearly equal: chosen on 1,546 questions about 796 diseases, half of them in a patient's words,
and confirmed on as many others (benchmarks/RESULTS.md)."""


class Hybrid:
    """Finds passages by words and by meaning."""

    def __init__(self, options: HybridOptions) -> None:
        self.options = options

    def index(self, passages: Sequence[Passage], folder: Path, before: Path | None = None) -> None:
        """Make both indexes; the texts are embedded once, as `Dense.index` says. Raises DataError and ModelError."""
        for name, part in ((MEANING, Dense(self.options)), (WORDS, Bm25(self.options))):
            (folder / name).mkdir(parents=True, exist_ok=True)
            earlier = before / name if before else None
            if name == MEANING and earlier is not None and not earlier.is_dir():
                earlier = before  # an index by meaning alone
            part.index(passages, folder / name, earlier)

    def open(self, passages: Sequence[Passage], folder: Path) -> HybridFinder:
        """Open both indexes; raises DataError."""
        by_words = Bm25(self.options).open(passages, folder / WORDS)
        by_meaning = Dense(self.options).open(passages, folder / MEANING)
        weight = self.options.weight
        if weight is None:
            weight = KEYED if by_meaning.keyed else EVEN
        return HybridFinder(by_words, by_meaning, weight, self.options)


class HybridFinder:
    """Two open indexes."""

    def __init__(self, by_words: Ranker, by_meaning: DenseFinder, weight: float, options: HybridOptions) -> None:
        self.passages, self.weight, self.options = by_meaning.passages, weight, options
        self._by_words, self._by_meaning = by_words, by_meaning

    def search(self, query: str, k: int) -> list[Hit]:
        """Return the k passages that fit best; a score is a sum of weighted reciprocal ranks."""
        return ranking.hits(self.passages, self.ranked(query, k))

    def ranked(self, query: str, k: int) -> Ranking:
        """Return the places of the k passages that fit best."""
        depth, weight = max(self.options.depth, k), self.weight
        rankings = [
            (1 - weight, self._by_words.ranked(query, depth)),
            (weight, self._by_meaning.ranked(query, depth)),
        ]
        return ranking.fused(rankings, k, self.options.constant)
