"""Two rankings made one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stand_in import WordEmbedder, many, passage

from domaintune import DataError, Passage
from domaintune.retrieval import dense, ranking
from domaintune.retrieval.hybrid import Hybrid, HybridFinder
from domaintune.retrieval.options import DenseOptions, HybridOptions


@pytest.fixture(autouse=True)
def embedder(monkeypatch: pytest.MonkeyPatch) -> WordEmbedder:
    made = WordEmbedder()
    monkeypatch.setattr(dense, "open_embedder", lambda _: made)
    return made


def opened(passages: list[Passage], place: Path, **options: Any) -> HybridFinder:
    retriever = Hybrid(HybridOptions(**options))
    retriever.index(passages, place)
    return retriever.open(passages, place)


RANKS = st.lists(st.integers(0, 9), unique=True, max_size=8)


@given(RANKS, RANKS, st.sampled_from([0.0, 0.3, 1.0]), st.integers(1, 60), st.integers(0, 12))
def test_a_place_scores_the_sum_of_its_weighted_reciprocal_ranks(
    first: list[int], second: list[int], weight: float, constant: int, k: int
) -> None:
    rankings = [(1 - weight, [(place, 9.0) for place in first]), (weight, [(place, -1.0) for place in second])]
    found = ranking.fused(rankings, k, constant)
    truth = {
        place: sum(w / (constant + ranks.index(place) + 1) for w, ranks in ((1 - weight, first), (weight, second))
                   if w and place in ranks)
        for place in range(10)
    }  # fmt: skip
    wanted = sorted((place for place in truth if truth[place]), key=lambda place: (-truth[place], place))[:k]
    assert [place for place, _ in found] == wanted
    assert [score for _, score in found] == [truth[place] for place in wanted]


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, -1.0]), max_size=30), st.integers(-1, 35))
def test_the_best_are_the_largest_and_of_equal_ones_the_first(scores: list[float], k: int) -> None:
    wanted = sorted(range(len(scores)), key=lambda place: (-scores[place], place))[: max(0, k)]
    assert ranking.best(np.array(scores, dtype=np.float32), k).tolist() == wanted


def test_what_only_one_of_the_two_finds_is_found(tmp_path: Path) -> None:
    passages = [
        passage("codeword zyx " + " ".join(f"filler{n}" for n in range(60)), title="by its rare word"),
        passage("aching limbs", title="by its meaning"),
        *many(200),
    ]
    found = [hit.passage.title for hit in opened(passages, tmp_path).search("limbs aching badly zyx", 2)]
    assert set(found) == {"by its rare word", "by its meaning"}


def test_a_weight_of_one_or_none_leaves_one_search(tmp_path: Path) -> None:
    passages = many(60)
    question = passages[7].text + " w1 w2 w3"
    for weight, part in ((0.0, "_by_words"), (1.0, "_by_meaning")):
        finder = opened(passages, tmp_path, weight=weight)
        alone = getattr(finder, part).ranked(question, 10)
        assert [place for place, _ in finder.ranked(question, 10)] == [place for place, _ in alone]


def test_where_passages_have_keys_the_meaning_weighs_more(tmp_path: Path) -> None:
    assert opened(many(5), tmp_path).weight == 0.5
    assert opened(many(5, keys=1), tmp_path).weight == 0.8
    assert opened(many(5, keys=1), tmp_path, weight=0.4).weight == 0.4


def test_more_may_be_asked_for_than_is_joined(tmp_path: Path) -> None:
    assert len(opened(many(40), tmp_path, depth=3).search("w1", 30)) == 30


def test_both_indexes_use_what_was_embedded_before(embedder: WordEmbedder, tmp_path: Path) -> None:
    opened(many(20), tmp_path / "before")
    embedder.seen.clear()
    Hybrid(HybridOptions()).index([*many(20), passage("new")], tmp_path / "after", tmp_path / "before")
    assert embedder.seen == ["new"]


def test_an_index_by_meaning_alone_lends_its_vectors_too(embedder: WordEmbedder, tmp_path: Path) -> None:
    for name in ("alone", "both"):
        (tmp_path / name).mkdir()
    dense.Dense(DenseOptions()).index(many(20), tmp_path / "alone")
    embedder.seen.clear()
    Hybrid(HybridOptions()).index([*many(20), passage("new")], tmp_path / "both", tmp_path / "alone")
    assert embedder.seen == ["new"]


def test_half_an_index_is_refused(tmp_path: Path) -> None:
    opened(many(5), tmp_path)
    (tmp_path / "bm25" / "about.json").unlink()
    with pytest.raises(DataError, match="no finished bm25 index"):
        Hybrid(HybridOptions()).open(many(5), tmp_path)
