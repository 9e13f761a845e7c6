"""A remembered listing is as good as a fresh one: whatever it depends on is looked at again."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from domaintune import home, listing

PLUGIN = """
from stranger_words import SUMMARY
from domaintune import Component, hookimpl

@hookimpl
def domaintune_teachers():
    yield Component(name="stranger-teacher", summary=SUMMARY, load=lambda: None)
"""


class Machine:
    """A folder on sys.path where a stranger's plugin is installed, and a cache folder."""

    def __init__(self, folder: Path) -> None:
        self.site, self.home = folder / "site", folder / "cache"
        self.cache = self.home / "plugins.txt"
        self.install()
        self.write("stranger.py", PLUGIN)
        self.write("stranger_words.py", "SUMMARY = 'says hello'")

    def write(self, name: str, text: str) -> None:
        """Write a file whose time differs from the one before, however coarse the clock."""
        path = self.site / name
        old = path.stat().st_mtime_ns if path.exists() else 0
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, ns=(old + 2_000_000_000, old + 2_000_000_000))

    def install(self, name: str = "stranger") -> None:
        self.write(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        self.write(f"{name}-1.0.dist-info/entry_points.txt", f"[domaintune]\n{name} = {name}\n")

    def plugins(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `domaintune plugins`; the last line of stderr tells whether a remembered listing was used."""
        code = (
            "import sys; from domaintune.cli import main; main(); print('pluggy' not in sys.modules, file=sys.stderr)"
        )
        given = {**os.environ, "DOMAINTUNE_HOME": str(self.home), "PYTHONPATH": str(self.site), **environment}
        done = subprocess.run(
            [sys.executable, "-P", "-c", code, "plugins", *words],
            env=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done

    def fresh(self, *words: str, **environment: str) -> str:
        """Return what is listed, which must not have been remembered."""
        done = self.plugins(*words, **environment)
        assert done.stderr.splitlines()[-1] == "False", "a remembered listing was used"
        return done.stdout

    def remembered(self, *words: str, **environment: str) -> str:
        """Return what is listed, which must have been remembered."""
        done = self.plugins(*words, **environment)
        assert done.stderr == "True\n"
        return done.stdout


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_second_listing_is_the_first_one_remembered(machine: Machine) -> None:
    first = machine.fresh()
    assert "stranger-teacher" in first
    assert "says hello" in first
    assert machine.remembered() == first
    document = json.loads(machine.remembered("--json"))
    assert {
        "kind": "teacher",
        "name": "stranger-teacher",
        "owner": "stranger",
        "version": "1.0",
        "summary": "says hello",
    } in document["offers"]
    machine.cache.unlink()
    assert machine.fresh("--json") == machine.remembered("--json")


def test_an_edited_plugin_gives_a_fresh_listing(machine: Machine) -> None:
    machine.fresh()
    machine.write("stranger.py", PLUGIN.replace("stranger-teacher", "stranger-second"))
    assert "stranger-second" in machine.fresh()


def test_an_edited_module_that_a_plugin_imports_gives_a_fresh_listing(machine: Machine) -> None:
    machine.fresh()
    machine.write("stranger_words.py", "SUMMARY = 'says good day'")
    assert "says good day" in machine.fresh()


def test_a_plugin_that_comes_or_goes_gives_a_fresh_listing(machine: Machine) -> None:
    machine.fresh()
    machine.install("second")
    machine.write("second.py", PLUGIN.replace("stranger-teacher", "second-teacher"))
    assert "second-teacher" in machine.fresh()
    assert "second-teacher" in machine.remembered()
    for path in (machine.site / "second-1.0.dist-info").iterdir():
        path.unlink()
    (machine.site / "second-1.0.dist-info").rmdir()
    assert "second-teacher" not in machine.fresh()


def test_an_entry_point_edited_in_place_gives_a_fresh_listing(machine: Machine) -> None:
    machine.fresh()
    machine.write("stranger-1.0.dist-info/entry_points.txt", "[domaintune]\nrenamed = stranger\n")
    assert "renamed" in machine.fresh()


def test_another_environment_gives_a_fresh_listing(machine: Machine) -> None:
    machine.fresh()
    assert "stranger" not in machine.fresh(DOMAINTUNE_DISABLE_PLUGINS="stranger")
    assert "stranger" not in machine.remembered(DOMAINTUNE_DISABLE_PLUGINS="stranger")
    assert "stranger-teacher" in machine.fresh()


def test_a_broken_plugin_is_said_every_time_and_never_remembered(machine: Machine) -> None:
    machine.write("stranger_words.py", "raise RuntimeError('not today')")
    for _ in range(2):
        done = machine.plugins()
        assert "broken: plugin 'stranger' could not be loaded" in done.stderr
        assert "not today" in done.stderr
        assert "engine" in done.stdout
    assert not machine.cache.exists()
    document = json.loads(machine.plugins("--json").stdout)
    assert "not today" in document["broken"]["stranger"]


def test_whatever_the_cache_holds_the_listing_is_right(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOMAINTUNE_HOME", str(machine.home))
    listing.remember("text", "document")
    whole, noise = machine.cache.read_bytes(), random.Random(5)
    assert listing.remembered() == ("text", "document")
    damaged = [whole[:cut] for cut in range(0, len(whole), len(whole) // 50)]
    damaged += [b"", b"\0" * 3, b"\0" * 500, b"\xff" * 100, noise.randbytes(1000), whole + b"\0", whole[1:] + b"x"]
    for content in damaged:
        machine.cache.write_bytes(content)
        assert listing.remembered() is None
    machine.cache.unlink()
    machine.cache.mkdir()
    assert listing.remembered() is None
    listing.remember("text", "document")  # cannot be written, and that is no one's problem
    assert "stranger-teacher" in machine.fresh()


def test_a_cache_folder_that_is_a_file_is_no_ones_problem(machine: Machine) -> None:
    machine.home.write_text("not a folder")
    for _ in range(2):
        assert "stranger-teacher" in machine.fresh()
    assert machine.home.read_text() == "not a folder"


@pytest.mark.parametrize("variables", [{"DOMAINTUNE_HOME": "~/there"}, {"XDG_CACHE_HOME": "/somewhere"}, {}])
def test_it_lies_in_the_cache_folder(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOMAINTUNE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Path(listing.place()) == home.cache_folder() / "plugins.txt"


def test_a_listing_fits_80_columns(machine: Machine) -> None:
    machine.write("stranger_words.py", "SUMMARY = 'says hello ' * 30")
    assert [line for line in textwrap.dedent(machine.fresh()).splitlines() if len(line) > 80] == []
