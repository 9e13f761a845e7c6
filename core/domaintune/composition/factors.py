"""The two factors of every update an adapter makes, read from a PEFT folder and written to one.

An update is `scale * B @ A`. Reading folds away how a configuration says the scale (alpha, rank, rsLoRA, patterns);
what is written always has scale 1, names every module it changes in full, and holds 32-bit floats.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from domaintune.errors import UsageError

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_KEY = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<side>[AB])\.weight")
_PLAIN = re.compile(r"[\w.-]+")
_UNMERGEABLE = (
    "use_dora", "lora_bias", "target_parameters", "trainable_token_indices", "layer_replication",
    "megatron_config", "use_qalora", "alora_invocation_tokens", "velora_config", "monteclora_config", "kasa_config",
    "arrow_config", "use_bdlora",
)  # fmt: skip
"""Settings of a configuration that make an adapter more than a sum of low-rank updates."""
NO_AVERAGE = (
    "brings a projector or another module whole (modules_to_save), and no merge of updates keeps that: averaging it would "
    "need the base model's own; serve the adapters together instead, as the model `a+b`"
)


@dataclass(frozen=True, kw_only=True)
class Factors:
    """One module's update `scale * b @ a`: a is [rank, in], b is [out, rank]."""

    a: torch.Tensor
    b: torch.Tensor
    scale: float = 1.0

    @property
    def rank(self) -> int:
        """The number of columns that b and rows that a has."""
        return int(self.a.shape[0])

    @property
    def delta(self) -> torch.Tensor:
        """The update itself, [out, in]: as large as the module."""
        return self.scale * (self.b @ self.a)


Update: TypeAlias = Mapping[str, Factors]
"""What an adapter does, by the full path of the module."""


def read(folder: Path) -> dict[str, Factors]:
    """Read an adapter folder as 32-bit floats, modules sorted by name; raises UsageError for what cannot be merged."""
    config = _config(folder)
    try:
        tensors = load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise UsageError(f"{folder / WEIGHTS} cannot be read ({error}); is this a whole adapter folder?") from None
    sides: dict[str, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        match = _KEY.fullmatch(key)
        if match is None or tensor.ndim != 2:
            raise UsageError(f"{folder}: {key!r} is no LoRA factor of a linear layer; such adapters cannot be merged")
        sides.setdefault(match["module"], {})[match["side"]] = tensor.to(torch.float32)
    if not sides:
        raise UsageError(f"{folder} changes nothing: it holds no LoRA factor")
    return {module: _factors(folder, module, sides[module], config) for module in sorted(sides)}


def write(folder: Path, update: Update) -> None:
    """Write an update as an ordinary PEFT folder; modules whose rank is 0 are left out. Raises UsageError."""
    kept = {module: factors for module, factors in sorted(update.items()) if factors.rank}
    if not any(bool(factors.b.any()) and bool(factors.a.any()) and factors.scale for factors in kept.values()):
        raise UsageError("the result would change nothing; choose other weights or a larger density")
    state = dict(_tensors(kept))
    broken = next((key for key, tensor in state.items() if not bool(torch.isfinite(tensor).all())), None)
    if broken is not None:
        raise UsageError(f"the result is not finite at {broken}; choose smaller weights")
    config = _written_config({module: factors.rank for module, factors in kept.items()})
    save_file(state, folder / WEIGHTS, metadata={"format": "pt"})
    (folder / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def unscaled(factors: Factors) -> Factors:
    """Return the same update with scale 1."""
    return replace(factors, b=factors.b * factors.scale, scale=1.0)


def replaces_modules(folder: Path) -> bool:
    """Tell whether an adapter brings modules whole, such as the projector of a model that reads pictures."""
    return bool(_read_config(folder).get("modules_to_save"))


def _config(folder: Path) -> dict[str, Any]:
    config = _read_config(folder)
    if config.get("modules_to_save"):
        raise UsageError(f"{folder} {NO_AVERAGE}")
    used = [name for name in _UNMERGEABLE if config.get(name)] + (
        ["bias"] if config.get("bias", "none") != "none" else []
    )
    if used:
        raise UsageError(f"{folder} uses {', '.join(used)}, which no merge of weights keeps; train it without")
    return config


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{folder / CONFIG} cannot be read ({error}); give the folder of an adapter") from None
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        raise UsageError(f"{folder} is not a LoRA adapter; only these can be composed")
    return config


def _factors(folder: Path, module: str, sides: Mapping[str, torch.Tensor], config: Mapping[str, Any]) -> Factors:
    if sides.keys() != {"A", "B"} or sides["A"].shape[0] != sides["B"].shape[1] or not sides["A"].shape[0]:
        raise UsageError(f"{folder}: the factors of {module!r} do not fit each other")
    if not all(bool(torch.isfinite(side).all()) for side in sides.values()):
        raise UsageError(f"{folder}: the weights of {module!r} are not finite; train the adapter anew")
    rank = int(sides["A"].shape[0])
    alpha = _alpha(folder, module, config)
    scale = alpha / (rank**0.5 if config.get("use_rslora") else rank)
    return Factors(a=sides["A"].contiguous(), b=sides["B"].contiguous(), scale=scale)


def _alpha(folder: Path, module: str, config: Mapping[str, Any]) -> float:
    """Return a module's alpha as peft finds it: the first pattern that is the module's name or the end of it."""
    found = config.get("lora_alpha", 8)
    for pattern, alpha in (config.get("alpha_pattern") or {}).items():
        if not _PLAIN.fullmatch(pattern):
            raise UsageError(f"{folder}: alpha_pattern {pattern!r} is a regular expression; name modules plainly")
        if module == pattern or module.endswith(f".{pattern}"):
            found = alpha
            break
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise UsageError(f"{folder}: alpha {found!r} of {module!r} is not a number")
    return float(found)


def _tensors(update: Update) -> Iterator[tuple[str, torch.Tensor]]:
    for module, factors in update.items():
        plain = unscaled(factors)
        yield f"base_model.model.{module}.lora_A.weight", plain.a.to(torch.float32).contiguous()
        yield f"base_model.model.{module}.lora_B.weight", plain.b.to(torch.float32).contiguous()


def _written_config(ranks: Mapping[str, int]) -> dict[str, Any]:
    """Return a configuration in which alpha equals the rank everywhere: the scale is 1."""
    rank = Counter(ranks.values()).most_common(1)[0][0]
    others = {module: other for module, other in ranks.items() if other != rank}
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": rank,
        "lora_alpha": rank,
        "rank_pattern": others,
        "alpha_pattern": others,
        "target_modules": list(ranks),
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "init_lora_weights": True,
        "use_rslora": False,
        "use_dora": False,
        "modules_to_save": None,
    }
