"""The presets of the domains: settings by section, tried or taken from a paper, with the reason beside them."""

from __future__ import annotations

SAFETY = "For research only, not for clinical use: no output of this model may guide the care of a patient."

SCRUBBED = {"data": {"scrub": "patterns"}}
"""Lies under every preset: what identifies a person is replaced, unless the user says otherwise."""

# Tried with the starter on real reports, the same 448 examples each time: many small steps teach more than few large
# ones, and at least half abnormal reports keep the model from answering everything with the one normal sentence.
QUICK = {
    "model": {"base": "starter"},
    "data": {"balance": {"normal": 0.45, "mixed": 0.05}},
    "lora": {"r": 16, "alpha": 64.0},
    "train": {
        "steps": 224, "batch_size": 2, "micro_batch_size": 2, "learning_rate": 1e-3, "warmup": 0.05, "max_length": 384,
        "checkpoint_every": 16,
    },
    "eval": {"limit": 120, "max_new_tokens": 48, "batch_size": 60},
}  # fmt: skip

GPU = {
    "model": {"base": "Qwen/Qwen3-1.7B", "dtype": "bfloat16"},
    "data": {"balance": {"normal": 0.5}},
    "lora": {"r": 16, "alpha": 32.0},
    "train": {
        "epochs": 3.0, "batch_size": 32, "micro_batch_size": 4, "learning_rate": 2e-4, "max_length": 1024,
        "packing": True, "checkpoint_every": 50,
    },
    "eval": {"max_new_tokens": 128, "batch_size": 64},
}  # fmt: skip

# Radiology-GPT: LoRA on the query and value projections of a 7B model, with the hyperparameters known of it.
PAPER = {
    "model": {"base": "huggyllama/llama-7b", "quantization": "8bit"},
    "data": {"balance": {}},
    "lora": {"r": 8, "alpha": 16.0, "dropout": 0.05, "targets": ["q_proj", "v_proj"]},
    "train": {
        "epochs": 3.0, "batch_size": 128, "micro_batch_size": 4, "learning_rate": 3e-4, "max_length": 512,
        "gradient_checkpointing": True, "checkpoint_every": 50,
    },
    "eval": {"max_new_tokens": 128, "batch_size": 16},
}  # fmt: skip

# The passages make the examples long, and a processor reads slowly: few of them, and short.
DIALOGUE_QUICK = {
    "model": {"base": "starter"},
    "retrieval": {"k": 2, "budget": 224},
    "lora": {"r": 16, "alpha": 64.0},
    "train": {
        "steps": 64, "batch_size": 2, "micro_batch_size": 2, "learning_rate": 1e-3, "warmup": 0.05, "max_length": 448,
        "checkpoint_every": 16,
    },
    "eval": {"limit": 32, "max_new_tokens": 48, "batch_size": 16},
}  # fmt: skip

DIALOGUE_GPU = {
    "model": {"base": "Qwen/Qwen3-1.7B", "dtype": "bfloat16"},
    "lora": {"r": 16, "alpha": 32.0},
    "train": {
        "epochs": 3.0, "batch_size": 32, "micro_batch_size": 4, "learning_rate": 2e-4, "max_length": 2048,
        "packing": True, "checkpoint_every": 50,
    },
    "eval": {"max_new_tokens": 192, "batch_size": 64},
}  # fmt: skip

# ChatDoctor: the LoRA run of its repository.
DIALOGUE_PAPER = {
    "model": {"base": "huggyllama/llama-7b", "quantization": "8bit"},
    "lora": {"r": 8, "alpha": 16.0, "dropout": 0.05, "targets": ["q_proj", "v_proj"]},
    "train": {
        "epochs": 1.0, "batch_size": 32, "micro_batch_size": 4, "learning_rate": 3e-5, "warmup": 0.03,
        "max_length": 1024, "gradient_checkpointing": True, "checkpoint_every": 50,
    },
    "eval": {"max_new_tokens": 512, "batch_size": 16},
}  # fmt: skip

# The Chinese sample has twenty diseases, and MiniLM reads no Chinese: passages are found by their characters.
QA_CHINESE = {
    **DIALOGUE_QUICK,
    "data": {"test_fraction": 0.25, "options": {"language": "zh"}},
    "retrieval": {"retriever": "bm25", "k": 2, "budget": 200, "knowledge_options": {"language": "zh"}},
}

# Med-ChatGLM: its schedule, with LoRA where it trained every parameter and lost the base model's abilities (its issue 16).
QA_PAPER = {
    "model": {"base": "zai-org/glm-4-9b-chat-hf", "dtype": "bfloat16"},
    "lora": {"r": 16, "alpha": 32.0},
    "train": {
        "epochs": 3.0, "batch_size": 16, "micro_batch_size": 8, "learning_rate": 5e-5, "schedule": "linear",
        "warmup": 0.1, "max_length": 512, "gradient_checkpointing": True, "checkpoint_every": 50,
    },
    "eval": {"max_new_tokens": 256, "batch_size": 16},
}  # fmt: skip
