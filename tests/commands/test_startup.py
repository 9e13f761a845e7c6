"""Help, version and the list of plugins come at once: they import nothing that takes long."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).with_name("domaintune"))
HEAVY = {"torch", "transformers", "trl", "peft", "datasets", "faiss"}
SLOW = {"numpy", "pydantic", "typer", "rich", "pluggy", "typing", "dataclasses", "json", "pathlib"}
CODE = """
import sys
from domaintune.cli import main
try:
    main()
finally:
    print("imported:", *sorted(name for name in sys.modules if "." not in name), file=sys.stderr)
"""


def imported(*words: str) -> set[str]:
    """Return the top-level modules that a command imports beyond those of bare Python."""
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    done = subprocess.run([sys.executable, "-c", CODE, *words], capture_output=True, text=True, check=False)
    assert done.returncode in {0, 2}, done.stderr
    return set(done.stderr.splitlines()[-1].split()[1:]) - set(bare.stdout.split())


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["--version"], []], ids=" ".join)
def test_help_and_version_import_next_to_nothing(words: list[str]) -> None:
    assert imported(*words) & (HEAVY | SLOW) == set()


def test_a_remembered_list_of_plugins_imports_next_to_nothing() -> None:
    assert imported("plugins") & HEAVY == set()
    assert imported("plugins") & (HEAVY | SLOW) == set()
    assert imported("plugins", "--json") & (HEAVY | SLOW) == set()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DOMAINTUNE_PLUGIN_TIMEOUT", "soon", "DOMAINTUNE_PLUGIN_TIMEOUT='soon'"),
        ("DOMAINTUNE_STRICT_PLUGINS", "1", "plugin 'worn' could not be loaded"),
    ],
)
def test_plugins_that_cannot_be_listed_are_a_sentence_and_exit_2(
    name: str, value: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "worn-1.dist-info"
    made.mkdir()
    (made / "METADATA").write_text("Metadata-Version: 2.1\nName: worn\nVersion: 1\n")
    (made / "entry_points.txt").write_text("[domaintune]\nworn = not_there\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv(name, value)
    for asked in (["plugins"], ["plugins", "--json"]):
        done = subprocess.run([PROGRAM, *asked], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["build", "--help"],
        ["plugins", "--help"],
        ["config", "show", "medical"],
        ["runs"],
        ["build", "medical", "--set", "x=1"],
    ],
    ids=" ".join,
)
def test_what_needs_no_model_imports_no_model_library(words: list[str]) -> None:
    assert imported(*words) & HEAVY == set()
