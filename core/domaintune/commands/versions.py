"""What `domaintune adapters` does behind the door, and how versions are shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.table import Table
from rich.text import Text

from domaintune.adapters import bases, sharing, verdict
from domaintune.adapters.registry import Registry
from domaintune.adapters.sharing import Remote
from domaintune.adapters.versions import Event, Version, checked_name, standing
from domaintune.commands.common import print_json
from domaintune.console import fail, harmless, note, out
from domaintune.errors import UsageError
from domaintune.evaluation.layout import cell, difference
from domaintune.home import quiet_libraries


def come(text: str, name: str | None, *, base: str | None, report: Path | None = None, as_json: bool) -> None:
    """Add what a folder or a remote place holds, and say what it is now."""
    quiet_libraries()
    remote = Remote.parse(text) if text.startswith(("hf:", "file:")) else None
    if name is None and remote is None:
        raise UsageError("give the adapter a name: --name NAME")
    name = checked_name(name) if name is not None else sharing.name_in(remote)  # type: ignore[arg-type]
    measured = _report(report) if report else None
    registry = Registry()
    with sharing.arrived(remote or Remote("file", text)) as (folder, origin):
        source = origin if remote else origin.removeprefix("file:")
        shape = bases.base_for(registry, folder, base)
        version = registry.add(folder, name=name, base=shape, source=source, report=measured)
    changed(version, as_json=as_json)
    note(standing(version))


def changed(version: Version, *, as_json: bool) -> None:
    """Print what has become of a version."""
    if as_json:
        print_json({"schema_version": 1, "version": version.as_dict()})
    else:
        typer.echo(f"{version.id} {version.state}")


def went(version: Version, place: str, *, as_json: bool) -> None:
    """Print where a version was written to."""
    if as_json:
        print_json({"schema_version": 1, "version": version.id, "place": place})
    else:
        typer.echo(f"{version.id} {place}")


def checked(registry: Registry, text: str | None, *, as_json: bool) -> None:
    """Print which versions are damaged; exit code 1 where any is."""
    versions = registry.chosen(text)
    damaged = registry.verify(text)
    if as_json:
        print_json({"schema_version": 1, "checked": [version.id for version in versions], "damaged": damaged})
    elif not damaged:
        typer.echo(f"{len(versions)} checked, none is damaged")
    for sentence in damaged:
        fail(sentence)
    if damaged:
        raise typer.Exit(1)


def table(versions: Sequence[Version], *, serial: int, as_json: bool) -> None:
    """Print versions, one a row."""
    if as_json:
        print_json({"schema_version": 1, "serial": serial, "adapters": [version.as_dict() for version in versions]})
        return
    if not versions:
        note("no adapters here yet; build one, or: domaintune adapters add FOLDER --name NAME")
        return
    made = Table(box=None, pad_edge=False)
    for head in ("version", "state", "rank", "size", "added", "evaluation"):
        made.add_column(head, justify="right" if head in {"rank", "size"} else "left", overflow="fold")
    for version in versions:
        row = (version.id, version.state, str(version.rank), _size(version.bytes), version.added[:10], _ground(version))
        made.add_row(*(Text(harmless(text)) for text in row))
    out().print(made)


def page(registry: Registry, version: Version, *, as_json: bool) -> None:
    """Print everything that is known of one version."""
    base = registry.base(version.base)
    history = [event for event in registry.history(version.name) if event.number == version.number]
    if as_json:
        shape = {"name": base.name, "published_as": base.published_as, "fingerprint": base.fingerprint}
        document: dict[str, Any] = {"schema_version": 1, "version": version.as_dict(), "base": shape}
        document |= {"folder": str(registry.folder(version)), "manifest": registry.manifest(version)}
        print_json({**document, "history": [event.as_dict() for event in history]})
        return
    facts = {
        "base": f"{base.published_as} ({base.fingerprint})",
        "template": version.template,
        "added": version.added,
        "from": version.source or "not said",
        "adapter": f"rank {version.rank} on {len(version.targets)} layers, {version.parameters:,} parameters"
        + (f" ({version.projector:,} of them its projector's), " if version.projector else ", ")
        + f"{version.dtype}, norm {version.norm:.3g}",
        "folder": str(registry.folder(version)),
        "override": version.override or "",
    }
    lines = [f"{version.id} {version.state}", *(f"{key:<10} {fact}" for key, fact in facts.items() if fact)]
    lines += ["", *_evaluation(version), "", "files", *_files(version), "", "history", *map(_event, history)]
    for line in lines:
        out().print(harmless(line), markup=False, soft_wrap=True)


def _evaluation(version: Version) -> Iterator[str]:
    found = version.verdict
    if found is None:
        yield "not evaluated"
        return
    yield f"evaluation from {found['origin']}: all items, x 100 [95 % interval]"
    scores = {(row["evaluator"], row["metric"], row["system"]): row for row in found["scores"]}
    for row in found["comparisons"]:
        yield f"  {row['evaluator']}, {row['metric']}"
        for system in (row["b"], row["a"]):
            if score := scores.get((row["evaluator"], row["metric"], system)):
                yield f"    {system:<14} {cell(score)}"
        yield f"    {row['a']} - {row['b']:<6} {difference(row)}  {row['verdict']}"


def _files(version: Version) -> Iterator[str]:
    yield from (f"  {sha[:16]}  {name}" for name, sha in sorted(version.files.items()))


def _event(event: Event) -> str:
    said = {"evaluated": f" ({event.why})", "added": ""}.get(event.what, f": {event.why}" if event.why else "")
    gate = " without a passed gate" if event.facts.get("gate") == "overridden" else ""
    former = event.facts.get("former")
    place = f", in the place of {event.name}@{former}" if isinstance(former, int) else ""
    return f"  {event.at}  {event.what} by {event.by}{place}{gate}{said}"


def _ground(version: Version) -> str:
    override = f"; override: {version.override}" if version.override else ""
    return verdict.summary(version.verdict) + override


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count / 1e3:,.1f} kB"


def _report(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON ({error}); give the report.json of a build") from None
    if not isinstance(document, dict):
        raise UsageError(f"{path} is not a report; give the report.json of a build")
    return document
