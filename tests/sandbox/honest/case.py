"""How an honest task is written down: a right solution, a wrong one, and tests that tell them apart.

Every task is run in several styles: asserts where they stand, a `test_` function, a unittest class, and a `check` that is
given the solution. A right solution has to pass in all, a wrong one has to fail in all.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from domaintune.sandbox import Program


@dataclass(frozen=True, kw_only=True)
class Honest:
    """A solution in one style of tests, and whether it is right."""

    task: str
    style: str
    source: str
    tests: str
    right: bool
    hard: bool
    """Whether two processes make it difficult: it is nice to have, and may be among the known limits."""

    @property
    def title(self) -> str:
        return f"{self.task}, {self.style}, {'right' if self.right else 'wrong'}"

    @property
    def program(self) -> Program:
        return Program(source=self.source, tests=self.tests)

    def fits(self, verdict: str) -> bool:
        return verdict == "passed" if self.right else verdict == "failed"


CASES: list[Honest] = []


def task(name: str, entry: str, right: str, wrong: str, tests: str, *, hard: bool = False) -> None:
    """Add a task in all styles; `entry` is the name that tests are about."""
    right, wrong, tests = (textwrap.dedent(text).strip() + "\n" for text in (right, wrong, tests))
    for style, written in _styles(entry, tests).items():
        for source, is_right in ((right, True), (wrong, False)):
            CASES.append(Honest(task=name, style=style, source=source, tests=written, right=is_right, hard=hard))


def _styles(entry: str, tests: str) -> dict[str, str]:
    once, twice = textwrap.indent(tests, "    "), textwrap.indent(tests, "        ")
    return {
        "asserts": tests,
        "a function": f"def test_it():\n{once}",
        "unittest": f"import unittest\n\n\nclass TestIt(unittest.TestCase):\n    def test_it(self):\n{twice}",
        "check": f"def check({entry}):\n{once}\n\ncheck({entry})\n",
    }
