"""The marks of all systems on the items of one evaluator, and the numbers drawn from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from domaintune.contracts import Example, Score
from domaintune.data.overlap import item_name
from domaintune.errors import PluginError
from domaintune.evaluation import bootstrap
from domaintune.evaluation.bootstrap import Floats, Places
from domaintune.evaluation.grading import Grader
from domaintune.evaluation.items import ALL, FEWEST, prompt_key, slices

FLOOR = "floor:"
"""Systems with this prefix need no language model."""
RETRIEVER = "retriever:"
"""Systems with this prefix find passages; the first of them is compared with the others."""
WITH = "+retrieval"
"""Ends the name of a system that answers with passages beside the question; without it, it is the same system."""
BLIND = "+blind"
"""Ends the name of a system that is asked about pictures with blank ones in their place; else it is the same system."""
SUBJECTS = ("tuned", "given")
"""The system that all others are compared with; its rivals follow in the order of the report."""


@dataclass(frozen=True, kw_only=True)
class Marks:
    """The scores of each system by item and metric: `scores["tuned"][3]["rougeL"]`.

    `several` holds, where several answers to an item were graded together, how many: `several["tuned"][3]`.
    """

    evaluator: str
    items: Sequence[Example]
    scores: Mapping[str, Sequence[Mapping[str, Score]]]
    several: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def metrics(self) -> list[str]:
        """The metrics in the order in which the evaluator first yields them."""
        rows = (row for system in self.scores.values() for row in system)
        return list(dict.fromkeys(metric for row in rows for metric in row))

    @cached_property
    def places(self) -> dict[str, int]:
        """The position of the first item with each prompt, by prompt key."""
        return {prompt_key(item): place for place, item in reversed(list(enumerate(self.items)))}

    def slices(self) -> dict[str, list[int]]:
        """Return the positions of the items by slice, without the slices too small for numbers."""
        found = slices([self._tags(place) for place in range(len(self.items))])
        return {tag: places for tag, places in found.items() if tag == ALL or len(places) >= FEWEST}

    def systems(self, metric: str, *, blind: bool = False) -> list[str]:
        """Return the systems that a metric is drawn for: all that see, or the blind and themselves when they see.

        Of several answers an item, those that have it: a floor, which gives one answer, has no pass@10.
        """
        names = [name for name in self.scores if not name.endswith(BLIND)]
        if blind:
            names = [each for name in names if name + BLIND in self.scores for each in (name, name + BLIND)]
        if not self.several:
            return names
        return [name for name in names if any(metric in row for row in self.scores[name])]

    def pictured(self, tag: str, places: Sequence[int]) -> list[int]:
        """Return where in a slice there is something to be seen, if that is enough for numbers."""
        found = [place for place in places if self.items[place].images]
        return found if tag == ALL or len(found) >= FEWEST else []

    def values(self, metric: str, places: Sequence[int], *, blind: bool = False) -> Floats:
        """Return one metric as [systems, items], for those of the places where every one of these systems has it."""
        systems = [self.scores[system] for system in self.systems(metric, blind=blind)]
        common = self._common(metric, places, blind=blind)
        return np.array([[system[place][metric].value for place in common] for system in systems], dtype=np.float64)

    def pictures(self, metric: str, places: Sequence[int], *, blind: bool = False) -> Places | None:
        """Return which picture each item of `values` shows, as numbers from 0 [items]; items without stand for themselves.

        None where no two show the same, and where all do: what one picture says of others cannot be told.
        """
        common = self._common(metric, places, blind=blind)
        numbers: dict[tuple[str, ...] | int, int] = {}
        found = [numbers.setdefault(self.items[place].images or place, len(numbers)) for place in common]
        return np.array(found, dtype=np.intp) if 1 < len(numbers) < len(found) else None

    def _common(self, metric: str, places: Sequence[int], *, blind: bool) -> list[int]:
        systems = [self.scores[system] for system in self.systems(metric, blind=blind)]
        return [place for place in places if all(metric in system[place] for system in systems)]

    def is_proportion(self, metric: str) -> bool:
        """Tell whether a metric counts hits: it is 0 or 1 for every answer, or its evaluator says so.

        Of several answers an item, a share is a mean of its own: its spread over items says more than a count of hits.
        """
        found = [row[metric] for system in self.scores.values() for row in system if metric in row]
        return all((score.proportion and not self.several) or score.value in {0, 1} for score in found)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield a row for each item and system: the item's name, and its scores with their reasons."""
        for system, graded in self.scores.items():
            for place, (item, scores) in enumerate(zip(self.items, graded, strict=True)):
                samples = {"samples": self.several[system][place]} if self.several else {}
                found = [
                    {"metric": score.metric, "value": score.value, "reason": score.reason} for score in scores.values()
                ]
                row = {"evaluator": self.evaluator, "item": item_name(item), "system": system, **samples}
                yield {**row, "scores": found}

    def _tags(self, place: int) -> frozenset[str]:
        """Return an item's own tags, and those that the evaluator gives it whatever the answer."""
        given = [score.tags for system in self.scores.values() for score in system[place].values()]
        return self.items[place].tags | (frozenset.intersection(*given) if given else frozenset())


