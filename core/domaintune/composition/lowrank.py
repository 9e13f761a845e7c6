"""Singular values of `B @ A` without ever forming it: all there is to know is in a core as small as the rank.

A factor is `X = Q R` with orthonormal Q; both come from the eigenvectors of `X'X` ([rank, rank]), which in double
precision is as good as a QR decomposition for factors stored with single precision, and faster. The singular value
decomposition of the core `R S'` is then one of `B @ A = Q (R S') P'`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

_NOTHING = 3e-8
"""Directions this much weaker than a factor's strongest are below what its 32-bit numbers can tell."""


class Parts(NamedTuple):
    """`b @ a = u @ diag(s) @ vt`: the largest singular values first, signs settled; tensors of doubles."""

    u: torch.Tensor
    s: torch.Tensor
    vt: torch.Tensor


class _Basis(NamedTuple):
    """`x = x @ towards @ back`, where the columns of `x @ towards` are orthonormal (or zero)."""

    x: torch.Tensor
    towards: torch.Tensor
    back: torch.Tensor


def decompose(b: torch.Tensor, a: torch.Tensor, rank: int | None = None) -> Parts:
    """Return the first `rank` singular values and vectors of b @ a, for b [..., out, r] and a [..., r, in]."""
    left, right = _basis(b), _basis(a.mT)
    u, s, vt = torch.linalg.svd(left.back @ right.back.mT, full_matrices=False)
    u, s, vt = u[..., :rank], s[..., :rank], vt[..., :rank, :]
    rows = (vt @ right.towards.mT) @ right.x.mT
    sign = _signs(rows)
    return Parts(left.x @ (left.towards @ (u * sign.mT)), s, rows.mul_(sign))


def _basis(x: torch.Tensor) -> _Basis:
    x = x.double()
    values, vectors = torch.linalg.eigh(x.mT @ x)
    root = values.clamp(min=0).sqrt()
    kept = root > _NOTHING * root[..., -1:]
    inverse = torch.where(kept, 1 / root, 0.0)
    return _Basis(x, vectors * inverse[..., None, :], (root * kept)[..., None] * vectors.mT)


def _signs(rows: torch.Tensor) -> torch.Tensor:
    """Return the sign of the largest entry of each row, as a column: a decomposition is unique up to these."""
    largest = rows.abs().argmax(dim=-1, keepdim=True)
    return torch.where(rows.gather(-1, largest) < 0, -1.0, 1.0).to(rows.dtype)
