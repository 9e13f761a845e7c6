"""Who answers: the base model, a version of the registry, several of them mixed, or a package folder."""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from domaintune.adapters import contents, strict_json
from domaintune.adapters.admission import DEFAULT_RULES, AdmissionError, admit
from domaintune.adapters.contents import MANIFEST, WEIGHTS
from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import measure
from domaintune.adapters.versions import Version
from domaintune.contracts import Mix
from domaintune.errors import UsageError
from domaintune.home import runs_folder
from domaintune.models import base as models
from domaintune.serving import names
from domaintune.serving.selection import settings_of
from domaintune.settings import ModelSettings, validate


class Package(NamedTuple):
    """An adapter folder that has been checked, and the SHA-256 of its weights."""

    folder: Path
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """One who answers: the exact name, the adapter of a request, and the packages to load, by the engine's ids.

    `safety` are the sentences of the domains that are asked.
    """

    name: str
    adapter: str | Mix | None = None
    packages: Mapping[str, Package] = field(default_factory=dict)
    safety: tuple[str, ...] = ()


def find(asked: str, base: str | None, model: ModelSettings, registry: Registry) -> tuple[Speaker, ModelSettings]:
    """Return who is meant, and the base model to open.

    Which one that is says `base`, or else what the registry or a package remembers; where and how it runs says `model`.
    """
    given = None if base is None else dataclasses.replace(model, base=base, revision=None)
    if _is_path(asked):
        return _package(Path(asked).expanduser(), given, model)
    try:
        name = names.parse(asked)
    except names.BadNameError as error:
        raise UsageError(
            f"{asked!r} names no one to talk to: {error}; a package folder is written with a slash"
        ) from None
    if name.kind == "auto":
        raise UsageError("'auto' chooses anew for each question, which a server does: domaintune serve")
    if name.kind == "base":
        settings = given or model
        return unchanged(settings), settings
    return _registered(name, given, model, registry)


def unchanged(settings: ModelSettings) -> Speaker:
    """Return the base model without an adapter."""
    return Speaker(name=models.locate(settings).published_as)


def _is_path(asked: str) -> bool:
    return asked in {".", ".."} or "/" in asked or os.sep in asked


def _registered(
    name: names.Name, given: ModelSettings | None, model: ModelSettings, registry: Registry
) -> tuple[Speaker, ModelSettings]:
    versions = [_version(part.id, registry) for part in name.parts]
    for other in versions[1:]:
        if other.base != versions[0].base:
            raise UsageError(
                f"{versions[0].id} and {other.id} were made for different base models; they cannot be mixed"
            )
    settings = given or settings_of(registry.base(versions[0].base), model)
    if models.fingerprint(models.locate(settings)) != versions[0].base:
        raise UsageError(f"{versions[0].id} was not made for base model {settings.base!r}; give its own with --base")
    packages = {_engine_id(version): Package(registry.folder(version), version.files[WEIGHTS]) for version in versions}
    weights = [1.0 if part.weight is None else part.weight for part in name.parts]
    speaker = Speaker(
        name=_shown(name.kind, versions, weights),
        adapter=_adapter(name.kind, list(packages), weights),
        packages=packages,
        safety=_safety(registry.manifest(version) for version in versions),
    )
    return speaker, settings


def _adapter(kind: names.Kind, ids: Sequence[str], weights: Sequence[float]) -> str | Mix:
    if kind == "one":
        return ids[0]
    return Mix(weights=tuple(zip(ids, weights, strict=True)), route="arrow" if kind == "arrow" else "sum")


def _shown(kind: names.Kind, versions: Sequence[Version], weights: Sequence[float]) -> str:
    ids = tuple(version.id for version in versions)
    if kind == "sum":
        return names.mixed(ids, tuple(weights))
    return "|".join(ids)


def _version(text: str, registry: Registry) -> Version:
    """Look a version up; where the registry has none to answer, say what there is instead."""
    try:
        return registry.find(text)
    except UsageError as error:
        raise UsageError(f"{error}{_instead(text.partition('@')[0], registry)}") from None


def _instead(name: str, registry: Registry) -> str:
    """Return how to talk to a candidate, or to the last build, which needs no registry."""
    known = [version for version in registry.versions() if version.name == name]
    candidates = [version.id for version in known if version.state == "candidate"]
    if candidates:
        return f"; to talk to the candidate: domaintune chat {candidates[-1]}"
    built = runs_folder() / f"latest-{name}" / "adapter"
    return f"; to talk to the last build: domaintune chat {built}" if (built / WEIGHTS).is_file() else ""


def _package(folder: Path, given: ModelSettings | None, model: ModelSettings) -> tuple[Speaker, ModelSettings]:
    settings = given or _remembered(folder, model)
    admitted = admit(folder, measure(settings))
    package = Package(folder, admitted.files[WEIGHTS])
    loaded = f"{folder.resolve().name}-{package.sha256[:12]}"
    speaker = Speaker(name=str(folder), adapter=loaded, packages={loaded: package}, safety=_safety([admitted.manifest]))
    return speaker, settings


def _remembered(folder: Path, model: ModelSettings) -> ModelSettings:
    """Return the base model of a package: as its run was set, or as its manifest names it."""
    run = folder.resolve().parent / "settings.toml"
    try:
        known = tomllib.loads(run.read_text(encoding="utf-8")) if run.is_file() else _manifest(folder).get("settings")
    except ValueError as error:
        raise UsageError(f"{str(run)!r} is not TOML: {error}") from None
    values = known.get("model") if isinstance(known, Mapping) else None
    if not isinstance(values, Mapping) or "base" not in values:
        raise UsageError(f"{str(folder)!r} does not say for which base model it was made: give --base")
    made: ModelSettings = validate(ModelSettings, values, str(folder))
    return dataclasses.replace(model, base=made.base, revision=made.revision, options=made.options)


def _manifest(folder: Path) -> Mapping[str, Any]:
    try:
        with contents.opened(folder, DEFAULT_RULES.max_bytes) as found:
            return strict_json.parse(found[MANIFEST].read(), MANIFEST) if MANIFEST in found else {}
    except AdmissionError as error:
        raise error.of(folder.name) from None


def _safety(manifests: Iterable[Mapping[str, Any] | None]) -> tuple[str, ...]:
    """Return the safety sentences, each once."""
    return tuple(dict.fromkeys(str(found["safety"]) for found in manifests if found and found.get("safety")))


def _engine_id(version: Version) -> str:
    return f"{version.id}-{version.digest[:12]}"
