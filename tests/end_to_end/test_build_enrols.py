"""A finished build is a candidate of the registry, once, and nothing that goes wrong there fails the build."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from building import arguments, invoke, runs_in

from domaintune import files
from domaintune.adapters.registry import Registry
from domaintune.evaluation.layout import difference


@pytest.fixture(scope="module")
def built(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A finished run, and what its build said on stderr."""
    folder = tmp_path_factory.mktemp("enrolled")
    with runs_in(folder):
        result = invoke(words(tiny))
    assert result.exit_code == 0, result.stderr
    return folder / "medical-tiny", result.stderr


def words(tiny: Path, *more: str) -> list[str]:
    return arguments(tiny, "--limit", 80, "--name", "tiny", *more, eval__draws=20)


def test_a_finished_build_is_a_candidate_and_says_so(built: tuple[Path, str]) -> None:
    run, stderr = built
    assert "medical@1 is a candidate; promote it: domaintune adapters promote medical@1\n" in stderr
    with runs_in(run.parent):
        registry = Registry()
        (version,) = registry.versions("medical")
        assert version.files == files.folder_hashes(run / "adapter")
        assert version.source == f"build: {run}"
        assert registry.verify() == []
        assert registry.manifest(version) == files.read_json(run / "adapter/domaintune.json")


def test_the_same_build_again_is_the_same_version(built: tuple[Path, str], tiny: Path) -> None:
    with runs_in(built[0].parent):
        serial = Registry().serial()
        document = json.loads(invoke(words(tiny, "--json")).stdout)
        assert document["version"] == "medical@1"
        assert Registry().serial() == serial
        Registry().promote("medical@1", override="for a test")
        assert "medical@1 is promoted\n" in invoke(words(tiny)).stderr


def test_the_numbers_shown_are_those_of_the_model_card(built: tuple[Path, str]) -> None:
    run = built[0]
    with runs_in(run.parent):
        verdict = Registry().versions("medical")[0].verdict
        shown = invoke(["adapters", "show", "medical@1"]).stdout
    card = "".join((run / "adapter/README.md").read_text().split())
    assert len(verdict["comparisons"]) == 3
    for row in verdict["comparisons"]:
        assert difference(row).strip() in shown
        assert "".join(f"{row['metric']} | {difference(row)}".split()) in card
    manifest = files.read_json(run / "adapter/domaintune.json")
    for row in verdict["comparisons"]:
        same = [one for one in manifest["comparisons"] if one["tag"] == "all" and one | row == one]
        assert len(same) == 1


def test_a_registry_that_cannot_be_written_is_a_warning(
    built: tuple[Path, str], tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with runs_in(built[0].parent):
        monkeypatch.setenv("DOMAINTUNE_HOME", str(tmp_path / "file"))
        result = invoke(words(tiny, "--json"))
    assert result.exit_code == 0
    assert "warning: the adapter was not added to the registry: " in result.stderr
    assert json.loads(result.stdout)["version"] is None
