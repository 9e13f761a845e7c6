"""A folder as a source: all files of known kinds below it, in the order of their names."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from domaintune.errors import DataError

MAX_FILES = 100_000


@dataclass(frozen=True)
class Listing:
    """The files of a folder by their path in it, with slashes, and what was passed over."""

    files: tuple[str, ...]
    passed: str = ""


def is_folder(source: str) -> bool:
    """Tell whether a source is a folder; an empty name is none."""
    return bool(source) and os.path.isdir(source)  # noqa: PTH112  (a name too long to be a path is no folder)


def listing(folder: str, kinds: Collection[str]) -> Listing:
    """List the files below a folder whose endings are known; raises DataError where there are none.

    Names that begin with a dot are left out, and so are links to folders and links that lead out.
    """
    root = Path(folder).resolve()
    found: dict[Path, str] = {}
    passed: Counter[str] = Counter()
    for path in _walk(folder):
        kind = path.suffix.casefold()
        where = _target(path, root)
        if where is None:
            passed["links that lead out, and what is no file"] += 1
        elif kind not in kinds:
            passed[f"{kind or 'no ending'}"] += 1
        elif where in found:
            passed["links to files that are here"] += 1
        else:
            found[where] = path.relative_to(folder).as_posix()
    if not found:
        raise DataError(f"{folder!r} is a folder without a file that can be read; known: {', '.join(kinds)}")
    if len(found) > MAX_FILES:
        raise DataError(f"{folder!r} holds more than {MAX_FILES:,} files; name the folders in it one by one")
    said = ", ".join(f"{kind} {count:,}" for kind, count in passed.most_common(8))
    return Listing(tuple(sorted(found.values(), key=lambda name: name.split("/"))), said)


def check_distinct(sources: Sequence[str], where: str) -> None:
    """Refuse a source that is named twice, itself or by its folder: its rows could not be told apart."""
    for source in sources:
        same = [other for other in sources if other == source or Path(other) == Path(source)]
        if len(same) > 1:
            raise DataError(f"{source!r} is named {len(same)} times in {where}; name it once")
    check_nested(sources)


def check_nested(sources: Sequence[str]) -> None:
    """Refuse a source that lies in a folder which is named too: its rows would come twice."""
    folders = {source: Path(source).resolve() for source in sources if is_folder(source)}
    for source in sources:
        inside = [name for name, folder in folders.items() if name != source and _inside(source, folder)]
        if inside:
            raise DataError(f"{source!r} lies in {inside[0]!r}, which is a source too; name one of them")


def _inside(source: str, folder: Path) -> bool:
    try:
        return Path(source).resolve().is_relative_to(folder)
    except (OSError, ValueError, RuntimeError):
        return False


def _walk(folder: str) -> Iterator[Path]:
    """Yield everything below a folder that is no folder itself, links to folders included; links come last."""

    def fail(error: OSError) -> None:
        raise DataError(f"{error.filename!r} cannot be read: {error.strerror}; check its permissions")

    links = []
    for place, folders, names in os.walk(folder, onerror=fail):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        linked = [name for name in folders if (Path(place) / name).is_symlink()]
        for name in [*linked, *sorted(name for name in names if not name.startswith("."))]:
            path = Path(place) / name
            if path.is_symlink():
                links.append(path)
            else:
                yield path
    yield from links


def _target(path: Path, root: Path) -> Path | None:
    """Return the real place of a regular file below the root, or None."""
    try:
        real = path.resolve()
        regular = stat.S_ISREG(path.stat().st_mode)
    except (OSError, RuntimeError):
        return None
    return real if regular and real.is_relative_to(root) else None
