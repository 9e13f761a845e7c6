"""Does a model fall back on one sentence? A fine-tuned model often says the commonest training answer to everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domaintune.contracts import Example
from domaintune.evaluation.bootstrap import DIGITS
from domaintune.evaluation.floors import commonest, normalise
from domaintune.evaluation.items import ALL, FEWEST, slices

REFERENCE = "reference"


def repetition(
    test: Sequence[Example], train: Sequence[Example], texts: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """Return how often each system says one sentence, beside how often the references say it.

    The sentences are the commonest training answer (`training`) and each system's own commonest answer, by whose it is:
    {"training": {"sentence": text, "tags": {"all": {"n": items, "base": share, "tuned": share, "reference": share}}}}.
    """
    said = {**texts, REFERENCE: [example.reference for example in test]}
    plain = {system: [normalise(text) for text in answers] for system, answers in said.items()}
    found = slices([example.tags for example in test])
    shown = {tag: places for tag, places in found.items() if tag == ALL or len(places) >= FEWEST}
    result = {}
    for owner, answers in {"training": [example.reference for example in train], **texts}.items():
        if answers:
            sentence = commonest(answers)
            tags = {tag: _shares(plain, normalise(sentence), places) for tag, places in shown.items()}
            result[owner] = {"sentence": sentence, "tags": tags}
    return result


def _shares(plain: Mapping[str, Sequence[str]], target: str, places: Sequence[int]) -> dict[str, float]:
    shares: dict[str, float] = {"n": len(places)}
    for system, said in plain.items():
        shares[system] = round(sum(said[place] == target for place in places) / len(places), DIGITS)
    return shares
