"""Finding plugins, refusing broken ones, and the catalog of what the rest offer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

import pluggy

from domaintune import hookspecs
from domaintune.contracts import Component, Domain
from domaintune.errors import PluginError, nearest

DEFAULTS = "defaults"
KINDS = {
    "domain": "domaintune_domains",
    "data builder": "domaintune_data_builders",
    "retriever": "domaintune_retrievers",
    "evaluator": "domaintune_evaluators",
    "teacher": "domaintune_teachers",
    "engine": "domaintune_engines",
    "composer": "domaintune_composers",
}


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One record a plugin yielded: its kind, the record, and whose it is."""

    kind: str
    record: Component[Any] | Domain
    owner: str
    version: str


@dataclass
class Catalog:
    """All offers by kind and name, and the plugins that were refused, with the reason."""

    offers: dict[tuple[str, str], Offer] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def add(self, offers: Iterable[Offer]) -> None:
        """Take all offers of one plugin, or none of them."""
        fresh: dict[tuple[str, str], Offer] = {}
        for offer in offers:
            key = (offer.kind, offer.record.name)
            taken = self.offers.get(key) or fresh.get(key)
            if taken:
                raise PluginError(f"{offer.kind} {offer.record.name!r} is already offered by {taken.owner!r}")
            fresh[key] = offer
        self.offers.update(fresh)

    def names(self, kind: str) -> list[str]:
        """Return the names on offer of one kind, sorted."""
        return sorted(name for of, name in self.offers if of == kind)

    def domain(self, name: str) -> Domain:
        """Return a domain, or say which ones there are."""
        record = self._find("domain", name).record
        assert isinstance(record, Domain)
        return record

    def component(self, kind: str, name: str) -> Component[Any]:
        """Return a part by kind and name, or say which ones there are."""
        record = self._find(kind, name).record
        assert isinstance(record, Component)
        return record

    def owner(self, kind: str, name: str) -> Offer:
        """Return the offer itself, with its owner and version."""
        return self._find(kind, name)

    def _find(self, kind: str, name: str) -> Offer:
        if (kind, name) in self.offers:
            return self.offers[kind, name]
        known = self.names(kind)
        message = f"there is no {kind} named {name!r}{nearest(name, known)}"
        message += f"; installed: {', '.join(known) or 'none'}"
        for plugin, reason in self.broken.items():
            message += f"\nplugin {plugin!r} could not be loaded: {reason}"
        raise PluginError(message)


@cache
def catalog() -> Catalog:
    """Load every plugin that is not disabled, once a process, and collect what it offers."""
    disabled = set(os.environ.get("DOMAINTUNE_DISABLE_PLUGINS", "").split(","))
    strict = os.environ.get("DOMAINTUNE_STRICT_PLUGINS", "") not in {"", "0"}
    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    found = Catalog()
    for name, version, load in _candidates():
        if name in disabled or ("*" in disabled and name != DEFAULTS):
            continue
        try:
            plugin = load()
            manager.register(plugin, name=name)
            manager.check_pending()  # a hook name we do not know is a mistake, not a no-op
            found.add(_offers(manager, plugin, name, version))
        except (Exception, SystemExit) as error:  # a stranger's import may raise anything
            if strict:
                raise
            found.broken[name] = f"{type(error).__name__}: {error}"
            if manager.has_plugin(name):
                manager.unregister(name=name)
    return found


def _candidates() -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """Yield name, version and loader: our own defaults first, then the entry points by name."""
    from domaintune import __version__

    yield DEFAULTS, __version__, lambda: import_module("domaintune.defaults.plugin")
    for point in sorted(entry_points(group=hookspecs.GROUP), key=lambda point: point.name):
        yield point.name, point.dist.version if point.dist else "", point.load


def _offers(manager: pluggy.PluginManager, plugin: object, owner: str, version: str) -> Iterator[Offer]:
    for kind, hook in KINDS.items():
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            if implementation.plugin is plugin:
                for record in implementation.function():
                    yield Offer(kind=kind, record=record, owner=owner, version=version)
