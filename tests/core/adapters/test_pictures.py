"""The package of an adapter shows the pictures that its evaluators drew."""

from __future__ import annotations

from pathlib import Path

import pytest

from domaintune import files
from domaintune.adapters import stage
from domaintune.plan import make_plan
from domaintune.plugins import catalog
from domaintune.runs import Run

REPORT = {"scores": [], "comparisons": [], "warnings": [], "graders": {"made-quiz": {}}}
PICTURE = {"evaluator": "made-quiz", "file": "evaluation/made-quiz.png", "text": "A rising line."}


def finished(folder: Path, report: dict[str, object]) -> Run:
    """A run that has all but its package."""
    run = Run(folder)
    files.write_json(run.file("train/adapter/adapter_config.json"), {"target_modules": "all-linear"})
    for name in ("adapter/adapter_model.safetensors", "train_log.jsonl", "training_loss.png"):
        files.write_text(run.file(f"train/{name}"), "")
    files.write_text(run.file("evaluation/made-quiz.png"), "the picture")
    files.write_json(run.file("evaluation/report.json"), report)
    files.write_json(run.file("data/ledger.json"), {"rows_in": 2, "kept": {"train": 1, "test": 1}, "counts": {}})
    training = {"steps": 1, "epochs": 1.0, "trainable_parameters": 1}
    hashes = {"train.jsonl": "a", "test.jsonl": "b"}
    data = {"counts": {"sample": True}, "files": hashes}
    files.write_json(run.file("stages.json"), {"data": data, "train": {"counts": training}})
    return run


@pytest.mark.parametrize("pictures", [{"pictures": [PICTURE]}, {"pictures": []}, {}])
def test_the_pictures_of_the_evaluation_lie_beside_the_card_that_shows_them(
    tmp_path: Path, tiny: Path, pictures: dict[str, object]
) -> None:
    plan = make_plan(catalog(), "medical", overrides=[f"model.base={tiny}"])
    package = tmp_path / "package"
    package.mkdir()
    stage.work(plan, finished(tmp_path / "run", {**REPORT, **pictures}), package)
    shown = bool(pictures.get("pictures"))
    assert ("![A rising line.](made-quiz.png)" in (package / "README.md").read_text()) == shown
    assert ("made-quiz.png" in files.read_json(package / "domaintune.json")["files"]) == shown
    assert not shown or (package / "made-quiz.png").read_text() == "the picture"
