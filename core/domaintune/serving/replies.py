"""Several answers of one request, as they come: all at once, each with its own end, and none left running."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from domaintune.serving.metrics import Meters
from domaintune.serving.problems import unavailable
from domaintune.sessions import Request, TokenEvent

if TYPE_CHECKING:
    from domaintune.serving.worker import Reply, Worker


@asynccontextmanager
async def asked(worker: Worker, requests: Sequence[Request]) -> AsyncIterator[list[Reply]]:
    """Put all questions to a worker; whatever happens inside the block, none goes on running after it."""
    tasks = [asyncio.ensure_future(worker.ask(request)) for request in requests]
    try:
        yield await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            if task.done() and not task.cancelled() and task.exception() is None:
                task.result().cancel()
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def events(replies: Sequence[Reply], closed: asyncio.Event) -> AsyncGenerator[tuple[int, TokenEvent], None]:
    """Yield (number of the answer, event) as they come, until every answer has ended; a HttpError once `closed` is set."""
    queue: asyncio.Queue[tuple[int, TokenEvent] | Exception] = asyncio.Queue()

    async def forward(index: int, reply: Reply) -> None:
        try:
            async for event in reply:
                queue.put_nowait((index, event))
        except Exception as error:  # handed to the one who reads
            queue.put_nowait(error)

    async def close() -> None:
        await closed.wait()
        queue.put_nowait(unavailable("the server is stopping", "stopping"))

    tasks = [asyncio.ensure_future(forward(index, reply)) for index, reply in enumerate(replies)]
    tasks.append(asyncio.ensure_future(close()))
    try:
        left = len(replies)
        while left:
            item = await queue.get()
            if isinstance(item, Exception):
                raise item
            left -= item[1].finish_reason is not None
            yield item
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Watch:
    """Takes the times of one request's answers."""

    def __init__(self, meters: Meters, model: str) -> None:
        self.meters, self.model = meters, model
        self.began = time.monotonic()
        self.last: dict[int, float] = {}

    def saw(self, index: int, event: TokenEvent) -> None:
        """Note when a token came."""
        if not event.tokens:
            return
        now = time.monotonic()
        if index in self.last:
            self.meters.gap.labels(self.model).observe(now - self.last[index])
        else:
            self.meters.first.labels(self.model).observe(now - self.began)
        self.last[index] = now

    def ended(self, prompt: int, completion: int) -> None:
        """Note the end of all answers."""
        self.meters.whole.labels(self.model).observe(time.monotonic() - self.began)
        self.meters.tokens.labels(self.model, "prompt").inc(prompt)
        self.meters.tokens.labels(self.model, "completion").inc(completion)
