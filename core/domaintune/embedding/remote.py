"""Texts as unit vectors by a server that speaks OpenAI's /v1/embeddings, named `https://host/v1#model`.

Requests are made one after the other, with a time limit and a bounded number of tries; what cannot succeed by trying
again ends at once. The key comes from the environment and is written nowhere.
"""

from __future__ import annotations

import email.utils
import http.client
import json
import math
import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message
from functools import cache, lru_cache
from typing import Any, NoReturn
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from domaintune import files
from domaintune.errors import ModelError

KEY, OPENAI_KEY = "DOMAINTUNE_EMBEDDINGS_KEY", "OPENAI_API_KEY"
OPENAI_HOST = "api.openai.com"
ROWS = 64
"""Texts in one request."""
CHARACTERS = 100_000
"""Characters of all texts in one request, unless a single one is longer."""
LONGEST = 8191
"""Tokens of a text that OpenAI's models read; other servers say for themselves what is too long."""
CUT = 32_000
"""Characters that are sent of a text."""
TRIES = 6
SECONDS = 60.0
"""Time that one request may take."""
PAUSE = 1.0
"""Seconds before the second try; each further one waits twice as long."""
LONGEST_PAUSE = 60.0
BYTES = 64 << 20
"""Size of an answer."""
PASSING = {408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529}
"""Answers after which another try may succeed."""


@dataclass(eq=False)
class _Refused(Exception):  # noqa: N818  (the outcome of one try)
    """A try without an answer: whether another may have one, and how many seconds the server wants to be left alone."""

    why: str
    again: bool
    pause: float | None = None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take the texts and the key to another place than the one that was named."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


@dataclass(frozen=True, eq=False)
class RemoteEmbedder:
    """A model behind an address; vectors are comparable where address and model are the same."""

    name: str
    url: str
    model: str
    longest: int = LONGEST
    _key: str | None = field(default=None, repr=False)
    _width: list[int] = field(default_factory=list, repr=False)

    @staticmethod
    @cache
    def open(name: str) -> RemoteEmbedder:
        """Take `https://host/v1#model` apart, without asking the server; ModelError where it is none."""
        try:
            parts = urlsplit(name)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in {"http", "https"} or not parts.hostname or not parts.fragment:
            raise ModelError(f"the embedder {name!r} names no model; write https://host/v1#model")
        if parts.username or parts.password or parts.query:
            raise ModelError(
                f"the embedder's address for {parts.hostname!r} holds a user or a query; write https://host/v1#model and "
                f"put the key into {KEY}"
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        url = f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}/embeddings"
        return RemoteEmbedder(name, url, parts.fragment, _key=_key(parts.scheme, parts.hostname))

    @property
    def fingerprint(self) -> str:
        """What tells it from other embedders: the address and the model's name, since no more is known of it."""
        return files.fingerprint({"url": self.url, "model": self.model})

    @property
    def width(self) -> int:
        """The length of a vector; the server is asked once."""
        if not self._width:
            self.vector("width")
        return self._width[0]

    def vectors(self, texts: Sequence[str], query: bool = False) -> NDArray[np.float32]:  # noqa: ARG002  (of the protocol)
        """Return a unit vector for each text, [texts, width]; raises ModelError where the server gives none."""
        if not texts:
            return np.zeros((0, self.width), dtype=np.float32)
        return np.concatenate([self._asked(batch) for batch in _batches(texts)])

    def vector(self, text: str, query: bool = False) -> NDArray[np.float32]:
        """Return the unit vector of one text; the last ones asked for are remembered."""
        return _remembered(self, text, query)

    def _asked(self, texts: list[str]) -> NDArray[np.float32]:
        """Ask for the vectors of one batch, again where that may help."""
        for number in range(1, TRIES + 1):
            try:
                return self._read(self._post(texts), len(texts))
            except _Refused as refused:
                if not refused.again or number == TRIES:
                    self._give_up(refused, number)
                pause = refused.pause if refused.pause is not None else PAUSE * 2 ** (number - 1)
                if pause > LONGEST_PAUSE:
                    self._give_up(_Refused(f"{refused.why}; it asks for a pause of {pause:.0f} s", again=True), number)
                time.sleep(pause)
        raise AssertionError("the last try answers or gives up")

    def _give_up(self, refused: _Refused, tries: int) -> NoReturn:
        after = f" after {tries} tries" if tries > 1 else ""
        why = refused.why.replace(self._key, "***") if self._key else refused.why
        raise ModelError(f"the embedder {self.name!r} gave no vectors{after}: {why}") from None

    def _post(self, texts: list[str]) -> bytes:
        """Send one request and return the body of the answer."""
        body = {"model": self.model, "input": texts, "encoding_format": "float"}
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "domaintune"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        request = urllib.request.Request(self.url, json.dumps(body).encode(), headers, method="POST")  # noqa: S310
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer:
                return _body(answer)
        except urllib.error.HTTPError as error:
            raise _refusal(error) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            said = "it did not answer in time" if isinstance(reason, TimeoutError) else f"{reason}"
            unknown = isinstance(reason, socket.gaierror)
            raise _Refused(said or type(error).__name__, again=not unknown) from None

    def _read(self, body: bytes, rows: int) -> NDArray[np.float32]:
        """Return the vectors in an answer, by their `index`."""
        try:
            data = json.loads(body)["data"]
            places = [int(item.get("index", place)) for place, item in enumerate(data)]
            found = np.array([item["embedding"] for item in data], dtype=np.float32)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise _Refused("its answer holds no embeddings", again=True) from None
        if sorted(places) != list(range(rows)) or found.ndim != 2:
            raise _Refused(f"it gave {len(places)} vectors for {rows} texts", again=True)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        if not (np.isfinite(lengths).all() and lengths.all()):
            raise _Refused("it gave a vector of no length", again=False)
        if self._width and found.shape[1] != self._width[0]:
            raise _Refused(f"its vectors had {self._width[0]} numbers, and now {found.shape[1]}", again=False)
        self._width[:] = [found.shape[1]]
        ordered: NDArray[np.float32] = np.empty_like(found)
        ordered[places] = found / lengths
        return ordered


