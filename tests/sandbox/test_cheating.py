"""Solutions that want to be scored as passed and solve nothing: none is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cheating import CHEATS, HONEST, TOTAL
from corpus_runs import SHORT, opened
from plain_python import holds

from domaintune.sandbox import Program, Sandbox

pytestmark = pytest.mark.alone  # limits of time; its programs keep every processor busy

LIMITS = replace(SHORT, cpu_seconds=3)


@pytest.fixture(scope="module")
def box() -> Sandbox:
    return opened("T1")


def test_there_are_a_hundred_cheats_of_different_kinds() -> None:
    assert len(CHEATS) >= 100
    assert (
        len({cheat.name for cheat in CHEATS}) == len({(cheat.source, cheat.tests) for cheat in CHEATS}) == len(CHEATS)
    )


def test_no_cheat_passes_and_each_gets_its_verdict(box: Sandbox) -> None:
    results = list(zip(CHEATS, box.run_all((cheat.program for cheat in CHEATS), LIMITS), strict=True))
    assert not [cheat.name for cheat, result in results if result.passed]
    assert not [
        f"{cheat.name}: {result.verdict}, {result.reason}"
        for cheat, result in results
        if result.verdict not in cheat.verdicts
    ]


def test_the_honest_solution_passes_the_same_tests(box: Sandbox) -> None:
    tests = sorted({cheat.tests for cheat in CHEATS if holds(HONEST, cheat.tests)})
    assert TOTAL in tests
    assert len(tests) >= 20
    results = box.run_all((Program(source=HONEST, tests=text) for text in tests), LIMITS)
    assert not [(text, result.reason) for text, result in zip(tests, results, strict=True) if not result.passed]
