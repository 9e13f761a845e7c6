"""Which base model an adapter is for: as it was said, as the registry remembers, or as the folder says itself.

A base model is measured once, which takes the model libraries; later adds find it among the remembered ones.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from domaintune import files
from domaintune.adapters import strict_json
from domaintune.adapters.contents import CONFIG, LIMITS, MANIFEST
from domaintune.adapters.refusals import AdmissionError
from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import BaseShape, measure
from domaintune.adapters.versions import shown
from domaintune.errors import UsageError
from domaintune.models import base as models
from domaintune.models import made
from domaintune.settings import ModelSettings

STARTER = ModelSettings().base


def base_for(registry: Registry, folder: Path, given: str | None = None) -> BaseShape:
    """Return the base model of an adapter folder; `given` is anything that model.base may be.

    A base model that a plugin makes is made with its default options; one with others is given as the folder it lies in.
    """
    if given is not None:
        return base_of(registry, ModelSettings(base=given))
    made_for = _read(folder, MANIFEST).get("base")
    made_for = made_for if isinstance(made_for, Mapping) else {}
    known = {fingerprint: shape for fingerprint, (_, shape) in registry.bases().items()}
    if made_for.get("fingerprint") in known:
        return known[made_for["fingerprint"]]
    named = made_for.get("published_as") or _read(folder, CONFIG).get("base_model_name_or_path")
    fitting = [shape for shape in known.values() if named in (shape.name, shape.published_as)]
    if len(fitting) == 1 and not made_for:
        return fitting[0]
    if made_for.get("name") == STARTER:
        return measure(ModelSettings())
    if (made_here := _made_here(made_for)) is not None:
        return made_here
    says = (
        f"{shown(folder.name)} was made for {shown(named)}" if isinstance(named, str) and named else "nothing says it"
    )
    raise UsageError(
        f"say for which base model the adapter is: --base {STARTER}, a folder, a hub id or a plugin's base model ({says})"
    )


def base_of(registry: Registry, settings: ModelSettings) -> BaseShape:
    """Return the base model of some settings, from memory where it is sure to be the same."""
    settings = _absolute(settings)
    identity = files.fingerprint(models.identity(settings))
    values = dataclasses.asdict(settings)
    for found, shape in registry.bases().values():
        if found == identity and _is_pinned(settings, shape):
            return dataclasses.replace(shape, name=settings.base, settings=values)
    return measure(settings)


def base_of_package(registry: Registry, settings: ModelSettings, manifest: Mapping[str, Any]) -> BaseShape:
    """Return the base model of a package built here with these settings; a known one needs no model libraries."""
    _, known = registry.bases().get(manifest["base"]["fingerprint"], ("", None))
    if known is None or known.template != manifest["template_fingerprint"]:
        return base_of(registry, settings)
    settings = _absolute(settings)
    return dataclasses.replace(known, name=settings.base, settings=dataclasses.asdict(settings))


def _made_here(made_for: Mapping[str, Any]) -> BaseShape | None:
    """Return the base model that a plugin has made here already, if a manifest names it and means the very same one."""
    name = made_for.get("name")
    settings = ModelSettings(base=name) if isinstance(name, str) else ModelSettings()
    own = made.find(settings)
    if own is None or not own.is_ready:  # making one takes minutes: that is for the user to ask
        return None
    shape = measure(settings)
    return shape if shape.fingerprint == made_for.get("fingerprint") else None


def _absolute(settings: ModelSettings) -> ModelSettings:
    """Return settings whose folder can be found from anywhere; a folder does not take the place of a known name."""
    path = Path(settings.base).expanduser()
    is_folder = settings.base != STARTER and made.find(settings) is None and path.is_dir()
    return dataclasses.replace(settings, base=str(path.resolve())) if is_folder else settings


def _is_pinned(settings: ModelSettings, shape: BaseShape) -> bool:
    """Tell whether the identity decides the bytes: a name on the hub may mean others tomorrow.

    What a plugin makes may come out a little different on another day; the one that lies here says what it is.
    """
    if settings.base == STARTER:
        return True
    if (own := made.find(settings)) is not None:
        return not own.is_ready or models.fingerprint(models.locate(settings)) == shape.fingerprint
    return Path(settings.base).is_dir() or len(settings.revision or "") == 40


def _read(folder: Path, name: str) -> Mapping[str, Any]:
    """Return a JSON file of a folder that nobody has checked yet; admission will say what is wrong with it."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(folder / name, flags), "rb") as file:
            data = file.read(LIMITS[name] + 1)
        return strict_json.parse(data, name) if len(data) <= LIMITS[name] else {}
    except (OSError, ValueError, AdmissionError):
        return {}
