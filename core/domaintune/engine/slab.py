"""The adapters in use, side by side: for each layer one slab of factors, and a row of coefficients a request.

Layers that read the same input (query, key and value; gate and up) are a group: their A factors are stacked, so that one
product serves them all. An adapter keeps its place while others come and go, and coefficients of 0 leave a row exactly
as it was: a row's result does not depend on who else is in the slab.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch.nn.functional import linear

from domaintune.engine.factors import Factors, Pair
from domaintune.errors import ModelError, nearest

ALIGN = 8
"""Ranks are laid out in multiples of this, so that kernels read whole vectors."""
GROW = 32
"""The slab grows by this many ranks."""
IDLE = 128
"""Ranks that adapters without a request may keep, so that the next one finds its adapter in place."""
PATIENCE = 64
"""Changes of who answers before a slab that is too wide is packed anew."""


class Mixing(Protocol):
    """How adapters act on the inputs of a pass."""

    def __call__(self, layer: Layer, x: torch.Tensor, y: torch.Tensor, /) -> torch.Tensor:
        """Add the update of x [..., in] to y [..., out], in place where that is possible."""


@dataclass(eq=False)
class Group:
    """Layers that read the same input: `a` [layers, width, in], and the last product h [rows, layers * width]."""

    layers: list[Layer]
    a: torch.Tensor | None = None
    seen: torch.Tensor | None = None
    h: torch.Tensor | None = None


class Layer(torch.nn.Module):
    """A linear layer of the base model, and its place in the slab: `b` [width, out], or None where no adapter acts."""

    base: torch.nn.Linear

    def __init__(self, name: str, base: torch.nn.Linear, slab: Slab) -> None:
        super().__init__()
        self.base = base
        self.name = name
        self.slab = slab
        self.group = Group([self])
        self.place = 0
        self.b: torch.Tensor | None = None
        self.prototypes: dict[tuple[str, ...], torch.Tensor] = {}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the base layer's output [..., out] with the updates of the pass that is running."""
        y: torch.Tensor = self.base(x)
        mixing = self.slab.mixing
        return y if mixing is None or self.b is None else mixing(self, x, y)

    def __getattr__(self, name: str) -> Any:
        """Answer for the base layer: some models read the weight or the number of features of their layers."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("base"), name)

    @property
    def a(self) -> torch.Tensor:
        """The layer's own part of the stacked factors [width, in]."""
        assert self.group.a is not None
        return self.group.a[self.place]


@dataclass
class Slot:
    """Where an adapter's ranks lie in the slab; `used` orders the adapters by their last use."""

    start: int
    width: int
    used: int = 0


