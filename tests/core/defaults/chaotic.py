"""A chat server that treats its callers badly, each request in its own but always the same way; for tests and benchmarks.

    python chaotic.py --faults 0.2        prints its port, and runs until it is ended
    python chaotic.py --ask URL STORE ROWS N CONCURRENCY STREAM
                                          asks N requests as a build would, and writes their answers to ROWS

The answer to a request depends on its prompt and seed alone. `GET /counts` tells for each request how often it was tried
and how often its whole answer was sent; `POST /reset` forgets that.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any

KINDS = ("429", "429-date", "500", "503", "slow", "cut", "stall", "reset", "malformed", "nothing")
"""Ways to treat a request badly; `stall` is only for streams that the caller gives up."""
PAUSE = 0.02
"""What `Retry-After` asks for, in seconds."""
REASONS = {200: "OK", 307: "Temporary Redirect"}


@dataclass
class Chaos:
    """A server in an event loop; `faults` is the share of tries that go wrong, `script` overrides it."""

    faults: float = 0.0
    kinds: tuple[str, ...] = KINDS
    delay: float = 0.0
    script: Callable[[dict[str, Any], int], Any] | None = None
    tried: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    seen: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0

    async def serve(self, port: int = 0) -> asyncio.Server:
        """Listen on this machine."""
        return await asyncio.start_server(self._caller, "127.0.0.1", port, limit=1 << 22)

    async def _caller(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                _, path, _ = first.split(" ")
                if path == "/counts":
                    await _send(
                        writer, 200, {"tried": self.tried, "answered": self.answered, "most": self.most_in_flight}
                    )
                elif path == "/reset":
                    self.tried.clear()
                    self.answered.clear()
                    await _send(writer, 200, {})
                else:
                    await self._chat(headers, json.loads(body), writer)
        writer.close()

    async def _chat(self, headers: dict[str, str], asked: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if self.script:
            self.seen.append((headers, asked))
        prompt = asked["messages"][-1]["content"]
        self.tried[prompt] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            whole = await self._reply(asked, self.tried[prompt], writer)
            self.answered[prompt] += whole
        finally:
            self.in_flight -= 1

    async def _reply(self, asked: dict[str, Any], number: int, writer: asyncio.StreamWriter) -> bool:
        """Reply to one try; tells whether the whole answer was sent."""
        kind: Any = self._kind(asked, number)
        if self.delay:
            await asyncio.sleep(self.delay)
        if isinstance(kind, tuple):  # a status, a body, perhaps headers: as a test wants it
            await _send(writer, *kind)
            return kind[0] == 200
        if kind in {"429", "429-date", "500", "503"}:
            after = f"{PAUSE}" if kind == "429" else formatdate(time(), usegmt=True)
            pause = {"Retry-After": after} if kind.startswith("429") else {}
            await _send(writer, int(kind[:3]), {"error": {"message": f"no: {kind}", "code": "busy"}}, pause)
        elif kind == "reset":
            writer.transport.abort()
            raise ConnectionError
        elif kind in {"malformed", "nothing"}:
            await _send(writer, 200, b'{"choices": [{"mess' if kind == "malformed" else b"")
        elif asked.get("stream"):
            return await _stream(writer, asked, kind)
        elif kind in {"cut", "stall"}:
            await _send(writer, 200, _answer(asked), cut=True)
            raise ConnectionError
        else:
            await asyncio.sleep(0.05 if kind == "slow" else 0)
            await _send(writer, 200, _answer(asked))
            return True
        return False

    def _kind(self, asked: dict[str, Any], number: int) -> Any:
        if self.script:
            return self.script(asked, number)
        luck = random.Random(f"{asked['messages'][-1]['content']} {number}")
        return luck.choice(self.kinds) if luck.random() < self.faults else "fine"


def said(prompt: str, seed: int) -> str:
    """Return the answer to a prompt: with signs that end lines or are cut in two by careless readers."""
    luck = random.Random(f"{prompt} {seed}")
    words = " ".join(
        luck.choice(("two", "words", "ünï", "\U0001f600", "line\u2028end", "a\nb", "[DONE]")) for _ in range(12)
    )
    return f"{prompt} -> {words}"


def _usage(asked: dict[str, Any]) -> dict[str, int]:
    return {
        "prompt_tokens": len(asked["messages"][-1]["content"].split()) + 8,
        "completion_tokens": 20,
        "total_tokens": 0,
    }


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": said(asked["messages"][-1]["content"], asked.get("seed", 0))}
    return {
        "id": "x", "object": "chat.completion", "created": 0, "model": asked["model"], "usage": _usage(asked),
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }  # fmt: skip


async def _send(
    writer: asyncio.StreamWriter, status: int, body: Any, headers: dict[str, str] | None = None, cut: bool = False
) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    lines = [
        f"HTTP/1.1 {status} {REASONS.get(status, 'No')}",
        "Content-Type: application/json",
        f"Content-Length: {len(data)}",
    ]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    writer.write("\r\n".join([*lines, "", ""]).encode() + (data[: len(data) // 2] if cut else data))
    await writer.drain()


async def _stream(writer: asyncio.StreamWriter, asked: dict[str, Any], kind: str) -> bool:
    """Send an answer in pieces of odd sizes, in HTTP chunks that end where they like."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    sent = 0
    async for event in _events(asked, kind):
        for part in (event[:7], event[7:]):
            writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        await writer.drain()
        sent += 1
        if kind == "cut" and sent == 4:
            if len(asked["messages"][-1]["content"]) % 2:  # one half ends the reply as if it were whole
                writer.write(b"0\r\n\r\n")
                await writer.drain()
                return False
            raise ConnectionError
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


