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
from domaintune.settings import ModelSettings

STARTER = ModelSettings().base


def base_for(registry: Registry, folder: Path, given: str | None = None) -> BaseShape:
    """Return the base model of an adapter folder; `given` is 'starter', a folder or a hub id, as in model.base."""
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
    says = (
        f"{shown(folder.name)} was made for {shown(named)}" if isinstance(named, str) and named else "nothing says it"
    )
    raise UsageError(f"say for which base model the adapter is: --base {STARTER}, a folder or a hub id ({says})")


def base_of(registry: Registry, settings: ModelSettings) -> BaseShape:
    """Return the base model of some settings, from memory where it is sure to be the same."""
    settings = _absolute(settings)
    identity = files.fingerprint(models.identity(settings))
    values = dataclasses.asdict(settings)
    for found, shape in registry.bases().values():
        if found == identity and _is_pinned(settings):
            return dataclasses.replace(shape, name=settings.base, settings=values)
    return measure(settings)


def base_of_package(registry: Registry, settings: ModelSettings, manifest: Mapping[str, Any]) -> BaseShape:
    """Return the base model of a package built here with these settings; a known one needs no model libraries."""
    _, known = registry.bases().get(manifest["base"]["fingerprint"], ("", None))
    if known is None or known.template != manifest["template_fingerprint"]:
        return base_of(registry, settings)
    settings = _absolute(settings)
    return dataclasses.replace(known, name=settings.base, settings=dataclasses.asdict(settings))


def _absolute(settings: ModelSettings) -> ModelSettings:
    """Return settings whose folder can be found from anywhere."""
    path = Path(settings.base).expanduser()
    return dataclasses.replace(settings, base=str(path.resolve())) if path.is_dir() else settings


def _is_pinned(settings: ModelSettings) -> bool:
    """Tell whether the identity decides the bytes: a name on the hub may mean others tomorrow."""
    local = settings.base == STARTER or Path(settings.base).is_dir()
    return local or len(settings.revision or "") == 40


def _read(folder: Path, name: str) -> Mapping[str, Any]:
    """Return a JSON file of a folder that nobody has checked yet; admission will say what is wrong with it."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(folder / name, flags), "rb") as file:
            data = file.read(LIMITS[name] + 1)
        return strict_json.parse(data, name) if len(data) <= LIMITS[name] else {}
    except (OSError, ValueError, AdmissionError):
        return {}
