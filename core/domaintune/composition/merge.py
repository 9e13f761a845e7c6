"""Merging that is exact: the weighted sum of updates by concatenated factors, and its best approximation of a rank.

peft's own kinds are in `peft_merge`. Its `cat` is the same sum, but forgets rsLoRA members' scale; its `svd` forms the
whole update of each module and decomposes that, which takes a hundred times as long for the same result.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import torch

from domaintune.composition.factors import Factors, Update
from domaintune.composition.lowrank import decompose

Weighted = Sequence[tuple[Update, float]]
"""Updates with their weights."""
TOGETHER = 8
"""Modules decomposed at once: enough to save calls, few enough to stay in the processor's cache."""


def exact(members: Weighted) -> dict[str, Factors]:
    """Return the weighted sum of the updates; a module's rank is the sum of the members' ranks there."""
    parts: dict[str, list[Factors]] = defaultdict(list)
    for update, weight in members:
        for module, factors in update.items():
            parts[module].append(Factors(a=factors.a, b=factors.b, scale=factors.scale * weight))
    return {module: _beside(parts[module]) for module in sorted(parts)}


def svd(members: Weighted, rank: int | None = None) -> dict[str, Factors]:
    """Return the best approximation of the weighted sum by updates of a rank (default: the largest of the members)."""
    rank = rank or max(factors.rank for update, _ in members for factors in update.values())
    whole = exact(members)
    made: dict[str, Factors] = {}
    for modules in _alike(whole):
        parts = decompose(
            torch.stack([whole[module].b for module in modules]),
            torch.stack([whole[module].a for module in modules]),
            rank,
        )
        root = parts.s.sqrt()
        b, a = (parts.u * root[:, None]).float(), (parts.vt * root[..., None]).float()
        made |= {module: Factors(a=a[place], b=b[place]) for place, module in enumerate(modules)}
    return {module: made[module] for module in whole}


def _alike(update: Update) -> Iterator[list[str]]:
    """Yield modules whose factors have equal shapes, at most TOGETHER at a time."""
    groups: dict[tuple[torch.Size, torch.Size], list[str]] = defaultdict(list)
    for module, factors in update.items():
        groups[factors.b.shape, factors.a.shape].append(module)
    for modules in groups.values():
        yield from (modules[start : start + TOGETHER] for start in range(0, len(modules), TOGETHER))


def _beside(parts: Sequence[Factors]) -> Factors:
    a = torch.cat([part.a for part in parts])
    b = torch.cat([part.b * part.scale for part in parts], dim=1)
    return Factors(a=a, b=b)
