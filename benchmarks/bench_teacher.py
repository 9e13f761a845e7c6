"""Requests to a server that misbehaves, from a teacher that is killed at random and goes on; and what a request costs.

Run: python benchmarks/bench_teacher.py [REQUESTS [KILLS]]

The server (tests/core/defaults/chaotic.py, a process of its own) answers one try in five with 429, 500, 503, a reset,
half an answer, a stream that breaks off, one that falls silent, one that is slow, or no JSON. The rows of the killed and
resumed run must be those of a run that nobody disturbs, each request must have one answer, and none that was kept may be
asked again. Then the same requests go to a quiet server: through the teacher, with and without its store, through the
openai library alone, and as bare HTTP.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "core" / "defaults"))
import chaotic  # noqa: E402

from domaintune.contracts import Message, Sampling  # noqa: E402

FAULTS, CONCURRENCY, QUIET = 0.2, 32, 1000


def main() -> int:
    requests, kills = (int(given) for given in (*sys.argv[1:], *("5000", "20")[len(sys.argv) - 1 :]))
    wrong = [problem for stream in (False, True) for problem in endure(requests, kills, stream)]
    overhead(min(QUIET, requests))
    for problem in wrong:
        print(problem)
    return 1 if wrong else 0


@contextmanager
def server(*options: str) -> Iterator[str]:
    """Run a server of its own process; yields its address."""
    process = subprocess.Popen([sys.executable, chaotic.__file__, *options], stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1" if process.stdout else ""
    finally:
        process.kill()
        process.wait()


def endure(requests: int, kills: int, stream: bool) -> list[str]:
    """Compare a run that is killed and resumed with one that is not; return what is wrong."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        with server("--faults", str(FAULTS)) as url:
            calm = chaotic.killed_and_resumed(url, Path(one), requests, 0, CONCURRENCY, stream)
        with server("--faults", str(FAULTS)) as url:
            killed = chaotic.killed_and_resumed(url, Path(other), requests, kills, CONCURRENCY, stream)
    expected = [[number, chaotic.said(chaotic.prompt(number), number)] for number in range(requests)]
    rows = [json.loads(line) for line in killed.rows.splitlines()]
    answered, tried = sum(killed.answered.values()), sum(killed.tried.values())
    name = "streamed" if stream else "whole"
    print(f"{name} answers: {requests:,} requests, {kills} kills, one try in {1 / FAULTS:.0f} goes wrong")
    print(f"  rows as of an undisturbed run: {killed.rows == calm.rows}; as the server says them: {rows == expected}")
    print(f"  lost {requests - len(killed.answered):,}, doubled {len(rows) - len({row[0] for row in rows}):,}")
    print(f"  kept answers that were asked for again: {killed.repeated:,}")
    print(
        f"  in flight at a kill, answered and asked once more: {answered - requests:,} (at most {kills * CONCURRENCY:,})"
    )
    print(f"  tries {tried:,}, of which {tried - answered:,} went wrong or were cut by a kill")
    print(f"  {killed.seconds:.1f} s with {kills + 1} starts; undisturbed {calm.seconds:.1f} s")
    checks = {
        "other rows than an undisturbed run": killed.rows == calm.rows and rows == expected,
        "requests without an answer": len(killed.answered) == requests,
        "kept answers were asked for again": not killed.repeated,
        "more was asked again than was in flight": answered - requests <= kills * CONCURRENCY,
    }
    return [f"{name} answers: {problem}" for problem, fine in checks.items() if not fine]


def overhead(requests: int) -> None:
    """Print what a request takes of time, and of this process's processor, in four ways."""
    ways: dict[str, Callable[[str, int], None]] = {
        "bare HTTP (httpx2)": _bare,
        "the openai library": _library,
        "teacher-openai, no store": lambda url, count: _taught(url, count, "none"),
        "teacher-openai": _kept,
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    with server() as url:
        for way in ways.values():
            way(url, 50)  # imports, first connections
        for _ in range(3):  # in turns, so that a busy machine is busy for all of them
            for name, way in ways.items():
                begun, worked = time.perf_counter(), time.process_time()
                way(url, requests)
                taken[name].append((time.perf_counter() - begun, time.process_time() - worked))
    print(f"a request to a quiet server, {CONCURRENCY} in flight, {requests:,} requests, best of 3:")
    bare = min(taken["bare HTTP (httpx2)"])[0]
    for name, runs in taken.items():
        wall, cpu = (min(run[place] for run in runs) * 1000 / requests for place in (0, 1))
        print(f"  {name:<26} {wall:6.3f} ms, {cpu:6.3f} ms of a processor; {wall - bare * 1000 / requests:+.3f} ms")


def _messages(number: int) -> list[Message]:
    return [Message(role="user", content=chaotic.prompt(number))]


async def _gathered(ask: Callable[[Any, int], Awaitable[object]], client: Any, count: int) -> None:
    places = asyncio.Semaphore(CONCURRENCY)

    async def one(number: int) -> None:
        async with places:
            await ask(client, number)

    async with client:
        await asyncio.gather(*map(one, range(count)))


def _bare(url: str, count: int) -> None:
    import httpx2

    async def ask(client: Any, number: int) -> str:
        body = {"model": "m", "messages": _messages(number), "seed": number, "max_tokens": 128, "temperature": 0.7}
        reply = (await client.post(f"{url}/chat/completions", json=body)).json()
        return str(reply["choices"][0]["message"]["content"])

    client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=CONCURRENCY))
    asyncio.run(_gathered(ask, client, count))


def _library(url: str, count: int) -> None:
    import openai

    async def ask(client: Any, number: int) -> object:
        sent = {"messages": _messages(number), "seed": number, "max_tokens": 128, "temperature": 0.7}
        return await client.chat.completions.create(model="m", **sent)

    asyncio.run(_gathered(ask, openai.AsyncOpenAI(api_key="none", base_url=url, max_retries=0), count))


def _kept(url: str, count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _taught(url, count, str(Path(folder) / "answers.sqlite"))


def _taught(url: str, count: int, store: str) -> None:
    from domaintune.defaults.teacher_openai import OpenAI
    from domaintune.defaults.teacher_options import OpenAIOptions

    teacher = OpenAI(OpenAIOptions(url=url, model="m", store=store, concurrency=CONCURRENCY))
    samplings = (Sampling(seed=number, temperature=0.7) for number in range(count))
    for _ in teacher.answers(map(_messages, range(count)), samplings):
        pass


if __name__ == "__main__":
    sys.exit(main())
