"""Long texts are cut in pieces: nothing is lost, nothing is too long, and the cuts are where a reader would make them."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domaintune import chunks
from domaintune.retrieval.chunk import TOKEN, spans

WORDS = ["word", "Dr.", "end.", "a, b;", "\n", "\n\n", "- item", "疼痛。", "发热、咳嗽，", "12.5", "x" * 60, "(e.g."]
TEXTS = st.one_of(
    st.text(max_size=400),
    st.lists(
        st.sampled_from(WORDS),
        max_size=150,
    ).map(" ".join),
)  # fmt: skip
SIZES = st.integers(1, 40).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))


def tokens(text: str) -> list[str]:
    return TOKEN.findall(text)


@settings(max_examples=200, deadline=None)
@given(TEXTS, SIZES)
@example("a" * 1000, (7, 3))
def test_nothing_is_lost_the_order_is_kept_and_no_piece_is_too_long(text: str, sizes: tuple[int, int]) -> None:
    size, overlap = sizes
    places = list(spans(text, size, overlap))
    pieces = chunks(text, size, overlap)
    assert [tokens(piece) for piece in pieces] == [tokens(text[start:end]) for start, end in places]
    assert all(0 < len(tokens(piece)) <= size for piece in pieces)
    assert bool(pieces) == bool(text.strip())
    rebuilt: list[str] = []
    reached = 0
    for start, end in places:
        repeated = tokens(text[start:reached]) if start < reached else []
        assert not text[reached:start].strip(), "what lies between two pieces is blank"
        assert len(repeated) <= overlap
        rebuilt += tokens(text[max(start, reached) : end])
        reached = end
    assert rebuilt == tokens(text)
    for before, after in pairwise(places):
        assert before < after
        assert before[1] < after[1]


def test_a_piece_ends_with_a_paragraph_else_with_a_sentence_else_at_a_comma() -> None:
    sentence = "One two three four five six seven eight nine."
    assert chunks("\n\n".join([sentence] * 3), 25, 0) == [f"{sentence}\n\n{sentence}", sentence]
    assert chunks(" ".join([sentence] * 3), 25, 0) == [f"{sentence} {sentence}", sentence]
    assert chunks("one two three four, five six seven eight nine", 6, 0) == [
        "one two three four,",
        "five six seven eight nine",
    ]
    assert chunks("one two three four five six seven", 3, 0) == ["one two three", "four five six", "seven"]


def test_whole_sentences_are_repeated_where_they_are_short_enough() -> None:
    first, second, third = "It starts here and goes on.", "Then this.", "And it ends with these words."
    assert chunks(f"{first} {second} {third}", 12, 4) == [f"{first} {second}", f"{second} {third}"]
    assert chunks(" ".join("abcdefgh"), 4, 2) == ["a b c d", "c d e f", "e f g h"]


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Smith came.",
        "See fig. 2 for it.",
        "J. Smith et al. Wrote.",
        "E.g. here",
        "It is 12.5 mg now.",
        "At 12:30 sharp",
    ],
)
def test_some_points_end_no_sentence(text: str) -> None:
    begin = "Go on now then. "
    size = len(tokens(text))
    assert chunks(begin + text, size, 0)[-1] == text
    assert chunks("A b c d e f g end. " + text, 9 + size - 2, 0)[-1] == text, "it is not cut inside"


def test_chinese_is_counted_by_character_and_cut_after_its_own_stops() -> None:
    assert chunks("咳嗽，发热。头痛、恶心！休息。", 8, 0) == ["咳嗽，发热。", "头痛、恶心！", "休息。"]


def test_the_items_of_a_list_are_not_torn() -> None:
    assert chunks("- one two\n- three four\n- five six", 6, 0) == ["- one two\n- three four", "- five six"]


def test_spaces_are_made_one_and_blank_lines_too() -> None:
    assert chunks(" a \t b\n\n \n\n c \r\n d ") == ["a b\n\nc \n d"]
    assert chunks(" \n ") == []


@pytest.mark.parametrize(("size", "overlap"), [(10, 10), (10, -1), (0, 0)])
def test_an_overlap_as_large_as_a_piece_is_refused(size: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="the overlap must be smaller"):
        chunks("a b c", size, overlap)


@pytest.mark.parametrize(
    "text", [" " * 400_000, "\n" * 400_000, " \n" * 200_000, "a" * 400_000, "." * 100_000, "a. " * 60_000]
)
def test_hostile_texts_take_time_in_proportion(text: str) -> None:
    start = time.perf_counter()
    chunks(text)
    assert time.perf_counter() - start < 5
