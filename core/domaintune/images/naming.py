"""One name for a picture, wherever its file lies: the SHA-256 of its bytes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from functools import lru_cache
from pathlib import Path

from domaintune.images.picture import MOST_BYTES
from domaintune.images.reading import content_of

HELD = re.compile(r"(?P<sha256>[0-9a-f]{64})\.(?:png|jpg|webp)")
"""The name of a file that domaintune keeps: it says what is in it."""


def picture_key(name: str) -> str:
    """Return the SHA-256 of a picture's bytes, in hex; that of its name where it cannot be read.

    A file that domaintune keeps is named by its content, and not read. Nothing is checked here.
    """
    if name[:5].casefold() == "data:":
        return _of_url(name)
    held = HELD.fullmatch(re.split(r"[/\\]", name)[-1])
    if held:
        return held["sha256"]
    try:
        status = Path(name).stat()
        return _of_file(name, status.st_mtime_ns, status.st_size)
    except (OSError, ValueError):
        return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


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
