"""One name for a picture, wherever its file lies: the SHA-256 of its bytes; and its size, without reading it again."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from functools import lru_cache
from pathlib import Path

from domaintune.images.picture import MOST_BYTES
from domaintune.images.reading import content_of, read

KEPT = re.compile(r"images/(?P<sha256>[0-9a-f]{64})\.(?:png|jpg|webp)")
"""The name in data files of a picture that domaintune keeps: it says what is in it."""


def picture_key(name: str) -> str:
    """Return the SHA-256 of a picture's bytes, in hex; that of its name where it cannot be read.

    A name as in data files, where no such file is, says the sum itself. A file that is there is read whatever its name:
    anybody may call it so. Nothing is checked here.
    """
    if name[:5].casefold() == "data:":
        return _of_url(name)
    try:
        status = Path(name).stat()
        return _of_file(name, status.st_mtime_ns, status.st_size)
    except (OSError, ValueError):
        kept = KEPT.fullmatch("/".join(re.split(r"[/\\]", name)[-2:]))
        return kept["sha256"] if kept else hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def picture_size(name: str) -> tuple[int, int]:
    """Return width and height of a picture, as it is seen; ImageError where it cannot be read.

    A file is read and checked when it is first met, and when it has changed.
    """
    try:
        status = None if name[:5].casefold() == "data:" else Path(name).stat()
    except (OSError, ValueError):
        status = None  # to read it says why
    return _measured(name) if status is None else _size_of_file(name, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1 << 16)
def _size_of_file(name: str, _changed: int, _size: int) -> tuple[int, int]:
    return _measured(name)


def _measured(name: str) -> tuple[int, int]:
    picture = read(name)
    return picture.width, picture.height


@lru_cache(maxsize=1 << 16)
def _of_file(name: str, _changed: int, _size: int) -> str:
    return hashlib.sha256(content_of(Path(name))).hexdigest()


def _of_url(url: str) -> str:
    if len(url) <= 2 * MOST_BYTES:
        try:
            return hashlib.sha256(base64.b64decode(url.partition(",")[2], validate=True)).hexdigest()
        except (binascii.Error, ValueError):
            pass
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
