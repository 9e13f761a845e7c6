"""Grading an impression by its words: ROUGE against the radiologist's own (Lin 2004).

    reference "no acute cardiopulmonary abnormality", answer "no acute abnormality"  ->  rouge1 0.857

Chinese and other scripts without spaces are compared by character.

ROUGE counts words; it cannot tell "no effusion" from "effusion". Read it per tag and beside its floors: on the Indiana
reports one constant sentence reaches ROUGE-1 0.475, because most of them are normal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import DefaultTokenizer

from domaintune import Example, Score, words
from domaintune_medical.options import RougeOptions

METRICS = ("rouge1", "rouge2", "rougeL")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
"""Characters that are words of their own; rouge-score's tokenizer drops them all."""


class Rouge:
    """Scores word (rouge1), word pair (rouge2) and longest common subsequence (rougeL) overlap as F1, from 0 to 1."""

    def __init__(self, options: RougeOptions | None = None) -> None:
        by_word = DefaultTokenizer(use_stemmer=(options or RougeOptions()).stemmer)
        self._by_unit = {
            unit: (tokenizer, RougeScorer(list(METRICS), tokenizer=tokenizer))
            for unit, tokenizer in (("word", by_word), ("character", _Characters()))
        }

    def grade(self, example: Example, answer: str) -> Iterator[Score]:
        """Yield the three metrics; an empty answer scores 0."""
        unit = "character" if UNSPACED.search(example.reference) else "word"
        tokenizer, scorer = self._by_unit[unit]
        total = len(tokenizer.tokenize(example.reference))
        for metric, score in scorer.score(example.reference, answer).items():
            yield Score(
                metric=metric,
                value=float(score.fmeasure),
                reason=_reason(metric, float(score.recall), total, unit),
            )

    def floors(self, train: Sequence[Example]) -> dict[str, Callable[[Example], str]]:  # noqa: ARG002
        """Add the floor `copy`: the findings themselves as the impression."""
        return {"copy": lambda example: str(example.meta.get("findings") or example.question)}


class _Characters:
    """A tokenizer as rouge-score asks for one: characters of scripts without spaces, words of all others."""

    def tokenize(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        return words(text)


def _reason(metric: str, recall: float, units: int, unit: str) -> str:
    """Say how much of the reference is there: `12 of 15 reference words`."""
    kind, total = (f"{unit} pairs", max(0, units - 1)) if metric == "rouge2" else (f"{unit}s", units)
    order = " in order" if metric == "rougeL" else ""
    return f"{round(recall * total)} of {total} reference {kind}{order}"
