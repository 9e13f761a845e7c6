"""Training, grading and serving must ask with the same tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domaintune import Example, Message, Origin, prompts
from domaintune.models import base as models
from domaintune.settings import ModelSettings


@pytest.fixture(scope="module")
def tokenizer(tiny: Path) -> Any:
    return models.load_tokenizer(models.locate(ModelSettings(base=str(tiny))))


def example(question: str = "Hello", answer: str = "Bye", system: str | None = "Do it.") -> Example:
    asked = (Message(role="user", content=question),)
    return Example(
        prompt=(Message(role="system", content=system), *asked) if system is not None else asked,
        completion=(Message(role="assistant", content=answer),),
        origin=Origin(source="test"),
    )


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(question=st.text(), answer=st.text(min_size=1), system=st.none() | st.text())
def test_the_ids_of_an_example_begin_with_the_ids_of_its_prompt(
    tokenizer: Any, question: str, answer: str, system: str | None
) -> None:
    made = example(question, answer, system)
    ids = prompts.example_ids(tokenizer, made)
    assert ids.prompt == prompts.prompt_ids(tokenizer, made.prompt)
    assert ids.completion[-1] == tokenizer.eos_token_id


def test_the_completion_is_the_answer_and_the_end_of_the_turn(tokenizer: Any) -> None:
    ids = prompts.example_ids(tokenizer, example())
    assert tokenizer.decode(ids.prompt) == "<|system|>Do it.<|end|>\n<|user|>Hello<|end|>\n<|assistant|>"
    assert tokenizer.decode(ids.completion) == "Bye<|end|>"


def test_an_answer_that_is_weighed_has_the_tokens_of_one_that_is_learned(tokenizer: Any) -> None:
    made = example(answer="42")
    weighed = prompts.exchange_ids(tokenizer, made.prompt, [Message(role="assistant", content="42")])
    assert weighed == prompts.example_ids(tokenizer, made)


def test_a_template_without_a_system_role_gets_the_text_in_the_first_user_message(tokenizer: Any) -> None:
    kept = tokenizer.chat_template
    refusing = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + kept
    try:
        tokenizer.chat_template = refusing
        assert "<|user|>Do it.\n\nHello<|end|>" in tokenizer.decode(prompts.example_ids(tokenizer, example()).prompt)
    finally:
        tokenizer.chat_template = kept


def test_a_template_that_adds_a_thought_to_the_question_still_ends_the_turn(tokenizer: Any) -> None:
    kept = tokenizer.chat_template
    try:
        tokenizer.chat_template = kept.replace("{{ '<|assistant|>' }}", "{{ '<|assistant|>' }}").replace(
            "'<|assistant|>'", "'<|assistant|><think></think>'"
        )
        ids = prompts.example_ids(tokenizer, example())
        assert tokenizer.decode(ids.completion) == "Bye<|end|>"
    finally:
        tokenizer.chat_template = kept


def test_a_model_without_a_template_gets_the_plain_one(tiny: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    bare = AutoTokenizer.from_pretrained(tiny)
    bare.chat_template = None
    bare.save_pretrained(tmp_path)
    loaded = models.load_tokenizer(models.BaseModel(name="bare", place=str(tmp_path)))
    assert loaded.decode(prompts.example_ids(loaded, example()).completion) == "Bye<|end|>"


def test_the_fingerprint_follows_the_template(tokenizer: Any) -> None:
    before = prompts.template_fingerprint(tokenizer)
    kept = tokenizer.chat_template
    try:
        tokenizer.chat_template = kept + " "
        assert prompts.template_fingerprint(tokenizer) != before
    finally:
        tokenizer.chat_template = kept


def test_a_model_that_would_think_first_is_asked_to_answer(tokenizer: Any) -> None:
    kept = tokenizer.chat_template
    asked = "{{ '<|assistant|>' }}{% if not enable_thinking %}(no thought){% endif %}"
    thinking = "{% if add_generation_prompt %}" + asked + "{% endif %}"
    try:
        tokenizer.chat_template = kept.partition("{% if add_generation_prompt %}")[0] + thinking
        ids = prompts.example_ids(tokenizer, example())
        assert tokenizer.decode(ids.prompt).endswith("<|assistant|>(no thought)")
        assert tokenizer.decode(ids.completion) == "Bye<|end|>"
    finally:
        tokenizer.chat_template = kept
