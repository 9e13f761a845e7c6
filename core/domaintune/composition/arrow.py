"""Per-token routing (Arrow, Ostapenko et al. 2024): each token asks the experts whose direction it lies along.

An expert's prototype in a module is the input direction that its update amplifies most: the first right singular
vector of `B @ A`. peft finds it by 15 power iterations from a random start, so its router differs from run to run; here
it is computed, and is the same every time.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from domaintune.composition.factors import Update
from domaintune.composition.lowrank import decompose


def prototypes(experts: Sequence[Update]) -> dict[str, torch.Tensor]:
    """Return a unit vector for each expert in each module, [experts, in]; a row of zeros where it changes nothing."""
    found: dict[str, torch.Tensor] = {}
    for module in sorted({module for update in experts for module in update}):
        width = next(update[module].a.shape[1] for update in experts if module in update)
        rows = torch.zeros(len(experts), width)
        for place, update in enumerate(experts):
            if module in update:
                parts = decompose(update[module].b, update[module].a, 1)
                rows[place] = parts.vt[0].float() if parts.s[0] > 0 else 0.0
        found[module] = rows
    return found


def coefficients(x: torch.Tensor, prototypes: torch.Tensor, top: int = 2, temperature: float = 1.0) -> torch.Tensor:
    """Return each token's share of every expert, [..., experts], for inputs x [..., in] of one module.

    The similarity is |x . prototype|; the `top` largest share by softmax, the others get 0.
    """
    alike = (x @ prototypes.mT).abs()
    best, places = alike.topk(min(top, alike.shape[-1]), dim=-1)
    scores = torch.full_like(alike, float("-inf")).scatter(-1, places, best)
    return torch.softmax(scores / temperature, dim=-1)
