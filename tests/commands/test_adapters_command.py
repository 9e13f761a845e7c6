"""`domaintune adapters`: every verb once as it should go, and what a user can get wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from adapting import GAIN, LOSS, package, report, variant
from cli_support import run, tree

from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import BaseShape


def adapters(*words: object, code: int = 0) -> Any:
    """Run `domaintune adapters …`; what it says has neither colour nor a traceback."""
    result = run("adapters", *words)
    assert result.exit_code == code, result.stdout + result.stderr + repr(result.exception)
    assert "\x1b" not in result.stdout + result.stderr
    return result


@pytest.fixture
def made(tmp_path: Path, peft_folder: Path, tiny_shape: BaseShape) -> dict[str, Path]:
    """A good package, a worse one, and a plain PEFT folder."""
    return {
        "good": package(peft_folder, tmp_path / "good", tiny_shape, GAIN, 1),
        "worse": package(peft_folder, tmp_path / "worse", tiny_shape, LOSS, 2),
        "plain": variant(peft_folder, tmp_path / "plain", 3),
    }


@pytest.fixture
def filled(made: dict[str, Path], tiny_shape: BaseShape) -> Registry:
    """A registry with reports@1 (good) and reports@2 (worse), both candidates."""
    registry = Registry()
    for which in ("good", "worse"):
        registry.add(made[which], name="reports", base=tiny_shape, source=str(made[which]))
    return registry


def test_an_adapter_goes_from_a_folder_into_use_and_out_again(
    made: dict[str, Path], tiny: Path, tmp_path: Path
) -> None:
    result = adapters("add", made["good"], "--name", "reports", "--base", tiny)
    assert result.stdout == "reports@1 candidate\n"
    assert result.stderr == "reports@1 is a candidate; promote it: domaintune adapters promote reports@1\n"
    assert adapters("add", made["worse"], "--name", "reports").stdout == "reports@2 candidate\n"
    refused = adapters("promote", "reports@2", code=3)
    assert "exact rouge1 is 'worse': tuned - base -15.0 [-20.0, -10.0]" in " ".join(refused.stderr.split())
    assert adapters("promote", "reports@1").stdout == "reports@1 promoted\n"
    assert adapters("promote", "reports", "--override", "for the demo").stdout == "reports@2 promoted\n"
    assert adapters("rollback", "reports").stdout == "reports@1 promoted\n"
    assert adapters("retire", "reports@2", "--why", "it was worse").stdout == "reports@2 retired\n"
    assert adapters("verify").stdout == "2 checked, none is damaged\n"
    out = tmp_path / "out"
    assert adapters("export", "reports", out).stdout == f"reports@1 {out}\n"
    share = tmp_path / "share"
    assert adapters("push", "reports", f"file:{share}").stdout == f"reports@1 {share}/reports@1\n"
    assert adapters("pull", f"file:{share}/reports@1").stdout == "reports@1 promoted\n"
    assert adapters("pull", f"file:{share}", "--name", "theirs").stdout == "theirs@1 candidate\n"
    assert tree(out) == tree(share / "reports@1")


def test_the_list_fits_80_columns_and_says_what_was_found(filled: Registry) -> None:
    filled.promote("reports@1")
    filled.add(filled.folder(filled.find("reports@2")), name="a" * 64, base=filled.base(filled.find("reports@2").base))
    result = adapters("list")
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "promoted" in result.stdout
    assert "better: rougeL" in " ".join(result.stdout.split())
    assert adapters("list", "reports").stdout.count("reports@") == 2
    document = json.loads(adapters("list", "--json").stdout)
    assert document["schema_version"] == 1
    assert document["serial"] == filled.serial()
    assert [row["id"] for row in document["adapters"]] == ["a" * 64 + "@1", "reports@1", "reports@2"]


def test_show_tells_everything(filled: Registry, made: dict[str, Path]) -> None:
    filled.promote("reports@2", override="asked for [red]by[/] the clinic")
    text = adapters("show", "reports").stdout
    version = filled.find("reports@2")
    for words in (
        "reports@2 promoted", f"from       {made['worse']}", "rank 2 on 2 layers, 256 parameters, float32",
        "asked for [red]by[/] the clinic", "rouge1", "tuned - base   -15.0 [-20.0, -10.0]  worse", "base            25.0",
        f"{version.files['adapter_model.safetensors'][:16]}  adapter_model.safetensors", "  added by ",
        "promoted by ", "without a passed gate: asked for",
    ):  # fmt: skip
        assert words in text, words
    document = json.loads(adapters("show", "reports@2", "--json").stdout)
    assert document["version"]["id"] == "reports@2"
    assert document["manifest"]["domain"] == "reports"
    assert [event["what"] for event in document["history"]] == ["added", "promoted"]
    assert document["base"]["published_as"] == "tiny"


def test_every_json_is_one_document(made: dict[str, Path], tiny: Path, tmp_path: Path) -> None:
    for words in (
        ("list",), ("add", made["good"], "--name", "reports", "--base", tiny), ("promote", "reports"),
        ("show", "reports"), ("verify",), ("export", "reports", tmp_path / "out"),
        ("push", "reports", f"file:{tmp_path}/share"), ("pull", f"file:{tmp_path}/share", "--name", "theirs"),
        ("promote", "theirs"), ("retire", "theirs@1"), ("rollback", "reports"),
    ):  # fmt: skip
        result = run("adapters", *words, "--json")
        if words[0] == "rollback":
            assert (result.exit_code, result.stdout) == (2, "")
        else:
            assert json.loads(result.stdout)["schema_version"] == 1, result.stderr


def test_verify_ends_with_1_where_something_is_damaged(filled: Registry) -> None:
    weights = filled.folder(filled.find("reports@1")) / "adapter_model.safetensors"
    weights.chmod(0o600)
    weights.write_bytes(weights.read_bytes() + b"\0")
    result = adapters("verify", code=1)
    assert "reports@1 is damaged: adapter_model.safetensors has changed" in result.stderr
    assert adapters("verify", "reports@2").stdout == "1 checked, none is damaged\n"
    document = json.loads(adapters("verify", "--json", code=1).stdout)
    assert document["checked"] == ["reports@1", "reports@2"]
    assert len(document["damaged"]) == 1


def test_a_plain_folder_is_promoted_on_a_given_report(made: dict[str, Path], tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(report(GAIN)))
    adapters("add", made["plain"], "--name", "plain", "--base", tiny)
    adapters("promote", "plain", code=3)
    adapters("add", made["plain"], "--name", "plain", "--report", tmp_path / "report.json")
    assert adapters("promote", "plain").stdout == "plain@1 promoted\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["list", "reprots"], 2, "there is no adapter 'reprots' (did you mean 'reports'?)"),
        (["show", "reports"], 2, "no version of 'reports' is promoted"),
        (["show", "../reports"], 2, "'../reports' is not the name of an adapter"),
        (["show", "base"], 2, "'base' is not the name of an adapter"),
        (["promote", "reports@9"], 2, "there is no reports@9; of 'reports' there are reports@1 candidate"),
        (["promote", "reports@2"], 3, "it takes one metric that is 'better' and none that is 'worse'"),
        (["promote", "reports@2", "--override", ""], 2, "--override needs a reason"),
        (["rollback", "reports"], 2, "there is nothing to go back to"),
        (["rollback", "reports@1"], 2, "'reports@1' has a number"),
        (["retire", "reports"], 2, "say which version of 'reports' to retire: reports@1 candidate"),
        (["add", "{good}"], 2, "give the adapter a name: --name NAME"),
        (["add", "{good}", "--name", "auto"], 2, "'auto' is not the name of an adapter"),
        (["add", "{good}", "--name", "x@2"], 2, "'x@2' has a number"),
        (["add", "{tmp}", "--name", "x"], 2, "name one of the adapters in"),
        (["add", "{tiny}", "--name", "x"], 2, "there is no adapter in"),
        (["add", "{mixed}", "--name", "x", "--base", "{tiny}"], 2, "is refused (subfolder)"),
        (["add", "{tmp}/nowhere", "--name", "x"], 2, "there is no folder"),
        (["add", "{good}", "--name", "x", "--base", "/nowhere"], 1, "'/nowhere' is not a folder"),
        (["add", "{good}", "--name", "x", "--report", "{good}/README.md"], 2, "is not JSON"),
        (["add", "{good}", "--name", "x", "--report", "{tmp}/nowhere"], 1, "No such file"),
        (["add", "hf:../../etc", "--name", "x"], 2, "is no place for adapters"),
        (["export", "reports@1", "{good}"], 2, "is not empty"),
        (["push", "reports@1", "nowhere"], 2, "'nowhere' is no place for adapters; write hf:owner/repo, or file:FOLDER"),
        (["push", "reports@1", "hf:me/repo@main"], 2, "a push goes to the repository's main branch"),
        (["push", "reports@1", "hf:me/repo"], 1, "hub repository 'me/repo'"),
        (["pull", "hf:me/repo"], 1, "hub repository 'me/repo'"),
        (["pull", "file:{tmp}/nowhere"], 2, "there is no folder"),
        (["verify", "reports@7"], 2, "there is no reports@7"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)  # fmt: skip
def test_a_mistake_is_one_sentence_and_changes_nothing(
    words: list[str], code: int, said: str, filled: Registry, made: dict[str, Path], tmp_path: Path, tiny: Path
) -> None:
    mixed = shutil.copytree(made["plain"], tmp_path / "mixed" / "adapter").parent
    shutil.copytree(made["plain"], mixed, dirs_exist_ok=True)
    before = tree(tmp_path / "home/registry/objects"), filled.serial()
    result = adapters(
        *(word.format(good=made["good"], tmp=tmp_path, tiny=tiny, mixed=mixed) for word in words), code=code
    )
    assert said in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert (tree(tmp_path / "home/registry/objects"), filled.serial()) == before


def test_looking_makes_no_registry(tmp_path: Path) -> None:
    assert "no adapters here yet" in adapters("list").stderr
    assert adapters("verify").stdout == "0 checked, none is damaged\n"
    adapters("show", "reports", code=2)
    assert not (tmp_path / "home").exists()


def test_every_verb_has_help_that_fits() -> None:
    verbs = ("list", "show", "add", "promote", "rollback", "retire", "verify", "export", "push", "pull")
    overview = adapters("--help").stdout
    assert [verb for verb in verbs if f"  {verb} " not in overview] == []
    for verb in verbs:
        text = adapters(verb, "--help").stdout
        assert "Usage: " in text
        assert max(map(len, text.splitlines())) <= 80


CODE = """
import sys
from domaintune.cli import main
try:
    main()
finally:
    print("imported:", *sorted({"torch", "transformers", "peft", "datasets"} & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize("verb", ["list", "show", "verify", "add", "promote"])
def test_what_the_registry_remembers_needs_no_model_library(verb: str, filled: Registry, made: dict[str, Path]) -> None:
    words = {"list": [], "verify": [], "add": [str(made["plain"]), "--name", "plain"]}.get(verb, ["reports@1"])
    done = subprocess.run(
        [sys.executable, "-c", CODE, "adapters", verb, *words],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "imported:"
