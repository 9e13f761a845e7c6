"""The adapters that can answer, and who is using them.

A request borrows versions and gives them back; a version that nobody wants any more goes when its last user has left.
Names point to versions through one mapping that is replaced whole, so that a request sees the old or the new one.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from domaintune.adapters.registry import Registry
from domaintune.adapters.versions import Version
from domaintune.contracts import Mix
from domaintune.errors import DomaintuneError, UsageError
from domaintune.serving import names

if TYPE_CHECKING:
    from domaintune.serving.worker import Worker

VISITORS: Final = 8
"""Versions that were promoted once, loaded because a request named them; the one not used for longest goes."""
WEIGHTS: Final = "adapter_model.safetensors"
log = logging.getLogger("domaintune.serving")


class UnknownModelError(LookupError):
    """Nobody here answers to a name; the message, where there is one, says why."""


@dataclass(eq=False, kw_only=True)
class Base:
    """A base model, and the worker that owns it."""

    name: str
    fingerprint: str
    worker: Worker
    images: bool = False  # whether it reads pictures


@dataclass(eq=False, kw_only=True)
class Loaded:
    """A version that its base's worker holds, under an id of this one load: it may come back while it is leaving."""

    version: Version
    base: Base
    users: int = 0
    load: int = field(default_factory=itertools.count(1).__next__)

    @property
    def adapter(self) -> str:
        """The id by which the worker knows it."""
        return f"{self.version.id}-{self.version.digest[:12]}-{self.load}"

    @property
    def there(self) -> bool:
        """Whether the worker holds it: after a restart it may not have found the file any more."""
        return self.adapter in self.base.worker.adapters


@dataclass(eq=False, kw_only=True)
class Lease:
    """Who answers a request, borrowed until it is answered; `label` is the exact name that the answer gives."""

    shelf: Shelf
    base: Base
    label: str
    adapter: str | Mix | None = None
    members: tuple[Loaded, ...] = ()
    open: bool = True

    def __post_init__(self) -> None:
        for member in self.members:
            member.users += 1

    @property
    def counted_as(self) -> str:
        """The label of metrics: one word for all mixes, whose weights are without number."""
        return "mix" if isinstance(self.adapter, Mix) else self.label

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, *_: object) -> None:
        if self.open:
            self.open = False
            for member in self.members:
                member.users -= 1
                self.shelf.settle(member)


