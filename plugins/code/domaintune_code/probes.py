"""One run that tries functions on many problems, a few asserts of each: the program, and what it said before it ended.

solution   the training example's program, and behind it every function once more as `tried_0`, `tried_1`, ...:
           these stop themselves, so that a function that never ends is no end of the run
tests      the first asserts of every problem, once; and which function is tried on which
says       0? 0! 1? 2? ...   `?` where a try begins, `!` where it passed; `begun` once both have loaded
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from domaintune.sandbox import Program, Result
from domaintune_code.candidates import Candidate, arguments
from domaintune_code.humaneval import needs_packages, parsed_tests
from domaintune_code.problem import Problem
from domaintune_code.programs import before

FIRST = 2
"""Asserts of a problem that a function is tried with before all of them count."""
SHORT = 4_000
"""Characters of tests that are tried whole in the same run, behind the first asserts; longer ones run alone."""
LARGEST = 1_000_000
"""Characters of tests in one run, unless a single problem has more."""
STOPS = 3
"""Runs that a function may bring down before it is tried no further."""
FUTURE = "from __future__ import annotations\n"
"""Begins every program that is tried: annotations with names that are not there then do no harm."""

# A call may take 0.1 s of processor time, and 0.01 s once its function has used half a second: what never ends on all of
# HumanEval's problems costs 2 s. The clock on the wall stops what sleeps.
_BOUNDED = """

def _bounded(find):
    import signal
    import sys
    import time

    spent = 0.0

    class Nothing:
        def write(self, text):
            pass

        def flush(self):
            pass

    def late(*_):
        raise KeyboardInterrupt

    def tried(*given, **named):
        nonlocal spent
        bound = 0.1 if spent < 0.5 else 0.01
        signal.signal(signal.SIGPROF, late)
        signal.signal(signal.SIGALRM, late)
        begun, clock = time.process_time(), time.monotonic()
        sys.stdout = Nothing()
        try:
            signal.setitimer(signal.ITIMER_PROF, bound)
            signal.setitimer(signal.ITIMER_REAL, bound * 5)
            return find()(*given, **named)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            cpu, wall = time.process_time() - begun, time.monotonic() - clock
            spent += cpu if cpu > wall / 5 else wall / 5

    return tried


"""
_TRY = """
import sys


class _Nothing:
    def write(self, text):
        return len(text)

    def flush(self):
        pass


_out, sys.stdout = sys.stdout, _Nothing()  # what the functions print is of no interest, and may be long
_codes = {}


def _say(text):
    _out.write("\\x1e" + text)
    _out.flush()


def _try(number, function, question):
    entry, *texts = _tests[question]
    _say(f"{number}?")
    try:
        for text in texts:
            if text not in _codes:
                _codes[text] = compile(text, "tests", "exec", dont_inherit=True)
            exec(_codes[text], {"__name__": "tests", entry: function})
    except BaseException as error:
        if type(error).__module__.startswith("domaintune"):
            raise
    else:
        _say(f"{number}!")


_say("begun")
for _number, (_function, _question) in enumerate(_pairs):
    _try(_number, _functions[_function], _question)
