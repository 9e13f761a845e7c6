"""Which training examples solve a benchmark's problems: found by running their functions against its tests.

A copied problem is found by its words; a solution under another name, in another task, is not. So every function of a
training example is called as the function of each problem that takes as many arguments. One run tries all problems: their
first asserts, and where these pass, all of them. What passes does so once more in a run of its own. Where a run is stopped,
by an endless loop for example, the problem it was at runs alone and the rest go on in a new run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from domaintune import Example, SandboxError
from domaintune.sandbox import Limits, Program, Result, Sandbox
from domaintune_code.candidates import Candidate, arguments, candidates_in, programs_in
from domaintune_code.humaneval import needs_packages, parsed_tests
from domaintune_code.problem import Problem
from domaintune_code.programs import before

FIRST = 2
"""Asserts of a problem that a function is tried with before all of them count."""
MENTIONED = 3
"""Problems that a sentence names."""
LONGEST = 20_000
"""Characters of tests that are tried together with others; of longer ones only the first asserts are."""
TRYING = Limits(cpu_seconds=1.0, seconds=10.0)
"""What a run of many problems may use: a solution needs milliseconds, a function that never ends should cost little."""
PROVING = Limits(cpu_seconds=3.0, seconds=15.0)
"""What a run of one problem may use: the script of HumanEval stops after 3 seconds, too."""

_TRY = """
def _try(number, entry, texts, function):
    print(f"\\x1e{number}?", flush=True)
    try:
        for text in texts:
            exec(compile(text, "tests", "exec"), {"__name__": "tests", entry: function})
    except BaseException as error:
        if type(error).__module__.startswith("domaintune"):
            raise
    else:
        print(f"\\x1e{number}!", flush=True)
