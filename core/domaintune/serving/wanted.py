"""What a request wants, once its limits are checked: the questions to the engine, in the order of the choices."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from domaintune.contracts import IMAGE, Message, Mix, Sampling
from domaintune.prompts import last_question
from domaintune.serving.problems import HttpError, bad
from domaintune.serving.schema import (
    MOST_ANSWERS,
    ChatMessage,
    ChatRequest,
    Common,
    CompletionRequest,
    ImagePart,
    TextPart,
)
from domaintune.sessions import Request
from domaintune.settings import ServeSettings

LETTERS_A_TOKEN = 64
"""More letters than this for each token of the context cannot fit, so they are not even cut into tokens."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A request that can be put to an engine as soon as it is known who answers."""

    model: str
    chat: bool
    asks: tuple[Request, ...]
    answers: int  # of each prompt
    stream: bool
    usage: bool  # in a stream: tell the token counts at the end
    retrieval: bool | None = None
    places: tuple[str, ...] = ()  # of the pictures, as an error names them

    @property
    def images(self) -> tuple[str, ...]:
        """The pictures, as `data:` URLs."""
        return self.asks[0].images

    @property
    def question(self) -> str:
        """The text by which `auto` chooses: the last user message without its pictures, or the text to be continued."""
        first = self.asks[0]
        if first.text is not None:
            return first.text
        question = last_question(first.messages)
        return question.replace(IMAGE, "").strip() if first.images else question

    def with_messages(self, messages: Sequence[Message]) -> Wanted:
        """Return the same with messages that have passages before what they had; pictures stay where they were."""
        asks = tuple(dataclasses.replace(ask, messages=tuple(messages)) for ask in self.asks)
        return dataclasses.replace(self, asks=asks)

    def with_images(self, images: tuple[str, ...]) -> Wanted:
        """Return the same with other pictures in their places."""
        return dataclasses.replace(self, asks=tuple(dataclasses.replace(ask, images=images) for ask in self.asks))

    def put_to(self, adapter: str | Mix | None) -> tuple[Request, ...]:
        """Return the questions with the adapter that answers them."""
        return tuple(dataclasses.replace(ask, adapter=adapter) for ask in self.asks)


def from_chat(asked: ChatRequest, limits: ServeSettings) -> Wanted:
    """Return what a conversation wants."""
    if len(asked.messages) > limits.messages:
        raise bad(f"{len(asked.messages):,} messages; {limits.messages:,} are the most (serve.messages)", "messages")
    pictures, places = _pictures(asked.messages, limits)
    messages = tuple(map(_message, asked.messages))
    letters = sum(len(message["content"]) for message in messages) - len(IMAGE) * len(pictures)
    _check_length(letters, limits, "messages")
    if asked.top_logprobs is not None and not asked.logprobs:
        raise bad("top_logprobs needs logprobs: true", "top_logprobs")
    tokens = _tokens(asked.max_tokens, asked.max_completion_tokens, limits)
    logprobs = (asked.top_logprobs or 0) if asked.logprobs else None
    request = Request(messages=messages, images=pictures, logprobs=logprobs)
    found = _wanted(asked, [request], _sampling(asked, tokens), retrieval=asked.retrieval, chat=True)
    return dataclasses.replace(found, places=places)


def from_completion(asked: CompletionRequest, limits: ServeSettings) -> Wanted:
    """Return what a text to be continued wants."""
    prompts = [asked.prompt] if isinstance(asked.prompt, str) else asked.prompt
    for prompt in prompts:
        _check_length(len(prompt), limits, "prompt")
    requests = [Request(text=prompt, logprobs=asked.logprobs) for prompt in prompts]
    return _wanted(
        asked, requests, _sampling(asked, _tokens(asked.max_tokens, None, limits)), retrieval=None, chat=False
    )


