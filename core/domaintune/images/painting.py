"""Checked pictures as pixels, and pixels as pictures."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from domaintune.images.checking import decoded, outline
from domaintune.images.outline import Outline
from domaintune.images.picture import Flaw, ImageError, Picture, check_size, named

if TYPE_CHECKING:
    from PIL import Image

GREY = (127, 127, 127)
"""The middle of black and white."""


def pixels(picture: Picture) -> Image.Image:
    """Return a picture as it is seen: RGB, 8 bits a channel, upright, what is transparent over white.

    Raises ImageError where the picture was not checked and cannot be decoded.
    """
    try:
        found = outline(picture)
        image = decoded(found, picture.format)
    except Flaw as flaw:
        raise ImageError(flaw.reason, f"the picture {flaw.why}") from None
    return _turned(_over_white(_keyed(image, found)), found.orientation)


def blank(picture: Picture) -> Picture:
    """Return a PNG of the same width and height that shows nothing: mid-grey all over."""
    from PIL import Image  # noqa: PLC0415  (only where pictures are)

    return encode(Image.new("RGB", (picture.width, picture.height), GREY))


def encode(image: Image.Image) -> Picture:
    """Return an image as a PNG without metadata, what is transparent over white: equal pixels give equal bytes.

    Raises ImageError where it has too few or too many pixels.
    """
    try:
        check_size(*image.size)
    except Flaw as flaw:
        raise ImageError(flaw.reason, f"the picture {flaw.why}") from None
    plain = _over_white(image).copy()
    plain.info.clear()  # Pillow writes what it finds there
    file = io.BytesIO()
    plain.save(file, "PNG", compress_level=6)
    return named(file.getvalue(), "PNG", *image.size)


def _keyed(image: Image.Image, found: Outline) -> Image.Image:
    """Scale the grey level that is transparent as Pillow has scaled the levels themselves."""
    if found.key is None:
        return image
    grey = image.convert("L") if image.mode == "1" else image
    grey.info["transparency"] = found.key
    return grey


def _over_white(image: Image.Image) -> Image.Image:
    """Return RGB; a picture is painted on white where it is transparent."""
    from PIL import Image  # noqa: PLC0415

    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    clear = image if image.mode == "RGBA" else image.convert("RGBA")
    white = Image.new("RGB", image.size, (255, 255, 255))
    white.paste(clear, mask=clear.getchannel("A"))
    return white


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    """Apply the EXIF orientation, 1 to 8."""
    from PIL import Image  # noqa: PLC0415

    turns = Image.Transpose
    how = {
        2: turns.FLIP_LEFT_RIGHT,
        3: turns.ROTATE_180,
        4: turns.FLIP_TOP_BOTTOM,
        5: turns.TRANSPOSE,
        6: turns.ROTATE_270,
        7: turns.TRANSVERSE,
        8: turns.ROTATE_90,
    }.get(orientation)
    return image if how is None else image.transpose(how)
