"""What this package offers: radiology reports, from findings to impression."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from domaintune import Component, Domain, hookimpl
from domaintune_medical.options import ReportOptions, RougeOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from domaintune import BuildContext, Dropped, Example
    from domaintune_medical.grading import Rouge

SAFETY = "For research only, not for clinical use: no output of this model may guide the care of a patient."

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


@hookimpl
def domaintune_domains() -> Iterator[Domain]:
    """Offer `domaintune build medical`."""
    yield Domain(
        name="medical",
        summary="Chest X-ray reports: write the impression from the findings (Radiology-GPT)",
        data="medical-radiology",
        evaluators=("medical-rouge",),
        presets={"quick": QUICK, "gpu": GPU, "paper": PAPER},
        safety=SAFETY,
    )


@hookimpl
def domaintune_data_builders() -> Iterator[Component[Callable[[BuildContext], Iterator[Example | Dropped]]]]:
    """Offer the reader of report collections."""
    yield Component(
        name="medical-radiology",
        summary="Findings and impression columns of any report file, filtered as in Radiology-GPT",
        load=_radiology,
        options=ReportOptions,
    )


@hookimpl
def domaintune_evaluators() -> Iterator[Component[type[Rouge]]]:
    """Offer ROUGE against the radiologist's impression."""
    yield Component(
        name="medical-rouge",
        summary="ROUGE-1/2/L F1 against the radiologist's impression (rouge-score)",
        load=_rouge,
        options=RougeOptions,
    )


def _radiology() -> Callable[[BuildContext], Iterator[Example | Dropped]]:
    from domaintune_medical.data import reports

    return reports


def _rouge() -> type[Rouge]:
    from domaintune_medical.grading import Rouge

    return Rouge
