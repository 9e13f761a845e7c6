"""The body of a request: as large, as deep and as strange as the limits allow, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request

from domaintune.adapters import strict_json
from domaintune.adapters.refusals import REFUSALS, AdmissionError, Sentence, shown
from domaintune.serving.problems import HttpError, bad

WITHIN: Final = 8.0
"""Seconds for a body to arrive."""
MOST_VALUES: Final = 20_000


async def read_json(request: Request, limit: int, pictures: int = 0) -> dict[str, Any]:
    """Return the JSON object that a request brings, or raise the HttpError that refuses it.

    `limit` are the bytes it may have without its pictures, and `pictures` those of its `data:` URLs, where they stand as
    the `url` of an `image_url` in a message.
    """
    _check_kind(request.headers)
    try:
        async with asyncio.timeout(WITHIN):
            content = await _read(request, limit, pictures)
    except TimeoutError:
        problem = f"the body did not arrive within {WITHIN:g} seconds"
        raise HttpError(408, problem, "request_timeout", None, {"connection": "close"}) from None
    if len(content) > limit and b'"image_url"' not in content:
        raise _too_large(limit)
    value = parse(content)
    if len(content) > limit:
        shown = sum(map(len, _pictures(value)))
        if len(content) - shown > limit:
            raise _too_large(limit)
        if shown > pictures:
            sentence = (
                f"the pictures are larger than {pictures:,} bytes in base64 (serve.image_bytes); send smaller ones"
            )
            raise HttpError(413, sentence, "request_too_large")
    return value


def parse(content: bytes) -> dict[str, Any]:
    """Read one JSON object strictly: no NaN, no repeated key, no text that is not Unicode, no depth bomb."""
    try:
        value = strict_json.parse(content, Sentence("the body"), most_values=MOST_VALUES)
    except AdmissionError as error:
        reason = REFUSALS[error.code].reason.format_map({name: shown(fact) for name, fact in error.facts.items()})
        raise bad(reason, code="invalid_json") from None
    if b"\\u0000" in content and any("\0" in text for text in _texts(value)):
        raise bad("the body has the NUL character in a text", code="invalid_json")
    return value


def _check_kind(headers: Mapping[str, str]) -> None:
    """Refuse what no JSON client sends; a form of a web page, for one, cannot send JSON without asking."""
    kind, _, rest = headers.get("content-type", "").lower().partition(";")
    charset = rest.partition("charset=")[2].strip(' "')
    if kind.strip() != "application/json" or charset not in {"", "utf-8", "utf8"}:
        raise HttpError(415, "send the body as Content-Type: application/json (UTF-8)", "unsupported_media_type")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise HttpError(415, "send the body without Content-Encoding", "unsupported_media_type")


async def _read(request: Request, limit: int, pictures: int) -> bytes:
    """Collect the body; its announced length is believed only where it is too large."""
    most = limit + pictures
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:20]) > most:
        raise _too_large(limit, pictures)
    content = bytearray()
    try:
        async for chunk in request.stream():
            content += chunk
            if len(content) > most:
                raise _too_large(limit, pictures)
    except ClientDisconnect:
        raise HttpError(400, "the body ended early", "invalid_json") from None
    return bytes(content)


def _too_large(limit: int, pictures: int = 0) -> HttpError:
    more = f" and pictures of {pictures:,} bytes (serve.image_bytes)" if pictures else ""
    return HttpError(413, f"the body is larger than {limit:,} bytes (serve.body_bytes){more}", "request_too_large")


def _pictures(value: Mapping[str, Any]) -> Iterator[str]:
    """Yield the `data:` URLs that stand where pictures do; the shape of the rest is not known yet."""
    for message in _listed(value.get("messages")):
        for part in _listed(message.get("content")):
            held = part.get("image_url")
            url = held.get("url") if isinstance(held, dict) else None
            if isinstance(url, str) and url.isascii() and url[:5].lower() == "data:":
                yield url


def _listed(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(root: Any) -> Iterator[str]:
    """Yield every key and text of a value."""
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            waiting += value
            waiting += value.values() if isinstance(value, dict) else ()
