"""What a mix costs its members: each one's own test items, answered by the base, the member alone and the mix."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from domaintune import data, evaluation, files
from domaintune.composition.members import Part
from domaintune.console import progress
from domaintune.contracts import Answer, Example, Sampling
from domaintune.data.dataset import as_example
from domaintune.data.pictures import with_paths
from domaintune.errors import DomaintuneError, UsageError
from domaintune.evaluation import bootstrap
from domaintune.evaluation.asked import Asked
from domaintune.evaluation.items import ALL, prompt_key
from domaintune.evaluation.marks import Marks, mark
from domaintune.models import base as models
from domaintune.plan import Plan
from domaintune.plugins import Catalog
from domaintune.settings import resolve

SYSTEMS = ("base", "alone", "tuned")
"""The base model, the member by itself, and the mix: under the name that a registry's gate looks for."""
MIX = "mix"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How members are to be measured: files of items by member, settings, and what the registry knows of the base."""

    catalog: Catalog
    items: Mapping[str, Path]
    overrides: Sequence[str] = ()
    limit: int | None = None
    model: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Exam:
    """One member with what it is asked."""

    part: Part
    plan: Plan
    asked: Asked


def judge(parts: Sequence[Part], wanted: Wanted, folder: Path) -> dict[str, Any]:
    """Return score rows (`metrics`), comparisons, and notes on members that could not be measured."""
    exams, notes = _exams(parts, wanted)
    if not exams:
        return {"metrics": [], "comparisons": [], "notes": notes}
    session = _session(exams[0], parts[0])
    session.load(MIX, folder)
    metrics: list[dict[str, Any]] = []
    comparisons: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as work:
        for place, exam in enumerate(exams):
            session.load(f"m{place}", exam.part.folder)
            answers = _answers(session, exam, f"m{place}", Path(work))
            session.unload(f"m{place}")
            for marks in _marked(exam, answers):
                for row in _numbers(exam, marks):
                    (comparisons if "a" in row else metrics).append(row)
    return {"metrics": metrics, "comparisons": comparisons, "notes": notes}


def _exams(parts: Sequence[Part], wanted: Wanted) -> tuple[list[Exam], list[str]]:
    exams, notes = [], []
    for part in parts:
        try:
            exams.append(_exam(part, wanted))
        except DomaintuneError as error:
            notes.append(f"{part.name} was not measured: {error}")
    return exams, notes


def _exam(part: Part, wanted: Wanted) -> Exam:
    plan = _plan(part, wanted)
    held_out = _items(part, wanted.items)
    train: Iterable[Example] = data.stream(part.run / "data", "train") if part.run else ()
    options = plan.settings.eval.graders
    opened = [evaluation.open_grader(one, options.get(one.name, {})) for one in plan.evaluators]
    graders = [grader for grader in opened if not grader.retrievers]  # those measure no adapter
    evaluation.enter_sandbox(graders, plan.settings.sandbox)
    return Exam(part=part, plan=plan, asked=evaluation.ask(graders, held_out, train, plan.settings.eval.limit))


def _plan(part: Part, wanted: Wanted) -> Plan:
    """Resolve the settings that the member was evaluated with, on its base model; what the user set wins."""
    domain = wanted.catalog.domain(part.domain)
    own = part.manifest.get("settings", {})
    given = {"eval": {**own.get("eval", {}), "require": {}}, "model": dict(wanted.model or own.get("model", {}))}
    limit = [f"eval.limit={wanted.limit}"] if wanted.limit else []
    known = wanted.catalog.names("evaluator")
    settings = resolve(
        replace(domain, presets={"its own": given}),
        preset="its own", overrides=[*limit, *wanted.overrides], evaluators=known,
    )  # fmt: skip
    return Plan(domain=domain, settings=settings, catalog=wanted.catalog)


def _items(part: Part, given: Mapping[str, Path]) -> list[Example]:
    file = given.get(part.name, given.get(part.name.partition("@")[0]))
    if file is None and part.run is None:
        raise UsageError(f"its run is not here; give its items: --items {part.name}=FILE (a run's data/test.jsonl)")
    if file is None and part.run is not None:
        return data.load(part.run / "data", "test")
    assert file is not None
    try:
        return [with_paths(as_example(row), file.parent.resolve()) for row in files.stream_jsonl(file)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{file} cannot be read as items ({error}); give the data/test.jsonl of a run") from None


def _session(exam: Exam, part: Part) -> Any:
    settings = exam.plan.settings.model
    found = models.fingerprint(models.locate(settings))
    if found != part.fingerprint:
        raise UsageError(
            f"{settings.base!r} is not the base model of {part.name} (fingerprint {found}, not {part.fingerprint}); "
            "name it: --set model.base=FOLDER"
        )
    return exam.plan.engine.load().open(settings)


def _answers(session: Any, exam: Exam, alone: str, work: Path) -> dict[str, dict[str, Answer]]:
    """Return the answers of each system by prompt."""
    settings = exam.plan.settings
    sampling = Sampling(
        max_new_tokens=settings.eval.max_new_tokens, temperature=settings.eval.temperature, seed=settings.seed
    )
    found = {}
    for system, adapter in zip(SYSTEMS, (None, alone, MIX), strict=True):
        with progress(f"{exam.part.name}: {system}", len(exam.asked.items)) as show:
            said = evaluation.collect(
                session, exam.asked.items, adapter, sampling, batch_size=settings.eval.batch_size,
                store=work / f"{alone}-{system}.jsonl", progress=show,
            )  # fmt: skip
        found[system] = {prompt_key(item): answer for item, answer in zip(exam.asked.items, said, strict=True)}
    return found


def _marked(exam: Exam, answers: Mapping[str, Mapping[str, Answer]]) -> Iterator[Marks]:
    for grader in exam.asked.graders:
        items = list(grader.asks or ())
        texts = {system: [said[prompt_key(item)].text for item in items] for system, said in answers.items()}
        yield mark(grader, items, texts, _nothing)


def _numbers(exam: Exam, marks: Marks) -> Iterator[dict[str, Any]]:
    """Yield a score of each system and the mix's difference from the others, over all items."""
    settings = exam.plan.settings
    for metric in marks.metrics:
        values = marks.values(metric, range(len(marks.items)))
        if not values.size:
            continue
        shared = marks.pictures(metric, range(len(marks.items)))
        means = bootstrap.resample(values, settings.eval.draws, settings.seed, ALL, shared)
        where = {"member": exam.part.name, "evaluator": marks.evaluator, "metric": metric, "tag": ALL}
        for place, system in enumerate(SYSTEMS):
            proportion = marks.is_proportion(metric)
            found = bootstrap.estimate(values[place], means[:, place], proportion=proportion, shared=shared)
            yield {**where, "system": system, **found._asdict()}
        mix = SYSTEMS.index("tuned")
        for b in ("base", "alone"):
            at = SYSTEMS.index(b)
            apart = bootstrap.compare(values[mix], values[at], means[:, mix], means[:, at], shared)
            yield {**where, "a": "tuned", "b": b, **apart._asdict()}


_nothing: Callable[[], None] = lambda: None  # noqa: E731  (nobody counts here)
