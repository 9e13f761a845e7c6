"""Making arithmetic data: rows a second, as a multiple of the straightforward way in the same run.

    python benchmarks/bench_arithmetic.py [--scale 0.1] [--rounds 3] [--processes 2] [--check 1000000]
    python benchmarks/bench_arithmetic.py --only-check FOLDER        (a data folder made elsewhere)

The peer `straightforward` is Goat's notebook written anew: the same strata (1,746,300 rows at scale 1) drawn with
`randint`, a dictionary a row, targets with steps, templates and noise, and two passes of `json.dump(indent=4)`. Its
second line is the same with one `json.dumps` instead, which is what it could be at best. Neither refuses a duplicate,
checks a row or holds one out.

Correctness first: every row of ours, up to `--check`, is recomputed by the plugin's checker, which shares no code with
what makes the rows, and no problem of the test may occur in the training data, turned round or not. A wrong row ends the
run before any speed is printed. The checker itself must accept what the peer's own steps give.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domaintune import data
from domaintune.plugins import catalog
from domaintune.settings import DataSettings, validate
from domaintune_arithmetic.checking import count_wrong, wrong

Pairs = list[tuple[int, int]]
KINDS = ("+", "-", "n x 1", "n x m", "n / 1", "n / m")


# Ours


def ours(folder: Path, scale: float, processes: int) -> int:
    """Make train.jsonl and test.jsonl in `folder` as `domaintune data arithmetic` does; returns the number of rows."""
    builder = catalog().component("data builder", "arithmetic-goat")
    options = validate(builder.options, {"scale": scale}, "options")
    made = data.make(builder.name, builder.load(), options, DataSettings(), seed=0, max_length=None, count_tokens=None)
    ledger = made.write(folder, processes=processes).ledger
    return ledger.train + ledger.test


# The peer: numbers, targets, questions, files


def number(digits: int) -> int:
    """A number of so many digits; as in the notebook, the bound above is included."""
    return random.randint(10 ** (digits - 1), 10**digits)


def turned(pairs: Pairs) -> Pairs:
    return [(b, a) if random.random() < 0.5 else (a, b) for a, b in pairs]


def sums(cut: Callable[[int], range]) -> Pairs:
    """304,000 pairs: 1,000 for each two lengths up to 15, and once more from 3, 6, 9 and 12 digits on."""
    pairs = []
    for start in (1, 3, 6, 9, 12):
        for i in range(start, 16):
            for j in range(i, 16):
                pairs += [(number(i), number(j)) for _ in cut(1000)]
    return turned(pairs)


def small_with_long(cut: Callable[[int], range], shortest: int) -> Pairs:
    """Numbers of 2 to 9 with numbers of each length, more of the long ones."""
    pairs = []
    for digits in range(shortest, 17):
        rows = 4000 if digits < 5 else 8000 if digits < 8 else 12000 if digits < 12 else 16000
        pairs += [(random.randint(2, 9), number(digits)) for _ in cut(rows)]
    return pairs


def table(cut: Callable[[int], range]) -> Pairs:
    return [(random.randint(0, 9), random.randint(1, 9)) for _ in cut(500)]


def products_by_one(cut: Callable[[int], range]) -> Pairs:
    """185,500 pairs, of which one factor has one digit, or one digit and zeros."""
    pairs = small_with_long(cut, shortest=2)
    for factor in (0, 1, 10):
        for digits in range(2, 16):
            pairs += [(factor, number(digits)) for _ in cut(500)]
    pairs += table(cut)
    pairs = [(a * 10 ** random.randint(1, 6), b) if random.random() < 0.1 else (a, b) for a, b in pairs]
    return turned(pairs)


def products(cut: Callable[[int], range]) -> Pairs:
    """420,000 pairs of 2 to 6 with up to 10 digits, together no more than 12."""
    pairs = []
    for start in (2, 4, 5):
        for i in range(start, 7):
            for j in range(i, 13 - i):
                pairs += [(number(i), number(j)) for _ in cut(10000)]
    for digits in range(3, 7):
        pairs += [(number(digits), number(digits)) for _ in cut(10000)]
    return turned(pairs)


def quotients_by_one(cut: Callable[[int], range]) -> Pairs:
    """187,800 pairs of which the divisor has one digit, or is 10."""
    pairs = []
    for divisor, quotient in small_with_long(cut, shortest=1):
        pairs.append((divisor * quotient + random.choice((0, random.randint(0, divisor - 1))), divisor))
    for digits in range(1, 17):
        pairs += [(number(digits), divisor) for divisor in (1, 10) for _ in cut(500)]
        pairs += [(0, number(digits)) for _ in cut(100)]
    pairs += table(cut)
    for digits in range(1, 18):
        pairs += [(number(digits), 0) for _ in cut(100)]
    return pairs


def quotients(cut: Callable[[int], range]) -> Pairs:
    """345,000 pairs with a divisor of 2 to 6 digits; every second one without a remainder."""
    pairs = []
    for i in range(2, 7):
        for digits, rows in [(j, 10000) for j in range(i + 1, i + 7)] + [(j, 1000) for j in range(2, i + 7)]:
            pairs += [(number(digits), number(i)) for _ in cut(rows)]
    return [(a - a % b if random.random() < 0.5 else a, b) for a, b in pairs]


def row(a: int, sign: str, b: int, *, steps: bool) -> dict[str, str]:
    """One row of the peer: the expression, the target and the answer."""
    expression = f"{a} {sign} {b}"
    if sign == "+":
        answer = f"{a + b}"
    elif sign == "-":
        answer = f"{a - b}"
    elif sign == "*":
        answer = f"{a * b}"
    elif b == 0:
        return {"input": expression, "output": f"{expression} is undefined", "answer": "undefined"}
    else:
        answer = f"{a // b} R {a % b}" if a % b else f"{a // b}"
    output = f"{expression} = {answer}"
    if steps and sign == "*":
        output = product_steps(expression, a, b)
    elif steps and a > b:
        output = f"{quotient_steps(a, b)}Therefore, {output}"
    return {"input": expression, "output": output, "answer": answer}


def product_steps(expression: str, a: int, b: int) -> str:
    text = expression
    if b > a:
        a, b = b, a
        text += f" = {a} * {b}"
    split = [int(digit) * 10 ** (len(str(b)) - place - 1) for place, digit in enumerate(str(b)) if digit != "0"]
    if len(split) == 1 or len(str(a).rstrip("0")) == 1:
        return f"{expression} = {a * b}"
    text += f" = {a} * ({' + '.join([str(value) for value in split])})"
    text += f" = {' + '.join([f'{a} * {value}' for value in split])}"
    left = [a * value for value in split]
    text += f" = {' + '.join([str(value) for value in left])}"
    while len(left) > 1:
        left = [left[0] + left[1], *left[2:]]
        text += f" = {' + '.join([str(value) for value in left])}"
    return text


def quotient_steps(a: int, b: int) -> str:
    text = ""
    quotient = str(a // b)
    for place, digit in enumerate(quotient):
        if digit != "0":
            part = int(digit) * 10 ** (len(quotient) - place - 1)
            text += f"{a} - {b} * {part} = {a} - {b * part} = {a - b * part}\n"
            a -= b * part
    return text


def templates() -> list[str]:
    """500 questions, 258 different ones, in the shares of the notebook; the words are our own."""
    openings = (
        "What is", "Compute", "Calculate", "Work out", "Find", "Evaluate", "Determine", "Give me", "Tell me",
        "Solve", "What does this make:", "Figure out", "Please compute", "Please solve", "Could you work out",
        "Can you tell me", "I need", "Show me", "Help me with", "How much is", "Do the sum:", "Find the value of",
        "Find the result of", "State the value of", "Give the answer to", "Let us solve", "Answer this:", "Quick:",
        "My homework says", "On the board is", "The question is", "Try", "Here is one:", "Next one:",
        "Say what you get for", "Check what is",
    )  # fmt: skip
    endings = ("", "?", ".", ", please", "!", " and give the answer", ", step by step if need be")
    others = [f"{opening} {{}}{ending}" for opening in openings for ending in endings if opening + ending != "What is?"]
    others += ["{} equals", "Result of {}"]
    known = ["{}"] * 100 + ["{} ="] * 30 + ["{}="] * 15 + ["{}=?"] * 10 + ["What is {}?"] * 10
    return known + (others * 2)[: 500 - len(known)]


NOUNS = {
    "+": "the sum of {} and {}",
    "-": "the difference of {} and {}",
    "*": "the product of {} and {}",
    "/": "the quotient and remainder of {} and {}",
}
WORDS = {"+": "plus", "-": "minus", "x": "times", "*": "multiplied by", "/": "divided by"}


def noisy(expression: str) -> str:
    """An expression as people write it."""
    if random.random() < 0.05:
        a, sign, b = expression.split(" ")
        expression = NOUNS[sign].format(a, b)
    if random.random() < 0.5:
        expression = expression.replace("*", "x")
    if random.random() < 0.1:
        for sign, word in WORDS.items():
            expression = expression.replace(f" {sign} ", f" {word} ")
    if random.random() < 0.5 and any(sign in expression for sign in "+-*/x"):
        expression = expression.replace(" ", "")
    return expression


def peer_rows(scale: float) -> list[dict[str, str]]:
    """Every stratum, cut to `scale`."""

    def cut(rows: int) -> range:
        return range(max(1, round(rows * scale)))

    rows = [row(a, "+", b, steps=False) for a, b in sums(cut)]
    rows += [row(a, "-", b, steps=False) for a, b in sums(cut)]
    rows += [row(a, "*", b, steps=False) for a, b in products_by_one(cut)]
    rows += [row(a, "*", b, steps=True) for a, b in products(cut)]
    rows += [row(a, "/", b, steps=False) for a, b in quotients_by_one(cut)]
    rows += [row(a, "/", b, steps=True) for a, b in quotients(cut)]
    return rows


def straightforward(folder: Path, scale: float, *, indented: bool = True) -> int:
    """Generate, write, add the questions, write again; or, at best, write once and without indentation."""
    rows = peer_rows(scale)
    if indented:
        with (folder / "rows.json").open("w") as file:
            json.dump(rows, file, indent=4)
    questions = templates()
    for one in rows:
        one["instruction"] = random.choice(questions).format(noisy(one["input"]))
    with (folder / "dataset.json").open("w") as file:
        if indented:
            json.dump(rows, file, indent=4)
        else:
            file.write(json.dumps(rows))
    return len(rows)


# The check of what ours wrote


@dataclass
class Side:
    """What was found in train.jsonl or test.jsonl."""

    rows: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    twice: Counter[tuple[str, int, int]] = field(default_factory=Counter)  # by kind and the numbers' lengths
    problems: set[tuple[str, int, int]] = field(default_factory=set)
    checked: int = 0
    wrong: int = 0
    unasked: int = 0  # questions without one of the numbers
    first: list[str] = field(default_factory=list)


def read(file: Path, side: Side, limit: int) -> Iterator[tuple[str, str, str]]:
    """Count every row, and yield the first ones for the checker."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            one: dict[str, Any] = json.loads(line)
            expression = one["meta"]["input"]
            count(expression, side)
            if side.checked < limit:
                side.checked += 1
                first, _, second = expression.split(" ")
                question = one["prompt"][-1]["content"]
                side.unasked += first not in question or second not in question
                yield expression, one["completion"][-1]["content"], one["meta"]["answer"]


