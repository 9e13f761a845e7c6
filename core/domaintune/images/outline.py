"""What the walk over a file's parts tells, before anything is decoded."""

from __future__ import annotations

import re
from dataclasses import dataclass

from domaintune.images.picture import Flaw

MOST_PARTS = 20_000
"""Chunks or segments of a file: more are no picture, and take long to walk over."""
MOST_TEXT = 2_000_000
"""Bytes of what a file says about its picture, unpacked: colour profiles, captions, camera settings."""
_ORIENTATION = 0x0112
_SHORT = 3
_STRANGER = re.compile(
    rb"PK\x03\x04|PK\x05\x06|%PDF-|<\?php|<!doctype|<html[\s>]|<script[\s>]|<svg[\s>]", re.IGNORECASE
)
"""What other programs would take the same file for."""
_IN_PIXELS = re.compile(rb"<(?:\?php[\s=]|!doctype\s+html|html[\s>]|script[\s>])|%pdf-[12]\.")
"""The same, longer, for bytes that are pixels: what is short enough is there by chance. In lower case."""
_END_OF_ZIP = b"PK\x05\x06"
_LATEST_END = 65_557
"""A ZIP is read from its end: 22 bytes, and a comment of at most 65,535."""


@dataclass(frozen=True, kw_only=True)
class Outline:
    """The size as stored, how it is to be turned (EXIF, 1 to 8), and the file without all that is no pixel.

    `key` is the grey level of a PNG that is transparent, scaled to 0 to 255; Pillow takes it unscaled.
    """

    width: int
    height: int
    plain: bytes
    orientation: int = 1
    key: int | None = None


def check_metadata(found: bytes | memoryview) -> None:
    """Raise Flaw where what stands beside the pixels is another file: a ZIP, a PDF, a web page or a script."""
    if len(found) > MOST_TEXT:
        raise Flaw("bytes", f"has more than {MOST_TEXT:,} bytes beside its pixels; save it without metadata")
    match = _STRANGER.search(found)
    if match:
        raise Flaw("format", f"has another file ({match.group()!r}) in its metadata; save it without metadata")


def check_content(content: bytes) -> None:
    """Raise Flaw where a file is another one too, wherever that stands: among the pixels, or behind the last of them.

    Decoders stop at the last pixel, and only they know where in the data that is.
    """
    match = _IN_PIXELS.search(content.lower())
    if match:
        raise Flaw("format", f"has another file ({match.group()!r}) among its pixels; save it anew")
    start = max(0, len(content) - _LATEST_END)
    while (start := content.find(_END_OF_ZIP, start, len(content) - 18)) >= 0:
        if _ends_zip(content, start):
            raise Flaw("format", "is a ZIP archive too; save it anew")
        start += 1


def _ends_zip(content: bytes, end: int) -> bool:
    """Tell whether the end of a ZIP stands here (APPNOTE 4.3.16): four bytes may do so by chance, its directory not."""
    if content[end - 20 : end].startswith(b"PK\x06\x07"):  # one of more than four gigabytes, or that says so
        return True
    size, place = (int.from_bytes(content[end + at : end + at + 4], "little") for at in (12, 16))
    empty = not any(content[end + 4 : end + 20])
    return empty or any(content.startswith(b"PK\x01\x02", at) for at in (end - size, place) if at >= 0)


def orientation(exif: bytes) -> int:
    """Return the orientation of an EXIF block, 1 (upright) where it says none or cannot be read.

    TIFF 6.0 and EXIF 2.3: the first directory, entry 0x0112, a short.
    """
    order = {b"II*\x00": "little", b"MM\x00*": "big"}.get(bytes(exif[:4]))
    if order is None:
        return 1

    def number(start: int, size: int) -> int:
        return int.from_bytes(exif[start : start + size], "little" if order == "little" else "big")

    start = number(4, 4)
    for place in range(start + 2, min(start + 2 + 12 * number(start, 2), len(exif) - 11), 12):
        if number(place, 2) == _ORIENTATION and number(place + 2, 2) == _SHORT:
            turned = number(place + 8, 2)
            return turned if 1 <= turned <= 8 else 1
    return 1
