"""A row in the making: a task with its answer, what is known of it, and how it is written as an example."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from domaintune import Example, Message, Origin
from domaintune_code.answers import functions, loaded, parsed
from domaintune_code.options import ProofOptions
from domaintune_code.prompts import asked_for, fenced, head_of


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A task and its answer; `solution` is the program in the answer, empty where there is no Python in it."""

    task: str
    answer: str
    origin: Origin
    solution: str = ""
    tests: str = ""
    entry: str = ""
    language: str = "python"
    group: str = ""
    tags: frozenset[str] = frozenset()
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The function that the tests are about: as given, else the first of the solution that the tests mention."""
        return self.entry or entry_of(self.solution, self.tests)


def entry_of(solution: str, tests: str) -> str:
    """Return the first function of a program that its tests mention; one that hides a builtin only if there is no other.

    Without tests it is the last function, which usually stands behind those that help it.
    """
    tree = parsed(solution)
    names = functions(tree) if tree is not None else []
    checks = parsed(tests)
    if checks is None:
        return names[-1] if names else ""
    mentioned = [name for name in names if name in loaded(checks)]
    return next((name for name in mentioned if not hasattr(builtins, name)), mentioned[0] if mentioned else "")


def example_of(draft: Draft, options: ProofOptions, proof: Mapping[str, Any], tags: Iterable[str] = ()) -> Example:
    """Write a draft as an example: the question in the form of the options, the answer in one code block.

    What it was proven with goes into `meta`.
    """
    program = {"solution": draft.solution, "entry": draft.name} if draft.solution else {}
    tests = {"tests": draft.tests} if draft.tests else {}
    return Example(
        prompt=(Message(role="user", content=_question(draft, options)),),
        completion=(Message(role="assistant", content=_answer(draft, options)),),
        origin=draft.origin,
        tags=draft.tags | {draft.language, *tags},
        group=draft.group or draft.task,
        meta={**draft.meta, **program, **tests, **proof},
    )


def _question(draft: Draft, options: ProofOptions) -> str:
    head = None
    if options.form == "function" and draft.solution:
        head = head_of(draft.task, draft.solution, draft.name)
    return draft.task if head is None else asked_for(head)


def _answer(draft: Draft, options: ProofOptions) -> str:
    bare = not draft.solution or options.prose
    return draft.answer.strip() if bare else fenced(draft.solution)
