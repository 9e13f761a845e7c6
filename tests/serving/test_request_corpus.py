"""S5: 300 bodies made by hand, each with the status it must get, and none that leaves a trace in the server's memory."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from served import Served, chat, error_of

CHAT, TEXT = "/v1/chat/completions", "/v1/completions"
JSON = {"content-type": "application/json"}
Case = tuple[str, str, bytes, dict[str, str], int]
"""Name, path, body, headers, status."""

GOOD = json.dumps(chat(max_tokens=1)).encode()
WRONG: tuple[Any, ...] = (True, "1", "", [], {}, [1], -1, 1.5, {"a": 1}, "NaN", 10**19)


def body(**changed: Any) -> bytes:
    return json.dumps({**chat(max_tokens=1), **changed}).encode()


def texts(**changed: Any) -> bytes:
    return json.dumps({"model": "beta", "prompt": "Findings", "max_tokens": 1, **changed}).encode()


def with_value(key: str, literal: str) -> bytes:
    """A body with a value that Python's json would not write."""
    return GOOD[:-1] + f', "{key}": {literal}}}'.encode()


def said(content: Any) -> bytes:
    return body(messages=[{"role": "user", "content": content}])


def not_json() -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "one bracket", b"{"
    yield "a list", b"[]"
    yield "a text", b'"model"'
    yield "null", b"null"
    yield "a number", b"7"
    yield "trailing comma", GOOD[:-1] + b",}"
    yield "single quotes", GOOD.replace(b'"', b"'")
    yield "two objects", GOOD + GOOD
    yield "a comment", b"/* hello */" + GOOD
    yield "cut off", GOOD[:-5]
    yield "utf-8 mark", b"\xef\xbb\xbf" + GOOD
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        yield encoding, GOOD.decode().encode(encoding)
    yield "latin-1", '{"model": "é"}'.encode("latin-1")
    yield "overlong utf-8", GOOD.replace(b"heart", b"\xc0\xaf")
    yield "encoded surrogate", GOOD.replace(b"heart", b"\xed\xa0\x80")
    yield "raw control character", GOOD.replace(b"heart", b"he\nart")
    yield "raw NUL", GOOD.replace(b"heart", b"he\0art")
    yield "gzip", gzip.compress(GOOD)
    yield "python", b"{'model': None}"
    yield "yaml", b"model: alpha"
    yield "form", b"model=alpha&messages=[]"
    for depth in (33, 100, 1_000, 100_000):
        yield f"{depth} lists", with_value("metadata", "[" * depth + "]" * depth)
        yield f"{depth} objects", with_value("metadata", '{"a":' * depth + "1" + "}" * depth)
        yield f"{depth} brackets never closed", b"[" * depth
    for literal in (
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "-1e400",
        "1e999999999",
        "9" * 5_000,
        "-" + "9" * 5_000,
        "0x10",
        "01",
        "+1",
        ".5",
        "1.",
    ):
        for key in ("temperature", "max_tokens", "user"):
            yield f"{key} {literal[:12]}", with_value(key, literal)
    yield "key twice", GOOD[:-1] + b', "model": "base"}'
    yield "message key twice", GOOD.replace(b'"role": "user"', b'"role": "user", "role": "system"')
    yield "escaped key twice", GOOD[:-1] + b', "m\\u006fdel": "base"}'
    for place in ("heart", "user", "alpha", "model"):
        yield f"lone surrogate in {place}", GOOD.replace(place.encode(), b"\\ud800")
        yield f"reversed surrogates in {place}", GOOD.replace(place.encode(), b"\\udc00\\ud800")
        yield f"NUL in {place}", GOOD.replace(place.encode(), b"a\\u0000b")
    yield "many values", with_value("metadata", "[" + "1," * 30_000 + "1]")


def wrong_kinds() -> Iterator[tuple[str, bytes]]:
    fits = {
        "temperature": {1.5},
        "top_p": set(),
        "n": set(),
        "max_tokens": set(),
        "max_completion_tokens": set(),
        "seed": {-1},
        "stream": {True},
        "logprobs": {True},
        "top_logprobs": set(),
        "stop": {"1", "NaN"},
        "model": set(),
        "messages": set(),
        "stream_options": set(),
        "retrieval": set(),
    }
    for key, good in fits.items():
        for value in WRONG:
            hashable = not isinstance(value, list | dict)
            same = hashable and any(value == one and type(value) is type(one) for one in good)
            if same or (key == "stop" and value == []) or (key == "model" and isinstance(value, str) and value):
                continue
            given = {"include_usage": "yes"} if key == "stream_options" and value == {} else value
            yield f"{key} = {given!r}"[:60], body(**{key: given})


