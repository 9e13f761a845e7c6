"""trl's SFTTrainer with durable checkpoints, and errors where the stock one stays silent."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

from transformers import Trainer
from trl import SFTTrainer

from domaintune.errors import TrainingError
from domaintune.training import checkpoints, lean
from domaintune.training.attention import attending_by_rows
from domaintune.training.progress import ShowProgress


class DurableTrainer(SFTTrainer):  # type: ignore[misc]
    """An SFTTrainer that can be killed at any moment and never trains on nothing."""

    lean = False
    """Whether batches come from `lean.collate`."""
    _by_rows = False
    """Whether the model is told where the rows of such a batch begin."""
    tokens_seen = 0
    """Tokens that went through the model in this process, padding not counted."""

    def train(self, *arguments: Any, **options: Any) -> Any:
        """Train, and take the bar off the terminal however it ends."""
        try:
            with attending_by_rows(self.model) if self.lean else nullcontext(False) as self._by_rows:
                return super().train(*arguments, **options)
        finally:
            self._by_rows = False
            for callback in self.callback_handler.callbacks:
                if isinstance(callback, ShowProgress):
                    callback.close()

    def compute_loss(self, model: Any, inputs: dict[str, Any], *rest: Any, **options: Any) -> Any:
        """Refuse a batch whose labels are all masked: its loss would be 0 and teach nothing."""
        if not bool((inputs["labels"] != -100).any()):
            raise TrainingError(
                "a batch has no token to learn from (all labels are masked): the completions are empty, "
                "or cut off by train.max_length"
            )
        mask = inputs.get("attention_mask")
        if mask is not None and mask.dim() == inputs["input_ids"].dim():  # padded: [batch, tokens]
            self.tokens_seen += int(mask.sum())
        else:
            self.tokens_seen += int(inputs["input_ids"].numel())
        if self.lean:
            if not self._by_rows:
                inputs.pop("row_starts", None)
            return lean.loss(model, inputs, options.get("num_items_in_batch"))
        return super().compute_loss(model, inputs, *rest, **options)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Write the checkpoint aside, then move it into place whole."""
        if self.state.global_step >= self.state.max_steps:
            return  # resumed from its last step, the stock Trainer takes one more
        folder = Path(self.args.output_dir)
        name = f"checkpoint-{self.state.global_step}"
        checkpoints.prune(folder, keep=2)  # also clears what an earlier kill left half written
        self.args.output_dir = str(folder / "saving")
        try:
            # past SFTTrainer, whose own step writes a second model card
            Trainer._save_checkpoint(self, model, trial)
        finally:
            self.args.output_dir = str(folder)
        checkpoints.finish(folder / "saving" / name, folder / name)
        checkpoints.prune(folder, keep=2)