async def _events(asked: dict[str, Any], kind: str) -> AsyncIterator[bytes]:
    text = said(asked["messages"][-1]["content"], asked.get("seed", 0))
    pieces = [text[start : start + 9] for start in range(0, len(text), 9)]
    for number, piece in enumerate(pieces):
        if kind == "slow":
            await asyncio.sleep(0.005)
        if kind == "stall" and number == 2:
            await asyncio.sleep(30)
        yield _event({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
    yield _event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if kind == "late":
        raise ConnectionError
    if "stream_options" in asked:
        yield _event({"choices": [], "usage": _usage(asked)})
    yield b"data: [DONE]\n\n"


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


class Running:
    """The server in a thread, for tests that look into it: `with Running(Chaos(...)) as server: server.url`."""

    def __init__(self, chaos: Chaos) -> None:
        self.chaos = chaos
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Running:
        self._thread.start()
        server = asyncio.run_coroutine_threadsafe(self.chaos.serve(), self._loop).result()
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def _run(chaos: Chaos) -> None:
    server = await chaos.serve()
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def ask(url: str, store: str, rows: str, requests: str, concurrency: str, stream: str) -> None:
    """Ask as a build does, and write all rows at the end."""
    from domaintune.contracts import Message, Sampling
    from domaintune.defaults.teacher_openai import OpenAI
    from domaintune.defaults.teacher_options import OpenAIOptions

    options = OpenAIOptions(
        url=url, model="chaotic", store=store, concurrency=int(concurrency), stream=stream == "True", pause=0.01,
        silence=0.5, tries=12,
    )  # fmt: skip
    teacher, numbers = OpenAI(options), range(int(requests))
    asked = ([Message(role="user", content=prompt(number))] for number in numbers)
    made = teacher.answers(asked, (Sampling(seed=number, temperature=0.7) for number in numbers))
    text = "".join(json.dumps([number, answer]) + "\n" for number, answer in zip(numbers, made, strict=True))
    Path(rows).write_text(text, encoding="utf-8")
    sys.stdout.write(json.dumps({"cached": teacher.usage.cached, "requests": teacher.usage.requests}))


def prompt(number: int) -> str:
    """Return the prompt of a request of `ask`."""
    return f"request {number}"


@dataclass(frozen=True)
class Outcome:
    """What came of a run that was killed and resumed; `repeated` are requests asked although an answer was kept."""

    rows: str
    kills: int
    repeated: int
    tried: dict[str, int]
    answered: dict[str, int]
    seconds: float


def killed_and_resumed(
    url: str, folder: Path, requests: int, kills: int, concurrency: int = 32, stream: bool = False
) -> Outcome:
    """Run `ask`, killing it when so many answers are kept as chance wants, and run it again until it ends."""
    counts(url, "reset", b"")
    store, rows, begun = folder / "answers.sqlite", folder / "rows.jsonl", monotonic()
    settings = [url, store, rows, requests, concurrency, stream]
    command = [sys.executable, __file__, "--ask", *map(str, settings)]
    seen: list[tuple[set[str], dict[str, int]]] = []
    for limit in sorted(random.Random(kills).sample(range(1, requests - concurrency), kills)):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while _number(store) < limit and process.poll() is None:
            sleep(0.01)
        assert process.poll() is None, "it ended before it was killed"
        process.kill()
        process.wait()
        seen.append((_kept(store), counts(url)["tried"]))
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = counts(url)
    repeated = {
        (place, text) for place, (kept, tried) in enumerate(seen) for text in kept if after["tried"][text] > tried[text]
    }
    return Outcome(
        rows.read_text("utf-8"), kills, len(repeated), after["tried"], after["answered"], monotonic() - begun
    )


def _kept(store: Path) -> set[str]:
    """Return the prompts whose answers are kept; an answer begins with its prompt."""
    return {answer.partition(" ->")[0] for (answer,) in _read(store, "SELECT answer FROM answers")}


def _number(store: Path) -> int:
    return next((int(count) for (count,) in _read(store, "SELECT count(*) FROM answers")), 0)


def _read(store: Path, query: str) -> list[tuple[Any]]:
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()
    return []


def counts(url: str, what: str = "counts", body: bytes | None = None) -> dict[str, Any]:
    """Ask the server what it has counted."""
    with urllib.request.urlopen(url.replace("/v1", f"/{what}"), body, timeout=30) as reply:
        found: dict[str, Any] = json.load(reply)
        return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ask"]:
        ask(*sys.argv[2:])
    else:
        parser = argparse.ArgumentParser()
        parser.add_argument("--faults", type=float, default=0.0)
        parser.add_argument("--kinds", default=",".join(KINDS))
        parser.add_argument("--delay", type=float, default=0.0)
        given = parser.parse_args()
        asyncio.run(_run(Chaos(given.faults, tuple(given.kinds.split(",")), given.delay)))
