"""The pictures of the items whose answers a report shows: where they are, and small enough to be shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domaintune.contracts import Example
from domaintune.evaluation.items import spread
from domaintune.evaluation.report import Report

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST = 768
"""Pixels that the longer side of a picture on a page may have."""


def images(report: Report, items: Sequence[Example]) -> list[tuple[str, ...]]:
    """Return the pictures of each sample of a report on these items, in its order."""
    return [items[place].images for place in spread(items, len(report.samples))]


def named(report: Report, images: Sequence[Sequence[str]], folder: Path) -> Report:
    """Return the report whose samples name those of their pictures that lie in the run's folder, as seen from it."""
    samples: list[dict[str, Any]] = []
    for sample, names in zip(report.samples, images, strict=True):
        inside = [place for name in names if (place := _within(name, folder.resolve()))]
        samples.append({**sample, "images": inside} if inside else sample)
    return dataclasses.replace(report, samples=samples)


def _within(name: str, folder: Path) -> str | None:
    if name.startswith("data:"):
        return None
    place = Path(name).resolve()
    return place.relative_to(folder).as_posix() if place.is_relative_to(folder) else None


def reduced(name: str) -> Image:
    """Return a picture, upright and without what a camera wrote into it, at most `LONGEST` pixels a side; ImageError."""
    from domaintune import images as room  # noqa: PLC0415  (few items have pictures)

    image = room.pixels(room.read(name))
    image.thumbnail((LONGEST, LONGEST))
    return image
