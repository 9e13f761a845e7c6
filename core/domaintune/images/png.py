"""The parts of a PNG file (W3C Recommendation of 2003 and later): chunks, their order, and how much their data holds."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence

from domaintune.images.outline import MOST_PARTS, MOST_TEXT, Outline, check_metadata, orientation
from domaintune.images.picture import Flaw, check_size

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
GREY, PALETTE = 0, 3
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Of an interlaced picture: first column and row of each pass, and the steps between them."""
BLOCK = 1 << 20


def outline(content: bytes) -> Outline:
    """Walk over the chunks of a PNG; raises Flaw."""
    parts = list(_chunks(content))
    _check_order([kind for kind, _ in parts])
    width, height, depth, colour, interlaced = _header(bytes(parts[0][1]))
    _check_metadata(parts)
    _check_pixels(
        [data for kind, data in parts if kind == b"IDAT"],
        _raw_bytes(width, height, depth * CHANNELS[colour], interlaced),
    )
    palette = [data for kind, data in parts if kind == b"PLTE"]
    clear = [bytes(data) for kind, data in parts if kind == b"tRNS"]
    if (colour == PALETTE and not palette) or len(palette) > 1 or len(clear) > 1:
        raise Flaw("format", "has no palette, or several, where a PNG has one; save it anew")
    if palette and (len(palette[0]) % 3 or not 0 < len(palette[0]) <= 768):
        raise Flaw("format", "has a palette of a length that no PNG has; save it anew")
    exif = next((bytes(data) for kind, data in parts if kind == b"eXIf"), b"")
    keep = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
    return Outline(
        width=width,
        height=height,
        plain=SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts if kind in keep),
        orientation=orientation(exif),
        key=_key(clear[0], depth) if clear and colour == GREY else None,
    )


