"""Attention in lean batches: row by row, for nearly all of one flat sequence's square would be masked.

Of eight rows of 200 tokens a flat sequence asks for 1,600 x 1,600 scores, the rows themselves for 8 x 200 x 200.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from domaintune.models.vision import language_part

BY_ROWS = "domaintune_rows"
"""The name under which transformers finds `by_rows`."""


@contextmanager
def attending_by_rows(model: Any) -> Iterator[bool]:
    """Let a language model take `row_starts` for a while; yields whether it does, which no other model may be given.

    What a model sees pictures with attends as before: it has no such rows.
    """
    text = model.config.get_text_config()
    part = language_part(model.config)
    alone = part is not None or text is model.config
    if not (alone and text._attn_implementation == "sdpa" and model._supports_attention_backend):
        yield False
        return
    AttentionInterface.register(BY_ROWS, by_rows)
    AttentionMaskInterface.register(BY_ROWS, sdpa_mask)
    model.set_attn_implementation({part: BY_ROWS} if part else BY_ROWS)
    try:
        yield True
    finally:
        model.set_attn_implementation({part: "sdpa"} if part else "sdpa")


def by_rows(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    row_starts: Sequence[int] | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Return attention [1, T, heads, width] of a flat sequence whose rows begin at `row_starts`.

    What lies before the first of them is the beginning that all rows share: a row sees that, and itself. Whom it sees of
    these is said by its part of the mask [1, heads or 1, T, T], so that models may add to it what they like. Without
    `row_starts`, or without a mask, this is transformers' own attention by torch (sdpa).
    """
    if row_starts is None or attention_mask is None:
        return _attended(module, query, key, value, attention_mask, **options), None
    starts, ends = (0, *row_starts), (*row_starts, query.shape[2])
    sizes, shared = [end - start for start, end in zip(starts, ends, strict=True)], row_starts[0]
    asked, known, told = (torch.split(states, sizes, dim=2) for states in (query, key, value))
    done = []
    for row, (start, end) in enumerate(zip(starts, ends, strict=True)):
        keys, values, sees = known[row], told[row], attention_mask[..., start:end, start:end]
        if row and shared:
            keys, values = torch.cat([known[0], keys], dim=2), torch.cat([told[0], values], dim=2)
            sees = torch.cat([attention_mask[..., start:end, :shared], sees], dim=-1)
        if end > start:
            done.append(_attended(module, asked[row], keys, values, sees, **options))
    return torch.cat(done, dim=1), None


def _attended(module: Any, *given: torch.Tensor | None, **options: Any) -> torch.Tensor:
    attended: torch.Tensor = sdpa_attention_forward(module, *given, **options)[0]
    return attended
