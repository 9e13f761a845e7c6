"""Many runs from many threads leave nothing behind."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
from corpus_runs import opened
from load import LIMITS, MIX, OwnFolder, resident, state, storm

from domaintune.sandbox import Sandbox

pytestmark = pytest.mark.alone  # what runs cost, and leave behind


@pytest.fixture(scope="module")
def box() -> Sandbox:
    return opened("T1")


def test_eighty_runs_from_eight_threads_leave_nothing_behind(box: Sandbox, tmp_path: Path) -> None:
    with OwnFolder(tmp_path) as folder:
        storm(box, 8, 8)
        before, held = state(folder), resident()
        wrong = storm(box, 80, 8)
        assert state(folder) == before
        assert resident() - held < 16 << 20
    assert not wrong


def test_a_run_that_is_given_up_half_way_leaves_nothing_behind(box: Sandbox, tmp_path: Path) -> None:
    with OwnFolder(tmp_path) as folder:
        before = state(folder)
        several = box.run_all([MIX[0]] * 20, LIMITS)
        assert next(several).passed
        several.close()
        assert state(folder) == before


def test_a_run_costs_little_more_than_a_bare_interpreter(box: Sandbox) -> None:
    """The exact number is measured by benchmarks/bench_sandbox.py; here only that nothing is out of all proportion."""
    bare, ours = [], []
    for _ in range(7):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-I", "-S", "-c", "pass"], check=True)
        middle = time.perf_counter()
        assert box.run(MIX[0]).passed
        bare.append(middle - began)
        ours.append(time.perf_counter() - middle)
    assert statistics.median(ours) - statistics.median(bare) < 0.5


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_two_thousand_runs_from_eight_threads_leave_nothing_behind(box: Sandbox, tmp_path: Path) -> None:
    with OwnFolder(tmp_path) as folder:
        storm(box, 200, 8)
        before, held = state(folder), resident()
        wrong = storm(box, 2000, 8)
        assert state(folder) == before
        assert resident() - held < 16 << 20
    assert not wrong
