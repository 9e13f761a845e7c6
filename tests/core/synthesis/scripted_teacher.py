"""Teachers that say what a test tells them to, and the tasks they are given."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from domaintune import Dropped, Message, Origin, Sampling, Usage
from domaintune.synthesis import GENERAL, Acceptance, EvolveOptions, Recipe, Task, evolve

MORE = "Explain every step to a newcomer who has never seen such things, and name {} sources."


def kind_of(messages: Sequence[Message]) -> str:
    """Say what is asked for: evolve, judge or answer."""
    text = messages[-1]["content"]
    return "judge" if "EQUAL or DIFFERENT" in text else "evolve" if "[end of task]" in text else "answer"


def task_in(messages: Sequence[Message]) -> str:
    """Return the task that stands in a request to evolve it."""
    return re.search(r"\[task\]\n(.*)\n\[end of task\]", messages[-1]["content"], re.DOTALL)[1]


class Scripted:
    """Answers one after the other: `evolve`, `judge` and `answer` are functions of the request."""

    def __init__(
        self,
        evolve: Callable[[Sequence[Message], Sampling], str | None] | None = None,
        judge: str | None = "DIFFERENT",
        answer: str | None = "Here it is, step by step.",
    ) -> None:
        self.evolve = evolve or (lambda messages, sampling: f"{task_in(messages)} {MORE.format(sampling.seed)}")
        self.replies = {"judge": judge, "answer": answer}
        self.asked: list[tuple[str, str, Sampling]] = []

    def answer(self, messages: Sequence[Message], sampling: Sampling) -> str | None:
        kind = kind_of(messages)
        self.asked.append((kind, messages[-1]["content"], sampling))
        return self.evolve(messages, sampling) if kind == "evolve" else self.replies[kind]


class Crowd(Scripted):
    """The same, many at once, which take more or less long, and with a count of what was spent."""

    def __init__(self, workers: int, **script: object) -> None:
        super().__init__(**script)
        self.workers = workers

    @property
    def usage(self) -> Usage:
        return Usage(requests=len(self.asked), cached=3, prompt_tokens=900, completion_tokens=100, cost=0.25)

    def answers(self, several: Iterable[Sequence[Message]], samplings: Iterable[Sampling]) -> Iterator[str | None]:
        with ThreadPoolExecutor(self.workers) as pool:
            yield from pool.map(self.answer, several, samplings)


def seeds(count: int, answer: str | None = "As it was.") -> list[Task]:
    return [
        Task(
            text=f"Describe thing number {n}.", origin=Origin(source="seeds.csv", place=f"line {n + 2}"), answer=answer
        )
        for n in range(count)
    ]


def run(
    tasks: Iterable[Task],
    teacher: object,
    recipe: Recipe = GENERAL,
    *,
    seed: int = 0,
    acceptance: Acceptance | None = None,
    **options: object,
) -> tuple[list[Task], list[Dropped]]:
    """Evolve to the end: the tasks, and what was dropped."""
    items = list(
        evolve(tasks, recipe, teacher, EvolveOptions(**options), rng=random.Random(seed), acceptance=acceptance)
    )
    return [i for i in items if isinstance(i, Task)], [i for i in items if isinstance(i, Dropped)]
