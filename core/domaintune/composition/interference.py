"""What members do to each other before a word is answered: how far their weighted updates agree, module by module.

All of it comes from the factors: an inner product of two updates is a sum over small Gram matrices, and only the signs
of single entries need entries, of which evenly spread rows are looked at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import torch

from domaintune.composition.factors import Factors
from domaintune.composition.lowrank import Parts, decompose
from domaintune.composition.merge import Weighted

ROWS = 64
"""Rows of an update whose signs are compared; smaller updates are compared whole."""
_WEAK = 1e-6
"""Singular values below this share of the largest are no direction of an update."""


def interference(names: Sequence[str], members: Weighted) -> list[dict[str, Any]]:
    """Return a row for each pair of members: overall, and by module.

    `cosine` is that of the updates as they enter the mix (a negative weight turns it round), `conflict` the share of
    entries whose signs differ, `overlap_in` and `overlap_out` the share of the smaller subspace that lies in the other;
    `chance_in` and `chance_out` are what random subspaces of these sizes would share.
    """
    weighted = [_weighted(update, weight) for update, weight in members]
    return [
        {"a": names[i], "b": names[j], **_pair(weighted[i], weighted[j])} for i, j in combinations(range(len(names)), 2)
    ]


def _weighted(update: Mapping[str, Factors], weight: float) -> dict[str, tuple[Factors, Parts]]:
    return {module: (Factors(a=f.a, b=f.b * (f.scale * weight)), decompose(f.b, f.a)) for module, f in update.items()}


def _pair(a: Mapping[str, tuple[Factors, Parts]], b: Mapping[str, tuple[Factors, Parts]]) -> dict[str, Any]:
    shared = sorted(a.keys() & b.keys())
    rows = {module: _module(a[module], b[module]) for module in shared}
    inner = sum(row["inner"] for row in rows.values())
    entries = sum(row["entries"] for row in rows.values())
    overall = {"cosine": _cosine(inner, _norm(a), _norm(b)), "shared_modules": len(shared)}
    overall["conflict"] = _rounded(sum(row["conflict"] * row["entries"] for row in rows.values()) / max(entries, 1))
    for name in ("overlap_in", "overlap_out", "chance_in", "chance_out"):
        overall[name] = _rounded(sum(row[name] for row in rows.values()) / max(len(shared), 1))
    kept = {module: {k: v for k, v in row.items() if k not in {"inner", "entries"}} for module, row in rows.items()}
    return {**overall, "modules": kept}


def _module(a: tuple[Factors, Parts], b: tuple[Factors, Parts]) -> dict[str, float]:
    (left, left_parts), (right, right_parts) = a, b
    inner = float(((left.b.mT.double() @ right.b.double()) * (left.a.double() @ right.a.double().mT)).sum())
    norms = _norm({"": a}), _norm({"": b})
    conflict, entries = _conflict(left, right)
    overlap_in, chance_in = _overlap(_directions(left_parts).vt, _directions(right_parts).vt)
    overlap_out, chance_out = _overlap(_directions(left_parts).u.mT, _directions(right_parts).u.mT)
    return {
        "inner": inner,
        "entries": entries,
        "cosine": _cosine(inner, *norms),
        "conflict": _rounded(conflict),
        "overlap_in": _rounded(overlap_in),
        "overlap_out": _rounded(overlap_out),
        "chance_in": _rounded(chance_in),
        "chance_out": _rounded(chance_out),
    }


def _conflict(a: Factors, b: Factors) -> tuple[float, int]:
    """Return the share of entries with opposite signs, of so many looked at."""
    size = a.b.shape[0]
    rows = torch.arange(min(ROWS, size)) * size // min(ROWS, size)
    product = torch.sign(a.b[rows] @ a.a) * torch.sign(b.b[rows] @ b.a)
    return float((product < 0).float().mean()), product.numel()


def _directions(parts: Parts) -> Parts:
    """Leave out the vectors of singular values that are as good as zero."""
    count = int((parts.s > _WEAK * parts.s.max()).sum())
    return Parts(parts.u[:, :count], parts.s[:count], parts.vt[:count])


def _overlap(a: torch.Tensor, b: torch.Tensor) -> tuple[float, float]:
    """Return the share of the smaller of two row spaces that lies in the other, and what chance would give."""
    fewest, most = sorted((a.shape[0], b.shape[0]))
    if not fewest:
        return 0.0, 0.0
    return float((a @ b.mT).square().sum() / fewest), most / a.shape[1]


def _norm(several: Mapping[str, tuple[Factors, Parts]]) -> float:
    squares = (((f.b.mT.double() @ f.b.double()) * (f.a.double() @ f.a.double().mT)).sum() for f, _ in several.values())
    return math.sqrt(max(float(sum(squares)), 0.0))


def _cosine(inner: float, a: float, b: float) -> float:
    return _rounded(inner / (a * b)) if a and b else 0.0


def _rounded(number: float) -> float:
    return round(number, 6) + 0.0
