"""Reading the header of a safetensors file by hand, before a byte of its tensors is.

The format is eight bytes that say how long the header is, the header (JSON: of each tensor its dtype, shape and place),
and the tensors one after the other without a gap.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domaintune.adapters import strict_json
from domaintune.adapters.config_keys import is_whole
from domaintune.adapters.contents import OpenFile
from domaintune.adapters.refusals import AdmissionError

WIDTHS = {"F32": 4, "F16": 2, "BF16": 2}
"""Bytes of a number of each dtype that is admitted."""
SPARE, BYTES_A_TENSOR, VALUES_A_TENSOR = 64 * 1024, 512, 20
"""A header may have so many bytes for its metadata, and for each tensor it may describe."""


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies in its file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


def read(file: OpenFile, most_tensors: int) -> dict[str, Tensor]:
    """Return the tensors of a file, in the order of their bytes; their places are checked, their names are not."""
    if file.size < 8:
        raise AdmissionError("header_truncated", file=file.name)
    length = int.from_bytes(file.read(0, 8), "little")
    limit = SPARE + BYTES_A_TENSOR * most_tensors
    if length > limit:
        raise AdmissionError("header_too_long", file=file.name, bytes=length, limit=limit)
    if 8 + length > file.size:
        raise AdmissionError("header_truncated", file=file.name)
    values = strict_json.MOST_VALUES + VALUES_A_TENSOR * most_tensors
    table = strict_json.parse(file.read(8, length), file.name, most_values=values)
    _check_metadata(table.pop("__metadata__", {}), file.name)
    tensors = [_tensor(name, entry, 8 + length) for name, entry in table.items()]
    return {tensor.name: tensor for tensor in _in_order(tensors, file, 8 + length)}


def _check_metadata(metadata: Any, file: str) -> None:
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise AdmissionError("header_metadata", file=file)


def _tensor(name: str, entry: Any, data: int) -> Tensor:
    if not isinstance(entry, Mapping) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise AdmissionError("header_entry", name=name)
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not (isinstance(dtype, str) and _are_sizes(shape) and _are_sizes(offsets) and len(offsets) == 2):
        raise AdmissionError("header_entry", name=name)
    if dtype not in WIDTHS:
        raise AdmissionError("tensor_dtype", name=name, dtype=dtype)
    return Tensor(name, dtype, tuple(shape), data + offsets[0], data + offsets[1])


def _are_sizes(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 8 and all(is_whole(size) and size >= 0 for size in value)


def _in_order(tensors: list[Tensor], file: OpenFile, data: int) -> list[Tensor]:
    """Return the tensors by place; together they must be every byte of the file, each of them once."""
    place = data
    ordered = sorted(tensors, key=lambda tensor: (tensor.start, tensor.stop))
    for tensor in ordered:
        if tensor.start != place or tensor.stop - tensor.start != WIDTHS[tensor.dtype] * math.prod(tensor.shape):
            raise AdmissionError("tensor_offsets", name=tensor.name)
        place = tensor.stop
    if place != file.size:
        raise AdmissionError("file_length", file=file.name, bytes=file.size, wanted=place)
    return ordered
