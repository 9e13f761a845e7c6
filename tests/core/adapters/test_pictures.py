"""The package of an adapter shows the pictures that its evaluators drew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from domaintune import files
from domaintune.adapters import package, stage
from domaintune.plan import make_plan
from domaintune.plugins import catalog
from domaintune.runs import Run
from domaintune.settings import DataSettings, EvalSettings, Settings

SAMPLE = {"prompt": "Who is it?", "reference": "Ada", "base": "?", "tuned": "Bo", "images": ["data/images/ada.png"]}
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
    made = tmp_path / "package"
    made.mkdir()
    stage.work(plan, finished(tmp_path / "run", {**REPORT, **pictures}), made)
    shown = bool(pictures.get("pictures"))
    assert ("![A rising line.](made-quiz.png)" in (made / "README.md").read_text()) == shown
    assert ("made-quiz.png" in files.read_json(made / "domaintune.json")["files"]) == shown
    assert not shown or (made / "made-quiz.png").read_text() == "the picture"


@pytest.mark.parametrize(
    ("overrides", "shown"),
    [
        ([], True),
        (["pack.samples=no"], False),
        (["data.sources=mine.csv"], False),
        (["data.sources=hf:some/data"], False),
        (["data.sources=mine.csv", "data.scrub=patterns", "pack.samples=yes"], True),
        (["data.test_source=mine.csv"], False),
        (["data.images=mine"], False),
        (["data.scrub=patterns"], False),
        (["retrieval.sources=mine.csv"], False),
    ],
)
def test_samples_with_pictures_are_shown_only_where_no_data_are_the_user_s(
    tmp_path: Path, tiny: Path, capsys: pytest.CaptureFixture[str], overrides: list[str], shown: bool
) -> None:
    plan = make_plan(catalog(), "medical", overrides=[f"model.base={tiny}", "data.scrub=off", *overrides])
    run, made = finished(tmp_path / "run", {**REPORT, "samples": [SAMPLE]}), tmp_path / "package"
    files.write_text(run.file("evaluation/samples.png"), "a face")
    made.mkdir()
    stage.work(plan, run, made)
    held = files.read_json(made / "domaintune.json")["files"]
    assert ("samples.png" in held, (made / "samples.png").exists()) == (shown, shown)
    assert ("Who is it?" in (made / "README.md").read_text()) == shown
    assert ("samples with pictures are left out of the package" in capsys.readouterr().err) != shown
    assert files.read_json(run.file("evaluation/report.json"))["samples"] == [SAMPLE]


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({}, True),
        ({"mood": "glad", "count": 3, "long": "x" * 5000, "zero": "a\0b", "empty": ""}, True),
        ({"files": [{"recipes": "PLACE"}]}, False),
        ({"items": "hf:some/data"}, False),
    ],
)
def test_a_place_named_in_an_option_counts_as_data_of_the_user(
    tmp_path: Path, options: dict[str, object], shown: bool
) -> None:
    given = json.loads(json.dumps(options).replace("PLACE", str(tmp_path)))
    for settings in (
        Settings(data=DataSettings(options=given)),
        Settings(data=DataSettings(teacher_options=given)),
        Settings(eval=EvalSettings(graders={"made-quiz": given})),
    ):
        assert package.shows_samples(settings) == shown
