"""Checkpoints that are there whole or not at all.

The stock Trainer writes into `checkpoint-N` in place; killed while saving, it leaves a folder it later chooses and
cannot read. Here a checkpoint is written aside, gets a marker that lists its files' hashes, and is renamed; on resume
the newest one whose marker still tells the truth is taken.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from domaintune import files

MARKER = "complete.json"


def finish(written: Path, place: Path) -> None:
    """Mark a written checkpoint as complete and move it into place."""
    files.write_json(written / MARKER, files.folder_hashes(written))
    files.replace_folder(written, place)


def latest_valid(folder: Path) -> Path | None:
    """Return the newest checkpoint whose files are all there and unchanged, or None."""
    numbered = [(int(path.name.rpartition("-")[2]), path) for path in folder.glob("checkpoint-*") if path.is_dir()]
    return next((path for _, path in sorted(numbered, reverse=True) if is_valid(path)), None)


def is_valid(checkpoint: Path) -> bool:
    """Tell whether a checkpoint has its marker and every file the marker names, byte for byte."""
    try:
        promised = files.read_json(checkpoint / MARKER)
        return all(files.sha256(checkpoint / name) == digest for name, digest in promised.items())
    except (OSError, ValueError, AttributeError):
        return False


def prune(folder: Path, keep: int) -> None:
    """Remove all but the newest checkpoints, and whatever a kill left half written."""
    shutil.rmtree(folder / "saving", ignore_errors=True)
    numbered = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    for path in numbered[:-keep] if keep else numbered:
        shutil.rmtree(path, ignore_errors=True)
