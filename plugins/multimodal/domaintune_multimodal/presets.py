"""The presets of the three domains: settings by section, tried or taken from a paper, with the reason beside them."""

from __future__ import annotations

from typing import Any

Preset = dict[str, dict[str, Any]]

# A model that reads pictures, and rows that cannot be packed: a picture's places must stay together.
PICTURES: Preset = {"model": {"base": "multimodal-llava"}, "train": {"packing": False}}

# Two processors, a quarter of an hour, no network: the small tower and the starter. Four kinds of questions in their
# plainest forms, learned well, say more about what is seen than ten kinds half learned.
QUICK: Preset = {
    "model": {"base": "multimodal-llava"},
    "data": {
        "options": {
            "train": 960, "test": 90, "test_questions": 4, "conversation": 58, "detail": 3, "reasoning": 0,
            "turns": [6, 8], "things": [1, 3], "forms": 3, "kinds": ["colour", "shape", "count", "position"],
        },
    },
    "lora": {"r": 16, "alpha": 32.0},
    "train": {
        "epochs": 1.0, "batch_size": 4, "micro_batch_size": 4, "learning_rate": 8e-4, "max_length": 384, "lean": True,
        "checkpoint_every": 60,
    },
    "eval": {"max_new_tokens": 6, "batch_size": 32},
}  # fmt: skip

# The scenes on one GPU: all ten kinds, and a current small model of the hub that reads pictures.
GPU: Preset = {
    "model": {"base": "HuggingFaceTB/SmolVLM-256M-Instruct", "dtype": "bfloat16"},
    "data": {"options": {"train": 8000, "test": 200}},
    "lora": {"r": 32, "alpha": 64.0},
    "train": {
        "epochs": 1.0, "batch_size": 32, "micro_batch_size": 8, "learning_rate": 2e-4, "max_length": 2048,
        "checkpoint_every": 50,
    },
    "eval": {"max_new_tokens": 96, "batch_size": 32},
}  # fmt: skip

# LLaVA-1.5's LoRA: r 128, alpha 256, 2e-4, one epoch of batches of 128, cosine with 3 % warm-up, 2048 tokens. Its scripts
# train the projector with 2e-5; here it has the adapter's rate. Loading in 4 bits is ours: QLoRA, for one GPU.
_LLAVA: Preset = {
    "lora": {"r": 128, "alpha": 256.0, "dropout": 0.05},
    "train": {
        "epochs": 1.0, "batch_size": 128, "micro_batch_size": 4, "learning_rate": 2e-4, "warmup": 0.03,
        "schedule": "cosine", "max_length": 2048, "gradient_checkpointing": True, "checkpoint_every": 100,
    },
    "eval": {"max_new_tokens": 512, "batch_size": 8},
}  # fmt: skip
_ASSEMBLED: dict[str, Any] = {
    "base": "multimodal-llava",
    "quantization": "4bit",
    "options": {
        "language": "lmsys/vicuna-7b-v1.5", "tower": "openai/clip-vit-large-patch14-336", "layer": -2,
        "batch_size": 256, "micro_batch_size": 8, "steps": 2180, "learning_rate": 1e-3, "warmup": 0.03,
    },
}  # fmt: skip
PAPER: Preset = {**_LLAVA, "model": {"base": "llava-hf/llava-1.5-7b-hf", "quantization": "4bit"}}
LLAVA_PAPER: Preset = {**_LLAVA, "model": _ASSEMBLED}
LLAVA_GPU: Preset = {**GPU, "data": {}, "eval": {"max_new_tokens": 512, "batch_size": 32}}

# A lecture and an explanation come before the answer: 0.7 % of ScienceQA's are longer than 512 tokens.
# School questions on two processors: the small tower sees shapes only, so this shows the way, not a result.
SCIENCE_QUICK: Preset = {
    "model": {"base": "multimodal-llava"},
    "train": {
        "epochs": 2.0, "batch_size": 4, "micro_batch_size": 4, "learning_rate": 2e-4, "max_length": 1024, "lean": True,
    },
    "eval": {"max_new_tokens": 512, "batch_size": 32},
}  # fmt: skip
SCIENCE_GPU: Preset = {**LLAVA_GPU, "eval": {"max_new_tokens": 1024, "batch_size": 32}}
# LLaVA on ScienceQA: 12 epochs; its learning rate of 2e-5 was for all weights, this is LoRA's usual one.
SCIENCE_PAPER: Preset = {
    "lora": _LLAVA["lora"], "model": _ASSEMBLED, "train": {**_LLAVA["train"], "epochs": 12.0},
    "eval": {"max_new_tokens": 1024, "batch_size": 8},
}  # fmt: skip
