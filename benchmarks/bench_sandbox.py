"""The sandbox against its corpora: harm, cheating, honest solutions, load, and what one run costs.

    python benchmarks/bench_sandbox.py [tiers ...]          (default: T1, and T2 where this machine has it)

The corpora are those of tests/sandbox. Harm is looked for outside: canary files, listeners, a decoy process, shared memory,
processes and folders left behind. `naive` is the usual harness for comparison: solution and tests in one Python process,
passed where it exits with 0; it is shown the cheats only.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "sandbox"))

from canaries import canaries
from cheating import CHEATS, Cheat
from corpus_runs import SHORT, misjudged, run_cases, told
from honest import CASES
from hostile import FAMILIES, PROGRAMS, TWINS
from load import MIX, OwnFolder, resident, state, storm

from domaintune.sandbox import Limits, Sandbox, SandboxError, open_sandbox

VERDICTS = ("passed", "failed", "timeout", "memory", "output", "blocked", "crashed", "sandbox_error")
ROUNDS, RUNS, THREADS, TIMED = 3, 2000, 8, 61


def main(tiers: Sequence[str]) -> None:
    """Print a table for each question."""
    boxes = []
    for tier in tiers or ("T1", "T2"):
        try:
            boxes.append(open_sandbox(tier, workers=2))  # type: ignore[arg-type]
        except SandboxError as error:
            if tiers:
                raise
            print(f"{tier} is left out: {error}")
    for box in boxes:
        harm(box)
    cheats(boxes)
    honest(boxes[0])
    load(boxes[0])
    cost(boxes)


def harm(box: Sandbox) -> None:
    """Run every hostile program and every twin, and count verdicts by family."""
    print(f"\n## {len(PROGRAMS)} hostile programs, tier {box.tier}\n")
    print(f"| family | {' | '.join(VERDICTS)} |")
    print("|---|" + "---:|" * len(VERDICTS))
    began, escapes, wrong = time.perf_counter(), [], []
    with canaries() as out:
        for family in FAMILIES:
            runs = list(run_cases([case for case in family.cases if not case.benign], box, out))
            counted = Counter(result.verdict for _, result in runs)
            print(f"| {family.name} | {' | '.join(str(counted[verdict] or '') for verdict in VERDICTS)} |")
            escapes += [case.title for case, result in runs if result.passed] + out.harm(told(runs))
            wrong += misjudged(runs)
        seconds = time.perf_counter() - began
        stopped = misjudged(run_cases(TWINS, box, out))
        escapes += out.harm()
    print(f"\n{len(escapes)} escapes, {len(wrong)} verdicts or reasons other than expected, {seconds:.0f} s;", end=" ")
    print(f"{len(TWINS) - len(stopped)} of {len(TWINS)} harmless twins passed")
    for line in (*escapes, *wrong, *stopped):
        print(f"  {line}")


def cheats(boxes: Sequence[Sandbox]) -> None:
    """Count the cheats that are scored as passed, by the sandbox and by a naive harness."""
    print(
        f"\n## {len(CHEATS)} cheats\n\n| harness | scored as passed | another verdict than expected |\n|---|---:|---:|"
    )
    print(f"| naive | {sum(map(naive, CHEATS))} | |")
    for box in boxes:
        results = list(box.run_all((cheat.program for cheat in CHEATS), SHORT))
        passed = [cheat.name for cheat, result in zip(CHEATS, results, strict=True) if result.passed]
        odd = [c.name for c, result in zip(CHEATS, results, strict=True) if result.verdict not in c.verdicts]
        print(f"| domaintune, {box.tier} | {len(passed)} | {len(odd)} |")
        for name in (*passed, *odd):
            print(f"  {name}")


def naive(cheat: Cheat) -> bool:
    """Tell whether the usual harness lets a cheat pass."""
    ending = "\nif 'unittest' in globals():\n    unittest.main(argv=['x'])\n" if "unittest" in cheat.tests else ""
    text = f"{cheat.source}\n{cheat.tests}{ending}"
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run([sys.executable, "-I", "-c", text], cwd=folder, capture_output=True, timeout=5,
                                  stdin=subprocess.DEVNULL, check=False)  # fmt: skip
        except subprocess.TimeoutExpired:
            return False
    return done.returncode == 0


def honest(box: Sandbox) -> None:
    """Run the honest corpus several times; count what is misjudged and what changes from time to time."""
    began = time.perf_counter()
    rounds = [[r.verdict for r in box.run_all((case.program for case in CASES), SHORT)] for _ in range(ROUNDS)]
    rate = ROUNDS * len(CASES) / (time.perf_counter() - began)
    print(f"\n## {len(CASES)} honest programs, {ROUNDS} times, tier {box.tier} ({rate:.0f} runs/s with 2 workers)\n")
    print("| part | programs | right solutions passed | wrong solutions failed | other verdict from time to time |")
    print("|---|---:|---:|---:|---:|")
    for hard, name in ((False, "plain"), (True, "hard")):
        places = [place for place, case in enumerate(CASES) if case.hard is hard]
        right = [place for place in places if CASES[place].right]
        passed = sum(all(found[place] == "passed" for found in rounds) for place in right)
        failed = sum(all(found[place] == "failed" for found in rounds) for place in places if not CASES[place].right)
        flaky = sum(len({found[place] for found in rounds}) > 1 for place in places)
        print(
            f"| {name} | {len(places)} | {passed} of {len(right)} | {failed} of {len(places) - len(right)} | {flaky} |"
        )


def load(box: Sandbox) -> None:
    """Run a mix of all ends from many threads and look at what is left."""
    with tempfile.TemporaryDirectory() as name, OwnFolder(Path(name)) as folder:
        storm(box, 200, THREADS)
        before, held = state(folder), resident()
        began = time.perf_counter()
        wrong = storm(box, RUNS, THREADS)
        seconds = time.perf_counter() - began
        after, grown = state(folder), resident() - held
    print(f"\n## {RUNS} runs from {THREADS} threads, tier {box.tier}: {RUNS / seconds:.0f} runs/s", end=", ")
    print(f"{len(wrong)} other verdicts\n")
    for line in wrong:
        print(f"  expected {line}")
    for key, value in before.items():
        print(f"  {key}: {value} before, {after[key]} after")
    print(f"  resident memory: {grown / 1e6:+.1f} MB")


def cost(boxes: Sequence[Sandbox]) -> None:
    """Time one run at a time beside a bare interpreter, in turn."""
    limits = Limits()
    ways: dict[str, Callable[[], object]] = {
        "python -I -S -c pass": lambda: subprocess.run([sys.executable, "-I", "-S", "-c", "pass"], check=True),
        **{f"domaintune, {box.tier}": (lambda box=box: box.run(MIX[0], limits)) for box in boxes},  # type: ignore[misc]
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(TIMED):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            times[name].append((time.perf_counter() - began) * 1e3)
    bare = statistics.median(next(iter(times.values())))
    print(f"\n## One run, milliseconds, {TIMED} times in turn\n\n| | median | 10 % to 90 % | more than bare |")
    print("|---|---:|---:|---:|")
    for name, several in times.items():
        low, high = statistics.quantiles(several, n=10)[0], statistics.quantiles(several, n=10)[-1]
        middle = statistics.median(several)
        print(f"| {name} | {middle:.1f} | {low:.1f}-{high:.1f} | {middle - bare:+.1f} |")


if __name__ == "__main__":
    main(sys.argv[1:])
