"""The parts of a JPEG file (ITU-T T.81): segments, scans, and the marker at its end."""

from __future__ import annotations

import re
from collections.abc import Iterator

from domaintune.images.outline import MOST_PARTS, MOST_TEXT, Outline, check_metadata, orientation
from domaintune.images.picture import Flaw, check_size

START = b"\xff\xd8"
_END, _SCAN, _EXIF, _ADOBE, _JFIF, _COMMENT = 0xD9, 0xDA, 0xE1, 0xEE, 0xE0, 0xFE
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_READ = {0xC0, 0xC1, 0xC2}
"""Baseline, extended and progressive, with Huffman codes: what libjpeg reads of 8 bits."""
_NEEDED = {*_FRAMES, 0xC4, 0xDB, 0xDD, _SCAN, _END, _JFIF, _ADOBE}
"""What the pixels depend on: frames, tables, scans, and the two notes on the colour space."""
MOST_SCANS = 50
"""A progressive picture has about ten; each of many would be decoded over the whole picture."""
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
"""What ends the data of a scan: a marker that is neither a stuffed zero nor a restart.

The fill bytes before it are not part of the pattern: to look for a run of them takes the square of its length.
"""
_FILL = re.compile(rb"\xff*")


def outline(content: bytes) -> Outline:
    """Walk over the segments of a JPEG; raises Flaw."""
    kept = [START]
    frame: tuple[int, int] | None = None
    turned, scans, beside = 1, 0, 0
    for kind, whole in _segments(content):
        if kind in _FRAMES:
            if frame is not None:
                raise Flaw("animated", "holds several pictures; save one of them")
            frame = _frame(kind, whole[4:])
        elif kind == _SCAN:
            scans += 1
            _check_scan(frame, scans)
        elif kind not in _NEEDED:
            beside += len(whole)
            turned = _metadata(kind, whole[4:], beside) or turned
        if kind in _NEEDED:
            kept.append(whole)
    if frame is None or not scans:
        raise Flaw("truncated", "holds no pixels; fetch it again")
    return Outline(width=frame[0], height=frame[1], plain=b"".join(kept), orientation=turned)


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (marker, segment with its marker) to the end of the file; a scan's data belongs to its segment."""
    place = len(START)
    for _ in range(MOST_PARTS):
        fill = _FILL.match(content, place)
        place = max(place, fill.end() - 1) if fill else place
        if place + 2 > len(content):
            raise Flaw("truncated", "ends before its time; fetch it again")
        if content[place] != 0xFF or content[place + 1] in {0x00, 0x01, *range(0xD0, 0xD9)}:
            raise Flaw("format", "is a damaged JPEG: there is no marker where one has to be; fetch it again")
        kind = content[place + 1]
        if kind == _END:
            if place + 2 < len(content):
                raise Flaw("trailing", f"goes on for {len(content) - place - 2:,} bytes after its end; save it anew")
            yield kind, content[place:]
            return
        length = int.from_bytes(content[place + 2 : place + 4], "big")
        stop = place + 2 + length
        if stop > len(content) or place + 4 > len(content):
            raise Flaw("truncated", "ends before its time; fetch it again")
        if length < 2:
            raise Flaw("format", "is a damaged JPEG: a segment has no length; fetch it again")
        if kind == _SCAN:
            stop = _end_of_scan(content, stop)
        yield kind, content[place:stop]
        place = stop
    raise Flaw("format", f"has more than {MOST_PARTS:,} segments; save it anew")


def _end_of_scan(content: bytes, start: int) -> int:
    match = _MARKER.search(content, start)
    if match is None:
        raise Flaw("truncated", "ends before its time; fetch it again")
    end = start + len(content[start : match.start()].rstrip(b"\xff"))
    if end == start:
        raise Flaw("truncated", "has a scan without data; fetch it again")
    return end


def _frame(kind: int, data: bytes) -> tuple[int, int]:
    if kind not in _READ:
        raise Flaw("mode", "is a lossless, hierarchical or arithmetic JPEG; save it as an ordinary one")
    if len(data) < 6 or len(data) != 6 + 3 * data[5]:
        raise Flaw("format", "is a damaged JPEG: its frame has a wrong length; fetch it again")
    if data[0] != 8:
        raise Flaw("mode", f"has {data[0]} bits a channel; convert it to 8")
    width, height = int.from_bytes(data[3:5], "big"), int.from_bytes(data[1:3], "big")
    check_size(width, height)
    if data[5] not in {1, 3}:
        raise Flaw("mode", f"has {data[5]} channels (CMYK?); convert it to RGB")
    return width, height


def _check_scan(frame: tuple[int, int] | None, scans: int) -> None:
    if frame is None or scans > MOST_SCANS:
        raise Flaw("format", f"is no JPEG that is read: no frame, or more than {MOST_SCANS} scans; save it anew")


def _metadata(kind: int, data: bytes, beside: int) -> int | None:
    """Look at a segment beside the pixels; returns the orientation where it says one."""
    if not (0xE0 <= kind <= 0xEF or kind == _COMMENT):
        raise Flaw("format", f"has a marker {kind:#x} that no common JPEG has; save it anew")
    if kind == 0xE2 and data[:4] == b"MPF\x00":
        raise Flaw("animated", "holds several pictures (MPO); save one of them as an ordinary JPEG")
    if beside > MOST_TEXT:
        raise Flaw("bytes", f"has more than {MOST_TEXT:,} bytes beside its pixels; save it without metadata")
    check_metadata(data)
    return orientation(data[6:]) if kind == _EXIF and data[:6] == b"Exif\x00\x00" else None
