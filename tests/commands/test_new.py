"""`domaintune new` writes a plugin that installs, passes its own tests and builds, whatever it is called."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_support import run, tree
from hypothesis import given
from hypothesis import strategies as st
from installing import pretend_installed

from domaintune import scaffold
from domaintune.errors import UsageError
from domaintune.plugins import Catalog
from domaintune.scaffold import Identity
from domaintune.scaffold.identity import LONGEST_NAME, LONGEST_SUMMARY
from domaintune.testing import check_plugin

ROOT = Path(__file__).parents[2]
Install = Callable[..., Catalog]
PRINTED = """\
domaintune-legal
    .gitignore
    README.md                     what to make yours, and in which order
    domaintune_legal/__init__.py
    domaintune_legal/data.py      rows of a table become examples
    domaintune_legal/grading.py   what a good answer is
    domaintune_legal/options.py   what users may choose
    domaintune_legal/plugin.py    what the package offers, and the presets
    domaintune_legal/sample.csv   placeholder rows, to be replaced
    pyproject.toml                the entry point, the dependencies
    tests/test_plugin.py          its promises, a golden row, a whole build

It builds as it is; README.md says what to make yours. Next:

    pip install -e domaintune-legal
    domaintune data legal --preview 3
    domaintune build legal --preset quick
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def made(name: str, *more: str) -> Path:
    """Write a plugin and return its folder."""
    result = run("new", name, *more)
    assert result.exit_code == 0, result.stderr
    return Path.cwd() / f"domaintune-{name}"


def test_it_says_what_it_wrote_and_what_to_do_next(here: Path) -> None:
    result = run("new", "legal")
    assert (result.exit_code, result.stdout, result.stderr) == (0, PRINTED, "")
    written = {path.relative_to(here).as_posix() for path in here.rglob("*") if path.is_file()}
    assert written == {f"domaintune-legal/{line.split()[0]}" for line in PRINTED.splitlines()[1:11]}


def test_as_json_it_says_the_same(here: Path) -> None:
    document = json.loads(run("new", "case-law", "--into", "sub/my folder", "--json").stdout)
    assert document["name"] == "case-law"
    assert document["package"] == "domaintune_case_law"
    assert document["next"][0] == "pip install -e 'sub/my folder'"
    assert {str(path.relative_to(here / "sub/my folder")) for path in here.rglob("*.py")} < set(document["files"])


def test_summary_and_licence_are_written_where_they_belong() -> None:
    folder = made("legal", "--summary", 'Contracts: "who owes what".', "--license", "MIT")
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert (project["description"], project["license"]) == ('Contracts: "who owes what"', "MIT")
    assert 'Contracts: "who owes what".' in (folder / "README.md").read_text()


@pytest.mark.parametrize("name", ["legal", "case-law", "class", "json", "a" * LONGEST_NAME])
def test_it_is_found_and_keeps_the_promises_of_a_plugin(name: str, install: Install) -> None:
    found = install(made(name))
    assert found.broken == {}
    assert found.domain(name).data == f"{name}-table"
    check_plugin(name, f"domaintune_{name.replace('-', '_')}.plugin")


