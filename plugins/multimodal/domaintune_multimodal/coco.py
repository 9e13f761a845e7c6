"""Annotation files of COCO (captions_*.json, instances_*.json), joined by picture into rows of `symbols.FIELDS`.

    {"images": [{"id": 7, "file_name": "7.jpg", "width": 640, "height": 480}],
     "annotations": [{"image_id": 7, "caption": "A dog sleeps."},
                     {"image_id": 7, "category_id": 18, "bbox": [134.4, 192.0, 293.1, 240.0], "iscrowd": 0}],
     "categories": [{"id": 18, "name": "dog"}]}

COCO's boxes are left, top, width and height in pixels. The two kinds of annotation may lie in one file or in several, and
the rows of the files are joined by the number of the picture, which may be a number in one and a text in another. Outlines
of objects are not kept, so that a file of half a gigabyte fits into memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domaintune import DataError, Origin
from domaintune_multimodal.symbols import is_finite

MAX_FILE = 1 << 30
"""Bytes of the largest file that is read; COCO's own largest has 470 MB."""
KEYS = (b'"images"', b'"annotations"')
UNREAD = ("segmentation", "keypoints", "segments_info")


@dataclass(kw_only=True)
class _Picture:
    """What the files say about one picture so far."""

    name: str
    origin: Origin
    width: Any = None
    height: Any = None
    captions: list[str] = field(default_factory=list)
    boxes: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass(kw_only=True)
class CocoReader:
    """Reads sources that are COCO's files; `strays` counts annotations of pictures that no file names."""

    strays: int = 0

    def __call__(self, sources: Sequence[str]) -> Iterator[tuple[dict[str, Any], Origin]] | None:
        """Return the joined rows with their places, or None where the sources are of another kind; raises DataError."""
        known = [source for source in sources if _looks_like(source)]
        if not known:
            return None
        if others := [source for source in sources if source not in known]:
            raise DataError(
                f"{known[0]!r} is a COCO file and {others[0]!r} is none; read them in two builds, or write both as JSONL"
            )
        return self._rows(known)

    def _rows(self, sources: Sequence[str]) -> Iterator[tuple[dict[str, Any], Origin]]:
        pictures: dict[str, _Picture] = {}
        stray: Any = None
        joined = False
        for source in sources:
            document = _document(source)
            for item in filter(_is_object, document["images"]):
                _meet(pictures, item, source)
            categories = {
                _number(item.get("id")): item.get("name") for item in document.get("categories", ()) if _is_object(item)
            }
            for note in filter(_is_object, document["annotations"]):
                if (picture := pictures.get(_number(note.get("image_id")) or "")) is None:
                    self.strays += 1
                    stray = note.get("image_id") if stray is None else stray
                else:
                    joined = True
                    _add(picture, note, categories)
        if self.strays and not joined:
            raise DataError(_all_astray(sources, self.strays, stray, list(pictures)))
        for number, picture in pictures.items():
            yield (
                {"id": number, "image": picture.name, "captions": picture.captions, "boxes": picture.boxes},
                picture.origin,
            )


def _all_astray(sources: Sequence[str], strays: int, stray: Any, pictures: Sequence[str]) -> str:
    """Return the sentence that no annotation belongs to any picture: there is nothing to ask about."""
    there = f"the first picture has the id {pictures[0][:40]!r}" if pictures else "they name no picture"
    return (
        f"none of {strays:,} annotations in {', '.join(map(repr, sources))} belongs to a picture of these files "
        f"(image_id {repr(stray)[:40]}, and {there}); name the files that belong together"
    )


def _number(value: Any) -> str | None:
    """Return the number of a picture or a category as a text, None for what cannot be one."""
    return str(value) if isinstance(value, int | str) and not isinstance(value, bool) else None


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _looks_like(source: str) -> bool:
    """Tell whether a source is a JSON document with the two lists that every COCO file has."""
    path = Path(source)
    try:
        if path.suffix.casefold() != ".json" or not path.is_file():
            return False
        if path.stat().st_size > MAX_FILE:
            return False  # the ordinary reader says what is wrong
        content = path.read_bytes()
    except OSError:
        return False
    return content.lstrip()[:1] == b"{" and all(key in content for key in KEYS)


def _document(source: str) -> Mapping[str, Any]:
    try:
        found = json.loads(Path(source).read_bytes().decode("utf-8-sig"), object_hook=_lighter)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{source!r} is no JSON document that can be read: {error}; mend the file") from None
    lists = isinstance(found, dict) and all(isinstance(found.get(key), list) for key in ("images", "annotations"))
    if not lists or not isinstance(found.get("categories", []), list):
        raise DataError(
            f"{source!r} needs a list `images` and a list `annotations`, as COCO's files have; mend the file"
        )
    document: Mapping[str, Any] = found
    return document


def _lighter(value: dict[str, Any]) -> dict[str, Any]:
    """Forget at once what is not read: the outlines are nine tenths of a file."""
    for key in UNREAD:
        value.pop(key, None)
    return value


def _meet(pictures: dict[str, _Picture], item: Mapping[str, Any], source: str) -> None:
    """Enter a picture, or, of one that another file named before, what is known of its size."""
    number = _number(item.get("id"))
    if number is None:
        number = str(item.get("file_name", ""))
    if number not in pictures:
        origin = Origin(source=source.encode("utf-8", "backslashreplace").decode(), place=f"image {number}")
        pictures[number] = _Picture(name=str(item.get("file_name") or ""), origin=origin)
    picture = pictures[number]
    if picture.width is None:
        picture.width, picture.height = item.get("width"), item.get("height")


def _add(picture: _Picture, note: Mapping[str, Any], categories: Mapping[str | None, Any]) -> None:
    """Add one annotation to its picture: a caption, or a box as corners from 0 to 1."""
    if isinstance(note.get("caption"), str):
        picture.captions.append(note["caption"])
    elif "bbox" in note:
        number = _number(note.get("category_id"))
        category = None if number is None else categories.get(number)
        picture.boxes.append(_box(note, category, (picture.width, picture.height)))


def _box(note: Mapping[str, Any], category: Any, size: tuple[Any, Any]) -> Mapping[str, Any]:
    """Return a box in the form of a row, or what is wrong with it: `flaw`.

    A crowd is no object: its one box around many would be read as one of them.
    """
    box = note["bbox"]
    if note.get("iscrowd") == 1:
        return {"flaw": "crowd", "category": category}
    if not isinstance(category, str):
        return {"flaw": "category", "category_id": note.get("category_id")}
    if not all(_is_length(side) for side in size):
        return {"flaw": "size", "category": category, "size": list(size)}
    if not isinstance(box, list) or len(box) != 4:
        return {"flaw": "length", "category": category, "bbox": box}
    if not all(isinstance(edge, int | float) and not isinstance(edge, bool) for edge in box):
        return {"flaw": "no-number", "category": category, "bbox": box}
    width, height = size
    x, y, w, h = box
    try:
        return {"category": category, "bbox": [x / width, y / height, (x + w) / width, (y + h) / height]}
    except OverflowError:  # a number of hundreds of digits
        return {"flaw": "no-number", "category": category}


def _is_length(side: Any) -> bool:
    return is_finite(side) and side > 0
