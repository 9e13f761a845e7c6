"""Passages beside a question: what fits, what is right, and the same for all who ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from picturing import data_url, pictured_model, png

from domaintune import Example, Hit, Message, Origin, Passage, prompts
from domaintune.contracts import IMAGE
from domaintune.errors import PluginError
from domaintune.models import base as models
from domaintune.retrieval.augment import Augmenter
from domaintune.settings import ModelSettings, RetrievalSettings

NAMES = ("asthma", "gout", "measles", "migraine", "scurvy", "tetanus")
EVERY = [
    Passage(text=f"{name} has its signs and its cures", title=name, origin=Origin(source="kb.csv", place=f"line {n}"))
    for n, name in enumerate(NAMES, 2)
]


def search(query: str, k: int) -> Sequence[Hit]:
    """Those named in the query first, then the others in their order."""
    ranked = sorted(EVERY, key=lambda passage: passage.title not in query)
    return [Hit(passage=passage, score=1 / place) for place, passage in enumerate(ranked[:k], 1)]


@pytest.fixture(scope="module")
def tokenizer(tiny: Path) -> Any:
    return models.load_tokenizer(models.locate(ModelSettings(base=str(tiny))))


def augmenter(tokenizer: Any, **changes: Any) -> Augmenter:
    return Augmenter(
        search=search, every=EVERY, tokenizer=tokenizer, settings=RetrievalSettings(**{"budget": 4000, **changes})
    )


def user(text: str) -> tuple[Message, ...]:
    return (Message(role="user", content=text),)


def example(number: int, answer: str = "It is gout.", **meta: Any) -> Example:
    completion = (Message(role="assistant", content=answer),)
    return Example(prompt=user(f"case {number}?"), completion=completion, origin=Origin(source="x"), meta=meta)


def test_passages_are_numbered_and_name_their_origin(tokenizer: Any) -> None:
    asked = augmenter(tokenizer, k=2).ask(user("What is gout?"))
    (message,) = asked.messages
    assert "[1] gout (kb.csv, line 3): gout has its signs" in message["content"]
    assert "[2] asthma (kb.csv, line 2): " in message["content"]
    assert message["content"].endswith("What is gout?")
    assert [passage.title for passage in asked.passages] == ["gout", "asthma"]


def test_only_the_last_question_gets_passages(tokenizer: Any) -> None:
    talk = (
        Message(role="system", content="Be brief."), *user("I have gout."), Message(role="assistant", content="I see."),
        *user("And scurvy?"),
    )  # fmt: skip
    asked = augmenter(tokenizer, k=1).ask(talk)
    assert asked.messages[:3] == talk[:3]
    assert [passage.title for passage in asked.passages] == ["scurvy"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
@given(
    budget=st.integers(1, 400),
    room=st.none() | st.integers(0, 400),
    k=st.integers(1, 6),
    texts=st.lists(st.text("a b心.", max_size=12) | st.just("signs and cures " * 40), min_size=1, max_size=4),
)
def test_the_budget_is_never_passed(tokenizer: Any, budget: int, room: int | None, k: int, texts: list[str]) -> None:
    question = user("What is gout?")
    passages = [Passage(text=text, title=text[:5], origin=Origin(source="kb")) for text in texts]
    one = Augmenter(
        search=lambda _query, k: [Hit(passage=passage, score=1) for passage in passages[:k]], every=passages,
        tokenizer=tokenizer, settings=RetrievalSettings(budget=budget, k=k),
    )  # fmt: skip
    asked = one.ask(question, room)
    more = len(prompts.prompt_ids(tokenizer, asked.messages)) - len(prompts.prompt_ids(tokenizer, question))
    assert more <= min(budget, budget if room is None else room)
    assert asked.messages == prompts.beside(question, asked.passages)


def test_a_passage_too_long_alone_is_cut_at_a_word(tokenizer: Any) -> None:
    long = Passage(text="signs and cures " * 400, title="gout", origin=Origin(source="kb"))
    one = Augmenter(
        search=lambda _query, _k: [Hit(passage=long, score=1)], every=[long], tokenizer=tokenizer,
        settings=RetrievalSettings(budget=300),
    )  # fmt: skip
    (passage,) = one.ask(user("gout?")).passages
    assert passage.text.endswith((" signs …", " and …", " cures …"))
    assert len(passage.text) > 100


def test_nothing_found_changes_nothing(tokenizer: Any) -> None:
    none = Augmenter(search=lambda _query, _k: [], every=[], tokenizer=tokenizer, settings=RetrievalSettings())
    assert none.ask(user("gout?")).messages == user("gout?")


def test_training_examples_get_the_right_passage_others_or_none_in_their_shares(tokenizer: Any) -> None:
    one = augmenter(tokenizer, k=3, right=0.5, distractors=0.3)
    learned = [one.learn(example(n), 7, 4000) for n in range(300)]
    kinds = {"right": 0, "distractors": 0, "none": 0}
    for made in learned:
        titles = made.meta["retrieved"]
        kinds["right" if "gout" in titles else "distractors" if titles else "none"] += 1
        assert len(titles) in {0, 3}
        assert made.completion == example(0).completion
    assert abs(kinds["right"] / 300 - 0.5) < 0.08
    assert abs(kinds["distractors"] / 300 - 0.3) < 0.08
    assert kinds == dict(one.counts)
    places = {made.meta["retrieved"].index("gout") for made in learned if "gout" in made.meta["retrieved"]}
    assert places == {0, 1, 2}  # not always the first


def test_the_same_seed_draws_the_same_and_another_one_others(tokenizer: Any) -> None:
    def learned(seed: int) -> list[Example]:
        one = augmenter(tokenizer)
        return [one.learn(example(n), seed, 4000) for n in range(20)]

    assert learned(1) == learned(1)
    assert learned(1) != learned(2)


def test_a_builder_that_knows_the_right_passage_is_believed(tokenizer: Any) -> None:
    one = augmenter(tokenizer, k=1, right=1.0, distractors=0.0)
    learned = one.learn(example(1, answer="No name here.", passages=["tetanus"]), 0, 4000)
    assert learned.meta["retrieved"] == ["tetanus"]


def test_what_is_counted_as_right_has_the_right_passage_in_its_prompt(tokenizer: Any) -> None:
    one = augmenter(tokenizer, k=2, right=1.0, distractors=0.0)
    one.learn(example(1, answer="No name here.", passages=["a title that nobody knows"]), 0, 4000)
    assert dict(one.counts) == {"distractors": 1}


def test_where_not_all_fit_the_right_passage_has_its_place(tokenizer: Any) -> None:
    one_passage = len(prompts.prompt_ids(tokenizer, prompts.beside(user("case 1?"), EVERY[:1])))
    room = one_passage - len(prompts.prompt_ids(tokenizer, user("case 1?"))) + 10
    one = augmenter(tokenizer, k=4, budget=room, right=1.0, distractors=0.0)
    for number in range(20):
        assert one.learn(example(number), 0, 4000).meta["retrieved"] == ["gout"]


def test_titles_that_a_builder_gives_as_one_text_are_refused(tokenizer: Any) -> None:
    with pytest.raises(PluginError, match="must be a list of titles: 'gout'"):
        augmenter(tokenizer, right=1.0).learn(example(1, passages="gout"), 0, 4000)


def test_the_pieces_of_one_book_are_distractors_of_each_other(tokenizer: Any) -> None:
    pieces = [Passage(text=f"page {n}", title="book", origin=Origin(source="b", place=str(n))) for n in range(9)]
    one = Augmenter(
        search=lambda _query, k: [Hit(passage=piece, score=1) for piece in pieces[:k]], every=pieces,
        tokenizer=tokenizer, settings=RetrievalSettings(k=3, budget=4000, right=0.5, distractors=0.5),
    )  # fmt: skip
    learned = [one.learn(example(n), 0, 4000) for n in range(40)]
    assert {len(made.meta["retrieved"]) for made in learned} == {3}
    assert set(one.counts) == {"right", "distractors"}


@pytest.mark.parametrize("text", ["", "  ", None])
def test_where_nothing_is_asked_nothing_is_found(tokenizer: Any, text: str | None) -> None:
    prompt = (Message(role="system", content="Be brief."),) if text is None else user(text)
    assert augmenter(tokenizer).ask(prompt) == (prompt, ())


def test_an_example_never_grows_beyond_its_limit(tokenizer: Any) -> None:
    one = augmenter(tokenizer, k=4, right=1.0, distractors=0.0)
    plain = example(1)
    size = sum(map(len, prompts.example_ids(tokenizer, plain)))
    for limit in (size, size + 60, size + 150):
        assert sum(map(len, prompts.example_ids(tokenizer, one.learn(plain, 0, limit)))) <= limit


def test_a_test_item_is_found_by_its_question_alone(tokenizer: Any) -> None:
    one = augmenter(tokenizer, k=1)
    assert one.examine(example(1)).meta["retrieved"] == ["asthma"]  # its answer names gout
    assert one.examine(example(1)).prompt == one.ask(example(1).prompt).messages


def test_a_passage_shows_no_picture_and_none_is_searched_for(tmp_path: Path) -> None:
    """In training, grading and serving alike: a marker in a passage would take a picture's place, and fit none."""
    base = models.locate(ModelSettings(base=str(pictured_model(tmp_path / "seer", "qwen2-vl"))))
    tokenizer, processor = models.load_tokenizer(base), models.load_processor(base)
    assert processor is not None
    token = processor.token
    assert token != IMAGE
    found = Passage(
        text=f"see <{IMAGE}> and {token} here", title=f"{IMAGE} of gout", origin=Origin(source="kb.csv", place="line 2")
    )
    sought: list[str] = []
    one = Augmenter(
        search=lambda query, _k: [Hit(passage=found, score=float(not sought.append(query)))],  # type: ignore[func-returns-value]
        every=[found], tokenizer=tokenizer, processor=processor, settings=RetrievalSettings(right=1.0, distractors=0.0),
    )  # fmt: skip
    asked = replace(example(1), prompt=user(f"{IMAGE}\nWhat is it?"), images=(data_url(png(1)),))
    for made in (one.learn(asked, 0, 2048), one.examine(asked)):
        (message,) = made.prompt
        assert "[1] (image) of gout (kb.csv, line 2): see <(image)> and (image) here" in message["content"]
        assert message["content"].count(IMAGE) == 1
        assert prompts.example_ids(tokenizer, made, processor).inputs
    assert len(sought) >= 3
    assert not [query for query in sought if IMAGE in query]
    (picture_alone,) = one.ask(user(f"{IMAGE}\n")).messages
    assert picture_alone["content"] == f"{IMAGE}\n", "nothing is asked"
