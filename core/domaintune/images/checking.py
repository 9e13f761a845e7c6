"""The door: bytes of unknown origin are refused, or become a picture.

The file's parts are walked over first, by our own code and without decoding; only what has the right size, order, sums
and nothing else in it is decoded, once, without its metadata.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from domaintune.errors import DataError
from domaintune.images import jpeg, png, webp
from domaintune.images.outline import Outline, check_content
from domaintune.images.picture import MOST_BYTES, Flaw, Format, ImageError, Picture, named

if TYPE_CHECKING:
    from PIL import Image

ENDINGS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".webp": "WEBP"}
MODES = {"1", "L", "LA", "P", "RGB", "RGBA"}
_OUTLINES: dict[Format, Callable[[bytes], Outline]] = {"PNG": png.outline, "JPEG": jpeg.outline, "WEBP": webp.outline}
_ENDING = re.compile(r"\.[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*")
_TURNED = 5
"""Orientations from here on swap width and height."""
_OTHERS = (
    (b"GIF8", "a GIF"),
    (b"II*\x00", "a TIFF"),
    (b"MM\x00*", "a TIFF"),
    (b"BM", "a BMP"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP"),
    (b"\x1f\x8b", "packed with gzip"),
    (b"<?xml", "XML (SVG?)"),
    (b"<svg", "an SVG"),
    (b"<", "a web page"),
    (b"8BPS", "a Photoshop file"),
    (b"\x00\x00\x00\x0cjP", "a JPEG 2000"),
    (b"\x00\x00\x00\x0cJXL", "a JPEG XL"),
)
_LOCK = threading.RLock()


def check(content: bytes, name: str = "") -> Picture:
    """Return the picture that these bytes are.

    Args:
        content: a whole file.
        name: what it is called in messages; where this ends like a file (`.png`), the ending must fit the content.

    Raises:
        ImageError: it is no picture that is read; `reason` names why.
    """
    try:
        kind = _format(content)
        found = _OUTLINES[kind](content)
        check_content(content)
        _check_ending(name, kind)
        decoded(found, kind)
    except Flaw as flaw:
        raise ImageError(flaw.reason, f"the picture{shown(name)} {flaw.why}") from None
    size = (found.width, found.height)
    return named(content, kind, *(size if found.orientation < _TURNED else size[::-1]))


def outline(picture: Picture) -> Outline:
    """Return the parts of a picture that was checked."""
    return _OUTLINES[picture.format](picture.content)


def decoded(found: Outline, kind: Format) -> Image.Image:
    """Decode the pixels as they are stored; raises Flaw, and DataError where Pillow is not installed."""
    try:
        from PIL import Image  # noqa: PLC0415  (only where pictures are)
    except ModuleNotFoundError:
        raise DataError("pictures need the package 'pillow'; run: pip install 'domaintune[train]'") from None
    with _strictly():
        try:
            image: Image.Image = Image.open(io.BytesIO(found.plain), formats=[kind])
            if image.size != (found.width, found.height) or getattr(image, "n_frames", 1) != 1:
                raise Flaw("format", "is not what its header says; save it anew")
            if image.mode not in MODES:
                raise Flaw("mode", f"has the colour mode {image.mode}; convert it to RGB")
            image.load()
        except Flaw:
            raise
        except MemoryError:
            raise
        except Exception as error:  # whatever decoders say of broken bytes: OSError, SyntaxError, struct.error, …
            raise Flaw("truncated", f"cannot be decoded ({_line(error)}); fetch it again") from None
    return image


def shown(name: str) -> str:
    """Return a name for a message, in quotes after a space: one line, escaped, of bounded length."""
    if not name:
        return ""
    return f" {name[:60]!r}…" if len(name) > 200 else f" {name!r}"


def ending_of(name: str) -> str:
    """Return the ending of a name that says what is in the file (`.png`), empty where none does (`7`, `kite.2024`)."""
    ending = PurePosixPath(name).suffix.casefold()
    return ending if len(ending) <= 6 and _ENDING.fullmatch(ending) else ""


def _format(content: bytes) -> Format:
    """Tell the format by the first bytes."""
    if not content:
        raise Flaw("truncated", "is empty; fetch it again")
    if len(content) > MOST_BYTES:
        raise Flaw("bytes", f"has more than {MOST_BYTES:,} bytes; make it smaller")
    if content.startswith(png.SIGNATURE):
        return "PNG"
    if content.startswith(jpeg.START):
        return "JPEG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    head = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    other = next((what for start, what in _OTHERS if content.startswith(start) or head.startswith(start)), None)
    if len(content) < 12 and any(start.startswith(content) for start in (png.SIGNATURE, jpeg.START, b"RIFF")):
        raise Flaw("truncated", "ends before its time; fetch it again")
    what = f"is {other}" if other else "is no picture of a known format"
    raise Flaw("format", f"{what}; save it as PNG, JPEG or WebP")


def _check_ending(name: str, kind: Format) -> None:
    ending = ending_of(name)
    if ending and ENDINGS.get(ending) != kind:
        raise Flaw(
            "extension", f"is a {kind.replace('WEBP', 'WebP')}, which does not fit its name; rename it, or save it anew"
        )


@contextmanager
def _strictly() -> Iterator[None]:
    """Let no half of a picture pass, whatever another library has told Pillow."""
    from PIL import ImageFile  # noqa: PLC0415

    if not ImageFile.LOAD_TRUNCATED_IMAGES:
        yield
        return
    with _LOCK:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = True


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:100] or type(error).__name__
