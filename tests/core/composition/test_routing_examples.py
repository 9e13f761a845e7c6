"""Choosing an adapter for a request: vectors of its own prompts, kept without a word of them."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from embedders import random_bert
from transformers import AutoModel, AutoTokenizer

from domaintune import Component, Example, Message, Origin, data
from domaintune.adapters import stage
from domaintune.composition import routing
from domaintune.contracts import Member
from domaintune.data import Dataset, Ledger
from domaintune.defaults.composer_options import NearestOptions
from domaintune.defaults.nearest import Nearest
from domaintune.embedding import names as embedding
from domaintune.embedding.local import Embedder
from domaintune.errors import ModelError, UsageError
from domaintune.models import minilm, wheel
from domaintune.plan import make_plan
from domaintune.plugins import catalog
from domaintune.runs import Run
from domaintune.settings import ModelSettings, ServeSettings

CHESS = ["Name the opening: e4 c5", "Name the opening: d4 d5 c4", "Which opening begins with e4 e5 Nf3?"]
LUNGS = ["Findings: the lungs are clear", "Findings: small pleural effusion", "The heart is normal in size"]


@pytest.fixture(scope="module")
def bert(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random embedder of two layers, with the tiny model's tokenizer."""
    folder = random_bert(tiny, tmp_path_factory.mktemp("embedder") / "bert")
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 24}')
    return folder


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    Embedder.open.cache_clear()


def test_a_vector_is_the_mean_of_the_tokens_scaled_to_length_one(bert: Path) -> None:
    tokenizer, model = AutoTokenizer.from_pretrained(bert), AutoModel.from_pretrained(bert).eval()
    texts = [*CHESS, "e4", "long " * 60]
    found = Embedder.open(str(bert)).vectors(texts)
    assert (found.shape, found.dtype) == ((5, 16), np.float32)
    for text, row in zip(texts, found, strict=True):
        ids = tokenizer(text, truncation=True, max_length=24, return_tensors="pt")["input_ids"]
        mean = model(input_ids=ids).last_hidden_state[0].mean(dim=0).detach()
        np.testing.assert_allclose(row, (mean / mean.norm()).numpy(), atol=1e-5)


def test_an_embedder_that_is_none_is_refused(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is not a folder"):
        Embedder.open(str(tmp_path / "nowhere"))
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match=r"the embedder .* could not be loaded"):
        Embedder.open(str(tmp_path))


def test_examples_are_kept_as_vectors_and_hold_no_text(bert: Path, tmp_path: Path) -> None:
    embedder = Embedder.open(str(bert))
    routing.write(tmp_path, routing.Routing(embedder.name, embedder.fingerprint, embedder.vectors(CHESS)))
    found = routing.read(tmp_path)
    assert found is not None
    assert (found.embedder, found.fingerprint) == ("bert", embedder.fingerprint)
    np.testing.assert_allclose(found.vectors, embedder.vectors(CHESS), atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-6)
    content = (tmp_path / routing.FILE).read_bytes()
    assert b"opening" not in content
    assert str(bert).encode() not in content
    assert len(content) < 16 * 2 * 3 + 300
    assert routing.read(tmp_path / "nowhere") is None
    (tmp_path / routing.FILE).write_bytes(content[:-8])
    with pytest.raises(UsageError, match="is damaged"):
        routing.read(tmp_path)


def example(text: str) -> Example:
    return Example(
        prompt=(Message(role="system", content="Answer."), Message(role="user", content=text)),
        completion=(Message(role="assistant", content="Yes."),),
        origin=Origin(source="made"),
        group=text,
    )


def test_prompts_are_drawn_evenly_from_all_over() -> None:
    some = routing.prompts_of(map(example, ["a", " ", "b"]), 3)
    assert some == ["a", "b"]
    many = [int(text) for text in routing.prompts_of((example(str(i)) for i in range(1000)), 1000)]
    assert len(many) == routing.MOST
    assert {b - a for a, b in pairwise(many)} == {3, 4}


def test_the_marks_of_pictures_are_no_words() -> None:
    shown = dataclasses.replace(example("<image>\nWhat is it?"), images=("a.png",))
    only = dataclasses.replace(example("<image>"), images=("a.png",))
    assert routing.prompts_of([shown, only, example("What does <image> mean?")], 3) == [
        "\nWhat is it?", "What does <image> mean?",
    ]  # fmt: skip


def member(name: str, folder: Path, embedder: Embedder, texts: list[str]) -> Member:
    folder.mkdir()
    routing.write(folder, routing.Routing(embedder.name, embedder.fingerprint, embedder.vectors(texts)))
    return Member(name=name, folder=folder)


