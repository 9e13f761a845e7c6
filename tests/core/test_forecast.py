"""What a forecast says is what a build then does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domaintune import files, pipeline
from domaintune.forecast import forecast_of
from domaintune.plan import Plan, make_plan
from domaintune.plugins import catalog

SMALL = {
    "data.limit": 60, "model.device": "cpu", "model.dtype": "float32", "train.batch_size": 10, "lora.r": 4,
    "train.micro_batch_size": 4, "train.epochs": 0.5, "eval.limit": 5, "eval.max_new_tokens": 2, "eval.draws": 20,
}  # fmt: skip


def plan(base: object, **more: Any) -> Plan:
    given = {**SMALL, "model.base": base, **more}
    return make_plan(catalog(), "medical", overrides=[f"{key}={value}" for key, value in given.items()])


def test_a_build_is_as_it_was_forecast(tiny: Path) -> None:
    forecast = forecast_of(plan(tiny), "x")
    run = pipeline.build(plan(tiny), "x")
    stages = run.stages
    assert forecast.steps == stages["train"]["counts"]["steps"]
    assert round(forecast.epochs, 2) == stages["train"]["counts"]["epochs"]
    assert forecast.trainable_parameters == stages["train"]["counts"]["trainable_parameters"]
    assert forecast.ledger.as_dict() == files.read_json(run.file("data/ledger.json"))
    assert forecast.train_tokens == files.read_json(run.file("data/lengths.json"))["train"]["total"]
    assert forecast.tokens_counted
    assert set(forecast.files) == {str(path) for path in run.folder.iterdir() if not path.name.startswith(".")}


@pytest.mark.parametrize(("until", "last"), [("data", "data"), ("train", "train"), ("evaluation", "report.json")])
def test_a_forecast_of_a_part_names_the_files_of_that_part(tiny: Path, until: Any, last: str) -> None:
    forecast = forecast_of(plan(tiny), "x", until)
    run = pipeline.build(plan(tiny), "x", until)
    assert Path(forecast.files[-1]).name == last
    assert set(forecast.files) == {str(path) for path in run.folder.iterdir() if not path.name.startswith(".")}


def test_without_the_model_tokens_are_estimated_and_nothing_is_fetched(tmp_path: Path) -> None:
    forecast = forecast_of(plan("owner/model"))
    assert not forecast.tokens_counted
    assert (forecast.parameters, forecast.memory_gb, forecast.minutes) == (None, None, None)
    assert "estimated at 3.6 characters a token" in forecast.lines()[0]
    assert "not known before the base model is on this machine" in " ".join(forecast.lines())
    assert forecast.train_tokens > 1000
    assert list(tmp_path.iterdir()) == []


def test_a_forecast_is_plain_values_and_sentences(tiny: Path) -> None:
    forecast = forecast_of(plan(tiny))
    document = forecast.as_dict()
    assert document["schema_version"] == 1
    assert document["ledger"]["rows_in"] == 60
    assert document["memory_gb"] > 0
    assert document["minutes"] >= 0
    lines = forecast.lines()
    assert f"{forecast.train_tokens:,} (counted)" in lines[0]
    assert f"{forecast.steps:,} steps" in lines[1]
    assert lines[-1].strip() == forecast.files[-1]


def test_more_to_train_takes_more_time_and_memory(tiny: Path) -> None:
    small, large = (
        forecast_of(plan(tiny, **{"train.steps": steps, "lora.r": r})) for steps, r in ((100, 4), (100_000, 32))
    )
    assert small.minutes is not None
    assert large.minutes is not None
    assert large.minutes > 100 * max(small.minutes, 0.001)
    assert large.trainable_parameters == 8 * (small.trainable_parameters or 0)
