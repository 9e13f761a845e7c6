"""`domaintune adapters`: the registry of what was built or came from elsewhere, and what of it is in use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from domaintune.commands.common import AsJson, answering

adapters = typer.Typer(
    help="Adapters and their versions: which there are, which are in use, and why.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Named = Annotated[str | None, typer.Argument(metavar="[NAME]", help="A name; default: all.")]
Which = Annotated[str, typer.Argument(metavar="NAME@NUMBER", help="A version, such as reports@3.")]
Chosen = Annotated[str | None, typer.Argument(metavar="[NAME@NUMBER]", help="A version or a name; default: all.")]
Candidate = Annotated[str, typer.Argument(metavar="NAME[@NUMBER]", help="A version; of a name its newest candidate.")]
InUse = Annotated[str, typer.Argument(metavar="NAME[@NUMBER]", help="A version; of a name the promoted one.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A name, without a number.")]
As = Annotated[str | None, typer.Option("--name", metavar="NAME", help="The name it gets here.")]
Base = Annotated[
    str | None,
    typer.Option("--base", metavar="MODEL", help="As model.base: starter, a folder, a hub id, …"),
]
Report = Annotated[Path | None, typer.Option("--report", metavar="FILE", help="report.json of its evaluation.")]
Override = Annotated[str | None, typer.Option("--override", metavar="WHY", help="Promote without a passed gate.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for the record.")]
Source = Annotated[str, typer.Argument(metavar="FOLDER", help="An adapter folder, or hf:owner/repo[@revision].")]
Place = Annotated[str, typer.Argument(metavar="REMOTE", help="hf:owner/repo, or file:FOLDER.")]
Into = Annotated[Path, typer.Argument(metavar="FOLDER", help="A new or empty folder.")]
Public = Annotated[bool, typer.Option("--public", help="Anyone may see a repository made now.")]


@adapters.command("list")
@answering
def list_(name: Named = None, json: AsJson = False) -> None:
    """List the versions, with their state and what their evaluation found."""
    from domaintune.adapters.registry import Registry
    from domaintune.commands import versions

    registry = Registry()
    versions.table(registry.versions(name), as_json=json, serial=registry.serial())


@adapters.command()
@answering
def show(version: InUse, json: AsJson = False) -> None:
    """Show all that is known of a version: origin, files, evaluation, history."""
    from domaintune.adapters.registry import Registry
    from domaintune.commands import versions

    registry = Registry()
    versions.page(registry, registry.find(version), as_json=json)


@adapters.command()
@answering
def add(folder: Source, name: As = None, base: Base = None, report: Report = None, json: AsJson = False) -> None:
    """Check an adapter folder, copy it, and make it a candidate."""
    from domaintune.commands import versions

    versions.come(folder, name, base=base, report=report, as_json=json)


@adapters.command()
@answering
def promote(version: Candidate, override: Override = None, json: AsJson = False) -> None:
    """Put a version in use, if its evaluation shows a gain (exit code 3 where not)."""
    from domaintune.adapters.registry import Registry
    from domaintune.commands import versions

    versions.changed(Registry().promote(version, override=override), as_json=json)


@adapters.command()
@answering
def rollback(name: Name, json: AsJson = False) -> None:
    """Put back the version that was promoted before; again goes further back."""
    from domaintune.adapters.registry import Registry
    from domaintune.commands import versions

    versions.changed(Registry().rollback(name), as_json=json)


@adapters.command()
@answering
def retire(version: Which, why: Why = "", json: AsJson = False) -> None:
    """Take a version out of use; rollback does not come back to it."""
    from domaintune.adapters.registry import Registry
    from domaintune.commands import versions

    versions.changed(Registry().retire(version, why=why), as_json=json)


@adapters.command()
@answering
def verify(version: Chosen = None, json: AsJson = False) -> None:
    """Hash and check the stored files again (exit code 1 where any is damaged)."""
    from domaintune.adapters.registry import Registry
    from domaintune.commands import versions

    versions.checked(Registry(), version, as_json=json)


@adapters.command()
@answering
def export(version: InUse, folder: Into, json: AsJson = False) -> None:
    """Write a version into a folder that plain peft loads."""
    from domaintune.adapters import sharing
    from domaintune.adapters.registry import Registry
    from domaintune.commands import versions

    registry = Registry()
    found = registry.find(version)
    versions.went(found, str(sharing.export(registry, found, folder)), as_json=json)


@adapters.command()
@answering
def push(version: InUse, remote: Place, public: Public = False, json: AsJson = False) -> None:
    """Copy a version to the hub (private unless you say otherwise) or to a shared folder."""
    from domaintune.adapters import sharing
    from domaintune.adapters.registry import Registry
    from domaintune.commands import versions
    from domaintune.home import quiet_libraries

    quiet_libraries()
    registry = Registry()
    found = registry.find(version)
    versions.went(found, sharing.push(registry, found, sharing.Remote.parse(remote), public=public), as_json=json)


@adapters.command()
@answering
def pull(remote: Place, name: As = None, base: Base = None, json: AsJson = False) -> None:
    """Add an adapter from the hub or from a shared folder."""
    from domaintune.adapters import sharing
    from domaintune.commands import versions

    sharing.Remote.parse(remote)
    versions.come(remote, name, base=base, as_json=json)
