"""Looking at the numbers of an adapter without a tensor library: are they finite, and how much do they change?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domaintune.adapters.contents import OpenFile
from domaintune.adapters.refusals import AdmissionError
from domaintune.adapters.safetensors_header import Tensor

EXPONENTS: dict[str, tuple[np.dtype[Any], int]] = {
    "F32": (np.dtype("<u4"), 0x7F800000),
    "F16": (np.dtype("<u2"), 0x7C00),
    "BF16": (np.dtype("<u2"), 0x7F80),
}
"""Each dtype as whole numbers, and the bits that are all set in NaN and infinity only."""
PIECE = 1 << 20
"""Numbers that are 64 bits wide at once."""
NOISE = 1e-14
"""A squared norm smaller than this share of what the factors allow is what float32 rounding leaves of zero."""

Bits = NDArray[np.unsignedinteger[Any]]
Floats = NDArray[np.float64]


class Squares(NamedTuple):
    """Squared Frobenius norms: of the product BA, and of each factor."""

    product: float
    down: float
    up: float


def squared_norms(file: OpenFile, down: Tensor, up: Tensor) -> Squares:
    """Return ||BA||², ||A||² and ||B||² of one layer's factors A (`down`) and B (`up`); only finite ones are admitted.

    The product itself, which is as large as the layer, is not made: ||BA||² is the sum of (BᵀB) * (AAᵀ), both r by r.
    """
    first, second = _gram(file, down, across=True), _gram(file, up, across=False)
    found = float(np.sum(first * second))
    each = float(np.trace(first)), float(np.trace(second))
    return Squares(found if found > NOISE * each[0] * each[1] else 0.0, *each)


def squared_norm(file: OpenFile, tensor: Tensor) -> float:
    """Return the sum of the squares of a tensor of any shape; only finite ones are admitted."""
    return sum(float(np.sum(_floats(bits, tensor.dtype) ** 2)) for bits in _pieces(file, tensor))


def check_finite(file: OpenFile, tensor: Tensor) -> None:
    """Refuse a tensor with NaN or infinity in it."""
    for _ in _pieces(file, tensor):
        pass


def _pieces(file: OpenFile, tensor: Tensor) -> Iterator[Bits]:
    """Read a tensor a piece at a time."""
    kind, _ = EXPONENTS[tensor.dtype]
    step = PIECE * kind.itemsize
    for start in range(tensor.start, tensor.stop, step):
        yield _bits(file, tensor, start, min(step, tensor.stop - start))


def _bits(file: OpenFile, tensor: Tensor, start: int, count: int) -> Bits:
    kind, mask = EXPONENTS[tensor.dtype]
    bits: Bits = np.frombuffer(file.read(start, count), kind)
    if bool(((bits & mask) == mask).any()):
        raise AdmissionError("weights_not_finite", name=tensor.name)
    return bits


def _gram(file: OpenFile, tensor: Tensor, *, across: bool) -> Floats:
    """Return AAᵀ of a wide tensor (`across`), or BᵀB of a tall one."""
    rows, columns = tensor.shape
    bits = _bits(file, tensor, tensor.start, tensor.stop - tensor.start).reshape(rows, columns)
    if across:
        bits = bits.T
    rank = bits.shape[1]
    gram = np.zeros((rank, rank))
    step = max(1, PIECE // max(rank, 1))
    for start in range(0, len(bits), step):
        part = _floats(bits[start : start + step], tensor.dtype)
        gram += part.T @ part
    return gram


def _floats(bits: Bits, dtype: str) -> Floats:
    bits = np.ascontiguousarray(bits)
    if dtype == "BF16":  # the upper half of a float32
        return (bits.astype("<u4") << 16).view("<f4").astype(np.float64)
    return bits.view("<f4" if dtype == "F32" else "<f2").astype(np.float64)


def root_mean_square(squared: float, scale: float, numbers: int) -> float:
    """Return how much each weight of a layer is changed, in the quadratic mean."""
    return scale * math.sqrt(squared / numbers)
