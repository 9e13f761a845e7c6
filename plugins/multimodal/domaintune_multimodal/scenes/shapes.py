"""The outlines of the shapes, and which pixels they cover."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias, get_args

from PIL import Image, ImageChops, ImageDraw

Shape: TypeAlias = Literal["circle", "square", "triangle", "star", "cross"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
SIDE = 96
"""Width and height of a picture in pixels: 6 x 6 patches of 16."""
FINE = 4
"""Pictures and masks are drawn so many times larger, then reduced."""
_ARM = 0.36
_SQUARE = 0.9


def _circle() -> list[tuple[float, float]]:
    return [(math.cos(step * math.tau / 48), math.sin(step * math.tau / 48)) for step in range(48)]


def _star() -> list[tuple[float, float]]:
    points = [
        (radius * math.sin(step * math.tau / 10), -radius * math.cos(step * math.tau / 10))
        for step in range(10)
        for radius in [0.46 if step % 2 else 1.05]
    ]
    middle = (min(y for _, y in points) + max(y for _, y in points)) / 2
    return [(x, y - middle) for x, y in points]


_OUTLINES: dict[Shape, list[tuple[float, float]]] = {
    "circle": _circle(),
    "square": [(-_SQUARE, -_SQUARE), (_SQUARE, -_SQUARE), (_SQUARE, _SQUARE), (-_SQUARE, _SQUARE)],
    "triangle": [(0, -0.95), (1, 0.95), (-1, 0.95)],
    "star": _star(),
    "cross": [
        (-_ARM, -1), (_ARM, -1), (_ARM, -_ARM), (1, -_ARM), (1, _ARM), (_ARM, _ARM),
        (_ARM, 1), (-_ARM, 1), (-_ARM, _ARM), (-1, _ARM), (-1, -_ARM), (-_ARM, -_ARM),
    ],
}  # fmt: skip
"""Corners around the middle of the shape's box, in radii; y grows downwards."""


def outline(shape: Shape, x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """Return the corners of a shape around (x, y), in the unit of its arguments."""
    return [(x + radius * dx, y + radius * dy) for dx, dy in _OUTLINES[shape]]


def mask(shape: Shape, x: float, y: float, radius: float) -> Image.Image:
    """Return what a shape covers of a picture as a mask of `SIDE * FINE` squared, 255 where it is; arguments as shares."""
    size = SIDE * FINE
    picture = Image.new("L", (size, size), 0)
    ImageDraw.Draw(picture).polygon(outline(shape, x * size, y * size, radius * size), fill=255)
    return picture


def uncovered(behind: Image.Image, front: Image.Image) -> float:
    """Return the share of a mask that another leaves visible, 0 to 1."""
    return _area(ImageChops.subtract(behind, front)) / _area(behind)


def _area(picture: Image.Image) -> int:
    return picture.histogram()[255]
