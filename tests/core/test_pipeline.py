"""The road of a build: how far it goes, what it leaves on the way, and what the settings of a run say."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from domaintune import pipeline
from domaintune.adapters import stage as package
from domaintune.data import stage as data
from domaintune.errors import ModelError, UsageError
from domaintune.evaluation import stage as evaluation
from domaintune.plan import Plan, make_plan
from domaintune.plugins import catalog
from domaintune.runs import Run
from domaintune.training import stage as training

STAGES = {"data": data, "train": training, "evaluation": evaluation, "adapter": package}


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    (tmp_path / "model").mkdir()
    return make_plan(catalog(), "medical", overrides=[f"model.base={tmp_path / 'model'}"])


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stages that did their work, which here is next to nothing."""
    called: list[str] = []

    def work(name: str) -> Any:
        def write(*arguments: Any) -> dict[str, int]:
            called.append(name)
            for file in ("report.json", "report.html"):
                (arguments[-1] / file).write_text("{}")
            return {"made": 1}

        return write

    for name, module in STAGES.items():
        monkeypatch.setattr(module, "work", work(name))
        monkeypatch.setattr(module, "inputs", lambda *_, name=name: {"stage": name})
    monkeypatch.setattr(data, "announce", lambda _: None)
    return called


@pytest.mark.parametrize("until", list(STAGES))
def test_a_build_goes_as_far_as_it_is_told_and_on_from_there(plan: Plan, done: list[str], until: Any) -> None:
    run = pipeline.build(plan, "x", until)
    assert done == list(STAGES)[: len(done)]
    assert done[-1] == until
    assert list(run.stages) == sorted(done)
    for name in ("report.json", "report.html"):
        assert run.file(name).exists() == (until in {"evaluation", "adapter"})
    pipeline.build(plan, "x")
    assert done == list(STAGES)


def test_a_run_without_a_name_is_found_again(plan: Plan, done: list[str], tmp_path: Path) -> None:
    run = pipeline.build(plan)
    assert pipeline.build(plan).folder == run.folder
    assert done == list(STAGES)
    assert (tmp_path / "runs/latest-medical").resolve() == run.folder.resolve()


def test_where_a_stage_fails_the_ones_before_it_stay(
    plan: Plan, done: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: Any) -> None:
        raise ModelError("no model today")

    works = training.work
    monkeypatch.setattr(training, "work", fail)
    with pytest.raises(ModelError):
        pipeline.build(plan, "x")
    assert list(Run(tmp_path / "runs/medical-x").stages) == ["data"]
    monkeypatch.setattr(training, "work", works)
    pipeline.build(plan, "x")
    assert done == list(STAGES)


def test_the_run_is_locked_while_it_is_built_and_free_after(plan: Plan, done: list[str]) -> None:
    run = pipeline.build(plan, "x")
    with run.lock(), pytest.raises(UsageError, match="another process"):
        pipeline.build(plan, "x")
    pipeline.build(plan, "x")


def test_the_settings_of_a_run_resolve_to_themselves(tmp_path: Path) -> None:
    given = [
        "train.steps=7",
        'data.sources=["a b.csv", "ü.csv"]',
        "data.columns.findings=Text 1",
        "eval.medical-rouge.stemmer=true",
    ]
    plan = make_plan(catalog(), "medical", preset="quick", overrides=given)
    text = pipeline.settings_toml(plan)
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    again = make_plan(catalog(), "medical", file=tmp_path / "s.toml")
    assert again.settings == plan.settings
    assert again.key == plan.key
    assert "revision" not in tomllib.loads(text)["model"]
