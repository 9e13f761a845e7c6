"""What Evol-Instruct costs besides the teacher: milliseconds a request, with a teacher that answers at once.

1,000 seeds of about 60 words, one round with judge and answers. One task in ten is eliminated, so that every rule is at
work. The teacher's own time, measured by asking it the same once more, is taken off; drawing, filling the frames,
elimination and lineage remain.

Run: python benchmarks/bench_evolve.py [seeds]
"""

from __future__ import annotations

import random
import resource
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Sequence

from domaintune import Message, Origin, Sampling, ask_teacher
from domaintune.synthesis import GENERAL, Acceptance, EvolveOptions, Task, evolve

AT_MOST, ROUNDS = 3.0, 5
WORDS = (
    "river", "stone", "winter", "market", "ledger", "copper", "signal", "garden", "engine", "letter", "window",
    "harbour", "number", "thread", "planet", "mirror",
)  # fmt: skip


class Instant:
    """Answers at once and writes down what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Sequence[Message], Sampling]] = []

    def answers(self, several: Iterable[Sequence[Message]], samplings: Iterable[Sampling]) -> Iterator[str | None]:
        for messages, sampling in zip(several, samplings, strict=True):
            self.asked.append((messages, sampling))
            yield reply(messages[-1]["content"], sampling.seed)


def reply(text: str, seed: int) -> str | None:
    if "EQUAL or DIFFERENT" in text:
        return "EQUAL" if seed % 50 == 0 else "DIFFERENT"
    if "[end of task]" not in text:
        return f"Answer {seed}. " + text
    task = text.partition("[task]\n")[2].partition("\n[end of task]")[0]
    faults = {0: None, 1: task, 2: "I'm sorry, but I cannot help with that.", 3: f"New task: {task} {seed}"}
    return faults.get(seed % 40, f"{task} Then also show, with {seed} in mind, which of these steps could be left out.")


def seeds(count: int) -> list[Task]:
    rng = random.Random(0)
    return [
        Task(
            text=f"Task {n}: explain in order how the "
            + " and the ".join(rng.choices(WORDS, k=18))
            + " belong together.",
            origin=Origin(source="seeds", place=f"line {n + 1}"),
            answer="They belong together.",
        )
        for n in range(count)
    ]


def once(tasks: list[Task]) -> tuple[float, int, Acceptance]:
    """Return the milliseconds a request besides the teacher's, how many there were, and what was accepted."""
    teacher, acceptance = Instant(), Acceptance()
    start = time.perf_counter()
    items = list(evolve(tasks, GENERAL, teacher, EvolveOptions(), rng=random.Random(0), acceptance=acceptance))
    whole = time.perf_counter() - start
    assert len(items) == 2 * len(tasks)
    asked, again = teacher.asked, Instant()
    start = time.perf_counter()
    for _ in ask_teacher(again, (messages for messages, _ in asked), (sampling for _, sampling in asked)):
        pass
    bare = time.perf_counter() - start
    return 1000 * (whole - bare) / len(asked), len(asked), acceptance


def main() -> int:
    tasks = seeds(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    runs = [once(tasks) for _ in range(ROUNDS)]
    times = [spent for spent, _, _ in runs]
    _, requests, acceptance = runs[0]
    print(acceptance.sentence(1))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{len(tasks):,} seeds, {requests:,} requests; peak memory {peak} MB")
    median = statistics.median(times)
    print(f"{median:.3f} ms a request ({min(times):.3f}-{max(times):.3f}, {ROUNDS} runs); at most {AT_MOST:.0f}")
    return 0 if median <= AT_MOST else 1


if __name__ == "__main__":
    sys.exit(main())
