"""Merged weights: exact where they say so, peft's own where they bear its names, and refused where they mean nothing."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from composing import ATTENTION, EVERYWHERE, dense, saved, update
from peft import PeftModel
from peft.tuners.lora import LoraLayer
from transformers import AutoModelForCausalLM

from domaintune.adapters.shape import BaseShape
from domaintune.composition import factors, merge, peft_merge
from domaintune.composition.factors import Factors
from domaintune.composition.lowrank import decompose
from domaintune.errors import UsageError

IDS = torch.tensor([[5, 9, 77, 30, 8, 2, 61]])


def close(found: factors.Update, expected: dict[str, torch.Tensor], tolerance: float = 1e-5) -> None:
    assert found.keys() == expected.keys()
    for module, delta in expected.items():
        assert float((found[module].delta - delta).norm()) <= tolerance * float(delta.norm()), module


def weighted_sum(*members: tuple[factors.Update, float]) -> dict[str, torch.Tensor]:
    total: dict[str, torch.Tensor] = {}
    for given, weight in members:
        for module, delta in dense(given, weight).items():
            total[module] = total.get(module, 0) + delta
    return total


def test_reading_finds_the_scale_that_peft_uses(tiny: Path, tiny_shape: BaseShape, tmp_path: Path) -> None:
    given = update(tiny_shape, 1)
    ways: list[dict[str, Any]] = [
        {"alpha": 12},
        {"alpha": 12, "use_rslora": True},
        {"alpha": 12, "alpha_pattern": {"q_proj": 3, "layers.1.mlp.up_proj": 40}},
    ]
    for place, way in enumerate(ways):
        folder = saved(tmp_path / str(place), given, **way)
        model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny), folder)
        read = factors.read(folder)
        scales = {
            path.removeprefix("base_model.model."): layer.scaling["default"] for path, layer in lora_layers(model)
        }
        assert scales == pytest.approx({module: one.scale for module, one in read.items()})


def lora_layers(model: PeftModel) -> list[tuple[str, Any]]:
    return [(path, layer) for path, layer in model.named_modules() if isinstance(layer, LoraLayer)]


def test_the_exact_sum_is_the_sum_whatever_ranks_targets_scales_and_signs(
    tiny_shape: BaseShape, tmp_path: Path
) -> None:
    first = saved(tmp_path / "a", update(tiny_shape, 1, rank=2, kinds=ATTENTION), alpha=7)
    second = saved(tmp_path / "b", update(tiny_shape, 2, rank=5), alpha=3, use_rslora=True)
    members = [(factors.read(first), 0.8), (factors.read(second), -1.5)]
    folder = tmp_path / "mix"
    folder.mkdir()
    factors.write(folder, merge.exact(members))
    close(factors.read(folder), weighted_sum(*members))
    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["target_modules"] == sorted(config["target_modules"])
    assert set(config["rank_pattern"].values()) | {config["r"]} == {5, 7}


@pytest.mark.parametrize("draws", [8, pytest.param(200, marks=pytest.mark.soak)])
def test_served_by_peft_the_exact_mix_is_the_weighted_sum_in_any_order(
    draws: int, tiny: Path, tiny_shape: BaseShape, tmp_path: Path
) -> None:
    updates = [update(tiny_shape, seed, rank, size=0.15) for seed, rank in ((1, 2), (2, 4), (3, 3))]
    base = AutoModelForCausalLM.from_pretrained(tiny).eval()
    generator = torch.Generator().manual_seed(0)
    for draw in range(draws):
        weights = (2 * torch.rand(3, generator=generator) - 0.7).tolist()
        members = list(zip(updates, weights, strict=True))
        answers = [
            answered(base, order, tmp_path / f"{draw}-{place}") for place, order in enumerate((members, members[::-1]))
        ]
        plain = copy.deepcopy(base)
        for module, delta in weighted_sum(*members).items():
            plain.get_submodule(module).weight.data += delta
        expected = plain(IDS).logits.detach()
        assert float((answers[0] - expected).abs().max()) <= 1e-4
        assert float((answers[0] - answers[1]).abs().max()) <= 1e-4


def answered(base: Any, members: list[tuple[factors.Update, float]], folder: Path) -> torch.Tensor:
    folder.mkdir()
    factors.write(folder, merge.exact(members))
    model = PeftModel.from_pretrained(copy.deepcopy(base), folder).eval()
    return model(IDS).logits.detach()


def test_the_low_rank_route_gives_what_a_dense_decomposition_gives(tiny_shape: BaseShape) -> None:
    members = [(update(tiny_shape, seed, rank), weight) for seed, rank, weight in ((1, 3, 0.7), (2, 4, -0.4))]
    close(merge.svd(members, 3), dense(peft_merge.merge("svd", members, svd_rank=3)))
    assert {one.rank for one in merge.svd(members).values()} == {4}


def test_members_that_nearly_cancel_lose_no_digits() -> None:
    torch.manual_seed(0)
    b, a = torch.randn(40, 4), torch.randn(4, 30)
    near = Factors(a=a + 1e-4 * torch.randn(4, 30), b=b)
    members = [({"x": Factors(a=a, b=b)}, 1.0), ({"x": near}, -1.0)]
    expected = b.double() @ (a.double() - near.a.double())
    found = merge.svd(members, 8)["x"]
    assert float((found.b.double() @ found.a.double() - expected).norm() / expected.norm()) < 1e-5


def test_an_untrained_factor_of_zeros_has_no_direction() -> None:
    parts = decompose(torch.zeros(6, 2), torch.randn(2, 5))
    assert float(parts.s.abs().max()) == 0.0
    assert bool(torch.isfinite(parts.u).all())
    assert bool(torch.isfinite(parts.vt).all())


KINDS: list[tuple[str, dict[str, Any]]] = [
    ("linear", {}),
    ("cat", {}),
    ("svd", {}),
    ("ties", {"density": 0.4}),
    ("ties_svd", {"density": 0.4, "majority_sign_method": "frequency", "svd_rank": 3}),
    ("magnitude_prune", {"density": 0.4}),
    ("magnitude_prune_svd", {"density": 0.4}),
]


@pytest.mark.parametrize(("kind", "options"), KINDS, ids=[kind for kind, _ in KINDS])
def test_without_base_weights_peft_makes_what_it_makes_with_them(
    kind: str, options: dict[str, Any], tiny: Path, tiny_shape: BaseShape, tmp_path: Path
) -> None:
    folders = [saved(tmp_path / str(seed), update(tiny_shape, seed), alpha=6) for seed in (1, 2)]
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny), folders[0], adapter_name="a")
    model.load_adapter(folders[1], adapter_name="b")
    model.add_weighted_adapter(["a", "b"], [0.7, -0.3], "mix", combination_type=kind, **options)
    members = [(factors.read(folders[0]), 0.7), (factors.read(folders[1]), -0.3)]
    close(peft_merge.merge(kind, members, **options), dense(peft_merge.taken(model, "mix")))


@pytest.mark.parametrize("kind", ["dare_linear", "dare_ties", "dare_linear_svd", "dare_ties_svd"])
def test_what_chance_drops_is_decided_by_the_seed(kind: str, tiny_shape: BaseShape) -> None:
    members = [(update(tiny_shape, seed, kinds=("q_proj",)), 0.5) for seed in (1, 2)]
    before = torch.random.get_rng_state()
    one, same, other = (peft_merge.merge(kind, members, seed=seed, density=0.5) for seed in (7, 7, 8))
    assert torch.equal(torch.random.get_rng_state(), before), "nobody else's chance is touched"
    close(one, dense(same), 0)
    assert not all(torch.allclose(one[module].delta, other[module].delta) for module in one)


def test_the_skeleton_takes_no_memory_for_base_weights(tiny_shape: BaseShape) -> None:
    model = peft_merge.skeleton({"m0": update(tiny_shape, 1)})
    stored = {p.untyped_storage().data_ptr(): p.untyped_storage().nbytes() for _, p in model.named_parameters()}
    adapter = sum(one.a.nbytes + one.b.nbytes for one in update(tiny_shape, 1).values())
    assert sum(stored.values()) <= adapter + 4 * len(stored)


def test_a_changed_recipe_is_never_answered_with_the_former_mix(tiny_shape: BaseShape) -> None:
    """In peft itself a second mix under one name is the first one; here each merge has a skeleton of its own."""
    updates = [update(tiny_shape, seed, kinds=("q_proj",)) for seed in (1, 2)]
    model = peft_merge.skeleton({"m0": updates[0], "m1": updates[1]})
    for weights in ([1.0, 0.0], [0.0, 1.0]):
        model.add_weighted_adapter(["m0", "m1"], weights, "mix", combination_type="cat")
    close(peft_merge.taken(model, "mix"), dense(updates[0]))  # peft's hazard; where this fails, it has been mended
    for place, weights in enumerate(([1.0, 0.0], [0.0, 1.0])):
        members = list(zip(updates, weights, strict=True))
        close(peft_merge.merge("cat", members), dense(updates[place]))
        close(merge.exact(members), dense(updates[place]))


def test_members_with_rslora_keep_their_scale_where_pefts_own_cat_loses_it(
    tiny: Path, tiny_shape: BaseShape, tmp_path: Path
) -> None:
    folders = [saved(tmp_path / str(seed), update(tiny_shape, seed), alpha=2, use_rslora=True) for seed in (1, 2)]
    members = [(factors.read(folder), 0.5) for folder in folders]
    close(peft_merge.merge("cat", members), weighted_sum(*members))
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny), folders[0], adapter_name="a")
    model.load_adapter(folders[1], adapter_name="b")
    model.add_weighted_adapter(["a", "b"], [0.5, 0.5], "mix", combination_type="cat")
    (scale,) = {layer.scaling["mix"] for _, layer in lora_layers(model)}
    assert scale == pytest.approx(8**0.5), "peft's hazard; where this is 1, it has been mended"


@pytest.mark.parametrize("kind", peft_merge.ONE_RANK)
def test_kinds_that_add_factors_refuse_members_of_two_ranks(kind: str, tiny_shape: BaseShape) -> None:
    members = [(update(tiny_shape, rank, rank), 0.5) for rank in (2, 3)]
    with pytest.raises(UsageError, match=rf"{kind} adds the factors of adapters of one rank.*2, 3; use exact, svd or"):
        peft_merge.merge(kind, members)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"use_dora": True}, "uses use_dora"),
        ({"bias": "lora_only"}, "uses bias"),
        ({"modules_to_save": ["lm_head"]}, "brings a projector or another module whole"),
        ({"alpha_pattern": {"(a+)+$": 2}}, "is a regular expression"),
        ({"lora_alpha": "much"}, "is not a number"),
        ({"peft_type": "IA3"}, "is not a LoRA adapter"),
    ],
)
def test_what_is_more_than_a_sum_of_updates_is_refused(
    change: dict[str, Any], sentence: str, tiny_shape: BaseShape, tmp_path: Path
) -> None:
    folder = saved(tmp_path / "a", update(tiny_shape, 1, kinds=("q_proj",)), **change)
    with pytest.raises(UsageError, match=sentence):
        factors.read(folder)


def test_numbers_that_are_none_are_refused_when_read_and_when_written(tiny_shape: BaseShape, tmp_path: Path) -> None:
    given = dict(update(tiny_shape, 1, kinds=("q_proj",)))
    module = next(iter(given))
    given[module] = Factors(a=given[module].a * float("nan"), b=given[module].b)
    with pytest.raises(UsageError, match="are not finite"):
        factors.read(saved(tmp_path / "a", given))
    with pytest.raises(UsageError, match="is not finite at"):
        factors.write(tmp_path, given)
    with pytest.raises(UsageError, match="would change nothing"):
        factors.write(tmp_path, merge.exact([(update(tiny_shape, 1, kinds=EVERYWHERE), 0.0)]))
