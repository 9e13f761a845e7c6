"""Grading programs by running them: HumanEval, MBPP and the plugin's own problems, as pass@k.

    item        "Complete this Python function ... def double(n): ..."
    answer      the function in a code block, or the rest of it
    scores      pass@1 = 1.0, reason "passed"

Every answer runs in the sandbox, in a process that never sees the tests. What the sandbox says is the reason of the score;
where the sandbox itself fails, grading ends with an error, because nothing is known of the answer then.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from domaintune import DataError, Example, SandboxError, Score
from domaintune.sandbox import Program, Result, Sandbox, open_sandbox
from domaintune_code import humaneval, mbpp, problems
from domaintune_code.eval_options import HumanEvalOptions, MbppOptions, ProblemsOptions
from domaintune_code.humaneval import needs_packages
from domaintune_code.passk import pass_at_k
from domaintune_code.problem import Problem
from domaintune_code.programs import program_of
from domaintune_code.solving import Solver

PLUS = "plus_"
"""Begins the metrics that count an answer only where it passes the extra tests too."""


class PassAtK:
    """Grades answers to problems by their tests; what the three evaluators have in common."""

    def __init__(self, ks: Sequence[int]) -> None:
        self._ks = tuple(sorted({1, *ks}))
        self._sandbox: Sandbox | None = None

    def run_in(self, sandbox: Sandbox) -> None:
        """Take the sandbox in which answers run; without one, a T1 sandbox is opened when it is needed."""
        self._sandbox = sandbox

    def items(self, test: Sequence[Example]) -> list[Example]:  # noqa: ARG002
        """Return the problems as items; the test split is not asked."""
        return [problem.item() for problem in self.problems]

    def grade(self, example: Example, answer: str) -> Sequence[Score]:
        """Run one answer against the tests of its item."""
        return next(iter(self.grade_all([(example, answer)])))

    def grade_all(self, pairs: Sequence[tuple[Example, str]]) -> Iterator[Sequence[Score]]:
        """Run many answers, as many at once as the sandbox has workers, and yield their scores in order."""
        return self.grade_samples([(example, [answer]) for example, answer in pairs])

    def grade_samples(self, several: Sequence[tuple[Example, Sequence[str]]]) -> Iterator[Sequence[Score]]:
        """Run several answers to each item and yield pass@k in order, for the k that every item has answers enough for.

        Equal programs run once. Where items have fewer answers than others, their scores say which k that costs.
        """
        counts = [len(answers) for _, answers in several]
        ks = [k for k in self._ks if k <= min(counts, default=0)]
        lost = [k for k in self._ks if k <= max(counts, default=0) and k not in ks]
        jobs = [(example, [runs_of(example, answer) for answer in answers]) for example, answers in several]
        results = self._results([program for _, runs in jobs for run in runs for program in run.values()])
        for example, runs in jobs:
            if not runs:
                raise DataError(f"there is no answer to {_name(example)}; give one for every problem")
            verdicts = [{kind: next(results) for kind in run} for run in runs]
            notes = _shortage(len(runs), lost)
            yield [score for kind in runs[0] for score in _scores(kind, verdicts, ks, notes, example)]

    def given_away(self, train: Sequence[Example]) -> Mapping[int, str]:
        """Return the places of the training examples whose program passes the tests of an item, and of which."""
        return Solver(self.problems, self._open()).solved_by(train)

    @cached_property
    def problems(self) -> Sequence[Problem]:
        """The problems that are asked, read once."""
        return self.read_problems()

    def read_problems(self) -> Sequence[Problem]:
        """Read the problems; each evaluator has its own."""
        raise NotImplementedError

    def _open(self) -> Sandbox:
        if self._sandbox is None:
            self._sandbox = open_sandbox()
        return self._sandbox

    def _results(self, programs: Sequence[Program]) -> Iterator[Result]:
        """Yield the result of each program, in order; of equal programs one runs, when it is first needed."""
        running = self._open().run_all(dict.fromkeys(programs))
        known: dict[Program, Result] = {}
        for program in programs:
            if program not in known:
                known[program] = next(running)
            yield known[program]


def _scores(
    kind: str, verdicts: Sequence[Mapping[str, Result]], ks: Sequence[int], notes: str, example: Example
) -> Iterator[Score]:
    """Yield pass@k of one item; an answer passes the extra tests only if it passes the others as well."""
    for result in (one for verdict in verdicts for one in verdict.values()):
        if result.verdict == "sandbox_error":
            raise SandboxError(f"the answer to {_name(example)} could not be run: {result.reason}")
    decisive = [_first_failure(verdict, kind) for verdict in verdicts]
    right = sum(result.passed for result in decisive)
    for k in ks:
        value = pass_at_k(len(decisive), right, k)
        yield Score(metric=f"{kind}pass@{k}", value=value, reason=_reason(decisive) + notes, proportion=k == 1)


def _shortage(answers: int, lost: Sequence[int]) -> str:
    """Say which k no item has because this one has too few answers; nothing where it has enough."""
    short = [f"pass@{k}" for k in lost if k > answers]
    return f"; only {answers} here, so {', '.join(short)} is left out for all" if short else ""


def runs_of(example: Example, answer: str) -> dict[str, Program]:
    """Return the programs to run for one answer, by what they count for: "" the tests, `plus_` the extra ones."""
    meta = example.meta
    entry = str(meta.get("entry_point", ""))
    if not entry or not (meta.get("test") or meta.get("plus_test")):
        raise DataError(
            f"{_name(example)} has no tests (meta.entry_point, meta.test); grade items that this evaluator has made"
        )
    source = program_of(str(meta.get("prompt", "")), entry, answer)
    functions = () if _is_class(entry, f"{meta.get('prompt', '')}\n{example.reference}") else (entry,)
    tests = {kind: str(meta[key]) for kind, key in (("", "test"), (PLUS, "plus_test")) if meta.get(key)}
    return {
        kind: Program(source=source, tests=text, entry=(entry,), functions=functions, packages=needs_packages(text))
        for kind, text in tests.items()
    }


def _is_class(entry: str, text: str) -> bool:
    return re.search(rf"^\s*class {re.escape(entry)}\b", text, re.MULTILINE) is not None


def _first_failure(verdict: Mapping[str, Result], kind: str) -> Result:
    """Return what decides about an answer: its own tests, or for extra tests the first of both that it fails."""
    asked = list(verdict.values()) if kind == PLUS else [verdict[kind]]
    return next((result for result in asked if not result.passed), asked[-1])


def _reason(results: Sequence[Result]) -> str:
    """Say what came of the answers: the verdict of one, the number of each verdict of several."""
    if len(results) == 1:
        return said(results[0])
    counts = Counter(result.verdict for result in results)
    failure = next((f"; the first: {said(result)}" for result in results if not result.passed), "")
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()) + failure


def said(result: Result) -> str:
    """Return a result in words: `passed`, `failed: AssertionError: ...`, `timeout: 10 s of processor time`."""
    if result.passed or not result.reason:
        return result.verdict
    return f"{result.verdict}: {result.reason.removeprefix(f'{result.verdict}: ')}"


def _name(example: Example) -> str:
    return str(example.meta.get("task_id") or example.origin)


class HumanEval(PassAtK):
    """HumanEval, HumanEval+ and whatever else is written in their form."""

    def __init__(self, options: HumanEvalOptions | None = None) -> None:
        self._options = options or HumanEvalOptions()
        super().__init__(self._options.k)

    def read_problems(self) -> Sequence[Problem]:
        """Read the file or hub data set of the options."""
        return humaneval.read(self._options.items, plus=self._options.plus)


class Mbpp(PassAtK):
    """MBPP: its test split, the sanitized version, or MBPP+."""

    def __init__(self, options: MbppOptions | None = None) -> None:
        self._options = options or MbppOptions()
        super().__init__(self._options.k)

    def read_problems(self) -> Sequence[Problem]:
        """Read the file or hub data set of the options."""
        chosen = self._options
        return mbpp.read(chosen.items, plus=chosen.plus, challenge=chosen.challenge, every=chosen.split == "all")


class OwnProblems(PassAtK):
    """The plugin's own problems, or others in HumanEval's form."""

    def __init__(self, options: ProblemsOptions | None = None) -> None:
        self._options = options or ProblemsOptions()
        super().__init__(self._options.k)

    def read_problems(self) -> Sequence[Problem]:
        """Read the plugin's own problems, or the file of the options."""
        return humaneval.read(self._options.items) if self._options.items else problems.own()
