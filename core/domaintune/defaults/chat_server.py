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
FILTERED = re.compile(r"content.?(filter|management|policy)|safety system", re.I)
NO_CREDIT = re.compile(r"insufficient_quota|billing|out of credit", re.I)


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
        if missing := {"model", "messages"} & set(options.leave_out):
            raise DataError(
                f"data.teacher_options.leave_out cannot name {missing.pop()!r}: no server answers without it"
            )
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
        """Return what a request may take: an estimate of its prompt, and the longest answer."""
        return Tokens(prompt_tokens(body), sampling.max_new_tokens)

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
        received = Received()
        try:
            async with asyncio.timeout(self.options.timeout):
                return await self._asked(client, body, received)
        except openai.APIStatusError as error:
            return self._refusal(error)
        except (TimeoutError, httpx2.TimeoutException, openai.APITimeoutError):
            why, again = "it did not answer in time", True
        except (httpx2.HTTPError, httpx2.StreamError, openai.APIConnectionError, OSError) as error:
            why, again = of_connection(error)
        except Broken as broken:
            why, again = str(broken), True
        if received.finish is not None:  # the answer is whole, only the count of its tokens did not come
            return received.given(body)
        raise Refused(why, again=again, lost=received.lost(body))

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

    def _refusal(self, error: openai.APIStatusError) -> Given:
        """Say what an HTTP status means: that this conversation is declined, or that the try was refused."""
        status, said = error.status_code, _said(error)
        code = str(error.code or "")
        if status in FITS_NOT:
            if status == 413 or TOO_LONG.search(code.replace("_", " ") + said):
                return Given(text=None, finish="context_length")
            if FILTERED.search(f"{code} {said}"):
                return Given(text=None, finish="content_filter")
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
        again = status >= 500 or (status in PASSING and not NO_CREDIT.search(f"{code} {said}"))
        raise Refused(f"HTTP {status}{said}", again=again, pause=retry_after(error.response.headers))

    @cached_property
    def _trust(self) -> Any:
        """The certificates that are trusted, read once: that takes longer than many a request."""
        return httpx2.create_ssl_context()


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


def _said(error: openai.APIStatusError) -> str:
    """Return the server's own words about an error, one short line."""
    found = error.body
    message = found.get("message") if isinstance(found, Mapping) else found
    return f": {' '.join(str(message).split())[:200]}" if message else ""
