"""Which training examples solve a benchmark's problems: found by running their functions against its tests.

A copied problem is found by its words; a solution under another name, in another task, is not. So every function of a
training example is called as the function of each problem that takes as many arguments. One run tries all of them with the
first asserts of the problems; what passes these runs alone, against all tests. Where a run is stopped, the problem it was
at runs alone and the rest go on in a new run. A run that ends without a word says nothing: it is done again in halves, down
to single problems, which then run alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence

from domaintune import Example, SandboxError
from domaintune.sandbox import Limits, Program, Result, Sandbox
from domaintune_code.candidates import candidates_in, programs_in
from domaintune_code.probes import Trial, begun, outcome, question_of
from domaintune_code.problem import Problem

MENTIONED = 3
"""Problems that a sentence names."""
TRYING = Limits(cpu_seconds=3.0, seconds=20.0)
"""What a run of many problems may use: a solution needs milliseconds, and what never ends stops itself."""
PATIENT = Limits()
"""What the halves of a run that ended without a word may use: as much as an answer that is graded."""
PROVING = Limits(cpu_seconds=3.0, seconds=15.0)
"""What a run of one problem may use: the script of HumanEval stops after 3 seconds, too."""


class Solver:
    """Tries the functions of training examples on problems."""

    def __init__(self, problems: Sequence[Problem], sandbox: Sandbox) -> None:
        self._questions = [question_of(problem) for problem in problems]
        self._sandbox = sandbox
        self.given_up = 0
        """Pairs of a function and a problem that were not tried, since the function had brought down several runs."""

    def solved_by(self, train: Sequence[Example]) -> dict[int, str]:
        """Return for the place of each example that solves a problem a sentence which: `solves HumanEval/12`."""
        places: dict[str, list[int]] = {}
        for place, example in enumerate(train):
            for source in programs_in(example):
                places.setdefault(source, []).append(place)
        found: dict[int, list[str]] = {}
        for source, task_id in self._solved(places):
            for place in places[source]:
                found.setdefault(place, []).append(task_id)
        if self.given_up:
            warnings.warn(
                f"{self.given_up:,} pairs of a function and a problem were not tried, since the function had stopped"
                " several runs: see 'What a model may have seen' in docs/code-eval.md",
                stacklevel=2,
            )
        return {place: _sentence(list(dict.fromkeys(found[place]))) for place in sorted(found)}

    def _solved(self, sources: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield the programs that solve something, each with the name of a problem that it solves."""
        trials = [part for source in sources for part in self._trial(source).parts()]
        suspects: list[tuple[Trial, int]] = []
        while trials:
            trials = self._tried(trials, suspects)
        proofs = self._run([trial.proof(number) for trial, number in suspects], PROVING)
        for (trial, number), result in zip(suspects, proofs, strict=True):
            if result.passed:
                yield trial.source, trial.pairs[number][1].problem.name

    def _tried(self, trials: Sequence[Trial], suspects: list[tuple[Trial, int]]) -> list[Trial]:
        """Run trials, note what is to be run alone, and return what is left to be tried."""
        left: list[Trial] = []
        silent: list[Trial] = []
        for trial, result in self._results(trials):
            found = outcome(trial, result)
            if found is None:
                silent.append(trial)
                continue
            suspects += [(trial, number) for number in found.suspects]
            left += [found.left] if found.left is not None else []
            self.given_up += found.given_up
        for trial in self._loading(silent):
            if len(trial.pairs) > 1:
                left += trial.halves()
            else:
                suspects.append((trial, 0))
        return left

    def _results(self, trials: Sequence[Trial]) -> Iterator[tuple[Trial, Result]]:
        for patient in (False, True):
            some = [trial for trial in trials if trial.loads is patient]
            results = self._run((trial.program() for trial in some), PATIENT if patient else TRYING)
            yield from zip(some, results, strict=True)

    def _loading(self, silent: Sequence[Trial]) -> Iterator[Trial]:
        """Yield the trials whose program loads; one that does not load, however long it is given, solves nothing."""
        yield from (trial for trial in silent if trial.loads)
        unknown = [trial for trial in silent if not trial.loads]
        results = self._run((trial.loading() for trial in unknown), PATIENT)
        yield from (trial for trial, result in zip(unknown, results, strict=True) if begun(result))

    def _run(self, programs: Iterable[Program], limits: Limits) -> Iterator[Result]:
        for result in self._sandbox.run_all(programs, limits):
            if result.verdict == "sandbox_error":
                raise SandboxError(f"a training example could not be tried on the evaluation problems: {result.reason}")
            yield result

    def _trial(self, source: str) -> Trial:
        pairs = (
            (candidate, question)
            for candidate in candidates_in(source)
            for question in self._questions
            if candidate.takes(question.counts)
        )
        return Trial(source, tuple(pairs))


def _sentence(task_ids: list[str]) -> str:
    more = len(task_ids) - MENTIONED
    return f"solves {', '.join(task_ids[:MENTIONED])}" + (f" and {more} more" if more > 0 else "")
