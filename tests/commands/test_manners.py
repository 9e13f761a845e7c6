"""How the commands behave: results on stdout, the rest on stderr, nothing written that was only asked about."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
from cli_support import reports, run, tree

from domaintune import __version__, cli, console
from domaintune.commands import common
from domaintune.errors import GateError

PROGRAM = str(Path(sys.executable).with_name("domaintune"))


def words(tiny: Path, *more: object) -> list[str]:
    return ["--set", f"model.base={tiny}", "--set", "train.steps=2", *map(str, more)]


@pytest.mark.parametrize(
    "asked", [["data", "--preview", "3"], ["data", "--preview", "3", "--json"], ["build", "--dry-run"],
              ["build", "--dry-run", "--json"], ["train", "--dry-run"], ["eval", "--dry-run"]], ids=" ".join,
)  # fmt: skip
def test_what_is_only_asked_about_is_not_written(
    asked: list[str], tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("here", "home"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    reports(tmp_path / "r.csv")
    model, before = tree(tiny), tree(tmp_path)
    result = run(asked[0], "medical", *words(tiny, "--source", tmp_path / "r.csv"), *asked[1:])
    assert result.exit_code == 0, result.stderr
    assert result.stdout
    assert tree(tmp_path) == before
    assert tree(tiny) == model


def test_a_preview_shows_examples_as_the_model_would_see_them_and_the_ledger(tiny: Path, tmp_path: Path) -> None:
    result = run("data", "medical", *words(tiny, "--source", reports(tmp_path / "r.csv")), "--preview", 2)
    assert result.stdout.count("\nassistant: Impression number") == 2
    assert "r.csv, line" in " ".join(result.stdout.split())  # a long path is wrapped
    assert "kept for training" in result.stdout
    assert "over 1,024" in result.stdout
    document = json.loads(
        run("data", "medical", *words(tiny, "--source", tmp_path / "r.csv"), "--preview", 2, "--json").stdout
    )
    assert [row["completion"][0]["role"] for row in document["examples"]] == ["assistant"] * 2
    assert document["ledger"]["rows_in"] == 40


def test_a_preview_without_the_model_says_that_lengths_are_not_known(tmp_path: Path) -> None:
    result = run("data", "medical", "--source", reports(tmp_path / "r.csv"), "--preview", 1)
    assert result.exit_code == 0
    assert "token lengths are not known" in result.stderr


def test_the_forecast_names_rows_tokens_steps_memory_minutes_and_files(tiny: Path, tmp_path: Path) -> None:
    source = reports(tmp_path / "r.csv")
    result = run("build", "medical", *words(tiny, "--source", source), "--dry-run", "--name", "soon")
    for word in (
        "kept for training",
        "tokens in the training set",
        "2 steps",
        "memory: about",
        "minutes",
        "report.json",
    ):
        assert word in result.stdout
    assert f"{tmp_path}/runs/medical-soon/adapter" in result.stdout


def test_one_document_on_stdout_for_every_json(tiny: Path, tmp_path: Path) -> None:
    source = reports(tmp_path / "r.csv")
    (tmp_path / "a.jsonl").write_text('{"answer": "Impression number 3"}\n' * 40)
    asked: list[list[Any]] = [
        ["plugins"], ["doctor"], ["runs"], ["config", "show", "medical"],
        ["data", "medical", *words(tiny, "--source", source)],
        ["build", "medical", *words(tiny, "--source", source), "--dry-run"],
        ["grade", "medical-rouge", "--items", source, "--answers", tmp_path / "a.jsonl", "--set", "eval.draws=50"],
    ]  # fmt: skip
    for words_ in asked:
        result = run(*words_, "--json")
        assert json.loads(result.stdout)["schema_version"] == 1, words_


def test_tables_fit_80_columns_without_colour_in_a_pipe(tiny: Path, tmp_path: Path) -> None:
    source = reports(tmp_path / "r.csv")
    (tmp_path / "a.jsonl").write_text('{"answer": "Impression number 3"}\n' * 40)
    for asked in (
        ["plugins"],
        ["runs"],
        ["data", "medical", *words(tiny, "--source", source)],
        ["data", "medical", *words(tiny, "--source", source), "--preview", "2"],
        ["grade", "medical-rouge", "--items", source, "--answers", tmp_path / "a.jsonl", "--set", "eval.draws=50"],
    ):
        result = run(*asked)
        assert "\x1b" not in result.stdout + result.stderr
        lines = (result.stdout + result.stderr).splitlines()
        assert [line for line in lines if len(line) > 80 and str(tmp_path) not in line] == []


@pytest.mark.parametrize("domain", ["arithmetic", "medical"])
def test_config_show_can_be_read_back(domain: str, tmp_path: Path) -> None:
    shown = run("config", "show", domain, "--preset", "quick", "--set", "train.steps=7").stdout
    assert tomllib.loads(shown)["train"]["steps"] == 7
    (tmp_path / "c.toml").write_text(shown)
    assert run("config", "show", domain, "-c", tmp_path / "c.toml").stdout == shown
    assert all(" # " in line for line in shown.splitlines() if " = " in line)


def test_runs_lists_what_was_built_and_says_where_there_is_nothing(tiny: Path, tmp_path: Path) -> None:
    assert "no runs in" in run("runs").stderr
    run("data", "medical", *words(tiny, "--source", reports(tmp_path / "r.csv"), "--name", "first"))
    assert run("runs").stdout.split() == ["medical-first", "data"]
    (row,) = json.loads(run("runs", "--json").stdout)["runs"]
    assert row["folder"] == str(tmp_path / "runs/medical-first")


def test_doctor_says_what_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = run("doctor")
    assert result.exit_code == 0
    for subject in ("python", "libraries", "domains", "device", "starter model", "cache", "runs"):
        assert f" {subject} " in result.stdout
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DOMAINTUNE_RUNS", str(tmp_path / "file"))
    result = run("doctor")
    assert result.exit_code == 1
    assert "is a file, not a folder" in result.stdout


def test_help_names_every_verb_and_every_verb_has_help() -> None:
    assert all(f"  {verb:<8} {summary}\n" in cli.help_text() for verb, (_, summary) in cli.COMMANDS.items())
    for verb in cli.COMMANDS:
        result = run(verb, "--help")
        assert result.exit_code == 0
        assert "Usage: " in result.stdout
        assert max(map(len, result.stdout.splitlines())) <= 80


def test_version_is_the_version() -> None:
    done = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (f"domaintune {__version__}\n", "")


@pytest.mark.parametrize(
    "name", ["Bericht Ä.csv", "レポート.csv", "a 😀.csv", 'quo"te.csv', "back\\slash.csv", "[red]x.csv"]
)
def test_a_source_may_have_any_name(name: str, tiny: Path, tmp_path: Path) -> None:
    result = run("data", "medical", *words(tiny, "--source", reports(tmp_path / name), "--name", "n"))
    assert result.exit_code == 0, result.stderr
    assert (
        str(tmp_path / name)
        in tomllib.loads((tmp_path / "runs/medical-n/settings.toml").read_text())["data"]["sources"]
    )


def test_json_is_json_even_where_stdout_takes_ascii_only() -> None:
    for asked in (
        ["plugins", "--json"],
        ["config", "show", "medical", "--json", "--set", "data.columns.findings=Ä€😀"],
    ):
        done = subprocess.run(
            [PROGRAM, *asked], capture_output=True, check=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}
        )
        document = json.loads(done.stdout.decode("ascii"))
    assert document["settings"]["data"]["columns"] == {"findings": "Ä€😀"}


def test_what_a_file_holds_cannot_steer_the_terminal(tiny: Path, tmp_path: Path) -> None:
    result = run("data", "medical", "--set", "train.steps=\x1b[31m\x07")
    assert "\x1b" not in result.stderr
    assert "\x07" not in result.stderr
    assert console.harmless("a\x1b[2J\tb\n\x9b") == "a\\x1b[2J\tb\n\\x9b"


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    for asked in ("--help", "plugins", "config show medical"):
        done = subprocess.run(f"'{PROGRAM}' {asked} | true", shell=True, capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (GateError("gate not met: rougeL"), 3, "gate not met: rougeL"),
        (KeyboardInterrupt(), 130, "interrupted; the same command goes on"),
        (ModuleNotFoundError("No module named 'torch'", name="torch.nn"), 2, "pip install 'domaintune[train]'"),
        (MemoryError(), 1, "memory ran out; lower train.micro_batch_size"),
        (OSError(28, "No space left on device", "x.jsonl"), 1, "No space left on device: 'x.jsonl'; free some space"),
        (PermissionError(13, "Permission denied", "/runs"), 1, "DOMAINTUNE_RUNS for runs"),
        (OSError(36, "File name too long", "x"), 2, "File name too long: 'x'"),
        (FileNotFoundError(2, "No such file or directory", "x"), 1, "No such file or directory: 'x'"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_what_a_user_can_cause_is_a_sentence_and_an_exit_code(
    error: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def command() -> None:
        raise error

    with pytest.raises(typer.Exit) as caught:
        common.answering(command)()
    assert caught.value.exit_code == code
    assert words in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("error", [KeyError("ours"), ModuleNotFoundError("no", name="ours"), OSError("no number")])
def test_a_bug_of_ours_keeps_its_traceback(error: Exception) -> None:
    def command() -> None:
        raise error

    with pytest.raises(type(error)):
        common.answering(command)()
