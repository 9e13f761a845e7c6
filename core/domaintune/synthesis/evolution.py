"""Evol-Instruct: rounds of evolving, judging and answering, with a reason for everything that is eliminated.

One round evolves every task of the pool, which holds the latest task of each seed. What is eliminated leaves its parent in
the pool, to be evolved again in the next round by another draw.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from domaintune.contracts import Dropped, Message, Progress, Sampling, Teacher
from domaintune.data.text import same_text
from domaintune.errors import TeacherError
from domaintune.synthesis.acceptance import Acceptance
from domaintune.synthesis.elimination import Fault, fault_of_reply, fault_of_task, shown, spoken
from domaintune.synthesis.options import EvolveOptions
from domaintune.synthesis.recipe import Operator, Recipe
from domaintune.synthesis.task import Step, Task
from domaintune.teachers import ask_teacher

TOGETHER = 500
"""Tasks that pass each stage together: enough to keep a teacher busy, few enough to lose little where it stops."""
_VERDICT = re.compile(r"(?:\b(not|\w+n['’]t)\s+)?\b(equal|different)\b", re.IGNORECASE)
_END = object()


def evolve(  # noqa: PLR0913  (what is evolved, by what, with whom; then who is told)
    seeds: Iterable[Task],
    recipe: Recipe,
    teacher: Teacher,
    options: EvolveOptions | None = None,
    *,
    rng: random.Random,
    acceptance: Acceptance | None = None,
    progress: Progress | None = None,
) -> Iterator[Task | Dropped]:
    """Yield every seed with its answer, then the tasks of each round, and `Dropped` for whatever is eliminated.

    Seeds that have an answer keep it, others are answered. Draws depend on `rng` and on the seed's text alone: the same
    call sends equal requests in the same order, and a seed more or less changes none of the others'. `acceptance` is
    filled along the way, and `progress` called with the requests that are settled and those there may be.
    """
    run = _Run(recipe, teacher, options or EvolveOptions(), rng, acceptance or Acceptance(), progress)
    pool: list[Task] = []
    for item in run.plant(seeds):
        if isinstance(item, Task):
            pool.append(item)
        yield item
    run.expect(len(pool))
    for number in range(1, run.options.rounds + 1):
        for start in range(0, len(pool), TOGETHER):
            attempts = [
                run.draw(number, place, pool[place]) for place in range(start, min(start + TOGETHER, len(pool)))
            ]
            for attempt, result in [*run.settle(attempts)]:  # nothing is in flight while a result is looked at
                if isinstance(result, Task):
                    pool[attempt.place] = result
                yield result


@dataclass
class _Attempt:
    """One task on its way through a round: `task` is the parent, then what the teacher made of it."""

    number: int
    place: int
    operator: Operator
    task: Task
    draws: tuple[int, int, int]


@dataclass(frozen=True)
class _Stage:
    """One request about every attempt: what is asked, how it is drawn, and what is made of the reply."""

    messages: Callable[[_Attempt], Sequence[Message]]
    sampling: Callable[[_Attempt], Sampling]
    read: Callable[[_Attempt, str | None], Fault | None]


class _Run:
    """What one call of `evolve` knows: which texts are there already, and how far it is."""

    def __init__(
        self,
        recipe: Recipe,
        teacher: Teacher,
        options: EvolveOptions,
        rng: random.Random,
        acceptance: Acceptance,
        progress: Progress | None,
    ) -> None:
        self.recipe, self.teacher, self.options, self.acceptance = recipe, teacher, options, acceptance
        self._base = rng.getrandbits(64)
        self._known: set[str] = set()
        self._progress = progress
        self._settled = self._expected = 0
        judging = options.judge and recipe.judge is not None
        self._stages = [
            _Stage(self._to_evolve, self._sampling_of_task, self._read_task),
            *([_Stage(self._to_judge, self._sampling_of_verdict, self._read_verdict)] if judging else []),
            _Stage(self._to_answer, self._sampling_of_answer, self._read_answer),
        ]

    def plant(self, seeds: Iterable[Task]) -> Iterator[Task | Dropped]:
        """Yield the seeds in their order, each with an answer, and what is no seed: a text that was there, or none."""
        rest = iter(seeds)
        while some := list(islice(rest, TOGETHER)):
            faults = [self._fault_of_seed(seed) for seed in some]
            asked = [
                self.draw(0, 0, seed)
                for seed, fault in zip(some, faults, strict=True)
                if fault is None and seed.answer is None
            ]
            self._expected += len(asked)
            answered = iter([*self._asked(asked, self._stages[-1])])
            for seed, fault in zip(some, faults, strict=True):
                if fault is not None:
                    yield Dropped(origin=seed.origin, reason=fault.reason, detail=fault.detail)
                elif seed.answer is not None:
                    yield seed
                else:
                    attempt, reply = next(answered)
                    yield self._planted(attempt, seed, reply)

    def draw(self, number: int, place: int, task: Task) -> _Attempt:
        """Draw what is done to a task in a round, from its seed's text: other tasks have no part in it."""
        rng = random.Random(f"{self._base} {number} {task.seed.text}")  # noqa: S311  (sampling, not secrecy)
        operator = self.recipe.draw(rng)
        draws = (rng.getrandbits(31), rng.getrandbits(31), rng.getrandbits(31))
        return _Attempt(number, place, operator, task, draws)

    def expect(self, tasks: int) -> None:
        """Count the requests that so many tasks may need."""
        self._expected += tasks * self.options.rounds * len(self._stages)

    def settle(self, attempts: list[_Attempt]) -> Iterator[tuple[_Attempt, Task | Dropped]]:
        """Take attempts through all stages; yields each once, as what became of it."""
        for place, stage in enumerate(self._stages):
            left = len(self._stages) - place - 1
            passed: list[_Attempt] = []
            for attempt, reply in self._asked(attempts, stage):
                fault = stage.read(attempt, reply)
                if fault is None and left:
                    passed.append(attempt)
                else:
                    self.acceptance.book(attempt.number, attempt.operator.name, fault and fault.reason)
                self._step(1 if fault is None else 1 + left)
                if fault is not None:
                    yield attempt, _eliminated(attempt, fault)
                elif not left:
                    yield attempt, attempt.task
            attempts = passed

    def _asked(self, attempts: Sequence[_Attempt], stage: _Stage) -> Iterator[tuple[_Attempt, str | None]]:
        if not attempts:
            return
        replies = ask_teacher(self.teacher, map(stage.messages, attempts), map(stage.sampling, attempts))
        for count, attempt in enumerate(attempts):
            reply = next(replies, _END)
            if not isinstance(reply, str | None):
                raise _uneven(count, len(attempts))
            yield attempt, reply if reply is None else spoken(reply)
        if next(replies, _END) is not _END:  # asked to its end, so that it can close what it has opened
            raise _uneven(len(attempts) + 1, len(attempts))

    def _step(self, requests: int) -> None:
        self._settled += requests
        if self._progress is not None:
            self._progress(self._settled, self._expected)

    def _fault_of_seed(self, seed: Task) -> Fault | None:
        key = same_text(seed.text)
        if not key:
            return Fault("empty", "a task without a word")
        if key in self._known:
            return Fault("repeated", shown(seed.text))
        self._known.add(key)
        return None

    def _planted(self, attempt: _Attempt, seed: Task, reply: str | None) -> Task | Dropped:
        fault = self._finish(attempt, reply)
        self._step(1)
        if fault is None:
            return attempt.task
        self._known.discard(same_text(seed.text))
        return Dropped(origin=seed.origin, reason=fault.reason, detail=fault.detail)

    def _to_evolve(self, attempt: _Attempt) -> Sequence[Message]:
        return self.recipe.to_evolve(attempt.task, attempt.operator)

    def _to_judge(self, attempt: _Attempt) -> Sequence[Message]:
        return self.recipe.to_judge(attempt.task)

    def _to_answer(self, attempt: _Attempt) -> Sequence[Message]:
        return self.recipe.to_answer(attempt.task)

    def _sampling_of_task(self, attempt: _Attempt) -> Sampling:
        o = self.options
        return Sampling(max_new_tokens=o.task_tokens, temperature=o.temperature, top_p=o.top_p, seed=attempt.draws[0])

    def _sampling_of_verdict(self, attempt: _Attempt) -> Sampling:
        return Sampling(max_new_tokens=self.options.verdict_tokens, seed=attempt.draws[1])

    def _sampling_of_answer(self, attempt: _Attempt) -> Sampling:
        o = self.options
        return Sampling(
            max_new_tokens=o.max_new_tokens, temperature=o.answer_temperature, top_p=o.top_p, seed=attempt.draws[2]
        )

    def _read_task(self, attempt: _Attempt, reply: str | None) -> Fault | None:
        """Put the evolved task in its parent's place, unless a rule that costs no request eliminates it."""
        fault = fault_of_reply(reply, attempt.task.text)
        if fault is not None or reply is None:
            return fault
        task = attempt.task.evolved(reply, Step(round=attempt.number, operator=attempt.operator.name))
        fault = fault_of_task(task, self.recipe, attempt.operator, self.options.similarity) or self._repeated(task)
        if fault is not None:
            return fault
        refusal = self.recipe.refuse(task) if self.recipe.refuse else None
        if refusal is not None:
            return Fault(refusal, shown(task.text))
        attempt.task = task
        return None

    def _read_verdict(self, attempt: _Attempt, reply: str | None) -> Fault | None:
        """Eliminate what the judge calls equal; without a verdict the task goes on."""
        said = {(found[2].casefold() == "equal") != bool(found[1]) for found in _VERDICT.finditer(reply or "")}
        if len(said) != 1:
            self.acceptance.unjudged[attempt.number] += 1
            return None
        detail = f"the judge calls it equal: {shown(attempt.task.text)}"
        return Fault("no-information-gain", detail) if said == {True} else None

    def _read_answer(self, attempt: _Attempt, reply: str | None) -> Fault | None:
        """Give the task its answer; another one of the same words may have been accepted since it was asked for."""
        fault = self._repeated(attempt.task) or self._finish(attempt, reply)
        if fault is None:
            self._known.add(same_text(attempt.task.text))
        return fault

    def _repeated(self, task: Task) -> Fault | None:
        return Fault("repeated", shown(task.text)) if same_text(task.text) in self._known else None

    def _finish(self, attempt: _Attempt, reply: str | None) -> Fault | None:
        fault = fault_of_reply(reply, attempt.task.text)
        if fault is not None or reply is None:
            return fault and fault._replace(detail=f"answer: {fault.detail}")
        finish = self.recipe.finish
        made = finish(attempt.task, reply) if finish else replace(attempt.task, answer=reply)
        if isinstance(made, str):
            return Fault(made, f"answer: {shown(reply)}")
        attempt.task = made
        return None


def _eliminated(attempt: _Attempt, fault: Fault) -> Dropped:
    detail = f"{attempt.operator.name}: {fault.detail}"
    return Dropped(origin=attempt.task.origin_in(attempt.number), reason=fault.reason, detail=detail)


def _uneven(replies: int, requests: int) -> TeacherError:
    return TeacherError(
        f"the teacher gave {replies} answers to {requests} requests; its `answers` has to yield one for each, a text or "
        "None where it declines"
    )
