"""Rewrites the generated parts of README.md, CONTRIBUTING.md and docs: `python docs/generate.py`, or `make docs`.

A generated part stands between `<!-- KIND ARGUMENT -->` and `<!-- end -->`; what comes between is written by the
function of that kind below. tests/docs/test_generated.py fails while a page is stale.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from domaintune import hookspecs
from domaintune.contracts import Component
from domaintune.errors import DomaintuneError
from domaintune.plugins import DEFAULTS, KINDS, Offer, catalog
from domaintune.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
PART = re.compile(
    r"(?P<open><!-- (?P<kind>[a-z]+)(?: (?P<argument>[^ ]+))? -->\n).*?(?P<close><!-- end -->)", re.DOTALL
)


def render(text: str) -> str:
    """Return a page with its generated parts written anew; comments of other kinds are left alone."""

    def part(match: re.Match[str]) -> str:
        write = KINDS_OF_PART.get(match["kind"])
        if write is None:
            return match[0]
        return f"{match['open']}\n{write(match['argument'] or '').strip()}\n\n{match['close']}"

    return PART.sub(part, text)


def help_block(verb: str) -> str:
    """Write `domaintune --help`, or the help of one verb, as a console block."""
    return _console(*([verb] if verb else []), "--help")


def plugins_block(_: str) -> str:
    """Write what `domaintune plugins` prints where this repository's plugins are installed and no others."""
    return _console("plugins")


def file_block(name: str) -> str:
    """Write a file of this repository as a code block."""
    path = ROOT / name
    return (
        f"```{path.suffix.removeprefix('.').replace('py', 'python')}\n{path.read_text(encoding='utf-8').strip()}\n```"
    )


def settings_tables(_: str) -> str:
    """Write every setting, a table for each section."""
    parts = [_table(("setting", "default", "meaning"), _rows("", Settings))]
    for field in dataclasses.fields(Settings):
        if dataclasses.is_dataclass(field.default_factory):
            kind: Any = field.default_factory
            table = _table(("setting", "default", "meaning"), _rows(f"{field.name}.", kind))
            parts.append(f"## {field.name}\n\n{inspect.getdoc(kind)}\n\n{table}")
    return "\n\n".join(parts)


def option_tables(_: str) -> str:
    """Write the options of the parts that this repository's plugins offer."""
    parts = []
    for offer in sorted(_ours(), key=lambda offer: offer.record.name):
        record = offer.record
        if isinstance(record, Component) and record.options is not None:
            prefix = KNOWLEDGE if record.name in _knowledge() else PREFIXES.get(offer.kind, f"eval.{record.name}.")
            table = _table(("setting", "default", "meaning"), _rows(prefix, record.options))
            parts.append(f"### {offer.kind} `{record.name}`\n\n{record.summary}.\n\n{table}")
    return "\n\n".join(parts)


PREFIXES = {
    "data builder": "data.options.",
    "retriever": "retrieval.options.",
    "teacher": "data.teacher_options.",
    "composer": "",
    "base model": "model.options.",
}
"""What stands before the options of a part; graders have a section each."""
KNOWLEDGE = "retrieval.knowledge_options."


def _knowledge() -> set[str]:
    """Return the builders of knowledge: those that a domain or core names, and those that say so."""
    builders = [offer.record for offer in _ours() if offer.kind == "data builder"]
    return {record.name for record in builders if record.summary.startswith("Knowledge: ")}


def preset_table(domain: str) -> str:
    """Write the presets of a domain side by side; a dash is the default of domaintune."""
    presets = catalog().domain(domain).presets
    flat = {name: dict(_flat(values)) for name, values in presets.items()}
    keys = dict.fromkeys(key for values in flat.values() for key in values)
    rows = [[f"`{key}`", *(_value(values[key]) if key in values else "-" for values in flat.values())] for key in keys]
    return _table(("setting", *flat), rows)


def hook_table(_: str) -> str:
    """Write the hooks in one table."""
    rows = []
    for kind, hook in KINDS.items():
        doc = inspect.getdoc(getattr(hookspecs, hook)) or ""
        yields = "`Domain`" if kind == "domain" else "`Component`"
        rows.append([f"[`{hook}`](#{hook})", yields, doc.splitlines()[0].removeprefix("Offer ").rstrip(".")])
    return _table(("hook", "yields", "offers"), rows)