def mark(
    grader: Grader,
    items: Sequence[Example],
    texts: Mapping[str, Sequence[str]],
    step: Callable[[], None],
    samples: Mapping[str, Sequence[Sequence[str]]] | None = None,
) -> Marks:
    """Grade the answers of every system, aligned with the items; `step` is called after each item of a system.

    `samples` holds all answers of the systems that gave several; a grader that takes one sees that of `texts`.
    """
    if not items:
        raise PluginError(f"evaluator {grader.name!r} asks about none of the items that were answered")
    together = samples if samples and grader.takes_samples else {}
    scores: dict[str, list[dict[str, Score]]] = {}
    several: dict[str, list[int]] = {}
    for system, answers in texts.items():
        if together:
            given = together.get(system, [[text] for text in answers])
            several[system] = [len(said) for said in given]
            graded = grader.grade_samples(list(zip(items, given, strict=True)))
        else:
            graded = grader.grade_each(list(zip(items, answers, strict=True)))
        scores[system] = [_by_metric(grader, item, found, step) for item, found in zip(items, graded, strict=True)]
    return Marks(evaluator=grader.name, items=items, scores=scores, several=several)


def numbers(marks: Marks, draws: int, seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the score rows and the comparison rows of a report, by slice and metric.

    Those of the blind count items with pictures only: nothing is hidden in the others, and their equal answers would
    dilute the difference.
    """
    scores: list[dict[str, Any]] = []
    comparisons: list[dict[str, Any]] = []
    order = {system: place for place, system in enumerate(marks.scores)}
    proportions = {metric for metric in marks.metrics if marks.is_proportion(metric)}
    for tag, places in marks.slices().items():
        for metric in marks.metrics:
            where = {"evaluator": marks.evaluator, "metric": metric, "tag": tag}
            found: list[dict[str, Any]] = []
            for blind, among in ((False, places), (True, marks.pictured(tag, places))):
                values = marks.values(metric, among, blind=blind)
                if values.size == 0:
                    continue
                shared = marks.pictures(metric, among, blind=blind)
                means = bootstrap.resample(values, draws, seed, tag, shared)
                systems = marks.systems(metric, blind=blind)
                rows = _scores(systems, values, means, shared, proportion=metric in proportions)
                found += [row for row in rows if row["system"].endswith(BLIND) == blind]
                n = {"n": values.shape[1]} if blind else {}
                compared = _comparisons(systems, values, means, shared)
                comparisons += [where | row | n for row in compared if row["b"].endswith(BLIND) == blind]
            scores += [where | row for row in sorted(found, key=lambda row: order[row["system"]])]
    return scores, comparisons


def _by_metric(grader: Grader, item: Example, given: Sequence[Score], step: Callable[[], None]) -> dict[str, Score]:
    scores = {score.metric: score for score in given}
    for score in scores.values():
        if not np.isfinite(score.value):
            raise PluginError(
                f"evaluator {grader.name!r} gave {score.metric} = {score.value} for the answer to {item.origin}; "
                "leave a metric out where it has no value"
            )
    step()
    return scores


def _scores(
    systems: list[str], values: Floats, means: Floats, shared: Places | None, *, proportion: bool
) -> Iterator[dict[str, Any]]:
    for place, system in enumerate(systems):
        found = bootstrap.estimate(values[place], means[:, place], proportion=proportion, shared=shared)
        yield {"system": system, **found._asdict()}


def _comparisons(systems: list[str], values: Floats, means: Floats, shared: Places | None) -> Iterator[dict[str, Any]]:
    at = {system: place for place, system in enumerate(systems)}
    floors = [system for system in systems if system.startswith(FLOOR)]
    best = [max(floors, key=lambda system: values[at[system]].mean())] if floors else []
    for a, b in pairs(systems, best):
        difference = bootstrap.compare(values[at[a]], values[at[b]], means[:, at[a]], means[:, at[b]], shared)
        yield {"a": a, "b": b, **difference._asdict()}


def pairs(systems: Sequence[str], best: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return who is compared with whom: the subject with its rivals and the best floor, with and without passages.

    Each model with passages is compared with itself without, and each with itself blind; of retrievers, the first with
    each other.
    """
    found = [system for system in systems if system.startswith(RETRIEVER)]
    if found:
        return [(found[0], other) for other in found[1:]]
    models = [system for system in systems if not (system.startswith(FLOOR) or system.endswith(BLIND))]
    chosen: list[tuple[str, str]] = []
    for kind in (False, True):
        alike = [system for system in models if system.endswith(WITH) is kind]
        subject = next((system for name in SUBJECTS for system in alike if system.removesuffix(WITH) == name), None)
        if subject is not None:
            chosen += [(subject, rival) for rival in [*(one for one in alike if one != subject), *best]]
    chosen += [
        (system, plain) for system in models if (plain := system.removesuffix(WITH)) in models and plain != system
    ]
    return chosen + [(system, blind) for system in models if (blind := system + BLIND) in systems]
