"""A tiny model that reads pictures, and adapters with a projector for it, made without a picture or a processor."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoTokenizer,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
)

CONNECTOR = "model.multi_modal_projector"
LANGUAGE = "model.language_model.layers"
TARGETS = [f"{LANGUAGE}.{layer}.self_attn.{name}_proj" for layer in (0, 1) for name in ("q", "v")]
WIDTH, SEEN = 32, 16
"""Numbers of a token in the language model, and of a patch in the tower."""


def seeing_model(tokenizer: Path, folder: Path) -> Path:
    """Write a folder of a LLaVA with random weights, with the tokenizer of another model."""
    torch.manual_seed(0)
    reader = AutoTokenizer.from_pretrained(tokenizer)
    reader.add_special_tokens({"additional_special_tokens": ["<image>"]})
    vision = CLIPVisionConfig(
        hidden_size=SEEN, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=16, patch_size=4,
        projection_dim=16,
    )  # fmt: skip
    text = LlamaConfig(
        vocab_size=len(reader), hidden_size=WIDTH, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=128, tie_word_embeddings=False,
    )  # fmt: skip
    image = reader.convert_tokens_to_ids("<image>")
    LlavaForConditionalGeneration(
        LlavaConfig(vision_config=vision, text_config=text, image_token_index=image)
    ).save_pretrained(folder)
    reader.save_pretrained(folder)
    return folder


def seeing_adapter(model: Path, folder: Path, saved: str | None = CONNECTOR, **settings: Any) -> Path:
    """Save an adapter and a projector, both a little changed, as plain peft does."""
    chosen: dict[str, Any] = {"r": 2, "lora_alpha": 4, "target_modules": TARGETS, "task_type": "CAUSAL_LM", **settings}
    base = LlavaForConditionalGeneration.from_pretrained(model)
    adapted = get_peft_model(base, LoraConfig(**chosen, modules_to_save=[saved] if saved else None))
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in adapted.parameters():
            if weight.requires_grad:
                weight.add_(torch.randn_like(weight) * 0.05)
    adapted.save_pretrained(folder, save_embedding_layers=False)
    return folder


def changed_model(model: Path, folder: Path, part: str) -> Path:
    """Copy a model with one number of one part changed, and nothing else."""
    shutil.copytree(model, folder)
    file = folder / "model.safetensors"
    from safetensors.torch import load_file, save_file

    tensors = load_file(file)
    name = next(name for name in sorted(tensors) if part in name and name.endswith("weight"))
    tensors[name].reshape(-1)[0] += 1
    save_file(tensors, file, metadata={"format": "pt"})
    return folder


Make = Callable[..., Path]
