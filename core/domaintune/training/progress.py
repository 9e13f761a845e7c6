"""What is seen of a training run: a progress bar, a log line a step, a picture of the loss."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from transformers import TrainerCallback

from domaintune.console import err, note
from domaintune.errors import TrainingError


class ShowProgress(TrainerCallback):  # type: ignore[misc]
    """Shows loss, tokens/s and time left on a terminal, or a line every tenth of the way where there is none."""

    def __init__(self, log: Path, tokens_seen: Any) -> None:
        self.log = log
        self.tokens_seen = tokens_seen
        self.started = 0.0
        self.bar = Progress(
            TextColumn("training"), BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.fields[seen]}"),
            TimeElapsedColumn(), TimeRemainingColumn(), console=err(), transient=True,
        )  # fmt: skip

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the bar where the run starts or goes on."""
        self.started = time.monotonic()
        self.first = state.global_step
        if err().is_terminal:
            self.bar.start()
        self.task = self.bar.add_task("training", total=state.max_steps, completed=state.global_step, seen="")

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, float] | None = None, **_: Any) -> None:
        """Write one line of the log; a loss that is not a number ends the run."""
        if not logs or "loss" not in logs:
            return
        if not math.isfinite(logs["loss"]):
            raise TrainingError(
                f"the loss is {logs['loss']} at step {state.global_step}: lower train.learning_rate, "
                "or set model.dtype=float32"
            )
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(log_row({**logs, "step": state.global_step})) + "\n")
        rate = self.tokens_seen() / max(time.monotonic() - self.started, 1e-9)
        seen = f"loss {logs['loss']:.2f}  {rate:,.0f} tokens/s"
        self.bar.update(self.task, completed=state.global_step, seen=seen)
        if not err().is_terminal and state.global_step % max(state.max_steps // 10, 1) == 0:
            left = (time.monotonic() - self.started) / (state.global_step - self.first)
            minutes = left * (state.max_steps - state.global_step) / 60
            note(f"  step {state.global_step}/{state.max_steps}  {seen}  {minutes:.1f} min left")

    def close(self) -> None:
        """Take the bar away."""
        if err().is_terminal:
            self.bar.stop()


def log_row(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of a Trainer log entry what is worth reading: step, epoch, loss, learning rate, gradient norm."""
    names = ("step", "epoch", "loss", "learning_rate", "grad_norm")
    return {name: entry[name] for name in names if name in entry}


def draw_loss(history: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw the training loss (thin) and its running mean over a tenth of the run (thick) as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    steps, losses = [row["step"] for row in history], [row["loss"] for row in history]
    width = max(len(losses) // 10, 1)
    smooth = [sum(losses[max(0, i - width + 1) : i + 1]) / min(i + 1, width) for i in range(len(losses))]
    figure, axes = plt.subplots(figsize=(6.4, 3.6), dpi=120)
    axes.plot(steps, losses, color="#b8c4d6", linewidth=1)
    axes.plot(steps, smooth, color="#1f4e9c", linewidth=2)
    axes.set(xlabel="step", ylabel="loss on the completions (nats a token)")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)
