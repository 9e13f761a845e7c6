"""Symbolic images: what a teacher who sees no picture is told of one, its captions and the boxes of its objects.

    {"id": "7", "image": "7.jpg", "captions": ["A dog sleeps on a sofa."],
     "instances": [{"category": "dog", "bbox": [0.21, 0.4, 0.668, 0.9]}]}

    A dog sleeps on a sofa.
    dog: [0.21, 0.4, 0.668, 0.9]

A box is given by its corners, left, top, right, bottom, from 0 to 1 and to three decimals. A box that cannot be is left
out and counted; a picture of which no box or no caption is left over becomes a line of the ledger.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domaintune import Field, Row

FIELDS = (
    Field(name="id", aliases=("image_id",), required=False),
    Field(name="image", aliases=("file_name", "filename", "image_path")),
    Field(name="captions", aliases=("caption", "sentences"), nested=True),
    Field(name="boxes", aliases=("instances", "objects"), required=False, nested=True),
)
BEYOND = 0.02
"""So far outside of its picture (a share of the side) an edge may lie and is moved in; one further off is wrong."""
NAMES = ("category", "name", "label")
CORNERS = ("bbox", "box")


@dataclass(frozen=True, kw_only=True)
class Box:
    """One object: its category, and left, top, right and bottom edge as shares of the picture."""

    category: str
    corners: tuple[float, float, float, float]

    def __str__(self) -> str:
        """Write it as a teacher reads it: `dog: [0.21, 0.4, 0.668, 0.9]`."""
        return f"{self.category}: [{', '.join(str(edge) for edge in self.corners)}]"


@dataclass(frozen=True, kw_only=True)
class SymbolicImage:
    """A picture in words: `image` is the name of its file, `boxes` are in the order of their source.

    `uncounted` are the categories of which boxes were left out, so that nothing is known of their number.
    """

    id: str
    image: str
    captions: tuple[str, ...]
    boxes: tuple[Box, ...] = ()
    uncounted: frozenset[str] = frozenset()

    def text(self, *, boxes: bool = True) -> str:
        """Write the captions, one a line, and below them the boxes."""
        parts = ["\n".join(self.captions)]
        if boxes and self.boxes:
            parts.append("\n".join(map(str, self.boxes)))
        return "\n\n".join(parts)


class Unusable(ValueError):  # noqa: N818  (why a row is no picture, as a ledger reason)
    """A row that gives no symbolic image: `reason` is the slug of the ledger, `detail` says what was found."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def symbolic(row: Row | Mapping[str, str], flaws: Counter[str]) -> SymbolicImage:
    """Make a symbolic image of the texts of a row (`FIELDS`); raises Unusable.

    Boxes that are left out are added to `flaws` by the reason: "no-area", "outside", "no-number", "length", "category",
    "crowd", "size", "form".
    """
    image = row["image"].strip()
    if not image:
        raise Unusable("no-image", "the row names no picture")
    captions = _captions(row["captions"])
    if not captions:
        raise Unusable("no-captions", f"nothing is said about {image}")
    boxes, uncounted = _boxes(row["boxes"], flaws)
    number = row["id"].strip() or image
    return SymbolicImage(id=number, image=image, captions=captions, boxes=boxes, uncounted=uncounted)


def box_of(value: Any) -> Box | str:
    """Return the box of a JSON object {category, bbox}, or the reason why it is none."""
    if not isinstance(value, Mapping):
        return "form"
    if flaw := value.get("flaw"):
        return str(flaw)  # a reader of whole files knew it before
    if not (category := _category(value)):
        return "category"
    corners = _edges(next((value[key] for key in CORNERS if key in value), None))
    if isinstance(corners, str):
        return corners
    return Box(category=category, corners=corners)


def _category(value: Any) -> str:
    """Return the name of a box's category; empty where it has none."""
    names = [value[key] for key in NAMES if isinstance(value.get(key), str)] if isinstance(value, Mapping) else []
    return next((name for name in (" ".join(name.split()) for name in names) if name), "")


def _edges(corners: Any) -> tuple[float, float, float, float] | str:
    """Return left, top, right and bottom, clipped to the picture and rounded; or the reason why they are no box."""
    if not isinstance(corners, list) or len(corners) != 4:
        return "length"
    if not all(map(is_finite, corners)):
        return "no-number"
    if not all(-BEYOND <= edge <= 1 + BEYOND for edge in corners):
        return "outside"
    left, top, right, bottom = (round(min(max(float(edge), 0.0), 1.0), 3) for edge in corners)
    return (left, top, right, bottom) if left < right and top < bottom else "no-area"


def is_finite(value: Any) -> bool:
    """Tell whether a value of a JSON document is a number that can be computed with."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number of hundreds of digits
        return False


def _captions(text: str) -> tuple[str, ...]:
    """Return the captions of a cell: a JSON list of texts, one text, or a line each."""
    try:
        value = json.loads(text) if text.lstrip().startswith("[") else text
    except (ValueError, RecursionError):
        value = text
    lines = value.splitlines() if isinstance(value, str) else [line for line in value if isinstance(line, str)]
    return tuple(dict.fromkeys(caption for line in lines if (caption := " ".join(line.split()))))


def _boxes(text: str, flaws: Counter[str]) -> tuple[tuple[Box, ...], frozenset[str]]:
    """Return the boxes of a cell that can be, and the categories of those that cannot.

    Raises Unusable where there are some and none of them can be: then all are given in another way. What a reader of whole
    files found wrong with one box says nothing of the others, and less of the captions.
    """
    if not text.strip():
        return (), frozenset()
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list):
        raise Unusable("malformed-boxes", f"the boxes are no list: {text[:80]}")
    found = [box_of(value) for value in values]
    wrong = [(flaw, value) for flaw, value in zip(found, values, strict=True) if isinstance(flaw, str)]
    strange = [(flaw, value) for flaw, value in wrong if not (isinstance(value, dict) and value.get("flaw"))]
    if strange and len(wrong) == len(values):
        flaw, value = strange[0]
        hint = "; edges are shares of the picture, from 0 to 1" if flaw == "outside" else ""
        raise Unusable("malformed-boxes", f"none of {len(values)} boxes can be used ({flaw}: {str(value)[:120]}){hint}")
    flaws.update(flaw for flaw, _ in wrong)
    return tuple(box for box in found if isinstance(box, Box)), frozenset(_category(value) for _, value in wrong) - {""}


def said_of(flaws: Counter[str]) -> str:
    """Return a sentence about the boxes that were left out; empty where none was."""
    if not flaws:
        return ""
    counts = ", ".join(f"{flaw} {count:,}" for flaw, count in sorted(flaws.items()))
    return f"boxes left out: {counts}"
