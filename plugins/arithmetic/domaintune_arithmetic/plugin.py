"""What this package offers: arithmetic with step-by-step answers, and the paper's two tables (Goat)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from domaintune import Component, Domain, hookimpl
from domaintune_arithmetic.bigbench_options import BigBenchOptions
from domaintune_arithmetic.options import GoatOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from domaintune import BuildContext, Shard
    from domaintune_arithmetic.grading import BigBench, GoatTable

# Two processors, a quarter of an hour: sums and differences of up to three digits, asked and answered as shortly as can
# be, for most tokens of so short an example are its chat template. Differences are harder, so there are more of them. The
# base model may write 64 tokens, that its chatter is not cut off before the result.
QUICK = {
    "model": {"base": "starter"},
    "data": {
        "options": {
            "parts": ["addition", "subtraction"], "rows": {"addition": 2600, "subtraction": 7000}, "max_digits": 3,
            "hard": 1.5, "bare": 1.0, "noise": False, "target": "result", "test": 60,
            "system": "Calculate. Reply with the result only.",
        },
    },
    "lora": {"r": 16, "alpha": 64.0},
    "train": {
        "epochs": 1.0, "batch_size": 16, "micro_batch_size": 16, "learning_rate": 1e-3, "max_length": 64, "lean": True,
        "checkpoint_every": 50,
    },
    "eval": {"evaluators": ["arithmetic-goat-table"], "max_new_tokens": 64, "batch_size": 100},
}  # fmt: skip

GPU = {
    "model": {"base": "starter", "dtype": "bfloat16"},
    "lora": {"r": 64, "alpha": 64.0},
    "train": {
        "epochs": 1.0, "batch_size": 64, "micro_batch_size": 64, "learning_rate": 1e-3, "max_length": 512,
        "packing": True, "checkpoint_every": 500,
    },
    "eval": {"max_new_tokens": 384, "batch_size": 400},
}  # fmt: skip

# Goat-7B: Liu and Low 2023, section 4. The warm-up of 100 steps is a share of the 13,643 that one epoch takes.
PAPER = {
    "model": {"base": "huggyllama/llama-7b", "quantization": "8bit"},
    "lora": {"r": 64, "alpha": 64.0, "dropout": 0.05, "targets": ["q_proj", "k_proj", "v_proj", "o_proj"]},
    "train": {
        "epochs": 1.0, "batch_size": 128, "micro_batch_size": 16, "learning_rate": 3e-4, "warmup": 0.0073,
        "schedule": "linear", "max_length": 512, "checkpoint_every": 200,
    },
    "eval": {"max_new_tokens": 384, "batch_size": 64},
}  # fmt: skip


@hookimpl
def domaintune_domains() -> Iterator[Domain]:
    """Offer `domaintune build arithmetic`."""
    yield Domain(
        name="arithmetic",
        summary="Sums, differences, products and quotients of long numbers, step by step (Goat)",
        data="arithmetic-goat",
        evaluators=("arithmetic-goat-table", "arithmetic-bigbench"),
        presets={"quick": QUICK, "gpu": GPU, "paper": PAPER},
    )


@hookimpl
def domaintune_data_builders() -> Iterator[Component[Callable[[BuildContext], Iterator[Shard]]]]:
    """Offer the generator of problems."""
    yield Component(
        name="arithmetic-goat",
        summary="Problems of Goat's six parts in over 300 wordings, worked in steps, each checked; reads no files",
        load=_goat,
        options=GoatOptions,
    )


@hookimpl
def domaintune_evaluators() -> Iterator[Component[type[GoatTable] | type[BigBench]]]:
    """Offer the two tables."""
    yield Component(
        name="arithmetic-goat-table",
        summary="Exact and digit match on the 32 cells of Goat's Table 3, on held-out problems",
        load=_table,
    )
    yield Component(
        name="arithmetic-bigbench",
        summary="BIG-bench's 20 arithmetic tasks on held-out problems: exact answers, and choices by likelihood",
        load=_bigbench,
        options=BigBenchOptions,
    )


def _goat() -> Callable[[BuildContext], Iterator[Shard]]:
    from domaintune_arithmetic.data import shards

    return shards


def _table() -> type[GoatTable]:
    from domaintune_arithmetic.grading import GoatTable

    return GoatTable


def _bigbench() -> type[BigBench]:
    from domaintune_arithmetic.grading import BigBench

    return BigBench
