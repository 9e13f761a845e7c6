"""What the small Gram matrices say is what the whole updates say."""

from __future__ import annotations

import pytest
import torch
from composing import dense, update

from domaintune.adapters.shape import BaseShape
from domaintune.composition.factors import Factors
from domaintune.composition.interference import interference


def flat(deltas: dict[str, torch.Tensor]) -> torch.Tensor:
    return torch.cat([delta.flatten() for delta in deltas.values()]).double()


def test_cosines_and_signs_are_those_of_the_updates(tiny_shape: BaseShape) -> None:
    updates = [update(tiny_shape, 1), update(tiny_shape, 2, rank=2)]
    (row,) = interference(["a", "b"], [(updates[0], 0.7), (updates[1], 0.3)])
    a, b = (flat(dense(one)) for one in updates)
    assert (row["a"], row["b"], row["shared_modules"]) == ("a", "b", 14)
    assert row["cosine"] == pytest.approx(float(a @ b / (a.norm() * b.norm())), abs=2e-6)
    assert row["conflict"] == pytest.approx(float((a.sign() * b.sign() < 0).double().mean()), abs=1e-4)
    for module, found in row["modules"].items():
        left, right = (one[module].delta.flatten().double() for one in updates)
        assert found["cosine"] == pytest.approx(float(left @ right / (left.norm() * right.norm())), abs=2e-6)


def test_a_negative_weight_turns_agreement_into_conflict(tiny_shape: BaseShape) -> None:
    one = update(tiny_shape, 1)
    half = {module: Factors(a=given.a, b=given.b / 2) for module, given in one.items()}
    (with_,), (against,) = (interference(["a", "b"], [(one, 1.0), (half, weight)]) for weight in (1.0, -1.0))
    assert (with_["cosine"], with_["conflict"]) == (1.0, 0.0)
    assert (against["cosine"], against["conflict"]) == (-1.0, 1.0)
    assert with_["overlap_in"] == against["overlap_in"] == pytest.approx(1.0, abs=1e-5)


def test_random_updates_share_as_much_space_as_chance_gives() -> None:
    torch.manual_seed(0)
    members = [({f"m{i}": Factors(a=torch.randn(4, 200), b=torch.randn(300, 4)) for i in range(20)}, 1.0) for _ in "ab"]
    (row,) = interference(["a", "b"], members)
    assert row["chance_in"] == 4 / 200
    assert row["overlap_in"] == pytest.approx(row["chance_in"], rel=0.5)
    assert row["overlap_out"] == pytest.approx(row["chance_out"], rel=0.5)


def test_members_without_a_common_module_do_not_interfere(tiny_shape: BaseShape) -> None:
    apart = [(update(tiny_shape, 1, kinds=(kind,)), 1.0) for kind in ("q_proj", "v_proj")]
    (row,) = interference(["a", "b"], apart)
    assert (row["cosine"], row["conflict"], row["shared_modules"], row["modules"]) == (0.0, 0.0, 0, {})


def test_a_module_that_was_not_trained_has_no_say() -> None:
    given = {"x": Factors(a=torch.randn(2, 8), b=torch.randn(8, 2))}
    nothing = {"x": Factors(a=torch.randn(2, 8), b=torch.zeros(8, 2))}
    (row,) = interference(["a", "b"], [(given, 1.0), (nothing, 1.0)])
    assert (row["cosine"], row["conflict"], row["overlap_in"]) == (0.0, 0.0, 0.0)
