"""`domaintune config show`: the settings a build would use."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from domaintune.commands.common import (
    AsJson,
    ConfigFile,
    DomainName,
    Overrides,
    Preset,
    answering,
    print_json,
    settings_from,
)

Action = Annotated[Literal["show"], typer.Argument(metavar="show", help="The one thing there is to do.")]


@answering
def config(
    action: Action,
    domain: DomainName,
    preset: Preset = None,
    override: Overrides = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Show every setting with its resolved value and what it means; the output can be read back with -c."""
    del action
    from domaintune.commands.explain import commented
    from domaintune.plan import make_plan
    from domaintune.plugins import catalog

    plan = make_plan(catalog(), domain, preset=preset, file=config, overrides=settings_from(override))
    if json:
        print_json({"schema_version": 1, "domain": domain, "settings": plan.settings.as_dict()})
    else:
        typer.echo(commented(plan), nl=False)
