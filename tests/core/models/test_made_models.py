"""Base models that plugins make: made once, kept under what decides them, and a sentence where that goes wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from domaintune import cli, locate_model
from domaintune.adapters import bases
from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import measure
from domaintune.errors import DataError, DomaintuneError, ModelError, PluginError, SettingsError
from domaintune.models import base as models
from domaintune.plugins import Catalog
from domaintune.serving.selection import settings_of
from domaintune.settings import ModelSettings

PROJECT = """[project]
name = "domaintune-makers"
version = "1.0"
[project.entry-points.domaintune]
makers = "domaintune_makers"
"""
PLUGIN = '''
"""Base models of a test."""
import os, shutil, time
from dataclasses import dataclass
from pathlib import Path
from domaintune import Component, DataError, hookimpl

SOURCE, COUNTER = Path({source!r}), Path({counter!r})


@dataclass(frozen=True, kw_only=True)
class Options:
    width: int = 4
    how: str = "whole"

    def __post_init__(self):
        if self.width < 1:
            raise ValueError(f"width = {{self.width}}: give 1 or more")


class Maker:
    def __init__(self, options):
        self.options = options

    def identity(self):
        if self.options.how == "no identity":
            raise RuntimeError("no idea\\nat all")
        if self.options.how == "no plain identity":
            return {{"width": object()}}
        return {{"width": self.options.width, "how": self.options.how}}

    def make(self, folder, bars):
        with COUNTER.open("a") as file:
            file.write("x")
        with bars("making", 2) as show:
            show(1, 2, "half")
        if self.options.how == "slow":
            time.sleep(0.3)
        if self.options.how == "nothing":
            return None
        if self.options.how == "half":
            shutil.copy(SOURCE / "config.json", folder)
            return None
        shutil.copytree(SOURCE, folder, dirs_exist_ok=True)
        (folder / "width").write_text(str(self.options.width))
        if self.options.how == "fails":
            raise RuntimeError("the oven is cold\\nand so on")
        if self.options.how == "knows":
            raise DataError("cannot read the recipe")
        return "well done"


@hookimpl
def domaintune_models():
    yield Component(name="makers-tiny", summary="A model of a test", load=lambda: Maker, options=Options)
'''


@pytest.fixture
def counter(tiny: Path, tmp_path: Path, install: Callable[..., Catalog]) -> Path:
    """Install a plugin that makes models, and return the file that counts how often."""
    folder, file = tmp_path / "plugin", tmp_path / "count"
    folder.mkdir()
    file.write_text("")
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "domaintune_makers.py").write_text(PLUGIN.format(source=str(tiny), counter=str(file)))
    install(folder)
    return file


def named(**options: Any) -> ModelSettings:
    return ModelSettings(base="makers-tiny", options=options, device="cpu", dtype="float32")


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app([str(words[0])]), list(map(str, words)))


def kept() -> list[str]:
    """What lies in the cache, but for locks."""
    place = Path(os.environ["DOMAINTUNE_HOME"]) / "models"
    return sorted(path.name for path in place.iterdir() if path.suffix != ".lock") if place.is_dir() else []


def test_it_is_made_once_and_again_only_for_other_options(counter: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert not models.is_at_hand(named())
    identity = models.identity(named())
    assert kept() == []
    first = models.locate(named())
    assert models.locate(named()) == first
    assert models.locate(named(width=4)) == first, "a default that is written out is the same"
    told = capfd.readouterr().err
    assert "base model makers-tiny: making it (once)" in told
    assert "; well done" in told
    other = models.locate(named(width=5))
    assert counter.read_text() == "xx"
    assert [(Path(one.place) / "width").read_text() for one in (first, other)] == ["4", "5"]
    assert kept() == sorted([Path(first.place).name, Path(other.place).name])
    assert models.is_at_hand(named())
    assert (first.name, first.folder) == ("makers-tiny", Path(first.place))
    assert models.identity(named()) == identity != models.identity(named(width=5))
    assert locate_model("makers-tiny") == first.place
    models.load_model(first, named())


def test_processes_that_want_it_at_once_make_it_once(counter: Path) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(models.locate(named(how="slow")).place)) for _ in range(3)]
    for thread in threads:
        thread.start()
    code = (
        "from domaintune.settings import ModelSettings; from domaintune.models import base; "
        "print(base.locate(ModelSettings(base='makers-tiny', options={'how': 'slow'})).place)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    for thread in threads:
        thread.join()
    assert done.returncode == 0, done.stderr
    assert {*found, done.stdout.strip()} == {found[0]}
    assert counter.read_text() == "x"
    assert kept() == [Path(found[0]).name]


@pytest.mark.parametrize(
    ("how", "kind", "sentence"),
    [
        ("fails", ModelError, r"^base model 'makers-tiny' could not be made: RuntimeError: the oven is cold$"),
        ("knows", DataError, "^cannot read the recipe$"),
        ("nothing", ModelError, r"the maker of base model 'makers-tiny' left no config\.json"),
        ("half", ModelError, r"or no \.safetensors; it is broken"),
        ("no identity", PluginError, r"'makers-tiny' does not say what decides it: RuntimeError: no idea$"),
        ("no plain identity", PluginError, "'makers-tiny' does not say what decides it: TypeError"),
    ],
)
def test_a_maker_that_fails_keeps_nothing_and_says_why(
    counter: Path, how: str, kind: type[DomaintuneError], sentence: str
) -> None:
    for _ in range(2):
        with pytest.raises(kind, match=sentence):
            models.locate(named(how=how))
        assert kept() == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"widht": 3}, "width"),
        ({"width": "three"}, "width"),
        ({"width": 0}, "give 1 or more"),
    ],
)
def test_options_are_checked_before_anything_is_made(counter: Path, options: dict[str, Any], sentence: str) -> None:
    for asked in (models.identity, models.is_at_hand, models.locate):
        with pytest.raises(SettingsError, match=sentence):
            asked(named(**options))
    assert counter.read_text() == ""


def test_options_of_a_base_that_nobody_makes_are_refused(counter: Path, tiny: Path) -> None:
    for base in ("starter", str(tiny), "someone/model"):
        given = ModelSettings(base=base, options={"width": 3})
        for asked in (models.identity, models.locate):
            with pytest.raises(
                ModelError, match=r"model\.options are for base models that plugins make, .* leave them out"
            ):
                asked(given)


def test_looking_at_a_build_makes_nothing(counter: Path) -> None:
    given = ("medical", "--set", "model.base=makers-tiny", "--set", "model.options.width=7")
    for words in (("build", *given, "--dry-run", "--limit", 40), ("data", *given, "--preview", 2, "--limit", 40)):
        result = run(*words)
        assert result.exit_code == 0, result.output
    shown = run("config", "show", *given).stdout
    assert 'base = "makers-tiny"' in shown
    assert "[model.options]\nwidth = 7" in shown
    assert "makers-tiny" in run("plugins").stdout
    run("doctor")
    assert counter.read_text() == ""
    assert kept() == []


def test_a_source_that_is_wrong_is_told_before_anything_is_made(counter: Path, tmp_path: Path) -> None:
    (tmp_path / "odd.jsonl").write_text('{"x": 1}\n')
    for source, sentence in (("none.csv", "there is no file"), ("odd.jsonl", "odd.jsonl")):
        result = run("data", "medical", "--source", tmp_path / source, "--set", "model.base=makers-tiny")
        assert result.exit_code == 2
        assert sentence in result.output
    assert counter.read_text() == ""
    assert run("data", "medical", "--limit", 40, "--set", "model.base=makers-tiny").exit_code == 0
    assert counter.read_text() == "x"


def test_the_registry_and_the_server_know_it_by_its_name_and_options(counter: Path, tmp_path: Path) -> None:
    wide = named(width=9)
    shape = measure(wide)
    assert (shape.name, shape.images) == ("makers-tiny", False)
    assert shape.settings["options"] == {"width": 9}
    restored = type(shape).from_dict(json.loads(json.dumps(shape.as_dict())))
    opened = settings_of(restored, ModelSettings(device="cpu"))
    assert (opened.base, opened.options) == ("makers-tiny", {"width": 9})
    assert models.locate(opened) == models.locate(wide)
    registry = Registry(tmp_path / "registry")
    assert bases.base_of(registry, wide) == shape
    assert counter.read_text() == "x"


def test_a_folder_of_that_name_does_not_take_its_place(
    counter: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny, tmp_path / "here" / "makers-tiny")
    monkeypatch.chdir(tmp_path / "here")
    assert Path(models.locate(named()).place).parent.name == "models"


def test_options_of_a_preset_can_be_left_out_as_the_error_says(tiny: Path) -> None:
    from domaintune.contracts import Domain
    from domaintune.settings import resolve

    quick = {"model": {"base": "makers-tiny", "options": {"width": 8}}}
    domain = Domain(name="made", summary="-", data="-", evaluators=(), presets={"quick": quick})
    given = [f"model.base={tiny}"]
    with pytest.raises(ModelError, match=r"those of a preset too, with --set model\.options=\{\}$"):
        models.locate(resolve(domain, preset="quick", overrides=given).model)
    models.locate(resolve(domain, preset="quick", overrides=[*given, "model.options={}"]).model)
