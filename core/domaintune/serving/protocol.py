"""uvicorn's HTTP/1.1 with what a server that strangers reach must add: time limits and errors in one form.

uvicorn waits for ever for a header that never ends, and answers what is no HTTP in plain text.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from domaintune.serving.problems import HttpError, unavailable

HEADERS_WITHIN: Final = 5.0
"""Seconds for the head of a request to arrive, from the connection or the end of the last answer."""
REST_WITHIN: Final = 5.0
"""Seconds for the rest of a body that was refused: it is read and thrown away, so that the client sees the answer."""
STALLED: Final = 30.0
"""Seconds for a client to take some of what waits for it."""
MOST_CONNECTIONS: Final = 512
HEADER_BYTES: Final = 32_768


class Protocol(H11Protocol):
    """One connection."""

    _patience: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Greet a client, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._refuse(unavailable("too many connections", "overloaded"))
        else:
            self._wait(HEADERS_WITHIN)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers with the connection."""
        self._stop_waiting()
        if self._stalled is not None:
            self._stalled.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; a head that is not whole keeps the patience it had."""
        if self._patience is None and self.conn.their_state is h11.IDLE:
            self._wait(HEADERS_WITHIN)
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE and not self._answered():
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Give a client that is still sending only so long to finish."""
        if self.conn.their_state is h11.SEND_BODY:
            self._wait(REST_WITHIN)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Cut the line of a client that has stopped reading."""
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: the client reads."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(HttpError(400, msg, "invalid_http"))

    def _answered(self) -> bool:
        return self.cycle is not None and self.cycle.response_complete

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._patience = self.loop.call_later(seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            self._refuse(HttpError(408, f"the head of a request took over {HEADERS_WITHIN:g} s", "request_timeout"))
        else:
            self.transport.close()

    def _refuse(self, problem: HttpError) -> None:
        """Answer without asking the application, where no answer has begun, and hang up."""
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE} and not (
            self.cycle and self.cycle.response_started and not self.cycle.response_complete
        ):
            body = problem.encoded()
            headers: list[tuple[str, Any]] = [
                ("content-type", "application/json"),
                ("content-length", str(len(body))),
                ("connection", "close"),
                *problem.headers.items(),
            ]
            for event in (
                h11.Response(status_code=problem.status, headers=headers),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
