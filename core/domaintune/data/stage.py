"""The data stage: from sources to train.jsonl, test.jsonl and a ledger that accounts for every row."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.table import Table

from domaintune import data, files, prompts
from domaintune.console import err, note
from domaintune.contracts import Example
from domaintune.data.ledger import Ledger
from domaintune.models import base as models
from domaintune.plan import Plan
from domaintune.runs import Run

Count = Callable[[Sequence[Example]], list[tuple[int, int]]]


def inputs(plan: Plan) -> dict[str, Any]:
    """Return everything that decides the data files."""
    settings = plan.settings
    named = (*settings.data.sources, *settings.data.test_source)
    return {
        "domain": plan.domain.name,
        "builder": {"name": plan.builder.name, **plan.code("data builder", plan.builder)},
        "settings": plan.settings.as_dict()["data"],
        # os.path: a name too long to be a path is for the readers to refuse
        "sources": {name: files.sha256(Path(name)) for name in named if os.path.isfile(name)},  # noqa: PTH113
        "seed": settings.seed,
        "max_length": settings.train.max_length,
        "model": models.identity(settings.model),
    }


def make(plan: Plan, count: Count | None) -> data.Dataset:
    """Build, divide and account for the examples, in memory."""
    settings = plan.settings
    return data.make(
        plan.builder.name,
        plan.builder.load(),
        plan.builder_options,
        settings.data,
        seed=settings.seed,
        max_length=settings.train.max_length,
        count_tokens=count,
    )


def counter(plan: Plan) -> Count:
    """Return the token counter of the base model."""
    return partial(prompts.count_tokens, models.load_tokenizer(models.locate(plan.settings.model)))


def work(plan: Plan, folder: Path) -> dict[str, Any]:
    """Make the data files in `folder`; returns the counts for the record."""
    try:
        made = make(plan, counter(plan))
    except data.TooMalformed as error:
        files.write_json(folder.parent / "refused.json", error.ledger.as_dict())
        raise
    (folder.parent / "refused.json").unlink(missing_ok=True)
    data.write(made, folder)
    for sentence in made.notes:
        note(f"  {sentence}")
    return {"train": len(made.train), "test": len(made.test), "sample": made.sample, "notes": list(made.notes)}


def announce(run: Run) -> None:
    """Show what became of the rows, and how long they are in tokens."""
    ledger = files.read_json(run.file("data/ledger.json"))
    err().print(ledger_table(Ledger.from_dict(ledger)))
    lengths = run.file("data/lengths.json")
    if lengths.is_file():
        err().print(lengths_table(files.read_json(lengths)))


def ledger_table(ledger: Ledger) -> Table:
    """Return the ledger as a table: every row in exactly one bucket."""
    table = Table(title="rows", title_justify="left", box=None, pad_edge=False)
    table.add_column("bucket")
    table.add_column("rows", justify="right")
    for bucket, count in ledger.summary():
        table.add_row(bucket, f"{count:,}")
    return table


def lengths_table(lengths: dict[str, Any]) -> Table:
    """Return the token lengths as a table, with what max_length would cut."""
    limit = lengths.get("max_length")
    table = Table(title="tokens an example", title_justify="left", box=None, pad_edge=False)
    columns = ("n", "total", "median", "p90", "p99", "max")
    for name in ("", *columns, f"over {limit:,}"):
        table.add_column(name, justify="right" if name else "left")
    for side in ("train", "test"):
        row = lengths[side]
        table.add_row(side, *(f"{row[name]:,.0f}" for name in columns), f"{row['over']:,}")
    return table
