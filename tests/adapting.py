"""Adapters for the registry: made once with peft for the tiny model, varied without it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from domaintune import files
from domaintune.adapters.shape import BaseShape

WEIGHTS = "adapter_model.safetensors"
GAIN = {"rougeL": (0.05, 0.2)}
LOSS = {"rougeL": (0.05, 0.2), "rouge1": (-0.2, -0.1)}
NOTHING = {"rougeL": (-0.1, 0.2)}


def peft_adapter(model: Path, folder: Path) -> Path:
    """Save an untrained adapter with peft, its update made to be something."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    config = LoraConfig(r=2, lora_alpha=4, target_modules=["q_proj"], task_type="CAUSAL_LM")
    torch.manual_seed(0)
    adapted = get_peft_model(AutoModelForCausalLM.from_pretrained(model), config)
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.02)
    adapted.save_pretrained(folder)
    return folder


def variant(source: Path, folder: Path, seed: int, scale: float = 1.0) -> Path:
    """Copy an adapter with other numbers in it."""
    shutil.copytree(source, folder)
    generator = np.random.default_rng(seed)
    tensors = load_file(source / WEIGHTS)
    noisy = {
        name: (scale * (value + generator.normal(0, 0.01, value.shape))).astype(value.dtype)
        for name, value in tensors.items()
    }
    save_file(noisy, folder / WEIGHTS, metadata={"format": "pt"})
    return folder


def package(source: Path, folder: Path, shape: BaseShape, measured: Mapping[str, Any], seed: int = 0) -> Path:
    """Make the package of a build from an adapter, with a manifest that says what was measured."""
    variant(source, folder, seed)
    base = {"name": shape.name, "published_as": shape.published_as, "fingerprint": shape.fingerprint}
    manifest = {"schema_version": 1, "domain": "reports", "base": base, "template_fingerprint": shape.template}
    listed = {name: sha for name, sha in files.folder_hashes(folder).items() if name != "README.md"}
    files.write_json(folder / "domaintune.json", {**manifest, **report(measured, "metrics"), "files": listed})
    return folder


def report(measured: Mapping[str, Any], scores: str = "scores") -> dict[str, Any]:
    """Return the rows of a report, as a build writes them."""
    row = {"evaluator": "exact", "tag": "all"}
    compared = [
        {**row, "metric": metric, "a": "tuned", "b": "base", "difference": (low + high) / 2, "low": low, "high": high,
         "p": 0.01, "mde": 0.1, "verdict": "better" if low > 0 else "worse" if high < 0 else "no evidence"}
        for metric, (low, high) in measured.items()
    ]  # fmt: skip
    floors = [{**one, "b": "floor:constant"} for one in compared]
    said = [
        {**row, "metric": metric, "system": system, "value": value, "low": value, "high": value, "n": 30}
        for metric, (low, high) in measured.items()
        for system, value in (("base", 0.25), ("tuned", 0.25 + (low + high) / 2))
    ]
    return {"comparisons": compared + floors, scores: said, "warnings": []}


def shape_to(file: Path, shape: BaseShape) -> Path:
    """Write a shape for a process of its own, which need not measure it."""
    file.write_text(json.dumps(shape.as_dict()))
    return file
