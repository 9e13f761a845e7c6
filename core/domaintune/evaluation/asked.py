"""Who asks what: every grader its own items, none of them learned from, and the models the union of all."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from domaintune.contracts import IMAGE, Example
from domaintune.errors import DataError
from domaintune.evaluation.floors import normalise
from domaintune.evaluation.grading import Grader
from domaintune.evaluation.items import choose, prompt_key
from domaintune.images.naming import picture_key


class Asked(NamedTuple):
    """The items to be answered, the graders with their share of them, and what a reader of the numbers must be told."""

    items: list[Example]
    graders: list[Grader]
    warnings: list[str]


def ask(graders: Sequence[Grader], held_out: Sequence[Example], train: Iterable[Example], limit: int | None) -> Asked:
    """Give each grader at most `limit` items of those it asks about: its own, or the held-out examples.

    Items that a grader brings itself and whose question or group occurs in training are left out. Where two graders ask
    with the same prompt, the models answer it once.
    """
    wanted = [grader.items(held_out) for grader in graders]
    divided = {id(example) for example in held_out}  # these are apart from training already, by their groups
    strangers = {key for items in wanted for item in items if id(item) not in divided for key in _keys(item)}
    learned = {key for example in train for key in _keys(example) if key in strangers} if strangers else set()
    asked, warnings = [], []
    for grader, items in zip(graders, wanted, strict=True):
        apart = [item for item in items if id(item) in divided or learned.isdisjoint(_keys(item))]
        warnings += _told(grader.name, len(items) - len(apart), len(apart))
        asked.append(choose(apart, limit))
    bound = [dataclasses.replace(grader, asks=items) for grader, items in zip(graders, asked, strict=True)]
    return Asked(_union(asked), bound, warnings)


def _keys(example: Example) -> list[tuple[str, ...]]:
    """Return what tells that two examples are the same: the question with its images, and the group's text."""
    asked = example.question.replace(IMAGE, " ") if example.images else example.question
    question = (normalise(asked), *map(picture_key, example.images))
    return [question] if example.group is None else [question, ("group", example.group)]


def _told(evaluator: str, learned: int, left: int) -> list[str]:
    """Return the sentence about items that were learned from; with none left there is nothing to measure."""
    if learned and not left:
        raise DataError(f"every item of {evaluator} occurs in training; train on other data, or change eval.evaluators")
    if not learned:
        return []
    what = "1 item" if learned == 1 else f"{learned:,} items"
    occur, were = ("occurs", "was") if learned == 1 else ("occur", "were")
    return [f"{what} of {evaluator} {occur} in training and {were} not asked."]


def _union(several: Iterable[Sequence[Example]]) -> list[Example]:
    """Return all items of the first grader, then of each other one those that nobody asked before."""
    union: list[Example] = []
    known: set[str] = set()
    for items in several:
        keys = [prompt_key(item) for item in items]
        union += [item for key, item in zip(keys, items, strict=True) if key not in known]
        known.update(keys)
    return union
