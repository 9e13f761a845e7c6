"""Attention in lean batches: row by row, for nearly all of one flat sequence's square would be masked.

Of eight rows of 200 tokens a flat sequence asks for 1,600 x 1,600 scores, the rows themselves for 8 x 200 x 200.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

BY_ROWS = "domaintune_rows"
"""The name under which transformers finds `by_rows`."""


def attend_by_rows(model: Any) -> None:
    """Have a model attend row by row where a batch says where its rows begin; elsewhere it attends as before."""
    forward = inspect.signature(type(model).forward).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in forward):
        AttentionInterface.register(BY_ROWS, by_rows)
        model.set_attn_implementation(BY_ROWS)


def attends_by_rows(model: Any) -> bool:
    """Whether a model takes `row_starts`."""
    return bool(model.config.get_text_config()._attn_implementation == BY_ROWS)


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

    What lies before the first of them is the beginning that all rows share: a row sees that, and itself up to each token.
    Without `row_starts` this is transformers' own attention by torch (sdpa).
    """
    if row_starts is None:
        return _whole(module, query, key, value, attention_mask, **options), None
    sizes = [end - start for start, end in zip([0, *row_starts], [*row_starts, query.shape[2]], strict=True)]
    shared, *rows = zip(*(torch.split(states, sizes, dim=2) for states in (query, key, value)), strict=True)
    done = [_whole(module, *shared, None, **options)] if sizes[0] else []
    for asked, known, told in rows:
        keys, values = torch.cat([shared[1], known], dim=2), torch.cat([shared[2], told], dim=2)
        mask = _mask(asked.shape[2], sizes[0], query.device) if sizes[0] else None
        done.append(_whole(module, asked, keys, values, mask, **options))
    return torch.cat(done, dim=1), None


def _whole(module: Any, *given: torch.Tensor | None, **options: Any) -> torch.Tensor:
    attended: torch.Tensor = sdpa_attention_forward(module, *given, **options)[0]
    return attended


def _mask(row: int, shared: int, device: torch.device) -> torch.Tensor:
    """Return who sees whom [1, 1, row, shared + row]."""
    return torch.ones(row, shared + row, dtype=torch.bool, device=device).tril(shared)[None, None]
