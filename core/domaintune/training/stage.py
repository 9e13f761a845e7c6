"""The train stage: from train.jsonl to a LoRA adapter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from domaintune import data, files
from domaintune.console import note
from domaintune.models import base as models
from domaintune.plan import Plan
from domaintune.retrieval import use as retrieval
from domaintune.runs import Run


def inputs(plan: Plan, run: Run) -> dict[str, Any]:
    """Return everything that decides the adapter."""
    values = plan.settings.as_dict()
    return {
        "train.jsonl": run.output("data", "train.jsonl"),
        **retrieval.of_training(plan, run),
        "model": {**models.identity(plan.settings.model), **_without(values["model"], "engine")},
        "lora": values["lora"],
        "train": _without(values["train"], "checkpoint_every"),
        "seed": values["seed"],
    }


def work(plan: Plan, run: Run, folder: Path) -> dict[str, Any]:
    """Train in `folder`, going on from its last checkpoint."""
    from domaintune.training import sft

    base = models.locate(plan.settings.model)
    processor = models.load_processor(base)
    tokenizer = processor.tokenizer if processor else models.load_tokenizer(base)
    model = models.load_model(base, plan.settings.model)
    rows = files.read_json(run.file("data/ledger.json"))["kept"]["train"]
    kind = f"{model.device.type}, {str(model.dtype).removeprefix('torch.')}"
    note(f"  {base.name} on {kind}: {rows:,} examples; nothing leaves this machine")
    examples = data.stream(run.file("data"), "train")
    if plan.uses_knowledge:
        examples = retrieval.learned(plan, run, tokenizer, examples, rows, folder, processor)
    return sft.train(model, tokenizer, examples, plan.settings, folder, processor)


def _without(values: dict[str, Any], name: str) -> dict[str, Any]:
    """Leave out a setting that does not change the adapter."""
    return {key: value for key, value in values.items() if key != name}
