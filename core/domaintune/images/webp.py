"""The parts of a WebP file (RFC 9649): a RIFF of chunks, with the picture in one of them."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from domaintune.images.outline import MOST_TEXT, Outline, check_metadata, orientation
from domaintune.images.picture import Flaw, check_size

MOST_CHUNKS = 100
_ANIMATION = 0x02
_SINGLE = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP", b"EXIF", b"XMP "}


def outline(content: bytes) -> Outline:
    """Walk over the chunks of a WebP; raises Flaw."""
    parts: dict[bytes, bytes] = {}
    for kind, data in _chunks(content):
        if kind in {b"ANIM", b"ANMF"}:
            raise Flaw("animated", "is animated; save one frame of it")
        if kind not in _SINGLE or kind in parts:
            raise Flaw("format", f"has a chunk {kind!r} twice, or that no WebP has; save it anew")
        parts[kind] = data
    size = _size(parts)
    check_size(*size)
    beside = [data for kind, data in parts.items() if kind in {b"ICCP", b"EXIF", b"XMP "}]
    for data in beside:
        check_metadata(data)
    if sum(map(len, beside)) > MOST_TEXT:
        raise Flaw("bytes", f"has more than {MOST_TEXT:,} bytes beside its pixels; save it without metadata")
    return Outline(
        width=size[0],
        height=size[1],
        plain=_plain(parts),
        orientation=orientation(parts.get(b"EXIF", b"").removeprefix(b"Exif\x00\x00")),
    )


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    whole = 8 + int.from_bytes(content[4:8], "little")
    if len(content) < whole or len(content) < 20:
        raise Flaw("truncated", "ends before its time; fetch it again")
    if len(content) > whole:
        raise Flaw("trailing", f"goes on for {len(content) - whole:,} bytes after its end; save it anew")
    place = 12
    for _ in range(MOST_CHUNKS):
        if place == len(content):
            return
        size = int.from_bytes(content[place + 4 : place + 8], "little")
        stop = place + 8 + size
        if place + 8 > len(content) or stop + size % 2 > len(content):
            raise Flaw("truncated", "ends before its time; fetch it again")
        yield content[place : place + 4], content[place + 8 : stop]
        place = stop + size % 2
    raise Flaw("format", f"has more than {MOST_CHUNKS} chunks; save it anew")


def _size(parts: Mapping[bytes, bytes]) -> tuple[int, int]:
    """Return width and height; the canvas and the picture on it must agree."""
    if (b"VP8 " in parts) == (b"VP8L" in parts):
        raise Flaw("truncated", "holds no picture, or two; fetch it again")
    size = _lossy(parts[b"VP8 "]) if b"VP8 " in parts else _lossless(parts[b"VP8L"])
    canvas = parts.get(b"VP8X")
    if canvas is None:
        if len(parts) > 1:
            raise Flaw("format", "is a damaged WebP: it has more chunks than its kind may; save it anew")
        return size
    if len(canvas) != 10 or next(iter(parts)) != b"VP8X":
        raise Flaw("format", "is a damaged WebP: its header has a wrong length or place; fetch it again")
    if canvas[0] & _ANIMATION:
        raise Flaw("animated", "is animated; save one frame of it")
    wanted = 1 + int.from_bytes(canvas[4:7], "little"), 1 + int.from_bytes(canvas[7:10], "little")
    check_size(*wanted)
    if wanted != size:
        raise Flaw("format", f"is a damaged WebP: a picture of {size} on a canvas of {wanted}; fetch it again")
    return size


def _lossy(data: bytes) -> tuple[int, int]:
    """Read the header of a VP8 key frame (RFC 6386, 9.1)."""
    if len(data) < 10:
        raise Flaw("truncated", "ends before its time; fetch it again")
    tag = int.from_bytes(data[:3], "little")
    if tag & 1 or data[3:6] != b"\x9d\x01\x2a":
        raise Flaw("format", "is a damaged WebP: it does not begin with a whole frame; fetch it again")
    if 10 + (tag >> 5) > len(data):
        raise Flaw("truncated", "ends before its time; fetch it again")
    width, height = struct.unpack_from("<HH", data, 6)
    return width & 0x3FFF, height & 0x3FFF


def _lossless(data: bytes) -> tuple[int, int]:
    if len(data) < 5:
        raise Flaw("truncated", "ends before its time; fetch it again")
    if data[0] != 0x2F:
        raise Flaw("format", "is a damaged WebP: it does not begin as a lossless one; fetch it again")
    bits = int.from_bytes(data[1:5], "little")
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)


def _plain(parts: Mapping[bytes, bytes]) -> bytes:
    """Return the file with its pixels and their transparency only."""
    kept = {kind: data for kind, data in parts.items() if kind in {b"VP8X", b"ALPH", b"VP8 ", b"VP8L"}}
    if b"VP8X" in kept:
        kept[b"VP8X"] = bytes([kept[b"VP8X"][0] & 0x10]) + kept[b"VP8X"][1:]  # only that it has transparency
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\x00" * (len(data) % 2) for kind, data in kept.items()
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body
