"""The process that owns a base model: it reads messages from a pipe, steps the engine, and sends events back."""

from __future__ import annotations

import os
import queue
import signal
import threading
import traceback
from multiprocessing.connection import Connection
from typing import Any

from domaintune.console import warn
from domaintune.errors import DomaintuneError, ModelError, RequestError
from domaintune.home import quiet_libraries
from domaintune.plugins import catalog
from domaintune.sessions import Limits, LiveSession
from domaintune.settings import ModelSettings, ServeSettings

LIVE_PROMPT = 256
"""Tokens of prompts that are read between two steps: so long the running answers wait."""


def run(pipe: Connection, model: ModelSettings, serve: ServeSettings) -> None:
    """Open the base model and answer until the pipe closes; this is all that the process does."""
    for each in (signal.SIGINT, signal.SIGTERM):  # meant for the server, which says when to stop
        signal.signal(each, signal.SIG_IGN)
    quiet_libraries()
    try:
        session = _open(model, serve)
    except DomaintuneError as error:
        pipe.send(("failed", str(error)))
        return
    pipe.send(("ready", os.getpid()))
    try:
        Loop(pipe, session).run()
    except (BrokenPipeError, ConnectionResetError, EOFError):
        return  # the server has gone


def _open(model: ModelSettings, serve: ServeSettings) -> LiveSession:
    session = catalog().component("engine", model.engine).load().open(model)
    if not isinstance(session, LiveSession):
        raise ModelError(f"the engine {model.engine!r} cannot serve: its sessions have no add, step and cancel")
    session.limit(
        Limits(
            rows=serve.rows,
            max_length=serve.max_length,
            prompt_tokens=LIVE_PROMPT,
            adapter_bytes=serve.adapter_memory,
        )
    )
    return session


class Loop:
    """Messages in, steps, events out."""

    def __init__(self, pipe: Connection, session: LiveSession) -> None:
        self.pipe = pipe
        self.session = session
        self.inbox: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self.sending = threading.Lock()
        self.asked: dict[int, int] = {}  # the session's number of a request -> the server's key
        self.gone = False

    def run(self) -> None:
        """Step while there is something to do; wait for messages while there is not."""
        threading.Thread(target=self._listen, daemon=True).start()
        while not self.gone:
            self._take_messages()
            if self.asked:
                self._step()

    def _listen(self) -> None:
        try:
            while True:
                self.inbox.put(self.pipe.recv())
        except (EOFError, OSError):
            self.inbox.put(("stop",))

    def _take_messages(self) -> None:
        """Hear what has come, up to the first question with pictures: reading them holds up the running answers."""
        waits = not self.asked
        while waits or not self.inbox.empty():
            kind, *given = self.inbox.get()
            self._handle(kind, *given)
            if kind == "ask" and given[1].images:
                return
            waits = False

    def _handle(self, kind: str, *given: Any) -> None:
        if kind == "stop":
            self.gone = True
        elif kind == "cancel":
            self._cancel(*given)
        elif kind == "ask":
            self._ask(*given)
        elif kind == "load":  # reading and checking a file must not hold up those who are being answered
            threading.Thread(target=self._settle, args=(given[0], self.session.load, *given[1:]), daemon=True).start()
        elif kind == "unload":
            self._settle(given[0], self.session.unload, *given[1:])

    def _ask(self, key: int, request: Any) -> None:
        try:
            admission = self.session.add(request)
        except RequestError as error:
            self._send("refused", key, error.code, str(error))
        except Exception as error:  # a chat template may raise anything
            self._say(error)
            self._send("refused", key, *_reason(error))
        else:
            self.asked[admission.request] = key
            self._send("admitted", key, admission.prompt_tokens)

    def _cancel(self, key: int) -> None:
        for number in [number for number, known in self.asked.items() if known == key]:
            self.session.cancel(number)
            del self.asked[number]

    def _settle(self, key: int, work: Any, *given: Any) -> None:
        try:
            work(*given)
        except Exception as error:
            self._say(error)
            self._send("settled", key, _reason(error)[1])
        else:
            self._send("settled", key, None)

    def _step(self) -> None:
        try:
            events = self.session.step()
        except Exception as error:
            self._say(error)
            for number, key in self.asked.items():
                self.session.cancel(number)
                self._send("lost", key, "the engine failed while it was answering")
            self.asked.clear()
            return
        found = [(self.asked[event.request], event) for event in events if event.request in self.asked]
        for event in events:
            if event.finish_reason is not None:
                self.asked.pop(event.request, None)
        if found:
            self._send("events", found, _facts(self.session))

    def _send(self, *message: Any) -> None:
        with self.sending:
            self.pipe.send(message)

    def _say(self, error: Exception) -> None:
        """Leave a trace for the operator: where it happened and what kind of error; its message may quote a prompt."""
        if not isinstance(error, DomaintuneError):
            where = "".join(traceback.format_tb(error.__traceback__))
            warn(f"{type(error).__name__} in the engine process\n{where}")


def _reason(error: Exception) -> tuple[str, str]:
    """Return a code and a sentence for a client: of an error that is not ours, only that there was one."""
    if isinstance(error, DomaintuneError):
        return "invalid_value", str(error)
    return "invalid_value", "the base model's chat template cannot render these messages"


def _facts(session: Any) -> dict[str, int]:
    """Return what the metrics show of a session, where it says so."""
    store = getattr(session, "store", None)
    return {
        "running": len(getattr(session, "running", ())),
        "waiting": len(getattr(session, "waiting", ())),
        "adapters": len(store.known) if store else 0,
        "resident_bytes": store.resident if store else 0,
    }
