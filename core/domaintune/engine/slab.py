"""The adapters in use, side by side: for each layer one slab of factors, and a row of coefficients a request.

Layers that read the same input (query, key and value; gate and up) are a group: their A factors are stacked, so that one
product serves them all. An adapter keeps its place while others come and go, and coefficients of 0 leave a row exactly
as it was: a row's result does not depend on who else is in the slab.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch.nn.functional import linear

from domaintune.engine.factors import Factors, Pair
from domaintune.errors import ModelError, nearest

ALIGN = 8
"""Ranks are laid out in multiples of this, so that kernels read whole vectors."""
GROW = 16
"""The slab grows by this many ranks: with other widths, sums are made in another order."""
IDLE = 64
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
        self.prototypes: dict[str, torch.Tensor] = {}

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
    dtype: torch.dtype = torch.float32
    version: int = 0  # grows whenever anything lies elsewhere than before

    def place(self, names: Collection[str], take: Callable[[set[str]], Mapping[str, Factors]]) -> None:
        """Make the adapters of the next passes part of the slab; others go where room is needed.

        `take` gives the factors of those that are missing. Whatever goes wrong, no adapter lies there in part.
        """
        self.clock += 1
        missing = take({name for name in names if name not in self.slots})
        try:
            self._tighten(names, take)
            for name, factors in missing.items():
                if name not in self.slots:
                    self._put(name, factors, names)
        except BaseException:
            self._clear()
            raise
        for name in names:
            self.slots[name].used = self.clock

    def _put(self, name: str, factors: Factors, names: Collection[str]) -> None:
        self.version += 1
        width = _aligned(factors.rank)
        slot = self.slots[name] = Slot(self._room(width, names), width)
        for layer, pair in factors.pairs.items():
            self._write(self.layers[layer], slot, pair)

    def forget(self, name: str) -> None:
        """Take an adapter out; its ranks are zero again."""
        slot = self.slots.pop(name, None)
        if slot is None:
            return
        self.version += 1
        for layer in self.layers.values():
            layer.prototypes.pop(name, None)
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

    def _tighten(self, names: Collection[str], take: Callable[[set[str]], Mapping[str, Factors]]) -> None:
        """Begin anew where the slab has long been wider than it needs to be: every step computes its whole width."""
        needed = sum(self.slots[name].width for name in names if name in self.slots)
        self.loose = self.loose + 1 if self.width > max(IDLE, 2 * needed) else 0
        if self.loose > PATIENCE:
            everyone = take(set(names))
            self._clear()
            for name, factors in everyone.items():
                self._put(name, factors, names)

    def _clear(self) -> None:
        self.slots, self.width, self.loose = {}, 0, 0
        self.version += 1
        for layer in self.layers.values():
            layer.group.a = layer.b = None
            layer.prototypes = {}

    def _room(self, width: int, names: Collection[str]) -> int:
        """Return where `width` free ranks begin, after sending away who was used least recently, or growing."""
        limit = max(self.width, IDLE)
        idle = sorted((slot.used, name) for name, slot in self.slots.items() if name not in names)
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
        like = torch.empty(0, dtype=self.dtype, device=layer.base.weight.device)
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
        self.coefficients = coefficients
        self.routed = routed
        self.tiles: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def __call__(self, layer: Layer, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Add to y [rows, 1, out]."""
        group, width = layer.group, self.slab.width
        if group.seen is not x or group.h is None:
            group.seen, group.h = x, self._inner(group, x)
        assert layer.b is not None
        _add(y, group.h[:, layer.place * width : (layer.place + 1) * width], layer.b)
        return y

    def _inner(self, group: Group, x: torch.Tensor) -> torch.Tensor:
        """Return c * (A x) for all layers of a group [rows, layers * width]."""
        assert group.a is not None
        several, width, features = group.a.shape
        flat = x.reshape(-1, features).to(group.a.dtype)
        h = linear(flat, group.a.view(several * width, features))
        c, others = self._tile(several)
        if self.routed:
            c = c.clone()
            for layer in (layer for layer in group.layers if layer.b is not None):
                own = c[:, layer.place * width : (layer.place + 1) * width]
                for route, rows in self.routed:
                    own[rows] = route.coefficients(layer, flat, width)[rows]
            others = c == 0
        # What others would add may be infinite, and infinity times 0 is not 0.
        return h.masked_fill_(others, 0).mul_(c)

    def _tile(self, several: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the coefficients of a group's layers side by side, and where they are 0."""
        if several not in self.tiles:
            c = self.coefficients.repeat(1, several)
            self.tiles[several] = c, c == 0
        return self.tiles[several]


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
            _add(out, h * (weight if shares is None else shares[:, index : index + 1].to(h.dtype)), b[rows])
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
        for name, slot in zip(self.names, self.slots, strict=True):
            if name not in layer.prototypes:
                assert layer.b is not None
                layer.prototypes[name] = prototype(layer.a[_ranks(slot)], layer.b[_ranks(slot)].T)
        return torch.stack([layer.prototypes[name] for name in self.names])


def _add(y: torch.Tensor, h: torch.Tensor, b: torch.Tensor) -> None:
    """Add h @ b to y in place: h [rows, ranks], b [ranks, out]."""
    flat = y.view(-1, y.shape[-1])
    if flat.dtype == b.dtype:
        flat.addmm_(h, b)
    else:
        flat.add_(torch.mm(h, b))


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
    weight = next(model.parameters())
    slab = Slab(
        dtype=weight.dtype if weight.is_floating_point() else torch.float32
    )  # a quantised base has whole numbers
    inputs: list[tuple[torch.Tensor, Layer]] = []
    for name, module in list(model.named_modules()):
        parent, _, own = name.rpartition(".")
        # Attention of torch itself reads the weights of its layers and never calls them: an update would not be applied.
        called = not isinstance(model.get_submodule(parent), torch.nn.MultiheadAttention)
        if isinstance(module, torch.nn.Linear) and called:
            layer = Layer(name, module, slab)
            layer.register_forward_pre_hook(lambda layer, given: inputs.append((given[0], layer)))
            slab.layers[name] = layer
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
