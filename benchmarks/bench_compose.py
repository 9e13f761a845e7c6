"""Merging two, four and eight adapters to one of their rank: ours beside peft's `add_weighted_adapter("svd")`.

Adapters of the starter's shape (30 layers, 210 modules, rank 16), random. The two results are compared before any time is
printed. In turns, so that a busy machine is busy for both; peft is timed with its default and with
`svd_full_matrices=False`, its fastest setting.

Run: python benchmarks/bench_compose.py [MEMBERS ...] [--rounds N]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import peft
import torch

from domaintune.composition import merge, peft_merge
from domaintune.composition.factors import Factors, Update

LAYERS, RANK = 30, 16
SHAPES = {
    "self_attn.q_proj": (576, 576),
    "self_attn.k_proj": (192, 576),
    "self_attn.v_proj": (192, 576),
    "self_attn.o_proj": (576, 576),
    "mlp.gate_proj": (1536, 576),
    "mlp.up_proj": (1536, 576),
    "mlp.down_proj": (576, 1536),
}
CLOSE, LIMIT = 1e-5, 50.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("members", type=int, nargs="*", default=[2, 4, 8])
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(f"peft {peft.__version__}, torch {torch.__version__}, {torch.get_num_threads()} threads, rank {RANK}")
    return max(beside(count, given.rounds) for count in given.members)


def beside(count: int, rounds: int) -> int:
    """Merge so many adapters in all ways; returns 1 where ours is wrong, or less than 50 times as fast as peft."""
    members = [(adapter(seed), 1 / count) for seed in range(count)]
    ours, theirs = merge.svd(members), peft_merge.taken(by_peft(members)[0], "mix")
    right, wrong = from_truth(ours, members), from_truth(theirs, members)
    between = whole(ours, theirs)
    print(f"\n{count} adapters; relative differences of the updates (at most {CLOSE:g}):")
    print(f"  ours from a dense decomposition in double precision, worst module {right:.1e} (peft's own: {wrong:.1e})")
    print(f"  ours from peft's, the whole adapter {between:.1e}")
    if right > CLOSE or between > CLOSE + wrong:  # peft rounds to single precision on the way
        print("the results differ; no times")
        return 1
    ways: dict[str, Callable[[], float]] = {
        "ours": lambda: timed(lambda: merge.svd(members)),
        "peft, svd_full_matrices=False": lambda: by_peft(members, svd_full_matrices=False)[1],
        "peft, default": lambda: by_peft(members)[1],
    }
    taken = [{name: way() for name, way in ways.items()} for _ in range(rounds)]
    medians = {name: statistics.median(row[name] for row in taken) for name in ways}
    for name, median in medians.items():
        values = [row[name] for row in taken]
        ratio = f"{median / medians['ours']:6.1f} x ours" if name != "ours" else ""
        print(f"  {name:<30} {median:8.3f} s [{min(values):.3f}, {max(values):.3f}]  {ratio}")
    return int(medians["peft, default"] < LIMIT * medians["ours"])


def adapter(seed: int) -> Update:
    torch.manual_seed(seed)
    return {
        f"model.layers.{layer}.{name}": Factors(
            a=torch.randn(RANK, columns), b=torch.randn(rows, RANK) / RANK, scale=2.0
        )
        for layer in range(LAYERS)
        for name, (rows, columns) in SHAPES.items()
    }


def by_peft(members: list[tuple[Update, float]], **options: Any) -> tuple[Any, float]:
    """Return peft's model with the mix, and the seconds of the merge alone: loading the members is not counted."""
    names = [f"m{place}" for place in range(len(members))]
    model = peft_merge.skeleton(dict(zip(names, [update for update, _ in members], strict=True)))
    weights = [weight for _, weight in members]
    seconds = timed(lambda: model.add_weighted_adapter(names, weights, "mix", combination_type="svd", **options))
    return model, seconds


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def from_truth(update: Update, members: list[tuple[Update, float]]) -> float:
    """Return the largest relative difference of a module from the truth, over every tenth layer."""
    worst = 0.0
    for module, factors in merge.exact(members).items():
        if int(module.split(".")[2]) % 10 == 0:
            u, s, vt = torch.linalg.svd(factors.b.double() @ factors.a.double(), full_matrices=False)
            truth = (u[:, :RANK] * s[:RANK]) @ vt[:RANK]
            worst = max(worst, float((update[module].delta - truth).norm() / truth.norm()))
    return worst


def whole(ours: Update, theirs: Update) -> float:
    """Return the relative difference of all modules together (Frobenius)."""
    assert ours.keys() == theirs.keys()
    apart = sum(float((ours[module].delta - theirs[module].delta).norm() ** 2) for module in ours)
    return float((apart / sum(float(theirs[module].delta.norm() ** 2) for module in ours)) ** 0.5)


if __name__ == "__main__":
    sys.exit(main())
