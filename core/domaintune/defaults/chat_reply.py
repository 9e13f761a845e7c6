"""What comes back from a server that speaks OpenAI's /chat/completions: an answer, whole or in pieces, or none."""

from __future__ import annotations

import email.utils
import json
import math
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from domaintune.defaults.answer_store import Given, writable
from domaintune.defaults.budget import Tokens, estimate

BYTES = 16 << 20
"""Size of an answer."""
MOST = 1 << 40
"""Tokens that no request has: a server that counts more cannot count."""
NOTHING = Tokens()
RETRY_IN = re.compile(r"(?:retry|try again) in (\d{1,6}(?:\.\d{1,9})?) ?(ms|s)\b", re.I)
"""How Gemini and OpenAI say in a sentence when a limit of requests a minute is over."""
AROUND = 8
"""Tokens that a server puts around a message."""


@dataclass(eq=False)
class Refused(Exception):  # noqa: N818  (the outcome of one try)
    """A try without an answer: whether another may have one, after which pause, and the tokens that it cost.

    `odd` is one that came whole and is paid for, but cannot be read: asked again, the server most likely says the same.
    """

    why: str
    again: bool
    pause: float | None = None
    lost: Tokens = NOTHING
    odd: bool = False


@dataclass(eq=False)
class Broken(Exception):  # noqa: N818  (the outcome of one try)
    """An answer that ended too early, grew too long or cannot be read; `lost` and `odd` as in Refused."""

    why: str
    lost: Tokens = NOTHING
    odd: bool = False


@dataclass
class Received:
    """What has come of a streamed answer."""

    text: list[str] = field(default_factory=list)
    finish: str | None = None
    usage: Mapping[str, Any] | None = None
    begun: bool = False

    def take(self, line: bytes) -> bool:
        """Take in a line of the stream; tell whether it was the last."""
        if not line.startswith(b"data:"):
            return False
        data = line[5:].strip()
        if data == b"[DONE]":
            self.finish = self.finish or "stop"
            return True
        with _as_a_chat():
            event = json.loads(data)
            if event.get("error"):
                raise Broken(_failure(event["error"]))
            self.usage = event["usage"] if isinstance(event.get("usage"), Mapping) else self.usage
            for choice in event.get("choices") or []:
                if choice.get("index", 0) == 0:
                    self._take_piece(choice)
        self.begun = True
        return False

    def _take_piece(self, choice: Mapping[str, Any]) -> None:
        self.text.append(_text((choice.get("delta") or {}).get("content")))
        if choice.get("finish_reason") == "error":
            raise Broken(_failure(choice.get("error")))
        self.finish = choice.get("finish_reason") or self.finish

    def given(self, body: Mapping[str, Any]) -> Given:
        """Return the whole answer; one without an end was cut off."""
        if self.finish is None:
            raise Broken("its answer broke off")
        return _given("".join(self.text), self.finish, self.usage, body)

    def lost(self, body: Mapping[str, Any]) -> Tokens:
        """Return about what is paid for an answer that broke off."""
        return _tokens(self.usage, "".join(self.text), body) if self.begun else NOTHING


@contextmanager
def _as_a_chat() -> Iterator[None]:
    """What has not the shape of a chat is a reply that broke."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise Broken("its reply is no answer of a chat") from None


def read_reply(data: bytes, body: Mapping[str, Any]) -> Given:
    """Return the answer in a reply that came whole."""
    with _as_a_chat():
        reply = json.loads(data)
        usage = reply.get("usage")
    lost = _tokens(usage, "", body) if isinstance(usage, Mapping) else NOTHING
    if reply.get("error"):
        raise Broken(_failure(reply["error"]), lost)
    try:
        with _as_a_chat():
            choice = reply["choices"][0]
            finish, text = choice.get("finish_reason") or "stop", _text(choice["message"].get("content"))
    except Broken as broken:
        raise Broken(broken.why, lost, odd=True) from None
    if finish == "error":
        raise Broken(_failure(choice.get("error")), lost)
    return _given(text, finish, usage, body)


def _text(content: Any) -> str:
    """Return what an answer says: its text, or the parts of it that are text; thoughts and links are others."""
    if isinstance(content, list):
        return "".join(_text(part["text"]) for part in content if part.get("type") == "text")
    if not isinstance(content, str | None):
        raise TypeError
    return content or ""


def _failure(error: Any) -> str:
    """Say what went wrong while a server was answering, in its own words where it has some."""
    message = error.get("message") if isinstance(error, Mapping) else error
    return f"its answer broke off with an error{in_short(message)}"


def in_short(message: Any) -> str:
    """Return a server's own words to be put behind ours, one short line."""
    return f": {' '.join(writable(str(message)).split())[:200]}" if message else ""


def _given(text: str, finish: str, usage: Mapping[str, Any] | None, body: Mapping[str, Any]) -> Given:
    """Return an answer with its tokens; an empty one, or one that a filter has cut, is none."""
    text = writable(text).strip()
    tokens = _tokens(usage, text, body)
    return Given(
        text=None if finish == "content_filter" else text or None,
        finish=writable(str(finish)),
        prompt_tokens=tokens.prompt,
        completion_tokens=tokens.completion,
    )


def _tokens(usage: Any, text: str, body: Mapping[str, Any]) -> Tokens:
    """Return what an answer took, as the server counts it or else by an estimate."""
    counted = usage if isinstance(usage, Mapping) else {}
    return Tokens(
        _count(counted.get("prompt_tokens"), prompt_tokens(body)),
        _count(counted.get("completion_tokens"), estimate(text)),
    )


def _count(said: Any, otherwise: int) -> int:
    return said if isinstance(said, int) and 0 <= said < MOST else otherwise


async def bounded(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass the pieces on, up to a size that no answer needs."""
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > BYTES:
            raise Broken(f"its answer is longer than {BYTES >> 20} MiB")
        yield piece


async def lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the lines of a stream: ended by a newline only, as an answer may hold other signs that end lines."""
    rest = b""
    async for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line
    if rest:
        yield rest


def prompt_tokens(body: Mapping[str, Any]) -> int:
    """Return about as many tokens as the messages of a request have."""
    return sum(estimate(message["content"]) + AROUND for message in body["messages"])


def of_connection(error: BaseException | None) -> tuple[str, bool]:
    """Say why there is no connection, and whether another try may have one."""
    while error is not None:
        if isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME:  # any other may pass
            return "its name is not known", False
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({error.verify_message})", False
        error = error.__cause__ or error.__context__
    return "the connection failed", True


def retry_after(headers: Mapping[str, str], words: str = "") -> float | None:
    """Return the seconds that a server wants to be left alone: a number or a date in its headers, or what it says."""
    given = headers.get("retry-after")
    if given is None:
        said = RETRY_IN.search(words)
        return float(said[1]) / (1000 if said[2] == "ms" else 1) if said else None
    try:
        seconds = float(given)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(given).timestamp() - time.time()
        except (ValueError, TypeError):
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None
