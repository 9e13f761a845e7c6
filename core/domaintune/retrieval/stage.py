"""The index stage: from knowledge files to passages that can be found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from rich.table import Table

from domaintune import files
from domaintune.console import err, note
from domaintune.data.sources import contents
from domaintune.embedding import names
from domaintune.parts import opened
from domaintune.plan import Plan
from domaintune.retrieval import passages as store
from domaintune.retrieval.knowledge import ABOUT, OWN, SCHEMA_VERSION
from domaintune.retrieval.passages import Passages
from domaintune.retrieval.reading import Reading
from domaintune.runs import Run

USE = ("k", "budget", "right", "distractors")
"""Settings of how passages are used: they do not change the index."""


def inputs(plan: Plan) -> dict[str, Any]:
    """Return everything that decides the index."""
    knowledge, retriever = plan.knowledge, plan.retriever
    values = plan.settings.as_dict()["retrieval"]
    embedder = getattr(plan.retriever_options, "embedder", None)
    return {
        "knowledge": {"name": knowledge.name, **plan.code("data builder", knowledge)},
        "retriever": {"name": retriever.name, **plan.code("retriever", retriever)},
        "embedder": names.identity(embedder) if embedder else None,
        "settings": {key: value for key, value in values.items() if key not in USE},
        "sources": contents(plan.settings.retrieval.sources),
        "seed": plan.settings.seed,
    }


def work(plan: Plan, run: Run, folder: Path) -> dict[str, Any]:
    """Make the index in `folder`, going on from what a killed run left there, and from the index of before."""
    settings = plan.settings.retrieval
    reading = Reading(plan.knowledge.name, plan.knowledge.load(), plan.knowledge_options, settings, plan.settings.seed)
    count = store.write(reading, folder)
    note(f"  {count:,} passages; finding them: {plan.retriever.name}")
    retriever = opened(plan.retriever, settings.options, "retrieval.options")
    own, before = folder / OWN, run.file("index") / OWN
    own.mkdir(exist_ok=True)
    retriever.index(Passages(folder), own, before if before.is_dir() else None)
    files.write_json(folder / "ledger.json", reading.books)
    files.write_json(folder / ABOUT, about(plan, reading, folder))
    for sentence in reading.notes:
        note(f"  {sentence}")
    return {**reading.books["kept"], "sample": reading.sample, "notes": reading.notes}


def about(plan: Plan, reading: Reading, folder: Path) -> dict[str, Any]:
    """Return what an index says of itself; its options are those by which this machine opens it again."""
    return {
        "schema_version": SCHEMA_VERSION,
        "domain": plan.domain.name,
        "knowledge": plan.knowledge.name,
        "retriever": plan.retriever.name,
        "options": plan.settings.retrieval.options,
        "passages": reading.passages,
        "passages_sha256": files.sha256(folder / store.TEXTS),
        "licenses": dict(sorted(Counter({name or "not stated": n for name, n in reading.licenses.items()}).items())),
        "sample": reading.sample,
    }


def announce(run: Run) -> None:
    """Show what became of the rows of the knowledge."""
    books = files.read_json(run.file("index/ledger.json"))
    table = Table(title="knowledge", title_justify="left", box=None, pad_edge=False)
    table.add_column("bucket")
    table.add_column("rows", justify="right")
    dropped = [(f"dropped: {reason}", count) for reason, count in books["counts"].items()]
    for bucket, count in [("rows in", books["rows_in"]), ("kept", books["kept"]["rows"]), *dropped]:
        table.add_row(bucket, f"{count:,}")
    table.add_row("passages", f"{books['kept']['passages']:,}")
    err().print(table)
