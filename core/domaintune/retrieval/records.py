"""What the folder of an index says of itself: written last, so that a folder without it is not finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from domaintune import files
from domaintune.errors import DataError

RECORD, SCHEMA_VERSION = "about.json", 1
CHECKED = 4_000_000
"""Bytes up to which a file is read and compared when it is opened; of a longer one only the length is."""


def write(folder: Path, about: Mapping[str, Any], names: Sequence[str]) -> None:
    """Finish a folder: what it is, and the lengths and hashes of its files."""
    held = {name: {"bytes": (folder / name).stat().st_size, "sha256": files.sha256(folder / name)} for name in names}
    said = {"schema_version": SCHEMA_VERSION, **about, "files": held}
    files.write_json(folder / RECORD, {**said, "check": files.fingerprint(said)})


def read(folder: Path, kind: str) -> dict[str, Any]:
    """Return what a finished folder says, having looked at its files; raises DataError."""
    about = _about(folder)
    if about is None or about.get("kind") != kind:
        raise DataError(f"{str(folder)!r} holds no finished {kind} index; index the knowledge anew")
    for name, held in about["files"].items():
        file = folder / name
        size = file.stat().st_size if file.is_file() else -1
        if size != held["bytes"] or (size <= CHECKED and files.sha256(file) != held["sha256"]):
            raise DataError(f"{name!r} in {str(folder)!r} is damaged or missing; index the knowledge anew")
    return about


def is_finished(folder: Path, about: Mapping[str, Any]) -> bool:
    """Tell whether a folder holds this very index, undamaged: every byte is looked at."""
    held = _about(folder)
    if held is None or any(held.get(key) != value for key, value in about.items()):
        return False
    return all(
        (folder / name).is_file() and files.sha256(folder / name) == value["sha256"]
        for name, value in held["files"].items()
    )


def fits(about: Mapping[str, Any], folder: Path, passages: int) -> None:
    """Refuse an index of other passages; raises DataError."""
    if about["passages"] != passages:
        raise DataError(
            f"the index in {str(folder)!r} is of {about['passages']:,} passages, but there are {passages:,}; "
            "index the knowledge anew"
        )


def _about(folder: Path) -> dict[str, Any] | None:
    try:
        about = files.read_json(folder / RECORD)
    except (OSError, ValueError):
        return None
    if not isinstance(about, dict) or about.get("schema_version") != SCHEMA_VERSION:
        return None
    check = about.pop("check", None)
    return about if check == files.fingerprint(about) else None
