"""Search by words: what counts as one, who is found, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from stand_in import folder, many, passage

from domaintune import DataError, Passage, files
from domaintune.retrieval.lexical import Bm25, Bm25Finder, tokens
from domaintune.retrieval.options import Bm25Options

PASSAGES = [
    passage("Aspirin thins the blood and eases pain.", title="Aspirin"),
    passage("Ibuprofen eases pain, pain of the joints above all.", title="Ibuprofen"),
    passage("A salve for the skin.", "itching", title="Zinc"),
    passage("糖尿病。症状：多饮、多尿、疲倦。", title="糖尿病"),
    passage("高血压。症状：头痛、头晕。", title="高血压"),
]


def opened(passages: list[Passage], place: Path, **options: float) -> Bm25Finder:
    retriever = Bm25(Bm25Options(**options))
    retriever.index(passages, place)
    return retriever.open(passages, place)


def titles(finder: Bm25Finder, query: str, k: int = 9) -> list[str]:
    return [hit.passage.title for hit in finder.search(query, k)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Patient's allergies, boxes and rashes", ["patient", "allergy", "box", "rash"]),
        ("pus, virus, diagnosis, loss", ["pus", "virus", "diagnosis", "loss"]),
        ("T1 vitamin D 2.5", ["t1", "vitamin", "d", "2", ".", "5"]),
        ("头痛、热 ok", ["头", "头痛", "痛", "热", "ok"]),
        ("ＡＢＣ", ["abc"]),
        ("half \ud83d a character", ["half", "character"]),
        ("is it of the", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("What is IBUPROFEN for?", ["Ibuprofen"]),
        ("pains", ["Ibuprofen", "Aspirin"]),
        ("itching", ["Zinc"]),
        ("我头晕怎么办", ["高血压"]),
        ("多饮多尿", ["糖尿病"]),
        ("nothing known", []),
        ("", []),
    ],
)
def test_who_is_found(query: str, expected: list[str], tmp_path: Path) -> None:
    assert titles(opened(PASSAGES, tmp_path), query) == expected


def test_at_most_k_are_found_and_equal_ones_in_their_order(tmp_path: Path) -> None:
    finder = opened([passage("pain", title=str(n)) for n in range(5)] + [passage("joy")], tmp_path)
    assert titles(finder, "pain", 3) == ["0", "1", "2"]
    assert titles(finder, "pain", 0) == []


def test_a_key_counts_once_though_the_text_names_it_too(tmp_path: Path) -> None:
    finder = opened([passage("rash", "rash", title="one"), passage("rash", title="two"), passage("x")], tmp_path)
    first, second = finder.search("rash", 2)
    assert first.score == second.score
    assert opened([passage("x", "rash", title="c"), passage("y")], tmp_path).search("rash", 1)[0].passage.title == "c"


def test_options_decide_the_scores(tmp_path: Path) -> None:
    long = [passage("pain " + "x " * 50, title="long"), passage("pain", title="short"), passage("y")]
    short, other = opened(long, folder(tmp_path, "b"), b=0.75).search("pain", 2)
    assert (short.passage.title, other.passage.title) == ("short", "long")
    even = opened(long, folder(tmp_path, "no-b"), b=0.0).search("pain", 2)
    assert even[0].score == pytest.approx(even[1].score)


def test_equal_passages_give_equal_files_without_pickles(tmp_path: Path) -> None:
    for name in ("one", "two"):
        opened(many(300), folder(tmp_path, name))
    opened(many(200), tmp_path / "two")
    opened(many(300), tmp_path / "two")  # what lay there before leaves no trace
    assert files.folder_hashes(tmp_path / "one") == files.folder_hashes(tmp_path / "two")
    for file in (tmp_path / "one").glob("*.npy"):
        np.load(file, allow_pickle=False)
    assert {file.suffix for file in (tmp_path / "one").iterdir()} == {".npy", ".json"}


@pytest.mark.parametrize("passages", [[], [passage("the of")]], ids=["none", "without words"])
def test_passages_without_a_word_are_no_hits(passages: list[Passage], tmp_path: Path) -> None:
    assert titles(opened(passages, tmp_path), "the of pain") == []


@pytest.mark.parametrize("name", ["data.csc.index.npy", "indptr.csc.index.npy", "vocab.index.json", "about.json"])
@pytest.mark.parametrize("accident", ["gone", "short", "changed"])
def test_a_damaged_index_is_refused_in_a_sentence(name: str, accident: str, tmp_path: Path) -> None:
    opened(PASSAGES, tmp_path)
    data = (tmp_path / name).read_bytes()
    if accident == "gone":
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(data[:-2] if accident == "short" else b"\0" + data[1:])
    with pytest.raises(DataError, match="index the knowledge anew"):
        Bm25(Bm25Options()).open(PASSAGES, tmp_path)


def test_an_index_of_other_passages_is_refused(tmp_path: Path) -> None:
    opened(PASSAGES, tmp_path)
    with pytest.raises(DataError, match="is of 5 passages, but there are 2"):
        Bm25(Bm25Options()).open(PASSAGES[:2], tmp_path)
