"""Finding plugins, refusing broken ones, and the catalog of what the rest offer.

A stranger's code runs here, so it is met with care: each plugin is imported in a thread of its own that may take only
so long, what it prints goes to stderr, and whatever goes wrong makes it a line in `Catalog.broken`, never a crash.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from threading import Thread
from typing import Any, TypeVar

import pluggy

from domaintune import hookspecs
from domaintune.contracts import Component, Domain
from domaintune.errors import PluginError, nearest

T = TypeVar("T")
DEFAULTS = "defaults"
PATIENCE = 5.0
"""Seconds that one plugin may take to import (`DOMAINTUNE_PLUGIN_TIMEOUT`)."""
KINDS = {
    "domain": "domaintune_domains",
    "data builder": "domaintune_data_builders",
    "retriever": "domaintune_retrievers",
    "evaluator": "domaintune_evaluators",
    "teacher": "domaintune_teachers",
    "engine": "domaintune_engines",
    "composer": "domaintune_composers",
    "base model": "domaintune_models",
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
    disabled = {name.strip() for name in os.environ.get("DOMAINTUNE_DISABLE_PLUGINS", "").split(",")}
    strict = os.environ.get("DOMAINTUNE_STRICT_PLUGINS", "") not in {"", "0"}
    patience = _patience()
    found, seen = Catalog(), set()
    for point in _points():
        if point.name in disabled or ("*" in disabled and point.name != DEFAULTS):
            continue
        try:
            if point.name in seen:
                raise PluginError(f"another plugin is named {point.name!r} too; uninstall one of them")
            seen.add(point.name)
            found.add(_within(patience, partial(offers, point)))
        except (Exception, SystemExit) as error:  # a stranger's import may raise anything
            reason = _reason(error)
            if strict:
                raise PluginError(f"plugin {point.name!r} could not be loaded: {reason}") from error
            found.broken[point.name] = reason
    return found


def offers(point: EntryPoint) -> list[Offer]:
    """Import one plugin and return all that it offers, or raise; pluggy checks it in a manager of its own."""
    from domaintune import __version__

    plugin = point.load()
    _check_marks(plugin)
    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin, name=point.name)
    version = point.dist.version if point.dist else __version__
    return [
        Offer(kind=kind, record=_checked(record, kind), owner=point.name, version=version)
        for kind, hook in KINDS.items()
        for implementation in getattr(manager.hook, hook).get_hookimpls()
        for record in implementation.function()
    ]


def _points() -> Iterator[EntryPoint]:
    """Yield our own defaults first, then what is installed, by name."""
    yield EntryPoint(DEFAULTS, "domaintune.defaults.plugin", hookspecs.GROUP)
    yield from sorted(entry_points(group=hookspecs.GROUP), key=lambda point: (point.name, point.value))


def _check_marks(plugin: object) -> None:
    """Refuse what pluggy would pass over in silence: a hook of an unknown name, or one without its mark."""
    hooks = KINDS.values()
    for name in dir(plugin):
        mark = getattr(getattr(plugin, name, None), f"{hookspecs.GROUP}_impl", None)
        hook = (mark.get("specname") if isinstance(mark, dict) else None) or name
        if mark and hook not in hooks:
            raise PluginError(f"unknown hook {hook!r}{nearest(hook, hooks)}; hooks: {', '.join(hooks)}")
        if not mark and name in hooks:
            raise PluginError(f"hook {name!r} is not marked; write @hookimpl above it")


def _checked(record: Any, kind: str) -> Any:
    wanted = Domain if kind == "domain" else Component
    if not isinstance(record, wanted):
        raise PluginError(f"hook {KINDS[kind]!r} must yield {wanted.__name__} records; it yielded {record!r}")
    return record


def _patience() -> float:
    text = os.environ.get("DOMAINTUNE_PLUGIN_TIMEOUT") or PATIENCE
    try:
        return float(text)
    except ValueError:
        raise PluginError(f"DOMAINTUNE_PLUGIN_TIMEOUT={text!r} is no number of seconds") from None


def _within(seconds: float, work: Callable[[], T]) -> T:
    """Do the work in a thread and wait so long for it; what it prints meanwhile goes to stderr.

    A thread that hangs is left behind: it is a daemon, so the process can end without it.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # SystemExit too: it is for the caller to judge
            errors.append(error)

    thread = Thread(target=run, daemon=True)
    with redirect_stdout(sys.stderr):
        thread.start()
        thread.join(seconds)
    if thread.is_alive():
        hint = "DOMAINTUNE_PLUGIN_TIMEOUT=SECONDS waits longer, DOMAINTUNE_DISABLE_PLUGINS=NAME skips it"
        raise PluginError(f"its import took more than {seconds:g} s; {hint}")
    if errors:
        raise errors[0]
    return results[0]


def _reason(error: BaseException) -> str:
    """Return one line about an error; ours speak for themselves, others are named by their type."""
    text = " ".join(str(error).split())
    return text if isinstance(error, PluginError) else f"{type(error).__name__}: {text}".rstrip(": ")