@lru_cache(maxsize=256)
def _remembered(embedder: RemoteEmbedder, text: str, query: bool) -> NDArray[np.float32]:
    row: NDArray[np.float32] = embedder.vectors([text], query)[0]
    return row


def _key(scheme: str, host: str) -> str | None:
    """Return the key for an address: our own variable for any, OpenAI's for OpenAI only."""
    key = os.environ.get(KEY) or (os.environ.get(OPENAI_KEY) if (scheme, host) == ("https", OPENAI_HOST) else None)
    if key and not (key.isascii() and key.isprintable()):
        raise ModelError(f"the key in {KEY} or {OPENAI_KEY} holds signs that no key can hold; set it again")
    return key or None


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield the texts in order, in batches that a server takes; an empty text is a space, as OpenAI refuses it."""
    batch: list[str] = []
    size = 0
    for text in texts:
        sent = text[:CUT] or " "
        if batch and (len(batch) == ROWS or size + len(sent) > CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(sent)
        size += len(sent)
    yield batch


def _body(answer: Any) -> bytes:
    """Read an answer of bounded size in bounded time."""
    until, parts, size = time.monotonic() + SECONDS, [], 0
    while part := answer.read1(1 << 20):
        size += len(part)
        if size > BYTES:
            raise _Refused(f"its answer is longer than {BYTES >> 20} MiB", again=False)
        if time.monotonic() > until:
            raise _Refused("it did not answer in time", again=True)
        parts.append(part)
    return b"".join(parts)


def _refusal(error: urllib.error.HTTPError) -> _Refused:
    """Say what an HTTP status means."""
    said = _said(error)
    if error.code in {401, 403}:
        return _Refused(f"it refuses the key (HTTP {error.code}{said}); put one into {KEY}", again=False)
    if 300 <= error.code < 400:
        return _Refused(f"it sends elsewhere (HTTP {error.code}); name the address it sends to", again=False)
    return _Refused(f"HTTP {error.code}{said}", again=error.code in PASSING, pause=_retry_after(error.headers))


def _said(error: urllib.error.HTTPError) -> str:
    """Return the server's own words about an error, one short line."""
    try:
        found = json.loads(error.read(10_000))
        message = found["error"]["message"] if isinstance(found.get("error"), dict) else found.get("message", "")
        return f": {' '.join(str(message).split())[:200]}" if message else ""
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""


def _retry_after(headers: Message[str, str]) -> float | None:
    """Return the seconds that a server wants to be left alone: a number, or a date."""
    given = headers.get("Retry-After")
    if given is None:
        return None
    try:
        seconds = float(given)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(given).timestamp() - time.time()
        except ValueError:
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None
