"""The presets of the domain: settings by section, tried or taken from a paper, with the reason beside them."""

from __future__ import annotations

# Two processors, a quarter of an hour, no network: the starter is its own teacher, so few seeds are evolved and fewer
# survive their tests; the seeds carry the training. The answers are as long as the problems of the own set need.
QUICK = {
    "model": {"base": "starter"},
    "data": {
        "teacher": "teacher-local",
        "teacher_options": {"base": "starter", "batch": 16},
        "test_fraction": 0.05,
        "options": {
            "rounds": 1, "evolve": 8, "judge": False, "form": "function", "task_tokens": 160, "max_new_tokens": 192,
            "test_tokens": 160,
        },
    },
    "lora": {"r": 16, "alpha": 32.0},
    "train": {
        "epochs": 2.0, "batch_size": 4, "micro_batch_size": 4, "learning_rate": 1e-4, "warmup": 0.05, "max_length": 384,
        "lean": True, "checkpoint_every": 16,
    },
    "eval": {"max_new_tokens": 160, "batch_size": 32},
    "sandbox": {"seconds": 10.0, "cpu_seconds": 5.0},
}  # fmt: skip

# A small model for code, taught by a larger one of its family on the same machine.
GPU = {
    "model": {"base": "Qwen/Qwen2.5-Coder-1.5B-Instruct", "dtype": "bfloat16"},
    "data": {
        "teacher": "teacher-local",
        "teacher_options": {"base": "Qwen/Qwen2.5-Coder-7B-Instruct", "dtype": "bfloat16", "batch": 64},
        "options": {"rounds": 2},
    },
    "lora": {"r": 32, "alpha": 64.0},
    "train": {
        "epochs": 2.0, "batch_size": 32, "micro_batch_size": 4, "learning_rate": 1e-4, "max_length": 2048,
        "packing": True, "checkpoint_every": 50,
    },
    "eval": {"max_new_tokens": 512, "batch_size": 64},
}  # fmt: skip

# WizardCoder: three rounds over Code Alpaca, StarCoder-15B, 200 steps of 512 examples with 30 of warm-up. It trained
# every weight with a learning rate of 2e-5; here it is LoRA on 4 bits, with the usual rate of that.
PAPER = {
    "model": {"base": "bigcode/starcoder", "quantization": "4bit"},
    "data": {"options": {"rounds": 3, "judge": True}},
    "lora": {"r": 64, "alpha": 16.0, "dropout": 0.05},
    "train": {
        "steps": 200, "batch_size": 512, "micro_batch_size": 4, "learning_rate": 2e-4, "warmup": 0.15,
        "schedule": "cosine", "max_length": 2048, "gradient_checkpointing": True, "checkpoint_every": 20,
    },
    "eval": {"max_new_tokens": 512, "batch_size": 16},
}  # fmt: skip
