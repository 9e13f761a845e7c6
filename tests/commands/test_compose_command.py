"""`domaintune compose`: one adapter of several, as the issue of the command line writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from cli_support import run, tree
from composing import ATTENTION, dense, packaged, update

from domaintune import Example, Message, Origin, data, files
from domaintune.adapters.admission import admit
from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import BaseShape
from domaintune.commands.compose import joined
from domaintune.composition import factors
from domaintune.data import Dataset, Ledger
from domaintune.plugins import catalog

EVAL = {"max_new_tokens": 4, "draws": 50, "batch_size": 8, "evaluators": ["exact"]}


@pytest.fixture
def registry(tiny: Path, tiny_shape: BaseShape, tmp_path: Path) -> Registry:
    """Two promoted adapters, reports and sums, and one that is not."""
    found = Registry()
    for seed, name in enumerate(("reports", "sums", "third"), start=1):
        folder = runs(tmp_path, name) / "adapter"
        settings = {"eval": EVAL, "model": {"base": "tiny", "device": "cpu", "dtype": "float32"}}
        packaged(folder, update(tiny_shape, seed, 4, ATTENTION, 0.2), tiny_shape, domain="medical", settings=settings)
        found.add(folder, name=name, base=tiny_shape, source=f"build: {folder.parent}")
    for name in ("reports", "sums"):
        found.promote(f"{name}@1", override="a test")
    return found


def runs(tmp_path: Path, name: str) -> Path:
    """Write the data of a run, its test items made to be answered by nobody."""
    folder = tmp_path / "runs" / name
    test = tuple(example(f"Findings of {name} {i}: clear.") for i in range(6))
    ledger = Ledger(rows_in=7, train=1, test=6, dropped=())
    (folder / "data").mkdir(parents=True)
    data.write(Dataset(train=(example("Findings: none."),), test=test, ledger=ledger), folder / "data")
    return folder


def example(text: str) -> Example:
    return Example(
        prompt=(Message(role="user", content=text),),
        completion=(Message(role="assistant", content="No disease."),),
        origin=Origin(source="made"),
        group=text,
    )


def composed(*words: object) -> dict[str, Any]:
    result = run("compose", *words, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def refused(*words: object) -> str:
    result = run("compose", *words)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.stderr
    return " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("a b --weights 0.7 0.3 --method ties", "a b --weights=0.7,0.3 --method ties"),
        ("--weights 0.7,-.3 a b", "--weights=0.7,-.3 a b"),
        ("a b --weights -1 2e-1 -o c", "a b --weights=-1,2e-1 -o c"),
        ("a b --weights=1,2 -o c", "a b --weights=1,2 -o c"),
        ("a b --weights 1, 2 -o c", "a b --weights=1,2 -o c"),
        ("a b --weights -- 1", "a b --weights -- 1"),
    ],
)
def test_numbers_after_weights_are_read_as_people_write_them(given: str, read: str) -> None:
    assert joined(given.split()) == read.split()


def test_the_command_of_the_issue_makes_a_peft_folder(
    registry: Registry, tiny: Path, tiny_shape: BaseShape, tmp_path: Path
) -> None:
    out = tmp_path / "mixed"
    words = ("reports", "sums@1", "--weights", "0.7", "0.3", "--method", "ties", "-o", out)
    made = composed(*words, "--option", "density=0.4")
    assert made["manifest"] == files.read_json(out / "domaintune.json")
    assert made["manifest"]["options"] == {"density": 0.4, "majority_sign_method": "total"}
    members = made["manifest"]["members"]
    assert [(one["name"], one["weight"]) for one in members] == [("reports@1", 0.7), ("sums@1", 0.3)]
    assert members[0]["digest"] == registry.find("reports").digest
    assert made["manifest"]["kind"] == "composition"
    assert admit(out, tiny_shape).rank == 4
    card = (out / "README.md").read_text()
    assert card.startswith("---\n")
    assert "0.7 x reports@1 + 0.3 x sums@1" in card
    assert not list(tmp_path.glob(".mixed*")), "nothing half made is left"


def test_negative_weights_and_equal_shares(registry: Registry, tiny_shape: BaseShape, tmp_path: Path) -> None:
    composed("reports", "sums", "--weights", "-0.5", "2", "-o", tmp_path / "a")
    composed("reports", "sums", "-o", tmp_path / "b")
    first, second = (update(tiny_shape, seed, 4, ATTENTION, 0.2) for seed in (1, 2))
    for folder, weights in ((tmp_path / "a", (-0.5, 2.0)), (tmp_path / "b", (0.5, 0.5))):
        found = factors.read(folder)
        for module, delta in dense(first, weights[0]).items():
            torch.testing.assert_close(found[module].delta, delta + weights[1] * second[module].delta)


def test_the_same_command_writes_the_same_bytes(registry: Registry, tmp_path: Path) -> None:
    for name in ("a", "b"):
        composed("reports", "sums", "--method", "dare_ties_svd", "--option", "seed=3", "-o", tmp_path / name)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_every_method_that_merges_makes_an_adapter_that_is_admitted(
    registry: Registry, tiny_shape: BaseShape, tmp_path: Path
) -> None:
    for name in catalog().names("composer"):
        if name != "nearest":
            composed("reports", "sums", "--method", name, "-o", tmp_path / name)
            assert admit(tmp_path / name, tiny_shape).norm > 0, name


def test_a_folder_is_a_member_and_the_result_goes_into_the_registry(
    registry: Registry, tiny_shape: BaseShape, tmp_path: Path
) -> None:
    folder = packaged(tmp_path / "own", update(tiny_shape, 9, 2), tiny_shape, domain="medical")
    made = composed("reports", folder, "--method", "svd", "--option", "rank=3", "-o", tmp_path / "mix", "--add", "both")
    assert made["version"] == "both@1"
    version = registry.find("both@1")
    assert (version.state, version.rank, version.source) == ("candidate", 3, "compose: reports@1 + own")


def test_the_report_shows_each_member_under_the_mix_beside_itself_and_the_base(
    registry: Registry, tiny_shape: BaseShape, tmp_path: Path
) -> None:
    words = ("reports", "sums", "-o", tmp_path / "mix", "--report", "--limit", "5")
    made = composed(*words, "--add", "both")["manifest"]
    rows = {(row["member"], row["system"]): row for row in made["metrics"]}
    assert set(rows) == {(name, system) for name in ("reports@1", "sums@1") for system in ("base", "alone", "tuned")}
    assert {row["n"] for row in rows.values()} == {5}
    compared = {(row["member"], row["b"], row["verdict"]) for row in made["comparisons"]}
    assert compared == {(name, b, "no evidence") for name in ("reports@1", "sums@1") for b in ("base", "alone")}
    assert registry.find("both@1").verdict is not None, "the registry finds the verdict in the manifest"
    card = (tmp_path / "mix" / "README.md").read_text()
    assert "| reports@1 | exact exact | mix - alone |" in card


def test_the_terminal_shows_interference_and_scores(registry: Registry, tmp_path: Path) -> None:
    result = run("compose", "reports", "sums", "-o", tmp_path / "mix", "--report", "--limit", "5")
    assert result.exit_code == 0, result.stderr
    assert "reports@1, sums@1" in result.stdout
    assert "q_proj" in result.stdout
    assert "mix - alone" in result.stdout
    assert str(tmp_path / "mix") in result.stdout


def test_a_member_without_items_is_said_and_the_others_are_measured(
    registry: Registry, tiny_shape: BaseShape, tmp_path: Path
) -> None:
    settings = {"eval": EVAL}
    own = packaged(tmp_path / "own", update(tiny_shape, 9), tiny_shape, domain="medical", settings=settings)
    made = composed("reports", own, "-o", tmp_path / "a", "--report")["manifest"]
    assert {row["member"] for row in made["metrics"]} == {"reports@1"}
    assert made["warnings"] == [
        "own was not measured: its run is not here; give its items: --items own=FILE (a run's data/test.jsonl)"
    ]
    items = tmp_path / "runs/sums/data/test.jsonl"
    made = composed("reports", own, "-o", tmp_path / "b", "--report", "--items", f"own={items}")["manifest"]
    assert {row["member"] for row in made["metrics"]} == {"reports@1", "own"}


def test_members_that_do_not_fit_are_refused(registry: Registry, tiny_shape: BaseShape, tmp_path: Path) -> None:
    out = ("-o", tmp_path / "mix")
    given = update(tiny_shape, 1, 4, ATTENTION, 0.2)
    copy = packaged(tmp_path / "copy", given, tiny_shape)
    elsewhere = json.loads((copy / "domaintune.json").read_text())
    assert "are the same adapter" in refused("reports", copy, *out)
    assert "are the same adapter" in refused("reports", "reports@1", *out)
    assert "needs two members or more" in refused("reports", *out)
    assert "no version of 'third' is promoted" in refused("reports", "third", *out)
    assert "did you mean 'reports'" in refused("report", "sums", *out)
    files.write_json(copy / "domaintune.json", {**elsewhere, "template_fingerprint": "0" * 16})
    torch.manual_seed(0)
    assert "different chat templates" in refused("sums", copy, *out)
    files.write_json(copy / "domaintune.json", {**elsewhere, "base": {**elsewhere["base"], "fingerprint": "0" * 16}})
    assert "different base models" in refused("sums", copy, *out)
    (copy / "domaintune.json").unlink()
    assert "domaintune adapters add" in refused("sums", copy, *out)
    assert "is no adapter folder" in refused("sums", tmp_path, *out)
    assert not (tmp_path / "mix").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--weights 0.7", "1 weights for 2 members"),
        ("--weights 0.7 0.3 0.1", "3 weights for 2 members"),
        ("--weights=nan,1", "must be finite numbers"),
        ("--weights=a,b", "give one number a member"),
        ("--weights 0 0", "all weights are 0"),
        ("--method tie", "did you mean 'ties'"),
        ("--method nearest", "makes no adapter of several"),
        ("--method ties --option density=0", "greater than 0"),
        ("--method ties --option dens=1", "did you mean 'density'"),
        ("--method linear --option density=1", "this composer has none"),
        ("--option density", "--option density=0.5"),
        ("--add Both", "is not the name of an adapter"),
        ("--report --items other=x", "there is no such member"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(
    words: str, sentence: str, registry: Registry, tmp_path: Path
) -> None:
    assert sentence in refused("reports", "sums", "-o", tmp_path / "mix", *words.split())
    assert not (tmp_path / "mix").exists()


def test_what_stands_in_the_output_folder_is_not_overwritten(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    assert "is there already and not empty" in refused("reports", "sums", "-o", tmp_path / "full")
    (tmp_path / "empty").mkdir()
    composed("reports", "sums", "-o", tmp_path / "empty")
