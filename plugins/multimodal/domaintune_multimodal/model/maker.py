"""The base model `multimodal-llava`: what decides it, and the door to its making."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domaintune import DataError, identify_model
from domaintune_multimodal.model.options import SCENES, AssembledOptions

if TYPE_CHECKING:
    from domaintune import Bars

RECIPE = 4
"""Changes when the same options make another model."""
OF_THE_MACHINE = {"device", "micro_batch_size"}
"""Options that decide how a model is made, but not which."""


class AssembledLlava:
    """Makes a LLaVA of a vision tower, a projector and a language model, aligned on captions (stage 1)."""

    def __init__(self, options: AssembledOptions) -> None:
        self.options = options

    def identity(self) -> Mapping[str, Any]:
        """Return the recipe, the options, and what tells the parts and the captions from others of the same name."""
        given = {name: value for name, value in asdict(self.options).items() if name not in OF_THE_MACHINE}
        given["language"] = identify_model(self.options.language)
        if self.options.tower != SCENES:
            given["tower"] = identify_model(self.options.tower)
        if self.options.captions != SCENES:
            given |= {"captions": _digest(self.options.captions), "images": ""}
        return {"recipe": RECIPE, **given}

    def make(self, folder: Path, bars: Bars) -> str:
        """Write the model; returns what it has learned, in a sentence."""
        from domaintune_multimodal.model.making import Making  # noqa: PLC0415  (torch; the identity needs none)

        return Making(self.options).make(folder, bars)


def _digest(file: str) -> str:
    """Return the SHA-256 of a file of captions; pictures are told by their names in it."""
    try:
        with Path(file).expanduser().open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"cannot read model.options.captions = {file!r}: {error.strerror}") from None
