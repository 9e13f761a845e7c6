"""peft's own merges (`add_weighted_adapter`), done by peft on a skeleton: no base weights are read or held.

The skeleton is a tree of linear layers of the adapters' own shapes whose weight is one number seen many times, so it
takes no memory. It is made anew for every merge: peft returns without a word where the name of the result exists
already, and would serve the former mix.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from peft import LoraConfig, PeftModel
from peft.tuners.lora import LoraLayer

from domaintune.composition.factors import Factors, Update
from domaintune.composition.merge import Weighted
from domaintune.errors import UsageError

ONE_RANK = ("linear", "ties", "dare_linear", "dare_ties", "magnitude_prune")
"""Kinds that add the factors themselves, one to one."""
MIX = "mix"


def merge(kind: str, members: Weighted, *, seed: int = 0, **options: Any) -> dict[str, Factors]:
    """Return what peft makes of the updates; `options` are add_weighted_adapter's. Raises UsageError."""
    if kind in ONE_RANK:
        _refuse_other_ranks(kind, [update for update, _ in members])
    names = [f"m{place}" for place in range(len(members))]  # never the user's: peft takes dots for paths
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice for densities of 1
        model = skeleton(dict(zip(names, [update for update, _ in members], strict=True)))
        torch.manual_seed(seed)  # what dare drops
        options = {"svd_full_matrices": False, **options}  # the vectors that are cut off anyway
        model.add_weighted_adapter(names, [weight for _, weight in members], MIX, combination_type=kind, **options)
    return taken(model, MIX)


def skeleton(updates: Mapping[str, Update]) -> PeftModel:
    """Return a peft model that holds the updates under these names and next to nothing else."""
    shapes = {module: (f.b.shape[0], f.a.shape[1]) for update in updates.values() for module, f in update.items()}
    model: Any = _tree(shapes)
    for name, update in updates.items():
        config = _config(update)
        if isinstance(model, PeftModel):
            model.add_adapter(name, config)
        else:
            model = PeftModel(model, config, adapter_name=name)
        _fill(model, name, update)
    return model.eval()


def taken(model: PeftModel, name: str) -> dict[str, Factors]:
    """Return the update that a peft model holds under a name."""
    layers = sorted((_module(path), layer) for path, layer in _layers(model) if name in layer.lora_A)
    return {
        module: Factors(
            a=layer.lora_A[name].weight.detach(), b=layer.lora_B[name].weight.detach(), scale=float(layer.scaling[name])
        )
        for module, layer in layers
    }


def _tree(shapes: Mapping[str, tuple[int, int]]) -> torch.nn.Module:
    root = torch.nn.Module()
    for path, (rows, columns) in shapes.items():
        *parents, last = path.split(".")
        place = root
        for name in parents:
            if name not in place._modules:
                place.add_module(name, torch.nn.Module())
            place = place.get_submodule(name)
        layer = torch.nn.Linear(columns, rows, bias=False, device="meta")
        weight = torch.zeros(1).expand(rows, columns)
        layer.weight = torch.nn.Parameter(weight, requires_grad=False)
        place.add_module(last, layer)
    return root


def _config(update: Update) -> LoraConfig:
    """Return a configuration with these modules and ranks; the scale is set on the layers."""
    rank = max(factors.rank for factors in update.values())
    smaller = {module: factors.rank for module, factors in update.items() if factors.rank < rank}
    return LoraConfig(
        r=rank, lora_alpha=rank, target_modules=list(update), rank_pattern=smaller, init_lora_weights=False
    )


def _fill(model: PeftModel, name: str, update: Update) -> None:
    for path, layer in _layers(model):
        factors = update.get(_module(path))
        if factors is not None:
            layer.lora_A[name].weight.data = factors.a
            layer.lora_B[name].weight.data = factors.b
            layer.scaling[name] = factors.scale


def _layers(model: PeftModel) -> list[tuple[str, Any]]:
    return [(path, layer) for path, layer in model.named_modules() if isinstance(layer, LoraLayer)]


def _module(path: str) -> str:
    return path.removeprefix("base_model.model.")


def _refuse_other_ranks(kind: str, updates: Sequence[Update]) -> None:
    for module in sorted({module for update in updates for module in update}):
        ranks = {update[module].rank for update in updates if module in update}
        if len(ranks) > 1:
            raise UsageError(
                f"{kind} adds the factors of adapters of one rank, but at {module} they have the ranks "
                f"{', '.join(map(str, sorted(ranks)))}; use exact, svd or {'dare_linear' if kind == 'linear' else kind}_svd"
            )
