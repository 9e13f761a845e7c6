"""A build of the code domain on a tiny model: seeds proven, programs run, pass@k told, and nothing done twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from building import arguments, invoke, runs_in

from domaintune import files
from domaintune.sandbox import SandboxError, open_sandbox

LOW = {
    "train__steps": 2,
    "eval__limit": 5,
    "eval__max_new_tokens": 4,
    "train__max_length": 900,
    "data__test_fraction": 0.1,
}


@pytest.fixture(scope="module")
def built(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A finished run with two samples an item, and the words of its command."""
    try:
        open_sandbox()
    except SandboxError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("programs")
    words = arguments(tiny, "--limit", 12, "--name", "runs", **LOW, eval__n=2, eval__temperature=0.7)
    words[1] = "code"
    with runs_in(folder):
        result = invoke(words)
    assert result.exit_code == 0, result.stderr
    return folder / "code-runs", words


def test_every_row_keeps_its_tests_their_verdict_its_time_and_the_tier(built: tuple[Path, list[str]]) -> None:
    rows = list(files.read_jsonl(built[0] / "data" / "train.jsonl"))
    assert len(rows) >= 9
    for row in rows:
        meta = row["meta"]
        assert (meta["verdict"], meta["tier"]) == ("passed", "T1")
        assert meta["tests"].strip()
        assert meta["seconds"] > 0


def test_the_report_has_pass_at_k_of_both_models_and_results_a_problem(built: tuple[Path, list[str]]) -> None:
    report = files.read_json(built[0] / "report.json")
    found = {(row["system"], row["metric"]) for row in report["scores"] if row["tag"] == "all"}
    assert {("base", "pass@1"), ("tuned", "pass@1")} <= found
    assert report["decoding"]["n"] == 2
    results = list(files.read_jsonl(built[0] / "evaluation" / "results.jsonl"))
    assert {row["system"] for row in results} >= {"base", "tuned"}
    assert all(row["scores"][0]["reason"] for row in results)


def test_the_same_command_does_nothing_again(built: tuple[Path, list[str]]) -> None:
    before = (built[0] / "stages.json").read_bytes()
    with runs_in(built[0].parent):
        result = invoke([*built[1], "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["report"]["decoding"]["n"] == 2
    assert (built[0] / "stages.json").read_bytes() == before
