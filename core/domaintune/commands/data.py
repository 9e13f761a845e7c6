"""`domaintune data`: look at the examples before training on them."""

from __future__ import annotations

from typing import Annotated

import typer

from domaintune.commands.common import (
    AsJson,
    ConfigFile,
    DomainName,
    Limit,
    Name,
    Overrides,
    Preset,
    Seed,
    Sources,
    Unsafe,
    answering,
    settings_from,
)

Preview = Annotated[int | None, typer.Option("--preview", min=1, metavar="N", help="Show N examples; write nothing.")]


@answering
def data(  # noqa: PLR0913  (the common options; all else is settings)
    domain: DomainName,
    preset: Preset = None,
    source: Sources = None,
    override: Overrides = None,
    config: ConfigFile = None,
    name: Name = None,
    limit: Limit = None,
    seed: Seed = None,
    preview: Preview = None,
    allow_unsafe_exec: Unsafe = False,
    json: AsJson = False,
) -> None:
    """Build a domain's examples and account for every row of the sources."""
    from domaintune.commands import walk

    overrides = settings_from(override, source, limit, seed)
    plan = walk.plan(domain, preset=preset, file=config, overrides=overrides, unsafe=allow_unsafe_exec)
    if preview:
        walk.show_examples(plan, preview, as_json=json)
    else:
        walk.through(plan, name, until="data", as_json=json)