def refused() -> Iterator[tuple[str, bytes]]:
    yield "no model", json.dumps({"messages": []}).encode()
    yield "no messages", b'{"model": "alpha"}'
    yield "no message", body(messages=[])
    yield "257 messages", body(messages=[{"role": "user", "content": "a"}] * 257)
    yield "a message that is none", body(messages=["hello"])
    yield "a message without role", body(messages=[{"content": "a"}])
    yield "a message without content", body(messages=[{"role": "user"}])
    yield "a message with null", said(None)
    yield "a strange role", body(messages=[{"role": "root", "content": "a"}])
    for role in ([], {}, ["user"], 1, None, True):
        yield f"a role that is {role!r}", body(messages=[{"role": role, "content": "a"}])
    yield "a tool's answer", body(messages=[{"role": "tool", "content": "a", "tool_call_id": "1"}])
    yield "tool calls", body(messages=[{"role": "assistant", "content": "a", "tool_calls": [{"id": "1"}]}])
    yield "a strange field", body(messages=[{"role": "user", "content": "a", "contnt": "b"}])
    yield "no parts", said([])
    yield "65 parts", said([{"type": "text", "text": "a"}] * 65)
    for kind in ("image_url", "input_image", "input_audio", "file", "video", "", 7, None):
        yield f"a part of kind {kind!r}", said([{"type": kind, "text": "a"}])
    yield (
        "an image of a network address",
        said([{"type": "image_url", "image_url": {"url": "http://169.254.169.254/latest"}}]),
    )
    shown = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    yield "a picture for a model that reads none", said(shown)
    yield "a picture and its marker", said([*shown, {"type": "text", "text": "<image>"}])
    yield "five pictures", said(shown * 5)
    yield "a picture of the assistant", body(messages=[{"role": "assistant", "content": shown}])
    for url in (7, None, {}, "", "data:", "file:///etc/passwd", "//host/a.png", "\n"):
        yield f"a picture at {url!r}", said([{"type": "image_url", "image_url": {"url": url}}])
    yield "a picture that is a text", said([{"type": "image_url", "image_url": "data:image/png;base64,AAAA"}])
    yield "a strange detail", said([{"type": "image_url", "image_url": {"url": "data:,", "detail": "most"}}])
    yield "a text part without text", said([{"type": "text"}])
    yield "a part that is a text", said(["a"])
    yield "n above", body(n=5)
    yield "n zero", body(n=0)
    yield "temperature above", body(temperature=2.01)
    yield "temperature below", body(temperature=-0.01)
    yield "top_p above", body(top_p=1.01)
    yield "max_tokens zero", body(max_tokens=0)
    yield "max_tokens above", body(max_tokens=1025)
    yield "max_tokens far above", body(max_tokens=10**18)
    yield "two limits that differ", body(max_completion_tokens=2)
    yield "five stops", body(stop=list("abcde"))
    yield "an empty stop", body(stop="")
    yield "an empty stop among others", body(stop=["a", ""])
    yield "a long stop", body(stop="a" * 257)
    yield "top_logprobs alone", body(top_logprobs=2)
    yield "21 alternatives", body(logprobs=True, top_logprobs=21)
    yield "stream options without a stream", body(stream_options={"include_usage": True})
    yield "strange stream options", body(stream=True, stream_options={"include": True})
    yield "a seed too large", body(seed=2**63)
    yield "too long for the context", said("heart " * 3_000)
    yield "far too long for the context", said("a" * 140_000)
    for key, value in {
        "tools": [{"type": "function"}],
        "functions": [{"name": "f"}],
        "tool_choice": "required",
        "function_call": {"name": "f"},
        "response_format": {"type": "json_schema"},
        "audio": {"voice": "alloy"},
        "modalities": ["audio"],
        "prediction": {},
        "web_search_options": {},
        "logit_bias": {"1": 5},
        "frequency_penalty": 0.1,
        "presence_penalty": -1,
        "suffix": "x",
        "reasoning_effort": "high",
        "verbosity": "low",
        "echo": True,
        "best_of": 2,
        "retrieval": True,
        "top_k": 4,
        "lora": [],
        "adapter_id": "beta",
        "chat_template": "{{ 1 }}",
        "Model": "alpha",
        "__proto__": {},
        "a" * 10_000: 1,
        "é": 1,
    }.items():
        yield f"the field {key[:20]}", body(**{key: value})


def refused_texts() -> Iterator[tuple[str, bytes]]:
    for prompt in ("", [], [""], [1, 2], [[1, 2]], ["a", 1], ["a"] * 5, None, True, {"text": "a"}, "a" * 140_000):
        yield f"prompt {str(prompt)[:20]!r}", texts(prompt=prompt)
    yield "four prompts, n 2", texts(prompt=["a"] * 4, n=2)
    yield "six alternatives", texts(logprobs=6)
    yield "logprobs true", texts(logprobs=True)
    yield "messages", texts(messages=[])
    yield "max_completion_tokens", texts(max_completion_tokens=2)
    yield "echo", texts(echo=True)
    yield "best_of", texts(best_of=3)


