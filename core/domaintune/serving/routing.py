"""`auto`: the adapter whose own examples a question is most like, or the base model where none is near."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from dataclasses import dataclass, field
from typing import Any

from domaintune.composition import routing as examples
from domaintune.contracts import Composer, Member, Mix
from domaintune.embedding import names as embedding
from domaintune.errors import DomaintuneError
from domaintune.plugins import catalog
from domaintune.serving import names
from domaintune.serving.shelf import Base, Loaded, Shelf, UnknownModelError

COMPOSER = "nearest"
log = logging.getLogger("domaintune.serving")


@dataclass(eq=False)
class ByExamples:
    """Chooses with the composer `nearest`; the embedder must be on this machine, as a server fetches nothing."""

    shelf: Shelf
    embedder: str
    threshold: float
    _one_choice: asyncio.Lock = field(default_factory=asyncio.Lock)
    _composer: Composer | None = None

    @property
    def offered(self) -> bool:
        """Whether there is anything to choose by."""
        return self._can(self.shelf.bases[0])

    @property
    def seeing(self) -> Base | None:
        """The base model whose adapters are chosen among where there are pictures; None where there is no choice."""
        return next((base for base in self.shelf.bases if base.images and self._can(base)), None)

    async def choose(self, question: str, *, pictures: bool = False) -> str:
        """Return the name of who answers; UnknownModelError where there is nothing to choose by."""
        base = self.seeing if pictures else self.shelf.bases[0]
        if base is None or not self._can(base):
            raise UnknownModelError(
                "no adapter here has examples to choose by, or their embedder is not on this machine"
            )
        members = [
            Member(name=one.version.id, folder=self.shelf.registry.folder(one.version)) for one in self._members(base)
        ]
        async with self._one_choice:  # an embedder is used by one thread at a time
            chosen = await asyncio.to_thread(self._route, question, members)
        if isinstance(chosen, Mix):
            ids, weights = zip(*chosen.weights, strict=True)
            return "|".join(ids) if chosen.route == "arrow" else names.mixed(ids, weights)
        return chosen or (names.BASE if base is self.shelf.bases[0] else base.name)

    def _can(self, base: Base) -> bool:
        here = self.embedder != embedding.NONE and not embedding.is_remote(self.embedder)
        return here and bool(self._members(base)) and embedding.is_at_hand(self.embedder)

    def _members(self, base: Base) -> list[Loaded]:
        """Return the promoted adapters of a base that brought examples."""
        found = [one for _, one in sorted(self.shelf.aliases.items()) if one.base is base]
        return [one for one in found if examples.FILE in one.version.files]

    def _route(self, question: str, members: list[Member]) -> str | Mix | None:
        if self._composer is None:
            component: Any = catalog().component("composer", COMPOSER)
            options = dataclasses.replace(component.options(), threshold=self.threshold, embedder=self.embedder)
            self._composer = component.load()(options)
        try:
            return self._composer.route(question, members)
        except DomaintuneError as error:
            log.warning("auto: %s", error)
            raise
