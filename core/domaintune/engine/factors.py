"""The factors of an adapter, and the projector it may carry, as its file holds them."""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from domaintune.errors import ModelError

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
PREFIX = "base_model.model."
ENDS = (".lora_A.weight", ".lora_B.weight")
NAME = re.compile(r"[\w.-]{1,200}")
PLAIN = {"use_dora": False, "lora_bias": False, "bias": "none", "fan_in_fan_out": False, "layer_replication": None}
"""What an adapter must not say of itself, or its update is not `scale * B A`."""


@dataclass(frozen=True)
class Pair:
    """The update of one linear layer, `scale * b @ a`: a [rank, in], b [out, rank]."""

    a: torch.Tensor
    b: torch.Tensor
    scale: float

    @property
    def rank(self) -> int:
        """The number of rows of `a`."""
        return int(self.a.shape[0])


@dataclass(frozen=True)
class Factors:
    """All pairs of an adapter by the name of their layer, in the dtype of its file, and the bytes they take.

    `saved` are the weights of modules that the adapter carries whole, by their path in the model: a projector.
    """

    pairs: Mapping[str, Pair]
    bytes: int
    saved: Mapping[str, torch.Tensor] = field(default_factory=dict)

    @property
    def rank(self) -> int:
        """The largest rank of any layer."""
        return max((pair.rank for pair in self.pairs.values()), default=0)


def read(folder: Path, sha256: str | None = None) -> Factors:
    """Read an adapter folder (safetensors only) with one copy of its bytes; another SHA-256 than expected is refused.

    The bytes are checked and used from memory of their own, so a file that is replaced meanwhile changes nothing.
    """
    if not (folder / WEIGHTS).is_file():
        raise ModelError(f"{folder} has no {WEIGHTS}; it is not an adapter domaintune can load")
    content = _content(folder / WEIGHTS)
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(
            f"{folder / WEIGHTS} is not the file that was admitted (its SHA-256 differs); it is not loaded"
        )
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        tensors = _tensors(content)
        saved = _saved(config, tensors)
        layers = sorted({_layer(key) for key in tensors if key.removeprefix(PREFIX) not in saved})
        pairs = {name: _pair(name, config, tensors) for name in layers}
    except ModelError as error:
        raise ModelError(f"{folder}: {error}") from None
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ModelError(f"{folder} is not a LoRA adapter that can be read: {error!r}") from None
    return Factors(pairs, len(content), saved)


def _content(path: Path) -> mmap.mmap:
    """Return a file's bytes in memory that goes back to the system when nobody refers to it any more."""
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        content = mmap.mmap(-1, max(size, 1))
        view, done = memoryview(content), 0
        while done < size:
            count = file.readinto(view[done:])
            if not count:
                raise ModelError(f"{path} grew shorter while it was read; it is not loaded")
            done += count
        view.release()
    return content


def _tensors(content: mmap.mmap) -> dict[str, torch.Tensor]:
    """Return the tensors of a safetensors file as views of its bytes."""
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header.pop("__metadata__", None)
    return {name: _view(content, start, entry) for name, entry in header.items()}


def _view(content: mmap.mmap, start: int, entry: Mapping[str, Any]) -> torch.Tensor:
    first, last = entry["data_offsets"]
    dtype, shape = DTYPES[entry["dtype"]], entry["shape"]
    count = math.prod(shape)
    if count * dtype.itemsize != last - first or start + last > len(content):
        raise ValueError("a tensor is larger or smaller than its header says")
    return torch.frombuffer(content, dtype=dtype, count=count, offset=start + first).view(shape)


def _saved(config: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the weights of the modules that adapter_config.json says are saved whole, which must be there."""
    saved: dict[str, torch.Tensor] = {}
    for module in config.get("modules_to_save") or ():
        part = f".{module}."  # a path, or the end of one, as peft and admission read it
        keys = (key for key in tensors if key.startswith(PREFIX) and not key.endswith(ENDS))
        own = {key.removeprefix(PREFIX): tensors[key] for key in keys if part in f".{key.removeprefix(PREFIX)}"}
        if not own:
            raise ModelError(
                f"adapter_config.json says that {module!r} is saved whole (modules_to_save), and {WEIGHTS} has no weight "
                "under that path"
            )
        saved |= own
    return saved


def _layer(key: str) -> str:
    name = key.removeprefix(PREFIX)
    for end in ENDS:
        if name != key and name.endswith(end):
            return name.removesuffix(end)
    raise ModelError(f"{key!r} is no factor of a LoRA update; this engine adds nothing else to a base model")


def _pair(layer: str, config: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> Pair:
    said = {key: config[key] for key, plain in PLAIN.items() if config.get(key, plain) not in (plain, None)}
    if said:
        raise ModelError(f"adapter_config.json sets {said}, which this engine does not apply")
    a, b = (tensors[f"{PREFIX}{layer}.lora_{side}.weight"] for side in "AB")
    rank = int(a.shape[0])
    if b.shape[1] != rank:
        raise ModelError(f"the factors of {layer} have ranks {rank} and {b.shape[1]}")
    alpha = float(_of_layer(config.get("alpha_pattern"), layer, config["lora_alpha"]))
    return Pair(a, b, alpha / (math.sqrt(rank) if config.get("use_rslora") else rank))


def _of_layer(patterns: Mapping[str, Any] | None, layer: str, default: Any) -> Any:
    """Return what a pattern says of a layer as peft reads it: the first key that matches its name or the end of it."""
    for key, value in (patterns or {}).items():
        if not NAME.fullmatch(key):
            raise ModelError(f"alpha_pattern has the key {key!r}, which is no plain name of a layer")
        if re.fullmatch(rf"(.*\.)?({key})", layer):
            return value
    return default
