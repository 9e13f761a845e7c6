"""Search by meaning: what is found, what is embedded, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stand_in import WordEmbedder, folder, many, passage

from domaintune import DataError, Passage, files
from domaintune.errors import ModelError, SettingsError
from domaintune.retrieval import dense, nearest, texts
from domaintune.retrieval.dense import Dense, DenseFinder
from domaintune.retrieval.options import DenseOptions

FLAT = DenseOptions(kind="flat")


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> WordEmbedder:
    made = WordEmbedder()
    monkeypatch.setattr(dense, "open_embedder", lambda _: made)
    return made


def opened(passages: Sequence[Passage], place: Path, options: DenseOptions = FLAT) -> DenseFinder:
    Dense(options).index(passages, place)
    return Dense(options).open(passages, place)


DISEASES = [
    passage("A virus of the nose.", "running nose", "sore throat", "sneezing", title="Cold"),
    passage("A virus of the lungs and more.", "high fever", "sore throat", "aching limbs", title="Flu"),
    passage("Aching throat, high.", "hair loss", title="Chatter"),
    passage("Pollen in the air.", "sneezing", "itching eyes", title="Hay fever"),
]


@pytest.mark.parametrize("kind", ["flat", "hnsw"])
def test_three_keys_in_a_question_find_the_passage_that_has_them(
    kind: str, embedder: WordEmbedder, tmp_path: Path
) -> None:
    question = "Aching limbs, a sore throat and high fever"
    finder = opened(DISEASES, tmp_path, DenseOptions(kind=kind))  # type: ignore[arg-type]
    assert finder.search(question, 1)[0].passage.title == "Flu"
    bare = [passage(one.text, title=one.title) for one in DISEASES]
    assert opened(bare, folder(tmp_path, "bare")).search(question, 1)[0].passage.title == "Chatter"


def by_hand(passages: Sequence[Passage], query: str, embedder: WordEmbedder) -> list[float]:
    """Return the scores as the definition says, one by one."""
    keyed = any(one.keys for one in passages)
    parts = texts.parts(query) if keyed else []
    scores = []
    for one in passages:
        own = [texts.whole(one), *one.keys]
        whole = float(embedder.vector(query) @ embedder.vector(own[0]))
        best = [max(float(embedder.vector(part) @ embedder.vector(text)) for text in own) for part in parts]
        scores.append(max(whole, sum(best) / len(best)) if best else whole)
    return scores


SOME = st.lists(st.sampled_from(["rash", "cough", "fever", "ache", "red"]), min_size=1, max_size=3).map(" ".join)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.lists(st.tuples(SOME, st.lists(SOME, max_size=3)), min_size=1, max_size=8),
    query=st.lists(SOME, min_size=1, max_size=3).map(", ".join),
    kind=st.sampled_from(["flat", "hnsw"]),
)
def test_scores_are_those_of_the_definition(
    drawn: list[tuple[str, list[str]]],
    query: str,
    kind: str,
    embedder: WordEmbedder,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    passages = [passage(text, *keys) for text, keys in drawn]
    finder = opened(passages, tmp_path_factory.mktemp("index"), DenseOptions(kind=kind))  # type: ignore[arg-type]
    found = finder.ranked(query, len(passages))
    truth = by_hand(passages, query, embedder)
    assert sorted(place for place, _ in found) == list(range(len(passages)))
    assert [score for _, score in found] == pytest.approx(sorted(truth, reverse=True), abs=1e-5)
    assert [truth[place] for place, _ in found] == pytest.approx([score for _, score in found], abs=1e-5)


def test_each_distinct_text_is_embedded_once(embedder: WordEmbedder, tmp_path: Path) -> None:
    twice = [*DISEASES, *DISEASES]
    finder = opened(twice, tmp_path)
    assert sorted(embedder.seen) == sorted({text for one in DISEASES for text in (texts.whole(one), *one.keys)})
    assert [place for place, _ in finder.ranked("running nose", 2)] == [0, 4]  # equal scores: as they stand


def test_graph_and_lists_find_nearly_what_comparing_with_all_finds(
    embedder: WordEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "PER_LIST", 4)  # codes need fewer vectors; they are the worse for it
    passages = many(1_500)
    flat = opened(passages, folder(tmp_path, "flat"))
    for kind, least in (("hnsw", 0.97), ("ivfpq", 0.9)):
        other = opened(passages, folder(tmp_path, kind), DenseOptions(kind=kind, code_bytes=8))  # type: ignore[arg-type]
        same = 0
        for one in passages[:50]:
            true, found = (dict(finder.ranked(one.text, 10)) for finder in (flat, other))
            same += len(true.keys() & found.keys())
            assert max(found.values()) == pytest.approx(1.0, abs=1e-5), "scores are exact, not those of the codes"
        assert same >= least * 500, kind


def test_a_graph_finds_by_common_keys_what_comparing_with_all_finds(embedder: WordEmbedder, tmp_path: Path) -> None:
    passages = many(800, keys=4)
    flat = opened(passages, folder(tmp_path, "flat"))
    graph = opened(passages, folder(tmp_path, "hnsw"), DenseOptions(kind="hnsw"))
    same = 0
    for one in passages[:40]:
        question = "Seen: " + ", ".join(one.keys[:3])
        same += len(dict(flat.ranked(question, 5)).keys() & dict(graph.ranked(question, 5)).keys())
    assert same >= 0.95 * 200


def test_the_folder_says_what_it_is_and_why(
    embedder: WordEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(DISEASES, folder(tmp_path, "few"), DenseOptions())
    about = files.read_json(tmp_path / "few" / "about.json")
    assert about["search"] == {
        "kind": "flat",
        "why": "11 vectors: fewer than 50,000, so all are compared",
        "parameters": {},
    }
    assert about["embedder"] == {"name": "words", "fingerprint": "words-1"}
    assert (about["passages"], about["vectors"], about["keys"], about["width"]) == (4, 11, 9, 32)
    monkeypatch.setattr(nearest, "FLAT_BELOW", 10)
    opened(DISEASES, folder(tmp_path, "many"), DenseOptions())
    search = files.read_json(tmp_path / "many" / "about.json")["search"]
    assert (search["kind"], search["parameters"]) == ("hnsw", {"links": 32, "build_effort": 80, "bits": 8})
    assert "10 or more" in search["why"]


def test_equal_passages_give_equal_files(embedder: WordEmbedder, tmp_path: Path) -> None:
    for kind in ("flat", "hnsw"):
        for name in ("one", "two"):
            opened(many(400, keys=1), folder(tmp_path, kind + name), DenseOptions(kind=kind))  # type: ignore[arg-type]
        assert files.folder_hashes(tmp_path / f"{kind}one") == files.folder_hashes(tmp_path / f"{kind}two")


def test_only_new_texts_are_embedded_again(embedder: WordEmbedder, tmp_path: Path) -> None:
    opened(DISEASES, folder(tmp_path, "before"))
    more = [passage("Quite new.", "sneezing", "blue toes"), *DISEASES[1:]]
    fresh = opened(more, folder(tmp_path, "fresh"))
    embedder.seen.clear()
    Dense(FLAT).index(more, folder(tmp_path, "after"), tmp_path / "before")
    assert sorted(embedder.seen) == ["Quite new.", "blue toes"]
    after = Dense(FLAT).open(more, tmp_path / "after")
    assert after.ranked("blue toes, sneezing", 4) == fresh.ranked("blue toes, sneezing", 4)


@pytest.mark.parametrize("accident", ["another embedder", "damaged", "none"])
def test_an_earlier_index_that_is_of_no_use_is_left_aside(
    accident: str, embedder: WordEmbedder, tmp_path: Path
) -> None:
    before = folder(tmp_path, "before")
    if accident != "none":
        opened(DISEASES, before)
    if accident == "another embedder":
        embedder.fingerprint = "words-2"
    elif accident == "damaged":
        (before / "vectors.f32").write_bytes(b"short")
    embedder.seen.clear()
    Dense(FLAT).index(DISEASES, folder(tmp_path, "after"), before)
    assert len(embedder.seen) == 11


def test_a_finished_folder_is_not_made_again_and_other_passages_are(embedder: WordEmbedder, tmp_path: Path) -> None:
    opened(DISEASES, tmp_path)
    embedder.seen.clear()
    opened(DISEASES, tmp_path)
    assert not embedder.seen
    finder = opened(DISEASES[:2], tmp_path)
    assert {hit.passage.title for hit in finder.search("virus", 9)} == {"Cold", "Flu"}
    (tmp_path / "vectors.f32").write_bytes((tmp_path / "vectors.f32").read_bytes()[::-1])
    assert [hit.passage.title for hit in opened(DISEASES[:2], tmp_path).search("running nose", 1)] == ["Cold"]


def test_another_kind_of_search_leaves_nothing_of_the_first(embedder: WordEmbedder, tmp_path: Path) -> None:
    opened(DISEASES, folder(tmp_path, "changed"), DenseOptions(kind="hnsw"))
    opened(DISEASES, tmp_path / "changed")
    opened(DISEASES, folder(tmp_path, "fresh"))
    assert files.folder_hashes(tmp_path / "changed") == files.folder_hashes(tmp_path / "fresh")


def test_an_index_of_another_embedder_is_refused(embedder: WordEmbedder, tmp_path: Path) -> None:
    opened(DISEASES, tmp_path)
    embedder.fingerprint = "words-2"
    with pytest.raises(DataError, match=r"made by the embedder 'words' \(words-1\), not by 'words' \(words-2\)"):
        Dense(FLAT).open(DISEASES, tmp_path)


def test_an_index_of_other_passages_is_refused(embedder: WordEmbedder, tmp_path: Path) -> None:
    opened(DISEASES, tmp_path)
    with pytest.raises(DataError, match="is of 4 passages, but there are 3"):
        Dense(FLAT).open(DISEASES[:3], tmp_path)


NAMES = ("vectors.f32", "texts.digests", "bodies.npy", "keys.npy", "owners.npy", "nearest.faiss")


@pytest.mark.parametrize("name", [*NAMES, "about.json"])
@pytest.mark.parametrize("accident", ["gone", "short", "changed"])
def test_a_damaged_index_is_refused_in_a_sentence(
    name: str, accident: str, embedder: WordEmbedder, tmp_path: Path
) -> None:
    options = DenseOptions(kind="hnsw")
    opened(DISEASES, tmp_path, options)
    data = bytearray((tmp_path / name).read_bytes())
    if accident == "gone":
        (tmp_path / name).unlink()
    elif accident == "short":
        (tmp_path / name).write_bytes(data[:-3])
    else:
        data[0] ^= 255
        (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match="index the knowledge anew"):
        Dense(options).open(DISEASES, tmp_path)


def test_a_record_that_was_edited_is_refused(embedder: WordEmbedder, tmp_path: Path) -> None:
    opened(DISEASES, tmp_path)
    about = files.read_json(tmp_path / "about.json")
    del about["search"]
    files.write_json(tmp_path / "about.json", about)
    with pytest.raises(DataError, match="no finished dense index"):
        Dense(FLAT).open(DISEASES, tmp_path)


def test_a_large_damaged_graph_is_refused_by_what_reads_it(
    embedder: WordEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = DenseOptions(kind="hnsw")
    opened(DISEASES, tmp_path, options)
    monkeypatch.setattr("domaintune.retrieval.records.CHECKED", 0)  # as if the file were too long to be hashed
    file = tmp_path / "nearest.faiss"
    file.write_bytes(bytes(len(file.read_bytes())))
    with pytest.raises(DataError, match=r"nearest\.faiss.* cannot be read .*index the knowledge anew"):
        Dense(options).open(DISEASES, tmp_path)


@pytest.mark.parametrize("accident", ["nan", "narrow", "few"])
def test_vectors_that_are_none_are_refused(accident: str, embedder: WordEmbedder, tmp_path: Path) -> None:
    good = embedder.vectors(["a"] * 11)
    bad = {"nan": np.full_like(good, np.nan), "narrow": good[:, :5], "few": good[:3]}[accident]
    embedder.vectors = lambda *_, **__: bad  # type: ignore[method-assign]
    with pytest.raises(ModelError, match="the embedder 'words' gave vectors"):
        Dense(FLAT).index(DISEASES, tmp_path)


def test_no_passages_are_no_hits(embedder: WordEmbedder, tmp_path: Path) -> None:
    for kind in ("flat", "hnsw"):
        assert opened([], folder(tmp_path, kind), DenseOptions(kind=kind)).search("anything", 5) == []  # type: ignore[arg-type]
    assert opened(DISEASES, folder(tmp_path, "some")).search("", 9) != []
    assert opened(DISEASES, tmp_path / "some").search("virus", 0) == []


def test_options_that_cannot_be_are_refused() -> None:
    with pytest.raises(SettingsError, match="code_bytes = 7: must divide the 32 numbers"):
        nearest.plan(20_000, 32, DenseOptions(kind="ivfpq", code_bytes=7))
    few = nearest.plan(100, 32, DenseOptions(kind="ivfpq"))
    assert few.kind == "flat"
    assert "too few" in few.why
