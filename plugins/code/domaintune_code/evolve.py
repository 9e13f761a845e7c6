"""Evol-Instruct for programs (WizardCoder): seeds, harder tasks made of them, answers, tests, and the proof of all.

    seed      Write a function `total(xs)` that adds up a list of numbers.
    round 1   Write a function `total(xs)` that adds up a list of numbers, skipping those below zero.   (constraint)
    answer    def total(xs): ...        tests   assert total([1, -2]) == 1        proof   passed, 0.04 s, T1

Every round evolves the tasks of the one before; the rows of all rounds are learned together with their seeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domaintune import BuildContext, Dropped, Example
from domaintune.synthesis import Task, evolved
from domaintune_code.checks import with_tests
from domaintune_code.drafts import Draft
from domaintune_code.heuristics import recipe_of
from domaintune_code.options import EvolveCodeOptions
from domaintune_code.proof import proven
from domaintune_code.seeds import Seed, read_seeds


def code_evolve(context: BuildContext) -> Iterator[Example | Dropped]:
    """Yield an example for every seed and every evolved task that is proven, and say of all others why not.

    Raises DataError where tasks are to evolve and no teacher is named, SandboxError where nothing can be run.
    """
    options: EvolveCodeOptions = context.options or EvolveCodeOptions()
    if options.rounds or options.tests == "all":
        context.teacher()  # before the rows are read: a missing one is said at once
    seeds: list[tuple[Seed, Draft]] = []
    for item in read_seeds(context):
        if isinstance(item, Dropped):
            yield item
        elif (draft := item.draft()).language != "python" and options.languages == "python" and item.answer:
            yield Dropped(origin=item.origin, reason="not-python", detail=f"the task is one of {draft.language}")
        else:
            seeds.append((item, draft))
    rows: list[Draft] = []
    for made in _grown(context, seeds, options):
        if isinstance(made, Dropped):
            yield made
        else:
            rows.append(made)
    if options.tests == "all":
        rows = with_tests(context, rows, options.test_tokens)
    elif options.tests == "ask" and options.rounds:
        young = [row for row in rows if "seed" not in row.tags]
        rows = [row for row in rows if "seed" in row.tags] + with_tests(context, young, options.test_tokens)
    yield from proven(context, rows, options)


def _grown(
    context: BuildContext, seeds: Sequence[tuple[Seed, Draft]], options: EvolveCodeOptions
) -> Iterator[Draft | Dropped]:
    """Yield the seeds that have an answer, then what the teacher makes of those that were drawn."""
    drawn = _drawn(context, len(seeds), options)
    roots = {seed.origin: seed for place, (seed, _) in enumerate(seeds) if place in drawn and not seed.answer}
    for seed, draft in seeds:
        if seed.answer:
            yield draft
        elif seed.origin not in roots:
            yield Dropped(origin=seed.origin, reason="no-answer", detail="and no teacher was asked for one")
    if not drawn:
        return
    tasks = [_task(*seeds[place]) for place in sorted(drawn)]
    own = {seed.origin for seed, _ in seeds if seed.answer}
    for item in evolved(context, tasks, recipe_of(options.heuristics), options):
        if item.origin in own:
            continue  # a seed, which was yielded above
        yield item if isinstance(item, Dropped) else _evolved(item)


def _drawn(context: BuildContext, seeds: int, options: EvolveCodeOptions) -> set[int]:
    """Return the places of the seeds that evolve."""
    if not options.rounds:
        return set()
    wanted = min(options.evolve or seeds, seeds)
    return set(context.rng.sample(range(seeds), wanted))


def _task(seed: Seed, draft: Draft) -> Task:
    return Task(text=seed.task, answer=draft.answer or None, origin=seed.origin)


def _evolved(task: Task) -> Draft:
    """Return a task that the teacher has made or answered, with the way it came."""
    name = f"round-{task.lineage[-1].round}" if task.lineage else "seed"
    operators = [task.lineage[-1].operator] if task.lineage else []
    return Draft(
        task=task.text,
        answer=str(task.meta.get("reply") or task.answer),
        origin=task.origin,
        solution=str(task.meta.get("solution", "")),
        group=task.seed.text,
        tags=frozenset({name, *operators}),
        meta={"lineage": task.as_meta()},
    )
