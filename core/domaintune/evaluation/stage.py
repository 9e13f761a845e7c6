"""The evaluation stage: base, tuned and the cheap floors, answering the same held-out questions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from domaintune import __version__, data, evaluation, files
from domaintune.console import progress
from domaintune.contracts import Answer, Component, Example, Sampling
from domaintune.data.sources import contents
from domaintune.evaluation import contact_sheet, page, sampled, searching
from domaintune.evaluation.blind import blinded
from domaintune.evaluation.items import content_key
from domaintune.evaluation.marks import BLIND, WITH
from domaintune.models import base as models
from domaintune.plan import Plan
from domaintune.retrieval import use as retrieval
from domaintune.retrieval.knowledge import Knowledge
from domaintune.runs import Run

RESULTS = "results.jsonl"
"""What every answer scored, a row for each item and system."""
UNCHANGED = {"n": 1, "blind": True}
"""Settings that came later, by the value with which a report is what it was before them."""
FLOOR_ROWS = 20_000
"""Training examples that the floors learn from at most: the time of the nearest neighbour grows with them."""


def inputs(plan: Plan, run: Run) -> dict[str, Any]:
    """Return everything that decides the report."""
    values = plan.settings.as_dict()
    graders = open_graders(plan)
    return {
        "test.jsonl": run.output("data", "test.jsonl"),
        "train.jsonl": run.output("data", "train.jsonl"),  # the floors learn from it
        "adapter": _adapter_hash(run),
        **retrieval.of_grading(plan, run),
        "model": {**models.identity(plan.settings.model), **values["model"]},
        "evaluators": [_evaluator(plan, *each) for each in zip(plan.evaluators, graders, strict=True)],
        "engine": plan.code("engine", plan.engine),
        "eval": {name: value for name, value in values["eval"].items() if (name, value) not in UNCHANGED.items()},
        "seed": values["seed"],
        **evaluation.of_running(graders, plan.settings),
    }


def _evaluator(plan: Plan, part: Component[Any], grader: evaluation.Grader) -> dict[str, Any]:
    """Return what changes when an evaluator does: its code, the files that its options name, the items that it brings.

    The items say what no list of files does: pictures in a folder, wherever in it they are.
    """
    named = [value for value in plan.settings.eval.graders.get(part.name, {}).values() if isinstance(value, str)]
    found = contents(named)
    own = {"items": content_key(items)} if (items := grader.own_items()) else {}
    return {"name": part.name, **plan.code("evaluator", part), **({"files": found} if found else {}), **own}


def open_graders(plan: Plan) -> list[evaluation.Grader]:
    """Return the evaluators of a build with their options."""
    options = plan.settings.eval.graders
    return [evaluation.open_grader(part, options.get(part.name, {})) for part in plan.evaluators]


def check(plan: Plan) -> None:
    """Have every evaluator refuse at once what it could not measure after training; raises DomaintuneError."""
    for grader in open_graders(plan):
        grader.ready()


def work(plan: Plan, run: Run, folder: Path) -> dict[str, Any]:
    """Collect the answers, grade them, and leave the report, for programs and for people, and its pictures in `folder`."""
    settings = plan.settings
    graders = open_graders(plan)
    samplings = evaluation.samplings_of(settings.eval, settings.seed)
    told = evaluation.enter_sandbox(graders, settings.sandbox)
    held_out = data.load(run.file("data"), "test")
    knowledge = retrieval.open_knowledge(plan, run) if plan.uses_knowledge else None
    with TemporaryDirectory(dir=run.folder, prefix=".compared-") as compared:
        models_of, found, unasked = searching.divided(plan, graders, knowledge, Path(compared))
    asked = evaluation.ask(models_of, held_out, data.stream(run.file("data"), "train"), settings.eval.limit)
    answers = _answers(plan, run, asked.items, samplings, knowledge)
    with progress("grading", None) as show:
        report = evaluation.evaluate(
            asked.items,
            _learned(run),
            [*asked.graders, *found],
            {system: [said[0] for said in samples] for system, samples in answers.items()},
            settings.eval,
            seed=settings.seed,
            domain=plan.domain.name,
            base=settings.model.base,
            adapter=run.folder.name,
            decoding=_decoding(samplings),
            samples=_texts(answers) if len(samplings) > 1 else None,
            progress=show,
            keep=partial(files.write_jsonl, folder / RESULTS),
        )
    told += [*asked.warnings, *unasked, *_on_floors(run)]
    report = dataclasses.replace(report, warnings=[*told, *report.warnings])
    _write(plan, run, folder, evaluation.draw(report, graders, folder), asked.items)
    return {"items": len(asked.items)}


def _write(plan: Plan, run: Run, folder: Path, report: evaluation.Report, items: Sequence[Example]) -> None:
    """Write report.json, the page, and where samples have pictures in the run the sheet of them."""
    shown = sampled.images(report, items)
    document = sampled.named(report, shown, run.folder).as_dict()
    files.write_json(folder / "report.json", document)
    files.write_text(folder / page.FILE, page.page(document, folder, shown, plan.domain.safety))
    if (sheet := contact_sheet.sheet(document["samples"], run.folder)) is not None:
        sheet.save(folder / contact_sheet.FILE)


def publish(run: Run) -> None:
    """Put the report where people and machines look for it."""
    for name in ("report.json", page.FILE):
        if (left := run.file(f"evaluation/{name}")).is_file():
            files.write_text(run.file(name), left.read_text(encoding="utf-8"))


def _learned(run: Run) -> list[Example]:
    """Return the training examples that the floors learn from: all, or so many from all over."""
    rows = _rows(run)
    train = enumerate(data.stream(run.file("data"), "train"))
    return [example for place, example in train if (place + 1) * FLOOR_ROWS // rows > place * FLOOR_ROWS // rows]


def _on_floors(run: Run) -> list[str]:
    rows = _rows(run)
    return [f"The floors learned from {FLOOR_ROWS:,} of {rows:,} training examples."] if rows > FLOOR_ROWS else []


def _rows(run: Run) -> int:
    return int(files.read_json(run.file("data/ledger.json"))["kept"]["train"])


def _decoding(samplings: Sequence[Sampling]) -> dict[str, Any]:
    """Return how answers were drawn, for the report; `n` is named where there are several."""
    first = samplings[0]
    how = {"max_new_tokens": first.max_new_tokens, "temperature": first.temperature, "seed": first.seed}
    return {**how, "n": len(samplings)} if len(samplings) > 1 else how


def _texts(answers: Mapping[str, Sequence[Sequence[Answer]]]) -> dict[str, list[list[str]]]:
    return {system: [[answer.text for answer in said] for said in samples] for system, samples in answers.items()}


def _answers(
    plan: Plan, run: Run, items: list[Example], samplings: Sequence[Sampling], knowledge: Knowledge | None
) -> dict[str, list[list[Answer]]]:
    """Ask both models every question, with blank pictures and with passages once more where there are some."""
    engine, settings = plan.engine.load(), plan.settings
    stores = {"base": _store(plan, run, "base"), "tuned": _store(plan, run, _adapter_hash(run)[:12])}
    questions = {"": items}
    if settings.eval.blind and any(item.images for item in items):
        questions[BLIND] = blinded(items)
    if knowledge is not None:
        base = models.locate(settings.model)
        questions[WITH] = retrieval.asked(
            plan, knowledge, models.load_tokenizer(base), items, models.load_processor(base)
        )
    session: Any = None
    answers = {}
    for model, store in stores.items():
        for kind, asked in questions.items():
            if evaluation.missing(asked, samplings, store) and session is None:
                session = engine.open(settings.model)
                session.load("tuned", run.file("train/adapter"))
            with progress(f"answers: {model}{kind}", len(asked)) as show:
                answers[model + kind] = evaluation.collect_samples(
                    session, asked, None if model == "base" else "tuned", samplings,
                    batch_size=settings.eval.batch_size, store=store, progress=show,
                )  # fmt: skip
    return answers


def _store(plan: Plan, run: Run, system: str) -> Path:
    """Return the file of a system's answers; it outlives the stage, so that a changed grader asks nothing again."""
    asked = {**models.identity(plan.settings.model), **plan.settings.as_dict()["model"]}
    model = files.fingerprint({**asked, "engine": plan.code("engine", plan.engine), "domaintune": __version__})
    return run.file(f"answers/{system}-{model[:8]}.jsonl")


def _adapter_hash(run: Run) -> str:
    return run.output("train", "adapter/adapter_model.safetensors")
