"""Running a server: a socket, signals, and one line when it is ready."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import sys
from collections.abc import Callable, Generator
from typing import Any, Final, cast

import uvicorn

from domaintune.errors import DomaintuneError
from domaintune.serving.house import House
from domaintune.serving.protocol import HEADER_BYTES, Protocol
from domaintune.settings import ServeSettings

SLACK: Final = 3.0
"""Seconds in which those whose answers were cut off at the end of the drain are told."""


class _Server(uvicorn.Server):
    """uvicorn, which leaves the signals to us: it would die of a SIGTERM that it has obeyed."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def listen(settings: ServeSettings) -> socket.socket:
    """Take the address, or say why it cannot be had; nobody is answered yet."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)  # asyncio sends at once (TCP_NODELAY) only where it sees TCP
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(place)
    except OSError as error:
        raise DomaintuneError(_no_address(settings, error)) from None
    return found


def address(taken: socket.socket) -> str:
    """Return where the server can be reached."""
    host, port = taken.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(house: House, taken: socket.socket, ready: Callable[[], None]) -> int:
    """Serve until a signal comes; returns the exit code: 0 after SIGTERM, 130 after Ctrl-C."""
    set_up_log()
    return asyncio.run(_run(house, taken, ready))


def set_up_log() -> None:
    """Write our lines to stderr; uvicorn's own are left out, as they may quote what was sent."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    ours = logging.getLogger("domaintune.serving")
    ours.handlers, ours.propagate = [handler], False
    ours.setLevel(logging.INFO)
    for name in ("uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


async def _run(house: House, taken: socket.socket, ready: Callable[[], None]) -> int:
    limits = house.desk.limits
    server = _Server(_configuration(house, limits))
    stop: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    _obey_signals(stop, house, server)
    serving = asyncio.ensure_future(server.serve([taken]))
    opening = asyncio.ensure_future(house.open())
    try:
        await asyncio.wait(cast(Any, {opening, stop, serving}), return_when=asyncio.FIRST_COMPLETED)
        if opening.done():
            opening.result()
            ready()
            await asyncio.wait(cast(Any, {stop, serving}), return_when=asyncio.FIRST_COMPLETED)
        return await stop
    finally:
        opening.cancel()
        server.should_exit = True
        asyncio.get_running_loop().call_later(limits.drain, house.desk.closed.set)
        await asyncio.gather(serving, opening, return_exceptions=True)
        await house.close()


def _configuration(house: House, limits: ServeSettings) -> uvicorn.Config:
    return uvicorn.Config(
        house.app,
        http=Protocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=HEADER_BYTES,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(limits.drain + SLACK) + 1,
    )


def _obey_signals(stop: asyncio.Future[int], house: House, server: uvicorn.Server) -> None:
    """Let SIGTERM and Ctrl-C stop the server once running answers are finished; a second one stops it now."""
    loop = asyncio.get_running_loop()

    def end(number: int) -> None:
        if stop.done():
            house.desk.closed.set()
            server.force_exit = True
        else:
            stop.set_result(130 if number == signal.SIGINT else 0)

    def heard(number: int, _frame: Any) -> None:
        loop.call_soon_threadsafe(end, number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, heard)


def _no_address(settings: ServeSettings, error: OSError) -> str:
    place = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return f"{place} is taken by another program; stop it, or choose another port: --port 0 takes a free one"
    return f"cannot listen on {place}: {error.strerror or error}; serve.host must be an address of this machine"
