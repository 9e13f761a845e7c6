"""Measuring retrievers: evaluators that put their questions to these, side by side over the same passages."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from domaintune import files
from domaintune.console import note, progress
from domaintune.contracts import Example, Finder
from domaintune.errors import DomaintuneError
from domaintune.evaluation.grading import Grader
from domaintune.evaluation.items import choose
from domaintune.evaluation.marks import RETRIEVER, mark, numbers
from domaintune.evaluation.report import Report
from domaintune.parts import opened
from domaintune.plan import Plan
from domaintune.retrieval.knowledge import OWN, Knowledge
from domaintune.retrieval.passages import name_of

DEPTH, TITLES = 50, 10
"""Passages that are found for a question, and the distinct titles of them that make up an answer."""


def divided(
    plan: Plan, graders: Sequence[Grader], knowledge: Knowledge | None, work: Path
) -> tuple[list[Grader], list[Grader], list[str]]:
    """Return the graders of models, those of retrievers with what was found, and a sentence for each left out.

    `work` keeps the indexes of the retrievers that are not the build's own.
    """
    if knowledge is not None:
        for grader in graders:
            grader.read(knowledge.passages)
    measuring = [grader for grader in graders if grader.retrievers]
    others = [grader for grader in graders if not grader.retrievers]
    if knowledge is None:
        return others, [], [f"{one.name} measures retrieval, and this build uses no knowledge." for one in measuring]
    found, sentences = [], []
    for grader in measuring:
        items = choose(grader.items(()), plan.settings.eval.limit)
        if not items:
            sentences.append(f"{grader.name} found nothing in the knowledge to ask about.")
            continue
        searched = _searched(plan, dataclasses.replace(grader, asks=items), knowledge, work)
        sentences += map(str, getattr(grader.part, "notes", ()))
        if searched.found:
            found.append(searched)
        else:
            sentences.append(f"{grader.name} asked nobody: none of its retrievers could be opened.")
    return others, found, sentences


def measure(plan: Plan, graders: Sequence[Grader], knowledge: Knowledge, work: Path) -> Report:
    """Return a report of the retrievers alone: no model is asked, so it takes seconds."""
    _, found, sentences = divided(plan, graders, knowledge, work)
    settings = plan.settings
    drawn = [
        numbers(mark(grader, list(grader.asks or ()), grader.found, lambda: None), settings.eval.draws, settings.seed)
        for grader in found
    ]
    return Report(
        domain=plan.domain.name,
        base="",
        adapter="",
        seed=settings.seed,
        draws=settings.eval.draws,
        decoding={},
        graders={grader.name: grader.options for grader in found},
        n={"all": sum(len(grader.asks or ()) for grader in found)},
        scores=[row for rows, _ in drawn for row in rows],
        comparisons=[row for _, rows in drawn for row in rows],
        warnings=sentences,
    )


def _searched(plan: Plan, grader: Grader, knowledge: Knowledge, work: Path) -> Grader:
    """Return the grader with the titles that each retriever finds for its items."""
    items = list(grader.asks or ())
    found = {}
    for name in grader.retrievers:
        try:
            finder = _finder(plan, name, knowledge, work)
        except DomaintuneError as error:
            note(f"  {grader.name}: {name} is left out: {error}")
            continue
        with progress(f"{grader.name}: {name}", len(items)) as show:
            answers = []
            for count, item in enumerate(items, 1):
                answers.append(titles(finder, item))
                show(count, len(items))
        found[RETRIEVER + name] = answers
    return dataclasses.replace(grader, found=found)


def titles(finder: Finder, item: Example) -> str:
    """Return the distinct titles found for a question, best first, one a line."""
    hits = finder.search(item.question, DEPTH)
    names = dict.fromkeys(" ".join(name_of(hit.passage).split()) for hit in hits)
    return "\n".join(list(names)[:TITLES])


def _finder(plan: Plan, name: str, knowledge: Knowledge, work: Path) -> Finder:
    """Open a retriever over the passages of the build, indexing them first where it is not the build's own."""
    if name == knowledge.about["retriever"]:
        return knowledge.finder
    part = plan.catalog.component("retriever", name)
    known = {field.name for field in dataclasses.fields(part.options)} if part.options else set()
    options = {
        key: value for key, value in knowledge.about["options"].items() if key in known
    }  # the same embedder, say
    retriever = opened(part, options, "retrieval.options")
    key = {"passages": knowledge.about["passages_sha256"], "options": options, **plan.code("retriever", part)}
    place = work / f"{name}-{files.fingerprint(key)}"
    if not place.is_dir():
        aside = work / f".{place.name}"
        aside.mkdir(parents=True, exist_ok=True)
        own = knowledge.folder / OWN
        retriever.index(knowledge.passages, aside, own / name if (own / name).is_dir() else own)  # it may be a part
        files.replace_folder(aside, place)
    finder: Finder = retriever.open(knowledge.passages, place)
    return finder
