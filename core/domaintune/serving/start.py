"""From settings to a server that can run: keys, address, registry and base models, each refused in a sentence."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import measure
from domaintune.serving import house as houses
from domaintune.serving import keys, run
from domaintune.serving.house import House
from domaintune.serving.selection import select
from domaintune.settings import Settings, resolve


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that has its address and has not begun."""

    house: House
    taken: socket.socket

    @property
    def address(self) -> str:
        """Where it can be reached."""
        return run.address(self.taken)

    def run(self, ready: Callable[[], None]) -> int:
        """Serve until a signal comes; returns the exit code."""
        return run.run(self.house, self.taken, ready)


def prepare(
    names: Sequence[str],
    *,
    host: str | None = None,
    port: int | None = None,
    base: str | None = None,
    file: Path | None = None,
    overrides: Sequence[str] = (),
) -> Server:
    """Return a server for these names, or for all that is promoted; UsageError says what is missing."""
    settings = _settings(host, port, base, file, overrides)
    known = keys.from_environment(settings.serve)
    registry = Registry()
    selection = select(registry, names, measure(settings.model) if base is not None else None)
    taken = run.listen(settings.serve)
    return Server(house=houses.build(settings, registry, selection, known), taken=taken)


def _settings(
    host: str | None, port: int | None, base: str | None, file: Path | None, overrides: Sequence[str]
) -> Settings:
    """Return the settings; the options of the command line win."""
    settings = resolve(None, file=file, overrides=overrides)
    model, serve = settings.model, settings.serve
    model = model if base is None else dataclasses.replace(model, base=base)
    serve = serve if host is None else dataclasses.replace(serve, host=host)
    serve = serve if port is None else dataclasses.replace(serve, port=port)
    return dataclasses.replace(settings, serve=serve, model=model)
