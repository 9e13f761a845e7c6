"""Adapters in memory: read once and whole, the least used ones on disk, and a slab in which nothing is mixed up."""

from __future__ import annotations

import hashlib
import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune import Message, Request, Sampling
from domaintune.engine.factors import Factors, Pair, read
from domaintune.engine.session import TransformersSession
from domaintune.engine.slab import Slab, attach
from domaintune.errors import ModelError, RequestError
from domaintune.sessions import Limits

Opened = Callable[..., TransformersSession]


def said(session: TransformersSession, adapter: str | None) -> list[int]:
    request = Request(
        messages=(Message(role="user", content="Hello"),), adapter=adapter, sampling=Sampling(max_new_tokens=8)
    )
    return [token for event in session.generate([request]) for token in event.ids]


def sha256(folder: Path) -> str:
    return hashlib.sha256((folder / "adapter_model.safetensors").read_bytes()).hexdigest()


def test_idle_adapters_leave_memory_and_come_back(opened: Opened, shapes: dict[str, Path]) -> None:
    session = opened()
    wanted = {name: said(session, name) for name in shapes}
    largest = max(read(folder).bytes for folder in shapes.values())
    session.limit(Limits(adapter_bytes=2 * largest))
    for _ in range(2):
        for name in shapes:
            assert said(session, name) == wanted[name]
            assert session.store.resident <= 2 * largest


def test_an_adapter_whose_file_changed_while_it_was_out_is_refused(
    opened: Opened, shapes: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(shapes["r4"], folder)
    session = opened()
    session.load("mine", folder, sha256(folder))
    said(session, "mine")
    shutil.copy(shapes["r8"] / "adapter_model.safetensors", folder)
    before = said(session, "mine")  # still in memory: what was admitted answers
    assert before == said(session, "r4")
    session.limit(Limits(adapter_bytes=1))
    said(session, "r8")
    with torch.inference_mode():
        for name in list(session.slab.slots):
            session.slab.forget(name)
    with pytest.raises(RequestError, match="SHA-256 differs"):
        said(session, "mine")
    assert said(session, "r4") == before


@pytest.mark.parametrize("length", [0, 5, 100, 3000])
def test_a_file_that_is_cut_short_is_refused(
    opened: Opened, shapes: dict[str, Path], tmp_path: Path, length: int
) -> None:
    folder = tmp_path / "cut"
    shutil.copytree(shapes["r4"], folder)
    file = folder / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(ModelError, match="cut"):
        opened().load("cut", folder)


def test_a_name_is_never_used_twice(opened: Opened, shapes: dict[str, Path]) -> None:
    session = opened()
    with pytest.raises(ModelError, match="'r4' is loaded already"):
        session.load("r4", shapes["r8"])


class Net(torch.nn.Module):
    """Two layers that share an input, and one behind them."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = (torch.nn.Linear(6, 5, bias=False) for _ in range(2))
        self.behind = torch.nn.Linear(5, 4, bias=False)

    def forward(self, input_ids: torch.Tensor, **_: object) -> torch.Tensor:
        x = torch.nn.functional.one_hot(input_ids, 6).float()
        found: torch.Tensor = self.behind(self.left(x) + self.right(x))
        return found


def random_factors(seed: int, rank: int) -> Factors:
    torch.manual_seed(seed)
    shapes = {"left": (5, 6), "right": (5, 6), "behind": (4, 5)}
    pairs = {name: Pair(torch.randn(rank, i), torch.randn(o, rank), 0.5) for name, (o, i) in shapes.items()}
    del pairs[list(pairs)[seed % 3]]
    return Factors(pairs, 1)


def update(slab: Slab, layer: str, name: str) -> torch.Tensor:
    slot, found = slab.slots[name], slab.layers[layer]
    if found.b is None or found.group.a is None:
        return torch.zeros(found.base.out_features, found.base.in_features)
    rows = slice(slot.start, slot.start + slot.width)
    return found.b[rows].T @ found.a[rows]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 11), min_size=1, max_size=4), min_size=1, max_size=12), st.integers(0, 5))
def test_whatever_comes_and_goes_every_adapter_lies_whole_in_its_own_place(
    passes: list[list[int]], forgotten: int
) -> None:
    slab = attach(Net(), torch.zeros((1, 2), dtype=torch.long))
    assert slab.layers["left"].group is slab.layers["right"].group is not slab.layers["behind"].group
    known = {str(seed): random_factors(seed, 1 + 9 * seed) for seed in range(12)}
    for wanted in passes:
        slab.place({str(seed) for seed in wanted}, lambda names: {name: known[name] for name in names})
        slab.forget(str(forgotten)) if forgotten not in wanted else None
        taken = sorted((slot.start, slot.start + slot.width) for slot in slab.slots.values())
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(taken))
        assert all(end <= slab.width for _, end in taken)
        assert {str(seed) for seed in wanted} <= slab.slots.keys()
        for name in slab.slots:
            for layer in slab.layers:
                pair = known[name].pairs.get(layer)
                expected = pair.scale * pair.b @ pair.a if pair else torch.zeros_like(update(slab, layer, name))
                assert torch.allclose(update(slab, layer, name), expected, atol=1e-4)


def test_a_slab_that_is_too_wide_is_packed_anew() -> None:
    slab = attach(Net(), torch.zeros((1, 2), dtype=torch.long))
    many = {str(seed): random_factors(seed, 40) for seed in range(8)}
    slab.place(many, lambda names: {name: many[name] for name in names})
    wide = slab.width
    for _ in range(80):
        slab.place({"1"}, lambda names: {name: many[name] for name in names})
    assert slab.width < wide / 2
    assert torch.allclose(
        update(slab, "left", "1"), many["1"].pairs["left"].b @ many["1"].pairs["left"].a * 0.5, atol=1e-4
    )
