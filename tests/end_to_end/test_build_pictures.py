"""`domaintune build multimodal` on a tiny LLaVA: pictures all the way from the grammar to the registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from building import STAGES, arguments, invoke, runs_in
from peft import PeftModel
from picturing import pictured_model
from safetensors.torch import load_file

from domaintune import files
from domaintune.adapters.registry import Registry
from domaintune.home import registry_folder
from domaintune.models import base as models
from domaintune.settings import ModelSettings

SETTINGS: dict[str, Any] = {
    "data__options__train": 12,
    "data__options__test": 3,
    "data__options__test_questions": 3,
    "train__steps": 3,
    "train__lean": "true",
    "train__max_length": 1500,
    "eval__limit": 6,
    "eval__max_new_tokens": 3,
}


def words(base: Path, *more: object) -> list[str]:
    verb, _, *rest = arguments(base, "--name", "seen", *more, **SETTINGS)
    return [verb, "multimodal", *rest]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str, str]:
    """The base, the finished run, and what its build said."""
    folder = tmp_path_factory.mktemp("built-pictures")
    base = pictured_model(folder / "llava", "llava-clip")
    with runs_in(folder):
        result = invoke(words(base))
    assert result.exit_code == 0, result.stderr
    return base, folder / "multimodal-seen", result.stdout, result.stderr


def test_a_build_shows_pictures_from_the_first_stage_to_the_last(built: tuple[Path, Path, str, str]) -> None:
    base, run, stdout, _ = built
    stages = files.read_json(run / "stages.json")
    assert {name for name, stage in stages.items() if stage["status"] == "done"} == set(STAGES)
    rows = files.read_jsonl(run / "data/train.jsonl")
    assert len(rows) == 12
    pictures = {name for row in rows for name in row["images"]}
    assert all((run / "data" / name).is_file() for name in pictures)
    assert any(len(row["completion"]) > 1 for row in rows), "some are conversations"
    saved = load_file(run / "adapter/adapter_model.safetensors")
    assert sum(".lora_" not in name for name in saved) == 4
    given = ModelSettings(base=str(base), device="cpu", dtype="float32")
    PeftModel.from_pretrained(models.load_model(models.locate(given), given), run / "adapter")
    report = files.read_json(run / "report.json")
    assert {"tuned", "base", "tuned+blind"} <= {row["system"] for row in report["scores"]}
    assert (run / "report.html").stat().st_size > 1000
    assert list(run.glob("evaluation/**/*.png")), "samples are shown with their pictures"
    assert "tuned - base" in stdout


def test_its_adapter_is_in_the_registry(built: tuple[Path, Path, str, str]) -> None:
    _, run, _, _ = built
    with runs_in(run.parent):
        registry = Registry(registry_folder())
        (version,) = registry.versions()
        shape = registry.base(version.base)
    assert version.name == "multimodal"
    assert shape.images
    assert shape.connector == "model.multi_modal_projector"


def test_a_rerun_does_no_work(built: tuple[Path, Path, str, str]) -> None:
    base, run, _, _ = built
    before = {path: path.stat().st_mtime_ns for stage in STAGES for path in (run / stage).rglob("*")}
    with runs_in(run.parent):
        result = invoke(words(base, "--json"))
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count("unchanged, nothing to do") == len(STAGES)
    assert json.loads(result.stdout)["run"] == str(run)
    assert before == {path: path.stat().st_mtime_ns for stage in STAGES for path in (run / stage).rglob("*")}