NAMES = (
    "alpha@",
    "alpha@0",
    "alpha@01",
    "alpha@99",
    "alpha@3",
    "@1",
    "Alpha",
    "ALPHA",
    "alpha ",
    " alpha",
    "alpha\n",
    "alp‌ha",
    "аlpha",
    "alpha@2@2",
    "alpha:nan+beta:1",
    "alpha:inf+beta",
    "alpha:1e3+beta:1",
    "alpha:99+beta:1",
    "alpha:0+beta:1",
    "alpha:0.7+beta",
    "alpha+",
    "+alpha",
    "alpha++beta",
    "alpha+alpha",
    "alpha|",
    "alpha|beta:0.5",
    "alpha+beta|gamma",
    "+".join(f"a{i}" for i in range(9)),
    "../alpha",
    "/etc/passwd",
    "alpha/../beta",
    "base+alpha",
    "auto",
    "auto+alpha",
    "nobody",
    "tiny/",
    "Tiny",
    "a" * 65,
    "x" * 1000,
)


def cases() -> Iterator[Case]:
    for name, content in [*not_json(), *wrong_kinds(), *refused()]:
        yield name, CHAT, content, JSON, 400
    for name, content in refused_texts():
        yield f"text: {name}", TEXT, content, JSON, 400
    for name in NAMES:
        yield f"model {name[:30]!r}", CHAT, body(model=name), JSON, 404
    yield "model twice in a mix", CHAT, body(model="alpha+alpha@2"), JSON, 400
    yield "model far too long", CHAT, body(model="x" * 1025), JSON, 400
    yield "20 MB", CHAT, said("a" * 20_000_000), JSON, 413
    yield "just above the limit", CHAT, said("a" * 1_000_000), JSON, 413
    large = f"data:image/png;base64,{'A' * 8_000_000}"
    yield "pictures above their limit", CHAT, said([{"type": "image_url", "image_url": {"url": large}}]), JSON, 413
    yield "texts above their limit beside a picture", CHAT, said([{"type": "text", "text": "é" * 1_000_000}]), JSON, 413
    yield "a picture where texts are continued", TEXT, texts(prompt=large[:2_000_000]), JSON, 413
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/jsonp",
        "application/json; charset=utf-16",
        "",
    ):
        yield f"kind {kind!r}", CHAT, GOOD, {"content-type": kind}, 415
    yield "no kind", CHAT, GOOD, {}, 415
    yield "packed", CHAT, gzip.compress(GOOD), {**JSON, "content-encoding": "gzip"}, 415
    yield "good", CHAT, GOOD, JSON, 200
    yield "good, with a charset", CHAT, GOOD, {"content-type": 'application/json; charset="UTF-8"'}, 200
    yield "good, at the limit of depth", CHAT, with_value("metadata", "[" * 31 + "]" * 31), JSON, 200
    yield "good, with every script", CHAT, said("心臓 сердце قلب 💓 é\r\n\t\u202e"), JSON, 200
    yield "good text", TEXT, texts(), JSON, 200


CASES = list(cases())


def resident(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    assert found
    return int(found[1])


def test_there_are_300_cases_and_their_names_are_their_own() -> None:
    assert len(CASES) >= 300
    assert len({name for name, *_ in CASES}) == len(CASES)


def test_every_case_gets_its_status_in_openais_form_and_memory_comes_back(server: Served) -> None:
    def round_trip(http: httpx2.Client) -> list[str]:
        wrong = []
        for name, path, content, headers, status in CASES:
            answer = http.post(path, content=content, headers=headers)
            if answer.status_code != status:
                wrong.append(f"{name}: {answer.status_code}, not {status}: {answer.text[:200]}")
            elif status != 200:
                error_of(answer)
            assert answer.headers["x-request-id"]
        return wrong

    with server.http() as http:
        assert round_trip(http) == []
        before = resident(server.process.pid)
        assert round_trip(http) == []
        assert resident(server.process.pid) < 1.05 * before


@pytest.mark.parametrize("secret", ["heart", "SECRETS-OF-A-PATIENT"])
def test_the_log_holds_nothing_of_what_was_asked(server: Served, secret: str) -> None:
    with server.http() as http:
        http.post(CHAT, json=chat(f"{secret} {secret}"))
        http.post(CHAT, json=chat(secret, model=f"{secret}"))
        http.post(CHAT, content=f'{{"model": "{secret}'.encode(), headers=JSON)
        http.post(f"/{secret}?{secret}={secret}")
    assert secret not in server.log()
    assert "/v1/chat/completions 200" in server.log()
