"""Seed tasks out of files: Code Alpaca's rows, self-instruct's seed tasks, MBPP's rows, or this plugin's own form.

| form | fields |
|---|---|
| Code Alpaca | `instruction`, `input` (may be empty), `output` |
| self-instruct | `instruction`, `instances`: a list of `input` and `output`; the first one is used |
| own | `task`, `solution`, `tests` (asserts), `entry` (name of the function), `topic` |

Other names for these fields are known as well, MBPP's for one; `data.columns` names any others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from domaintune import BuildContext, Dropped, Field, Origin, Row
from domaintune.synthesis import Task
from domaintune_code.answers import code_of, parsed
from domaintune_code.drafts import Draft
from domaintune_code.languages import language_of
from domaintune_code.prompts import fenced

SAMPLE = Path(__file__).parent / "samples" / "seeds.jsonl"
FIELDS = (
    Field(name="task", aliases=("instruction", "question", "problem", "prompt", "text")),
    Field(name="input", required=False),
    Field(name="solution", aliases=("output", "code", "answer", "response", "completion"), required=False),
    Field(name="tests", aliases=("test", "test_list"), required=False, nested=True),
    Field(name="entry", aliases=("entry_point", "function"), required=False),
    Field(name="topic", aliases=("category",), required=False),
    Field(name="instances", required=False, nested=True),
)
NO_INPUT = frozenset({"", "<noinput>", "noinput", "no input", "none", "n/a"})
"""What stands in the input of a task that has none."""


@dataclass(frozen=True, kw_only=True)
class Seed:
    """A task to begin with, its answer as it was written (empty: none), and what is known beside it."""

    task: str
    answer: str
    origin: Origin
    tests: str = ""
    entry: str = ""
    topic: str = ""

    def draft(self) -> Draft:
        """Return the seed as a row in the making, with the program that its answer holds."""
        code = code_of(self.answer, self.entry or None)
        language = language_of(self.task, code)
        python = language == "python" and parsed(code) is not None
        return Draft(
            task=self.task,
            answer=fenced(code) if python else self.answer,
            origin=self.origin,
            solution=code if python else "",
            tests=self.tests,
            entry=self.entry,
            language=language,
            tags=frozenset({"seed", *([self.topic] if self.topic else ())}),
            meta={"lineage": Task(text=self.task, origin=self.origin).as_meta()},
        )


def read_seeds(context: BuildContext) -> Iterator[Seed | Dropped]:
    """Yield the seeds of the user's sources, or of the plugin's own sample, and say why of every row that is none."""
    for row in context.rows(*FIELDS, sample=SAMPLE):
        task, answer = _task_and_answer(row)
        if not task:
            yield Dropped(origin=row.origin, reason="no-task")
            continue
        yield Seed(
            task=task,
            answer=answer,
            origin=row.origin,
            tests=_tests(row["tests"]),
            entry=row["entry"].strip(),
            topic=row["topic"].strip(),
        )


def _task_and_answer(row: Row) -> tuple[str, str]:
    """Join instruction and input to what is asked, as Evol-Instruct reads Alpaca's rows."""
    given, answer = row["input"], row["solution"]
    first = _first_instance(row["instances"])
    if first is not None:
        given, answer = first
    parts = [row["task"].strip()]
    if parts[0] and given.strip().casefold() not in NO_INPUT:
        parts.append(given.strip("\n").rstrip())
    return "\n\n".join(parts), answer.strip("\n").rstrip()


def _first_instance(text: str) -> tuple[str, str] | None:
    """Return input and output of the first of self-instruct's instances; None where there are none."""
    found = _json(text)
    first = found[0] if isinstance(found, list) and found else None
    if not isinstance(first, dict):
        return None
    return str(first.get("input") or ""), str(first.get("output") or "")


def _tests(text: str) -> str:
    """Return tests as one program: a list of asserts is joined line by line."""
    found = _json(text) if text.lstrip().startswith("[") else None
    if isinstance(found, list) and all(isinstance(line, str) for line in found):
        return "\n".join(found)
    return text.strip("\n").rstrip()


def _json(text: str) -> object:
    try:
        return json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        return None
