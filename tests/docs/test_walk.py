"""The walk of docs/plugins.md from an empty folder to a built expert, taken with nothing but what the page shows."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pages import ROOT, blocks
from typer.testing import CliRunner

from domaintune import cli
from domaintune.plugins import Catalog
from domaintune.testing import check_plugin

PAGE = ROOT / "docs/plugins.md"
EXAMPLE = "examples/domaintune-chess"
SHOWN = re.compile(rf"<!-- file {EXAMPLE}/(?P<path>\S+) -->\n\n```\w+\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
SHORT = ("train.steps=2", "train.batch_size=2", "eval.draws=50", "eval.max_new_tokens=2", "eval.limit=12")


def shell(block: str) -> list[str]:
    return [line.removeprefix("$ ") for line in block.splitlines()]


@pytest.fixture
def walked(tmp_path: Path) -> Path:
    """The folder that a reader has after the first half of the page."""
    first = next(block for block in blocks(PAGE, "console") if "mkdir" in block)
    subprocess.run(["bash", "-ec", "\n".join(shell(first))], cwd=tmp_path, check=True)
    folder = tmp_path / "domaintune-chess"
    for file in SHOWN.finditer(PAGE.read_text(encoding="utf-8")):
        (folder / file["path"]).write_text(file["body"], encoding="utf-8")
    return folder


def test_the_page_shows_three_files(walked: Path) -> None:
    shown = {path.relative_to(walked).as_posix() for path in walked.rglob("*") if path.is_file()}
    package = {f"domaintune_chess/{name}" for name in ("__init__.py", "plugin.py", "openings.csv")}
    assert shown == {"pyproject.toml", *package}


def test_the_plugin_of_the_page_is_short(walked: Path) -> None:
    lines = (walked / "domaintune_chess/plugin.py").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) < 60


def test_what_the_page_shows_keeps_its_promises(walked: Path, install: Callable[..., Catalog]) -> None:
    assert install(walked).broken == {}
    check_plugin("chess", "domaintune_chess.plugin")


def test_the_commands_of_the_page_work(walked: Path, install: Callable[..., Catalog], tiny: Path) -> None:
    install(walked)
    lines = next(map(shell, (block for block in blocks(PAGE, "console") if "pip install" in block)))
    assert lines[0] == "pip install -e ."
    assert [line.split()[1] for line in lines[1:]] == ["plugins", "data", "build"]
    settings = [word for setting in (f"model.base={tiny}", *SHORT) for word in ("--set", setting)]
    printed = {}
    for line in lines[1:]:
        verb, *words = shlex.split(line)[1:]
        done = CliRunner().invoke(cli.app([verb]), [verb, *words, *([] if verb == "plugins" else settings)])
        assert done.exit_code == 0, done.stderr
        printed[verb] = done.stdout
    assert "domain        chess " in printed["plugins"]
    assert "evaluator     chess-named " in printed["plugins"]
    assert printed["data"].count("\nuser: Moves: ") == 2
    assert "rows in             205" in printed["data"]
    for shown in ("chess-named", "exact", "floor:nearest", "adapter: "):
        assert shown in printed["build"]
