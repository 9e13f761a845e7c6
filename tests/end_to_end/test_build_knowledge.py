"""A build with knowledge beside it: indexed, used in training and grading, kept for the server; nothing done twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from building import arguments, invoke, runs_in

from domaintune import Message, data, files
from domaintune.adapters.registry import Registry
from domaintune.adapters.versions import Version
from domaintune.plan import make_plan
from domaintune.plugins import catalog
from domaintune.retrieval.use import asked, open_knowledge
from domaintune.runs import Run
from domaintune.serving.library import Library
from domaintune.settings import ServeSettings

ORGANS = ("heart", "lungs", "pleura", "ribs", "spine", "diaphragm", "aorta", "hila")
LOW = {"train.steps": 4, "eval.limit": 6, "eval.max_new_tokens": 4, "train.max_length": 900, "retrieval.k": 2}
BUILD = {key.replace(".", "__"): value for key, value in LOW.items()}
RETRIEVAL = {"retrieval__retriever": "bm25", "retrieval__knowledge": "documents", "retrieval__budget": 300}


def knowledge(folder: Path, *, word: str = "normal") -> Path:
    file = folder / "organs.csv"
    rows = (f"{organ},The {organ} look {word} where nothing is wrong with the {organ}." for organ in ORGANS)
    file.write_text("\n".join(["title,text", *rows]) + "\n")
    return file


def knowing(registry: Registry) -> Version:
    """The version whose build had knowledge."""
    return next(one for one in registry.versions("medical") if "knowledge" in (registry.manifest(one) or {}))


@pytest.fixture(scope="module")
def built(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], str]:
    """A finished run, the words of its command, and what it said on stderr."""
    folder = tmp_path_factory.mktemp("knowing")
    words = arguments(tiny, "--limit", 60, "--name", "knows", "--knowledge", knowledge(folder), **BUILD, **RETRIEVAL)
    with runs_in(folder):
        result = invoke(words)
    assert result.exit_code == 0, result.stderr
    return folder / "medical-knows", words, result.stderr


@pytest.fixture
def run(built: tuple[Path, list[str], str]) -> Iterator[Path]:
    with runs_in(built[0].parent):
        yield built[0]


def test_the_models_answer_with_and_without_passages_on_the_same_items(run: Path) -> None:
    report = files.read_json(run / "report.json")
    n = {row["system"]: row["n"] for row in report["scores"] if row["tag"] == "all" and row["metric"] == "rouge1"}
    assert {n[name] for name in ("base", "tuned", "base+retrieval", "tuned+retrieval")} == {6}
    compared = {(row["a"], row["b"]) for row in report["comparisons"] if row["tag"] == "all"}
    assert {("tuned", "base"), ("tuned+retrieval", "base+retrieval"), ("tuned+retrieval", "tuned")} <= compared
    assert all("tuned+retrieval" in sample for sample in report["samples"])


def test_the_training_examples_can_be_read_as_the_model_saw_them(run: Path) -> None:
    plain = {json.dumps(row["completion"]) for row in files.stream_jsonl(run / "data" / "train.jsonl")}
    seen = files.read_jsonl(run / "train" / "augmented.jsonl")
    titles = [row["meta"]["retrieved"] for row in seen]
    assert {json.dumps(row["completion"]) for row in seen} <= plain
    assert len(seen) == 16  # four steps of four examples: no more are searched for
    assert 0 < sum(map(bool, titles)) < len(titles)
    for row, names in zip(seen, titles, strict=True):
        question = row["prompt"][-1]["content"]
        assert all(f"[{number}] {name} (" in question for number, name in enumerate(names, 1))


def test_the_ledger_of_the_knowledge_is_told(run: Path, built: tuple[Path, list[str], str]) -> None:
    assert files.read_json(run / "index" / "ledger.json")["kept"] == {"rows": 8, "passages": 8}
    assert "passages beside the examples: " in built[2]


def test_the_same_command_does_nothing_again(run: Path, built: tuple[Path, list[str], str]) -> None:
    said = invoke(built[1]).stderr
    for stage in ("data", "index", "train", "evaluation", "adapter"):
        assert f"{stage}: unchanged, nothing to do" in said


def test_changed_knowledge_is_indexed_and_learned_anew_and_nothing_else(
    run: Path, built: tuple[Path, list[str], str], tiny: Path
) -> None:
    before = knowledge(run.parent).read_bytes()
    knowledge(run.parent, word="usual")
    said = invoke(["train", *built[1][1:]]).stderr
    assert "data: unchanged" in said
    assert "index: working" in said
    assert "train: working" in said
    assert not (run / "report.json").exists()  # it told of the other knowledge
    (run.parent / "organs.csv").write_bytes(before)
    assert invoke(built[1]).exit_code == 0


def test_index_alone_needs_no_model_and_search_finds(run: Path, tmp_path: Path) -> None:
    file = knowledge(tmp_path)
    words = ["--source", str(file), "--name", "alone", "--set", "retrieval.retriever=bm25"]
    words += ["--set", "retrieval.knowledge=documents", "--set", "model.base=/nowhere"]
    assert invoke(["index", "medical", *words]).exit_code == 0
    found = json.loads(
        invoke(["search", "medical", "the aorta and the heart?", "-k", "2", "--name", "alone", "--json"]).stdout
    )
    assert {hit["title"] for hit in found["hits"]} == {"aorta", "heart"}
    assert len(found["hits"]) == 2
    shown = invoke(["search", "medical", "what of the aorta?", "--name", "alone"]).stdout
    assert "aorta" in shown.splitlines()[0]
    assert "organs.csv, line 8; licence: not stated" in shown.splitlines()[1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["search", "medical", "x", "--name", "none"], "there is no index in"),
        (["search", "medical", " "], "the question is blank"),
        (["search", "medcal", "x"], "did you mean"),
        (["search", "medical", "x", "--index", "/nowhere"], "holds no index"),
        (["index", "medical", "--source", "/nowhere.csv"], "there is no file '/nowhere.csv'"),
        (["build", "medical", "--knowledge", "x.csv", "--dry-run"], "--set retrieval.retriever=hybrid"),
        (["index", "arithmetic"], "domain 'arithmetic' brings no knowledge"),
        (["index", "medical", "--set", "retrieval.retriever=hybird"], "did you mean 'hybrid'"),
        (["index", "medical", "--set", "retrieval.options.weigth=1"], "did you mean"),
        (["index", "medical", "--set", "retrieval.retriever=bm25", "--measure"], "measures retrieval"),
    ],
)
def test_mistakes_are_answered_in_a_sentence(run: Path, words: list[str], sentence: str) -> None:
    result = invoke(words)
    assert result.exit_code in {1, 2}
    assert sentence in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr


def test_an_index_of_another_version_hides_no_other(run: Path) -> None:
    for name, text in (("later", '{"schema_version": 2}'), ("strange", '{"schema_version": 1}'), ("cut", "{")):
        folder = run.parent / name / "index"
        folder.mkdir(parents=True)
        (folder / "index.json").write_text(text)
    assert invoke(["search", "medical", "aorta"]).exit_code == 0


def test_an_index_beside_a_finished_build_leaves_it_alone(run: Path, tiny: Path) -> None:
    words = ["--limit", "60", "--name", "plain", "--set", f"model.base={tiny}"]
    small = [word for key, value in {**LOW, "eval.draws": 50}.items() for word in ("--set", f"{key}={value}")]
    assert invoke(["build", "medical", *words, *small]).exit_code == 0
    plain = run.parent / "medical-plain"
    before = files.folder_hashes(plain / "adapter"), (plain / "settings.toml").read_bytes()
    index = ["index", "medical", "--source", str(knowledge(run.parent)), "--name", "plain"]
    index += ["--set", "retrieval.retriever=bm25", "--set", "retrieval.knowledge=documents"]
    assert invoke(index).exit_code == 0
    assert (files.folder_hashes(plain / "adapter"), (plain / "settings.toml").read_bytes()) == before
    assert (plain / "report.json").is_file()


def test_there_is_room_for_the_answer_that_was_asked_for(run: Path) -> None:
    registry = Registry()
    version = knowing(registry)
    library = Library(registry, ServeSettings(max_length=700))
    asking = [Message(role="user", content="What of the heart?")]
    roomy = asyncio.run(library.enrich([version.id], asking, 100))
    tight = asyncio.run(library.enrich([version.id], asking, 690))
    assert roomy is not None
    assert tight is not None
    assert len(roomy[1]) > 0
    assert tight == (tuple(asking), ())


def test_the_package_names_no_folder_of_this_machine(run: Path) -> None:
    assert str(run.parent) not in (run / "adapter" / "domaintune.json").read_text()


def test_the_server_puts_in_what_the_evaluation_put_in(run: Path, built: tuple[Path, list[str], str]) -> None:
    registry = Registry()
    version = knowing(registry)
    question = data.load(run / "data", "test")[0]
    library = Library(registry, ServeSettings(max_length=4000))
    assert library.knows(version.id)
    found = asyncio.run(library.enrich([version.id], question.prompt, 256))
    assert found is not None
    overrides = [word for flag, word in zip(built[1], built[1][1:], strict=False) if flag == "--set"]
    plan = make_plan(catalog(), "medical", overrides=overrides)
    from domaintune.models import base as models

    tokenizer = models.load_tokenizer(models.locate(plan.settings.model))
    graded = asked(plan, open_knowledge(plan, Run(run)), tokenizer, [question])[0]
    assert tuple(found[0]) == graded.prompt
    assert [passage.title for passage in found[1]] == graded.meta["retrieved"]
    assert "[1] " in graded.prompt[-1]["content"]


def test_a_version_without_knowledge_is_said_to_have_none(run: Path) -> None:
    registry = Registry()

    class Manifests:
        """The registry, whose manifests were written by a stranger."""

        def __init__(self, told: Any) -> None:
            self.told = told

        def __getattr__(self, name: str) -> Any:
            return getattr(registry, name)

        def manifest(self, _version: Any) -> Any:
            return self.told

    version = knowing(registry)
    known = dict(registry.manifest(version) or {})["knowledge"]
    asking = [Message(role="user", content="heart")]
    strange = (
        None,
        {},
        {"knowledge": "x"},
        {"knowledge": {"digest": "../../etc"}},
        {"knowledge": {"digest": "0" * 64}},
    )
    for told in strange:
        library = Library(Manifests(told), ServeSettings())  # type: ignore[arg-type]
        assert asyncio.run(library.enrich([version.id], asking, 256)) is None
    greedy = Manifests({"knowledge": {**known, "k": 10**9, "budget": -1}})
    found = asyncio.run(Library(greedy, ServeSettings()).enrich([version.id], asking, 256))  # type: ignore[arg-type]
    assert found is not None
    assert 0 < len(found[1]) <= 4
