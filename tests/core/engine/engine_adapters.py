"""How the engine's tests make adapters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model

from domaintune.models import base as models
from domaintune.settings import ModelSettings

SHAPES: dict[str, dict[str, Any]] = {
    "r4": {"r": 4, "target_modules": "all-linear"},
    "r8": {"r": 8, "lora_alpha": 32, "target_modules": "all-linear"},
    "attention": {"r": 3, "target_modules": ["q_proj", "v_proj"]},
    "rslora": {"r": 16, "lora_alpha": 8, "use_rslora": True, "target_modules": ["o_proj", "up_proj", "down_proj"]},
    "patterns": {
        "r": 2,
        "target_modules": ["q_proj", "gate_proj"],
        "rank_pattern": {"q_proj": 6},
        "alpha_pattern": {"layers.1.mlp.gate_proj": 24},
    },
}


def settings_of(folder: Path, dtype: str = "float32") -> ModelSettings:
    return ModelSettings(base=str(folder), device="cpu", dtype=dtype)  # type: ignore[arg-type]


def make_adapter(base: Path, folder: Path, seed: int, **config: Any) -> Path:
    """Save a random adapter that changes what the model says."""
    torch.manual_seed(seed)
    model = models.load_model(models.locate(settings_of(base)), settings_of(base))
    tuned = get_peft_model(model, LoraConfig(**{"init_lora_weights": False, **config}))
    tuned.save_pretrained(folder, save_embedding_layers=False)
    return folder
