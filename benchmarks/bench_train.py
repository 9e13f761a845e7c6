"""Training speed on the starter: domaintune's settings beside trl's defaults, same weights, same batches, same seed.

    python benchmarks/bench_train.py [steps]                     reports of about 100 tokens, in batches of 4
    python benchmarks/bench_train.py [steps] arithmetic          sums of about 27 tokens, in batches of 16

Correctness first: the losses of all runs must agree to 1 % at every step, else no speed is printed. Tokens are those of
the examples, padding not counted. The rounds are interleaved, so that a busy machine slows all of them alike.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from typing import Any

from domaintune.home import quiet_libraries

quiet_libraries()

from datasets import Dataset  # noqa: E402
from peft import LoraConfig  # noqa: E402
from transformers import PrinterCallback, TrainerCallback  # noqa: E402
from trl import SFTConfig, SFTTrainer  # noqa: E402

from domaintune import prompts  # noqa: E402
from domaintune.data import stage as data  # noqa: E402
from domaintune.models import base as models  # noqa: E402
from domaintune.plan import make_plan  # noqa: E402
from domaintune.plugins import catalog  # noqa: E402
from domaintune.settings import ModelSettings  # noqa: E402
from domaintune.training import lean  # noqa: E402
from domaintune.training.trainer import DurableTrainer  # noqa: E402

ROUNDS = 3
BATCH = {"medical": 4, "arithmetic": 16}
MODEL = ModelSettings(dtype="float32", device="cpu")
RUNS = {
    "trl defaults (padded, recomputing activations)": {"gradient_checkpointing": True, "padding_free": False},
    "trl, activations kept": {"gradient_checkpointing": False, "padding_free": False},
    "domaintune (flattened, activations kept)": {"gradient_checkpointing": False, "padding_free": True},
    "domaintune, train.lean (see training/lean.py)": {"gradient_checkpointing": False, "lean": True},
}


class Clock(TrainerCallback):  # type: ignore[misc]
    """Notes the time at the end of every step."""

    def __init__(self) -> None:
        self.ticks: list[float] = []

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.ticks.append(time.perf_counter())


def rows(domain: str, steps: int) -> tuple[Dataset, float]:
    """Tokenise the first examples of a domain's preset `quick`; also the mean tokens an example."""
    plan = make_plan(catalog(), domain, preset="quick")
    tokenizer = models.load_tokenizer(models.locate(MODEL))
    count = steps * BATCH[domain]
    made = [prompts.example_ids(tokenizer, e) for e in data.preview(plan, count, None).train[:count]]
    ids = [r.prompt + r.completion for r in made]
    labels = [[-100] * len(r.prompt) + r.completion for r in made]
    return Dataset.from_dict({"input_ids": ids, "labels": labels}), sum(map(len, ids)) / len(ids)


def run(dataset: Dataset, steps: int, batch: int, flags: dict[str, bool]) -> tuple[list[float], float]:
    """Train once; returns the losses and the seconds a step, the first step left out."""
    place, slim = models.locate(MODEL), flags.get("lean", False)
    kind = DurableTrainer if slim else SFTTrainer
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        arguments = SFTConfig(
            output_dir=folder, max_steps=steps, per_device_train_batch_size=batch, learning_rate=1e-3, bf16=False,
            use_cpu=True, max_length=None, dataset_kwargs={"skip_prepare_dataset": True}, logging_steps=1, seed=0,
            save_strategy="no", report_to="none", disable_tqdm=True,
            **{name: flag for name, flag in flags.items() if name != "lean"},
        )  # fmt: skip
        trainer = kind(
            model=models.load_model(place, MODEL), args=arguments, train_dataset=dataset,
            processing_class=models.load_tokenizer(place), callbacks=[clock],
            peft_config=LoraConfig(r=16, lora_alpha=64, target_modules="all-linear", task_type="CAUSAL_LM"),
            data_collator=lean.collate if slim else None,
        )  # fmt: skip
        trainer.lean = slim
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return losses, (clock.ticks[-1] - clock.ticks[0]) / (steps - 1)


def main() -> None:
    """Run the rounds, check the losses, print the ratios."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    domain = sys.argv[2] if len(sys.argv) > 2 else "medical"
    batch = BATCH[domain]
    dataset, tokens = rows(domain, steps)
    seconds: dict[str, list[float]] = {name: [] for name in RUNS}
    reference: list[float] = []
    for _ in range(ROUNDS):
        for name, flags in RUNS.items():
            losses, step = run(dataset, steps, batch, flags)
            reference = reference or losses
            if any(abs(a - b) > 0.01 * a for a, b in zip(reference, losses, strict=True)):
                sys.exit(f"{name}: losses {losses} differ from {reference}; no speed is printed")
            seconds[name].append(step)
    peer = statistics.median(seconds[next(iter(RUNS))])
    print(f"losses agree to 1 % over {steps} steps; {tokens:.0f} tokens an example, batch {batch}, {ROUNDS} rounds")
    for name, found in seconds.items():
        middle = statistics.median(found)
        rates = [batch * tokens / one for one in found]
        print(
            f"{peer / middle:5.2f}x  {batch * tokens / middle:5.0f} tokens/s [{min(rates):.0f}-{max(rates):.0f}]  {name}"
        )


if __name__ == "__main__":
    main()