def count(expression: str, side: Side) -> None:
    first, sign, second = expression.split(" ")
    kind = sign
    if sign == "*":
        kind = "n x 1" if len(first.rstrip("0")) < 2 or len(second.rstrip("0")) < 2 else "n x m"
    elif sign == "/":
        kind = "n / 1" if len(second) == 1 or second == "10" else "n / m"
    side.rows[kind] += 1
    if expression in side.seen:
        side.twice[kind, len(first), len(second)] += 1
    side.seen.add(expression)
    a, b = int(first), int(second)
    side.problems.add((sign, a, b) if sign == "/" or a < b else (sign, b, a))


def check(folder: Path, limit: int) -> bool:
    """Check what is in a data folder, print a table, and tell whether nothing is wrong."""
    sides = {name: Side() for name in ("train", "test")}
    began = time.perf_counter()
    for name, side in sides.items():
        if (file := folder / f"{name}.jsonl").exists():
            _, side.wrong, side.first = count_wrong(read(file, side, limit))
    train, test = sides.values()
    shared = train.problems & test.problems
    print(f"{'':<8}{'train':>10}{'twice':>8}{'test':>10}{'twice':>8}")
    for kind in KINDS:
        lengths = {(i, j): found for (of, i, j), found in train.twice.items() if of == kind}
        worst = max(lengths, key=lambda pair: lengths[pair], default=None)
        again = sum(found for (of, *_), found in test.twice.items() if of == kind)
        print(
            f"{kind:<8}{train.rows[kind]:>10,}{sum(lengths.values()):>8,}{test.rows[kind]:>10,}{again:>8,}"
            + (f"   in {len(lengths)} pairs of lengths, most in {worst[0]} and {worst[1]}" if worst else "")
        )
    checked, bad, unasked = train.checked + test.checked, train.wrong + test.wrong, train.unasked + test.unasked
    print(
        f"{checked:,} rows recomputed, {bad:,} wrong, {unasked:,} not asked for; {len(shared):,} problems both in train"
        f" and test  ({time.perf_counter() - began:.1f} s)"
    )
    for problem in [*train.first, *test.first, *(f"in train and test: {one}" for one in sorted(shared)[:5])]:
        print(" ", problem)
    return bool(checked) and not bad and not unasked and not shared


