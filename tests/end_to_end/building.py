"""A build that is over in seconds, in this process or in one of its own, and what is compared of two builds."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from domaintune import cli

PROGRAM = [str(Path(sys.executable).with_name("domaintune"))]
SETTINGS: Mapping[str, Any] = {
    "model.device": "cpu",
    "model.dtype": "float32",
    "train.steps": 24,
    "train.batch_size": 4,
    "train.micro_batch_size": 4,
    "train.checkpoint_every": 4,
    "train.learning_rate": 1e-2,
    "lora.r": 4,
    "eval.limit": 12,
    "eval.batch_size": 3,
    "eval.max_new_tokens": 8,
    "eval.draws": 100,
}
MUST_NOT_DIFFER = (
    "data/train.jsonl", "data/test.jsonl", "data/ledger.json", "train/adapter/adapter_model.safetensors",
    "train/train_log.jsonl", "adapter/adapter_model.safetensors", "adapter/README.md", "report.json",
    "report.html",
)  # fmt: skip
STAGES = ("data", "train", "evaluation", "adapter")


def arguments(model: Path, *more: object, verb: str = "build", **settings: Any) -> list[str]:
    """Return the words of a small build; settings are given with `__` for the dot."""
    values = {**SETTINGS, "model.base": model, **{key.replace("__", "."): value for key, value in settings.items()}}
    overrides = [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
    return [verb, "medical", *overrides, *map(str, more)]


def invoke(words: list[str]) -> Result:
    """Run a command in this process; a bug of ours is raised."""
    result = CliRunner().invoke(cli.app(words[:1]), words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def spawn(words: list[str], runs: Path, **more: Any) -> subprocess.Popen[str]:
    """Start a command in a process group of its own."""
    return subprocess.Popen(
        [*PROGRAM, *words],
        env={**os.environ, "DOMAINTUNE_RUNS": str(runs), "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **more,
    )


@contextmanager
def runs_in(folder: Path) -> Iterator[None]:
    """Let runs, and the registry that they fill, go to a folder that outlives one test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOMAINTUNE_RUNS", str(folder))
        patch.setenv("DOMAINTUNE_HOME", str(folder / "home"))
        patch.setenv("COLUMNS", "80")
        patch.setenv("NO_COLOR", "1")
        yield


def hashes(run: Path, names: tuple[str, ...] = MUST_NOT_DIFFER) -> dict[str, str]:
    """Return the SHA-256 of the files that must not differ between two builds of the same things."""
    return {name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in names}