"""
_SAID = re.compile(r"\x1e(\d+)([?!])")


@dataclass(frozen=True)
class Question:
    """A problem as functions are tried on it: how many arguments its tests give, and its tests, the first asserts first."""

    problem: Problem
    counts: range
    tests: tuple[str, ...]
    packages: bool


@dataclass(frozen=True)
class Trial:
    """A program of a training example, and which of its functions are to be tried on which problems."""

    source: str
    pairs: tuple[tuple[Candidate, Question], ...]

    def program(self) -> Program:
        """Return the run that tries all pairs, one after the other."""
        calls = (
            f"_try({number}, {question.problem.entry!r}, {question.tests!r}, {candidate.call})\n"
            for number, (candidate, question) in enumerate(self.pairs)
        )
        entry = tuple(dict.fromkeys(candidate.name for candidate, _ in self.pairs))
        packages = needs_packages(self.source) or any(question.packages for _, question in self.pairs)
        return Program(source=FUTURE + self.source, tests=f"{_TRY}\n{''.join(calls)}", entry=entry, packages=packages)

    def proof(self, number: int) -> Program:
        """Return the run of all tests of one pair."""
        candidate, question = self.pairs[number]
        problem = question.problem
        named = f"{problem.entry} = {candidate.call}\n" if candidate.call != problem.entry else ""
        source = f"{before(problem.prompt, problem.entry)}\n\n{self.source}\n\n{named}"
        tests = problem.tests or problem.plus
        packages = needs_packages(source) or needs_packages(tests)
        return Program(source=FUTURE + source, tests=tests, entry=(problem.entry,), packages=packages)


FUTURE = "from __future__ import annotations\n"
"""Begins every program that is tried: annotations with names that are not there then do no harm."""


class Solver:
    """Tries the functions of training examples on problems."""

    def __init__(self, problems: Sequence[Problem], sandbox: Sandbox) -> None:
        self._questions = [_question(problem) for problem in problems]
        self._sandbox = sandbox

    def solved_by(self, train: Sequence[Example]) -> dict[int, str]:
        """Return for the place of each example that solves a problem a sentence which: `solves HumanEval/12`."""
        places: dict[str, list[int]] = {}
        for place, example in enumerate(train):
            for source in programs_in(example):
                places.setdefault(source, []).append(place)
        found: dict[int, list[str]] = {}
        for source, task_ids in self._solved(places):
            for place in places[source]:
                found.setdefault(place, []).extend(task_ids)
        return {place: _sentence(list(dict.fromkeys(found[place]))) for place in sorted(found)}

    def _solved(self, sources: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
        """Yield the programs that solve something, with the names of the problems."""
        trials = [trial for source in sources if (trial := self._trial(source)).pairs]
        suspects: list[tuple[Trial, int]] = []
        while trials:
            ahead: list[Trial] = []
            results = self._sandbox.run_all((trial.program() for trial in trials), TRYING)
            for trial, result in zip(trials, results, strict=True):
                passed, left = _read(trial, result)
                suspects += [(trial, number) for number in passed]
                ahead += [left] if left is not None else []
            trials = ahead
        proofs = self._sandbox.run_all((trial.proof(number) for trial, number in suspects), PROVING)
        for (trial, number), result in zip(suspects, proofs, strict=True):
            _refuse_error(result)
            if result.passed:
                yield trial.source, [trial.pairs[number][1].problem.name]

    def _trial(self, source: str) -> Trial:
        pairs = (
            (candidate, question)
            for candidate in candidates_in(source)
            for question in self._questions
            if candidate.takes(question.counts)
        )
        return Trial(source, tuple(pairs))


def _read(trial: Trial, result: Result) -> tuple[list[int], Trial | None]:
    """Return which pairs of a run passed, and what is left to be tried if it was stopped.

    The pair at which it was stopped counts as passed: it is to be run alone.
    """
    _refuse_error(result)
    said = [(int(number), sign) for number, sign in _SAID.findall(result.output)]
    passed = [number for number, sign in said if sign == "!" and number < len(trial.pairs)]
    if result.passed or not said:
        return passed, None
    last = min(said[-1][0], len(trial.pairs) - 1)
    rest = trial.pairs[last + 1 :]
    return list(dict.fromkeys([*passed, last])), Trial(trial.source, rest) if rest else None


def _refuse_error(result: Result) -> None:
    if result.verdict == "sandbox_error":
        raise SandboxError(f"a training example could not be tried on the evaluation problems: {result.reason}")


def _sentence(task_ids: list[str]) -> str:
    more = len(task_ids) - MENTIONED
    return f"solves {', '.join(task_ids[:MENTIONED])}" + (f" and {more} more" if more > 0 else "")


def _question(problem: Problem) -> Question:
    tests = problem.tests or problem.plus
    counts = arguments(tests, problem.entry, problem.solution or f"{problem.prompt.rstrip()}\n    pass\n")
    head = f"{before(problem.prompt, problem.entry)}\n\n"
    texts = (head + shortened(tests), *([head + tests] if len(tests) <= LONGEST else []))
    return Question(problem, counts, texts, needs_packages(tests))


def shortened(tests: str) -> str:
    """Return tests with their first asserts only; long literal lists of inputs and results are cut as well."""
    tree = parsed_tests(tests)
    if tree is None:
        return tests
    for part in ast.walk(tree):
        if isinstance(part, ast.FunctionDef) and part.name == "check":
            part.body = _first(part.body)
        elif isinstance(part, ast.Assign) and isinstance(part.value, ast.List) and _is_data(part):
            del part.value.elts[FIRST:]
    asserts = any(isinstance(part, ast.Assert) for part in tree.body)
    tree.body = _first(tree.body) if asserts else tree.body
    return ast.unparse(tree)


def _first(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements up to the last of the first asserts."""
    places = [place for place, part in enumerate(body) if isinstance(part, ast.Assert)]
    return body[: places[FIRST - 1] + 1] if len(places) >= FIRST else body


def _is_data(part: ast.Assign) -> bool:
    return all(isinstance(target, ast.Name) and target.id in {"inputs", "results"} for target in part.targets)
