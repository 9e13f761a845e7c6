"""What `domaintune plugins` says, remembered: to import every plugin takes ten times as long as to start Python.

A listing depends on the interpreter, on what is installed, on the DOMAINTUNE_ variables, and on the modules that were
imported to make it. All of these are looked at again before a remembered listing is used. Where a plugin is broken
nothing is remembered, since what would mend it is not known.
"""
# pathlib would take longer to import than a remembered listing to print
# ruff: noqa: PTH103, PTH105, PTH111, PTH116, PTH117, PTH118, PTH120, PTH123, PTH208, PLC0415

from __future__ import annotations

import os
import sys

from domaintune import __version__

TYPE_CHECKING = False  # as in typing, likewise
if TYPE_CHECKING:
    from collections.abc import Iterator

_BETWEEN = "\0"  # the file is text, document, modules and state; this is in none of them


def place() -> str:
    """Return the file of the remembered listing: in `home.cache_folder()`, which takes longer to ask."""
    if home := os.environ.get("DOMAINTUNE_HOME"):
        folder = os.path.expanduser(home)
    elif sys.platform == "linux":
        caches = os.environ.get("XDG_CACHE_HOME", "")
        folder = os.path.join(caches if os.path.isabs(caches) else os.path.expanduser("~/.cache"), "domaintune")
    else:
        from domaintune.home import cache_folder

        folder = str(cache_folder())
    return os.path.join(folder, "plugins.txt")


def remembered() -> tuple[str, str] | None:
    """Return text and document of last time, or None where anything has changed or the file cannot be read."""
    try:
        with open(place(), encoding="utf-8", errors="surrogateescape", newline="") as file:
            text, document, modules, state = file.read().split(_BETWEEN)
        return (text, document) if state == _state(modules.split("\n")) else None
    except (OSError, ValueError):
        return None


def remember(text: str, document: str) -> None:
    """Write the listing whole or not at all; a cache that cannot be written is no one's problem."""
    files = {
        file for module in list(sys.modules.values()) if isinstance(file := getattr(module, "__file__", None), str)
    }
    watched = sorted(files | {os.path.dirname(file) for file in files})  # a folder changes when files come or go
    aside = f"{place()}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(aside), exist_ok=True)
        with open(aside, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(_BETWEEN.join((text, document, "\n".join(watched), _state(watched))))
        os.replace(aside, place())
    except (OSError, ValueError):
        return


def _state(watched: list[str]) -> str:
    """Return what the listing depends on: where any of it changes, so does this text."""
    ours = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith("DOMAINTUNE_"))
    places = [*sys.path, *_installed(), *watched]
    return "\n".join([sys.executable, sys.version, __version__, *ours, *map(_stamp, places)])


def _installed() -> Iterator[str]:
    """Yield the files by which packages announce themselves; those edited in place leave their folder's time alone."""
    for folder in sys.path:
        try:
            names = sorted(os.listdir(folder or "."))
        except OSError:  # an archive, or nothing
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                yield os.path.join(folder, name, "entry_points.txt")
            elif name.endswith(".pth"):
                yield os.path.join(folder, name)


def _stamp(path: str) -> str:
    try:
        status = os.stat(path or ".")
    except (OSError, ValueError):
        return f"{path} is not there"
    return f"{path} {status.st_mtime_ns} {status.st_size}"