def test_a_prompt_goes_to_the_nearest_examples_or_to_the_base_model(bert: Path, tmp_path: Path) -> None:
    embedder = Embedder.open(str(bert))
    members = [
        member("chess@1", tmp_path / "chess", embedder, CHESS),
        member("lungs@2", tmp_path / "lungs", embedder, LUNGS),
        Member(name="none@1", folder=tmp_path),
    ]
    nearest = Nearest(NearestOptions(threshold=0.5, best=1, embedder=str(bert)))
    assert nearest.route(CHESS[1], members) == "chess@1"
    assert nearest.route(LUNGS[2], members) == "lungs@2"
    strict = Nearest(NearestOptions(threshold=1.0, best=3, embedder=str(bert)))
    assert strict.route("something else altogether", members) is None
    assert nearest.route(CHESS[1], []) is None
    given = dataclasses.replace(members[0], examples=embedder.vectors(LUNGS).tolist())
    assert nearest.route(LUNGS[2], [given]) == "chess@1", "examples that are handed over count, not those of the folder"


def test_vectors_of_another_embedder_are_no_examples(bert: Path, tmp_path: Path) -> None:
    embedder = Embedder.open(str(bert))
    stranger = dataclasses.replace(embedder, fingerprint="0" * 16)
    members = [member("chess@1", tmp_path / "chess", stranger, CHESS)]
    assert Nearest(NearestOptions(threshold=0.0, embedder=str(bert))).route(CHESS[0], members) is None


def test_the_similarity_is_the_mean_of_the_few_nearest() -> None:
    rows = np.array([[1, 0], [0.6, 0.8], [0, 1]], dtype=np.float32)
    vector = np.array([1, 0], dtype=np.float32)
    assert routing.similarity(vector, rows, 2) == pytest.approx(0.8)
    assert routing.similarity(vector, rows, 9) == pytest.approx(1.6 / 3)
    assert routing.choose({"a": 0.4, "b": 0.4}, 0.4) == "a"
    assert routing.choose({"a": 0.39}, 0.4) is None


def test_the_composer_and_the_server_have_one_threshold() -> None:
    part: Component[Any] = catalog().component("composer", "nearest")
    assert part.options is not None
    assert part.options().threshold == ServeSettings().threshold
    assert isinstance(part.load()(part.options()), Nearest)


def test_a_build_of_a_base_model_in_a_folder_fetches_no_embedder(
    tiny: Path, bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = ModelSettings(base=str(tiny)), ModelSettings(base="starter")
    assert [embedding.chosen("minilm", model) for model in (here, elsewhere)] == ["none", "minilm"]
    assert embedding.chosen("none", elsewhere) == "none"
    assert embedding.chosen(str(bert), here) == str(bert)
    monkeypatch.setattr(minilm, "is_ready", lambda: True)
    assert embedding.chosen("minilm", here) == "minilm"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run whose data stage is done."""
    folder = tmp_path / "run"
    (folder / "data").mkdir(parents=True)
    (tmp_path / "package").mkdir()
    ledger = Ledger(rows_in=4, train=3, test=1, dropped=())
    data.write(Dataset(train=tuple(map(example, CHESS)), test=(example("x"),), ledger=ledger), folder / "data")
    return Run(folder)


def test_packing_leaves_the_vectors_of_training_prompts(tiny: Path, bert: Path, run: Run, tmp_path: Path) -> None:
    plan = make_plan(catalog(), "medical", overrides=[f"model.base={tiny}", f"pack.embedder={bert}"])
    assert stage._embed(plan, run, tmp_path / "package") == 3
    found = routing.read(tmp_path / "package")
    assert found is not None
    np.testing.assert_allclose(found.vectors, Embedder.open(str(bert)).vectors(CHESS), atol=1e-3)
    assert stage._embedder(plan)["base"] == "folder"


@pytest.mark.parametrize(
    ("base", "embedder", "words"),
    [("{tiny}", "minilm", "is not at hand"), ("starter", "minilm", "No matching"), ("starter", "none", "")],
)
def test_without_an_embedder_the_package_is_made_and_one_is_told(
    base: str, embedder: str, words: str, tiny: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    failed = subprocess.CompletedProcess([], 1, "", "ERROR: No matching distribution found")
    monkeypatch.setattr(wheel.subprocess, "run", lambda *_, **__: failed)
    overrides = [f"model.base={base.format(tiny=tiny)}", f"pack.embedder={embedder}"]
    plan = make_plan(catalog(), "medical", overrides=overrides)
    assert stage._embed(plan, run, tmp_path / "package") == 0
    assert list((tmp_path / "package").iterdir()) == []
    said = " ".join(capsys.readouterr().err.split())
    assert words in said
    assert ("`auto` will not choose" in said) == (embedder != "none")


@pytest.mark.network
def test_minilm_is_fetched_and_says_what_sentence_transformers_says() -> None:
    found = Embedder.open("minilm")
    assert (found.name, found.longest) == ("minilm", 256)
    rows = found.vectors(["A man is eating food.", "A man is eating a meal.", "The stock market fell."])
    cosines = rows @ rows.T
    assert cosines[0, 1] > 0.7 > 0.3 > cosines[0, 2]
