"""What a domain brings to evolve its tasks: operators, the frames around them, and what it refuses on its own account."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from domaintune.contracts import Message
from domaintune.synthesis.task import Task

Refuse: TypeAlias = Callable[[Task], str | None]
"""Says why an evolved task, not answered yet, is eliminated; None keeps it."""
Finish: TypeAlias = Callable[[Task, str], Task | str]
"""Makes the answered task of a task and the teacher's reply, or says why it is eliminated."""

JUDGE = (
    "Below are two tasks. Do they ask for the same: with the same conditions, as difficult, and going as deep into the "
    "matter? They do where somebody who can do the first can do the second without knowing or doing anything more.\n\n"
    "[first]\n{parent}\n[second]\n{task}\n[end]\n\nReply with one word and nothing else: EQUAL or DIFFERENT."
)
_PLACE = re.compile(r"\{(method|parent|task)\}")


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One way to make a new task of a task: `method` is what the teacher is told to do, a sentence or two.

    An operator in breadth asks for another task of the same kind instead of a harder version of this one. One of weight 2
    is drawn twice as often as one of weight 1.
    """

    name: str
    method: str
    breadth: bool = False
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the tasks of a domain evolve.

    `frame` is the request around an operator's `{method}` and the `{task}`, `breadth_frame` that of operators in breadth.
    `leaks` are phrases that belong to the frames: a task that says one, and whose parent does not, is eliminated. `judge`
    asks whether `{task}` is EQUAL to its `{parent}` or DIFFERENT (None: no one is asked), `answer` for the answer to
    `{task}`; `system` stands before every request. Braces around other words are left as they are.

    `refuse` and `finish` are a domain's own elimination: of a task before it is answered, and of an answer, which
    `finish` may also take apart (into `Task.answer` and `Task.meta`).
    """

    operators: tuple[Operator, ...]
    frame: str
    breadth_frame: str = ""
    leaks: tuple[str, ...] = ()
    judge: str | None = JUDGE
    answer: str = "{task}"
    system: str = ""
    refuse: Refuse | None = None
    finish: Finish | None = None

    def __post_init__(self) -> None:
        """Refuse operators that cannot be drawn, and frames without a place for what belongs in them."""
        names = [operator.name for operator in self.operators]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"operators {names}: give one or more, each with a name of its own")
        if any(operator.weight < 0 for operator in self.operators) or not sum(self._weights):
            raise ValueError(f"weights {self._weights}: give none below 0, and one above")
        _check("frame", self.frame, "method", "task")
        _check("answer", self.answer, "task")
        if any(operator.breadth for operator in self.operators):
            _check("breadth_frame", self.breadth_frame, "method", "task")
        if self.judge is not None:
            _check("judge", self.judge, "parent", "task")

    @property
    def _weights(self) -> list[float]:
        return [operator.weight for operator in self.operators]

    def draw(self, rng: random.Random) -> Operator:
        """Draw an operator by its weight."""
        return rng.choices(self.operators, self._weights)[0]

    def around(self, operator: Operator) -> str:
        """Return the frame of an operator."""
        return self.breadth_frame if operator.breadth else self.frame

    def to_evolve(self, task: Task, operator: Operator) -> list[Message]:
        """Return what the teacher is asked to evolve a task."""
        return self._request(self.around(operator), {"method": operator.method, "task": task.text})

    def to_judge(self, task: Task) -> list[Message]:
        """Return what the judge is asked about an evolved task and its parent."""
        parent = task.parent.text if task.parent else ""
        return self._request(self.judge or JUDGE, {"parent": parent, "task": task.text})

    def to_answer(self, task: Task) -> list[Message]:
        """Return what the teacher is asked for the answer to a task."""
        return self._request(self.answer, {"task": task.text})

    def _request(self, frame: str, values: Mapping[str, str]) -> list[Message]:
        system = [Message(role="system", content=self.system)] if self.system else []
        return [*system, Message(role="user", content=fill(frame, values))]


def fill(frame: str, values: Mapping[str, str]) -> str:
    """Put the values into the places of a frame: what stands in a value is never taken for a place."""
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), frame)


def _check(name: str, frame: str, *places: str) -> None:
    missing = [f"{{{place}}}" for place in places if f"{{{place}}}" not in frame]
    if missing:
        raise ValueError(f"{name} of the recipe lacks {' and '.join(missing)}: {frame[:60]!r}")
