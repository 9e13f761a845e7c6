"""Models that this machine makes once and keeps in its cache."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from domaintune import files


def is_ready(place: Path) -> bool:
    """Tell whether a model has been made."""
    return (place / "config.json").is_file()


def get(place: Path, make: Callable[[Path], Path]) -> Path:
    """Return the folder of a model; the first time, `make` is given a folder to work in and returns what to keep."""
    if is_ready(place):
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{place}.lock"):  # several processes may want it at once; one works, the others wait
        if not is_ready(place):
            with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}-") as work:
                files.replace_folder(make(Path(work)), place)
    return place
