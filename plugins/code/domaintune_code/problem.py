"""A problem with tests: what every benchmark becomes, and how it becomes an item that a model is asked.

row      {"task_id": "own/1", "prompt": "def double(n): ...", "entry_point": "double", "test": "def check(..."}
item     asks for the function; its meta holds all that is needed to run the tests against an answer
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domaintune import DataError, Example, Message, Origin, records
from domaintune_code.prompts import asked_for, fenced


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A function to be written and the tests it must pass.

    `text` is what is asked where there is no `prompt`, and `topic` the task alone, by which problems are told apart.
    `prompt` is the beginning of the program that an answer completes, empty where an answer is the whole program.
    `tests` are plain Python that uses the function by its name `entry`; `plus` are extra tests that come on top, and
    where there are none but these `tests` is empty. `solution` is a whole program that passes, if one is known.
    """

    task_id: str
    entry: str
    text: str
    prompt: str
    tests: str
    origin: Origin
    plus: str = ""
    solution: str = ""
    topic: str = ""
    tag: str = ""

    @property
    def name(self) -> str:
        """What people call it: `HumanEval/12`; `MBPP/12` for a task that the file calls 12."""
        return f"{self.tag}/{self.task_id}" if self.task_id.isdecimal() and self.tag else self.task_id

    def item(self) -> Example:
        """Return the problem as a model is asked it."""
        meta = {"task_id": self.task_id, "entry_point": self.entry, "prompt": self.prompt, "test": self.tests}
        return Example(
            prompt=(Message(role="user", content=asked_for(self.prompt) if self.prompt else self.text),),
            completion=(Message(role="assistant", content=fenced(self.solution)),) if self.solution else (),
            origin=self.origin,
            tags=frozenset({self.tag} if self.tag else ()),
            group=self.topic or self.text,
            meta=meta | ({"plus_test": self.plus} if self.plus else {}),
        )


@dataclass(frozen=True)
class Fields:
    """The fields of one row of a benchmark; what is missing or no text is said with the file and the row."""

    values: Mapping[str, Any]
    origin: Origin

    def text(self, *names: str, default: str | None = None) -> str:
        """Return the first of these fields that is there."""
        value = next((self.values[name] for name in names if self.values.get(name) is not None), default)
        if isinstance(value, str):
            return value
        raise self.wrong(f"no text {' or '.join(map(repr, names))}")

    def texts(self, name: str) -> list[str]:
        """Return a field that is a list of texts; an empty one where it is missing."""
        value = self.values.get(name)
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return value
        raise self.wrong(f"{name!r} is no list of texts")

    def wrong(self, why: str) -> DataError:
        """Return the error that says what is wrong with this row."""
        return DataError(f"{self.origin}: {why}; every row must be a problem, see docs/code-eval.md")


def rows(source: str) -> Iterator[Fields]:
    """Yield the rows of a file or a hub data set, each with its place."""
    return (Fields(values, origin) for values, origin in records(source))


def refuse_repeats(problems: list[Problem], source: str) -> list[Problem]:
    """Return the problems, or say that there are none or which of them comes twice."""
    if not problems:
        raise DataError(f"{source} holds no problem; give a file of problems, see docs/code-eval.md")
    seen: dict[str, Problem] = {}
    for problem in problems:
        if problem.task_id in seen:
            raise DataError(f"{problem.origin}: task {problem.task_id!r} is also in {seen[problem.task_id].origin}")
        seen[problem.task_id] = problem
    return problems
