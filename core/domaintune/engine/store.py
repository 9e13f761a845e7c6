"""The adapters a session knows: in memory as their files hold them, the least used ones on disk only."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from domaintune.engine.factors import Factors, read
from domaintune.errors import ModelError, nearest


@dataclass
class Known:
    """An adapter's folder, the hash its weights must have, and its factors while they are in memory.

    `projects` tells that it carries a projector, which is read with every prompt that has pictures.
    """

    folder: Path
    sha256: str | None
    factors: Factors | None
    used: int = 0
    projects: bool = False


class Store:
    """Adapters by id within a limit of memory; they may be added from another thread than they are used from."""

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.known: dict[str, Known] = {}
        self.clock = 0
        self.lock = threading.RLock()

    def add(self, name: str, folder: Path, sha256: str | None, factors: Factors) -> None:
        """Remember an adapter whose factors have just been read."""
        with self.lock:
            if name in self.known:
                raise ModelError(f"an adapter named {name!r} is loaded already; unload it, or use another name")
            self.clock += 1
            self.known[name] = Known(folder, sha256, factors, self.clock, bool(factors.saved))
            self._shrink(keep={name})

    def remove(self, name: str) -> None:
        """Forget an adapter; its memory goes back to the system."""
        with self.lock:
            self.need(name)
            del self.known[name]

    def need(self, name: str) -> Known:
        """Return what is known of an adapter, or say which there are."""
        if name not in self.known:
            raise ModelError(f"no adapter named {name!r} is loaded{nearest(name, self.known)}")
        return self.known[name]

    def take(self, names: set[str]) -> dict[str, Factors]:
        """Return the factors of adapters that are used now, reading again what had to leave memory."""
        with self.lock:
            self.clock += 1
            taken = {}
            for name in names:
                known = self.need(name)
                known.used = self.clock
                known.factors = known.factors or read(known.folder, known.sha256)
                taken[name] = known.factors
            self._shrink(keep=names)
            return taken

    @property
    def resident(self) -> int:
        """Bytes of adapters in memory."""
        with self.lock:
            return sum(known.factors.bytes for known in self.known.values() if known.factors)

    def _shrink(self, keep: set[str]) -> None:
        idle = sorted((known.used, name) for name, known in self.known.items() if name not in keep and known.factors)
        for _, name in idle:
            if self.limit is None or self.resident <= self.limit:
                return
            self.known[name].factors = None
