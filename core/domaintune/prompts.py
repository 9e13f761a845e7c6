"""The one place where messages become token ids: training, grading and serving all call these functions.

What a model is asked at training time and at serving time must be the same tokens, or it gets worse after deployment
and nobody knows why. `example_ids` therefore begins with exactly what `prompt_ids` returns, and an answer that is learned
and one that is only weighed (`Request.choices`) are the same tokens: those of `exchange_ids`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from domaintune.contracts import IMAGE, Example, Message, Passage
from domaintune.errors import DataError, ModelError

PLAIN_TEMPLATE = (
    "{% for m in messages %}{{ '<' + m['role'] + '>\\n' + m['content'] }}"
    "{% if m['role'] == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<assistant>\\n' }}{% endif %}"
)
"""Given to base models that bring no chat template; it travels with the adapter."""


USE = "Use the passages below where they help, and name them by number, like [1]. Some may not fit the question."
"""Stands before the passages of a prompt."""


PICTURE = {"type": "image"}
"""A picture in a message that is given in parts."""
MASKED = -100
"""The label of a token that nothing is learned from."""


ANEW = (
    "the chat template of the base model writes a conversation anew with every question, so one with several answers "
    "cannot be learned with it; give each answer an example of its own"
)


class PromptError(DataError):
    """No prompt of the base model can be made of an example; the message names it, and says why."""


class ExampleIds(NamedTuple):
    """The token ids of a prompt and its answer; the loss, or the likelihood, counts the completion only.

    `labels` are as long as the completion: its ids, and MASKED where a user speaks in a conversation. `inputs` are the
    tensors of the pictures of the prompt, where a model reads some.
    """

    prompt: list[int]
    completion: list[int]
    labels: list[int]
    inputs: Mapping[str, Any] = {}


class PromptIds(NamedTuple):
    """The token ids of a prompt, and the tensors of its pictures."""

    ids: list[int]
    inputs: Mapping[str, Any] = {}


def last_question(messages: Sequence[Message]) -> str:
    """Return the last user message, or an empty text where there is none."""
    return next((message["content"] for message in reversed(messages) if message["role"] == "user"), "")


def beside(messages: Sequence[Message], passages: Sequence[Passage], token: str = IMAGE) -> tuple[Message, ...]:
    """Put numbered passages with their origins before the last user message; with none, nothing changes.

    A passage shows no picture: in its text the marker of one, and `token`, by which the model has one, become a word.
    """
    place = max((n for n, message in enumerate(messages) if message["role"] == "user"), default=None)
    if place is None or not passages:
        return tuple(messages)
    texts = (passage_text(passage).replace(IMAGE, "(image)").replace(token, "(image)") for passage in passages)
    numbered = [f"[{number}] {text}" for number, text in enumerate(texts, 1)]
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


def pictured_ids(processor: Any, messages: Sequence[Message], images: Sequence[str]) -> PromptIds:
    """Return the token ids of a conversation with pictures, each spread over its places, and their tensors.

    `processor` is a `models.vision.Processor`, `images` are paths or `data:` URLs. Raises ImageError for a picture that
    cannot be read, and DataError where markers and pictures do not agree.
    """
    if not images:
        return PromptIds(prompt_ids(processor.tokenizer, messages))
    asked = _render(processor.tokenizer, _parted(processor.token, messages, len(images)), ask=True)
    encoded = processor.encode(asked, [processor.read(name) for name in images])
    return PromptIds(encoded.ids, encoded.inputs)


def example_ids(tokenizer: Any, example: Example, processor: Any = None) -> ExampleIds:
    """Return the token ids of an example; the completion ends with the token that ends a turn.

    An example with pictures needs the `processor` of a model that reads them; DataError where there is none. PromptError
    where the example itself is why there is no prompt. Both name the example. ModelError
    where the base model reads pictures in a way that cannot be trained here.
    """
    if example.images and processor is None:
        raise DataError(
            f"{example.origin} shows a picture, and the base model reads none; name one that does, like "
            "llava-hf/llava-1.5-7b-hf, with --set model.base=NAME"
        )
    if example.images and (unfit := getattr(processor, "unfit", "")):
        raise ModelError(unfit)
    try:
        if example.images:
            return _pictured(processor, example)
        if processor is not None:
            _refuse_token(processor.token, (*example.prompt, *example.completion))
        return exchange_ids(tokenizer, example.prompt, example.completion)
    except (DataError, ModelError) as error:
        raise PromptError(f"{example.origin}: {error}") from None
    except _template_error() as error:
        why = f"the chat template of the base model refuses the messages: {error}"
        raise PromptError(f"{example.origin}: {why}") from None


def _pictured(processor: Any, example: Example) -> ExampleIds:
    prompt, inputs = pictured_ids(processor, example.prompt, example.images)
    if any(IMAGE in message["content"] for message in example.completion):
        raise DataError(f"the completion contains {IMAGE}; pictures are shown in the prompt only")
    before = _parted(processor.token, example.prompt, len(example.images))
    after = _parted(processor.token, example.completion, 0)  # as a server has them when the conversation goes on
    asked = _render(processor.tokenizer, before, ask=True)
    completion, labels = _answer_ids(processor.tokenizer, before, after, asked)
    return ExampleIds(prompt, completion, labels, inputs)


def exchange_ids(tokenizer: Any, prompt: Sequence[Message], answer: Sequence[Message]) -> ExampleIds:
    """Return the token ids of a prompt and of an answer to it, up to the token that ends the turn."""
    asked = _render(tokenizer, prompt, ask=True)
    return ExampleIds(_encode(tokenizer, asked), *_answer_ids(tokenizer, prompt, answer, asked))


def _answer_ids(
    tokenizer: Any, prompt: Sequence[Any], answer: Sequence[Any], asked: str
) -> tuple[list[int], list[int]]:
    """Return ids and labels of what follows a prompt: every turn of the assistant is learned, and no other.

    `asked` is the prompt as it was rendered.
    """
    ids: list[int] = []
    labels: list[int] = []
    before, turns, whole = list(prompt), _turns(answer), ""
    for others, said in turns:
        if others:
            asked = _render(tokenizer, [*before, *others], ask=True)
            between = _encode(tokenizer, _between(whole.rstrip(), asked))
            ids, labels = [*ids, *between], [*labels, *[MASKED] * len(between)]
        before += [*others, *said]
        whole = _render(tokenizer, before, ask=False)
        turn = _turn_ids(tokenizer, asked, whole, said, goes_on=len(turns) > 1)
        ids, labels = [*ids, *turn], [*labels, *turn]
    return ids, labels


def _turn_ids(tokenizer: Any, asked: str, whole: str, said: Sequence[Any], *, goes_on: bool) -> list[int]:
    # Templates that write something of their own after the question (an empty thought, say) do not continue the prompt:
    # then the answer follows the prompt as a server would see it. What is asked next would follow another text.
    if goes_on and not whole.startswith(asked):
        raise DataError(ANEW)
    text = whole[len(asked) :].rstrip() if whole.startswith(asked) else "\n".join(_text(m["content"]) for m in said)
    ids = _encode(tokenizer, text)
    if not ids or ids[-1] not in _special_ids(tokenizer):
        ids.append(int(tokenizer.eos_token_id))
    return ids


def _between(whole: str, asked: str) -> str:
    """Return what a template writes between two answers: the end of the one, the question, and the head of the next."""
    if not asked.startswith(whole):
        raise DataError(ANEW)
    return asked[len(whole) :]


def _turns(answer: Sequence[Any]) -> list[tuple[list[Any], list[Any]]]:
    """Divide an answer into turns: what others say, and what the assistant says then."""
    if answer and answer[0]["role"] != "assistant":
        raise DataError(
            f"a completion begins with an answer of the assistant; this one begins with a message of the role "
            f"{answer[0]['role']!r}, which belongs to the prompt"
        )
    turns: list[tuple[list[Any], list[Any]]] = []
    for message in answer:
        spoken = message["role"] == "assistant"
        if not turns or (turns[-1][1] and not spoken):
            turns.append(([], []))
        turns[-1][spoken].append(message)
    if turns and not turns[-1][1]:
        raise DataError("a conversation to be learned ends with an answer; this one ends with a question")
    if len(turns) > 1 and not all("".join(_text(message["content"]) for message in said).strip() for _, said in turns):
        raise DataError("an answer of the conversation is empty: there is nothing to learn from it")
    return turns or [([], [])]


def _parted(token: str, messages: Sequence[Message], count: int) -> list[dict[str, Any]]:
    """Return messages whose contents are parts, pictures and texts in order, as chat templates of such models want them."""
    marked = sum(message["content"].count(IMAGE) for message in messages) if count else 0
    if marked not in {0, count}:
        raise DataError(f"the messages have {marked} markers {IMAGE} for {count} pictures; give one for each, or none")
    if marked and any(IMAGE in message["content"] for message in messages if message["role"] == "assistant"):
        raise DataError(f"an answer of the assistant contains {IMAGE}; pictures are shown to a model by the user")
    first = next((place for place, message in enumerate(messages) if message["role"] == "user"), None)
    if count and not marked and first is None:
        raise DataError("pictures are shown to a model by the user, and no message is the user's")
    parted: list[dict[str, Any]] = []
    for place, message in enumerate(messages):
        texts = message["content"].split(IMAGE) if marked else [message["content"]]
        parts = [part for text in texts for part in (PICTURE, {"type": "text", "text": text.strip("\n")})][1:]
        if count and not marked and place == first:
            parts = [PICTURE] * count + parts
        _refuse_token(token, [{"content": part.get("text", "")} for part in parts])
        parted.append({"role": message["role"], "content": [part for part in parts if part.get("text", token)]})
    return parted


def _refuse_token(token: str, messages: Sequence[Any]) -> None:
    if any(token in message["content"] for message in messages):
        raise DataError(f"a message contains {token!r}, which stands for a picture in this model; write it otherwise")


def understood(tokenizer: Any) -> Any:
    """Mark a tokenizer whose chat template reads messages in parts only; returns it."""
    probe = Message(role="user", content="probe-7f3a")
    try:
        read = probe["content"] in str(tokenizer.apply_chat_template([probe], tokenize=False))
    except (_template_error(), TypeError):
        read = False
    tokenizer.wants_parts = not read
    return tokenizer


def count_tokens(tokenizer: Any, examples: Sequence[Example], processor: Any = None) -> list[tuple[int, int]]:
    """Return (prompt tokens, completion tokens) of each example."""
    ids = (example_ids(tokenizer, example, processor) for example in examples)
    return [(len(each.prompt), len(each.completion)) for each in ids]


def pieces(tokenizer: Any, text: str) -> list[str]:
    """Return the pieces into which a tokenizer cuts a text, as they read alone."""
    return [str(tokenizer.decode([token])) for token in _encode(tokenizer, text)]


def template_fingerprint(tokenizer: Any) -> str:
    """Return a short hash of the chat template; adapters store it, and engines can refuse another."""
    return hashlib.sha256(str(tokenizer.chat_template).encode()).hexdigest()[:16]


def _template_error() -> type[Exception]:
    from jinja2 import TemplateError  # noqa: PLC0415  (comes with transformers, not with the light install)

    return TemplateError


def _render(tokenizer: Any, messages: Sequence[Any], *, ask: bool) -> str:
    try:
        return _apply(tokenizer, messages, ask=ask)
    except _template_error():
        if messages[0]["role"] != "system" or len(messages) == 1:
            raise
        return _apply(tokenizer, _without_system(messages), ask=ask)


def _apply(tokenizer: Any, messages: Sequence[Any], *, ask: bool) -> str:
    if getattr(tokenizer, "wants_parts", False):
        messages = [{**message, "content": _parts(message["content"])} for message in messages]
    # Models that think first would be cut off before their answer; templates without the variable ignore it.
    options = {"tokenize": False, "add_generation_prompt": ask, "enable_thinking": False}
    return str(tokenizer.apply_chat_template(list(messages), **options))


def _parts(content: Any) -> Any:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _text(content: Any) -> str:
    return "".join(part.get("text", "") for part in _parts(content))


def _without_system(messages: Sequence[Any]) -> list[Any]:
    """Put the system text before the first user message, for templates that know no system role."""
    system, first, *rest = messages
    if isinstance(first["content"], str):
        return [Message(role=first["role"], content=f"{system['content']}\n\n{first['content']}"), *rest]
    return [
        {**first, "content": [{"type": "text", "text": f"{_text(system['content'])}\n\n"}, *first["content"]]},
        *rest,
    ]


def _encode(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _special_ids(tokenizer: Any) -> set[int]:
    return {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