def _wanted(
    asked: Common, requests: list[Request], sampling: Sampling, *, retrieval: bool | None, chat: bool
) -> Wanted:
    count = asked.n or 1
    if count * len(requests) > MOST_ANSWERS:
        raise bad(f"n times the prompts are {count * len(requests)} answers; {MOST_ANSWERS} are the most", "n")
    if asked.stream_options is not None and not asked.stream:
        raise bad("stream_options needs stream: true", "stream_options")
    said = any(getattr(asked, name, None) is not None for name in ("max_tokens", "max_completion_tokens"))
    drawn = [dataclasses.replace(sampling, seed=(sampling.seed + place) % 2**63) for place in range(count)]
    return Wanted(
        model=asked.model,
        chat=chat,
        asks=tuple(dataclasses.replace(one, sampling=each, shorten=not said) for one in requests for each in drawn),
        answers=count,
        stream=bool(asked.stream),
        usage=bool(asked.stream_options and asked.stream_options.include_usage),
        retrieval=retrieval,
    )


def _sampling(asked: Common, tokens: int) -> Sampling:
    stops = (asked.stop,) if isinstance(asked.stop, str) else tuple(asked.stop or ())
    greedy = not asked.temperature or asked.top_p == 0
    return Sampling(
        max_new_tokens=tokens,
        temperature=0.0 if greedy else float(asked.temperature or 0),
        top_p=1.0 if greedy or asked.top_p is None else float(asked.top_p),
        seed=secrets.randbelow(2**31) if asked.seed is None else asked.seed % 2**63,
        stop=stops,
    )


def _tokens(old: int | None, new: int | None, limits: ServeSettings) -> int:
    """Return how many tokens an answer may have, by either of the two names that OpenAI has given it."""
    if old is not None and new is not None and old != new:
        raise bad("max_tokens and max_completion_tokens differ; send one of them", "max_completion_tokens")
    asked = new if new is not None else old
    if asked is None:
        return min(limits.default_tokens, limits.max_tokens)
    if asked > limits.max_tokens:
        name = "max_tokens" if new is None else "max_completion_tokens"
        raise bad(f"{name} is {asked:,}; {limits.max_tokens:,} are the most (serve.max_tokens)", name)
    return asked


def _message(message: ChatMessage) -> Message:
    content = message.content
    parts = [content] if isinstance(content, str) else [_text(part) for part in content]
    return Message(role="system" if message.role == "developer" else message.role, content="\n".join(parts))


def _text(part: TextPart | ImagePart) -> str:
    """Return a part as text, in which a marker stands for a picture."""
    return part.text if isinstance(part, TextPart) else IMAGE


def _pictures(messages: Sequence[ChatMessage], limits: ServeSettings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the pictures of a conversation and where they stand; beside them no text may have their marker."""
    parts = [
        (f"messages[{place}].content[{number}]", part)
        for place, message in enumerate(messages)
        if not isinstance(message.content, str)
        for number, part in enumerate(message.content)
    ]
    found = {f"{where}.image_url.url": part.image_url.url for where, part in parts if isinstance(part, ImagePart)}
    for where, url in found.items():
        if url[:5].lower() != "data:":
            sentence = "this server fetches nothing; send the picture itself as a data: URL"
            raise bad(sentence, where, "unsupported_value")
    if len(found) > limits.images:
        raise bad(f"{len(found)} pictures; {limits.images} are the most (serve.images)", "messages")
    whole = [(f"messages[{n}].content", one.content) for n, one in enumerate(messages) if isinstance(one.content, str)]
    texts = [*whole, *((f"{where}.text", part.text) for where, part in parts if isinstance(part, TextPart))]
    for where, text in texts:
        if found and IMAGE in text:
            raise bad(f"the text {IMAGE} stands for a picture; beside pictures it cannot be sent as text", where)
    return tuple(found.values()), tuple(found)


def _check_length(letters: int, limits: ServeSettings, where: str) -> None:
    if letters > limits.max_length * LETTERS_A_TOKEN:
        raise too_long(f"{letters:,} letters do not fit into {limits.max_length:,} tokens", where)


def too_long(message: str, param: str) -> HttpError:
    """Return the answer to a prompt that leaves no room."""
    return bad(f"{message} (serve.max_length)", param, "context_length_exceeded")
