"""Batches with pictures: read and processed when their batch is made, so that a data set is only names in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from peft.utils.other import ModulesToSaveWrapper

from domaintune import images
from domaintune.models.vision import Processor
from domaintune.prompts import MASKED
from domaintune.training import lean


class Collate:
    """Makes batches of rows with the tensors of their pictures: padded with `pad`, or without it one lean sequence."""

    def __init__(self, processor: Processor, pad: int | None) -> None:
        self.processor = processor
        self.pad = pad

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return ids, labels, mask and pictures; rows are [tokens], the batch [rows, longest] or [1, T]."""
        batch = lean.collate(rows, self.processor.image_token_id) if self.pad is None else _padded(rows, self.pad)
        # Row by row, as some processors cut a picture that stands alone into tiles; models put them in line themselves.
        read = [[images.read(name) for name in row["shown"]] for row in rows if row["shown"]]
        if read:
            batch |= self.processor.tensors(read, batch["input_ids"])
        return batch


def sharpen(model: Any) -> None:
    """Train the copy of the projector in float32, whatever the model is in: small steps are lost in bfloat16.

    peft does so for the factors of an adapter, but not for what it saves whole.
    """
    for module in model.modules():
        if isinstance(module, ModulesToSaveWrapper):
            for trained in module.modules_to_save.values():
                outside = next(trained.parameters()).dtype
                trained.to(torch.float32)
                trained.register_forward_pre_hook(_cast(torch.float32))
                trained.register_forward_hook(lambda _module, _given, out, dtype=outside: out.to(dtype))


def _cast(dtype: torch.dtype) -> Any:
    def cast(_module: torch.nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(one.to(dtype) if torch.is_tensor(one) and one.is_floating_point() else one for one in given)

    return cast


def _padded(rows: Sequence[Mapping[str, Any]], pad: int) -> dict[str, torch.Tensor]:
    width = max(len(row["input_ids"]) for row in rows)

    def filled(name: str, value: int) -> torch.Tensor:
        return torch.tensor([[*row[name], *[value] * (width - len(row[name]))] for row in rows])

    mask = torch.tensor([[1] * len(row["labels"]) + [0] * (width - len(row["labels"])) for row in rows])
    return {"input_ids": filled("input_ids", pad), "labels": filled("labels", MASKED), "attention_mask": mask}
