"""The projector between vision tower and language model, as adapters replace it: whole, and while a prompt is read.

An adapter's projector is W_i beside the base model's W. A mix applies

    W + sum_i w_i (W_i - W)

over its members with a projector; members without one leave it as it is. Nothing is written into the base model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.func import functional_call

from domaintune.engine.factors import Factors
from domaintune.errors import ModelError

UNROUTED = (
    "route arrow chooses an adapter for every token, and the tokens of a picture come from one projector, which cannot be "
    "chosen so; send the adapters as a mix with weights, or name one of them"
)
"""Why a routed mix of adapters with projectors reads no pictures."""


class Projector:
    """The projector of a base model that reads pictures, or nothing; made before layers are put around its own."""

    def __init__(self, model: Any, path: str | None) -> None:
        self.model = model
        self.path = path
        own = {} if path is None else model.get_submodule(path).state_dict(keep_vars=True)
        self.weights: dict[str, torch.Tensor] = {f"{path}.{name}": weight for name, weight in own.items()}
        self._names: dict[str, str] = {}

    def check(self, factors: Factors) -> None:
        """Refuse an adapter whose saved modules are not this projector, whole."""
        if not factors.saved:
            return
        strange = sorted(factors.saved.keys() - self.weights.keys())
        if strange:
            there = f"its projector is {self.path}" if self.path else "it reads no pictures, so it has no projector"
            raise ModelError(
                f"the adapter saves {strange[0]!r} whole, and of the base model {there}; nothing else is applied"
            )
        missing = sorted(self.weights.keys() - factors.saved.keys())
        if missing:
            raise ModelError(f"the adapter's projector has no {missing[0]!r}; it is saved whole or not at all")
        for name, weight in self.weights.items():
            found = factors.saved[name].shape
            if found != weight.shape:
                raise ModelError(
                    f"{name} of the base model is {tuple(weight.shape)}, but the adapter's is {tuple(found)}"
                )
        inside = [name for name in factors.pairs if f"{name}.weight" in self.weights]
        if inside:
            raise ModelError(
                f"the adapter both saves {inside[0]!r} whole and adds an update to it; only one can be applied"
            )

    def call(self, parts: Sequence[tuple[Factors, float]]) -> Callable[..., Any]:
        """Return the model with the projector that weighed adapters make; without any, the model itself."""
        members = [(factors.saved, weight) for factors, weight in parts if factors.saved]
        if not members:
            return self.model  # type: ignore[no-any-return]
        names = self._placed()
        blended = {names[name]: _blend(own, name, members) for name, own in self.weights.items()}
        return lambda **given: functional_call(self.model, blended, (), given, tie_weights=False)

    def _placed(self) -> dict[str, str]:
        """Return where the weights lie in the model now: a layer around a linear one adds a name to its path."""
        if not self._names:
            several = (*self.model.named_parameters(), *self.model.named_buffers())
            places = {id(weight): place for place, weight in several}
            self._names = {name: places[id(weight)] for name, weight in self.weights.items()}
        return self._names


def _blend(own: torch.Tensor, name: str, members: Sequence[tuple[Mapping[str, torch.Tensor], float]]) -> torch.Tensor:
    if len(members) == 1 and members[0][1] == 1:  # to the last bit what was trained
        return members[0][0][name].to(own.device, own.dtype)
    base = own.float()
    change = sum(weight * (saved[name].to(own.device).float() - base) for saved, weight in members)
    return (base + change).to(own.dtype)