def checker_agrees(rows: int = 5000) -> bool:
    """Tell whether the checker accepts what the peer's steps give, and refuses each with its last digit changed."""
    found = random.sample(made := peer_rows(0.01), min(rows, len(made)))
    for one in found:
        if (problem := wrong(one["input"], one["output"], one["answer"])) is not None:
            print(f"the checker refuses {one}: {problem}")
            return False
        changed = one["answer"][:-1] + ("1" if one["answer"][-1] != "1" else "2")
        if wrong(one["input"], one["output"], changed) is None:
            print(f"the checker accepts {one} with the answer {changed}")
            return False
    print(f"the checker accepts {len(found):,} rows of the peer, and none with another answer")
    return True


def timed(make: Callable[[Path], int], folder: Path) -> tuple[float, int]:
    """Seconds and rows of one run."""
    folder.mkdir()
    began = time.perf_counter()
    rows = make(folder)
    return time.perf_counter() - began, rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--check", type=int, default=1_000_000, help="rows of each side to recompute")
    parser.add_argument("--only-check", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    if options.only_check:
        return 0 if check(options.only_check, options.check) else 1
    if not checker_agrees():
        return 1
    name = f"domaintune, {options.processes} processes"
    runs: dict[str, Callable[[Path], int]] = {
        "straightforward (two indented dumps)": lambda folder: straightforward(folder, options.scale),
        "straightforward, one plain dump": lambda folder: straightforward(folder, options.scale, indented=False),
        name: lambda folder: ours(folder, options.scale, options.processes),
    }
    rates: dict[str, list[float]] = {run: [] for run in runs}
    made: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as home:
        for turn in range(options.rounds):  # in turns, so that a busy machine is busy for all of them
            for place, (run, make) in enumerate(runs.items()):
                random.seed(turn)
                folder = Path(home) / f"{turn}-{place}"
                seconds, rows = timed(make, folder)
                if run == name and turn == 0 and not check(folder, options.check):
                    return 1
                rates[run].append(rows / seconds)
                made[run] = rows
    peer = statistics.median(rates[next(iter(runs))])
    for run, found in rates.items():
        middle = statistics.median(found)
        print(
            f"{middle / peer:6.2f}x {middle:>10,.0f} rows/s [{min(found):,.0f}-{max(found):,.0f}]"
            f"  {run}, {made[run]:,} rows"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
