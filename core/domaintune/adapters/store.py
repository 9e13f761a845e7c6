"""The registry's database: SQLite in WAL, one writer at a time, a schema version from the first day.

Readers see the last finished change, whatever a writer is doing; a writer that is killed has changed nothing. Every
transaction that changes something raises one counter, the serial, so that others can ask cheaply whether to look again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from domaintune.errors import DomaintuneError, UsageError

PATIENCE = 60.0
"""Seconds to wait for another writer, who may be copying a large adapter."""
MIGRATIONS = (
    """
    CREATE TABLE counter (serial INTEGER NOT NULL);
    INSERT INTO counter VALUES (0);
    CREATE TABLE bases (
        fingerprint TEXT PRIMARY KEY,
        identity TEXT NOT NULL,
        shape TEXT NOT NULL
    );
    CREATE TABLE versions (
        name TEXT NOT NULL,
        number INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('candidate', 'promoted', 'retired')),
        withdrawn INTEGER NOT NULL DEFAULT 0,
        digest TEXT NOT NULL,
        base TEXT NOT NULL REFERENCES bases (fingerprint),
        template TEXT NOT NULL,
        added TEXT NOT NULL,
        source TEXT NOT NULL,
        override TEXT,
        changed INTEGER NOT NULL,
        facts TEXT NOT NULL,
        verdict TEXT,
        manifest TEXT,
        PRIMARY KEY (name, number),
        UNIQUE (name, digest)
    );
    CREATE UNIQUE INDEX one_promoted ON versions (name) WHERE state = 'promoted';
    CREATE TABLE earlier (
        name TEXT NOT NULL,
        place INTEGER NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (name, place),
        FOREIGN KEY (name, number) REFERENCES versions (name, number)
    );
    CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        serial INTEGER NOT NULL,
        at TEXT NOT NULL,
        by TEXT NOT NULL,
        what TEXT NOT NULL,
        name TEXT NOT NULL,
        number INTEGER NOT NULL,
        why TEXT NOT NULL,
        facts TEXT NOT NULL
    );
    CREATE INDEX events_of_a_version ON events (name, number);
    """,
)
"""The script that leads to schema 1, to schema 2, and so on; what was released is never edited."""


class Store:
    """One database file; every use opens a connection of its own, so that threads and forks need no care."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a consistent view of the last finished change; where there is no registry yet, of an empty one."""
        if not self.file.exists():
            with closing(_connect(":memory:")) as db:
                _migrate(db)
                yield db
            return
        with self._opened() as db:
            db.execute("BEGIN")
            yield db  # closing ends the transaction

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the one writer's view; what was done is kept whole at the end, and not at all after an error."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds what a domain was trained for
        with self._opened() as db, _transaction(db):
            yield db

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(_connect(str(self.file))) as db:
                if _schema(db) != len(MIGRATIONS):
                    self._bring_up_to_date(db)
                yield db
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise  # a mistake of ours, not of the disk
            raise self._unusable(error) from None

    def _bring_up_to_date(self, db: sqlite3.Connection) -> None:
        """Make the tables, or lead older ones to this schema; others wait."""
        if (found := _schema(db)) > len(MIGRATIONS):
            raise UsageError(
                f"the registry {self.file} was written by a newer domaintune (schema {found}; this one reads "
                f"{len(MIGRATIONS)}); upgrade domaintune: pip install --upgrade domaintune"
            )
        try:
            with FileLock(self.file.with_name(".schema.lock"), timeout=PATIENCE):
                db.execute("PRAGMA journal_mode = WAL")
                with _transaction(db):
                    _migrate(db)
        except Timeout:
            raise DomaintuneError(f"the registry {self.file} is being upgraded by another process; try again") from None

    def _unusable(self, error: sqlite3.DatabaseError) -> DomaintuneError:
        if "locked" in str(error):
            return DomaintuneError(
                f"the registry {self.file} has been busy for {PATIENCE:.0f} s; another process is writing to it: try again"
            )
        return DomaintuneError(
            f"the registry {self.file} cannot be used: {error}; check the disk, or move the file away "
            "and add the adapters anew"
        )


def bump(db: sqlite3.Connection) -> int:
    """Raise the serial, once in a transaction that changes something, and return it."""
    (serial,) = db.execute("UPDATE counter SET serial = serial + 1 RETURNING serial").fetchone()
    return int(serial)


def serial(db: sqlite3.Connection) -> int:
    """Return the serial of the last change."""
    (found,) = db.execute("SELECT serial FROM counter").fetchone()
    return int(found)


def _connect(place: str) -> sqlite3.Connection:
    db = sqlite3.connect(place, timeout=PATIENCE, isolation_level=None)  # transactions are begun by name
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA synchronous = FULL")  # what is promoted stays promoted when the power goes
    return db


def _schema(db: sqlite3.Connection) -> int:
    (found,) = db.execute("PRAGMA user_version").fetchone()
    return int(found)


def _migrate(db: sqlite3.Connection) -> None:
    for number, script in enumerate(MIGRATIONS[_schema(db) :], start=_schema(db) + 1):
        for statement in script.split(";\n"):
            if statement.strip():
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {number}")


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if db.in_transaction:  # SQLite has ended it where the disk is full
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
