"""Runs a corpus: many cases at once, each judged against what was expected of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from canaries import Canaries
from hostile.case import Case

from domaintune.sandbox import Limits, Result, Sandbox, SandboxError, Tier, open_sandbox

SHORT = Limits(cpu_seconds=1, seconds=15, memory=1 << 29, output=65_536, disk=16 << 20, files=256)


def opened(tier: Tier) -> Sandbox:
    """Return a sandbox of this tier for two programs at once; a test is skipped where it cannot be had."""
    try:
        return open_sandbox(tier, workers=2)
    except SandboxError as error:
        pytest.skip(f"tier {tier} cannot be had here: {error}")


def run_cases(cases: Iterable[Case], box: Sandbox, out: Canaries, together: int = 2) -> Iterator[tuple[Case, Result]]:
    """Yield each case with its result, in order; a dangerous one runs only after its probe was stopped."""

    def run(case: Case) -> tuple[Case, Result]:
        limits = replace(SHORT, **case.limits)
        probe = case.probing(out.words)
        if probe is not None:
            tried = box.run(probe, limits)
            if tried.verdict != "blocked":
                return case, tried
        return case, box.run(case.program(out.words), limits)

    with ThreadPoolExecutor(together) as pool:
        yield from pool.map(run, cases)


def misjudged(runs: Iterable[tuple[Case, Result]]) -> list[str]:
    """Return a line for each result that is not one of those expected."""
    return [
        f"{case.title}: {result.verdict}, {result.reason!r}; expected {said(case)}"
        for case, result in runs
        if not case.right(result.verdict, result.reason)
    ]


def said(case: Case) -> str:
    """Return the outcomes that are right for a case, as text."""
    return " or ".join(f"{outcome.verdict} /{outcome.reason}/" for outcome in case.expected)


def told(runs: Sequence[tuple[Case, Result]]) -> str:
    """Return all that programs printed and the sandbox said of them."""
    return "\n".join(f"{result.reason}\n{result.output}" for _, result in runs)
