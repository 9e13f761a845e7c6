"""A picture that was checked, the limits it keeps to, and the error of one that is refused."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Literal, TypeAlias

from domaintune.errors import DataError

Format: TypeAlias = Literal["PNG", "JPEG", "WEBP"]
"""The formats that are read, by Pillow's names."""
MOST_PIXELS = 40_000_000
"""Width times height; larger ones are refused by their header, before anything is decoded."""
MOST_SIDE = 20_000
"""Width or height: a strip of 8 by 5,000,000 pixels is no picture."""
MOST_BYTES = 20_000_000
"""Bytes of a file."""
LEAST_SIDE = 8
"""Width or height: a picture of 1 by 1 pixel marks a page that was read, or is a mistake."""
SUFFIXES: dict[Format, str] = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
TYPES: dict[Format, str] = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


class ImageError(DataError):
    """A picture is refused; `reason` is a short, stable name of why (docs/images.md lists them)."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Flaw(Exception):  # noqa: N818  (not an error of the program: why a picture is refused, without its name)
    """Why a picture is refused, in words that follow its name."""

    def __init__(self, reason: str, why: str) -> None:
        super().__init__(why)
        self.reason = reason
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture as its file has it. `width` and `height` are in pixels, as it is seen: its EXIF orientation is applied."""

    content: bytes
    format: Format
    width: int
    height: int
    sha256: str

    @property
    def suffix(self) -> str:
        """The ending of a file of its format: `.png`, `.jpg` or `.webp`."""
        return SUFFIXES[self.format]

    @property
    def data_url(self) -> str:
        """The picture as a `data:` URL."""
        return f"data:{TYPES[self.format]};base64,{base64.b64encode(self.content).decode()}"


def named(content: bytes, kind: Format, width: int, height: int) -> Picture:
    """Return the picture of these bytes, with their SHA-256 in hex."""
    digest = hashlib.sha256(content).hexdigest()
    return Picture(content=content, format=kind, width=width, height=height, sha256=digest)


def check_size(width: int, height: int) -> None:
    """Raise Flaw where a picture has too few or too many pixels."""
    if min(width, height) < LEAST_SIDE:
        raise Flaw("size", f"has {width:,} x {height:,} pixels; a picture has {LEAST_SIDE} or more on each side")
    if max(width, height) > MOST_SIDE or width * height > MOST_PIXELS:
        raise Flaw(
            "size",
            f"has {width:,} x {height:,} pixels; make it smaller: at most {MOST_PIXELS:,} pixels, and {MOST_SIDE:,} on a "
            "side",
        )
