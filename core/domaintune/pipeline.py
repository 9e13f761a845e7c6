"""The story of a build: examples, knowledge, an adapter, an honest report, a package; nothing is done twice."""

from __future__ import annotations

from functools import partial

import tomli_w

from domaintune import files, runs
from domaintune.adapters import stage as package
from domaintune.data import stage as data
from domaintune.evaluation import stage as evaluation
from domaintune.home import runs_folder
from domaintune.plan import Plan
from domaintune.retrieval import stage as retrieval
from domaintune.runs import Run, Stage
from domaintune.training import stage as training


def build(plan: Plan, name: str | None = None, until: Stage = "adapter") -> Run:
    """Walk the stages up to `until` and return the run; repeating the call goes on where it stopped."""
    if until in {"evaluation", "adapter"}:
        evaluation.check(plan)
    run = runs.place(runs_folder(), plan.domain.name, name, plan.key)
    with run.lock():
        files.write_text(run.file("settings.toml"), settings_toml(plan))
        runs.point_latest(run, plan.domain.name)

        run.perform("data", data.inputs(plan), partial(data.work, plan))
        data.announce(run)
        if until == "data":
            return run

        if plan.uses_knowledge:
            _index(plan, run)

        run.perform("train", training.inputs(plan, run), partial(training.work, plan, run))
        if until == "train":
            return run

        run.perform("evaluation", evaluation.inputs(plan, run), partial(evaluation.work, plan, run))
        evaluation.publish(run)
        if until == "evaluation":
            return run

        run.perform("adapter", package.inputs(plan, run), partial(package.work, plan, run))
    return run


def index(plan: Plan, name: str | None = None) -> Run:
    """Index the knowledge of a domain alone and return the run; a build with the same settings goes on from it."""
    run = runs.place(runs_folder(), plan.domain.name, name, plan.key)
    with run.lock():
        if "train" not in run.stages:  # what an adapter was trained with stays on record
            files.write_text(run.file("settings.toml"), settings_toml(plan))
        runs.point_latest(run, plan.domain.name)
        _index(plan, run)
    return run


def _index(plan: Plan, run: Run) -> None:
    run.perform("index", retrieval.inputs(plan), partial(retrieval.work, plan, run))
    retrieval.announce(run)


def settings_toml(plan: Plan) -> str:
    """Return the resolved settings as TOML that `-c` reads back; settings that are not set are left out."""
    sections = {
        name: {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value
        for name, value in plan.settings.as_dict().items()
    }
    return f"# domaintune build {plan.domain.name}\n" + tomli_w.dumps(sections)
