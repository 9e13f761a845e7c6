"""`domaintune compose`: one adapter of several."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from domaintune.commands.common import AsJson, Overrides, answering, print_json

if TYPE_CHECKING:
    from domaintune.adapters.registry import Registry
    from domaintune.composition.members import Part
    from domaintune.composition.package import Judge

Members = Annotated[list[str], typer.Argument(metavar="MEMBER...", help="Names or versions (reports@3), or folders.")]
Weights = Annotated[str | None, typer.Option("--weights", metavar="W...", help="A number each; default: equal shares.")]
Method = Annotated[
    str, typer.Option("--method", metavar="NAME", help="A composer, as `domaintune plugins` lists them.")
]
Output = Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="A new or empty folder.")]
Option = Annotated[list[str] | None, typer.Option("--option", metavar="KEY=VALUE", help="Of the method; repeatable.")]
WithReport = Annotated[bool, typer.Option("--report", help="Measure every member on its own items under the mix.")]
Items = Annotated[list[str] | None, typer.Option("--items", metavar="NAME=FILE", help="Items of a member; repeatable.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Items a grader of each member.")]
Add = Annotated[str | None, typer.Option("--add", metavar="NAME", help="Add the result to the registry as NAME.")]
_ONE = r"[+-]?(?:\d+\.?\d*|\.\d+|nan|inf)(?:[eE][+-]?\d+)?"
_NUMBER = re.compile(rf"{_ONE}(?:,{_ONE})*,?")


class PARSER(TyperCommand):
    """Takes all numbers that follow `--weights`, also negative ones."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Join the numbers to one value before anything else is read."""
        return super().parse_args(ctx, joined(args))


def joined(words: Sequence[str]) -> list[str]:
    """Return the words with `--weights 0.7 -0.3` written as `--weights=0.7,-0.3`."""
    found: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            return [*found, word, *waiting]
        numbers: list[str] = []
        while word == "--weights" and waiting and _NUMBER.fullmatch(waiting[0]):
            numbers.append(waiting.pop(0).rstrip(","))
        found.append(f"--weights={','.join(numbers)}" if numbers else word)
    return found


@answering
def compose(  # noqa: PLR0913  (the options of a command line)
    members: Members,
    output: Output,
    weights: Weights = None,
    method: Method = "exact",
    option: Option = None,
    report: WithReport = False,
    items: Items = None,
    limit: Limit = None,
    override: Overrides = None,
    add: Add = None,
    json: AsJson = False,
) -> None:
    """Make one adapter of several, and say how they get on with each other."""
    from domaintune.adapters.registry import Registry
    from domaintune.adapters.versions import checked_name
    from domaintune.composition import members as found
    from domaintune.composition.package import Recipe, compose
    from domaintune.home import quiet_libraries
    from domaintune.plugins import catalog

    quiet_libraries()
    if add is not None:
        checked_name(add)  # before the work, not after
    registry = Registry()
    parts = found.find(members, registry)
    recipe = Recipe(
        parts=parts,
        weights=_weights(weights, len(parts)),
        method=catalog().component("composer", method),
        options=_options(option or []),
    )
    manifest = compose(recipe, output, _judge(parts, registry, items, limit, override) if report else None)
    version = _added(registry, output, add, parts) if add else None
    _show(manifest, output, version, as_json=json)


def _weights(text: str | None, members: int) -> list[float]:
    from domaintune.errors import UsageError

    if text is None:
        return [1 / members] * members
    try:
        return [float(word) for word in text.split(",") if word.strip()]
    except ValueError:
        raise UsageError(f"--weights {text!r}: give one number a member: --weights 0.7 0.3") from None


def _options(words: Sequence[str]) -> dict[str, Any]:
    return {key: _value(text) for key, text in (_pair(word, "--option", "density=0.5") for word in words)}


def _pair(word: str, option: str, example: str) -> tuple[str, str]:
    from domaintune.errors import UsageError

    key, equals, text = word.partition("=")
    if not (key and equals and text):
        raise UsageError(f"{option} {word!r}: write it as {option} {example}")
    return key, text


def _value(text: str) -> Any:
    """Return a number where it is one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _judge(
    parts: Sequence[Part],
    registry: Registry,
    items: Sequence[str] | None,
    limit: int | None,
    overrides: Sequence[str] | None,
) -> Judge:
    from functools import partial

    from domaintune.composition.scores import Wanted, judge
    from domaintune.errors import UsageError
    from domaintune.plugins import catalog

    named = {key: Path(file) for key, file in (_pair(word, "--items", "reports=FILE") for word in items or [])}
    known = {name for part in parts for name in (part.name, part.name.partition("@")[0])}
    for name in named.keys() - known:
        raise UsageError(f"--items {name}=…: there is no such member; members: {', '.join(p.name for p in parts)}")
    _, shape = registry.bases().get(parts[0].fingerprint, ("", None))
    wanted = Wanted(
        catalog=catalog(), items=named, overrides=overrides or [], limit=limit, model=shape.settings if shape else None
    )
    return partial(judge, parts, wanted)


def _added(registry: Registry, folder: Path, name: str, parts: Sequence[Part]) -> str:
    from domaintune.adapters.bases import base_for

    base = base_for(registry, folder)
    source = f"compose: {' + '.join(part.name for part in parts)}"
    return registry.add(folder, name=name, base=base, source=source).id


def _show(manifest: dict[str, Any], folder: Path, version: str | None, *, as_json: bool) -> None:
    from domaintune.composition.terminal import lines
    from domaintune.console import harmless, out

    if as_json:
        print_json({"schema_version": 1, "folder": str(folder), "version": version, "manifest": manifest})
        return
    for line in lines(manifest):
        out().print(harmless(line), markup=False, soft_wrap=True)
    out().print(f"\n{folder}" + (f" is {version}, a candidate" if version else ""), markup=False, soft_wrap=True)
