"""Attention row by row is attention with the mask of a lean batch, in value and in gradient."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune.training import attention, lean

HEADS, GROUPS, WIDTH = 4, 2, 8


def attended(states: list[torch.Tensor], mask: torch.Tensor | None, starts: tuple[int, ...] | None) -> Any:
    """Return what comes out, and the gradients of what went in."""
    learned = [tensor.clone().requires_grad_(True) for tensor in states]
    module = SimpleNamespace(num_key_value_groups=GROUPS, is_causal=True)
    out, _ = attention.by_rows(module, *learned, mask, row_starts=starts, scaling=0.4)
    (out * torch.arange(out.numel()).reshape(out.shape).cos()).sum().backward()
    return [out, *(tensor.grad for tensor in learned)]


@settings(max_examples=60, deadline=None)
@given(shared=st.integers(0, 5), lengths=st.lists(st.integers(1, 7), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_row_by_row_is_the_masked_square(shared: int, lengths: list[int], seed: int) -> None:
    first = list(range(100, 100 + shared))
    rows = [
        {"input_ids": [*first, *([number] * length)], "labels": [-100] * (shared + 1) + [7] * (length - 1)}
        for number, length in enumerate(lengths)
    ]
    batch = lean.collate(rows)
    size = batch["input_ids"].shape[1]
    torch.manual_seed(seed)
    states = [torch.randn(1, heads, size, WIDTH) for heads in (HEADS, HEADS // GROUPS, HEADS // GROUPS)]
    masked = attended(states, batch["attention_mask"], None)
    for one, other in zip(attended(states, None, batch["row_starts"]), masked, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_rows_begin_behind_what_they_share() -> None:
    rows = [
        {"input_ids": [1, 2, 3, 8], "labels": [-100, -100, -100, 8]},
        {"input_ids": [1, 2, 3, 8, 9], "labels": [-100, -100, -100, 8, 9]},
        {"input_ids": [1, 2, 4, 9], "labels": [-100, -100, -100, 9]},
    ]
    assert lean.collate(rows)["row_starts"] == (2, 4, 7)
    assert lean.collate(rows[:1])["row_starts"] == (2,)


class Open:
    """A model that takes what it does not know, and notes how it is to attend."""

    def __init__(self) -> None:
        self.attends: list[str] = []

    def forward(self, ids: torch.Tensor, **rest: Any) -> None:
        """Take anything."""

    def set_attn_implementation(self, name: str) -> None:
        self.attends.append(name)


class Closed(Open):
    """A model that takes nothing else."""

    def forward(self, ids: torch.Tensor) -> None:  # type: ignore[override]
        """Take ids alone."""


@pytest.mark.parametrize(("kind", "set_to"), [(Open, [attention.BY_ROWS]), (Closed, [])])
def test_a_model_that_takes_no_further_arguments_keeps_its_attention(kind: type[Open], set_to: list[str]) -> None:
    model = kind()
    attention.attend_by_rows(model)
    assert model.attends == set_to
