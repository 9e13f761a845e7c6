"""Sending answers, and what becomes of errors and of clients that leave."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from contextlib import aclosing, suppress
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from domaintune.errors import DomaintuneError, RequestError
from domaintune.serving.answering import Answer
from domaintune.serving.problems import HttpError, bad, broken, busy, unavailable
from domaintune.serving.worker import Busy, Down

LAST_WORD: Final = 2.0
"""Seconds in which a client takes the news that its stream has failed; then the line is cut."""
LEFT: Final = 499
"""The status of a request whose client has left, as nginx writes it in its log."""
log = logging.getLogger("domaintune.serving")


class ClientGoneError(Exception):
    """Nobody is listening any more."""


class Stream(Response):
    """A response of server-sent events; the client's leaving ends the answers."""

    def __init__(self, answer: Answer, headers: dict[str, str]) -> None:
        super().__init__(
            headers={**headers, "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
        )
        del self.headers["content-length"]
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the pieces as they come."""
        async with self.answer.stack:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            try:
                async with asyncio.timeout_at(self.answer.deadline):
                    await unless_gone(receive, self._send_all(send))
                last = "[DONE]"
            except ClientGoneError:
                scope["state"]["status"] = LEFT
                return
            except Exception as error:
                problem = told(error, self.answer.id)
                scope["state"]["status"] = problem.status
                last = problem.encoded().decode()
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORD):
                    await send(_event(last))
                    await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_all(self, send: Send) -> None:
        async with aclosing(self.answer.chunks()) as chunks:
            async for chunk in chunks:
                await send(_event(json.dumps(chunk, ensure_ascii=False, separators=(",", ":"))))


async def unless_gone(receive: Receive, work: Any) -> Any:
    """Do the work unless the client leaves first; then it is called off, and ClientGoneError raised."""
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGoneError
    finally:
        for one in (task, gone):
            one.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


def told(error: Exception, request_id: str) -> HttpError:
    """Return what a client is told of an error; what is no business of a client's goes to the log."""
    if isinstance(error, HttpError):
        return error
    if isinstance(error, Busy):
        return busy(str(error), error.retry_after)
    if isinstance(error, RequestError):
        return bad(str(error), "messages" if error.code != "empty_prompt" else "prompt", error.code)
    if isinstance(error, TimeoutError):
        return HttpError(504, "the answer was not finished in time (serve.deadline)", "deadline_exceeded")
    if isinstance(error, Down):
        return unavailable("the engine is not there at the moment; try again later", "engine_down")
    if isinstance(error, DomaintuneError):
        log.error("request %s: %s", request_id, error)
    else:
        # The message of a stranger's exception may quote the prompt, so it stays out; where it happened says enough.
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("request %s: %s\n%s", request_id, type(error).__name__, where)
    return broken(request_id)


def _event(text: str) -> dict[str, Any]:
    return {"type": "http.response.body", "body": f"data: {text}\n\n".encode(), "more_body": True}


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
