"""A teacher behind an OpenAI-compatible address: many requests in flight, each answer paid for once.

Every answer is kept in a store as soon as it is there, under a hash of the whole request. A killed run therefore goes on
where it was: what it has in the store costs nothing, and only the requests that were in flight are asked once more.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import openai

from domaintune import console
from domaintune.contracts import Message, Sampling, Usage
from domaintune.defaults.answer_store import Given, answer_key, open_store
from domaintune.defaults.background import Background
from domaintune.defaults.budget import Account, Gate, Prices, Tokens
from domaintune.defaults.chat_reply import Refused
from domaintune.defaults.chat_server import ChatServer
from domaintune.defaults.teacher_options import OpenAIOptions
from domaintune.errors import BudgetError, DataError, TeacherError

AHEAD = 4
"""Requests that are begun before the first of them is answered, as a multiple of those in flight at once: while one is
slow the others go on, and no more answers than that wait in memory."""
TWICE = 2
"""Tries of a request whose reply is whole and cannot be read: each of them is paid for."""
SILENT = 5.0
"""Seconds without any answer after which the user is told what goes wrong."""
LONGEST_PAUSE = 60.0
"""Seconds; also where a server asks for more."""


@dataclass(eq=False)
class _Line:
    """What belongs to one event loop: the client, the places for requests in flight, and who waits for what."""

    background: Background
    client: openai.AsyncOpenAI
    places: asyncio.Semaphore
    gate: Gate
    users: int = 0
    asked: dict[str, asyncio.Task[Given | None]] = field(default_factory=dict)
    quiet_until: float = 0.0
    heard: float = 0.0
    """When the last answer came."""


class OpenAI:
    """Asks a server; where several threads ask, they share its limits."""

    def __init__(self, options: OpenAIOptions) -> None:
        self.options = options
        self._server = ChatServer.named(options)
        if options.budget_cost and not (options.price_in or options.price_out):
            raise DataError("a budget_cost needs prices; set data.teacher_options.price_in and .price_out")
        self.store = open_store(options.store)
        prices = Prices(prompt=options.price_in, completion=options.price_out)
        self._account = Account(prices, options.budget_tokens, options.budget_cost)
        self._random = random.Random()  # noqa: S311  (pauses)
        self._lock = threading.RLock()  # the garbage collector may come in between with a forgotten generator
        self._line: _Line | None = None
        self._told_of_trouble = self._told_of_budget = False
        if self._server.warning:
            console.warn(self._server.warning)

    @property
    def usage(self) -> Usage:
        """What was asked and paid for so far."""
        return self._account.usage

    def answer(self, messages: Sequence[Message], sampling: Sampling) -> str | None:
        """Answer one conversation, or decline with None; raises TeacherError."""
        (answer,) = self.answers([messages], [sampling])
        return answer

    def answers(self, several: Iterable[Sequence[Message]], samplings: Iterable[Sampling]) -> Iterator[str | None]:
        """Yield the answers in their order while later requests are in flight; raises TeacherError.

        The conversations are taken as they are needed. When the generator is closed, nothing is left running.
        """
        line, waiting = self._taken(), deque[Future[str | None]]()
        try:
            for messages, sampling in zip(several, samplings, strict=True):
                waiting.append(line.background.submit(self._answer(line, messages, sampling)))
                if len(waiting) >= self.options.concurrency * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()
            self._left(line)

    def _taken(self) -> _Line:
        """Return the line; the first user starts its event loop."""
        with self._lock:
            if self._line is None:
                places = asyncio.Semaphore(self.options.concurrency)
                self._line = _Line(Background(), self._server.client(), places, Gate(self._account))
            self._line.users += 1
            return self._line

    def _left(self, line: _Line) -> None:
        """Let go of the line; the last user ends the event loop, and with it all that is in flight."""
        with self._lock:
            line.users -= 1
            if line.users:
                return
            self._line = None
        line.background.close(line.client.close)

    async def _answer(self, line: _Line, messages: Sequence[Message], sampling: Sampling) -> str | None:
        """Return an answer: that of an equal request in flight, the one that is kept, or a new one."""
        body = self._server.body(messages, sampling)
        key = answer_key(self._server.asked(body, sampling))
        task = line.asked.get(key)
        cached = task is not None
        if task is None:
            kept = self.store.find(key) if self.store else None
            if kept is not None:
                self._account.count(cached=True)
                return kept.text
            most = self._server.most(body, sampling)
            line.asked[key] = task = asyncio.ensure_future(self._bought(line, key, body, most))
            task.add_done_callback(lambda _: line.asked.pop(key, None))
        given = await asyncio.shield(task)
        if given is None:
            return None
        self._account.count(cached=cached)
        return given.text

    async def _bought(self, line: _Line, key: str, body: dict[str, Any], most: Tokens) -> Given | None:
        """Ask the server and keep the answer; None, or an error, where the budget does not cover it."""
        async with line.places, line.gate.hold(most) as covered:
            if not covered:
                if self.options.on_budget == "decline":
                    self._tell_of_budget()
                    return None
                raise BudgetError(self._spent())
            given = await self._tried(line, body)
            self._account.pay(Tokens(given.prompt_tokens, given.completion_tokens))
            return self.store.keep(key, given) if self.store else given

    async def _tried(self, line: _Line, body: dict[str, Any]) -> Given:
        """Try until there is an answer, or another try cannot help."""
        loop, odd = asyncio.get_running_loop(), 0
        begun = loop.time()
        for number in range(1, self.options.tries + 1):
            while (rest := line.quiet_until - loop.time()) > 0:
                await asyncio.sleep(rest * self._random.uniform(1.0, 1.1))
            try:
                given = await self._server.ask(line.client, body)
            except Refused as refused:
                self._account.pay(refused.lost)
                odd += refused.odd
                if not refused.again or odd == TWICE or number == self.options.tries:
                    raise TeacherError(self._trouble(refused, number)) from None
                now = loop.time()
                if refused.pause is not None:  # meant for everyone
                    line.quiet_until = max(line.quiet_until, now + min(refused.pause, LONGEST_PAUSE))
                pause = min(self.options.pause * 2 ** (number - 1), LONGEST_PAUSE)
                if max(now + pause, line.quiet_until) - max(begun, line.heard) >= SILENT:
                    self._tell_of_trouble(refused, self.options.tries - number)
                await asyncio.sleep(pause * self._random.uniform(0.75, 1.25))
            else:
                line.heard = loop.time()
                return given
        raise AssertionError("the last try answers or gives up")

    def _tell_of_trouble(self, refused: Refused, left: int) -> None:
        """Say once what goes wrong: trying again may take minutes, and a wrong address looks like a slow server."""
        if not self._told_of_trouble:
            self._told_of_trouble = True
            console.note(f"{self._trouble(refused, 1)}; it is asked again, up to {left} more {_times(left)}")

    def _tell_of_budget(self) -> None:
        """Say once that the rest is declined by the budget and not by the model."""
        if not self._told_of_budget:
            self._told_of_budget = True
            console.warn(f"{self._spent()}; until then, what is not kept has no answer")

    def _trouble(self, refused: Refused, tries: int) -> str:
        after = f" after {tries} tries" if tries > 1 else ""
        why = refused.why.replace(self._server.key, "***") if self._server.key else refused.why
        return f"the teacher {self.options.model!r} at {self._server.host!r} gave no answer{after}: {why}"

    def _spent(self) -> str:
        # A build that declines comes to its end, and the same command finds it finished.
        again = "build under another --name" if self.options.on_budget == "decline" else "run again"
        kept = (
            f"all answers are kept in {str(self.store.file)!r}: {again} to go on with as much once more"
            if self.store
            else "no answer is kept, since data.teacher_options.store is none"
        )
        return (
            f"the budget of the teacher {self.options.model!r} is spent: {self._account}; {kept}, or raise "
            "data.teacher_options.budget_tokens or .budget_cost"
        )


def _times(count: int) -> str:
    return "time" if count == 1 else "times"
