"""Keys and values of the running requests, a row each, and the attention that reads them.

A row's entries begin at position 0 whatever the others do, and what lies beyond its length is masked: the sums of a row
have the same terms in the same order in every batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface, Cache
from transformers.masking_utils import eager_mask

from domaintune.errors import ModelError
from domaintune.models.vision import language_part

ATTENTION = "domaintune_rows"
CHUNK = 64
"""Lengths are rounded up to this."""
TOGETHER = 4
"""Rows are computed in multiples of this: float32 kernels sum smaller batches in another order."""
KINDS = {"full_attention", "sliding_attention"}
"""What a layer may do: see everything before it, or a window."""


class Rows(Cache):  # type: ignore[misc]  # transformers is not typed for us
    """Keys and values [rows, heads, length, size] of each layer, growing as they are needed."""

    def __init__(self, config: Any) -> None:
        super().__init__(layers=[])
        text = config.get_text_config()
        self.kinds = set(getattr(text, "layer_types", None) or ())
        if self.kinds - KINDS:
            strange = ", ".join(sorted(self.kinds - KINDS))
            raise ModelError(f"the engine 'transformers' knows no layers of kind {strange}; choose another model.base")
        self.window: int | None = getattr(text, "sliding_window", None)
        self.keys: list[torch.Tensor] = []
        self.values: list[torch.Tensor] = []
        self.count = self.length = 0
        self.written: list[int] = []  # positions of each row that hold something
        self._prompt: tuple[int, int] | None = None
        self._at: tuple[torch.Tensor, torch.Tensor, int] | None = None

    def reserve(self, rows: int, length: int) -> None:
        """Make room for so many rows of such a length."""
        count = max(self.count, -(-rows // TOGETHER) * TOGETHER)
        length = max(self.length, -(-length // CHUNK) * CHUNK)
        if (count, length) != (self.count, self.length):
            keys = [_larger(old, count, length) for old in self.keys]
            values = [_larger(old, count, length) for old in self.values]
            self.keys, self.values, self.count, self.length = keys, values, count, length
            self.written += [0] * (count - len(self.written))

    def prompt(self, row: int, start: int, stop: int, like: torch.Tensor) -> dict[str, Any]:
        """Let the next pass write positions start..stop of one row; returns the pass's mask and positions."""
        self._prompt, self._at = (row, start), None
        self.written[row] = max(self.written[row], stop)
        positions = torch.arange(start, stop, device=like.device)
        return self._pass(positions[None], torch.arange(stop, device=like.device), like)

    def step(self, lengths: Sequence[int], shifts: Sequence[int], like: torch.Tensor) -> dict[str, Any]:
        """Let the next pass write the place `length` of each row; returns the pass's mask and positions.

        A row's `shift` is the difference of position and place: pictures may count fewer positions than they take places.
        """
        seen = min(-(-(max(lengths) + 1) // CHUNK) * CHUNK, self.length)
        places = torch.tensor(lengths, device=like.device)
        self._prompt, self._at = None, (torch.arange(len(lengths), device=like.device), places, seen)
        for row, length in enumerate(lengths):
            self.written[row] = max(self.written[row], length + 1)
        passing = self._pass(places[:, None], torch.arange(seen, device=like.device), like)
        if any(shifts):
            passing["position_ids"] = passing["position_ids"] + torch.tensor(shifts, device=like.device)[:, None]
        return passing

    def _pass(self, positions: torch.Tensor, seen: torch.Tensor, like: torch.Tensor) -> dict[str, Any]:
        """Positions [rows, new] and masks [rows, 1, new, seen] that are added to the scores."""
        distance = positions[:, None, :, None] - seen
        full = _mask(distance >= 0, like.dtype)
        mask: Any = full
        if self.window is not None and self.kinds != {"full_attention"}:
            near = _mask((distance >= 0) & (distance < self.window), like.dtype)
            mask = {"full_attention": full, "sliding_attention": near} if len(self.kinds) > 1 else near
        return {"attention_mask": mask, "position_ids": positions, "past_key_values": self, "use_cache": True}

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the new keys and values [rows, heads, new, size] of a layer; returns all that the pass may see."""
        while len(self.keys) <= layer_idx:
            shape = (self.count, key_states.shape[1], self.length, key_states.shape[3])
            self.keys.append(key_states.new_zeros(shape))
            self.values.append(value_states.new_zeros((*shape[:3], value_states.shape[3])))
        return (
            self._write(self.keys[layer_idx], key_states),
            self._write(self.values[layer_idx], value_states),
        )

    def _write(self, kept: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        if self._prompt is not None:
            row, start = self._prompt
            stop = start + new.shape[2]
            kept[row, :, start:stop] = new[0]
            return kept[row : row + 1, :, :stop]
        assert self._at is not None
        rows, positions, seen = self._at
        kept[rows, :, positions] = new[:, :, 0]
        return kept[: len(rows), :, :seen]

    def clear(self, row: int) -> None:
        """Forget what stands in a row: masked places count as 0 times their value, which must be a number."""
        for kept in (*self.keys, *self.values):
            kept[row, :, : self.written[row]] = 0
        self.written[row] = 0

    def move(self, source: int, place: int) -> None:
        """Copy a row to another place."""
        length = max(self.written[source], self.written[place])
        for kept in (*self.keys, *self.values):
            kept[place, :, :length] = kept[source, :, :length]
        self.written[place] = self.written[source]

    def get_seq_length(self, layer_idx: int = 0) -> int:  # noqa: ARG002  (the signature is transformers')
        """Return 0: positions are always given."""
        return 0


def attend(  # noqa: PLR0913  (the signature is transformers')
    module: torch.nn.Module,  # noqa: ARG001
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    softcap: float | None = None,
    **given: Any,
) -> tuple[torch.Tensor, None]:
    """Attend with each group of query heads to its own key head, without copying keys.

    Shapes: query [rows, heads, new, size], key and value [rows, key heads, seen, size], result [rows, new, heads, size].
    """
    if given.get("s_aux") is not None:
        raise ModelError("the engine 'transformers' knows no attention sinks; choose another model.base")
    rows, heads, new, size = query.shape
    shared = key.shape[1]
    grouped = query.reshape(rows, shared, heads // shared * new, size)
    scores = torch.matmul(grouped, key.transpose(2, 3)) * (size**-0.5 if scaling is None else scaling)
    if softcap is not None:
        scores = torch.tanh(scores / softcap) * softcap
    if attention_mask is not None:
        scores = scores.view(rows, heads, new, -1) + attention_mask
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(value.dtype)
    found = torch.matmul(weights.view(rows, shared, heads // shared * new, -1), value)
    return found.view(rows, heads, new, -1).transpose(1, 2), None


def use(model: Any) -> None:
    """Make a language model attend with `attend`, where it lets its attention be chosen; a vision tower stays as it is."""
    AttentionInterface.register(ATTENTION, attend)
    AttentionMaskInterface.register(ATTENTION, eager_mask)
    chosen = ATTENTION if model._supports_attention_backend else "eager"
    part = language_part(model.config)
    model.set_attn_implementation({part: chosen} if part else chosen)


def _mask(seen: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill_(~seen, torch.finfo(dtype).min)


def _larger(old: torch.Tensor, rows: int, length: int) -> torch.Tensor:
    new = old.new_zeros((rows, old.shape[1], length, old.shape[3]))
    new[: old.shape[0], :, : old.shape[2]] = old
    return new
