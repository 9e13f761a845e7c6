"""Models of sentence-transformers are read as they are meant: pooling, prompts, length; what is not known is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from embedders import random_bert
from transformers import AutoModel, AutoTokenizer

from domaintune.embedding import names, open_embedder
from domaintune.embedding.local import Embedder
from domaintune.errors import ModelError

TEXTS = ["Name the opening: e4 c5", "e4", "Which opening begins with e4 e5 Nf3?", "long " * 60, ""]
PLACES = {"mean": None, "cls": 0, "lasttoken": -1, "max": None}
PREFIX = "sentence_transformers.models."


@pytest.fixture(scope="module")
def bert(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random embedder of two layers, with the tiny model's tokenizer and marks around a text."""
    return random_bert(tiny, tmp_path_factory.mktemp("embedder") / "bert", padding_side="left")


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    Embedder.open.cache_clear()


def with_recipe(bert: Path, folder: Path, pooling: dict[str, Any] | None = None, **more: Any) -> Path:
    """Copy the model, with the files that sentence-transformers writes."""
    shutil.copytree(bert, folder)
    steps = more.pop("steps", ["Transformer", "Pooling", "Normalize"])
    paths = ["", "1_Pooling", "2_Normalize", "3_More"]
    modules = [{"idx": i, "name": str(i), "path": paths[i], "type": PREFIX + step} for i, step in enumerate(steps)]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling/config.json").write_text(json.dumps(pooling or {}))
    for name, value in more.items():
        (folder / f"{name}.json").write_text(value if isinstance(value, str) else json.dumps(value))
    return folder


def by_hand(folder: Path, text: str, pooling: str, longest: int = 64) -> np.ndarray[Any, Any]:
    """Embed one text alone, so that there is no padding."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    ids = tokenizer(text, truncation=True, max_length=longest, return_tensors="pt")["input_ids"]
    if not ids.shape[1]:
        return np.zeros(16, dtype=np.float32)
    rows = model(input_ids=ids).last_hidden_state[0].detach()
    place = PLACES[pooling]
    found = rows[place] if place is not None else rows.mean(dim=0) if pooling == "mean" else rows.max(dim=0).values
    row: np.ndarray[Any, Any] = (found / found.norm()).numpy()
    return row


@pytest.mark.parametrize("pooling", PLACES)
@pytest.mark.parametrize("age", ["old", "new"])
def test_tokens_are_pooled_as_the_model_says(pooling: str, age: str, bert: Path, tmp_path: Path) -> None:
    config: dict[str, Any] = {f"pooling_mode_{mode}": False for mode in ("cls_token", "max_tokens", "mean_tokens")}
    config |= {"pooling_mode": pooling} if age == "new" else {_old(pooling): True}
    folder = with_recipe(bert, tmp_path / "m", config)
    embedder = Embedder.open(str(folder))
    assert embedder.tokenizer.padding_side == "right"
    found = embedder.vectors(TEXTS)
    assert (embedder.width, embedder.longest) == (16, 64)
    for text, row in zip(TEXTS, found, strict=True):
        np.testing.assert_allclose(row, by_hand(folder, text, pooling), atol=2e-5, err_msg=text)


def _old(pooling: str) -> str:
    return f"pooling_mode_{pooling}" + (
        "_tokens" if pooling in {"mean", "max"} else "_token" if pooling == "cls" else ""
    )


def test_a_model_that_says_nothing_is_read_by_the_mean_and_keeps_its_fingerprint(bert: Path, tmp_path: Path) -> None:
    plain = Embedder.open(str(bert))
    same = Embedder.open(str(with_recipe(bert, tmp_path / "same", {"pooling_mode_mean_tokens": True})))
    root = Embedder.open(str(with_recipe(bert, tmp_path / "root", {"pooling_mode_mean_sqrt_len_tokens": True})))
    other = Embedder.open(str(with_recipe(bert, tmp_path / "other", {"pooling_mode_cls_token": True})))
    assert plain.fingerprint == same.fingerprint == root.fingerprint != other.fingerprint
    np.testing.assert_array_equal(plain.vectors(TEXTS), same.vectors(TEXTS))
    identities = [names.identity(str(tmp_path / name)) for name in ("same", "other")]
    assert identities[0] != identities[1]


def test_prompts_stand_before_questions_and_passages(bert: Path, tmp_path: Path) -> None:
    prompts = {"prompts": {"query": "query: ", "passage": "passage: ", "other": "x"}, "default_prompt_name": None}
    reading = {"max_seq_length": 12, "do_lower_case": True}
    folder = with_recipe(bert, tmp_path / "m", config_sentence_transformers=prompts, sentence_bert_config=reading)
    embedder = open_embedder(str(folder))
    assert embedder.longest == 12
    query, passage = embedder.vectors(["E4 C5"], query=True)[0], embedder.vectors(["E4 C5"])[0]
    np.testing.assert_allclose(query, by_hand(folder, "query: e4 c5", "mean", 12), atol=2e-5)
    np.testing.assert_allclose(passage, by_hand(folder, "passage: e4 c5", "mean", 12), atol=2e-5)
    np.testing.assert_allclose(embedder.vector("E4 C5", query=True), query, atol=1e-6)
    np.testing.assert_allclose(embedder.vector("E4 C5"), passage, atol=1e-6)
    assert embedder.fingerprint != Embedder.open(str(bert)).fingerprint


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"steps": ["Transformer", "Pooling", "Dense", "Normalize"]}, r"needs Dense \(modules.json\)"),
        ({"steps": ["Transformer", "Pooling", "Pooling"]}, "needs a step twice"),
        ({"pooling": {"pooling_mode": ["cls", "mean"]}}, "pools by cls and mean; known: mean, cls"),
        ({"pooling": {"pooling_mode_weightedmean_tokens": True}}, "pools by weightedmean"),
        ({"modules": "[1]"}, "has a modules.json that cannot be read"),
        ({"modules": "{"}, "has a damaged modules.json"),
        ({"modules": [{"type": PREFIX + "Transformer", "path": "0_T"}]}, "keeps its weights in a folder"),
        ({"sentence_bert_config": "[]"}, "has a damaged sentence_bert_config.json"),
        (
            {"pooling": {"include_prompt": False}, "config_sentence_transformers": {"prompts": {"query": "q: "}}},
            "leaves its prompt out of the pooling",
        ),
    ],
)
def test_what_is_not_known_is_refused_by_name(files: dict[str, Any], sentence: str, bert: Path, tmp_path: Path) -> None:
    folder = with_recipe(bert, tmp_path / "m", **files)
    with pytest.raises(ModelError, match=sentence):
        open_embedder(str(folder))


def test_what_is_no_embedder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"the embedder './nowhere' is not a folder"):
        open_embedder("./nowhere")
    with pytest.raises(ModelError, match="is a server's, and one on this machine is needed here"):
        Embedder.open("https://a.example/v1#m")
