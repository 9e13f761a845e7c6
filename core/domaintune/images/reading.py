"""Pictures by name: a file inside a folder, or a `data:` URL. Nothing is ever fetched."""

from __future__ import annotations

import base64
import binascii
import errno
import os
import re
import stat
from pathlib import Path

from domaintune.images.checking import check, shown
from domaintune.images.picture import MOST_BYTES, TYPES, ImageError, Picture

_DATA = re.compile(r"data:(?P<type>[^,;]*);base64,", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://|(https?|file|ftp|blob|javascript|about):", re.IGNORECASE)
_PARTS = re.compile(r"[/\\]")
_LONGEST_NAME = 4096


def read(name: str, folder: Path | None = None) -> Picture:
    """Read and check the picture of this name.

    Args:
        name: a path, or a `data:` URL (`data:image/png;base64,…`).
        folder: where the name is looked up; it may not lead out of it. None: any file that can be opened.

    Raises:
        ImageError: there is none, it may not be read, or it is no picture; `reason` names why.
    """
    if name[:5].casefold() == "data:":
        return _of_url(name)
    return read_at(name, located(name, folder))


def located(name: str, folder: Path | None) -> Path:
    """Return where the file of a picture lies, links followed; ImageError where it may not be read."""
    if _URL.match(name):
        raise ImageError(
            "url", f"the picture{shown(name)} is an address; nothing is fetched: save it as a file and name that"
        )
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise ImageError("missing", f"the picture{shown(name)} has no name that a file can have; name a file")
    if "\x00" in name:
        raise ImageError("unsafe-path", f"the picture{shown(name)} has a zero byte in its name; mend the row")
    try:
        if folder is None:
            return Path(name).resolve()
        inside = folder.resolve()
        place = (inside / name).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, names that no file can have
        raise ImageError("missing", f"the picture{shown(name)} cannot be found ({error}); mend the row") from None
    if ".." in _PARTS.split(name) or not place.is_relative_to(inside) or place == inside:
        raise ImageError("unsafe-path", f"the picture{shown(name)} lies outside the folder of pictures; copy it there")
    return place


def read_at(name: str, place: Path) -> Picture:
    """Read and check the picture that `located` has found; ImageError where it is none."""
    try:
        content = content_of(place)
    except FileNotFoundError:
        raise ImageError(
            "missing",
            f"there is no picture{shown(name)}; mend the row, or name the folder of the pictures with data.images",
        ) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ImageError("missing", f"the picture{shown(name)} cannot be read: {why}; mend the row") from None
    return check(content, name)


def content_of(place: Path) -> bytes:
    """Return the bytes of an ordinary file, at most one more than a picture may have; OSError where it is none.

    A pipe or a device is never waited for.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    if not stat.S_ISREG(place.stat().st_mode):  # to open a device may do something
        raise OSError(errno.EINVAL, "it is no ordinary file")
    with os.fdopen(os.open(place, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no ordinary file")
        return file.read(MOST_BYTES + 1)


def _of_url(url: str) -> Picture:
    head = _DATA.match(url)
    declared = head["type"].casefold().replace("image/jpg", "image/jpeg") if head else ""
    if head is None or declared not in TYPES.values():
        raise ImageError(
            "data-url",
            f"the picture{shown(url[:60])} is no data URL that is read; write data:image/png;base64,… (or jpeg, webp)",
        )
    name = head.group() + "…"
    if len(url) - head.end() > (MOST_BYTES + 2) // 3 * 4:
        raise ImageError("bytes", f"the picture{shown(name)} has more than {MOST_BYTES:,} bytes; make it smaller")
    try:
        content = base64.b64decode(url[head.end() :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImageError("data-url", f"the picture{shown(name)} is not base64 ({error}); encode it anew") from None
    picture = check(content, name)
    if TYPES[picture.format] != declared:
        raise ImageError("extension", f"the picture{shown(name)} is in fact {TYPES[picture.format]}; say so in its URL")
    return picture
