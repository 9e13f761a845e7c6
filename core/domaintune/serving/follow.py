"""Serving what the registry says: a promotion in another terminal is here a moment later."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from domaintune.adapters.registry import Registry
from domaintune.adapters.versions import Version
from domaintune.errors import DomaintuneError, UsageError
from domaintune.serving import names
from domaintune.serving.shelf import Loaded, Shelf

AGAIN: Final = 5.0
"""Seconds after which something that could not be loaded is tried once more."""
log = logging.getLogger("domaintune.serving")


@dataclass(eq=False)
class Follower:
    """Keeps a shelf as the registry is; it serves all names, or those in `only`.

    What could not be loaded stands in `problems`, by version; its name goes on meaning the version it meant before.
    """

    registry: Registry
    shelf: Shelf
    only: Collection[str] = ()
    all_names: bool = True
    problems: dict[str, str] = field(default_factory=dict)
    withheld: set[str] = field(default_factory=set)  # names that an admin has unloaded
    serial: int = -1
    _one_look: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tried: float = 0.0

    async def run(self, every: float) -> None:
        """Look at the registry every so many seconds, for ever; a look that fails is followed by another."""
        while True:
            await asyncio.sleep(every)
            try:
                if await self._is_stale():
                    await self.refresh()
            except Exception as error:
                log.warning(
                    "the registry could not be followed: %s",
                    error if isinstance(error, DomaintuneError) else type(error),
                )

    async def refresh(self) -> None:
        """Load what is promoted, then let the names mean it, then drop what nobody uses."""
        async with self._one_look:
            serial = await asyncio.to_thread(self.registry.serial)
            served = await asyncio.to_thread(self.registry.served)
            with self.shelf.held() as hold:
                problems: dict[str, str] = {}
                aliases: dict[str, Loaded] = {}
                for version in filter(self._wants, served):
                    try:
                        self._refuse_base_name(version)
                        aliases[version.name] = hold(await self.shelf.load(version))
                    except DomaintuneError as error:
                        problems[version.id] = str(error).replace(str(self.registry.folder(version)), version.id)
                        if version.name in self.shelf.aliases:
                            aliases[version.name] = self.shelf.aliases[version.name]
                self.shelf.point({name: one for name, one in aliases.items() if name not in self.withheld})
            for one in await asyncio.to_thread(self._withdrawn, [*self.shelf.loaded]):
                self.shelf.dismiss(one)
            self._tell(problems)
            self.serial, self._tried = serial, time.monotonic()

    async def load(self, text: str, *, again: bool = False) -> Version:
        """Serve a version, or what a name means in the registry; UsageError where it is served already."""
        version = await asyncio.to_thread(self.registry.find, text)
        if version.withdrawn:
            raise UsageError(f"{version.id} was retired by name; promote another version")
        if self.shelf.keeps(version.id) and not again:
            raise UsageError(f"{version.id} is loaded already; send load_inplace: true to make sure of it")
        self._refuse_base_name(version)
        await self.shelf.load(version)
        if version.state == "promoted" and self._in_selection(version):
            self.withheld.discard(version.name)
            await self.refresh()
        else:
            self.shelf.pinned.add(version.id)
        return version

    async def unload(self, text: str) -> str:
        """Serve a name or a version no longer, as soon as nobody uses it; LookupError where it is not here."""
        part = names.parse(text).parts
        found = self.shelf.loaded.get(text) if "@" in text else self.shelf.aliases.get(text)
        if len(part) != 1 or found is None:
            raise LookupError(text)
        version = found.version
        async with self._one_look:
            if self.shelf.aliases.get(version.name) is found:
                self.withheld.add(version.name)
                self.shelf.point({name: one for name, one in self.shelf.aliases.items() if one is not found})
            self.shelf.dismiss(version.id)
        return version.id

    async def promote(self, text: str, override: str | None) -> Version:
        """Load a version, promote it in the registry, and let its name mean it."""
        version = await asyncio.to_thread(self.registry.find, text)
        self._refuse_base_name(version)
        with self.shelf.held() as hold:
            hold(await self.shelf.load(version))
            version = await asyncio.to_thread(lambda: self.registry.promote(version.id, override=override))
            self.withheld.discard(version.name)
            await self.refresh()
        return version

    async def rollback(self, name: str) -> Version:
        """Go back to the version that was promoted before."""
        version = await asyncio.to_thread(self.registry.rollback, name)
        self.withheld.discard(name)
        await self.refresh()
        return version

    @property
    def complete(self) -> bool:
        """Whether every name that is wanted means some version."""
        return all(text.partition("@")[0] in self.shelf.aliases for text in self.problems) and self.serial >= 0

    async def _is_stale(self) -> bool:
        away = any(not one.there for one in self.shelf.loaded.values())
        if (self.problems or away) and time.monotonic() - self._tried > AGAIN:
            return True
        return await asyncio.to_thread(self.registry.serial) != self.serial

    def _wants(self, version: Version) -> bool:
        here = {base.fingerprint for base in self.shelf.bases}
        return version.base in here and version.name not in self.withheld and self._in_selection(version)

    def _in_selection(self, version: Version) -> bool:
        return self.all_names or version.name in self.only

    def _refuse_base_name(self, version: Version) -> None:
        if version.name in {base.name for base in self.shelf.bases}:
            raise UsageError(f"{version.id} has the name of a base model that is served; add it under another name")

    def _withdrawn(self, ids: Collection[str]) -> list[str]:
        return [one for one in ids if self.registry.find(one).withdrawn]

    def _tell(self, problems: dict[str, str]) -> None:
        for one, sentence in problems.items():
            if self.problems.get(one) != sentence:
                log.warning("%s is not served: %s", one, sentence)
        self.problems = problems
