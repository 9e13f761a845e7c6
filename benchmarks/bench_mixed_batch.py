"""Many adapters in one batch on the starter: our engine beside peft and transformers, same questions, same weights.

    python benchmarks/bench_mixed_batch.py [rounds] [tokens] [float32|bfloat16]

Eight greedy requests. Correctness first, in float32: every answer must be, token by token, what transformers generates
for that question alone with that adapter alone (peft, one row); else no speed is printed. In bfloat16 neighbouring
logits are often equal, so there the answers in the batch are compared with our own answers alone, bit for bit.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

import torch
from serving_peers import Peft, answer, interleaved, make_adapters, open_session, refuse, show

from domaintune.contracts import Mix

MIXED = (8, 16, 64, 16)
ROWS = 8
PAIRS = [Mix(weights=((f"m{row % 4}", 0.7), (f"m{(row + 1) % 4}", 0.3))) for row in range(ROWS)]
ARROW = Mix(weights=tuple((f"m{place}", 1.0) for place in range(4)), route="arrow")


def main(rounds: int, tokens: int, dtype: str) -> None:
    """Check, then time."""
    with tempfile.TemporaryDirectory() as place:
        mixed = {f"m{i}": folder for i, folder in enumerate(make_adapters(Path(place) / "mixed", MIXED))}
        equal = {f"e{i}": folder for i, folder in enumerate(make_adapters(Path(place) / "equal", [16] * 8))}
        run(mixed, equal, rounds, tokens, dtype)


def run(mixed: dict[str, Path], equal: dict[str, Path], rounds: int, tokens: int, dtype: str) -> None:
    """Compare the systems on adapters of mixed ranks, then ours on 1 to 8 adapters of rank 16."""
    four = [f"m{row % 4}" for row in range(ROWS)]
    peft, bare = Peft(dtype, mixed), Peft(dtype, {})
    ours = open_session(dtype, mixed)
    if dtype == "float32":
        wanted, found = peft.one_by_one(four, tokens), answer(ours, four, tokens)
        if wanted != found or bare.generate(range(ROWS), tokens) != answer(ours, [None] * ROWS, tokens):
            refuse("our tokens are not those of peft or transformers")
    else:
        alone = open_session(dtype, mixed)
        for row, name in enumerate(four):
            if answer(ours, four, tokens)[row] != answer(alone, [None] * row + [name], tokens)[row]:
                refuse("an answer in the batch is not the one given without the others")
    print(f"{ROWS} requests, {tokens} tokens each, {dtype}, {torch.get_num_threads()} threads; tokens checked")
    systems = {
        "ours, no adapter": partial(answer, ours, [None] * ROWS, tokens),
        f"ours, 4 adapters of ranks {MIXED}": partial(answer, ours, four, tokens),
        "ours, each request its own mix of two": partial(answer, ours, PAIRS, tokens),
        "ours, each token routed to 2 of 4 (Arrow)": partial(answer, ours, [ARROW] * ROWS, tokens),
        "transformers generate, no adapter": partial(bare.generate, range(ROWS), tokens),
        "peft generate(adapter_names=...), 4 adapters": partial(peft.mixed, four, tokens),
        "peft, one request at a time, swapping": partial(peft.one_by_one, four, tokens),
    }
    show(interleaved(systems, rounds), ROWS * tokens, "tokens/s", "ours, no adapter")
    several = {count: [f"e{row % count}" for row in range(ROWS)] for count in (1, 2, 4, 8)}
    sessions = {count: open_session(dtype, dict(list(equal.items())[:count])) for count in several}
    print("adapters of rank 16")
    flat = {"no adapter": partial(answer, ours, [None] * ROWS, tokens)} | {
        f"{count} of them in the batch": partial(answer, sessions[count], names, tokens)
        for count, names in several.items()
    }
    show(interleaved(flat, rounds), ROWS * tokens, "tokens/s", "no adapter")


if __name__ == "__main__":
    given = [*sys.argv[1:], *("5", "32", "float32")[len(sys.argv) - 1 :]]
    main(int(given[0]), int(given[1]), given[2])
