"""PNG, JPEG and WebP files put together by hand, so that they may lie."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from functools import cache
from typing import Any

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes, *, crc: int | None = None) -> bytes:
    return (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data) if crc is None else crc)
    )


def header(width: int, height: int, depth: int = 8, colour: int = 2, *rest: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, *(rest or (0, 0, 0))))


def raw(width: int, height: int, channels: int = 3, fill: int = 90) -> bytes:
    return (b"\x00" + bytes([fill]) * (width * channels)) * height


def png(*chunks: bytes, end: bytes = chunk(b"IEND", b"")) -> bytes:
    return SIGNATURE + b"".join(chunks) + end


def pixels(width: int, height: int, channels: int = 3) -> bytes:
    return chunk(b"IDAT", zlib.compress(raw(width, height, channels)))


@cache
def zeros(size: int) -> bytes:
    """A zlib stream of so many zeros, made a block at a time."""
    packer, block = zlib.compressobj(9), bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(size >> 20)) + packer.flush()


def split_png(content: bytes) -> list[bytes]:
    """The chunks of a PNG, each whole."""
    parts, place = [], len(SIGNATURE)
    while place < len(content):
        stop = place + 12 + int.from_bytes(content[place : place + 4], "big")
        parts.append(content[place:stop])
        place = stop
    return parts


def interlaced(image: Any) -> bytes:
    """An RGB image as an Adam7 PNG."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    width, height = image.size
    rows = [
        b"\x00" + b"".join(bytes(image.getpixel((x, y))) for x in range(column, width, across))
        for column, row, across, down in passes
        for y in range(row, height, down)
        if column < width
    ]
    return png(header(width, height, 8, 2, 0, 0, 1), chunk(b"IDAT", zlib.compress(b"".join(rows))))


def segment(kind: int, data: bytes) -> bytes:
    return bytes([0xFF, kind]) + struct.pack(">H", len(data) + 2) + data


def with_segments(content: bytes, segments: Iterable[bytes]) -> bytes:
    """A JPEG with more segments after its first marker."""
    return content[:2] + b"".join(segments) + content[2:]


def with_frame(content: bytes, **changes: int) -> bytes:
    """A JPEG whose frame header says something else."""
    place = min(found for kind in (0xC0, 0xC1, 0xC2) if (found := content.find(bytes([0xFF, kind]))) > 0)
    changed = bytearray(content)
    if "marker" in changes:
        changed[place + 1] = changes["marker"]
    if "bits" in changes:
        changed[place + 4] = changes["bits"]
    for name, start in (("height", place + 5), ("width", place + 7)):
        if name in changes:
            changed[start : start + 2] = struct.pack(">H", changes[name])
    return bytes(changed)


def riff(*chunks: tuple[bytes, bytes], size: int | None = None) -> bytes:
    body = b"WEBP" + b"".join(k + struct.pack("<I", len(d)) + d + b"\x00" * (len(d) % 2) for k, d in chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def split_webp(content: bytes) -> list[tuple[bytes, bytes]]:
    parts, place = [], 12
    while place < len(content):
        size = int.from_bytes(content[place + 4 : place + 8], "little")
        parts.append((content[place : place + 4], content[place + 8 : place + 8 + size]))
        place += 8 + size + size % 2
    return parts


def canvas(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    return b"VP8X", bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def lossless(width: int, height: int, data: bytes = bytes(40)) -> tuple[bytes, bytes]:
    return b"VP8L", b"\x2f" + ((width - 1) | (height - 1) << 14).to_bytes(4, "little") + data
