"""Swapping adapters under load: eight streaming clients on the starter, one adapter replaced every two seconds.

    python benchmarks/bench_swap.py [seconds] [float32|bfloat16]

The worker process of the server is used as the server uses it. Each client asks again and again with the newest version
of one of three adapters; a failing load is tried every ten seconds. Printed: tokens that are not those of the version that
was asked (must be 0), the 99th percentile of the time between two tokens with swaps and without, and how many steps
pass between the end of a load and the first token of the new version.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import sys
import tempfile
import time
from pathlib import Path

from serving_peers import answer, make_adapters, model_settings, open_session, refuse, request

from domaintune.errors import ModelError
from domaintune.serving.worker import Worker
from domaintune.settings import ServeSettings

CLIENTS, TOKENS, EVERY, FAILING = 8, 24, 2.0, 10.0


class Load:
    """Eight clients, and what they saw."""

    def __init__(self, worker: Worker, wanted: dict[tuple[int, str], list[int]]) -> None:
        self.worker = worker
        self.wanted = wanted
        self.newest = {name: f"{name}.0" for name in "abc"}
        self.users: dict[str, int] = {}
        self.gaps: list[float] = []
        self.tokens = self.wrong = 0
        self.first: dict[str, float] = {}

    async def client(self, row: int, until: float) -> None:
        """Ask, read every token, compare, and ask again."""
        while time.perf_counter() < until:
            version = self.newest["abc"[row % 3]]
            self.users[version] = self.users.get(version, 0) + 1
            ids, last = [], None
            async for event in await self.worker.ask(request(row, version, TOKENS)):
                now = time.perf_counter()
                self.first.setdefault(version, now)
                if last is not None:
                    self.gaps.append(now - last)
                last = now
                ids += event.ids
            self.users[version] -= 1
            wanted = self.wanted[row, f"{version[0]}{number(version) % 2}"]
            self.tokens += len(ids)
            self.wrong += sum(one != other for one, other in zip(ids, wanted, strict=True))

    async def swap(self, folders: dict[str, list[Path]], until: float, published: dict[str, float]) -> None:
        """Load the next version of one adapter, move the name, and unload the old one when nobody uses it."""
        tasks = []
        for count in itertools.count(1):
            await asyncio.sleep(EVERY)
            if time.perf_counter() > until:
                break
            name = "abc"[count % 3]
            old, version = self.newest[name], f"{name}.{number(self.newest[name]) + 1}"
            await self.worker.load(version, folders[name][number(version) % 2])
            self.newest[name], published[version] = version, time.perf_counter()
            tasks.append(asyncio.create_task(self.retire(old)))
        await asyncio.gather(*tasks)

    async def retire(self, version: str) -> None:
        """Unload a version at zero users."""
        while self.users.get(version):
            await asyncio.sleep(0.01)
        await self.worker.unload(version)

    async def fail(self, until: float) -> None:
        """Ask for loads that must be refused."""
        while time.perf_counter() + FAILING < until:
            await asyncio.sleep(FAILING)
            try:
                await self.worker.load("broken", Path("/nowhere"))
            except ModelError:
                continue
            refuse("a load that must fail did not")


def number(version: str) -> int:
    """The number of a version such as `a.3`; even and odd ones are two adapters."""
    return int(version.partition(".")[2])


async def run(seconds: float, dtype: str, folders: dict[str, list[Path]]) -> None:
    """Measure without swaps, then with."""
    flat = {f"{name}{i}": folder for name, both in folders.items() for i, folder in enumerate(both)}
    session = open_session(dtype, flat, endless=False)
    wanted = {
        (row, name): answer(session, [None] * row + [name], TOKENS)[row] for row in range(CLIENTS) for name in flat
    }
    del session
    worker = Worker(model_settings(dtype), ServeSettings())
    await worker.start()
    for name, both in folders.items():
        await worker.load(f"{name}.0", both[0])
    found = {}
    for title in ("warm-up", "without swaps", "with swaps"):
        load = Load(worker, wanted)
        until = time.perf_counter() + (3 if title == "warm-up" else seconds)
        published: dict[str, float] = {}
        extra = [load.swap(folders, until, published), load.fail(until)] if title == "with swaps" else []
        await asyncio.gather(*(load.client(row, until) for row in range(CLIENTS)), *extra)
        if load.wrong:
            refuse(f"{load.wrong} of {load.tokens} tokens are not those of the version that was asked")
        found[title] = load
        p99 = statistics.quantiles(load.gaps, n=100)[98]
        middle = statistics.median(load.gaps)
        print(f"  {title:<14} {load.tokens:,} tokens, 0 wrong; between tokens: median {middle * 1e3:.1f} ms, "
              f"p99 {p99 * 1e3:.1f} ms")  # fmt: skip
        if published:
            delays = [(load.first[v] - when) / middle for v, when in published.items() if v in load.first]
            print(f"  {len(published)} swaps; steps from the end of a load to the first token of the new version: "
                  f"median {statistics.median(delays):.1f}")  # fmt: skip
    p99s = [statistics.quantiles(found[title].gaps, n=100)[98] for title in ("with swaps", "without swaps")]
    print(f"  p99 with swaps / without: {p99s[0] / p99s[1]:.2f}")
    await worker.stop(1)


if __name__ == "__main__":
    given = [*sys.argv[1:], *("60", "float32")[len(sys.argv) - 1 :]]
    with tempfile.TemporaryDirectory() as place:
        made = make_adapters(Path(place), [16, 16, 8, 8, 16, 16])
        asyncio.run(run(float(given[0]), given[1], {"a": made[:2], "b": made[2:4], "c": made[4:]}))
