"""The registry's folders, named by the hash of what they hold: whole, read-only, or not there.

A folder is written aside, flushed, renamed and made read-only while its writer holds the registry's one write lock.
Whatever else lies here when another writer comes was left by one that was killed, and is swept.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from domaintune import files
from domaintune.errors import UsageError

_PIECE = 1 << 20
_ASIDE = ".adding"


@dataclass(frozen=True)
class Objects:
    """The folder of all objects."""

    folder: Path

    def place(self, digest: str) -> Path:
        """Return where the object of a digest is, or would be."""
        return self.folder / digest

    def keep(self, source: Path, hashes: Mapping[str, str]) -> str:
        """Copy the named files of a folder, unless they are here and whole; returns the digest. Needs the write lock."""
        digest = digest_of(hashes)
        place = self.place(digest)
        if place.is_dir() and not self.damage(digest, hashes):
            return digest
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = self.folder / f"{_ASIDE}-{digest}"
        remove(aside)
        copy(source, aside, hashes)
        remove(place)
        aside.rename(place)
        _protect(place)
        files.sync_folder(self.folder)
        return digest

    def damage(self, digest: str, hashes: Mapping[str, str]) -> list[str]:
        """Return a phrase for every file that is missing, changed, or does not belong to an object."""
        place = self.place(digest)
        if not place.is_dir():
            return [f"its folder {place} is missing"]
        found = {path.relative_to(place).as_posix(): path for path in sorted(place.rglob("*")) if not path.is_dir()}
        return [
            *(f"{name} is missing" for name in hashes if name not in found),
            *(f"{name} does not belong to it" for name in found if name not in hashes),
            *(f"{name} has changed" for name, sha in hashes.items() if name in found and _sha256(found[name]) != sha),
        ]

    def finished(self) -> set[str]:
        """Return the names of all objects that are whole: the others were being written when somebody was killed."""
        return {path.name for path in self.folder.glob("*") if not path.name.startswith(_ASIDE)}

    def sweep(self, known: Collection[str]) -> list[str]:
        """Remove what belongs to no version and return the names; needs the write lock."""
        if not self.folder.is_dir():
            return []
        left = [path for path in self.folder.iterdir() if path.name not in known]
        for path in left:
            remove(path)
        return [path.name for path in left]


def digest_of(hashes: Mapping[str, str]) -> str:
    """Return the content hash of a folder from the hashes of its files: equal names and bytes, equal digest."""
    return hashlib.sha256(json.dumps(sorted(hashes.items())).encode()).hexdigest()


def copy(source: Path, folder: Path, hashes: Mapping[str, str]) -> None:
    """Copy files into a new folder and flush them; a file that is not what was admitted is refused."""
    folder.mkdir(mode=0o700, parents=True)
    for name, sha in hashes.items():
        _refuse_strange(name)
        target = folder / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _copy_file(source / name, target) != sha:
            raise UsageError(f"{source / name} is not the file that was checked; was it written to? Try again")
    for path in (*folder.rglob("*"), folder):
        if path.is_dir():
            files.sync_folder(path)


def remove(path: Path) -> None:
    """Remove a file or a folder that may be read-only; what is not there is fine."""
    if path.is_dir() and not path.is_symlink():
        for inner in (path, *path.rglob("*")):
            if inner.is_dir() and not inner.is_symlink():
                inner.chmod(0o700)
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _protect(folder: Path) -> None:
    for path in folder.rglob("*"):
        path.chmod(0o500 if path.is_dir() else 0o400)
    folder.chmod(0o500)


def _copy_file(source: Path, target: Path) -> str:
    """Copy one regular file, never through a link, and return the hash of what was copied."""
    sum_ = hashlib.sha256()
    with target.open("xb") as file:
        for piece in _pieces(source):
            file.write(piece)
            sum_.update(piece)
        file.flush()
        os.fsync(file.fileno())
    return sum_.hexdigest()


def _pieces(source: Path) -> Iterator[bytes]:
    with os.fdopen(os.open(source, os.O_RDONLY | _NO_LINKS), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UsageError(f"{source} is not a regular file")
        while piece := file.read(_PIECE):
            yield piece


def _sha256(path: Path) -> str:
    return "" if path.is_symlink() or not path.is_file() else files.sha256(path)


def _refuse_strange(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise UsageError(f"{name!r} is not the name of a file inside a folder")


_NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
