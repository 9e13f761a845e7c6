"""The rules of the house, checked on the source itself: who may import what, how long things may be, what is public."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import domaintune
from domaintune import hookspecs
from domaintune.plugins import KINDS

ROOT = Path(__file__).parents[1]
CORE = ROOT / "core" / "domaintune"
FIRST_PARTY = {"medical", "code", "arithmetic", "multimodal"}
HEAVY = {"torch", "transformers", "trl", "peft", "datasets", "faiss"}
LEAVES = (
    "models/", "training/", "engine/", "composition/", "embedding/", "retrieval/", "data/hub.py",
    "plugins/multimodal/domaintune_multimodal/model/",
)  # fmt: skip
"""Entered only through a `load`, a stage or `data/door.py`, so heavy imports are plain there."""
LONGEST_FUNCTION, LONGEST_MODULE, MOST_PARAMETERS = 60, 400, 6

CORE_FILES = sorted(CORE.rglob("*.py"))
PLUGIN_FILES = sorted((ROOT / "plugins").rglob("*.py"))
ALL_FILES = CORE_FILES + PLUGIN_FILES
NAMES = {path: str(path.relative_to(CORE if path in CORE_FILES else ROOT)) for path in ALL_FILES}
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in ALL_FILES}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield (dotted name, line) of all imports below a node; `from a import b` gives a.b, `from . import b` .b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (f"{node.module}." if node.module else "")
            yield from ((module + alias.name, node.lineno) for alias in node.names)


def imports_at_start(tree: ast.Module) -> Iterator[str]:
    """Yield what importing the module imports: not what stands in functions, nor under `if TYPE_CHECKING`."""
    for node in tree.body:
        at_start = isinstance(node, ast.Import | ast.ImportFrom | ast.Try | ast.With | ast.ClassDef)
        if at_start or (isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test)):
            yield from (name for name, _ in imports(node))


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def places(found: Iterator[tuple[Path, int, str]]) -> str:
    return "\n".join(f"{NAMES[path]}:{line}: {what}" for path, line, what in found)


def is_a(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


WORDS = {"serving/problems.py": {"code"}}
"""Words that are no domain where they stand: the field of an OpenAI error."""


def test_core_names_no_domain() -> None:
    def found() -> Iterator[tuple[Path, int, str]]:
        for path in CORE_FILES:
            names = FIRST_PARTY - WORDS.get(NAMES[path], set())
            for node in ast.walk(TREES[path]):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in names:
                    yield path, node.lineno, f"the string {node.value!r} is a plugin's name"

    assert not places(found())


def test_first_party_covers_every_plugin_of_this_repository() -> None:
    assert {path.parent.name for path in (ROOT / "plugins").glob("*/pyproject.toml")} <= FIRST_PARTY
    assert {point.name for point in entry_points(group=hookspecs.GROUP)} & FIRST_PARTY


def test_core_imports_are_absolute() -> None:
    def found() -> Iterator[tuple[Path, int, str]]:
        for path in CORE_FILES:
            yield from ((path, line, name) for name, line in imports(TREES[path]) if name.startswith("."))

    assert not places(found())


def test_core_imports_no_plugin() -> None:
    def found() -> Iterator[tuple[Path, int, str]]:
        for path in CORE_FILES:
            yield from ((path, line, name) for name, line in imports(TREES[path]) if name.startswith("domaintune_"))

    assert not places(found())


ROOMS = ("domaintune.testing", "domaintune.sandbox", "domaintune.synthesis", "domaintune.images")
"""Public rooms beside the public list."""


def test_plugins_import_the_public_face_only() -> None:
    public = {f"domaintune.{name}" for name in domaintune.__all__} | {"domaintune"}

    def found() -> Iterator[tuple[Path, int, str]]:
        for path in PLUGIN_FILES:
            own = path.relative_to(ROOT / "plugins").parts[1]
            for name, line in imports(TREES[path]):
                stranger = name.startswith("domaintune_") and not is_a(name, own)
                private = is_a(name, "domaintune") and name not in public and not any(is_a(name, r) for r in ROOMS)
                if stranger or private:
                    yield path, line, f"{name} is not public"

    assert not places(found())


def test_two_files_know_pluggy() -> None:
    users = {NAMES[path] for path in ALL_FILES for name, _ in imports(TREES[path]) if is_a(name, "pluggy")}
    assert users == {"hookspecs.py", "plugins.py"}


def test_nobody_imports_click() -> None:
    for path in [*ALL_FILES, *(ROOT / "tests").rglob("*.py")]:
        tree = TREES.get(path) or ast.parse(path.read_text(encoding="utf-8"))
        assert not [name for name, _ in imports(tree) if is_a(name, "click")], path


def test_contracts_need_the_standard_library_only() -> None:
    names = {name.partition(".")[0] for name in imports_at_start(TREES[CORE / "contracts.py"])}
    assert names <= sys.stdlib_module_names


def test_heavy_libraries_are_imported_in_leaf_modules_only() -> None:
    def found() -> Iterator[tuple[Path, int, str]]:
        for path in ALL_FILES:
            heavy = [name for name in imports_at_start(TREES[path]) if name.partition(".")[0] in HEAVY]
            if heavy and not NAMES[path].startswith(LEAVES):
                yield path, 1, f"imports {', '.join(heavy)} at the start"

    assert not places(found())


def module_name(path: Path) -> str:
    return ".".join(("domaintune", *path.relative_to(CORE).with_suffix("").parts)).removesuffix(".__init__")


def reached_from(start: str) -> set[str]:
    """Walk the imports that happen at the start of modules; return every module of core that is reached."""
    modules = {module_name(path): TREES[path] for path in CORE_FILES}
    reached, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        parents = [name.rsplit(".", depth)[0] for depth in range(1, name.count(".") + 1)]
        named = (part for full in imports_at_start(modules[name]) for part in (full, full.rpartition(".")[0]))
        waiting += [module for module in (*parents, *named) if module in modules]
    return reached


@pytest.mark.parametrize("start", ["domaintune", "domaintune.cli", "domaintune.plugins", "domaintune.commands.plugins"])
def test_what_starts_light_reaches_no_heavy_library(start: str) -> None:
    trees = {module_name(path): TREES[path] for path in CORE_FILES}
    names = {name for module in reached_from(start) for name in imports_at_start(trees[module])}
    assert not {name.partition(".")[0] for name in names} & HEAVY


def test_every_command_can_be_imported_without_a_heavy_library() -> None:
    script = (
        "import sys; from domaintune.cli import app; app(); from domaintune.plugins import catalog; catalog(); "
        f"print(*({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("\n", "")


def test_only_the_command_line_imports_commands() -> None:
    def found() -> Iterator[tuple[Path, int, str]]:
        for path in CORE_FILES:
            if NAMES[path] == "cli.py" or NAMES[path].startswith("commands/"):
                continue
            yield from ((path, line, n) for n, line in imports(TREES[path]) if is_a(n, "domaintune.commands"))

    assert not places(found())


STAGES = ("data", "training", "evaluation", "adapters", "models")


@pytest.mark.parametrize("room", STAGES)
def test_a_stage_package_does_not_know_the_story(room: str) -> None:
    files = (path for path in CORE_FILES if NAMES[path].startswith(f"{room}/"))
    names = {name for path in files for name, _ in imports(TREES[path])}
    assert not {name for name in names if is_a(name, "domaintune.pipeline") or is_a(name, "domaintune.cli")}


def test_functions_are_short() -> None:
    def found() -> Iterator[tuple[Path, int, str]]:
        for path in ALL_FILES:
            for node in functions(TREES[path]):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    yield path, node.lineno, f"{node.name} has {lines} lines"

    assert not places(found())


def test_modules_are_short() -> None:
    long = {NAMES[path]: len(path.read_text(encoding="utf-8").splitlines()) for path in ALL_FILES}
    assert not {name: lines for name, lines in long.items() if lines > LONGEST_MODULE}


def test_parameters_are_few_or_excused() -> None:
    def found() -> Iterator[tuple[Path, int, str]]:
        for path in ALL_FILES:
            source = path.read_text(encoding="utf-8").splitlines()
            for node in functions(TREES[path]):
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                count = len([argument for argument in arguments if argument.arg not in {"self", "cls"}])
                head = "\n".join(source[node.lineno - 1 : node.body[0].lineno])
                if count > MOST_PARAMETERS and not re.search(r"noqa: PLR0913 +\(.+\)", head):
                    yield path, node.lineno, f"{node.name} takes {count} parameters and does not say why"

    assert not places(found())


def test_everything_public_has_a_docstring() -> None:
    def found() -> Iterator[tuple[Path, int, str]]:
        for path in ALL_FILES:
            if not ast.get_docstring(TREES[path]):
                yield path, 1, "the module has no docstring"
            for node in _public(TREES[path].body):
                if not ast.get_docstring(node):
                    yield path, node.lineno, f"{node.name} has no docstring"

    assert not places(found())


def _public(body: list[ast.stmt]) -> Iterator[ast.ClassDef | Function]:
    for node in body:
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
            yield node
            yield from _public(node.body) if isinstance(node, ast.ClassDef) else ()


def test_the_public_list_is_what_type_checkers_see_and_every_name_imports() -> None:
    block = next(node for node in TREES[CORE / "__init__.py"].body if isinstance(node, ast.If))
    assert "TYPE_CHECKING" in ast.unparse(block.test)
    declared = {name.rpartition(".")[2]: name.rpartition(".")[0] for name, _ in imports(block)}
    assert sorted([*declared, "__version__"]) == sorted(domaintune.__all__)
    for name, module in declared.items():
        assert getattr(domaintune, name) is getattr(importlib.import_module(module), name)


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Opening'"):
        domaintune.Opening  # noqa: B018


SPECS = [node for node in functions(TREES[CORE / "hookspecs.py"]) if node.name.startswith("domaintune_")]


def test_the_catalog_knows_every_hook() -> None:
    assert sorted(node.name for node in SPECS) == sorted(KINDS.values())


@pytest.mark.parametrize("spec", SPECS, ids=lambda node: node.name)
def test_every_hook_takes_nothing_and_is_documented(spec: Function) -> None:
    assert ast.unparse(spec.args) == ""
    assert ast.get_docstring(spec)
    page = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    assert re.search(rf"^#+ `?{spec.name}`?$", page, re.MULTILINE), f"docs/plugins.md has no heading for {spec.name}"
