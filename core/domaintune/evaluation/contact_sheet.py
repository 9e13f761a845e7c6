"""The pictures of a few samples in a row with their numbers, and what was said of them: for the model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domaintune.contracts import IMAGE
from domaintune.errors import DataError
from domaintune.evaluation.layout import markdown_quoted, markdown_row
from domaintune.evaluation.sampled import reduced

if TYPE_CHECKING:
    from PIL.Image import Image

FILE = "samples.png"
"""The name of the sheet beside the card."""
MOST = 6
"""Samples on a sheet."""
SIDE, GAP, HEAD = 192, 8, 22
"""Pixels of a picture's longer side, between pictures, and above them for the number."""
LONG = 160
"""Characters of a question or an answer in the table."""
SAID = ("prompt", "reference", "base", "tuned")


def chosen(samples: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the samples that a sheet shows: the first with a picture that lies in the run."""
    return [sample for sample in samples if sample.get("images")][:MOST]


def sheet(samples: Sequence[Mapping[str, Any]], run_folder: Path) -> Image | None:
    """Return the first picture of each chosen sample in a row, each under its number; None where there is none.

    Small pictures are enlarged without smoothing. One that cannot be read any more leaves its place empty.
    """
    shown = chosen(samples)
    if not shown:
        return None
    from PIL import Image as Pillow  # noqa: PLC0415  (few reports have pictures)
    from PIL import ImageDraw, ImageFont  # noqa: PLC0415

    font = ImageFont.load_default(16)
    made = Pillow.new("RGB", (GAP + len(shown) * (SIDE + GAP), HEAD + SIDE + GAP), "white")
    pen = ImageDraw.Draw(made)
    for place, sample in enumerate(shown):
        left = GAP + place * (SIDE + GAP)
        pen.text((left, 1), str(place + 1), fill="black", font=font)
        try:
            picture = _fitted(reduced(str(run_folder / sample["images"][0])))
        except (DataError, OSError):
            continue
        made.paste(picture, (left, HEAD))
    return made


def table(samples: Sequence[Mapping[str, Any]]) -> str:
    """Return the questions and answers of the chosen samples as a Markdown table, with the numbers of the sheet."""
    heads = ["question", *SAID[1:]]
    lines = [markdown_row(["", *heads]), "|---:" + "|---" * len(heads) + "|"]
    for number, sample in enumerate(chosen(samples), 1):
        said = (str(sample.get(name, "")).replace(IMAGE, " ") for name in SAID)
        lines.append("| " + " | ".join([str(number), *(markdown_quoted(_short(text)) for text in said)]) + " |")
    return "\n".join(lines) + "\n"


def _fitted(image: Image) -> Image:
    """Return a picture whose longer side is `SIDE`, a small one enlarged by whole pixels."""
    from PIL import Image as Pillow  # noqa: PLC0415

    times = SIDE / max(image.size)
    size = (max(1, round(image.width * times)), max(1, round(image.height * times)))
    small = Pillow.Resampling.NEAREST if times > 1 else Pillow.Resampling.LANCZOS
    return image.resize(size, small)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONG else line[: LONG - 3].rstrip() + "..."
