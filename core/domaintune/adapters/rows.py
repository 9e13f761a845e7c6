"""Records as rows of the registry's database, and back."""

from __future__ import annotations

import dataclasses
import datetime as dt
import getpass
import json
import os
import sqlite3
import sys
from collections.abc import Mapping
from typing import Any, Literal

from domaintune.adapters.shape import BaseShape
from domaintune.adapters.versions import Event, Version

What = Literal["added", "evaluated", "promoted", "rolled back", "retired"]
_LONGEST = 2_000
"""Characters of a reason or an origin that are kept."""
_FACTS = ("bytes", "files", "rank", "targets", "parameters", "dtype", "norm", "projector")
"""Kept together; a row that was written before one of them was thought of has its default."""


def versions(db: sqlite3.Connection, where: str = "1", *values: Any) -> list[Version]:
    """Return the versions that a condition of ours selects, by name and number."""
    rows = db.execute(f"SELECT * FROM versions WHERE {where} ORDER BY name, number", values)  # noqa: S608  (our own words)
    return [_version(row) for row in rows]


def insert_version(db: sqlite3.Connection, version: Version, manifest: Mapping[str, Any] | None) -> None:
    """Write down a new version."""
    values = dataclasses.asdict(version)
    row = {key: value for key, value in values.items() if key not in _FACTS}
    row |= {"facts": _json({key: values[key] for key in _FACTS}), "verdict": _json_or_null(version.verdict)}
    row |= {"manifest": _json_or_null(manifest)}
    marks = ", ".join(f":{key}" for key in row)
    db.execute(f"INSERT INTO versions ({', '.join(row)}) VALUES ({marks})", row)  # noqa: S608  (our own words)


def update(db: sqlite3.Connection, version: Version, serial: int, **values: Any) -> Version:
    """Change what may change of a version (state, withdrawn, override, verdict) and return it as it is now."""
    changed = dataclasses.replace(version, changed=serial, **values)
    db.execute(
        "UPDATE versions SET state = ?, withdrawn = ?, override = ?, verdict = ?, changed = ? "
        "WHERE name = ? AND number = ?",
        (changed.state, changed.withdrawn, changed.override, _json_or_null(changed.verdict), serial, *_key(changed)),
    )
    return changed


def manifest(db: sqlite3.Connection, version: Version) -> Mapping[str, Any] | None:
    """Return the manifest that a version brought."""
    row = db.execute("SELECT manifest FROM versions WHERE name = ? AND number = ?", _key(version)).fetchone()
    return json.loads(row["manifest"]) if row["manifest"] else None


def push_earlier(db: sqlite3.Connection, version: Version) -> None:
    """Remember a version that was promoted until now: rollback comes back to it."""
    db.execute(
        "INSERT INTO earlier SELECT ?, 1 + coalesce(max(place), 0), ? FROM earlier WHERE name = ?",
        (version.name, version.number, version.name),
    )


def pop_earlier(db: sqlite3.Connection, name: str, current: Version | None) -> Version | None:
    """Take back the last version that was promoted before the current one and was not retired by name."""
    rows = db.execute("SELECT place, number FROM earlier WHERE name = ? ORDER BY place DESC", (name,)).fetchall()
    for row in rows:
        db.execute("DELETE FROM earlier WHERE name = ? AND place = ?", (name, row["place"]))
        (version,) = versions(db, "name = ? AND number = ?", name, row["number"])
        if not version.withdrawn and version != current:
            return version
    return None


def insert_event(db: sqlite3.Connection, serial: int, what: What, version: Version, why: str, **facts: Any) -> None:
    """Write down what happened, when, and by whom."""
    db.execute(
        "INSERT INTO events (serial, at, by, what, name, number, why, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (serial, now(), _user(), what, version.name, version.number, clean(why), _json(facts)),
    )


def events(db: sqlite3.Connection, name: str) -> list[Event]:
    """Return what happened to the versions of a name, oldest first."""
    rows = db.execute("SELECT * FROM events WHERE name = ? ORDER BY id", (name,))
    return [Event(**{key: row[key] for key in row.keys() if key not in {"id", "facts"}},  # noqa: SIM118  (Row is no dict)
                  facts=json.loads(row["facts"])) for row in rows]  # fmt: skip


def bases(db: sqlite3.Connection) -> dict[str, tuple[str, BaseShape]]:
    """Return the remembered base models with their identities, by fingerprint."""
    rows = db.execute("SELECT * FROM bases ORDER BY fingerprint")
    return {row["fingerprint"]: (row["identity"], BaseShape.from_dict(json.loads(row["shape"]))) for row in rows}


def remember_base(db: sqlite3.Connection, base: BaseShape, identity: str) -> None:
    """Remember a base model as it was given last."""
    db.execute(
        "INSERT INTO bases VALUES (?, ?, ?) "
        "ON CONFLICT (fingerprint) DO UPDATE SET identity = excluded.identity, shape = excluded.shape",
        (base.fingerprint, identity, _json(base.as_dict())),
    )


def now() -> str:
    """Return the time as the registry writes it: UTC, to the second."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def clean(text: str) -> str:
    """Return text that a database can keep: valid Unicode, no NUL, not endless."""
    return text[:_LONGEST].encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _version(row: sqlite3.Row) -> Version:
    facts = json.loads(row["facts"])
    kept = {key: row[key] for key in row.keys() if key not in {"facts", "manifest", "verdict", "withdrawn"}}  # noqa: SIM118
    kept |= {**facts, "targets": tuple(facts["targets"]), "withdrawn": bool(row["withdrawn"])}
    return Version(**kept, verdict=json.loads(row["verdict"]) if row["verdict"] else None)


def _key(version: Version) -> tuple[str, int]:
    return version.name, version.number


def _user() -> str:
    """Return who runs this, as the system knows them: an environment variable can say anything."""
    if sys.platform == "win32":
        return getpass.getuser()
    import pwd  # noqa: PLC0415  (not on Windows)

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run as a number that has no name
        return str(os.getuid())


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _json_or_null(value: Any) -> str | None:
    return None if value is None else _json(value)