@dataclass
class Slab:
    """All layers of a model that adapters may act on, and the adapters that lie in them."""

    layers: dict[str, Layer] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)
    width: int = 0
    mixing: Mixing | None = None
    clock: int = 0
    loose: int = 0
    version: int = 0  # grows whenever anything lies elsewhere than before

    def place(self, wanted: Mapping[str, Factors]) -> None:
        """Make the adapters of the next passes part of the slab; those that are not wanted go where room is needed."""
        self.clock += 1
        self._tighten(wanted)
        missing = {name: factors for name, factors in wanted.items() if name not in self.slots}
        for name in wanted.keys() - missing.keys():
            self.slots[name].used = self.clock
        self.version += bool(missing)
        for name, factors in missing.items():
            slot = Slot(self._room(_aligned(factors.rank), wanted), _aligned(factors.rank), self.clock)
            self.slots[name] = slot
            for layer, pair in factors.pairs.items():
                self._write(self.layers[layer], slot, pair)

    def forget(self, name: str) -> None:
        """Take an adapter out; its ranks are zero again."""
        slot = self.slots.pop(name, None)
        if slot is None:
            return
        self.version += 1
        for layer in self.layers.values():
            layer.prototypes = {names: kept for names, kept in layer.prototypes.items() if name not in names}
            if layer.group.a is not None:
                layer.group.a[:, slot.start : slot.start + slot.width] = 0
            if layer.b is not None:
                layer.b[slot.start : slot.start + slot.width] = 0

    @contextmanager
    def during(self, mixing: Mixing | None) -> Iterator[None]:
        """Let adapters act on the passes inside a `with` block, and on none after it, whatever happens."""
        self.mixing = mixing
        try:
            yield
        finally:
            self.mixing = None
            for layer in self.layers.values():
                layer.group.seen = layer.group.h = None

    def _tighten(self, wanted: Mapping[str, Factors]) -> None:
        """Begin anew where the slab has long been wider than it needs to be: every step computes its whole width."""
        needed = sum(_aligned(factors.rank) for factors in wanted.values())
        self.loose = self.loose + 1 if self.width > max(IDLE, needed + GROW) else 0
        if self.loose > PATIENCE:
            self.slots, self.width, self.loose = {}, 0, 0
            self.version += 1
            for layer in self.layers.values():
                layer.group.a = layer.b = None
                layer.prototypes = {}

    def _room(self, width: int, wanted: Mapping[str, Factors]) -> int:
        """Return where `width` free ranks begin, after sending away who was used least recently, or growing."""
        limit = max(self.width, IDLE)
        idle = sorted((slot.used, name) for name, slot in self.slots.items() if name not in wanted)
        start = self._gap(width, limit)
        for _, name in idle:
            if start is not None:
                break
            self.forget(name)
            start = self._gap(width, limit)
        if start is None:
            start = max((slot.start + slot.width for slot in self.slots.values()), default=0)
        if start + width > self.width:
            self._grow(-(-(start + width) // GROW) * GROW)
        return start

    def _gap(self, width: int, limit: int) -> int | None:
        start = 0
        for slot in sorted(self.slots.values(), key=lambda slot: slot.start):
            if slot.start - start >= width:
                return start
            start = slot.start + slot.width
        return start if start + width <= limit else None

    def _grow(self, width: int) -> None:
        self.width = width
        for layer in self.layers.values():
            if layer.group.a is not None and layer.group.a.shape[1] < width:
                layer.group.a = _wider(layer.group.a, width, dim=1)
            if layer.b is not None:
                layer.b = _wider(layer.b, width, dim=0)

    def _write(self, layer: Layer, slot: Slot, pair: Pair) -> None:
        """Copy a layer's factors into their place; the scale goes into B."""
        like = layer.base.weight
        if not like.is_floating_point():  # a quantised base: its results have the default dtype
            like = torch.empty(0, device=like.device)
        if layer.group.a is None:
            layer.group.a = like.new_zeros((len(layer.group.layers), self.width, pair.a.shape[1]))
        if layer.b is None:
            layer.b = like.new_zeros((self.width, pair.b.shape[0]))
        rows = slice(slot.start, slot.start + pair.rank)
        layer.a[rows].copy_(pair.a)
        layer.b[rows].copy_(pair.b.T if pair.scale == 1 else pair.b.T.float() * pair.scale)


class Rowwise:
    """The mixing of a step: row i of the input is answered by the adapters that row i of `coefficients` weighs."""

    def __init__(self, slab: Slab, coefficients: torch.Tensor, routed: Sequence[tuple[Route, list[int]]] = ()) -> None:
        self.slab = slab
        self.coefficients = {1: coefficients}
        self.routed = routed
        # In half precision somebody else's product may overflow, and infinity times 0 is not 0.
        self.masked = coefficients.dtype == torch.float16

    def __call__(self, layer: Layer, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Add to y [rows, 1, out]."""
        group, width = layer.group, self.slab.width
        if group.seen is not x or group.h is None:
            group.seen, group.h = x, self._inner(group, x)
        h = group.h[:, layer.place * width : (layer.place + 1) * width]
        flat = y.view(-1, y.shape[-1])
        assert layer.b is not None
        flat.addmm_(h.to(flat.dtype), layer.b.to(flat.dtype))
        return y

    def _inner(self, group: Group, x: torch.Tensor) -> torch.Tensor:
        """Return c * (A x) for all layers of a group [rows, layers * width]."""
        assert group.a is not None
        several, width, features = group.a.shape
        flat = x.reshape(-1, features).to(group.a.dtype)
        h = linear(flat, group.a.view(several * width, features))
        c = self._tiled(several)
        if self.routed:
            c = c.clone()
            for layer in (layer for layer in group.layers if layer.b is not None):
                own = c[:, layer.place * width : (layer.place + 1) * width]
                for route, rows in self.routed:
                    own[rows] = route.coefficients(layer, flat, width)[rows]
        return torch.where(c == 0, c, h * c) if self.masked else h.mul_(c)

    def _tiled(self, several: int) -> torch.Tensor:
        if several not in self.coefficients:
            self.coefficients[several] = self.coefficients[1].repeat(1, several)
        return self.coefficients[several]


class Alone:
    """The mixing of a prompt: all rows of the input are answered by the same adapters, and only their ranks are read."""

    def __init__(self, slab: Slab, weights: Sequence[tuple[str, float]], route: Route | None = None) -> None:
        self.parts = [(name, slab.slots[name], weight) for name, weight in weights]
        self.route = route

    def __call__(self, layer: Layer, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Add to y [..., tokens, out]."""
        a, b = layer.a, layer.b
        assert b is not None
        flat, out = x.reshape(-1, x.shape[-1]).to(a.dtype), y.view(-1, y.shape[-1])
        shares = self.route.shares(layer, flat) if self.route else None
        for index, (_, slot, weight) in enumerate(self.parts):
            rows = slice(slot.start, slot.start + slot.width)
            h = linear(flat, a[rows])
            h = h * (weight if shares is None else shares[:, index : index + 1].to(h.dtype))
            out.addmm_(h.to(out.dtype), b[rows].to(out.dtype))
        return y


class Route:
    """Per-token routing by prototypes (Arrow, Ostapenko et al. 2024, as peft applies it).

    An adapter's prototype in a layer is the input direction that its update there amplifies most; a token goes to the
    `top` adapters whose prototypes it fits best, weighed by the softmax of the fit.
    """

    def __init__(self, slab: Slab, names: Sequence[str], top: int) -> None:
        self.names = tuple(names)
        self.slots = [slab.slots[name] for name in names]
        self.top = min(top, len(names))

    def shares(self, layer: Layer, x: torch.Tensor) -> torch.Tensor:
        """Return how much each adapter answers each token: x [tokens, in] -> [tokens, adapters]."""
        fit = (x @ self._prototypes(layer).T.to(x.dtype)).abs().float()
        best = fit.topk(self.top, dim=-1)
        return torch.zeros_like(fit).scatter_(-1, best.indices, best.values.softmax(dim=-1))

    def coefficients(self, layer: Layer, x: torch.Tensor, width: int) -> torch.Tensor:
        """Return rows of coefficients: x [tokens, in] -> [tokens, width]."""
        spread = x.new_zeros((len(self.slots), width))
        for row, slot in zip(spread, self.slots, strict=True):
            row[_ranks(slot)] = 1
        return self.shares(layer, x).to(x.dtype) @ spread

    def _prototypes(self, layer: Layer) -> torch.Tensor:
        if self.names not in layer.prototypes:
            assert layer.b is not None
            found = [prototype(layer.a[_ranks(slot)], layer.b[_ranks(slot)].T) for slot in self.slots]
            layer.prototypes[self.names] = torch.stack(found)
        return layer.prototypes[self.names]


def prototype(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the top right singular vector of b @ a, from the small core: a [rank, in], b [out, rank] -> [in].

    Zero where there is no update. Its sign is arbitrary and has no effect.
    """
    q, r = torch.linalg.qr(a.float().T)  # a.T = q r, so b a = (b r.T) q.T
    _, vectors = torch.linalg.eigh(r @ (b.float().T @ b.float()) @ r.T)
    return q @ vectors[:, -1] if bool(b.any()) else torch.zeros_like(q[:, 0])


def _ranks(slot: Slot) -> slice:
    return slice(slot.start, slot.start + slot.width)


def _aligned(rank: int) -> int:
    return -(-rank // ALIGN) * ALIGN


def _wider(old: torch.Tensor, width: int, *, dim: int) -> torch.Tensor:
    shape = list(old.shape)
    shape[dim] = width
    new = old.new_zeros(shape)
    new.narrow(dim, 0, old.shape[dim]).copy_(old)
    return new


def check(slab: Slab, name: str, pair: Pair) -> None:
    """Refuse a pair of factors that does not fit the base model."""
    if name not in slab.layers:
        raise ModelError(f"the base model has no linear layer {name!r}{nearest(name, slab.layers)}")
    base = slab.layers[name].base
    wanted, found = (base.out_features, base.in_features), (pair.b.shape[0], pair.a.shape[1])
    if wanted != found:
        raise ModelError(f"{name} of the base model is {wanted}, but the adapter's update is {tuple(found)}")


def attach(model: torch.nn.Module, probe: torch.Tensor) -> Slab:
    """Put a `Layer` around every linear layer of a model; one pass over `probe` shows which of them share an input."""
    slab = Slab()
    inputs: list[tuple[torch.Tensor, Layer]] = []
    for name, module in list(model.named_modules()):
        if isinstance(module, torch.nn.Linear):
            layer = Layer(name, module, slab)
            layer.register_forward_pre_hook(lambda layer, given: inputs.append((given[0], layer)))
            slab.layers[name] = layer
            parent, _, own = name.rpartition(".")
            setattr(model.get_submodule(parent), own, layer)
    model(input_ids=probe, use_cache=False)
    for layer in slab.layers.values():
        layer._forward_pre_hooks.clear()
    _group(inputs)
    return slab


def _group(inputs: Sequence[tuple[torch.Tensor, Layer]]) -> None:
    """Join neighbours that were given the very same tensor."""
    before: torch.Tensor | None = None
    group: Group | None = None
    for given, layer in inputs:
        if given is before and group is not None and len(layer.group.layers) == 1 and layer not in group.layers:
            layer.place = len(group.layers)
            group.layers.append(layer)
            layer.group = group
        else:
            before, group = given, layer.group
