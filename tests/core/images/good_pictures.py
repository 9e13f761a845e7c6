"""Harmless pictures of every kind that is read, with what they show."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from PIL import Image

SIZE = (40, 24)
CLEAR = 0
"""The palette entry that is transparent."""


def scene(size: tuple[int, int] = SIZE) -> Image.Image:
    """Smooth, and different in each corner."""
    image = Image.new("RGB", size)
    for x in range(size[0]):
        for y in range(size[1]):
            image.putpixel((x, y), (x * 255 // size[0], y * 255 // size[1], 128))
    return image


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


def over_white(image: Image.Image) -> Image.Image:
    clear = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), clear).convert("RGB")


def half_clear() -> Image.Image:
    image = scene().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(SIZE))
    return image


def pictures() -> Iterator[tuple[str, bytes, Image.Image]]:
    """Yield name, bytes, and what is to be seen."""
    image = scene()
    for mode in ("1", "L", "P", "RGB"):
        one = image.convert(mode)
        yield f"mode-{mode}.png", saved(one, "PNG"), one.convert("RGB")
    for mode in ("LA", "RGBA"):
        one = half_clear().convert(mode)
        yield f"mode-{mode}.png", saved(one, "PNG"), over_white(one)
    palette = image.convert("P")
    seen = palette.convert("RGB")
    key = palette.getpixel((0, 0))
    for x in range(SIZE[0]):
        for y in range(SIZE[1]):
            if palette.getpixel((x, y)) == key:
                seen.putpixel((x, y), (255, 255, 255))
    yield "palette-clear.png", saved(palette, "PNG", transparency=key), seen
    yield "text.png", saved(image, "PNG", pnginfo=_text(), dpi=(72, 72), exif=exif(1)), image
    for mode in ("L", "RGB"):
        one = image.convert(mode)
        for name, options in {"plain": {}, "progressive": {"progressive": True}, "fine": {"subsampling": 0}}.items():
            content = saved(one, "JPEG", quality=90, **options)
            yield f"{name}-{mode}.jpg", content, Image.open(io.BytesIO(content)).convert("RGB")
    content = saved(image, "JPEG", comment=b"a kite", dpi=(72, 72), icc_profile=b"a profile")
    yield "comment.JPEG", content, Image.open(io.BytesIO(content)).convert("RGB")
    for name, options in {"lossy": {}, "lossless": {"lossless": True}, "exif": {"exif": exif(1)}}.items():
        content = saved(image, "WEBP", **options)
        yield f"{name}.webp", content, Image.open(io.BytesIO(content)).convert("RGB")
    content = saved(half_clear(), "WEBP", lossless=True, exact=True)
    yield "clear.webp", content, over_white(Image.open(io.BytesIO(content)))
    content = saved(half_clear(), "WEBP")
    yield "clear-lossy.webp", content, over_white(Image.open(io.BytesIO(content)))


def _text() -> Any:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Title", "a kite")
    info.add_itxt("Comment", "ein Drachen " * 50, zip=True)
    return info
