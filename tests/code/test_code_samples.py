"""The plugin's own tasks and problems: their form, that their tests prove something, that neither gives the other away."""

from __future__ import annotations

import ast
import contextlib
import doctest
import inspect
import json
import random
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from itertools import combinations
from types import FrameType
from typing import Any

import pytest

from domaintune.data.text import words
from domaintune.sandbox import Program, open_sandbox

SHARED_WORDS = 10
Record = dict[str, str]


def read(name: str) -> list[Record]:
    text = files("domaintune_code.samples").joinpath(name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


SEEDS, PROBLEMS = read("seeds.jsonl"), read("problems.jsonl")


def whole(problem: Record) -> str:
    return problem["prompt"] + problem["canonical_solution"]


def runs(text: str, n: int = SHARED_WORDS) -> set[tuple[str, ...]]:
    said = words(text)
    return {tuple(said[i : i + n]) for i in range(len(said) - n + 1)}


@cache
def loaded(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "sample"}
    exec(compile(source, "sample", "exec", dont_inherit=True), names)
    return names


def given(source: str, value: str) -> str:
    """The same program with functions that return `None`, or their first argument."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            first = next((arg.arg for arg in node.args.args if arg.arg != "self"), None)
            name = first if value == "first" and first and node.name != "__init__" else "None"
            node.body = ast.parse(f"return {name}").body
    return ast.unparse(tree)


class TooLong(BaseException):
    """A function that was given what it was not made for, and does not end."""


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def passes(check: Callable[[], object]) -> bool:
    try:
        with at_most(0.5):
            check()
    except (Exception, TooLong):
        return False
    return True


def passes_tests(seed: Record, source: str) -> bool:
    return passes(lambda: exec(seed["tests"], dict(loaded(source))))


def passes_check(problem: Record, function: Callable[..., object]) -> bool:
    return passes(lambda: loaded(problem["test"])["check"](function))


def places(function: Callable[..., object]) -> int:
    return len(inspect.signature(function).parameters)


def asserts(source: str) -> int:
    return sum(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(source)))


def functions_of(rows: list[Record]) -> Iterator[tuple[str, Callable[..., object]]]:
    for row in rows:
        source, name = (row["solution"], row["entry"]) if "entry" in row else (whole(row), row["entry_point"])
        if inspect.isfunction(function := loaded(source)[name]):
            yield name, function


def test_there_are_enough_of_both_and_the_problems_are_mostly_easy() -> None:
    assert len(SEEDS) >= 60
    assert len(PROBLEMS) >= 40
    grades = Counter(problem["difficulty"] for problem in PROBLEMS)
    assert set(grades) == {"easy", "medium", "hard"}
    assert grades["easy"] > grades["medium"] > grades["hard"] >= 3
    assert len({seed["topic"] for seed in SEEDS}) >= 12


def test_the_readme_counts_what_is_there() -> None:
    text = files("domaintune_code.samples").joinpath("README.md").read_text(encoding="utf-8")
    assert f"`seeds.jsonl` holds {len(SEEDS)} short" in text
    assert f"`problems.jsonl` holds {len(PROBLEMS)} problems" in text
    grades = Counter(problem["difficulty"] for problem in PROBLEMS)
    assert f"{grades['easy']} `easy`" in text
    assert f"{grades['medium']} `medium`, {grades['hard']} `hard`" in text
    stated = dict(re.findall(r"([a-z]+)\s(\d+)[,.]", text.partition("Topics:")[2].partition("##")[0]))
    assert stated == {topic: str(n) for topic, n in Counter(seed["topic"] for seed in SEEDS).items()}


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed["id"])
def test_a_seed_has_its_form(seed: Record) -> None:
    assert list(seed) == ["id", "task", "solution", "tests", "entry", "topic"]
    assert all(isinstance(value, str) and value for value in seed.values())
    assert f"`{seed['entry']}" in seed["task"], "the task names what is to be written"
    tree = ast.parse(seed["solution"])
    assert [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)] == [seed["entry"]]
    assert seed["solution"].endswith("\n")
    assert seed["solution"].count("\n") <= 25
    assert not re.search(r"\b(print|input|open|exec|eval)\(", seed["solution"])
    assert 4 <= asserts(seed["tests"]) <= 8


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem["task_id"])
def test_a_problem_has_humanevals_form(problem: Record) -> None:
    assert list(problem) == ["task_id", "prompt", "entry_point", "canonical_solution", "test", "difficulty"]
    (function,) = ast.parse(whole(problem)).body
    assert isinstance(function, ast.FunctionDef)
    assert function.name == problem["entry_point"]
    assert function.returns is not None
    assert all(arg.annotation is not None for arg in function.args.args)
    assert problem["prompt"].endswith('    """\n')
    assert problem["canonical_solution"].startswith("    ")
    assert problem["canonical_solution"].endswith("\n")
    assert problem["test"].startswith("def check(candidate):\n    ")
    assert 5 <= asserts(problem["test"]) <= 8


def test_the_examples_in_the_docstrings_are_true() -> None:
    runner = doctest.DocTestRunner(verbose=False)
    for problem in PROBLEMS:
        names = dict(loaded(whole(problem)))
        text = inspect.getdoc(names[problem["entry_point"]]) or ""
        test = doctest.DocTestParser().get_doctest(text, names, problem["task_id"], None, 0)
        assert 1 <= len(test.examples) <= 2, problem["task_id"]
        assert runner.run(test, out=lambda _: None).failed == 0, problem["task_id"]


def test_ids_and_names_are_used_once() -> None:
    ids = [seed["id"] for seed in SEEDS] + [problem["task_id"] for problem in PROBLEMS]
    names = [seed["entry"] for seed in SEEDS] + [problem["entry_point"] for problem in PROBLEMS]
    assert [value for value, n in Counter(ids + names).items() if n > 1] == []


def test_no_seed_shares_ten_words_in_a_row_with_a_problem() -> None:
    held = {run: problem["task_id"] for problem in PROBLEMS for run in runs(whole(problem))}
    for seed in SEEDS:
        found = {held[run] for text in (seed["task"], seed["solution"]) for run in runs(text) if run in held}
        assert not found, seed["id"]


def test_no_two_seeds_ask_for_the_same() -> None:
    said = [(seed["id"], set(words(seed["task"])), runs(seed["task"], 7)) for seed in SEEDS]
    for (one, some, phrases), (other, more, others) in combinations(said, 2):
        assert len(some & more) / len(some | more) < 0.5, (one, other)
        assert not phrases & others, (one, other)


def test_no_two_problems_are_worded_alike() -> None:
    for one, other in combinations(PROBLEMS, 2):
        assert not runs(one["prompt"], 8) & runs(other["prompt"], 8), (one["task_id"], other["task_id"])


def test_no_other_function_passes_the_check_of_a_problem() -> None:
    everything = [*functions_of(SEEDS), *functions_of(PROBLEMS)]
    solved = [
        (problem["task_id"], name)
        for problem in PROBLEMS
        for name, function in everything
        if places(function) == places(loaded(whole(problem))[problem["entry_point"]])
        and passes_check(problem, function)
    ]
    assert solved == [(problem["task_id"], problem["entry_point"]) for problem in PROBLEMS], "each by its own alone"


def test_tests_fail_for_what_returns_nothing_or_its_first_argument() -> None:
    for value in ("None", "first"):
        for seed in SEEDS:
            assert not passes_tests(seed, given(seed["solution"], value)), seed["id"]
        for problem in PROBLEMS:
            names = loaded(given(whole(problem), value))
            assert not passes_check(problem, names[problem["entry_point"]]), problem["task_id"]


def with_tests(change: Callable[[str], str] = str) -> list[tuple[str, str, str]]:
    """The name of every function, its program, changed or not, and its tests."""
    return [(seed["entry"], change(seed["solution"]), seed["tests"]) for seed in SEEDS] + [
        (problem["entry_point"], change(whole(problem)), f"{problem['test']}\n\ncheck({problem['entry_point']})\n")
        for problem in PROBLEMS
    ]


def test_every_solution_passes_its_tests_in_the_sandbox() -> None:
    rows = with_tests()
    # five to a program, one after the other: a process takes longer to start than they take to run
    parts = [rows[start : start + 5] for start in range(0, len(rows), 5)]
    several = [
        Program(
            source="\n\n".join(source for _, source, _ in part),
            tests="\n\n".join(tests for _, _, tests in part),
            entry=tuple(name for name, _, _ in part),
        )
        for part in parts
    ]
    results = open_sandbox(workers=2).run_all(several)
    failed = [(one.entry, result) for one, result in zip(several, results, strict=True) if not result.passed]
    assert failed == []


def test_solutions_that_do_nothing_fail_in_the_sandbox() -> None:
    some = random.Random(6).sample(with_tests(lambda source: given(source, "None")), 16)
    programs = [Program(source=source, tests=tests, entry=(name,)) for name, source, tests in some]
    verdicts = [result.verdict for result in open_sandbox(workers=2).run_all(programs)]
    assert verdicts == ["failed"] * len(some)
