"""How long a program took when it was first proven on this machine.

A clock never says the same twice, and a data set that is built twice has to be the same twice. So the time of a program
is measured once: every later build, a resumed one too, proves it anew and writes down the first time.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import platformdirs

from domaintune.sandbox import Limits, Program

PATIENCE = 30.0
"""Seconds to wait for another build that writes."""
AT_ONCE = 500


class Timings:
    """The first seconds of each program, in a file of domaintune's cache folder."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or _cache_folder() / "proofs.sqlite"

    def first(self, measured: Mapping[str, float]) -> dict[str, float]:
        """Return the first seconds known of each key; those of a key that is new are kept. Raises OSError."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._file, timeout=PATIENCE)) as store, store:
                store.execute(
                    "CREATE TABLE IF NOT EXISTS proofs (program TEXT PRIMARY KEY, seconds REAL) WITHOUT ROWID"
                )
                store.executemany("INSERT OR IGNORE INTO proofs VALUES (?, ?)", sorted(measured.items()))
                return dict(_known(store, sorted(measured)))
        except sqlite3.Error as error:
            raise OSError(f"{self._file}: {error}") from error


def key_of(program: Program, tier: str, limits: Limits) -> str:
    """Return what makes two runs the same: the program, its tests, the tier, the limits and this Python."""
    parts = [asdict(program), asdict(limits), tier, platform.python_version()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def _known(store: sqlite3.Connection, keys: Sequence[str]) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        marks = ", ".join("?" * len(some))
        found += store.execute(f"SELECT program, seconds FROM proofs WHERE program IN ({marks})", some)  # noqa: S608
    return found


def _cache_folder() -> Path:
    """Return the folder of domaintune for what can be made again."""
    home = os.environ.get("DOMAINTUNE_HOME")
    return (Path(home).expanduser() if home else Path(platformdirs.user_cache_dir("domaintune"))) / "code"
