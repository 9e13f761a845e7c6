"""Reading adapter_config.json: which layers of the base it adapts, with what rank and what scale."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domaintune.adapters.config_keys import KEYS
from domaintune.adapters.refusals import AdmissionError, Sentence
from domaintune.adapters.shape import BaseShape
from domaintune.errors import nearest

PLAIN_NAME = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*")
LONGEST_NAME = 256


@dataclass(frozen=True, kw_only=True)
class LoraLayer:
    """One adapted layer: its path in the base model, and the update scale * B A."""

    module: str
    rank: int
    scale: float


def check_keys(config: Mapping[str, Any]) -> None:
    """Refuse keys that peft does not know, and values that do more than a plain low-rank update."""
    for key in config:
        if key not in KEYS:
            raise AdmissionError("config_key_unknown", key=key, nearest=Sentence(nearest(key[:80], KEYS)))
    for key, rule in KEYS.items():
        if key not in config and rule.required:
            raise AdmissionError("config_key_missing", key=key)
        if key in config and not rule.accepts(config[key]):
            raise AdmissionError(f"config_{key}", value=config[key])


def layers(config: Mapping[str, Any], base: BaseShape) -> list[LoraLayer]:
    """Return the adapted layers, as peft would find them; the keys have been checked before."""
    modules = list(base.linears)
    _refuse_tower(config["target_modules"], base.tower)
    adapted = list(_adapted(config["target_modules"], modules, base.published_as))
    ranks = _patterns(config, "rank_pattern", adapted, len(modules))
    alphas = _patterns(config, "alpha_pattern", adapted, len(modules))
    root = config.get("use_rslora", False)
    found = []
    for module in adapted:
        rank, alpha = ranks.get(module, config["r"]), alphas.get(module, config["lora_alpha"])
        found.append(LoraLayer(module=module, rank=rank, scale=_scale(alpha, rank, root=root)))
    return found


def saved(config: Mapping[str, Any], base: BaseShape) -> Mapping[str, tuple[int, ...]]:
    """Return the tensors of the projector that the adapter brings whole, with their shapes; none where it brings none.

    peft replaces every module whose path ends in a name of modules_to_save.
    """
    names: list[str] = config.get("modules_to_save") or []
    for name in names:
        if base.connector is None:
            raise AdmissionError("saved_without_projector", name=name, base=base.published_as)
        if name not in (base.connector, base.connector.rpartition(".")[2]):
            raise AdmissionError("saved_not_projector", name=name, base=base.published_as, wanted=base.connector)
    return base.projector if names else {}


def check_ranges(config: Mapping[str, Any], found: Iterable[LoraLayer], max_rank: int, max_scale: float) -> None:
    """Refuse ranks and scales out of range, in the layers and in the defaults which none of them may use."""
    whole = LoraLayer(module="r", rank=config["r"], scale=_scale(config["lora_alpha"], config["r"], root=False))
    for layer in (*found, whole):
        if not 1 <= layer.rank <= max_rank:
            raise AdmissionError("rank_out_of_range", name=layer.module, rank=layer.rank, limit=max_rank)
    for layer in found:
        if not 0 < layer.scale <= max_scale:
            raise AdmissionError("scale_out_of_range", name=layer.module, scale=layer.scale, limit=max_scale)


def _scale(alpha: float, rank: int, *, root: bool) -> float:
    if rank < 1:
        return 0.0  # refused as a rank
    return alpha / math.sqrt(rank) if root else alpha / rank


def _adapted(targets: list[str], modules: list[str], base: str) -> Iterator[str]:
    """Yield the modules that a target names, whole or by its last parts."""
    for name in targets:
        _check_plain(name, "target_not_plain")
    wanted, met = set(targets), set()
    for module in modules:
        names = wanted.intersection(_endings(module))
        met |= names
        if names:
            yield module
    missed = next((name for name in targets if name not in met), None)
    if missed is not None:
        known = {ending for module in modules for ending in (module, module.rpartition(".")[2])}
        raise AdmissionError("target_unknown", name=missed, base=base, nearest=Sentence(nearest(missed, known)))


def _refuse_tower(targets: list[str], tower: Iterable[str]) -> None:
    """Refuse targets that peft would find in front of the language model too, as `q_proj` is in many vision towers."""
    wanted = set(targets)
    for layer in tower:
        for name in wanted.intersection(_endings(layer)):
            raise AdmissionError("target_sees", name=name, layer=layer)


def _endings(module: str) -> Iterator[str]:
    parts = module.split(".")
    return (".".join(parts[start:]) for start in range(len(parts)))


def _patterns(config: Mapping[str, Any], key: str, adapted: list[str], most: int) -> dict[str, Any]:
    """Return the value for each module that a pattern names; the first one wins, as in peft."""
    table: Mapping[str, Any] = config.get(key, {})
    if len(table) > most:
        raise AdmissionError("too_many_patterns", key=key, count=len(table))
    found: dict[str, Any] = {}
    for name, value in table.items():
        _check_plain(name, "pattern_not_plain", key=key)
        named = [module for module in adapted if _names(name, module)]
        if not named:
            known = {module.rpartition(".")[2] for module in adapted}
            raise AdmissionError("pattern_unknown", key=key, name=name, nearest=Sentence(nearest(name, known)))
        for module in named:
            found.setdefault(module, value)
    return found


def _names(name: str, module: str) -> bool:
    """Tell whether peft finds that a plain name is a module's, or its last parts'; to peft a dot is any letter."""
    start = len(module) - len(name)
    if start < 0 or not re.compile(name).fullmatch(module, start):
        return False
    return start == 0 or module[start - 1] == "."


def _check_plain(name: str, code: str, **facts: Any) -> None:
    if len(name) > LONGEST_NAME or not PLAIN_NAME.fullmatch(name):
        raise AdmissionError(code, name=name, **facts)
