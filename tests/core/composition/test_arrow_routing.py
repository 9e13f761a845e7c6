"""Per-token routing is peft's Arrow: the same shares from the same prototypes, and prototypes that peft approaches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from composing import saved, update
from peft import ArrowConfig, create_arrow_model
from transformers import AutoModelForCausalLM

from domaintune.adapters.shape import BaseShape
from domaintune.composition import arrow, factors
from domaintune.composition.factors import Factors

IDS = torch.tensor([[5, 9, 77, 30, 8, 2, 61]])
TOP, TEMPERATURE = 2, 0.7


@pytest.fixture
def experts(tiny_shape: BaseShape, tmp_path: Path) -> list[Path]:
    return [saved(tmp_path / str(seed), update(tiny_shape, seed), alpha=6) for seed in (1, 2, 3)]


def routed(tiny: Path, experts: list[Path]) -> Any:
    config = ArrowConfig(top_k=TOP, router_temperature=TEMPERATURE, rng_seed=0)
    base = AutoModelForCausalLM.from_pretrained(tiny)
    return create_arrow_model(base, [str(folder) for folder in experts], config).eval()


def ours(tiny: Path, experts: list[Path], prototypes: dict[str, torch.Tensor]) -> torch.Tensor:
    """Answer with plain layers to which the routed updates are added."""
    model = AutoModelForCausalLM.from_pretrained(tiny).eval()
    updates = [factors.read(folder) for folder in experts]
    for module, rows in prototypes.items():
        given = [one[module] for one in updates]
        model.get_submodule(module).register_forward_hook(added(given, rows))
    return model(IDS).logits.detach()


def added(given: list[Factors], rows: torch.Tensor) -> Any:
    def hook(_: Any, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        shares = arrow.coefficients(inputs[0], rows, TOP, TEMPERATURE)
        deltas = [inputs[0] @ one.delta.mT for one in given]
        return output + sum(shares[..., place, None] * delta for place, delta in enumerate(deltas))

    return hook


def test_the_logits_are_those_of_pefts_arrow(tiny: Path, experts: list[Path]) -> None:
    model = routed(tiny, experts)
    expected = model(IDS).logits.detach()
    layers = {
        path.removeprefix("base_model.model.").removesuffix(".lora_arrow.arrow_router"): layer.prototypes
        for path, layer in model.named_modules()
        if hasattr(layer, "prototypes")
    }
    assert len(layers) == 14
    torch.testing.assert_close(ours(tiny, experts, layers), expected, atol=1e-5, rtol=1e-5)


def test_prototypes_are_what_pefts_power_iterations_approach(tiny: Path, experts: list[Path]) -> None:
    model = routed(tiny, experts)
    router = next(layer for layer in model.modules() if hasattr(layer, "top_right_singular_vec_from_BA"))
    updates = [factors.read(folder) for folder in experts]
    found = arrow.prototypes(updates)
    for module, rows in found.items():
        for one, row in zip(updates, rows, strict=True):
            many = router.top_right_singular_vec_from_BA(one[module].a, one[module].b, iters=2000)
            assert abs(float(many @ row)) == pytest.approx(1.0, abs=1e-3), module
            assert float(row.norm()) == pytest.approx(1.0, abs=1e-5)
    again = arrow.prototypes(updates)
    assert all(torch.equal(found[module], again[module]) for module in found)


def test_a_token_asks_the_experts_it_lies_along() -> None:
    prototypes = torch.eye(3)
    shares = arrow.coefficients(torch.tensor([[[-5.0, 1.0, 0.0], [0.0, 2.0, 2.0]]]), prototypes, top=2)
    assert shares.shape == (1, 2, 3)
    torch.testing.assert_close(shares.sum(-1), torch.ones(1, 2))
    assert shares[0, 0].tolist() == pytest.approx([0.982014, 0.017986, 0.0], abs=1e-5)
    assert shares[0, 1].tolist() == pytest.approx([0.0, 0.5, 0.5])
    assert arrow.coefficients(torch.ones(1, 3), prototypes, top=9).shape == (1, 3)


def test_an_expert_without_a_module_has_a_prototype_of_zeros() -> None:
    a, b = torch.randn(2, 6), torch.randn(5, 2)
    rows = arrow.prototypes([{"x": Factors(a=a, b=b)}, {}])["x"]
    assert rows[1].tolist() == [0.0] * 6
    expected = torch.linalg.svd(b @ a).Vh[0]
    assert abs(float(rows[0] @ expected)) == pytest.approx(1.0, abs=1e-5)
