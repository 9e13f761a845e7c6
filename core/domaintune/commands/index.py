"""`domaintune index`: make a domain's knowledge searchable."""

from __future__ import annotations

from typing import Annotated

import typer

from domaintune.commands.common import (
    AsJson,
    ConfigFile,
    DomainName,
    Name,
    Overrides,
    Preset,
    Seed,
    answering,
    knowledge_from,
    print_json,
    settings_from,
)

Knowledge = Annotated[
    list[str] | None,
    typer.Option("--source", metavar="FILE", help="Knowledge: a file or a folder; repeatable. None: the domain's own."),
]
Measure = Annotated[bool, typer.Option("--measure", help="Put the domain's questions to each retriever and compare.")]


@answering
def index(  # noqa: PLR0913  (the common options; all else is settings)
    domain: DomainName,
    preset: Preset = None,
    source: Knowledge = None,
    override: Overrides = None,
    config: ConfigFile = None,
    name: Name = None,
    seed: Seed = None,
    measure: Measure = False,
    json: AsJson = False,
) -> None:
    """Read a domain's knowledge into passages and index them; only passages that have changed are worked on again."""
    from domaintune import evaluation, files, pipeline
    from domaintune.commands import knowledge, walk
    from domaintune.console import note, out

    overrides = [*knowledge_from(source), *settings_from(override, seed=seed)]
    plan = walk.plan(domain, preset=preset, file=config, overrides=overrides)
    graders = knowledge.measuring(plan) if measure else []
    run = pipeline.index(plan, name)
    report = knowledge.measured(plan, graders, run) if measure else None
    if json:
        about, books = (files.read_json(run.file(f"index/{one}")) for one in ("index.json", "ledger.json"))
        print_json({"schema_version": 1, "run": str(run.folder), "index": about, "ledger": books, "report": report})
    elif report:
        evaluation.render(report, out(), out().width)
    where = f"index: {run.file('index')}"
    if json:
        note(where)
    else:
        out().print(where, markup=False, soft_wrap=True)
    note(f'try: domaintune search {domain} "…"')
