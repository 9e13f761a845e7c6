"""Multiple choice: the likeliest of given answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import torch
from torch.nn.functional import cross_entropy

from domaintune import prompts
from domaintune.contracts import Message
from domaintune.engine.slab import Mixing, Slab
from domaintune.sessions import Request

TOGETHER = 64
"""Prompts with a choice each that are weighed in one pass."""
Row: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]
"""The token ids of a prompt and of a completion."""


class Chooser:
    """Weighs answers with a base model and the adapters in its slab."""

    def __init__(self, model: Any, tokenizer: Any, slab: Slab) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.slab = slab

    def choose(self, requests: Sequence[Request], mixing: Mixing | None) -> list[tuple[str, int]]:
        """Return each request's likeliest choice, the first of equals, and the tokens that were weighed for it."""
        rows = [[self._row(request, choice) for choice in request.choices] for request in requests]
        found = self._likelihoods({row for several in rows for row in several}, mixing)
        weights = [[found[row] for row in several] for several in rows]
        best = [several.index(max(several)) for several in weights]
        weighed = [sum(len(completion) for _, completion in several) for several in rows]
        return [(r.choices[place], count) for r, place, count in zip(requests, best, weighed, strict=True)]

    def _row(self, request: Request, choice: str) -> Row:
        answer = Message(role="assistant", content=choice)
        ids = prompts.exchange_ids(self.tokenizer, request.messages, [answer])
        return tuple(ids.prompt), tuple(ids.completion)

    def _likelihoods(self, rows: set[Row], mixing: Mixing | None) -> dict[Row, float]:
        """Return the log probability of each completion after its prompt; equal rows share one, so that ties are ties."""
        found: dict[Row, float] = {}
        # Longest first: memory runs out at the start or not at all.
        order = sorted(rows, key=lambda row: (-len(row[0]) - len(row[1]), row))
        for start in range(0, len(order), TOGETHER):
            batch = order[start : start + TOGETHER]
            with self.slab.during(mixing):
                found |= zip(batch, self._weigh(batch), strict=True)
        return found

    def _weigh(self, rows: Sequence[Row]) -> list[float]:
        """Return the log probability of each completion, from one forward pass."""
        longest = max(len(completion) for _, completion in rows)
        ids, mask = self._padded([prompt + completion for prompt, completion in rows])
        # On the left stand padding and prompts, so the language-model head is needed for the last places only.
        out = self.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(dim=1) - 1).clamp(min=0),
            logits_to_keep=longest + 1,
            use_cache=False,
        )
        wanted = [[prompts.MASKED] * (longest - len(completion)) + [*completion] for _, completion in rows]
        logits = out.logits[:, -longest - 1 : -1].float().transpose(1, 2)  # [rows, vocabulary, longest]
        losses = cross_entropy(logits, ids.new_tensor(wanted), ignore_index=prompts.MASKED, reduction="none")
        return [float(loss) for loss in -losses.sum(dim=1, dtype=torch.float64)]

    def _padded(self, rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return token ids and attention mask [rows, width], padded on the left."""
        width = max(map(len, rows))
        pad, device = self.tokenizer.pad_token_id, self.model.device
        ids = torch.tensor([[pad] * (width - len(row)) + [*row] for row in rows], device=device)
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=device)
        return ids, mask
