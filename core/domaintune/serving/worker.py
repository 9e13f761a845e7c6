"""The server's side of the process that owns a base model.

If the process dies it is started again: its adapters are loaded again and running requests are asked again. Answers
repeat, because sampling is seeded, so the tokens that were delivered already are passed over: a death costs time only.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domaintune.console import warn
from domaintune.errors import DomaintuneError, ModelError, RequestError
from domaintune.serving import worker_process
from domaintune.sessions import Request, TokenEvent
from domaintune.settings import ModelSettings, ServeSettings

TRIES = 2
"""How often a request may be asked: one that kills the process twice is given up."""
RESTARTS = 3
"""Starts in a row that may fail before requests are refused; the worker goes on trying."""
LONGEST = 30.0
"""Seconds between two tries at most."""


class Busy(DomaintuneError):  # noqa: N818  (a state, not a mistake)
    """More requests wait than may wait; come back after `retry_after` seconds."""

    retry_after = 1


class Down(ModelError):  # noqa: N818  (a state, not a mistake)
    """The engine process is not there, and could not be started again."""


@dataclass(eq=False)
class Reply:
    """The answer to one request as it comes; iterate over it once."""

    request: Request
    cancel: Callable[[], None]
    prompt_tokens: int = 0
    tries: int = 0
    given: int = 0
    again: int = 0
    events: asyncio.Queue[TokenEvent | DomaintuneError] = field(default_factory=asyncio.Queue)
    admitted: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def __aiter__(self) -> AsyncIterator[TokenEvent]:
        """Yield events to the last, which has a finish reason; raises ModelError where the answer was lost."""
        while True:
            event = await self.events.get()
            if isinstance(event, DomaintuneError):
                raise event
            if event.finish_reason == "error":
                raise ModelError(event.error)
            yield event
            if event.finish_reason is not None:
                return

    def take(self, event: TokenEvent) -> None:
        """Receive an event, unless it is one of those given out before the process died."""
        self.again += 1
        if self.again > self.given:
            self.given += 1
            self.events.put_nowait(event)


class Worker:
    """A base model in a process of its own; one event loop uses it."""

    def __init__(self, model: ModelSettings, serve: ServeSettings) -> None:
        self.model = model
        self.serve = serve
        self.keys = itertools.count(1)
        self.asked: dict[int, Reply] = {}
        self.settling: dict[int, asyncio.Future[None]] = {}
        self.adapters: dict[str, tuple[Path, str | None]] = {}
        self.ready = asyncio.Event()
        self.restarts = 0
        self.tokens = 0
        self.pid = 0
        self.broken: str | None = None
        self.stopping = False
        self._told: Mapping[str, int] = {}
        self._pipe: Any = None
        self._process: Any = None
        self._gone = False
        self._opened: asyncio.Future[None] | None = None
        self._restarting: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start the process and wait until the base model is open; raises ModelError with the reason it is not."""
        await self._open()
        self.ready.set()

    async def stop(self, drain: float) -> None:
        """Let running requests finish within `drain` seconds, then end the process."""
        with suppress(TimeoutError):
            async with asyncio.timeout(drain):
                while self.asked:
                    await asyncio.sleep(0.02)
        self.stopping = True
        if self._restarting is not None:
            self._restarting.cancel()
        self._lose_all("the server is shutting down")
        self._send("stop")
        await asyncio.to_thread(self._process.join, 5 if self.ready.is_set() else 0)
        if self._process.is_alive():
            self._process.kill()
        self._pipe.close()

    async def load(self, adapter: str, folder: Path, sha256: str | None = None) -> None:
        """Make an adapter folder answerable under an id; raises ModelError with the reason it cannot be."""
        await self._answering()
        settling = asyncio.ensure_future(self._settle("load", adapter, folder, sha256))
        try:
            await asyncio.shield(settling)
        except asyncio.CancelledError:  # nobody waits for it any more, but the process is reading it
            self._leaving.add(leaving := asyncio.ensure_future(self._drop(adapter, settling)))
            leaving.add_done_callback(self._leaving.discard)
            raise
        self.adapters[adapter] = (folder, sha256)

    async def _drop(self, adapter: str, settling: asyncio.Future[None]) -> None:
        with suppress(ModelError):
            await settling
            await self._settle("unload", adapter)

    async def unload(self, adapter: str) -> None:
        """Forget an adapter; its memory is free when this returns."""
        self.adapters.pop(adapter, None)
        await self._answering()
        await self._settle("unload", adapter)

    async def ask(self, request: Request) -> Reply:
        """Put a request to the engine; raises Busy, or RequestError where it cannot be answered."""
        if len(self.asked) >= self.serve.rows + self.serve.queue:
            raise Busy(f"{len(self.asked)} requests are running or waiting; try again in a moment")
        key = next(self.keys)
        reply = Reply(request, lambda: self._cancel(key))
        self.asked[key] = reply
        try:
            await self._answering()
            reply.tries = 1
            self._send("ask", key, request)
            await reply.admitted
        except BaseException:
            self._cancel(key)
            raise
        return reply

    @property
    def facts(self) -> dict[str, Any]:
        """What the worker is doing: process id, restarts, requests, tokens, adapters and the bytes they take."""
        quiet = {"running": 0, "waiting": 0} if not self.asked else {}
        own = {"pid": self.pid, "restarts": self.restarts, "tokens": self.tokens, "asked": len(self.asked)}
        return {"resident_bytes": 0, **self._told, **quiet, **own, "adapters": len(self.adapters)}

    async def _answering(self) -> None:
        await self.ready.wait()
        if self.broken:
            raise Down(self.broken)

    async def _open(self) -> None:
        """Start a process in the place of the former one, and load the adapters again that can be read."""
        await asyncio.to_thread(self._end)
        opened = self._opened = asyncio.get_running_loop().create_future()
        self._begin()
        await opened
        for name, (folder, sha256) in list(self.adapters.items()):
            try:
                await self._settle("load", name, folder, sha256)
            except Down:
                raise
            except ModelError as error:
                warn(f"{name} could not be loaded again and does not answer: {error}")
                self.adapters.pop(name, None)

    def _end(self) -> None:
        """See that the former process is gone."""
        if self._process is not None and self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _begin(self) -> None:
        self._gone = False
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=worker_process.run, args=(theirs, self.model, self.serve), daemon=True, name="domaintune-engine"
        )
        self._process.start()
        theirs.close()
        listener = threading.Thread(target=self._listen, args=(self._pipe, asyncio.get_running_loop()), daemon=True)
        listener.start()

    def _listen(self, pipe: Any, loop: asyncio.AbstractEventLoop) -> None:
        """Hand what the process says to the event loop; runs in a thread of its own."""
        with suppress(RuntimeError):  # the loop is closed
            try:
                while True:
                    loop.call_soon_threadsafe(self._hear, *pipe.recv())
            except (EOFError, OSError):
                loop.call_soon_threadsafe(self._died, pipe)

    def _hear(self, kind: str, *given: Any) -> None:
        getattr(self, f"_on_{kind}")(*given)

    def _on_ready(self, pid: int) -> None:
        self.pid = pid
        if self._opened is not None and not self._opened.done():
            self._opened.set_result(None)

    def _on_failed(self, reason: str) -> None:
        if self._opened is not None and not self._opened.done():
            self._opened.set_exception(ModelError(reason))

    def _on_admitted(self, key: int, prompt_tokens: int) -> None:
        reply = self.asked.get(key)
        if reply is not None:
            reply.prompt_tokens = prompt_tokens
            if not reply.admitted.done():
                reply.admitted.set_result(None)

    def _on_refused(self, key: int, code: str, reason: str) -> None:
        reply = self.asked.pop(key, None)
        if reply is not None and not reply.admitted.done():
            reply.admitted.set_exception(RequestError(code, reason))

    def _on_settled(self, key: int, reason: str | None) -> None:
        waiting = self.settling.pop(key, None)
        if waiting is not None and not waiting.done():
            waiting.set_exception(ModelError(reason)) if reason else waiting.set_result(None)

    def _on_events(self, events: list[tuple[int, TokenEvent]], facts: Mapping[str, int]) -> None:
        self._told = facts
        for key, event in events:
            self.tokens += event.tokens
            reply = self.asked.get(key)
            if reply is not None:
                reply.take(event)
                if event.finish_reason is not None:
                    del self.asked[key]

    def _on_lost(self, key: int, reason: str) -> None:
        reply = self.asked.pop(key, None)
        if reply is not None:
            reply.events.put_nowait(Down(reason))

    def _died(self, pipe: Any) -> None:
        """Start again, unless this was meant, or a start is on its way and sees it."""
        if self.stopping or pipe is not self._pipe:
            return
        self._gone = True
        self._on_failed("the engine process ended while it opened the base model")
        for waiting in (waiting for waiting in self.settling.values() if not waiting.done()):
            waiting.set_exception(Down("the engine process ended; try again"))
        self.settling.clear()
        starting = not self.ready.is_set() and self._restarting is None
        if starting or (self._restarting is not None and not self._restarting.done()):
            return
        warn(f"the engine process {self.pid} ended unexpectedly; starting it again")
        self.ready.clear()
        self._restarting = asyncio.get_running_loop().create_task(self._restart())

    async def _restart(self) -> None:
        for attempt in itertools.count(1):
            self.restarts += 1
            try:
                await self._open()
                break
            except ModelError as error:
                warn(f"start {attempt} failed: {error}")
                if attempt >= RESTARTS:
                    self.broken = f"the engine could not be started again: {error}"
                    self._lose_all(self.broken)
                    self.ready.set()
                await asyncio.sleep(min(LONGEST, 0.1 * 2**attempt))
        self.broken = None
        self.ready.set()
        for key, reply in list(self.asked.items()):
            self._ask_again(key, reply)

    def _ask_again(self, key: int, reply: Reply) -> None:
        if not reply.tries:  # it came while the process was away, and is about to be asked
            return
        reply.tries += 1
        reply.again = 0
        if reply.tries > TRIES:
            self._on_lost(key, "the engine process ended twice while it was answering this request")
            if not reply.admitted.done():
                reply.admitted.set_exception(Down("the engine process ended twice while it read this request"))
        else:
            self._send("ask", key, reply.request)

    def _lose_all(self, reason: str) -> None:
        for key, reply in list(self.asked.items()):
            self._on_lost(key, reason)
            if not reply.admitted.done():
                reply.admitted.set_exception(Down(reason))

    def _cancel(self, key: int) -> None:
        if self.asked.pop(key, None) is not None:
            self._send("cancel", key)

    async def _settle(self, kind: str, *given: Any) -> None:
        if self._gone:
            raise Down("the engine process ended; try again")
        key = next(self.keys)
        waiting = self.settling[key] = asyncio.get_running_loop().create_future()
        self._send(kind, key, *given)
        await waiting

    def _send(self, *message: Any) -> None:
        with suppress(BrokenPipeError, OSError):  # it has just died; what was asked is asked again
            self._pipe.send(message)