@dataclass(eq=False)
class Shelf:
    """All versions that can answer; changes wait for each other, requests never do."""

    registry: Registry
    bases: Sequence[Base]
    aliases: Mapping[str, Loaded] = field(default_factory=dict)
    loaded: dict[str, Loaded] = field(default_factory=dict)
    pinned: set[str] = field(default_factory=set)  # ids that were asked for by an admin or at the start
    visitors: OrderedDict[str, None] = field(default_factory=OrderedDict)
    swaps: Counter[str] = field(default_factory=lambda: Counter(loaded=0, dropped=0, moved=0, failed=0))
    _one_change: asyncio.Lock = field(default_factory=asyncio.Lock)
    _leaving: set[asyncio.Task[None]] = field(default_factory=set)

    @contextmanager
    def held(self) -> Iterator[Callable[[Loaded], Loaded]]:
        """Give a function that keeps versions from leaving until the end of a `with` block."""
        held: list[Loaded] = []

        def hold(one: Loaded) -> Loaded:
            one.users += 1
            held.append(one)
            return one

        try:
            yield hold
        finally:
            for one in held:
                one.users -= 1
                self.settle(one)

    def known(self) -> list[str]:
        """Return every name that can be asked for, without the mixes."""
        return [names.BASE, *(base.name for base in self.bases), *sorted(self.aliases), *sorted(self.loaded)]

    def seeing(self) -> list[str]:
        """Return the names that can be asked with pictures, without numbers and mixes."""
        bases = [base.name for base in self.bases if base.images]
        return bases + [name for name, one in sorted(self.aliases.items()) if one.base.images]

    async def borrow(self, text: str) -> Lease:
        """Return who answers to a name; a version that was promoted once is loaded for it.

        Raises UnknownModelError, UsageError where parts do not fit together, or DomaintuneError where loading fails.
        """
        if (base := self._base(text)) is not None:
            return Lease(shelf=self, base=base, label=base.name)
        try:
            name = names.parse(text)
        except names.BadNameError as error:
            raise UnknownModelError(str(error)) from None
        for _ in range(3):  # what was loaded for this request may leave before it is borrowed, if barely
            missing = [part.id for part in name.parts if self._find(part.id) is None]
            if not missing:
                return self._lend(name)
            for one in missing:
                await self._visit(one)
        raise UnknownModelError("it is being unloaded")

    async def load(self, version: Version) -> Loaded:
        """Make a version answerable: checked whole, then read by the worker; DomaintuneError says what is wrong."""
        async with self._one_change:
            known = self.loaded.get(version.id)
            if known is not None and known.there:
                return known
            base = next((base for base in self.bases if base.fingerprint == version.base), None)
            if base is None:
                raise UsageError(f"{version.id} is for another base model than those that are served")
            found = known or Loaded(version=version, base=base)
            try:
                await self._check(version)
                await base.worker.load(found.adapter, self.registry.folder(version), version.files.get(WEIGHTS))
            except (DomaintuneError, OSError) as error:
                self.swaps["failed"] += 1
                raise (
                    error if isinstance(error, DomaintuneError) else DomaintuneError(f"{version.id}: {error}")
                ) from None
            self.loaded[version.id] = found
            self.swaps["loaded"] += 1
            log.info("loaded %s", version.id)
            return found

    def point(self, aliases: Mapping[str, Loaded]) -> None:
        """Let names mean other versions, all at once; requests that run keep those they have borrowed."""
        former, self.aliases = self.aliases, dict(aliases)
        for name in former.keys() | aliases.keys():
            old, new = former.get(name), aliases.get(name)
            if old is not new:
                self.swaps["moved"] += 1
                log.info(
                    "%s: %s -> %s", name, old.version.id if old else "nothing", new.version.id if new else "nothing"
                )
        for old in former.values():
            self.settle(old)

    def keeps(self, version_id: str) -> bool:
        """Tell whether a version stays: a name means it, or it is pinned."""
        return version_id in self.pinned or any(one.version.id == version_id for one in self.aliases.values())

    def dismiss(self, version_id: str) -> None:
        """Let a version go as soon as nobody uses it, unless a name means it."""
        self.pinned.discard(version_id)
        self.visitors.pop(version_id, None)
        if version_id in self.loaded:
            self.settle(self.loaded[version_id])

    def settle(self, one: Loaded) -> None:
        """Drop a version that has no users and is not wanted; from here on nobody can borrow it."""
        wanted = self.keeps(one.version.id) or one.version.id in self.visitors
        if one.users or wanted or self.loaded.get(one.version.id) is not one:
            return
        del self.loaded[one.version.id]
        leaving = asyncio.get_running_loop().create_task(self._unload(one))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    async def settled(self) -> None:
        """Wait until those who are leaving have left."""
        while self._leaving:
            await asyncio.gather(*self._leaving)

    def _base(self, text: str) -> Base | None:
        if text == names.BASE:
            return self.bases[0]
        return next((base for base in self.bases if base.name == text), None)

    def _find(self, text: str) -> Loaded | None:
        return self.loaded.get(text) if "@" in text else self.aliases.get(text)

    def _lend(self, name: names.Name) -> Lease:
        """Borrow all parts at once: nothing is awaited from looking them up to counting them."""
        found = [self._find(part.id) for part in name.parts]
        members = tuple(one for one in found if one is not None)
        assert len(members) == len(name.parts)
        ids = tuple(one.version.id for one in members)
        base = members[0].base
        away = [one.version.id for one in members if not one.there]
        if away:
            raise DomaintuneError(f"{' and '.join(away)} could not be loaded again after a restart of the engine")
        if any(one.base is not base for one in members):
            raise UsageError(f"{' and '.join(ids)} are for different base models and cannot answer together")
        if len(set(ids)) < len(ids):
            raise UsageError(f"{ids[0]} stands in the mix twice, by its name and by its number")
        for one in ids:
            if one in self.visitors:
                self.visitors.move_to_end(one)
        if name.kind == "one":
            return Lease(shelf=self, base=base, label=ids[0], adapter=members[0].adapter, members=members)
        weights = tuple(1.0 if part.weight is None else part.weight for part in name.parts)
        mix = Mix(
            weights=tuple((one.adapter, weight) for one, weight in zip(members, weights, strict=True)),
            route="arrow" if name.kind == "arrow" else "sum",
        )
        label = "|".join(ids) if name.kind == "arrow" else names.mixed(ids, weights)
        return Lease(shelf=self, base=base, label=label, adapter=mix, members=members)

    async def _visit(self, text: str) -> None:
        """Load a version that was promoted once because a request names it."""
        if "@" not in text:
            raise UnknownModelError
        try:
            version = await asyncio.to_thread(self.registry.find, text)
        except UsageError:
            raise UnknownModelError from None
        if version.state == "candidate" or version.withdrawn:
            state = "retired" if version.withdrawn else "a candidate"
            raise UnknownModelError(f"it is {state}, and nobody has loaded it")
        if version.base not in {base.fingerprint for base in self.bases}:
            raise UnknownModelError("it is for another base model")
        self.visitors[text] = None
        try:
            await self.load(version)
        except BaseException:
            self.visitors.pop(text, None)
            raise
        while len(self.visitors) > VISITORS:
            self.dismiss(next(iter(self.visitors)))

    async def _check(self, version: Version) -> None:
        damage = await asyncio.to_thread(self.registry.verify, version.id)
        if damage:
            raise DomaintuneError(damage[0])

    async def _unload(self, one: Loaded) -> None:
        async with self._one_change:
            try:
                await one.base.worker.unload(one.adapter)
            except DomaintuneError as error:
                log.warning("unloading %s: %s", one.version.id, error)
            self.swaps["dropped"] += 1
            log.info("dropped %s", one.version.id)