def hook_sections(_: str) -> str:
    """Write a heading and the documentation of every hook, and who offers such parts already."""
    parts = []
    for kind, hook in KINDS.items():
        doc = inspect.getdoc(getattr(hookspecs, hook)) or ""
        names = sorted(f"`{offer.record.name}`" for offer in _ours() if offer.kind == kind)
        offered = f"Offered in this repository: {', '.join(names) or 'none yet'}."
        parts.append(f"### {hook}\n\n{doc}\n\n{textwrap.fill(offered, 120, break_on_hyphens=False)}")
    return "\n\n".join(parts)


def record_sections(_: str) -> str:
    """Write the fields of the records that plugins yield and receive."""
    tree = ast.parse((ROOT / "core/domaintune/contracts.py").read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return "\n\n".join(_record(node) for node in classes if node.name in RECORDS)


RECORDS = (
    "Domain", "Component", "Field", "Row", "Origin", "Message", "Example", "Dropped", "Score", "BuildContext",
    "Batch", "Shard",
)  # fmt: skip


def _record(node: ast.ClassDef) -> str:
    fields = [ast.unparse(item) for item in node.body if isinstance(item, ast.AnnAssign)]
    methods = [_signature(item) for item in node.body if isinstance(item, ast.FunctionDef) and item.name[0] != "_"]
    doc = inspect.cleandoc(ast.get_docstring(node) or "")
    return f"### {node.name}\n\n{doc}\n\n```text\n" + "\n".join([*fields, *methods]) + "\n```"


def _signature(node: ast.FunctionDef) -> str:
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    if any(ast.unparse(mark) == "property" for mark in node.decorator_list):
        return f"{node.name}{returns.replace(' ->', ':')}"
    return f"{node.name}({ast.unparse(node.args).removeprefix('self, ').removeprefix('self')}){returns}"


def _ours() -> list[Offer]:
    """Return the offers of core and of the plugins in this repository, whatever else is installed."""
    names = {DEFAULTS, *(path.parent.name for path in (ROOT / "plugins").glob("*/pyproject.toml"))}
    return [offer for offer in catalog().offers.values() if offer.owner in names]


def _console(*arguments: str) -> str:
    with tempfile.TemporaryDirectory() as home:
        strangers = {offer.owner for offer in catalog().offers.values()} - {offer.owner for offer in _ours()}
        environment = {
            **os.environ,
            "COLUMNS": "80", "TERMINAL_WIDTH": "80", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "DOMAINTUNE_HOME": home,
            "DOMAINTUNE_DISABLE_PLUGINS": ",".join([*sorted(strangers), *catalog().broken]),
        }  # fmt: skip
        done = subprocess.run(  # noqa: S603  (our own interpreter)
            [sys.executable, "-m", "domaintune", *arguments],
            capture_output=True, encoding="utf-8", env=environment, check=True,
        )  # fmt: skip
    return f"```console\n$ domaintune {' '.join(arguments)}\n{done.stdout.strip()}\n```"


def _rows(prefix: str, kind: type[Any]) -> Iterator[list[str]]:
    """Yield a row for each field of a settings record; sections have tables of their own."""
    for field in dataclasses.fields(kind):
        if dataclasses.is_dataclass(field.default_factory):
            continue
        default = field.default if field.default is not dataclasses.MISSING else field.default_factory()  # type: ignore[misc]
        yield [f"`{prefix}{field.name}`", _value(default), field.metadata["doc"]]


def _value(value: Any) -> str:
    if value is None:
        return "not set"
    if value in ({}, (), []):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_value(item)}" for key, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else f"{value}"


def _flat(presets: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for section, values in presets.items():
        if isinstance(values, Mapping):
            yield from ((f"{section}.{key}", value) for key, value in values.items())
        else:
            yield section, values


def _table(head: tuple[str, ...], rows: Any) -> str:
    cells = [list(head), ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells)


KINDS_OF_PART = {
    "help": help_block,
    "plugins": plugins_block,
    "file": file_block,
    "settings": settings_tables,
    "options": option_tables,
    "presets": preset_table,
    "hooktable": hook_table,
    "hooks": hook_sections,
    "records": record_sections,
}


def main() -> int:
    """Rewrite the pages that are stale, and name them."""
    for page in PAGES:
        before = page.read_text(encoding="utf-8")
        after = render(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            sys.stdout.write(f"rewritten: {page.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DomaintuneError as error:
        sys.exit(f"error: {error}")
