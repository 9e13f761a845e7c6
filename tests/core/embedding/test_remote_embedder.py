"""A server that speaks OpenAI's /v1/embeddings, in all its moods."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from domaintune.embedding import names, open_embedder, remote
from domaintune.embedding.remote import RemoteEmbedder
from domaintune.errors import ModelError

SECRET = "sk-very-secret"
Mood = Callable[["Server", dict[str, Any]], tuple[int, dict[str, str], bytes]]


class Server:
    """Answers in the moods that it is given, one a request, and well when there are none left."""

    def __init__(self) -> None:
        self.moods: list[Mood] = []
        self.seen: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.seen.append((self.path, dict(self.headers), body))
                mood = server.moods.pop(0) if server.moods else well
                status, headers, answer = mood(server, body)
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(answer))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()


def numbers(text: str) -> list[float]:
    return [float(len(text) + 1), float(sum(map(ord, text)) % 7), 1.0]


def well(_: Server, body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    items = [{"object": "embedding", "index": i, "embedding": numbers(text)} for i, text in enumerate(body["input"])]
    return 200, {}, json.dumps({"object": "list", "data": items[::-1], "model": body["model"]}).encode()


def status(code: int, **headers: str) -> Mood:
    said = json.dumps({"error": {"message": f"no\nwith {SECRET}", "type": "x"}}).encode()
    return lambda *_: (code, {name.replace("_", "-"): value for name, value in headers.items()}, said)


def body(raw: bytes, **headers: str) -> Mood:
    return lambda *_: (200, headers, raw)


def vectors(*rows: list[float]) -> Mood:
    return body(json.dumps({"data": [{"index": i, "embedding": row} for i, row in enumerate(rows)]}).encode())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(remote, "PAUSE", 0.001)
    for name in (remote.KEY, remote.OPENAI_KEY):
        monkeypatch.delenv(name, raising=False)
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()
    RemoteEmbedder.open.cache_clear()


def test_texts_become_unit_vectors_in_their_order_and_in_batches(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "CHARACTERS", 300)
    embedder = open_embedder(f"{server.address}/v1#small")
    texts = [*("a" * (i % 5) for i in range(100)), "b" * 400, "c"]
    found = embedder.vectors(texts)
    assert found.shape == (102, 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    for text, row in zip(texts, found, strict=True):
        expected = np.array(numbers(text or " "))
        np.testing.assert_allclose(row, expected / np.linalg.norm(expected), atol=1e-6)
    assert [len(sent["input"]) for _, _, sent in server.seen] == [64, 36, 1, 1]
    path, headers, sent = server.seen[0]
    assert (path, sent["model"], sent["encoding_format"]) == ("/v1/embeddings", "small", "float")
    assert "Authorization" not in headers
    assert sent["input"][0] == " ", "an empty text is refused by OpenAI"
    assert (embedder.width, embedder.vectors([]).shape) == (3, (0, 3))
    asked = len(server.seen)
    np.testing.assert_array_equal(embedder.vector("again", query=True), embedder.vector("again", query=True))
    assert len(server.seen) == asked + 1


def test_an_embedder_is_known_by_address_and_model(server: Server) -> None:
    name = f"{server.address}/v1/#small"
    embedder = open_embedder(name)
    assert embedder is open_embedder(name)
    assert embedder.name == name
    other = open_embedder(f"{server.address}/v1#large")
    assert open_embedder(f"{server.address}/v1#small").fingerprint == embedder.fingerprint != other.fingerprint
    assert not server.seen, "nothing is asked before it is needed"
    assert embedder.width == 3
    assert names.identity(name) == {"base": name}
    assert names.is_at_hand(name)


@pytest.mark.parametrize(
    "mood",
    [
        *(status(code) for code in (408, 429, 500, 502, 503, 504, 529)),
        status(429, Retry_After="0"),
        status(503, Retry_After=formatdate(usegmt=True)),
        status(429, Retry_After="soon"),
        body(b""),
        body(b'{"data": [{"index": 0, "embed'),
        body(b'{"data": [{"ind', **{"Content-Length": "999"}),
        body(b"[]"),
        body(b'{"data": null}'),
        body(b"[" * 100_000),
        vectors(),
        vectors([1, 2, 3], [1, 2, 3]),
        body(b'{"data": [{"index": 7, "embedding": [1, 2, 3]}]}'),
        body(b'{"data": [{"index": 0, "embedding": ["x"]}]}'),
    ],
)
def test_what_may_pass_is_tried_again(mood: Mood, server: Server) -> None:
    server.moods = [mood, mood]
    found = open_embedder(f"{server.address}/v1#small").vectors(["a"])
    assert found.shape == (1, 3)
    assert len(server.seen) == 3


@pytest.mark.parametrize(
    ("mood", "sentence"),
    [
        (status(400), r"HTTP 400: no with"),
        (status(404), "HTTP 404"),
        (status(401), "it refuses the key .HTTP 401.*put one into DOMAINTUNE_EMBEDDINGS_KEY"),
        (status(403), "it refuses the key"),
        (status(307, Location="http://127.0.0.1:9/v1/embeddings"), r"it sends elsewhere \(HTTP 307\)"),
        (status(302, Location="/other"), "it sends elsewhere"),
        (status(429, Retry_After="3600"), "it asks for a pause of 3600 s"),
        (vectors([0, 0, 0]), "a vector of no length"),
        (body(b'{"data": [{"index": 0, "embedding": [NaN, 1, 1]}]}'), "a vector of no length"),
    ],
)
def test_what_will_not_pass_ends_at_once(
    mood: Mood, sentence: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(remote.KEY, SECRET)
    server.moods = [mood]
    with pytest.raises(ModelError, match=sentence) as caught:
        open_embedder(f"{server.address}/v1#small").vectors(["a"])
    assert len(server.seen) == 1
    assert server.seen[0][1]["Authorization"] == f"Bearer {SECRET}"
    assert SECRET not in str(caught.value), "the server repeats the key, we do not"
    assert SECRET not in repr(open_embedder(f"{server.address}/v1#small"))
    assert "\n" not in str(caught.value)


def test_tries_are_bounded(server: Server) -> None:
    server.moods = [status(500)] * 20
    with pytest.raises(ModelError, match=f"gave no vectors after {remote.TRIES} tries: HTTP 500"):
        open_embedder(f"{server.address}/v1#small").vectors(["a"])
    assert len(server.seen) == remote.TRIES


def test_a_server_that_is_slow_or_gone_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "SECONDS", 0.1)
    monkeypatch.setattr(remote, "TRIES", 2)

    def slow(_: Server, __: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        time.sleep(0.4)
        return 200, {}, b"{}"

    server.moods = [slow, slow]
    with pytest.raises(ModelError, match="after 2 tries: it did not answer in time"):
        open_embedder(f"{server.address}/v1#small").vectors(["a"])
    with pytest.raises(ModelError, match=r"after 2 tries: .*refused"):
        open_embedder("http://127.0.0.1:9/v1#small").vectors(["a"])


def test_an_answer_without_end_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "BYTES", 1000)
    server.moods = [body(b" " * 2000)]
    with pytest.raises(ModelError, match="its answer is longer than"):
        open_embedder(f"{server.address}/v1#small").vectors(["a"])


def test_vectors_that_change_their_length_are_refused(server: Server) -> None:
    embedder = open_embedder(f"{server.address}/v1#small")
    assert embedder.width == 3
    server.moods = [vectors([1, 2])]
    with pytest.raises(ModelError, match="its vectors had 3 numbers, and now 2"):
        embedder.vectors(["a"])


def test_the_key_of_openai_goes_to_openai_only(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(remote.OPENAI_KEY, SECRET)
    open_embedder(f"{server.address}/v1#small").vectors(["a"])
    assert "Authorization" not in server.seen[0][1]
    assert remote._key("https", "api.openai.com") == SECRET
    assert remote._key("http", "api.openai.com") is None
    monkeypatch.setenv(remote.KEY, "line\nbreak")
    with pytest.raises(ModelError, match="holds signs that no key can hold"):
        open_embedder(f"{server.address}/v1#other")


@pytest.mark.parametrize(
    "name", ["http://host/v1", "http:///v1#m", "https://u:p@host/v1#m", "https://host/v1?key=1#m", "http://host:x/v1#m"]
)
def test_an_address_that_is_none_or_holds_a_secret_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="https://host/v1#model") as caught:
        open_embedder(name)
    assert "u:p" not in str(caught.value)
