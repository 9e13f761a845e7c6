"""A random embedder of two layers for tests: nothing is fetched, and it embeds in milliseconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, BertConfig, BertModel


def random_bert(tiny: Path, folder: Path, **tokenizing: Any) -> Path:
    """Write it with the tiny model's tokenizer, of which some settings may be others; returns the folder."""
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    for name, value in tokenizing.items():
        setattr(tokenizer, name, value)
    tokenizer.save_pretrained(folder)
    return folder
