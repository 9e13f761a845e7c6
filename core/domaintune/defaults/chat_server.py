"""A server that speaks OpenAI's /chat/completions: its address, the key to it, one request, and what its status means."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai

from domaintune.contracts import Message, Sampling
from domaintune.defaults.answer_store import Given, writable
from domaintune.defaults.budget import Tokens
from domaintune.defaults.chat_reply import (
    Broken,
    Received,
    Refused,
    bounded,
    in_short,
    lines,
    of_connection,
    prompt_tokens,
    read_reply,
    retry_after,
)
from domaintune.defaults.teacher_options import OpenAIOptions
from domaintune.errors import DataError

KEY, OPENAI_KEY, OPENAI_HOST = "DOMAINTUNE_TEACHER_KEY", "OPENAI_API_KEY", "api.openai.com"
CONNECT = 20.0
"""Seconds to reach the server."""
PASSING = {408, 409, 425, 429}
"""Refusals after which another try may succeed, besides all of 500 and above."""
FITS_NOT = {400, 413, 422}
"""Refusals that may be about this one conversation."""
SENT = {
    "host", "accept", "accept-encoding", "connection", "content-type", "content-length", "x-stainless-raw-response"
}  # fmt: skip
"""Headers that leave this machine besides the key: the library would tell about the machine too. It reads the last one
itself when the reply is there."""
TOO_LONG = re.compile(
    r"context.?(length|window|size)|too many tokens|(prompt|input|request)\S* (is|are) too (long|large)", re.I
)
OUR_LIMIT = re.compile(r"max_(completion_)?tokens|in the completion", re.I)
"""A server that says this counts the longest answer in, and gives the size of its context as below."""
CONTEXT = re.compile(r"context length (?:is|of) (\d{1,9})", re.I)
FILTERED = re.compile(r"content.?(filter|management|policy)|safety system", re.I)
NO_CREDIT = re.compile(r"insufficient_quota|billing|out of credit", re.I)
LIMITS = ("max_tokens", "max_completion_tokens")
"""Fields that bound an answer."""


@dataclass(frozen=True, eq=False)
class ChatServer:
    """An address, a model and a key; the key is shown nowhere and sent to no other address."""

    url: str
    host: str
    options: OpenAIOptions
    key: str | None = field(repr=False)

    @staticmethod
    def named(options: OpenAIOptions) -> ChatServer:
        """Read the address and find its key; DataError where one of them cannot be used."""
        url = options.url.strip().removesuffix("/").removesuffix("/chat/completions")
        try:
            parts = urlsplit(url)
            host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""
        except ValueError:
            parts, host = urlsplit(""), ""
        if parts.scheme not in {"http", "https"} or not host:
            raise DataError("data.teacher_options.url is no address; write https://host/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise DataError(
                f"data.teacher_options.url for {parts.hostname!r} holds a user, a password or a query; write "
                f"https://host/v1 and put the key into {KEY}"
            )
        _check_fields(options)
        if not options.model:
            raise DataError(
                f"which model of {host!r} is the teacher? name it with --set data.teacher_options.model=NAME"
            )
        return ChatServer(url, host, options, key=_key(options, parts.scheme, parts.hostname or ""))

    @property
    def warning(self) -> str | None:
        """A sentence about a key that travels without encryption; None where it does not."""
        parts = urlsplit(self.url)
        near = parts.hostname in {"localhost", "::1"} or (parts.hostname or "").startswith("127.")
        if parts.scheme == "https" or near or not self.key:
            return None
        return f"the key of teacher {self.host!r} is sent without encryption; write https:// if the server has it"

    def body(self, messages: Sequence[Message], sampling: Sampling) -> dict[str, Any]:
        """Return the fields of a request."""
        options = self.options
        body: dict[str, Any] = {
            "model": options.model,
            "messages": [{part: writable(message[part]) for part in ("role", "content")} for message in messages],
            options.limit_field: sampling.max_new_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sampling.seed,
        }
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        if options.stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        body |= options.extra
        return {name: value for name, value in body.items() if name not in options.leave_out}

    def asked(self, body: Mapping[str, Any], sampling: Sampling) -> dict[str, Any]:
        """Return all that decides the answer, whether or not it is sent; not how the answer travels."""
        sent = {name: value for name, value in body.items() if name not in {"stream", "stream_options"}}
        return {"url": self.url, "request": sent, "sampling": asdict(sampling)}

    def most(self, body: Mapping[str, Any], sampling: Sampling) -> Tokens:
        """Return what a request may take: an estimate of its prompt, and the longest answer that it allows."""
        return Tokens(prompt_tokens(body), _longest(body) or sampling.max_new_tokens)

    def client(self) -> openai.AsyncOpenAI:
        """Return a client for one event loop. It tries once and follows no redirect: both are ours to decide."""
        limits = httpx2.Limits(
            max_connections=self.options.concurrency, max_keepalive_connections=self.options.concurrency
        )
        http = httpx2.AsyncClient(
            verify=self._trust,
            limits=limits,
            follow_redirects=False,
            event_hooks={"request": [self._only_needed_headers]},
        )
        return openai.AsyncOpenAI(api_key="set by us", base_url=self.url, max_retries=0, http_client=http)

    async def ask(self, client: openai.AsyncOpenAI, body: dict[str, Any]) -> Given:
        """Send one request and return the answer; raises Refused."""
        received, lost, odd = Received(), Tokens(), False
        try:
            async with asyncio.timeout(self.options.timeout):
                return await self._asked(client, body, received)
        except openai.APIStatusError as error:
            return self._refusal(error, body)
        except (TimeoutError, httpx2.TimeoutException, openai.APITimeoutError):
            why, again = "it did not answer in time", True
        except (httpx2.HTTPError, httpx2.StreamError, openai.APIConnectionError, OSError) as error:
            why, again = of_connection(error)
        except Broken as broken:
            why, again, lost, odd = broken.why, True, broken.lost, broken.odd
        if received.finish is not None:  # the answer is whole, only the count of its tokens did not come
            return received.given(body)
        raise Refused(why, again=again, lost=lost + received.lost(body), odd=odd)

    async def _asked(self, client: openai.AsyncOpenAI, body: dict[str, Any], received: Received) -> Given:
        silence = self.options.silence if body.get("stream") else self.options.timeout
        timeout = httpx2.Timeout(silence, connect=min(CONNECT, self.options.timeout), pool=None)
        known = {"model": body["model"], "messages": body["messages"]} | (
            {"stream": True} if body.get("stream") else {}
        )
        rest = {name: value for name, value in body.items() if name not in known}
        sending = client.chat.completions.with_streaming_response.create(**known, extra_body=rest, timeout=timeout)
        async with sending as response:
            pieces = response.iter_bytes()
            if not body.get("stream"):
                return read_reply(b"".join([piece async for piece in bounded(pieces)]), body)
            async for line in lines(bounded(pieces)):
                if received.take(line):
                    break
        return received.given(body)

    async def _only_needed_headers(self, request: httpx2.Request) -> None:
        kept = SENT | (
            {"openai-organization", "openai-project"} if urlsplit(self.url).hostname == OPENAI_HOST else set()
        )
        for name in set(request.headers) - kept:
            del request.headers[name]
        request.headers["User-Agent"] = "domaintune"
        if self.key:
            request.headers["Authorization"] = f"Bearer {self.key}"

    def _refusal(self, error: openai.APIStatusError, body: Mapping[str, Any]) -> Given:
        """Say what an HTTP status means: that this conversation is declined, or that the try was refused."""
        status, words = error.status_code, _words(error)
        said, coded = in_short(words), f"{error.code or ''} {words}"
        if status in FITS_NOT and (finish := self._unfit(status, coded, body)):
            return Given(text=None, finish=finish)
        if status in {401, 403}:
            where = self.options.key_env or (KEY if self.host != OPENAI_HOST else OPENAI_KEY)
            raise Refused(f"it refuses the key (HTTP {status}{said}); put one into {where}", again=False)
        if status == 404:
            raise Refused(
                f"it knows no such address or no model {self.options.model!r} (HTTP 404{said}); see "
                "data.teacher_options.url and .model", again=False,
            )  # fmt: skip
        if 300 <= status < 400:
            raise Refused(f"it sends elsewhere (HTTP {status}); name the address it sends to", again=False)
        pause = retry_after(error.response.headers, words)
        # A limit of requests a minute may speak of billing, too, but says when it is over.
        empty = "insufficient_quota" in coded or (pause is None and NO_CREDIT.search(coded))
        raise Refused(f"HTTP {status}{said}", again=status >= 500 or (status in PASSING and not empty), pause=pause)

    def _unfit(self, status: int, words: str, body: Mapping[str, Any]) -> str | None:
        """Say why a server declines this conversation; refuse a longest answer that leaves it no room."""
        if status == 413 or TOO_LONG.search(words.replace("_", " ")):
            context, longest = CONTEXT.search(words), _longest(body)
            if longest and OUR_LIMIT.search(words) and (context is None or 2 * longest > int(context[1])):
                size = f"of {context[1]} tokens " if context else ""
                raise Refused(
                    f"the longest answer that is asked for, {longest} tokens, leaves its context {size}too little room "
                    f"(HTTP {status}{in_short(words)}); lower data.options.max_new_tokens, or what else the builder "
                    "calls it",
                    again=False,
                )
            return "context_length"
        return "content_filter" if FILTERED.search(words) else None

    @cached_property
    def _trust(self) -> Any:
        """The certificates that are trusted, read once: that takes longer than many a request."""
        return httpx2.create_ssl_context()


def _check_fields(options: OpenAIOptions) -> None:
    """Refuse fields of a request that would undo what other options say; raises DataError."""
    for name in ("model", "messages"):
        if name in options.leave_out:
            raise DataError(f"data.teacher_options.leave_out cannot name {name!r}: no server answers without it")
        if name in options.extra:
            raise DataError(f"data.teacher_options.extra cannot name {name!r}: the teacher fills it in itself")
    if not (options.budget_tokens or options.budget_cost):
        return
    fields = {options.limit_field: 1, **options.extra}
    if not _longest({name: value for name, value in fields.items() if name not in options.leave_out}):
        raise DataError(
            f"a budget needs requests that bound their answer with {' or '.join(LIMITS)}; see "
            "data.teacher_options.leave_out and .extra, or remove budget_tokens and budget_cost"
        )
    if "n" not in options.leave_out and options.extra.get("n", 1) != 1:
        raise DataError(
            "a budget counts one answer a request; take 'n' out of data.teacher_options.extra: only the first is used"
        )


def _longest(body: Mapping[str, Any]) -> int:
    """Return the longest answer that a request allows, the larger number where it names two; 0 where it names none."""
    named = [body.get(name) for name in LIMITS]
    return max((limit for limit in named if isinstance(limit, int) and limit > 0), default=0)


def _key(options: OpenAIOptions, scheme: str, host: str) -> str | None:
    """Return the key for an address: the variable that is named, else our own; OpenAI's for OpenAI only."""
    is_openai = (scheme, host) == ("https", OPENAI_HOST)
    if options.key_env == OPENAI_KEY and not is_openai:
        raise DataError(
            f"the key in {OPENAI_KEY} is for {OPENAI_HOST} and is not sent to {host!r}; put the right key into another "
            "variable and name that in data.teacher_options.key_env"
        )
    names = [options.key_env] if options.key_env else [KEY, *([OPENAI_KEY] if is_openai else [])]
    key = next((os.environ[name] for name in names if os.environ.get(name)), None)
    if key is None and (options.key_env or is_openai):
        raise DataError(f"no key for the teacher {host!r}: the environment variable {names[-1]} is not set")
    if key and not (key.isascii() and key.isprintable()):
        raise DataError(f"the key in {' or '.join(names)} holds signs that no key can hold; set it again")
    return key


def _words(error: openai.APIStatusError) -> str:
    """Return the server's own words about an error."""
    found = error.body
    if isinstance(found, list) and found and isinstance(found[0], Mapping):  # Gemini
        found = found[0].get("error", found[0])
    message = found.get("message") if isinstance(found, Mapping) else found
    return str(message or "")
