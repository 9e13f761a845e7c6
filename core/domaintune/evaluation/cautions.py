"""What a reader of the numbers must be told: each caution is one sentence that names what was seen and what helps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domaintune.contracts import Answer
from domaintune.evaluation.bootstrap import DIGITS
from domaintune.evaluation.floors import normalise
from domaintune.evaluation.items import ALL, FEWEST
from domaintune.evaluation.layout import MANY
from domaintune.evaluation.marks import BLIND, FLOOR, SUBJECTS
from domaintune.evaluation.repetition import REFERENCE

EXCESS = 0.15
"""How much more often than in the references one sentence may be said."""
CURE = " Fewer training examples with this answer help: see data.balance."
CUT_SHORT = 0.1
"""The share of answers that may reach the token limit."""


def cautions(
    repeated: Mapping[str, Any],
    comparisons: Sequence[Mapping[str, Any]],
    answers: Mapping[str, Sequence[Answer]],
    n: Mapping[str, int],
) -> list[str]:
    """Return the warnings of a report from its parts: repetition, comparisons, answers, items by tag."""
    return [
        *_one_sentence(repeated, answers),
        *_all_equal(answers),
        *_below_floor(comparisons),
        *_unseeing(comparisons),
        *_cut_short(answers),
        *_small_tags(n),
    ]


def _one_sentence(repeated: Mapping[str, Any], answers: Mapping[str, Any]) -> Iterator[str]:
    """Warn once for each sentence that the subject says too often, with the slices where it does."""
    for subject in (system for system in SUBJECTS if system in answers):
        by_sentence = {normalise(row["sentence"]): row for row in list(repeated.values())[::-1]}
        for row in list(by_sentence.values())[::-1]:
            places = [_place(tag, shares, subject) for tag, shares in row["tags"].items() if _exceeds(shares, subject)]
            if places:
                said = f'The {subject} model falls back on one sentence, "{_short(row["sentence"])}": {_some(places)}.'
                yield said + (CURE if subject == "tuned" else "")


def _exceeds(shares: Mapping[str, float], subject: str) -> bool:
    """Tell whether the excess is over 15 points, and more than one answer of a small slice."""
    excess = round(shares[subject] - shares[REFERENCE], DIGITS)
    return excess > EXCESS and excess * shares["n"] > 1.5


def _place(tag: str, shares: Mapping[str, float], subject: str) -> str:
    return f"{shares[subject]:.0%} of its answers on {_items(tag)} (references: {shares[REFERENCE]:.0%})"


def _all_equal(answers: Mapping[str, Sequence[Answer]]) -> Iterator[str]:
    for system, given in answers.items():
        texts = {normalise(answer.text) for answer in given}
        if len(given) > 1 and len(texts) == 1:
            what = f'"{_short(given[0].text)}"' if given[0].text.strip() else "nothing"
            yield (
                f"The {system} model gave the same answer to all {len(given)} items ({what}); "
                "its scores say nothing about what it understands."
            )


def _below_floor(comparisons: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Warn once for each evaluator, with the slices where a cheap answer is as good, and the metrics if not in all."""
    by_evaluator: dict[tuple[str, str], dict[str, list[Mapping[str, Any]]]] = {}
    for row in comparisons:
        if row["b"].startswith(FLOOR):
            by_evaluator.setdefault((row["evaluator"], row["a"]), {}).setdefault(row["tag"], []).append(row)
    for (evaluator, subject), tags in by_evaluator.items():
        places = [f"{_items(tag)} ({_unbeaten(rows)})" for tag, rows in tags.items() if _unbeaten(rows)]
        if places:
            yield f"{evaluator}: the {subject} model is not shown to beat the best floor on {_some(places)}."


def _unseeing(comparisons: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Warn once for each evaluator, with the slices where a model is as good with blank pictures."""
    by_evaluator: dict[tuple[str, str], dict[str, list[Mapping[str, Any]]]] = {}
    for row in comparisons:
        if row["a"] in SUBJECTS and row["b"] == row["a"] + BLIND:
            by_evaluator.setdefault((row["evaluator"], row["a"]), {}).setdefault(row["tag"], []).append(row)
    for (evaluator, subject), tags in by_evaluator.items():
        places = [place for tag, rows in tags.items() if (place := _unseen(tag, rows))]
        if places:
            yield (
                f"{evaluator}: the {subject} model is not shown to beat itself with blank pictures on {_some(places)}: "
                "what it answers there it may not have seen."
            )


def _unseen(tag: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the slice where blank pictures do as well, with the metrics if not in all; nothing where they do in none."""
    metrics = [row["metric"] for row in rows if row["verdict"] != "better"]
    if not metrics:
        return ""
    return _items(tag) if len(metrics) == len(rows) else f"{_items(tag)} (in {_listed(metrics)})"


def _unbeaten(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the floors of one slice that were not beaten: `nearest`, or `nearest in rouge1 and rouge2`."""
    floors: dict[str, list[str]] = {}
    for row in rows:
        if row["verdict"] != "better":
            floors.setdefault(row["b"].removeprefix(FLOOR), []).append(row["metric"])
    return ", ".join(
        floor if len(metrics) == len(rows) else f"{floor} in {_listed(metrics)}" for floor, metrics in floors.items()
    )


def _items(tag: str) -> str:
    return "all items" if tag == ALL else tag


def _cut_short(answers: Mapping[str, Sequence[Answer]]) -> Iterator[str]:
    for system, given in answers.items():
        share = sum(answer.finish_reason == "length" for answer in given) / max(1, len(given))
        if share > CUT_SHORT:
            yield (
                f"{share:.0%} of the {system} model's answers were cut off at the token limit "
                "(finish_reason length); raise eval.max_new_tokens."
            )


def _small_tags(n: Mapping[str, int]) -> Iterator[str]:
    small = [f"{tag} ({count})" for tag, count in n.items() if count < FEWEST and tag != ALL]
    if small:
        yield f"Fewer than {FEWEST} items, so no numbers of their own: {_some(small)}."


def _short(text: str, width: int = 120) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 3].rstrip() + "..."


def _some(places: Sequence[str]) -> str:
    """Name the slices, of many the first; the report holds the numbers of all."""
    few = len(places) <= MANY + 1  # all items, and the tags that still have a block each
    return _listed(places if few else [*places[:MANY], f"{len(places) - MANY} more"])


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + f" and {words[-1]}" if len(words) > 1 else "".join(words)