"""
_SAID = re.compile(r"\x1e(\d+)([?!])")
_BEGUN = "\x1ebegun"


@dataclass(frozen=True)
class Question:
    """A problem as functions are tried on it: how many arguments its tests give, and its tests, first asserts first."""

    problem: Problem
    counts: range
    texts: tuple[str, ...]
    packages: bool

    @property
    def size(self) -> int:
        """Characters of its tests."""
        return sum(map(len, self.texts))


@dataclass(frozen=True)
class Trial:
    """A program of a training example, and which of its functions are to be tried on which problems.

    `stops` are the functions that have brought down a run, one entry a run. `loads` says that a run that ended without
    a word was not the program's doing, so that the next one is given more time.
    """

    source: str
    pairs: tuple[tuple[Candidate, Question], ...]
    stops: tuple[Candidate, ...] = ()
    loads: bool = False

    def program(self) -> Program:
        """Return the run that tries all pairs, one after the other; the tests of a problem stand in it once."""
        candidates = list(dict.fromkeys(candidate for candidate, _ in self.pairs))
        questions = list({id(question): question for _, question in self.pairs}.values())
        places = {id(question): place for place, question in enumerate(questions)}
        names = [f"tried_{place}" for place in range(len(candidates))]
        ways = (f"{name} = _bounded(lambda: {one.call})\n" for name, one in zip(names, candidates, strict=True))
        table = [(question.problem.entry, *question.texts) for question in questions]
        pairs = [(candidates.index(candidate), places[id(question)]) for candidate, question in self.pairs]
        return Program(
            source=FUTURE + self.source + _BOUNDED + "".join(ways),
            tests=f"_functions = [{', '.join(names)}]\n_tests = {table!r}\n_pairs = {pairs!r}\n{_TRY}",
            functions=tuple(names),
            packages=needs_packages(self.source) or any(question.packages for question in questions),
        )

    def loading(self) -> Program:
        """Return the run that only shows whether the program loads."""
        return replace(self, pairs=()).program()

    def proof(self, number: int) -> Program:
        """Return the run of all tests of one pair."""
        candidate, question = self.pairs[number]
        problem = question.problem
        named = f"{problem.entry} = {candidate.call}\n" if candidate.call != problem.entry else ""
        source = f"{before(problem.prompt, problem.entry)}\n\n{self.source}\n\n{named}"
        tests = problem.tests or problem.plus
        packages = needs_packages(source) or needs_packages(tests)
        entry = (problem.entry,)
        return Program(source=FUTURE + source, tests=tests, entry=entry, functions=entry, packages=packages)

    def parts(self) -> Iterator[Trial]:
        """Yield the trial as runs whose tests are not too long."""
        begin = size = 0
        seen: set[int] = set()
        for place, (_, question) in enumerate(self.pairs):
            more = 0 if id(question) in seen else question.size
            if place > begin and size + more > LARGEST:
                yield replace(self, pairs=self.pairs[begin:place])
                begin, size, seen, more = place, 0, set(), question.size
            size += more
            seen.add(id(question))
        if self.pairs:
            yield replace(self, pairs=self.pairs[begin:])

    def halves(self) -> list[Trial]:
        """Return the trial as two; they are given more time, since the program is known to load."""
        middle = len(self.pairs) // 2
        return [replace(self, pairs=pairs, loads=True) for pairs in (self.pairs[:middle], self.pairs[middle:])]


@dataclass(frozen=True)
class Outcome:
    """What came of a run: pairs that are to be run alone, what is left to be tried, and pairs that are given up."""

    suspects: tuple[int, ...] = ()
    left: Trial | None = None
    given_up: int = 0


def begun(result: Result) -> bool:
    """Tell whether the program and the tests of a run have loaded."""
    return _BEGUN in result.output


def outcome(trial: Trial, result: Result) -> Outcome | None:
    """Return what came of a run; None where it has ended without a word and so says nothing of any pair.

    The pair at which it was stopped is to be run alone, and the rest again; but a function that has brought down
    several runs is given up.
    """
    said = [(int(number), sign) for number, sign in _SAID.findall(result.output)]
    said = [(number, sign) for number, sign in said if number < len(trial.pairs)]
    passed = [number for number, sign in said if sign == "!"]
    if result.passed:
        return Outcome(tuple(passed))
    if not said:
        return None
    last = said[-1][0]
    stops = (*trial.stops, trial.pairs[last][0])
    rest = trial.pairs[last + 1 :]
    kept = tuple(pair for pair in rest if stops.count(pair[0]) < STOPS)
    left = replace(trial, pairs=kept, stops=stops) if kept else None
    return Outcome(tuple(dict.fromkeys([*passed, last])), left, len(rest) - len(kept))


def question_of(problem: Problem) -> Question:
    """Return a problem as functions are tried on it; the helpers of its prompt are there for its tests."""
    tests = problem.tests or problem.plus
    counts = arguments(tests, problem.entry, problem.solution or f"{problem.prompt.rstrip()}\n    pass\n")
    head = f"{before(problem.prompt, problem.entry)}\n\n"
    texts = (head + shortened(tests), *([head + tests] if len(tests) <= SHORT else []))
    return Question(problem, counts, texts, needs_packages(tests))


def shortened(tests: str) -> str:
    """Return tests with their first asserts only; long literal lists of inputs and results are cut as well."""
    tree = parsed_tests(tests)
    if tree is None:
        return tests
    for part in ast.walk(tree):
        if isinstance(part, ast.FunctionDef) and part.name == "check":
            part.body = _first(part.body)
        elif isinstance(part, ast.Assign) and _is_data(part):
            _cut(part.value)
    asserts = any(isinstance(part, ast.Assert) for part in tree.body)
    tree.body = _first(tree.body) if asserts else tree.body
    return ast.unparse(tree)


def _first(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return the statements up to the last of the first asserts."""
    places = [place for place, part in enumerate(body) if isinstance(part, ast.Assert)]
    return list(body[: places[FIRST - 1] + 1] if len(places) >= FIRST else body)


def _is_data(part: ast.Assign) -> bool:
    return all(isinstance(target, ast.Name) and target.id in {"inputs", "results"} for target in part.targets)


def _cut(value: ast.expr) -> None:
    """Cut a list of data, or the text of one in `json.loads('...')`."""
    if isinstance(value, ast.List):
        del value.elts[FIRST:]
    elif isinstance(value, ast.Call) and len(value.args) == 1 and isinstance(value.args[0], ast.Constant):
        try:
            data = json.loads(str(value.args[0].value))
        except ValueError:
            return
        if isinstance(data, list):
            value.args[0] = ast.Constant(value=json.dumps(data[:FIRST]))
