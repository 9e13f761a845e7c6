"""What a server starts with: which base models, which names it follows, and which versions it pins."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from domaintune import files
from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import BaseShape
from domaintune.adapters.versions import Version
from domaintune.errors import UsageError
from domaintune.models import base as models
from domaintune.settings import ModelSettings


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Bases in order, the first being `base`; without `names` every promoted version is followed."""

    bases: tuple[BaseShape, ...]
    names: frozenset[str] = frozenset()
    pins: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def select(registry: Registry, asked: Sequence[str], only: BaseShape | None) -> Selection:
    """Choose what is served: what was asked for by name, or all that is promoted; of one base model, or of each.

    Raises UsageError where there is nothing to serve, or where something asked for is for another base model.
    """
    versions = [registry.find(text) for text in asked] or registry.served()
    if not versions and only is None:
        raise UsageError(
            "there is nothing to serve: no adapter is promoted. Put one into the registry (domaintune adapters add FOLDER "
            "--name NAME) and promote it (domaintune adapters promote NAME), or serve a base model alone: "
            "domaintune serve --base starter"
        )
    strangers = [version for version in versions if only is not None and version.base != only.fingerprint]
    if strangers and asked and only is not None:
        wanted = registry.base(strangers[0].base).published_as
        raise UsageError(
            f"{strangers[0].id} is for the base model {wanted}, not for {only.published_as}: leave out one of it and --base"
        )
    here = [version for version in versions if version not in strangers]
    return Selection(
        bases=(only,) if only is not None else _bases(registry, here),
        names=frozenset(text for text in asked if "@" not in text),
        pins=tuple(text for text in asked if "@" in text),
        left_out=tuple(version.id for version in strangers),
    )


def settings_of(shape: BaseShape, model: ModelSettings) -> ModelSettings:
    """Return how to open a base: which one says its shape, and where and how it runs say the settings."""
    told = shape.settings
    return dataclasses.replace(model, base=told["base"], revision=told["revision"], options=told.get("options", {}))


def published(bases: Sequence[BaseShape]) -> list[str]:
    """Return the names of bases, with some of the fingerprint where two have the same."""
    names = [base.published_as for base in bases]
    return [
        f"{name}-{base.fingerprint[:8]}" if names.count(name) > 1 else name
        for name, base in zip(names, bases, strict=True)
    ]


def _bases(registry: Registry, versions: Sequence[Version]) -> tuple[BaseShape, ...]:
    known = registry.bases()
    found = dict.fromkeys(version.base for version in versions)
    for fingerprint in found:
        identity, shape = known[fingerprint]
        if files.fingerprint(models.identity(ModelSettings(**shape.settings))) != identity:
            raise UsageError(
                f"the base model {shape.name!r} is not the one that its adapters were added for: its files have changed or "
                "gone; put them back, or add the adapters anew"
            )
    return tuple(known[fingerprint][1] for fingerprint in found)
