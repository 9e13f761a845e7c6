"""`domaintune new`: a plugin package to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from domaintune.commands.common import AsJson, answering, print_json

PluginName = Annotated[str, typer.Argument(metavar="NAME", help="The domain: letters, digits, hyphens.")]
Into = Annotated[Path | None, typer.Option("--into", metavar="FOLDER", help="Where to; default ./domaintune-NAME.")]
Summary = Annotated[str | None, typer.Option("--summary", metavar="TEXT", help="What the domain is, in one line.")]
Licence = Annotated[str | None, typer.Option("--license", metavar="SPDX", help="MIT, Apache-2.0, …")]


@answering
def new(
    name: PluginName, into: Into = None, summary: Summary = None, licence: Licence = None, json: AsJson = False
) -> None:
    """Write a plugin package that builds as it is: data, grader, tests, and a README that says what to change."""
    import shlex

    from domaintune import scaffold
    from domaintune.plugins import catalog

    identity = scaffold.Identity.checked(name, summary, licence, catalog())
    folder = into if into is not None else Path(identity.distribution)
    paths = scaffold.write(identity, folder)
    following = [
        f"pip install -e {shlex.quote(str(folder))}",
        f"domaintune data {name} --preview 3",
        f"domaintune build {name} --preset quick",
    ]
    if json:
        document = {"schema_version": 1, "name": name, "package": identity.package, "folder": str(folder)}
        print_json({**document, "files": paths, "next": following})
        return
    typer.echo(f"{scaffold.outline(folder, paths)}\n\nIt builds as it is; README.md says what to make yours. Next:\n")
    typer.echo("".join(f"    {line}\n" for line in following), nl=False)
