"""Hundreds of broken and hostile pictures: each a line of the ledger, none of them in the data, and little memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("hostile")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(HERE / "all_hostile.py"), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [*sys.path]))},
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) | {"folder": folder}


def test_each_hostile_picture_is_one_line_of_the_ledger(built: Any) -> None:
    assert len(built["hostile"]) >= 300
    lines = Counter(name for name, _, _ in built["dropped"])
    assert lines == Counter(list(built["hostile"]))
    assert {reason for _, reason, _ in built["dropped"]} == {"image"}
    assert built["rows"] == len(built["hostile"]) + len(built["good"])


def test_each_is_refused_for_what_is_wrong_with_it(built: Any) -> None:
    reasons = {name: detail.partition(": ")[0] for name, _, detail in built["dropped"]}
    wrong = {name: reason for name, reason in reasons.items() if reason not in built["hostile"][name].split("|")}
    assert not wrong
    assert all(detail.isprintable() and len(detail) < 400 and ";" in detail for _, _, detail in built["dropped"])


def test_the_good_ones_beside_them_come_through(built: Any) -> None:
    assert sorted(built["kept"]) == sorted(built["good"])
    kept = sorted(path.name for path in (built["folder"] / "data" / "images").iterdir())
    assert len(kept) == len({(built["folder"] / "pictures" / name).read_bytes() for name in built["good"]})


def test_they_take_little_memory(built: Any) -> None:
    peak = built["peak"] / 1024
    print(f"peak memory of {len(built['hostile'])} hostile pictures: {peak:.0f} MB")  # noqa: T201  (the figure)
    assert peak < 1024
