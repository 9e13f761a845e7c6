"""Drawing the next token of a request, from its own seed: who else is asking has no influence."""

from __future__ import annotations

import torch

from domaintune.contracts import Sampling


class Draw:
    """The draws of one request; temperature 0 takes the likeliest token."""

    def __init__(self, sampling: Sampling) -> None:
        self.sampling = sampling
        self.generator = torch.Generator().manual_seed(sampling.seed % 2**63)

    def __call__(self, logits: torch.Tensor) -> int:
        """Return a token id from logits [vocabulary]; nucleus sampling after Holtzman et al. 2020."""
        if self.sampling.temperature <= 0:
            return int(logits.argmax())
        chances = torch.softmax(logits.double().cpu() / self.sampling.temperature, dim=-1)
        ordered, ids = chances.sort(descending=True, stable=True)
        before = ordered.cumsum(0) - ordered
        kept = torch.where(before < self.sampling.top_p, ordered, 0.0)
        point = torch.rand((), generator=self.generator, dtype=torch.float64) * kept.sum()
        return int(ids[int(torch.searchsorted(kept.cumsum(0), point, right=True).clamp(max=len(ids) - 1))])


def chance_of(logits: torch.Tensor, token: int, top: int) -> tuple[float, list[tuple[int, float]]]:
    """Return a token's log probability, and the `top` likeliest tokens with theirs; logits [vocabulary]."""
    logs = logits.float().log_softmax(dim=-1)
    best = logs.topk(top) if top else None
    pairs = list(zip(best.indices.tolist(), best.values.tolist(), strict=True)) if best is not None else []
    return float(logs[token]), pairs
