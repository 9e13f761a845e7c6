"""Text as it streams: nothing is given out that could still change or become a stop string."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune.engine.text import Text
from domaintune.models import base as models
from domaintune.settings import ModelSettings


@pytest.fixture(scope="module")
def tokenizer(tiny: Path) -> Any:
    return models.load_tokenizer(models.locate(ModelSettings(base=str(tiny))))


def stream(tokenizer: Any, ids: list[int], stops: list[str]) -> tuple[list[str], bool]:
    text, pieces = Text(tokenizer, stops), []
    for token in ids:
        pieces.append(text.add(token))
        if text.stopped:
            return pieces, True
    return [*pieces, text.end()], text.stopped


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60))
def test_the_pieces_of_a_text_are_the_text(tokenizer: Any, text: str) -> None:
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    pieces, stopped = stream(tokenizer, ids, [])
    assert "".join(pieces) == tokenizer.decode(ids, skip_special_tokens=True)
    assert not stopped


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_tokens_give_what_decoding_them_together_gives(tokenizer: Any, data: st.DataObject) -> None:
    ids = data.draw(st.lists(st.integers(3, len(tokenizer) - 1), max_size=40))
    assert "".join(stream(tokenizer, ids, [])[0]) == tokenizer.decode(ids, skip_special_tokens=True)


@settings(max_examples=150, deadline=None)
@given(text=st.text("abc \né", max_size=40), stops=st.lists(st.text("abc \né", min_size=1, max_size=4), max_size=4))
def test_a_stop_string_ends_the_text_before_it_and_no_piece_of_it_is_given_out(
    tokenizer: Any, text: str, stops: list[str]
) -> None:
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    whole = tokenizer.decode(ids, skip_special_tokens=True)
    pieces, stopped = stream(tokenizer, ids, stops)
    said = "".join(pieces)
    assert stopped == any(stop in whole for stop in stops)
    assert whole.startswith(said)
    assert not any(stop in said for stop in stops)
    if not stopped:
        assert said == whole


def test_an_emoji_comes_whole(tokenizer: Any) -> None:
    ids = tokenizer("ok 👩🏽‍⚕️!", add_special_tokens=False)["input_ids"]
    pieces, _ = stream(tokenizer, ids, [])
    assert not any("\ufffd" in piece for piece in pieces)
