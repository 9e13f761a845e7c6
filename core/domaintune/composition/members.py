"""Who takes part: versions of the registry or folders, checked to fit each other before any weight is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domaintune import files
from domaintune.adapters.package import MANIFEST, PEFT_FILES
from domaintune.adapters.registry import Registry
from domaintune.errors import UsageError

_BUILD = "build: "
"""How the registry notes the run that a version came from."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One member: what it is called, where it lies, and for which base model and template it was made.

    `weights_sha256` is that of its tensors, `run` the run folder that made it, where that is known and still there.
    """

    name: str
    folder: Path
    digest: str
    base: Mapping[str, Any]
    template: str
    weights_sha256: str
    manifest: Mapping[str, Any] = field(default_factory=dict)
    run: Path | None = None

    @property
    def fingerprint(self) -> str:
        """The fingerprint of its base model."""
        return str(self.base["fingerprint"])

    @property
    def domain(self) -> str:
        """The domain that it was built for, or an empty string."""
        return str(self.manifest.get("domain", ""))


def find(words: Sequence[str], registry: Registry) -> list[Part]:
    """Return the members in the order given; raises UsageError unless they are several and fit each other."""
    if len(words) < 2:
        raise UsageError("a composition needs two members or more: names from `domaintune adapters list`, or folders")
    parts = [_part(word, registry) for word in words]
    first = parts[0]
    for place, part in enumerate(parts):
        _refuse_twice(part, parts[:place])
        if part.fingerprint != first.fingerprint:
            raise UsageError(
                f"{first.name} and {part.name} are for different base models ({_named(first)} and {_named(part)}); "
                "only adapters of one base can be composed"
            )
        if part.template != first.template:
            raise UsageError(
                f"{first.name} and {part.name} were trained with different chat templates ({first.template} and "
                f"{part.template}); no prompt would be right for both"
            )
    return parts


def _part(word: str, registry: Registry) -> Part:
    if "/" in word or "\\" in word or word.startswith((".", "~")):
        return _from_folder(Path(word).expanduser())
    version = registry.find(word)
    folder = registry.folder(version)
    shape = registry.base(version.base)
    return Part(
        name=version.id,
        folder=folder,
        digest=version.digest,
        base={"name": shape.name, "published_as": shape.published_as, "fingerprint": version.base}
        | ({"reads": "images"} if shape.images else {}),
        template=version.template,
        weights_sha256=version.files[PEFT_FILES[1]],
        manifest=registry.manifest(version) or {},
        run=_run(version.source.removeprefix(_BUILD)) if version.source.startswith(_BUILD) else None,
    )


def _from_folder(folder: Path) -> Part:
    missing = next((name for name in PEFT_FILES if not (folder / name).is_file()), None)
    if missing is not None:
        raise UsageError(f"{folder} is no adapter folder: it has no {missing}")
    try:
        manifest = files.read_json(folder / MANIFEST)
        base, template = dict(manifest["base"]), str(manifest["template_fingerprint"])
        _ = base["fingerprint"], base["published_as"], base["name"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(
            f"{folder} does not say which base model it was made for ({MANIFEST}); "
            f"give the registry its base first: domaintune adapters add {folder} --name NAME --base MODEL"
        ) from None
    hashes = {name: files.sha256(folder / name) for name in PEFT_FILES}
    return Part(
        name=folder.resolve().name,
        folder=folder,
        digest=files.fingerprint(hashes),
        base=base,
        template=template,
        weights_sha256=hashes[PEFT_FILES[1]],
        manifest=manifest,
        run=_run(str(folder.resolve().parent)),
    )


def _run(folder: str) -> Path | None:
    """Return a run folder whose data is still there."""
    path = Path(folder)
    return path if (path / "data" / "test.jsonl").is_file() else None


def _refuse_twice(part: Part, earlier: Sequence[Part]) -> None:
    for other in earlier:
        if part.weights_sha256 == other.weights_sha256:
            raise UsageError(f"{part.name} and {other.name} are the same adapter; give it once, with a larger weight")
        if part.name == other.name:
            raise UsageError(f"two members are called {part.name!r}; rename one of the folders")


def _named(part: Part) -> str:
    return f"{part.base['published_as']} {part.fingerprint}"
