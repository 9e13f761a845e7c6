"""The answers of teachers in a file, so that a run that was killed goes on without asking twice.

One SQLite file holds a row an answer, under a hash of everything that was asked. An answer is committed by itself, as
soon as it is there; a killed process loses none, a computer that loses its power perhaps the last few. Several processes
may use one file at a time. Where two of them asked the same at once, the answer that came first stays.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from domaintune import home
from domaintune.errors import TeacherError

NONE = "none"
FILE = "teacher-answers.sqlite"
APPLICATION, VERSION = 0x646F6D74, 1
"""What SQLite's header says of a file of ours ("domt"), and of the shape of its table."""
PATIENCE = 60.0
"""Seconds to wait for another process that is writing."""
TABLE = """CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, answer TEXT, finish TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL
) WITHOUT ROWID"""

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Given:
    """An answer as a teacher gave it, None where it declined; why it ended there, and the tokens that it took."""

    text: str | None
    finish: str
    prompt_tokens: int = 0
    completion_tokens: int = 0


def answer_key(asked: Any) -> str:
    """Return the hash under which the answer to a request is kept; any part of the request changes it."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def writable(text: str) -> str:
    """Return a text that fits in any file: half a character, a lone surrogate, becomes "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")


def open_store(name: str) -> AnswerStore | None:
    """Return the store that an option names: a file, the common one where it is empty, or None where it is `none`."""
    if name == NONE:
        return None
    # Beside the registry: what was paid for cannot be fetched again.
    return AnswerStore(Path(name).expanduser() if name else home.registry_folder().with_name(FILE))


class AnswerStore:
    """A file of answers, opened when it is first needed; any thread may use it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def find(self, key: str) -> Given | None:
        """Return the answer that is kept; raises TeacherError where the file cannot be read."""
        return self._with(lambda connection: _read(connection, key))

    def keep(self, key: str, given: Given) -> Given:
        """Keep an answer, and return the one that is kept: another process may have been faster."""

        def write(connection: sqlite3.Connection) -> Given:
            row = (key, given.text, given.finish, given.prompt_tokens, given.completion_tokens)
            added = connection.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?)", row)
            return given if added.rowcount else _read(connection, key) or given

        return self._with(write)

    def close(self) -> None:
        """Let go of the file; it is opened again when it is needed."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _with(self, work: Callable[[sqlite3.Connection], Found]) -> Found:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = _opened(self.file)
                return work(self._connection)
            except (OSError, sqlite3.Error) as error:
                raise TeacherError(self._trouble(error)) from None

    def _trouble(self, error: Exception) -> str:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
        advice = (
            "move it away, and what it held is asked for again" if damaged
            else "see that there is room and that it can be written"
        )  # fmt: skip
        return (
            f"the teacher's answers in {str(self.file)!r} cannot be used ({reason}); {advice}, or name another file with "
            "data.teacher_options.store"
        )


def _opened(file: Path) -> sqlite3.Connection:
    """Open the file, making it where there is none; only its owner may read a new one, or one that was empty."""
    file.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    if not file.stat().st_size:
        with suppress(PermissionError):  # a file system without owners
            file.chmod(0o600)
    connection = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        _patiently(lambda: _prepare(connection))
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the table in a new file; refuse a file of anybody else's."""
    connection.execute("BEGIN IMMEDIATE")  # of two processes that begin at once, one makes the file
    try:
        application, version = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
        if application == 0 and not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            connection.execute(TABLE)
            connection.execute(f"PRAGMA application_id={APPLICATION}")
            connection.execute(f"PRAGMA user_version={VERSION}")
        elif (application, version) != (APPLICATION, VERSION):
            raise sqlite3.DatabaseError("it is no file of answers, or one of another version of domaintune")
    finally:
        connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode=WAL")
    # A killed process loses nothing; flushing each answer to the disk would only help where the power fails.
    connection.execute("PRAGMA synchronous=NORMAL")


def _patiently(work: Callable[[], None]) -> None:
    """Try again while another process is making the same file: SQLite does not wait for that by itself."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return work()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _read(connection: sqlite3.Connection, key: str) -> Given | None:
    row = connection.execute(
        "SELECT answer, finish, prompt_tokens, completion_tokens FROM answers WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        return None
    if not (isinstance(row[0], str | None) and isinstance(row[1], str) and all(isinstance(n, int) for n in row[2:])):
        raise sqlite3.DatabaseError("a row is damaged")
    return Given(text=row[0], finish=row[1], prompt_tokens=row[2], completion_tokens=row[3])
