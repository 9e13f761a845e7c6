"""S6: what is barely HTTP, or meant to hurt: nothing hangs, and others are served meanwhile."""

from __future__ import annotations

import json
import re
import socket
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest
from served import KEY, Served, chat

BODY = json.dumps(chat(max_tokens=1)).encode()
HEAD = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Authorization: Bearer " + KEY.encode() + b"\r\n"
)
GET = b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + KEY.encode() + b"\r\n"


def talk(server: Served, *pieces: bytes, pause: float = 0.0, shut: bool = False) -> bytes:
    """Send pieces and return all that comes until the server hangs up or falls silent; over 10 s is a hang."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        heard = b""
        try:
            for piece in pieces:
                line.sendall(piece)
                time.sleep(pause)
            if shut:
                line.shutdown(socket.SHUT_WR)
            while part := line.recv(65536):
                heard += part
                if b"\r\n\r\n" in heard and b"onnection: close" not in heard:
                    line.settimeout(0.3)
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            assert heard or line.gettimeout() != 10, "the server hangs"
        return heard


def statuses(heard: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", heard)]


def test_a_good_request_is_answered(server: Served) -> None:
    assert statuses(talk(server, HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)) == [200]


def test_a_body_in_chunks_is_answered(server: Served) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (1, BODY[i : i + 1]) for i in range(len(BODY)))
    assert statuses(talk(server, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")) == [200]


NOT_HTTP: dict[str, bytes] = {
    "nothing but noise": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20 + b"\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "a version of the future": b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
    "a header without a colon": GET + b"Nonsense\r\n\r\n",
    "a space before the colon": GET + b"Content-Length : 5\r\n\r\n",
    "a folded header": GET + b"X-A: 1\r\n 2\r\nBad\r\n\r\n",
    "a NUL in a header": GET + b"X-A: a\0b\r\n\r\n",
    "a bare carriage return": GET + b"X-A: a\rb\r\n\r\n",
    "a length that is no number": HEAD + b"Content-Length: abc\r\n\r\n",
    "a negative length": HEAD + b"Content-Length: -5\r\n\r\n",
    "a length with a sign": HEAD + b"Content-Length: +5\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
    "a list of lengths": HEAD + b"Content-Length: 5, 6\r\n\r\n",
    "a length and chunks": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an unknown encoding": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunks in disguise": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a chunk that is no chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a chunk of a huge size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n",
    "an address with a space": b"GET /a b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "an address that is no text": b"GET /\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "10,000 headers": GET + b"".join(b"X-%d: 1\r\n" % i for i in range(10_000)) + b"\r\n",
    "150 headers": GET + b"".join(b"X-%d: 1\r\n" % i for i in range(150)) + b"\r\n",
    "a header of 100 kB": GET + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n",
    "an address of 100 kB": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a method of 1 kB": b"A" * 1000 + b" / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a whole address of another": b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "CONNECT": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
}


@pytest.mark.parametrize("name", NOT_HTTP)
def test_what_is_not_quite_http_is_refused_at_once_in_openais_form(server: Served, name: str) -> None:
    heard = talk(server, NOT_HTTP[name])
    found = statuses(heard)
    assert len(found) <= 1
    assert not found or 400 <= found[0] < 500, heard[:300]
    if found:
        error = json.loads(heard.partition(b"\r\n\r\n")[2])["error"]
        assert set(error) == {"message", "type", "param", "code"}


def test_a_second_request_hidden_in_a_body_is_not_heard(server: Served) -> None:
    hidden = b"0\r\n\r\n" + GET + b"\r\n"
    head = HEAD + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % len(hidden)
    assert statuses(talk(server, head + hidden)) == [400]


def test_requests_in_a_row_are_answered_in_a_row(server: Served) -> None:
    one = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    assert statuses(talk(server, one * 3)) == [200, 200, 200]


def test_an_upgrade_to_another_protocol_is_not_taken(server: Served) -> None:
    assert statuses(
        talk(server, GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\n\r\n")
    ) == [200]


def test_a_client_that_asks_first_may_send_its_body(server: Served) -> None:
    heard = talk(server, HEAD + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(BODY), BODY, pause=0.1)
    assert statuses(heard) == [100, 200]


UNFINISHED: dict[str, tuple[bytes, list[int]]] = {
    "a head that does not end": (HEAD[:60], [408]),
    "a body that does not end": (HEAD + b"Content-Length: 500\r\n\r\n{", [408]),
    "a chunk that does not end": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", [408]),
    "nothing at all": (b"", []),
}


@pytest.mark.alone
def test_whoever_does_not_go_on_is_hung_up_on_within_ten_seconds(server: Served) -> None:
    def wait(case: tuple[bytes, list[int]]) -> list[int]:
        return statuses(talk(server, case[0]))

    with ThreadPoolExecutor() as pool:
        endless = pool.submit(send_without_end, server)
        began = time.monotonic()
        found = dict(zip(UNFINISHED, pool.map(wait, UNFINISHED.values()), strict=True))
        assert time.monotonic() - began < 10
        assert found == {name: expected for name, (_, expected) in UNFINISHED.items()}
        assert endless.result() < 9


def send_without_end(server: Served) -> float:
    """Send a body until the server hangs up; returns the seconds that it took."""
    piece = b"%x\r\n%b\r\n" % (60_000, b"a" * 60_000)
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        with suppress(ConnectionResetError, BrokenPipeError):
            while time.monotonic() - began < 12:
                line.sendall(piece)
                time.sleep(0.005)
    return time.monotonic() - began


def test_a_body_that_ends_early_is_no_request(server: Served) -> None:
    assert statuses(talk(server, HEAD + b"Content-Length: 500\r\n\r\n" + BODY, shut=True)) in ([], [400])


def latency(server: Served, count: int = 60) -> float:
    """The 99th percentile of asking for the models, in seconds."""
    taken = []
    with server.http() as http:
        for _ in range(count):
            began = time.monotonic()
            assert http.get("/v1/models").status_code == 200
            taken.append(time.monotonic() - began)
    return statistics.quantiles(taken, n=100)[-1]


def drip(server: Served, stack: ExitStack, count: int) -> Callable[[], None]:
    """Open connections that send a head letter by letter; returns a function that sends the next letter of all."""
    lines = [
        stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10)) for _ in range(count)
    ]

    def next_letter() -> None:
        for line in lines:
            try:
                line.sendall(b"X")
            except OSError:
                continue

    for line in lines:
        line.sendall(GET)
    return next_letter


@pytest.mark.alone
def test_two_hundred_slow_clients_do_not_slow_the_others(server: Served) -> None:
    quiet = latency(server)
    with ExitStack() as stack:
        next_letter = drip(server, stack, 200)
        busy = []
        for _ in range(4):
            next_letter()
            busy.append(latency(server, 30))
    assert statistics.median(busy) < max(2 * quiet, 0.02)
