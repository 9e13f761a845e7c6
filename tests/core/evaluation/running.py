"""An evaluator that runs what it grades, in a sandbox that only looks: no test of this room executes anything."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from domaintune import records
from domaintune.contracts import Component, Domain, Example, Message, Origin, Score
from domaintune.plugins import Catalog, Offer

PROBLEMS = 12


def problem(number: int) -> Example:
    return Example(
        prompt=(Message(role="user", content=f"Write the function number {number}, which returns {number * 11}."),),
        completion=(Message(role="assistant", content=f"return {number * 11}"),),
        origin=Origin(source="own.jsonl", place=f"line {number + 1}"),
        tags=frozenset({"easy" if number % 2 else "hard"}),
        meta={"task_id": f"own/{number}"},
    )


@dataclass(frozen=True, kw_only=True)
class RunnerOptions:
    """Where the items come from."""

    items: str = ""


class Sandbox:
    """Runs nothing: a program passes where it returns the right number."""

    def __init__(self, settings: Any) -> None:
        self.tier, self.ran = settings.tier, 0

    def passes(self, item: Example, answer: str) -> bool:
        self.ran += 1
        return answer.strip() == item.reference


class Runner:
    """Grades by running; `calls` remembers how it was asked."""

    def __init__(self, options: RunnerOptions | None = None) -> None:
        self.options = options or RunnerOptions()
        self.calls: list[str] = []
        self.sandbox: Any = None

    def run_in(self, sandbox: Any) -> None:
        self.sandbox = sandbox

    def items(self, _test: Sequence[Example]) -> list[Example]:
        if not self.options.items:
            return [problem(number) for number in range(PROBLEMS)]
        return [problem(row["number"]) for row, _ in records(self.options.items)]

    def grade(self, item: Example, answer: str) -> Score:
        raise AssertionError("many are graded at once")

    def grade_all(self, pairs: Sequence[tuple[Example, str]]) -> Iterator[list[Score]]:
        self.calls.append(f"all {len(pairs)}")
        for item, answer in pairs:
            passed = self.sandbox.passes(item, answer)
            yield [Score(metric="pass@1", value=float(passed), reason="passed" if passed else "failed")]

    def grade_samples(self, several: Sequence[tuple[Example, Sequence[str]]]) -> Iterator[list[Score]]:
        self.calls.append(f"samples {sum(len(answers) for _, answers in several)}")
        fewest = min(len(answers) for _, answers in several)
        for item, answers in several:
            right = [self.sandbox.passes(item, answer) for answer in answers]
            reason = f"{sum(right)} of {len(right)}"
            scores = [Score(metric="pass@1", value=sum(right) / len(right), reason=reason, proportion=True)]
            yield [*scores, *([Score(metric="pass@2", value=float(any(right)))] if fewest > 1 else [])]

    def given_away(self, train: Sequence[Example]) -> Mapping[int, str]:
        solved = {problem(number).reference: f"own/{number}" for number in range(PROBLEMS)}
        return {place: f"solves {solved[row.reference]}" for place, row in enumerate(train) if row.reference in solved}


def offered(*records: tuple[str, Component[Any] | Domain]) -> Catalog:
    """A catalog of one made plugin."""
    catalog = Catalog()
    catalog.add(Offer(kind=kind, record=record, owner="made", version="1") for kind, record in records)
    return catalog


def component(name: str, part: Any, options: type[Any] | None = None) -> Component[Any]:
    return Component(name=name, summary="-", load=lambda: part, options=options)


@pytest.fixture
def sandboxes(monkeypatch: pytest.MonkeyPatch) -> list[Sandbox]:
    """The sandboxes that were opened, in the place of the real room."""
    opened: list[Sandbox] = []
    room = ModuleType("domaintune.sandbox")

    def open_with(settings: Any) -> Sandbox:
        opened.append(Sandbox(settings))
        return opened[-1]

    room.open_with = open_with  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "domaintune.sandbox", room)
    return opened
