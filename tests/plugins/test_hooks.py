"""Every hook, used as a stranger would: an offer through the public face, found, loaded and put to work."""

from __future__ import annotations

import ast
import inspect
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from composing import packaged, update
from typer.testing import CliRunner

from domaintune import (
    Bars,
    BuildContext,
    Component,
    Domain,
    Dropped,
    Example,
    Field,
    Finder,
    Hit,
    Message,
    Passage,
    Request,
    Row,
    Sampling,
    Score,
    TokenEvent,
    cli,
    hookimpl,
    hookspecs,
)
from domaintune.adapters.shape import BaseShape
from domaintune.contracts import Member
from domaintune.plugins import KINDS, Catalog
from domaintune.sessions import Session

ROOT = Path(__file__).parents[2]
SHORT = ("train.steps=2", "train.batch_size=2", "eval.draws=50", "eval.max_new_tokens=4")
Offer = Callable[..., Catalog]


@pytest.fixture
def offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, install: Callable[..., Catalog]) -> Offer:
    """Install a plugin named toy whose hooks yield these records, and return the catalog."""

    def offered(**hooks: Sequence[Component[Any] | Domain]) -> Catalog:
        module = ModuleType("domaintune_toy")
        for name, records in hooks.items():
            setattr(module, name, hookimpl(lambda records=records: iter(records), specname=name))
        monkeypatch.setitem(sys.modules, module.__name__, module)
        folder = tmp_path / "toy"
        folder.mkdir()
        project = '[project]\nname = "domaintune-toy"\nversion = "1.2"\n'
        entry = '[project.entry-points.domaintune]\ntoy = "domaintune_toy"\n'
        (folder / "pyproject.toml").write_text(project + entry)
        found = install(folder)
        assert found.broken == {}
        return found

    return offered


def run(*words: object) -> Any:
    result = CliRunner().invoke(cli.app([str(words[0])]), [str(word) for word in words])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def listed(kind: str, name: str) -> bool:
    """Is there a line in `domaintune plugins` that says whose it is?"""
    rows = run("plugins", "--json")["offers"]
    return (kind, name, "toy", "1.2") in {(row["kind"], row["name"], row["owner"], row["version"]) for row in rows}


def settings(*more: str) -> list[str]:
    return [word for setting in (*SHORT, *more) for word in ("--set", setting)]


def toy_domain(**more: Any) -> Domain:
    return Domain(**{"name": "toy", "summary": "Sums", "data": "toy-sums", "evaluators": ("exact",), **more})


def sums(context: BuildContext) -> Iterator[Example | Dropped]:
    """Yield an example for every row with an answer."""
    for row in context.rows(Field(name="sum"), Field(name="answer")):
        yield sum_of(row) if row["answer"] else Dropped(origin=row.origin, reason="no-answer")


def sum_of(row: Row) -> Example:
    return Example(
        prompt=(Message(role="user", content=row["sum"]),),
        completion=(Message(role="assistant", content=row["answer"]),),
        origin=row.origin,
        tags=frozenset({"even" if int(row["answer"]) % 2 == 0 else "odd"}),
    )


SUMS = Component(name="toy-sums", summary="Sums", load=lambda: sums)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Forty sums, one of them without an answer."""
    file = tmp_path / "sums.csv"
    rows = [f"{i * 7} plus {i * i + 3},{i * 7 + i * i + 3}" for i in range(39)]
    file.write_text("\n".join(["sum,answer", *rows, "1 plus 1,", ""]))
    return file


class Parrot:
    """An engine that answers with the question, or with an adapter's word for it; it opens no model."""

    opened: Any = None
    loaded: str = ""

    def open(self, model: Any) -> Parrot:
        self.opened = model
        return self

    def load(self, adapter: str, folder: Path) -> None:
        assert (folder / "adapter_model.safetensors").is_file()
        self.loaded = adapter

    def unload(self, adapter: str) -> None:
        assert self.loaded == adapter
        self.loaded = ""

    def generate(self, requests: Sequence[Request]) -> Iterator[TokenEvent]:
        for place, request in enumerate(requests):
            first, _, second = request.messages[-1]["content"].split()
            said = str(int(first) + int(second)) if request.adapter else "I cannot add."
            yield TokenEvent(request=place, text=said, tokens=1)
            yield TokenEvent(request=place, text="", tokens=0, finish_reason="stop")


class Grep:
    """A retriever that counts the words of the question in each passage; it keeps how many passages there were."""

    def index(self, passages: Sequence[Passage], folder: Path, before: Path | None = None) -> None:
        (folder / "count").write_text(str(len(passages)))

    def open(self, passages: Sequence[Passage], folder: Path) -> Finder:
        assert (folder / "count").read_text() == str(len(passages))
        return Words(passages)


