"""The one place where messages become token ids: training, grading and serving all call these functions.

What a model is asked at training time and at serving time must be the same tokens, or it gets worse after deployment
and nobody knows why. `example_ids` therefore begins with exactly what `prompt_ids` returns, and an answer that is learned
and one that is only weighed (`Request.choices`) are the same tokens: those of `exchange_ids`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from domaintune.contracts import Example, Message, Passage

PLAIN_TEMPLATE = (
    "{% for m in messages %}{{ '<' + m['role'] + '>\\n' + m['content'] }}"
    "{% if m['role'] == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<assistant>\\n' }}{% endif %}"
)
"""Given to base models that bring no chat template; it travels with the adapter."""


USE = "Use the passages below where they help, and name them by number, like [1]. Some may not fit the question."
"""Stands before the passages of a prompt."""


class ExampleIds(NamedTuple):
    """The token ids of a prompt and its answer; the loss, or the likelihood, counts the completion only."""

    prompt: list[int]
    completion: list[int]


def last_question(messages: Sequence[Message]) -> str:
    """Return the last user message, or an empty text where there is none."""
    return next((message["content"] for message in reversed(messages) if message["role"] == "user"), "")


def beside(messages: Sequence[Message], passages: Sequence[Passage]) -> tuple[Message, ...]:
    """Put numbered passages with their origins before the last user message; with none, nothing changes."""
    place = max((n for n, message in enumerate(messages) if message["role"] == "user"), default=None)
    if place is None or not passages:
        return tuple(messages)
    numbered = [f"[{number}] {passage_text(passage)}" for number, passage in enumerate(passages, 1)]
    content = "\n\n".join([USE, *numbered, messages[place]["content"]])
    asked = Message(role="user", content=content)
    return (*messages[:place], asked, *messages[place + 1 :])


def passage_text(passage: Passage) -> str:
    """Return a passage as a prompt has it: `Title (source, place): text`."""
    title = f"{passage.title} " if passage.title else ""
    return f"{title}({passage.origin}): {passage.text}"


def prompt_ids(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """Return the token ids of a conversation, ready for the assistant's answer."""
    return _encode(tokenizer, _render(tokenizer, messages, ask=True))


def text_ids(tokenizer: Any, text: str) -> list[int]:
    """Return the token ids of a text to be continued as it stands, after what the tokenizer begins texts with."""
    return list(tokenizer(text)["input_ids"])


def example_ids(tokenizer: Any, example: Example) -> ExampleIds:
    """Return the token ids of an example; the completion ends with the token that ends a turn."""
    return exchange_ids(tokenizer, example.prompt, example.completion)


def exchange_ids(tokenizer: Any, prompt: Sequence[Message], answer: Sequence[Message]) -> ExampleIds:
    """Return the token ids of a prompt and of an answer to it, up to the token that ends the turn."""
    asked = _render(tokenizer, prompt, ask=True)
    whole = _render(tokenizer, (*prompt, *answer), ask=False)
    # Templates that write something of their own after the question (an empty thought, say) do not continue the prompt:
    # then the answer follows the prompt as a server would see it.
    said = whole[len(asked) :].rstrip() if whole.startswith(asked) else "\n".join(m["content"] for m in answer)
    completion = _encode(tokenizer, said)
    if not completion or completion[-1] not in _special_ids(tokenizer):
        completion.append(int(tokenizer.eos_token_id))
    return ExampleIds(_encode(tokenizer, asked), completion)


def count_tokens(tokenizer: Any, examples: Sequence[Example]) -> list[tuple[int, int]]:
    """Return (prompt tokens, completion tokens) of each example."""
    return [(len(ids.prompt), len(ids.completion)) for ids in (example_ids(tokenizer, e) for e in examples)]


def pieces(tokenizer: Any, text: str) -> list[str]:
    """Return the pieces into which a tokenizer cuts a text, as they read alone."""
    return [str(tokenizer.decode([token])) for token in _encode(tokenizer, text)]


def template_fingerprint(tokenizer: Any) -> str:
    """Return a short hash of the chat template; adapters store it, and engines can refuse another."""
    return hashlib.sha256(str(tokenizer.chat_template).encode()).hexdigest()[:16]


def _render(tokenizer: Any, messages: Sequence[Message], *, ask: bool) -> str:
    from jinja2 import TemplateError  # noqa: PLC0415  (comes with transformers, not with the light install)

    try:
        return _apply(tokenizer, messages, ask=ask)
    except TemplateError:
        if messages[0]["role"] != "system":
            raise
        return _apply(tokenizer, _without_system(messages), ask=ask)


def _apply(tokenizer: Any, messages: Sequence[Message], *, ask: bool) -> str:
    # Models that think first would be cut off before their answer; templates without the variable ignore it.
    options = {"tokenize": False, "add_generation_prompt": ask, "enable_thinking": False}
    return str(tokenizer.apply_chat_template(list(messages), **options))


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """Put the system text before the first user message, for templates that know no system role."""
    system, first, *rest = messages
    return [Message(role=first["role"], content=f"{system['content']}\n\n{first['content']}"), *rest]


def _encode(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _special_ids(tokenizer: Any) -> set[int]:
    return {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
