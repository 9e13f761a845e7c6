"""What the building commands do behind the door: plan, walk the stages, show what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domaintune import files, pipeline
from domaintune.adapters.enrol import enrol
from domaintune.adapters.versions import Version, standing
from domaintune.commands.common import print_json
from domaintune.console import err, harmless, note, out, warn
from domaintune.contracts import Example
from domaintune.data import TooMalformed
from domaintune.data import stage as data
from domaintune.data.dataset import as_row
from domaintune.errors import GateError
from domaintune.evaluation import gates, render
from domaintune.forecast import forecast_of
from domaintune.home import quiet_libraries
from domaintune.models import base as models
from domaintune.plan import Plan, make_plan
from domaintune.plugins import catalog
from domaintune.runs import Run, Stage

MEASURED = 500
"""Examples a side whose lengths a preview shows, of a data set that is made in shards."""


def plan(domain: str, *, preset: str | None, file: Path | None, overrides: Sequence[str], unsafe: bool = False) -> Plan:
    """Resolve what is to be built."""
    quiet_libraries()
    return make_plan(catalog(), domain, preset=preset, file=file, overrides=overrides, unsafe=unsafe)


def through(plan: Plan, name: str | None, *, until: Stage, as_json: bool) -> None:
    """Walk the stages, then print the report, or what there is before one."""
    try:
        run = pipeline.build(plan, name, until)
    except TooMalformed as error:
        err().print(data.ledger_table(error.ledger))
        raise
    report = files.read_json(run.file("report.json")) if until in {"evaluation", "adapter"} else None
    version = _candidate(plan, run) if until == "adapter" else None
    if as_json:
        print_json({**_summary(run, report), "version": version.id if version else None})
        note(_where(run, until))
    else:
        if report:
            render(report, out(), out().width)
            out().print(f"\n{plan.domain.safety}" if plan.domain.safety else "", markup=False)
            if (page := run.file("report.html")).is_file():
                out().print(f"report: {page}", markup=False, soft_wrap=True)
        out().print(_where(run, until), markup=False, soft_wrap=True)
    if version:
        note(standing(version))
    _check_gates(plan, report)


def forecast(plan: Plan, name: str | None, *, until: Stage, as_json: bool) -> None:
    """Say what a build would take: rows, tokens, steps, memory, minutes, files."""
    made = forecast_of(plan, name, until)
    if as_json:
        print_json(made.as_dict())
        return
    out().print(data.ledger_table(made.ledger))
    for line in made.lines():
        out().print(line, markup=False, soft_wrap=True)


def show_examples(plan: Plan, count: int, *, as_json: bool) -> None:
    """Show examples as the model would see them, and the ledger; nothing is written."""
    at_hand = models.is_at_hand(plan.settings.model)
    made = data.preview(plan, max(count, MEASURED), data.tokenizer(plan) if at_hand else None)
    shown = made.train[:: max(1, len(made.train) // count)][:count]
    if as_json:
        print_json(
            {
                "schema_version": 1,
                "examples": [as_row(e) for e in shown],
                "ledger": made.ledger.as_dict(),
                "notes": made.notes,
            }
        )
        return
    for sentence in made.notes:
        note(sentence)
    for example in shown:
        _show(example)
    out().print(data.ledger_table(made.ledger))
    if made.lengths:
        out().print(data.lengths_table(made.lengths.as_dict()))
    else:
        warn(f"token lengths are not known: base model {plan.settings.model.base!r} is not on this machine yet")


def _show(example: Example) -> None:
    tags = ", ".join(sorted(example.tags))
    out().print(harmless(f"--- {example.origin}" + (f"  [{tags}]" if tags else "")), markup=False)
    for message in (*example.prompt, *example.completion):
        out().print(harmless(f"{message['role']}: {message['content']}"), markup=False)


def _summary(run: Run, report: Any) -> dict[str, Any]:
    record = run.stages
    brief = {name: {key: stage[key] for key in ("fingerprint", "seconds", "counts")} for name, stage in record.items()}
    ledger = files.read_json(run.file("data/ledger.json"))
    return {"schema_version": 1, "run": str(run.folder), "stages": brief, "ledger": ledger, "report": report}


def _where(run: Run, until: str) -> str:
    place = {"adapter": "adapter", "evaluation": "report.json", "train": "train", "data": "data"}[until]
    return f"{until}: {run.folder / place}"


def _candidate(plan: Plan, run: Run) -> Version | None:
    """Add the finished package to the registry; whatever keeps it out, the build itself is done and good."""
    try:
        return enrol(plan, run)
    except Exception as error:  # a full disk, a registry of a newer domaintune, a package that is refused
        warn(f"the adapter was not added to the registry: {error or type(error).__name__}")
        return None


def _check_gates(plan: Plan, report: Any) -> None:
    unmet = gates(report, plan.settings.eval.require) if report else []
    if unmet:
        raise GateError("gate not met: " + "; ".join(unmet))
