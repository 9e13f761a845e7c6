"""A build that is killed, interrupted or started twice: the same command goes on, and ends as if nothing had been."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from building import arguments, hashes, invoke, spawn

from domaintune import files
from domaintune.training import sft

WORDS = ("--limit", 80, "--name", "killed")
LONGEST = 60


def go_on(words: list[str], runs: Path) -> tuple[str, str]:
    """Run the command to its end."""
    process = spawn(words, runs)
    stdout, stderr = process.communicate(timeout=LONGEST)
    assert process.returncode == 0, stderr
    return stdout, stderr


def kill_after(words: list[str], runs: Path, seconds: float) -> bool:
    """Kill the command's whole process group some time after it began to work; tells whether it was still running."""
    process = spawn(words, runs)
    heard = until(process, "data: ")
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    _, rest = process.communicate()
    assert process.returncode in {0, -signal.SIGKILL}, heard + rest
    return process.returncode != 0


def until(process: subprocess.Popen[str], words: str) -> str:
    """Read stderr until a line that has the words."""
    assert process.stderr is not None
    heard = ""
    for line in process.stderr:
        heard += line
        if words in line:
            return heard
    pytest.fail(f"{words!r} was never said: {heard}")


@pytest.fixture(scope="module")
def whole(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], float]:
    """The hashes of an uninterrupted build, and how many seconds it worked."""
    folder = tmp_path_factory.mktemp("whole")
    process = spawn(arguments(tiny, *WORDS), folder)
    heard = until(process, "data: ")
    began = time.monotonic()
    _, rest = process.communicate(timeout=LONGEST)
    assert process.returncode == 0, heard + rest
    return hashes(folder / "medical-killed"), time.monotonic() - began


@pytest.mark.timeout(300)
def test_killed_three_times_a_build_ends_with_the_same_bytes(
    whole: tuple[dict[str, str], float], tiny: Path, tmp_path: Path
) -> None:
    expected, seconds = whole
    words, moments = arguments(tiny, *WORDS), random.Random(20)
    killed = [kill_after(words, tmp_path, moments.uniform(0.05, 0.45) * seconds) for _ in range(3)]
    assert killed[0]
    go_on(words, tmp_path)
    assert hashes(tmp_path / "medical-killed") == expected
    assert leftovers(tmp_path / "medical-killed") == []


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(50))
def test_killed_at_any_moment_a_build_ends_with_the_same_bytes(
    whole: tuple[dict[str, str], float], tiny: Path, tmp_path: Path, seed: int
) -> None:
    expected, seconds = whole
    words, moments = arguments(tiny, *WORDS), random.Random(seed)
    while kill_after(words, tmp_path, moments.uniform(0, 1.1) * seconds):
        pass
    go_on(words, tmp_path)
    assert hashes(tmp_path / "medical-killed") == expected
    assert leftovers(tmp_path / "medical-killed") == []


def leftovers(run: Path) -> list[str]:
    """Return what unfinished work has left in a run folder."""
    return [path.name for path in run.rglob(".*") if path.name != ".lock"] + [p.name for p in run.rglob("checkpoint-*")]


@pytest.mark.timeout(300)
def test_ctrl_c_exits_130_without_a_traceback_and_training_goes_on_from_its_checkpoint(
    whole: tuple[dict[str, str], float], tiny: Path, tmp_path: Path
) -> None:
    words = arguments(tiny, *WORDS)
    process = spawn(words, tmp_path)
    heard = until(process, "step 6/24")  # the checkpoint of step 4 is there
    process.send_signal(signal.SIGINT)
    stdout, rest = process.communicate(timeout=LONGEST)
    assert process.returncode == 130, heard + rest
    assert "Traceback" not in heard + rest
    assert rest.rstrip().endswith("interrupted; the same command goes on where this one stopped")
    assert stdout == ""
    _, said = go_on(words, tmp_path)
    assert "data: unchanged" in said
    assert re.search(r"going on from checkpoint-\d+", said)
    assert hashes(tmp_path / "medical-killed") == whole[0]


@pytest.mark.alone
def test_a_second_build_of_the_same_run_is_refused_at_once(tiny: Path, tmp_path: Path) -> None:
    words = arguments(tiny, *WORDS, train__steps=10_000)
    first = spawn(words, tmp_path)
    try:
        until(first, "data: working")
        began = time.monotonic()
        second = spawn(words, tmp_path)
        stdout, stderr = second.communicate(timeout=LONGEST)
        assert time.monotonic() - began < 10
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()
    assert (second.returncode, stdout) == (2, "")
    assert "is being built by another process" in stderr
    assert "--name" in stderr


def test_what_a_kill_kept_from_its_place_is_put_there(tiny: Path, tmp_path: Path) -> None:
    """Between the record of a stage and the renaming of its folder lies a moment; a kill may fall into it."""
    words, run = arguments(tiny, *WORDS, train__steps=2), tmp_path / "runs/medical-killed"
    assert invoke(words).exit_code == 0
    expected = hashes(run)
    key = files.read_json(run / "stages.json")["train"]["fingerprint"]
    (run / "train").rename(run / f".train-{key}")
    assert invoke(words).stderr.count("unchanged, nothing to do") == 4
    assert hashes(run) == expected
    assert leftovers(run) == []


def test_stopped_after_the_last_step_training_takes_no_further_one(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """24 steps end within an epoch; with a constant learning rate a 25th would change the weights."""
    settings = {"train__schedule": "constant", "eval__draws": 20}
    whole = arguments(tiny, "--limit", 80, "--name", "whole", verb="train", **settings)
    stopped = arguments(tiny, "--limit", 80, "--name", "stopped", verb="train", **settings)
    assert invoke(whole).exit_code == 0

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sft, "draw_loss", stop)  # after the last step, before the adapter is written
        assert invoke(stopped).exit_code == 130
    result = invoke(stopped)
    assert "going on from checkpoint-" in result.stderr
    names = ("train/train_log.jsonl", "train/adapter/adapter_model.safetensors")
    assert hashes(tmp_path / "runs/medical-stopped", names) == hashes(tmp_path / "runs/medical-whole", names)
