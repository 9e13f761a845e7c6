"""What an engine is asked and what it says: requests, token events, and the sessions between them.

Evaluation and serving use the same sessions, so they cannot drift apart. Standard library only, like contracts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from domaintune.contracts import Message, Mix, Sampling


@dataclass(frozen=True, kw_only=True)
class Request:
    """A question to an engine: chat messages, or a text to be continued as it stands.

    The adapter, or the mix of several, is part of the request, never a state of the engine; None is the base model.
    With `choices` the answer is the one of them that the model finds likeliest (the sum of its tokens' log
    probabilities), and nothing is sampled. `logprobs` asks for the log probability of each token of the answer, and of
    so many likeliest alternatives. `shorten` lets an answer have as many tokens as fit, where not all do. `images` are the
    pictures of the messages, as in an `Example`.
    """

    messages: tuple[Message, ...] = ()
    images: tuple[str, ...] = ()
    text: str | None = None
    adapter: str | Mix | None = None
    sampling: Sampling = Sampling()  # noqa: RUF009  (frozen)
    choices: tuple[str, ...] = ()
    logprobs: int | None = None
    shorten: bool = False


@dataclass(frozen=True, kw_only=True)
class TokenChance:
    """A token of an answer as text, its natural log probability, and the likeliest tokens in its place."""

    text: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class TokenEvent:
    """New text of one request (by its number); the last event of a request carries its finish reason.

    `text` may be empty while a token is not yet a whole character, or may become a stop string. `ids` are the new token
    ids; `finish_reason` is stop, length, choice or error; with error, `error` says what went wrong.
    """

    request: int
    text: str
    tokens: int
    finish_reason: str | None = None
    ids: tuple[int, ...] = ()
    chances: tuple[TokenChance, ...] = ()
    error: str = ""


@runtime_checkable
class Session(Protocol):
    """A base model held open by an engine, with any number of adapters beside it."""

    def load(self, adapter: str, folder: Path, sha256: str | None = None) -> None:
        """Make an adapter folder answerable under an id; other weights than those of the given SHA-256 are refused."""

    def unload(self, adapter: str) -> None:
        """Forget an adapter."""

    def generate(self, requests: Sequence[Request]) -> Iterator[TokenEvent]:
        """Answer all requests, yielding text as it comes, in any order."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a live session may do at once; None is no limit but the model's own.

    `rows` requests are answered together, prompt and answer have `max_length` tokens, `prompt_tokens` of prompts are read
    in a step, and `adapter_bytes` of adapters stay in memory.
    """

    rows: int = 64
    max_length: int | None = None
    prompt_tokens: int | None = None
    adapter_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Admission:
    """The number under which events speak of a request, and the tokens of its prompt."""

    request: int
    prompt_tokens: int


@runtime_checkable
class LiveSession(Session, Protocol):
    """A session whose batch requests join and leave while it runs: what a server needs. One thread owns it."""

    def limit(self, limits: Limits) -> None:
        """Bound what runs at once."""

    def add(self, request: Request) -> Admission:
        """Let a request join; it is refused with RequestError before any token where it cannot be answered."""

    def step(self) -> Sequence[TokenEvent]:
        """Advance every request that has joined by at most one token; empty when there is nothing to do."""

    def cancel(self, request: int) -> None:
        """Let a request leave, whether or not it is still there."""


class Engine(Protocol):
    """Opens base models; evaluation and serving use the same sessions, so they cannot drift apart."""

    def open(self, model: Any) -> Session:
        """Open the base model that `settings.model` names."""
