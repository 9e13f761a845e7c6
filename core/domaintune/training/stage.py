"""The train stage: from train.jsonl to a LoRA adapter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from domaintune import data
from domaintune.console import note
from domaintune.models import base as models
from domaintune.plan import Plan
from domaintune.runs import Run


def inputs(plan: Plan, run: Run) -> dict[str, Any]:
    """Return everything that decides the adapter."""
    values = plan.settings.as_dict()
    return {
        "train.jsonl": run.output("data", "train.jsonl"),
        "model": {**models.identity(plan.settings.model), **values["model"]},
        "lora": values["lora"],
        "train": values["train"],
        "seed": values["seed"],
    }


def work(plan: Plan, run: Run, folder: Path) -> dict[str, Any]:
    """Train in `folder`, going on from its last checkpoint."""
    from domaintune.training import sft

    base = models.locate(plan.settings.model)
    tokenizer, model = models.load_tokenizer(base), models.load_model(base, plan.settings.model)
    examples = data.load(run.file("data"), "train")
    schedule = sft.schedule(plan.settings.train, len(examples))
    note(
        f"  {base.name} on {model.device.type}, {str(model.dtype).removeprefix('torch.')}: {len(examples):,} examples,"
        f" {schedule.steps} steps of {schedule.batch} ({schedule.epochs:.1f} epochs); nothing leaves this machine"
    )
    return sft.train(model, tokenizer, examples, plan.settings, folder)
