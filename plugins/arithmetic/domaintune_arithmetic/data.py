"""Arithmetic as Goat learns it: problems in many wordings, answered with the steps that make them learnable.

    What is 397 times 44?
    397 * 44 = 397 * (40 + 4) = 397 * 40 + 397 * 4 = 15880 + 1588 = 17468

Nothing is read: problems are drawn, asked, worked and checked in shards, by the kinds and numbers of `strata.py`. One
problem in ten is held out by a rule (`held_out.py`), so that no seed and no size can put a test problem into the training
data. Source: Liu and Low 2023, "Goat: Fine-tuned LLaMA Outperforms GPT-4 on Arithmetic Tasks".
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from domaintune import Batch, BuildContext, Origin, Shard
from domaintune_arithmetic.cells import CELLS, NAMES, Cell
from domaintune_arithmetic.cells import problems as held_out_problems
from domaintune_arithmetic.checking import wrong
from domaintune_arithmetic.digits import check_tokenizer
from domaintune_arithmetic.held_out import unordered
from domaintune_arithmetic.options import GoatOptions
from domaintune_arithmetic.problems import pieces, problems
from domaintune_arithmetic.steps import WORK, Worked, added, divided, long_divided, multiplied, subtracted
from domaintune_arithmetic.strata import Stratum
from domaintune_arithmetic.wording import ask

SOURCE = "goat"


def shards(context: BuildContext) -> Iterator[Shard]:
    """Yield the training problems, stratum by stratum, and the cells of the paper's Table 3 that they prepare for."""
    options: GoatOptions = context.options or GoatOptions()
    check_tokenizer(context, refuse=options.tokenizer == "refuse")
    seed = context.rng.randrange(2**32)
    chosen = options.strata()
    for stratum in chosen:
        for piece, rows in enumerate(pieces(stratum)):
            yield Shard(make=partial(lesson, stratum, piece, seed, options), rows=rows)
    for cell in cells(options):
        rows = len(held_out_problems(cell, options.test, seed))
        yield Shard(make=partial(exam, cell, seed, options), rows=rows, side="test")


def lesson(stratum: Stratum, piece: int, seed: int, options: GoatOptions) -> Batch:
    """Make one piece of a stratum."""
    work = WORK[stratum.part]
    a, b = problems(stratum, seed, piece)
    worked = list(map(work, a.tolist(), b.tolist()))
    tags = frozenset({NAMES[stratum.operation], stratum.part})
    return _batch(worked, f"{stratum.name}, piece {piece + 1},", tags, seed, options)


def exam(cell: Cell, seed: int, options: GoatOptions) -> Batch:
    """Make the held-out problems of one cell, asked in the same wordings as the training problems."""
    worked = [_worked(cell.operation, a, b) for a, b in held_out_problems(cell, options.test, seed)]
    return _batch(worked, f"cell {cell.tag},", frozenset({NAMES[cell.operation], cell.tag}), seed, options)


def cells(options: GoatOptions) -> list[Cell]:
    """Return the cells whose kind of problem is trained on, as far as the digits go."""
    return [
        cell
        for cell in CELLS.values()
        if _part(cell) in options.parts
        and options.min_digits <= max(cell.left_digits, cell.right_digits) <= options.max_digits
    ]


def _worked(sign: str, a: int, b: int) -> Worked:
    """Work a problem as the part does that it would belong to."""
    if sign == "/":
        return divided(a, b) if b < 10 else long_divided(a, b)
    return {"+": added, "-": subtracted, "*": multiplied}[sign](a, b)


def _part(cell: Cell) -> str:
    if cell.operation in "+-":
        return {"+": "addition", "-": "subtraction"}[cell.operation]
    whole = "multiplication" if cell.operation == "*" else "division"
    return f"{whole}-by-digit" if min(cell.left_digits, cell.right_digits) == 1 else whole


def _batch(worked: Sequence[Worked], place: str, tags: frozenset[str], seed: int, options: GoatOptions) -> Batch:
    """Ask the problems and put them into columns; every target is recomputed by the checker first."""
    expressions, targets, answers = map(list, zip(*worked, strict=True))
    for mistake in filter(None, map(wrong, expressions, targets, answers)):
        raise AssertionError(f"{place}: {mistake}")
    draws = np.random.default_rng([seed, zlib.crc32(place.encode())])
    return Batch(
        prompts=ask(expressions, draws, bare=options.bare, noise=options.noise),
        completions=answers if options.target == "result" else targets,
        groups=unordered(expressions),
        origin=Origin(source=SOURCE, place=place),
        system=options.system,
        tags=tags,
        meta={"input": expressions, "answer": answers},
    )