def test_its_own_tests_pass(tmp_path: Path) -> None:
    folder = made("case-law")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(pretend_installed(folder, tmp_path / "site"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^1\d passed", done.stdout, re.MULTILINE)


def test_it_builds_untouched(install: Install, tiny: Path, tmp_path: Path) -> None:
    install(made("legal"))
    short = [f"model.base={tiny}", "train.steps=2", "eval.max_new_tokens=2", "eval.draws=50"]
    settings = [word for setting in short for word in ("--set", setting)]
    shown = run("data", "legal", "--preview", "3", *settings)
    assert shown.stdout.count("\nassistant: ") == 3
    result = run("build", "legal", "--preset", "quick", "--name", "first", "--json", *settings)
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)["report"]
    assert {score["evaluator"] for score in report["scores"]} == {"legal-overlap", "exact"}
    assert {score["tag"] for score in report["scores"]} == {"all", "question", "request", "statement"}
    assert (tmp_path / "runs/legal-first/adapter/adapter_model.safetensors").is_file()


@pytest.mark.parametrize("name", ["legal", "a" * LONGEST_NAME])
def test_the_code_is_as_clean_as_ours(name: str) -> None:
    folder = made(name, "--summary", "x" * LONGEST_SUMMARY)
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    skipped = [*ours["ignore"], "S603", "PLC0415"]  # its test starts the command; behind a door one may import
    rules = ["--extend-select", ",".join(ours["select"]), "--ignore", ",".join(skipped)]
    for command in (
        ["ruff", "check", *rules, "."],
        ["ruff", "format", "--check", "."],
        ["mypy", *folder.glob("domaint*")],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=folder,
            env={**os.environ, "MYPYPATH": str(ROOT / "core")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("new", "Missing argument 'NAME'"),
        ("new Legal", "'Legal' cannot be a plugin's name (did you mean 'legal'?): use lower-case letters"),
        ("new case_law", "did you mean 'case-law'?"),
        ("new 2nd", "(did you mean 'nd'?): use lower-case letters, digits and single hyphens, and begin with a letter"),
        ("new ü", "'ü' cannot be a plugin's name: use lower-case letters"),
        ("new case--law", "did you mean 'case-law'?"),
        ("new case-", "did you mean 'case'?"),
        ("new ../legal", "cannot be a plugin's name (did you mean 'legal'?)"),
        ("new domaintune-legal", "begins with 'domaintune-' already; leave that out: legal"),
        (f"new {'a' * 33}", "has 33 letters; use at most 32"),
        ("new medical", "the name 'medical' is taken: the plugin 'medical' 0.1.0 offers the domain 'medical'; choose"),
        ("new exact", "the name 'exact' is taken: the plugin 'defaults' 0.1.0 offers the evaluator 'exact'"),
        ("new defaults", "the name 'defaults' is taken: the plugin 'defaults' 0.1.0 is installed"),
        ("new legal --license Apache", "--license 'Apache' is not known here (did you mean 'Apache-2.0'?); known: "),
        ("new legal --summary=", "--summary must be one line of at most 80 characters; yours has 0"),
        ("new legal --summary=a\tb", "--summary must be one line"),
        (f"new legal --summary={'x' * 81}", "yours has 81"),
        ("new legal --into full", "the folder 'full' is there and not empty, and nothing in it is overwritten"),
        ("new legal --into file/below", "cannot write to the folder 'file/below': Not a directory; choose another"),
        (f"new legal --into {'x' * 300}", "File name too long; choose another with --into FOLDER"),
        ("new legal --into file", "'file' is a file; choose another place with --into FOLDER"),
    ],
)
def test_what_cannot_be_is_refused_with_one_sentence(words: str, said: str, here: Path) -> None:
    (here / "full").mkdir()
    (here / "full/mine.txt").write_text("mine")
    (here / "file").write_text("")
    before = tree(here)
    result = run(*words.split(" "))
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert tree(here) == before


def test_a_plugin_is_written_once(install: Install) -> None:
    folder = made("legal")
    assert "is there and not empty" in run("new", "legal").stderr
    install(folder)
    assert "the plugin 'legal' 0.1.0 offers the domain 'legal'" in run("new", "legal", "--into", "other").stderr


def test_the_name_of_a_plugin_that_is_broken_disabled_or_no_plugin_is_taken_too(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made("legal")
    module = folder / "domaintune_legal/plugin.py"
    module.write_text("import a_package_that_is_not_there\n")
    install(folder)
    asked = ("new", "legal", "--into", "other")
    assert "could not be loaded (ModuleNotFoundError" in run(*asked).stderr
    monkeypatch.setenv("DOMAINTUNE_DISABLE_PLUGINS", "legal")
    install()
    assert "domaintune-legal 0.1.0 is installed" in run(*asked).stderr
    monkeypatch.undo()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.chdir(folder.parent)
    install()
    assert "a package 'domaintune_legal' can be imported" in run(*asked).stderr


def test_an_empty_folder_is_as_good_as_none(here: Path) -> None:
    (here / "empty").mkdir()
    assert run("new", "legal", "--into", "empty").exit_code == 0
    assert (here / "empty/pyproject.toml").is_file()


@given(st.one_of(st.text(max_size=40), st.from_regex(r"\A[a-z][a-z0-9-]{0,33}\Z")))
def test_every_name_is_refused_or_makes_a_package_that_python_and_pip_read(name: str) -> None:
    try:
        identity = Identity.checked(name, None, None, Catalog())
    except UsageError:
        return
    files = scaffold.rendered(identity)
    project = tomllib.loads(files["pyproject.toml"])["project"]
    assert project["entry-points"]["domaintune"] == {name: f"{identity.package}.plugin"}
    assert identity.package.isidentifier()
    assert project["name"] == f"domaintune-{name}" == re.sub(r"[-_.]+", "-", project["name"]).lower()
    for path, text in files.items():
        assert "$" not in text, path
        if path.endswith(".py"):
            ast.parse(text)


@given(st.text(max_size=LONGEST_SUMMARY + 5))
def test_every_summary_is_refused_or_read_back_as_it_was_written(summary: str) -> None:
    try:
        identity = Identity.checked("legal", summary, None, Catalog())
    except UsageError:
        return
    files = scaffold.rendered(identity)
    assert tomllib.loads(files["pyproject.toml"])["project"]["description"] == identity.summary
    calls = [node for node in ast.walk(ast.parse(files["domaintune_legal/plugin.py"])) if isinstance(node, ast.keyword)]
    values = [node.value.value for node in calls if node.arg == "summary" and isinstance(node.value, ast.Constant)]
    assert identity.summary in values
