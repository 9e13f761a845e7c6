"""Pictures from strangers: refused or decoded within bounds, and then only as plain pixels; open to every plugin.

    picture = read("kites/7.jpg", folder)          # or a `data:` URL; ImageError says what is wrong, and `reason` names it
    picture.width, picture.height, picture.sha256
    pixels(picture)                                # a PIL image: RGB, upright, transparency over white

PNG, JPEG and WebP with one picture in them, nothing before and nothing behind it. See docs/images.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domaintune.lazy import on_demand

if TYPE_CHECKING:
    from domaintune.images.checking import check as check
    from domaintune.images.painting import blank as blank
    from domaintune.images.painting import encode as encode
    from domaintune.images.painting import pixels as pixels
    from domaintune.images.picture import LEAST_SIDE as LEAST_SIDE
    from domaintune.images.picture import MOST_BYTES as MOST_BYTES
    from domaintune.images.picture import MOST_PIXELS as MOST_PIXELS
    from domaintune.images.picture import MOST_SIDE as MOST_SIDE
    from domaintune.images.picture import Format as Format
    from domaintune.images.picture import ImageError as ImageError
    from domaintune.images.picture import Picture as Picture
    from domaintune.images.reading import read as read

_MODULE_OF = {
    "check": "checking",
    "read": "reading",
    **dict.fromkeys(("blank", "encode", "pixels"), "painting"),
    **dict.fromkeys(
        ("Format", "ImageError", "LEAST_SIDE", "MOST_BYTES", "MOST_PIXELS", "MOST_SIDE", "Picture"), "picture"
    ),
}

__all__ = [
    "LEAST_SIDE",
    "MOST_BYTES",
    "MOST_PIXELS",
    "MOST_SIDE",
    "Format",
    "ImageError",
    "Picture",
    "blank",
    "check",
    "encode",
    "pixels",
    "read",
]

__getattr__ = on_demand(__name__, _MODULE_OF)
