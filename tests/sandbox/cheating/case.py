"""How a cheat is written down: a solution that solves nothing, and tests that it may not pass.

The task is always as simple as a sum; each cheat comes with the same tests unless it needs others. A cheat may fail, crash,
be stopped or run out of time, as `verdicts` says; `passed` is never among them.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from domaintune.sandbox import Program

TOTAL = """\
assert total([1, 2, 3]) == 6
assert total([]) == 0
assert total([10, -4]) == 6
"""
"""The tests of nearly all cheats: `total` adds numbers."""
HONEST = "def total(xs):\n    return sum(xs)\n"


@dataclass(frozen=True, kw_only=True)
class Cheat:
    """A solution that wants to be scored without solving."""

    name: str
    source: str
    tests: str
    verdicts: frozenset[str]
    functions: tuple[str, ...] = ()

    @property
    def program(self) -> Program:
        return Program(source=self.source, tests=self.tests, functions=self.functions)


CHEATS: list[Cheat] = []


def cheat(name: str, source: str, *verdicts: str, tests: str = TOTAL, functions: tuple[str, ...] = ()) -> None:
    """Add a cheat; without `verdicts` it has to be `failed`. `functions` is what the tests insist on."""
    source, tests = textwrap.dedent(source).strip() + "\n", textwrap.dedent(tests).strip() + "\n"
    given = frozenset(verdicts or ("failed",))
    CHEATS.append(Cheat(name=name, source=source, tests=tests, verdicts=given, functions=functions))


def liar(name: str, body: str, *verdicts: str, tests: str = TOTAL, base: str = "") -> None:
    """Add a cheat whose function returns an instance of a class with this body."""
    head = f"class Liar({base}):" if base else "class Liar:"
    inside = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    cheat(name, f"{head}\n{inside}\n\ndef total(xs):\n    return Liar()\n", *verdicts, tests=tests)
