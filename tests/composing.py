"""Adapters to compose: random updates of the tiny model, written as peft writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from domaintune import files
from domaintune.adapters.shape import BaseShape
from domaintune.composition.factors import Factors, Update

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
EVERYWHERE = (*ATTENTION, "gate_proj", "up_proj", "down_proj")


def update(shape: BaseShape, seed: int, rank: int = 4, kinds: Sequence[str] = EVERYWHERE, size: float = 0.3) -> Update:
    """Return a random update of the layers of these kinds."""
    generator = torch.Generator().manual_seed(seed)
    return {
        module: Factors(
            a=torch.randn(rank, columns, generator=generator) * size,
            b=torch.randn(rows, rank, generator=generator) * size,
        )
        for module, (rows, columns) in sorted(shape.linears.items())
        if module.rpartition(".")[2] in kinds
    }


def saved(folder: Path, given: Update, *, alpha: float | None = None, **config: Any) -> Path:
    """Write factors as they are with a configuration of peft's, whatever that makes of their scale."""
    folder.mkdir(parents=True)
    ranks = {module: factors.rank for module, factors in given.items()}
    rank = max(ranks.values())
    values = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": "tiny",
        "r": rank,
        "lora_alpha": rank if alpha is None else alpha,
        "target_modules": list(given),
        "rank_pattern": {module: other for module, other in ranks.items() if other != rank},
        **config,
    }
    (folder / "adapter_config.json").write_text(json.dumps(values))
    state = {f"base_model.model.{m}.lora_A.weight": f.a.clone() for m, f in given.items()}
    state |= {f"base_model.model.{m}.lora_B.weight": f.b.clone() for m, f in given.items()}
    save_file(state, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    return folder


def packaged(folder: Path, given: Update, shape: BaseShape, **manifest: Any) -> Path:
    """Write a package: what `saved` writes and a manifest beside it."""
    saved(folder, given)
    base = {"name": shape.name, "published_as": shape.published_as, "fingerprint": shape.fingerprint}
    values: Mapping[str, Any] = {"schema_version": 1, "base": base, "template_fingerprint": shape.template, **manifest}
    files.write_json(folder / "domaintune.json", {**values, "files": files.folder_hashes(folder)})
    return folder


def dense(given: Update, weight: float = 1.0) -> dict[str, torch.Tensor]:
    """Return the updates themselves."""
    return {module: weight * factors.delta for module, factors in given.items()}
