"""A teacher that is killed while it asks a bad server, and goes on: none lost, none doubled, none paid for twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import chaotic
from chaotic import Chaos, Running, killed_and_resumed, prompt, said

REQUESTS, KILLS, CONCURRENCY = 300, 2, 8


def test_a_killed_run_goes_on_and_asks_for_nothing_twice(tmp_path: Path) -> None:
    with Running(Chaos(faults=0.2, delay=0.002)) as server:
        found = killed_and_resumed(server.url, tmp_path, REQUESTS, KILLS, CONCURRENCY, stream=True)
    rows = [json.loads(line) for line in found.rows.splitlines()]
    assert rows == [[number, said(prompt(number), number)] for number in range(REQUESTS)]
    assert found.repeated == 0, "what was kept was not asked again"
    assert sorted(found.answered) == sorted(prompt(number) for number in range(REQUESTS))
    assert sum(found.answered.values()) <= REQUESTS + KILLS * CONCURRENCY, "only what was in flight was asked once more"
    assert sum(found.tried.values()) > 1.1 * REQUESTS, "the server did misbehave"


def test_two_processes_may_share_a_store(tmp_path: Path) -> None:
    with Running(Chaos(delay=0.002)) as server:
        settings = [server.url, tmp_path / "answers.sqlite"]
        running = [
            subprocess.Popen(
                [sys.executable, chaotic.__file__, "--ask", *map(str, [*settings, tmp_path / name, 200, 8, False])]
            )
            for name in ("one.jsonl", "two.jsonl")
        ]
        assert [process.wait(timeout=100) for process in running] == [0, 0]
    one, two = ((tmp_path / name).read_text("utf-8") for name in ("one.jsonl", "two.jsonl"))
    assert one == two
    assert len(one.splitlines()) == 200
