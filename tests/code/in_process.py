"""A stand-in for the sandbox that runs trusted programs in this process: quick, and safe only for what tests wrote."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Iterator
from typing import Any

from domaintune.sandbox import Program, Result


class InProcess:
    """Runs solution and tests one after the other in one namespace, and counts what it ran."""

    tier = "unsafe"

    def __init__(self, *, fails: frozenset[str] = frozenset()) -> None:
        self.ran: list[Program] = []
        self._fails = fails

    def run(self, program: Program, limits: Any = None) -> Result:
        self.ran.append(program)
        if any(text in program.source for text in self._fails):
            return Result(verdict="sandbox_error", reason="no kernel today", tier="unsafe")
        space: dict[str, Any] = {"__name__": "solution"}
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(program.source, "solution", "exec", dont_inherit=True), space)
                exec(compile(program.tests, "tests", "exec", dont_inherit=True), space)
        except TimeoutError as error:
            return Result(verdict="timeout", reason=str(error), tier="unsafe", output=printed.getvalue())
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            return Result(verdict="failed", reason=reason, tier="unsafe", output=printed.getvalue())
        return Result(verdict="passed", tier="unsafe", output=printed.getvalue())

    def run_all(self, programs: Iterable[Program], limits: Any = None) -> Iterator[Result]:
        return (self.run(program, limits) for program in programs)