class Words:
    """The open index of `Grep`."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.passages = passages

    def search(self, query: str, k: int) -> Sequence[Hit]:
        words = set(query.split())
        hits = [Hit(passage=one, score=float(len(words & set(one.text.split())))) for one in self.passages]
        return sorted(hits, key=lambda hit: -hit.score)[:k]


class Abacus:
    """A teacher of sums, which declines everything else."""

    def answer(self, messages: Sequence[Message], sampling: Sampling) -> str | None:
        assert sampling.temperature == 0
        words = messages[-1]["content"].split()
        return str(int(words[0]) + int(words[2])) if len(words) == 3 and words[1] == "plus" else None


@dataclass(frozen=True, kw_only=True)
class PickOptions:
    """Options of the composer."""

    lightest: bool = field(default=False, metadata={"doc": "take the smallest weight instead"})


class Pick:
    """A composer that takes the adapter with the largest weight as it is."""

    def __init__(self, options: PickOptions) -> None:
        self.choose = min if options.lightest else max

    def merge(self, members: Sequence[Any], folder: Path) -> None:
        chosen = self.choose(members, key=lambda member: member.weight)
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            (folder / name).write_bytes((chosen.folder / name).read_bytes())

    def route(self, text: str, members: Sequence[Any]) -> str | None:
        return next((member.name for member in members if member.name in text), None)


def test_domaintune_domains_are_what_build_builds(offer: Offer, tiny: Path, table: Path, tmp_path: Path) -> None:
    presets = {"quick": {"train": {"learning_rate": 1e-2}, "eval": {"samples": 3}}}
    offer(domaintune_domains=[toy_domain(presets=presets, safety="Sums only.")], domaintune_data_builders=[SUMS])
    assert listed("domain", "toy")
    options = ["--preset", "quick", "--source", table, "--name", "one", *settings(f"model.base={tiny}")]
    report = run("build", "toy", *options, "--json")["report"]
    assert report["domain"] == "toy"
    assert len(report["samples"]) == 3
    assert "Sums only." in (tmp_path / "runs/toy-one/adapter/README.md").read_text()


def test_domaintune_data_builders_make_the_examples(offer: Offer, tiny: Path, table: Path) -> None:
    offer(domaintune_domains=[toy_domain()], domaintune_data_builders=[SUMS])
    assert listed("data builder", "toy-sums")
    ledger = run("data", "toy", "--source", table, "--json", *settings(f"model.base={tiny}"))["ledger"]
    assert (ledger["rows_in"], sum(ledger["kept"].values()), ledger["counts"]) == (40, 39, {"no-answer": 1})


def test_domaintune_retrievers_find_passages(offer: Offer, tmp_path: Path) -> None:
    def rules(context: BuildContext) -> Iterator[Passage | Dropped]:
        for row in context.rows(Field(name="rule")):
            yield Passage(text=row["rule"], origin=row.origin, title="chess")

    offer(
        domaintune_domains=[toy_domain(knowledge="toy-rules")],
        domaintune_data_builders=[SUMS, Component(name="toy-rules", summary="Rules", load=lambda: rules)],
        domaintune_retrievers=[Component(name="toy-grep", summary="Words in common", load=Grep)],
    )
    assert listed("retriever", "toy-grep")
    (tmp_path / "rules.csv").write_text("rule\nthe knight moves in an L\nthe bishop moves diagonally\n")
    words = ["--source", tmp_path / "rules.csv", "--set", "retrieval.retriever=toy-grep"]
    assert run("index", "toy", *words, "--json")["index"]["retriever"] == "toy-grep"
    (best,) = run("search", "toy", "how does the bishop move", "-k", 1, "--json")["hits"]
    assert (best["text"], best["origin"]) == (
        "the bishop moves diagonally", {"source": "rules.csv", "place": "line 3"}
    )  # fmt: skip


def test_domaintune_evaluators_grade_answers(offer: Offer, tmp_path: Path) -> None:
    def near(example: Example, answer: str) -> Score:
        return Score(metric="near", value=1 / (1 + abs(int(example.reference) - int(answer))))

    part = Component(name="toy-near", summary="Nearness", load=lambda: near)
    domain = toy_domain(evaluators=("toy-near",))
    offer(domaintune_domains=[domain], domaintune_data_builders=[SUMS], domaintune_evaluators=[part])
    assert listed("evaluator", "toy-near")
    (tmp_path / "items.csv").write_text("sum,answer\n" + "1 plus 1,2\n3 plus 4,7\n" * 5)
    (tmp_path / "answers.jsonl").write_text('{"answer": "2"}\n{"answer": "8"}\n' * 5)
    words = ["--items", tmp_path / "items.csv", "--answers", tmp_path / "answers.jsonl", "--set", "eval.draws=50"]
    scores = run("grade", "toy-near", *words, "--json")["scores"]
    values = {(score["metric"], score["tag"]): score["value"] for score in scores}
    assert values == {("near", "all"): 0.75, ("near", "even"): 1.0, ("near", "odd"): 0.5}


def test_domaintune_teachers_answer_or_decline(offer: Offer) -> None:
    found = offer(domaintune_teachers=[Component(name="toy-abacus", summary="Adds", load=Abacus)])
    assert listed("teacher", "toy-abacus")
    teacher = found.component("teacher", "toy-abacus").load()
    asked = [[Message(role="user", content=text)] for text in ("2 plus 3", "who are you")]
    assert [teacher.answer(messages, Sampling()) for messages in asked] == ["5", None]


def test_domaintune_engines_answer_an_evaluation(offer: Offer, tiny: Path, table: Path) -> None:
    parrot = Parrot()
    part = Component(name="toy-parrot", summary="Adds with an adapter", load=lambda: parrot)
    offer(domaintune_domains=[toy_domain()], domaintune_data_builders=[SUMS], domaintune_engines=[part])
    assert listed("engine", "toy-parrot")
    assert isinstance(parrot, Session)
    options = settings(f"model.base={tiny}", "model.engine=toy-parrot")
    report = run("eval", "toy", "--source", table, "--json", *options)["report"]
    exact = {score["system"]: score["value"] for score in report["scores"] if score["tag"] == "all"}
    assert (exact["base"], exact["tuned"]) == (0.0, 1.0)
    assert (parrot.opened.base, parrot.loaded) == (str(tiny), "tuned")


def test_domaintune_composers_make_one_adapter_of_several_or_choose_one(
    offer: Offer, tiny_shape: BaseShape, tmp_path: Path
) -> None:
    part = Component(name="toy-pick", summary="One of them", load=lambda: Pick, options=PickOptions)
    found = offer(domaintune_composers=[part])
    assert listed("composer", "toy-pick")
    members = [packaged(tmp_path / name, update(tiny_shape, seed), tiny_shape) for seed, name in enumerate("ab")]
    words = ["--weights", "0.2", "0.8", "--method", "toy-pick", "--option", "lightest=true", "-o", tmp_path / "mix"]
    manifest = run("compose", *members, *words, "--json")["manifest"]
    assert (manifest["method"], manifest["options"]) == ("toy-pick", {"lightest": True})
    assert len({(folder / "adapter_model.safetensors").read_bytes() for folder in (members[0], tmp_path / "mix")}) == 1
    pick = found.component("composer", "toy-pick").load()(PickOptions())
    asked = [Member(name=name, folder=tmp_path / name) for name in "ab"]
    assert [pick.route(text, asked) for text in ("to b", "to c")] == ["b", None]


SPECS = [name for name, value in vars(hookspecs).items() if hasattr(value, f"{hookspecs.GROUP}_spec")]


def test_the_catalog_asks_every_hook() -> None:
    assert sorted(SPECS) == sorted(KINDS.values())


@pytest.mark.parametrize("hook", SPECS)
def test_every_hook_says_when_it_is_called_and_has_a_heading_and_a_test(hook: str) -> None:
    doc = inspect.getdoc(getattr(hookspecs, hook)) or ""
    assert doc.startswith("Offer ")
    assert re.search(r"^Called .*\bwhen\b", doc, re.MULTILINE), f"{hook} does not say when it is called"
    assert "`load`" in doc or hook == "domaintune_domains"
    page = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    assert re.search(rf"^### {hook}$", page, re.MULTILINE), f"docs/plugins.md has no heading for {hook}"
    here = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    tests = [node.name for node in ast.walk(here) if isinstance(node, ast.FunctionDef)]
    assert any(name.startswith(f"test_{hook}_") for name in tests), f"no test in this file is named test_{hook}_…"


def test_domaintune_models_are_made_once_and_trained_on(offer: Offer, tiny: Path, table: Path) -> None:
    class Copy:
        made = 0

        def identity(self) -> dict[str, str]:
            return {"of": "tiny"}

        def make(self, folder: Path, bars: Bars) -> str:
            Copy.made += 1
            with bars("copying", 1) as show:
                shutil.copytree(tiny, folder, dirs_exist_ok=True)
                show(1, 1)
            return "a copy"

    part = Component(name="toy-copy", summary="The tiny model again", load=lambda: Copy)
    offer(domaintune_domains=[toy_domain()], domaintune_data_builders=[SUMS], domaintune_models=[part])
    assert listed("base model", "toy-copy")
    for _ in range(2):
        run("data", "toy", "--source", table, "--json", *settings("model.base=toy-copy", "pack.embedder=none"))
    assert Copy.made == 1
