"""A task, and where it comes from: the seed at its root and each step that was taken from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from domaintune.contracts import Example, Message, Origin


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of evolution: the round, and the operator that made the new task."""

    round: int
    operator: str


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something to ask for, and its answer where it has one. A seed has neither lineage nor parent."""

    text: str
    origin: Origin
    answer: str | None = None
    lineage: tuple[Step, ...] = ()
    parent: Task | None = field(default=None, repr=False)
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def seed(self) -> Task:
        """The task at the root of the lineage, itself where it is a seed."""
        return self.parent.seed if self.parent else self

    def evolved(self, text: str, step: Step) -> Task:
        """Return the task that a step has made of this one, still without an answer."""
        return Task(text=text, origin=self.origin_in(step.round), lineage=(*self.lineage, step), parent=self)

    def origin_in(self, number: int) -> Origin:
        """Return where a task of that round comes from: `seeds.csv, line 3, round 2`."""
        origin = self.seed.origin
        return replace(origin, place=f"{origin.place}, round {number}" if origin.place else f"round {number}")

    def as_meta(self) -> dict[str, Any]:
        """Return the lineage in plain values, for `Example.meta`: `round` is 0 and `parent` None for a seed."""
        return {
            "seed": str(self.seed.origin),
            "round": self.lineage[-1].round if self.lineage else 0,
            "operators": [step.operator for step in self.lineage],
            "parent": self.parent.text if self.parent else None,
        }

    def example(self, system: str = "", tags: Iterable[str] = ()) -> Example:
        """Return the example that teaches this task; raises ValueError where it has no answer.

        All tasks that come from one seed are relatives: they stand on one side of the split. The tag says `seed`, or the
        round (`round-1`).
        """
        if self.answer is None:
            raise ValueError(f"the task of {self.origin} has no answer to learn from")
        name = f"round-{self.lineage[-1].round}" if self.lineage else "seed"
        return Example(
            prompt=(
                *((Message(role="system", content=system),) if system else ()),
                Message(role="user", content=self.text),
            ),
            completion=(Message(role="assistant", content=self.answer),),
            origin=self.origin,
            tags=frozenset({name, *tags}),
            group=self.seed.text,
            meta={**self.meta, "lineage": self.as_meta()},
        )
