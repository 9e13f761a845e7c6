"""Adapters on their way out and in: exported folders, shared folders, and repositories on the hub.

What travels is the folder itself, an ordinary PEFT folder, and it is admitted anew wherever it arrives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from domaintune import files
from domaintune.adapters.contents import CONFIG, LIMITS, WEIGHTS
from domaintune.adapters.objects import Objects, copy, digest_of, remove
from domaintune.adapters.registry import Registry
from domaintune.adapters.versions import Reference, Version, shown
from domaintune.errors import DomaintuneError, UsageError

WANTED = [name for name in (*LIMITS, WEIGHTS) if name != ".gitattributes"] + ["*.png"]
"""What is fetched of a repository: what admission allows, and nothing else."""
_REPOSITORY = re.compile(r"(?P<repo>[\w-][\w.-]{0,95}/[\w-][\w.-]{0,95})(?:@(?P<revision>[\w][\w.-]{0,99}))?", re.ASCII)


@dataclass(frozen=True)
class Remote:
    """A place beyond this registry: a repository on the hub, or a folder that others see too."""

    kind: Literal["hf", "file"]
    place: str
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> Remote:
        """Read `hf:owner/repo`, `hf:owner/repo@revision` or `file:/a/folder`."""
        kind, _, place = text.partition(":")
        if kind == "file" and place and "\0" not in place:
            return cls("file", place)
        match = _REPOSITORY.fullmatch(place) if kind == "hf" else None
        if match is None:
            raise UsageError(f"{shown(text)} is no place for adapters; write hf:owner/repo, or file:FOLDER")
        return cls("hf", match["repo"], match["revision"])


def export(registry: Registry, version: Version, folder: Path) -> Path:
    """Write a version into a new or empty folder, as files that belong to you."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"{folder} is not a folder; name a new or an empty one")
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty, and nothing in it is overwritten; name a new folder")
    _refuse_damaged(registry, version)
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name(f".{folder.name}.tmp")
    remove(aside)
    copy(registry.folder(version), aside, version.files)
    for path in (aside, *aside.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    files.replace_folder(aside, folder)
    return folder


def push(registry: Registry, version: Version, remote: Remote, *, public: bool = False) -> str:
    """Copy a version to a remote place and return where it is; what is there already is left as it is."""
    if remote.kind == "hf":
        if remote.revision:
            raise UsageError(f"a push goes to the repository's main branch; leave out '@{remote.revision}'")
        _refuse_damaged(registry, version)
        return str(_hub().publish(remote.place, registry.folder(version), version.id, public=public))
    place = Path(remote.place).expanduser() / version.id
    if place.is_dir() and any(place.iterdir()):
        if digest_of(files.folder_hashes(place)) == version.digest:
            return str(place)
        raise UsageError(f"{place} holds another adapter; push to another folder, or move that one away")
    return str(export(registry, version, place))


@contextmanager
def arrived(remote: Remote) -> Iterator[tuple[Path, str]]:
    """Give the folder of what a remote place holds, and what to write down as its origin."""
    if remote.kind == "file":
        folder = _shared(Path(remote.place).expanduser())
        yield folder, f"file:{folder.resolve()}"
        return
    with TemporaryDirectory(prefix="domaintune-") as aside:
        commit = _hub().fetch(remote.place, remote.revision, WANTED, Path(aside))
        yield Path(aside), f"hf:{remote.place}@{commit}"


def name_in(remote: Remote) -> str:
    """Return the name under which an adapter from a remote place is added, where none is given."""
    last = remote.place.rstrip("/").rpartition("/")[2] if remote.kind == "hf" else _shared(Path(remote.place)).name
    try:
        return Reference.parse(last.lower()).name
    except UsageError:
        raise UsageError(f"{shown(last)} cannot be the name of an adapter; give one: --name NAME") from None


def _shared(folder: Path) -> Path:
    """Return the adapter in a folder: itself, or the only one below it."""
    if not folder.is_dir():
        raise UsageError(
            f"there is no folder {str(folder)!r}; give the folder of an adapter, or one with adapters in it"
        )
    if (folder / CONFIG).exists():
        return folder
    found = sorted(path for path in folder.iterdir() if (path / CONFIG).is_file())
    if len(found) != 1:
        names = ", ".join(path.name for path in found[:20])
        raise UsageError(
            f"name one of the adapters in {folder}: {names}" if names else f"there is no adapter in {folder}"
        )
    return found[0]


def _refuse_damaged(registry: Registry, version: Version) -> None:
    found = Objects(registry.folder(version).parent).damage(version.digest, version.files)
    if found:
        raise DomaintuneError(f"{version.id} is damaged ({'; '.join(found)}); add the same files again, which mends it")


def _hub() -> Any:
    try:
        from domaintune.adapters import hub  # noqa: PLC0415  (a leaf module: its library comes with an extra)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"this needs the package {error.name!r}, which is not installed; run: pip install 'domaintune[train]'"
        ) from None
    return hub
