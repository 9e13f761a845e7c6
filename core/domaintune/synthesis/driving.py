"""Evolving on behalf of a data builder: its teacher, its draws, a bar on the screen and a note at the end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from domaintune.contracts import BuildContext, Dropped, Progress, Teacher, Usage
from domaintune.synthesis.acceptance import Acceptance
from domaintune.synthesis.evolution import evolve
from domaintune.synthesis.options import EvolveOptions
from domaintune.synthesis.recipe import Recipe
from domaintune.synthesis.task import Task

PAUSE = 0.1
"""Seconds between two looks at the screen."""


def evolved(
    context: BuildContext,
    seeds: Iterable[Task],
    recipe: Recipe,
    options: EvolveOptions | None = None,
    acceptance: Acceptance | None = None,
) -> Iterator[Task | Dropped]:
    """Yield the seeds and what becomes of them, as `evolve` does, with the teacher and the randomness of a build.

    The screen shows the acceptance rate and what the teacher has spent; each round leaves a note in the books. Raises
    DataError where no teacher is named.
    """
    options, acceptance = options or EvolveOptions(), acceptance or Acceptance()
    teacher = context.teacher()
    with context.progress("evolving") as show:
        told = _Bar(show, acceptance, teacher)
        yield from evolve(seeds, recipe, teacher, options, rng=context.rng, acceptance=acceptance, progress=told)
    for sentence in acceptance.sentences():
        context.note(sentence)


class _Bar:
    """Shows how far it is, seldom enough to cost nothing."""

    def __init__(self, show: Progress, acceptance: Acceptance, teacher: Teacher) -> None:
        self._show, self._acceptance, self._teacher = show, acceptance, teacher
        self._next = 0.0

    def __call__(self, done: int, total: int) -> None:
        if done < total and time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PAUSE
        self._show(done, total, status(self._acceptance, getattr(self._teacher, "usage", None)))


def status(acceptance: Acceptance, usage: Usage | None) -> str:
    """Return what stands behind the bar, as far as known: `68 % accepted, 12,340 tokens, 20 from the store, $0.05`."""
    parts = [f"{100 * acceptance.rate:.0f} % accepted"] if acceptance.rate is not None else []
    usage = usage or Usage()
    if tokens := usage.prompt_tokens + usage.completion_tokens:
        parts.append(f"{tokens:,} tokens")
    if usage.cached:
        parts.append(f"{usage.cached:,} from the store")
    if usage.cost is not None:
        parts.append(f"${usage.cost:.2f}")
    return ", ".join(parts)
