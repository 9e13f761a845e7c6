"""Passages on disk: what is written is read, by number, and damage is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domaintune import DataError, Origin, Passage
from domaintune.retrieval.passages import PLACES, TEXTS, Passages, write

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PASSAGE = st.builds(
    Passage,
    text=TEXT,
    origin=st.builds(Origin, source=TEXT, place=TEXT),
    title=TEXT,
    keys=st.lists(TEXT, max_size=3).map(tuple),
    license=TEXT,
    meta=st.dictionaries(TEXT, TEXT | st.integers() | st.lists(TEXT, max_size=2), max_size=2),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.lists(PASSAGE, max_size=8))
def test_what_is_written_is_read_in_any_order(tmp_path: Path, passages: list[Passage]) -> None:
    assert write(passages, tmp_path) == len(passages)
    found = Passages(tmp_path)
    assert len(found) == len(passages)
    assert [found[place] for place in reversed(range(len(found)))] == passages[::-1]
    assert list(found) == passages
    assert found[1:3] == passages[1:3]


def one(text: str) -> Passage:
    return Passage(text=text, origin=Origin(source="a.csv", place="line 1"))


def test_numbers_from_the_end_and_beyond_it(tmp_path: Path) -> None:
    write([one("first"), one("last")], tmp_path)
    found = Passages(tmp_path)
    assert found[-1].text == "last"
    with pytest.raises(IndexError):
        found[2]


def test_equal_passages_give_equal_bytes(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        write([one("x"), one("心")], tmp_path / name)
    for file in (TEXTS, PLACES):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize("line", [b'{"origin": {"source": "a"}}', b"[1, 2]", b"not JSON at all"])
def test_a_damaged_line_of_the_same_length_is_said_when_it_is_read(tmp_path: Path, line: bytes) -> None:
    write([one("a text that is long enough to be overwritten")], tmp_path)
    texts = tmp_path / TEXTS
    texts.write_bytes(line.ljust(texts.stat().st_size - 1) + b"\n")
    with pytest.raises(DataError, match=r"passage 1 in .* is damaged"):
        Passages(tmp_path)[0]


@pytest.mark.parametrize("harm", ["cut", "longer", "places", "missing"])
def test_damage_is_said_not_read(tmp_path: Path, harm: str) -> None:
    write([one("first"), one("second")], tmp_path)
    texts, places = tmp_path / TEXTS, tmp_path / PLACES
    match harm:
        case "cut":
            texts.write_bytes(texts.read_bytes()[:-3])
        case "longer":
            texts.write_bytes(texts.read_bytes() + b"{}\n")
        case "places":
            places.write_bytes(places.read_bytes()[:-3])
        case "missing":
            places.unlink()
    with pytest.raises(DataError, match="index the knowledge"):
        Passages(tmp_path)
