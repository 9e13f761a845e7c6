"""Evol-Instruct for programs (WizardCoder): seeds, harder tasks made of them, answers, tests, and the proof of all.

    seed      Write a function `total(xs)` that adds up a list of numbers.
    round 1   Write a function `total(xs)` that adds up a list of numbers, skipping those below zero.   (constraint)
    answer    def total(xs): ...        tests   assert total([1, -2]) == 1        proof   passed, 0.04 s, T1

Every round evolves the tasks of the one before; the rows of all rounds are learned together with their seeds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from domaintune import BuildContext, Dropped, Example
from domaintune.synthesis import Task, evolved
from domaintune_code.answers import code_of
from domaintune_code.checks import with_tests
from domaintune_code.drafts import Draft
from domaintune_code.heuristics import recipe_of
from domaintune_code.languages import foreign
from domaintune_code.options import EvolveCodeOptions
from domaintune_code.proof import proven
from domaintune_code.seeds import Seed, read_seeds

TOGETHER = 100
"""Rows for whose tests the teacher is asked together: where its budget ends, so many at most are left without."""


def code_evolve(context: BuildContext) -> Iterator[Example | Dropped]:
    """Yield an example for every seed and every evolved task that is proven, and say of all others why not.

    Raises DataError where tasks are to evolve and no teacher is named, SandboxError where nothing can be run.
    """
    options: EvolveCodeOptions = context.options or EvolveCodeOptions()
    base = context.rng.getrandbits(64)  # first of all: how many seeds there are has no part in any draw
    if options.rounds or options.tests == "all":
        context.teacher()  # before the rows are read: a missing one is said at once
    seeds: list[Seed] = []
    rows: list[Draft] = []
    for item in read_seeds(context):
        if isinstance(item, Dropped):
            yield item
        elif other := _unfit(item, options):
            yield Dropped(origin=item.origin, reason="not-python", detail=f"the task is one of {other}")
        else:
            seeds.append(item)
            rows += [item.draft()] if item.answer else []
    if options.tests == "all":
        rows = with_tests(context, rows, options.test_tokens, base=base)
    for made in _taught(context, seeds, options, base):
        if isinstance(made, Dropped):
            yield made
        else:
            rows.append(made)
    yield from proven(context, rows, options)


def _unfit(seed: Seed, options: EvolveCodeOptions) -> str:
    """Return the language of a seed that is not wanted; empty where it is.

    A seed without an answer is asked for in Python, so no other option lets it through.
    """
    if not seed.answer:
        return "" if seed.tests or seed.entry else foreign(seed.task)
    language = seed.draft().language
    return language if language != "python" and options.languages == "python" else ""


def _taught(
    context: BuildContext, seeds: Sequence[Seed], options: EvolveCodeOptions, base: int
) -> Iterator[Draft | Dropped]:
    """Yield what the teacher answers and makes of the seeds that were drawn, with tests."""
    drawn = _drawn(seeds, options, base)
    for place, seed in enumerate(seeds):
        if not seed.answer and place not in drawn:
            yield Dropped(origin=seed.origin, reason="no-answer", detail="and no teacher was asked for one")
    asking = options.tests == "all" or (options.tests == "ask" and options.proof != "off")
    made = _grown(context, [seeds[place] for place in sorted(drawn)], options) if drawn else iter(())
    while some := list(islice(made, TOGETHER)):
        yield from (item for item in some if isinstance(item, Dropped))
        rows = [item for item in some if isinstance(item, Draft)]
        yield from with_tests(context, rows, options.test_tokens, base=base, bar=False) if asking else rows


def _grown(context: BuildContext, seeds: Sequence[Seed], options: EvolveCodeOptions) -> Iterator[Draft | Dropped]:
    """Yield the seeds that the teacher has answered, then the tasks of each round."""
    roots = {seed.origin: seed for seed in seeds}
    for item in evolved(context, map(_task, seeds), recipe_of(options.heuristics), options):
        root = roots.get(item.origin)
        if root is not None and root.answer:
            continue  # a seed with an answer of its own, which is there already
        yield item if isinstance(item, Dropped) else _evolved(item) if root is None else _answered(item, root)


def _drawn(seeds: Sequence[Seed], options: EvolveCodeOptions, base: int) -> set[int]:
    """Return the places of the seeds that evolve, drawn by their own texts."""
    if not options.rounds:
        return set()
    wanted = min(options.evolve or len(seeds), len(seeds))
    ranks = [random.Random(f"{base} {seed.task}").random() for seed in seeds]  # noqa: S311  (sampling, not secrecy)
    return set(sorted(range(len(seeds)), key=lambda place: (ranks[place], place))[:wanted])


def _task(seed: Seed) -> Task:
    return Task(text=seed.task, answer=(seed.draft().answer if seed.answer else None), origin=seed.origin)


def _answered(task: Task, seed: Seed) -> Draft:
    """Return a seed that the teacher has answered, with what came beside it: its own tests prove it."""
    reply = str(task.meta.get("reply") or task.answer)
    solution = code_of(reply, seed.entry) if seed.entry else str(task.meta.get("solution", ""))
    return replace(seed.draft(), answer=reply, solution=solution, language="python", group=task.seed.text)


def _evolved(task: Task) -> Draft:
    """Return a task that the teacher has made, with the way it came."""
    step = task.lineage[-1]
    return Draft(
        task=task.text,
        answer=str(task.meta.get("reply") or task.answer),
        origin=task.origin,
        solution=str(task.meta.get("solution", "")),
        group=task.seed.text,
        tags=frozenset({f"round-{step.round}", step.operator}),
        meta={"lineage": task.as_meta()},
    )
