"""Grading an impression by its words: ROUGE against the radiologist's own (Lin 2004).

    reference "no acute cardiopulmonary abnormality", answer "no acute abnormality"  ->  rouge1 0.857

ROUGE counts words; it cannot tell "no effusion" from "effusion". Read it per tag and beside its floors: on the Indiana
reports one constant sentence reaches ROUGE-1 0.475, because most of them are normal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import DefaultTokenizer

from domaintune import Example, Score
from domaintune_medical.options import RougeOptions

METRICS = ("rouge1", "rouge2", "rougeL")


class Rouge:
    """Scores word (rouge1), word pair (rouge2) and longest common subsequence (rougeL) overlap as F1, from 0 to 1."""

    def __init__(self, options: RougeOptions | None = None) -> None:
        self._tokenizer = DefaultTokenizer(use_stemmer=(options or RougeOptions()).stemmer)
        self._scorer = RougeScorer(list(METRICS), tokenizer=self._tokenizer)

    def grade(self, example: Example, answer: str) -> Iterator[Score]:
        """Yield the three metrics; an empty answer scores 0."""
        words = len(self._tokenizer.tokenize(example.reference))
        for metric, score in self._scorer.score(example.reference, answer).items():
            yield Score(
                metric=metric,
                value=float(score.fmeasure),
                reason=_reason(metric, float(score.recall), words),
            )

    def floors(self, train: Sequence[Example]) -> dict[str, Callable[[Example], str]]:  # noqa: ARG002
        """Add the floor `copy`: the findings themselves as the impression."""
        return {"copy": lambda example: str(example.meta.get("findings") or example.question)}


def _reason(metric: str, recall: float, words: int) -> str:
    """Say how much of the reference is there: `12 of 15 reference words`."""
    kind, total = ("word pairs", max(0, words - 1)) if metric == "rouge2" else ("words", words)
    order = " in order" if metric == "rougeL" else ""
    return f"{round(recall * total)} of {total} reference {kind}{order}"
