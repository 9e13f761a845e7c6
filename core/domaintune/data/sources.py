"""Sources by name: a file of a known kind, or a hub dataset; whatever cannot be read is said before it is opened."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from domaintune import files
from domaintune.data.delimited import open_delimited
from domaintune.data.documents import open_json, open_json_lines
from domaintune.data.door import enter
from domaintune.data.folders import is_folder, listing
from domaintune.data.prose import open_prose
from domaintune.data.records import Table
from domaintune.errors import DataError

HUB = re.compile(r"hf:(?P<name>[^:]+)(?::(?P<split>.+))?", re.DOTALL)
HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
PACKED = {".gz", ".bz2", ".xz", ".zst", ".zip", ".tar", ".7z"}
NOT_REGULAR = {
    stat.S_IFIFO: "a pipe; write it into a file first",
    stat.S_IFCHR: "a device; write its output into a file first",
    stat.S_IFBLK: "a device; write its content into a file first",
    stat.S_IFSOCK: "a socket; write its output into a file first",
}


def _open_parquet(path: Path, encoding: str) -> Table:
    table: Table = enter("parquet").open_parquet(path, encoding)
    return table


READERS = {
    ".csv": open_delimited,
    ".tsv": open_delimited,
    ".json": open_json,
    ".jsonl": open_json_lines,
    ".ndjson": open_json_lines,
    ".parquet": _open_parquet,
    ".md": open_prose,
    ".markdown": open_prose,
    ".txt": open_prose,
}


def open_table(source: str, encoding: str) -> Table:
    """Open a source for reading; raises DataError where it cannot be."""
    hub = HUB.fullmatch(source)
    if hub:
        table: Table = enter("hub").open_hub(hub["name"], hub["split"] or "train")
        return table
    path = Path(source)
    _check_regular(path, source)
    reader = READERS.get(path.suffix.casefold())
    if reader is None:
        raise DataError(_unknown_kind(path))
    try:
        return reader(path, encoding)
    except (OSError, UnicodeError) as error:
        raise unreadable(source, error) from None


def contents(sources: Sequence[str]) -> dict[str, str]:
    """Return what tells whether sources have changed, by name: the SHA-256 of a file, a fingerprint of a folder.

    Hub datasets and what cannot be read are left out: they are for the readers to refuse.
    """
    found = {}
    for source in sources:
        with suppress(OSError, DataError):
            if os.path.isfile(source):  # noqa: PTH113  (a name too long to be a path is no file)
                found[source] = files.sha256(Path(source))
            elif is_folder(source):
                names = listing(source, READERS).files
                found[source] = files.fingerprint({name: files.sha256(Path(source, name)) for name in names})
    return found


def unreadable(source: str, error: OSError | UnicodeError) -> DataError:
    """Say why a file could not be read to its end."""
    if isinstance(error, OSError):
        return DataError(f"{source!r} cannot be read: {error.strerror or error}; check the file and its permissions")
    return DataError(f"{source!r} cannot be decoded: {error}; name its encoding with --set data.encoding=…")


def _check_regular(path: Path, source: str) -> None:
    if not source:
        raise DataError("there is no file ''; name one")
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise DataError(_missing(source, error)) from None
    kind = stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG:
        raise DataError(f"{source!r} is {NOT_REGULAR.get(kind, 'no regular file; write it into one first')}")
    if not status.st_size:
        raise DataError(f"{source!r} is empty; name a file with rows in it")


def _missing(source: str, error: OSError | ValueError) -> str:
    number = getattr(error, "errno", None)
    if number == errno.ELOOP:
        return f"{source!r} is a symbolic link that leads back to itself; name the file itself"
    if number not in {errno.ENOENT, errno.ENOTDIR}:
        return f"{source!r} cannot be read: {getattr(error, 'strerror', None) or error}; name another file"
    if HUB_ID.fullmatch(source) and Path(source).suffix.casefold() not in READERS:
        return f"there is no file {source!r}; for the hub dataset of that name write 'hf:{source}'"
    return f"there is no file {source!r}; check the path"


def _unknown_kind(path: Path) -> str:
    known = ", ".join(READERS)
    if path.suffix.casefold() in PACKED:
        return f"{str(path)!r} is packed; unpack it first and name the file inside ({known})"
    return f"{str(path)!r} is of no kind that can be read; known: {known}, and hub datasets as hf:owner/name"