def _chunks(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yield (type, data) of each chunk to the end of the file; each has the sum that it says."""
    view, start = memoryview(content), len(SIGNATURE)
    for _ in range(MOST_PARTS):
        if start + 12 > len(content):
            raise Flaw("truncated", "ends before its time; fetch it again")
        (size,) = struct.unpack_from(">I", content, start)
        kind = content[start + 4 : start + 8]
        stop = start + 8 + size
        if not (kind.isalpha() and kind.isascii()):
            raise Flaw("format", "is a damaged PNG: a chunk has no name; fetch it again")
        if stop + 4 > len(content):
            raise Flaw("truncated", "ends before its time; fetch it again")
        if zlib.crc32(view[start + 4 : stop]) != struct.unpack_from(">I", content, stop)[0]:
            raise Flaw("truncated", f"is damaged: the sum of its {kind.decode()} chunk is wrong; fetch it again")
        yield kind, view[start + 8 : stop]
        start = stop + 4
        if kind == b"IEND":
            if start < len(content):
                raise Flaw("trailing", f"goes on for {len(content) - start:,} bytes after its end; save it anew")
            return
    raise Flaw("format", f"has more than {MOST_PARTS:,} chunks; save it anew")


def _check_order(kinds: Sequence[bytes]) -> None:
    if kinds[0] != b"IHDR" or kinds.count(b"IHDR") != 1:
        raise Flaw("format", "is a damaged PNG: its header does not come first, and once; fetch it again")
    if {b"acTL", b"fcTL", b"fdAT"} & set(kinds):
        raise Flaw("animated", "is animated; save one frame of it")
    strange = {kind for kind in kinds if kind[:1].isupper()} - {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
    if strange:
        raise Flaw("format", f"has a chunk {min(strange).decode()} that no PNG has; save it anew")
    if b"IDAT" not in kinds:
        raise Flaw("truncated", "holds no pixels; fetch it again")
    first = kinds.index(b"IDAT")
    run = kinds.count(b"IDAT")
    if any(kind != b"IDAT" for kind in kinds[first : first + run]):
        raise Flaw("format", "is a damaged PNG: its pixels do not stand in one row; save it anew")
    if {b"PLTE", b"tRNS"} & set(kinds[first:]) or (
        b"PLTE" in kinds and b"tRNS" in kinds and kinds.index(b"tRNS") < kinds.index(b"PLTE")
    ):
        raise Flaw("format", "is a damaged PNG: its palette comes too late; save it anew")


def _header(data: bytes) -> tuple[int, int, int, int, bool]:
    if len(data) != 13:
        raise Flaw("format", "is a damaged PNG: its header has a wrong length; fetch it again")
    width, height, depth, colour, packing, filtering, interlace = struct.unpack(">IIBBBBB", data)
    if depth not in DEPTHS.get(colour, ()) or packing or filtering or interlace > 1:
        raise Flaw("format", "is a damaged PNG: its header says what no PNG has; fetch it again")
    check_size(width, height)
    if depth == 16:
        raise Flaw("mode", "has 16 bits a channel; convert it to 8, at the brightness that is meant")
    return width, height, depth, colour, bool(interlace)


def _check_metadata(parts: Sequence[tuple[bytes, memoryview]]) -> None:
    """Look at what stands beside the pixels, unpacked as far as it may go."""
    total = 0
    for kind, data in parts:
        if kind in {b"IHDR", b"IDAT", b"IEND"}:
            continue
        total += len(data)
        check_metadata(data)
        packed = _packed(kind, bytes(data)) if len(data) <= MOST_TEXT else None
        if packed is not None:
            total += _unpacked(packed)
        if total > MOST_TEXT:
            raise Flaw("bytes", f"unpacks to more than {MOST_TEXT:,} bytes beside its pixels; save it without metadata")


def _packed(kind: bytes, data: bytes) -> bytes | None:
    """Return what is packed in a chunk, None where nothing is."""
    if kind in {b"zTXt", b"iCCP"}:
        return data.partition(b"\x00")[2][1:]
    if kind == b"iTXt":
        rest = data.partition(b"\x00")[2]
        return rest[2:].split(b"\x00", 2)[-1] if rest[:1] == b"\x01" else None
    return None


def _unpacked(packed: bytes) -> int:
    """Return how many bytes are packed, at most one more than are allowed; what cannot be unpacked counts as packed."""
    try:
        found = zlib.decompressobj().decompress(packed, MOST_TEXT + 1)
    except zlib.error:
        return 0
    check_metadata(found)
    return len(found)


def _raw_bytes(width: int, height: int, bits: int, interlaced: bool) -> int:
    """Return how many bytes the pixels have when unpacked: of each row one for its filter."""
    if not interlaced:
        return height * (1 + (width * bits + 7) // 8)
    total = 0
    for column, row, across, down in PASSES:
        columns, rows = -(-(width - column) // across), -(-(height - row) // down)
        total += rows * (1 + (columns * bits + 7) // 8) if columns > 0 and rows > 0 else 0
    return total


def _check_pixels(parts: Sequence[memoryview], expected: int) -> None:
    """Unpack the pixels block by block, counting only: as many bytes as the header says, then the end."""
    unpacker, seen = zlib.decompressobj(), 0
    try:
        for part in parts:
            waiting: bytes | memoryview = part
            while len(waiting) and not unpacker.eof:
                seen += len(unpacker.decompress(waiting, BLOCK))
                waiting = unpacker.unconsumed_tail
                if seen > expected:
                    raise Flaw(
                        "bytes", f"unpacks to more than the {expected:,} bytes that its size needs; save it anew"
                    )
            if unpacker.eof and (unpacker.unused_data or len(waiting)):
                raise Flaw("trailing", "goes on after the end of its pixels; save it anew")
        while not unpacker.eof and (rest := unpacker.decompress(b"", BLOCK)):  # what is read, and not yet written
            seen += len(rest)
    except zlib.error as error:
        raise Flaw("truncated", f"is damaged: its pixels cannot be unpacked ({error}); fetch it again") from None
    if seen > expected:
        raise Flaw("bytes", f"unpacks to more than the {expected:,} bytes that its size needs; save it anew")
    if seen < expected or not unpacker.eof:
        raise Flaw("truncated", f"ends before its time: {seen:,} of {expected:,} bytes of pixels; fetch it again")


def _chunk(kind: bytes, data: memoryview) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def _key(data: bytes, depth: int) -> int:
    level: int = int.from_bytes(data[:2], "big") * 255 // (2**depth - 1)
    return level
