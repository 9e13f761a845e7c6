"""All parts of a server put together, and opened and closed in the right order."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from starlette.types import ASGIApp

from domaintune.adapters.registry import Registry
from domaintune.errors import DomaintuneError
from domaintune.serving import names
from domaintune.serving.app import make_app
from domaintune.serving.asking import Desk, Retrieval
from domaintune.serving.follow import Follower
from domaintune.serving.keys import Keys
from domaintune.serving.library import Library
from domaintune.serving.metrics import Meters
from domaintune.serving.routing import ByExamples
from domaintune.serving.selection import Selection, published, settings_of
from domaintune.serving.shelf import Base, Shelf
from domaintune.serving.worker import Worker
from domaintune.settings import Settings

log = logging.getLogger("domaintune.serving")


@dataclass(eq=False, kw_only=True)
class House:
    """One server without its socket."""

    desk: Desk
    follower: Follower
    app: ASGIApp
    selection: Selection
    following: asyncio.Task[None] | None = None
    opened: list[Worker] = field(default_factory=list)

    async def open(self) -> None:
        """Start the workers and load what was chosen; DomaintuneError where something asked for by name does not load."""
        for base in self.desk.shelf.bases:
            self.opened.append(base.worker)
            await asyncio.shield(base.worker.start())  # a start that is given up is ended by `close`
        await self.follower.refresh()
        for pin in self.selection.pins:
            await self.follower.load(pin)
        asked = {*self.selection.names, *self.selection.pins}
        for version, sentence in self.follower.problems.items():
            if version.partition("@")[0] in asked:
                raise DomaintuneError(sentence)
        for version in self.selection.left_out:
            log.warning("%s is for another base model and is not served", version)
        self.following = asyncio.get_running_loop().create_task(self.follower.run(self.desk.limits.follow))
        self.desk.open.set()

    async def close(self) -> None:
        """End what runs; whoever still waits for an answer is told so."""
        self.desk.closed.set()
        if self.following is not None:
            self.following.cancel()
        for worker in self.opened:
            await worker.stop(0)

    @property
    def models(self) -> list[str]:
        """What the first line after the start says that there is."""
        aliases = [f"{name} ({one.version.id})" for name, one in sorted(self.desk.shelf.aliases.items())]
        pinned = sorted(self.desk.shelf.pinned)
        return [
            f"{names.BASE} ({self.desk.shelf.bases[0].name})",
            *(b.name for b in self.desk.shelf.bases[1:]),
            *aliases,
            *pinned,
        ]


def build(
    settings: Settings,
    registry: Registry,
    selection: Selection,
    keys: Keys,
    retrieval: Retrieval | None = None,
) -> House:
    """Put the parts together; nothing is started."""
    called = published(selection.bases)
    bases = [
        Base(
            name=name,
            fingerprint=shape.fingerprint,
            worker=Worker(settings_of(shape, settings.model), settings.serve),
            images=bool(getattr(shape, "images", False)),
        )
        for name, shape in zip(called, selection.bases, strict=True)
    ]
    shelf = Shelf(registry, bases)
    follower = Follower(registry, shelf, selection.names, all_names=not (selection.names or selection.pins))
    router = ByExamples(shelf, settings.pack.embedder, settings.serve.threshold)
    library = retrieval or Library(registry, settings.serve)
    desk = Desk(shelf=shelf, limits=settings.serve, meters=Meters(shelf), router=router, retrieval=library)
    return House(desk=desk, follower=follower, app=make_app(desk, follower, keys), selection=selection)
