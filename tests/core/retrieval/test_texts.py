"""What of passages is embedded, and how a question is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stand_in import passage

from domaintune.retrieval import texts


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("I have a cough, chills and nausea. What is it?", ["I have a cough", "chills", "nausea", "What is it"]),
        ("fever of 38.5 or 1,000 spots; itching", ["fever of 38.5", "1,000 spots", "itching"]),
        ("头痛、发热，怎么办？", ["头痛", "发热", "怎么办"]),
        ("a handy sandwich", ["a handy sandwich"]),
        ("one\ntwo", ["one", "two"]),
        (" ,.; and ...", []),
    ],
)
def test_a_question_is_cut_where_it_names_another_thing(query: str, parts: list[str]) -> None:
    assert texts.parts(query) == parts


def test_a_question_has_no_endless_list_of_parts() -> None:
    assert len(texts.parts("ache, " * 1000)) == texts.PARTS


def test_a_title_is_said_once() -> None:
    assert texts.whole(passage("It itches.", title="Rash")) == "Rash. It itches."
    assert texts.whole(passage("RASH is red.", title="Rash")) == "RASH is red."
    assert texts.whole(passage("It itches.")) == "It itches."


TEXT = st.text(alphabet="ab ", max_size=3)


@given(st.lists(st.tuples(TEXT, TEXT, st.lists(TEXT, max_size=4)), max_size=12))
def test_every_text_has_one_row_and_rows_lead_back_to_all_that_share_it(
    drawn: list[tuple[str, str, list[str]]],
) -> None:
    passages = [passage(text, *keys, title=title) for title, text, keys in drawn]
    found = texts.gathered(passages)
    all_texts = list(found)
    assert len(set(all_texts)) == len(all_texts) == len(found.digests)
    owners: dict[str, list[int]] = {text: [] for text in all_texts}
    for place, one in enumerate(passages):
        keys = [key.strip() for key in one.keys if key.strip()]
        assert found[found.bodies[place]] == texts.whole(one)
        assert [found[row] for row in found.keys[found.starts[place] : found.starts[place + 1]]] == keys
        for text in (texts.whole(one), *keys):
            owners[text].append(place)
    starts, places = texts.owners(found)
    assert {text: places[starts[row] : starts[row + 1]].tolist() for row, text in enumerate(all_texts)} == owners
