"""The base model `multimodal-llava`: assembled, and its projector aligned, before any adapter is trained on it."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from domaintune import DataError, images, records
from domaintune_multimodal.model import alignment, assembly, tower
from domaintune_multimodal.model.options import SCENES, AssembledOptions
from domaintune_multimodal.scenes.drawing import captions

if TYPE_CHECKING:
    from domaintune import Bars

RECIPE = 1
"""Changes when the same options make another model."""
CAPTION_SCENES = 4000
"""Scenes of anchoring and of stage 1 together; more steps see them again, with another of their captions."""
Pair = tuple[torch.Tensor, str]
"""Features of a picture [patches, width] and one of its captions."""


class AssembledLlava:
    """Makes a LLaVA of a vision tower, a projector and a language model, aligned on captions (stage 1)."""

    def __init__(self, options: AssembledOptions) -> None:
        self.options = options

    def identity(self) -> Mapping[str, Any]:
        """Return the options, the recipe, and what the files of captions hold."""
        given = asdict(self.options)
        if self.options.captions != SCENES:
            given["captions"] = _digest(Path(self.options.captions))
        return {"recipe": RECIPE, **given}

    def make(self, folder: Path, bars: Bars) -> str:
        """Write the model; returns what it has learned, in a sentence."""
        options, began = self.options, time.monotonic()
        torch.manual_seed(options.seed)
        facts: dict[str, Any] = {"recipe": RECIPE, **asdict(options), "captions": Path(options.captions).name}
        seen, image_processor = assembly.small_tower() if self._is_small else assembly.ready_tower(options.tower)
        if self._is_small:
            with bars("vision tower", options.tower_steps) as show:
                facts["tower_names"] = round(tower.train(seen, options.tower_steps, options.seed, show), 3)
        layer = -1 if self._is_small else options.layer
        model, processor = assembly.put_together(options.language, seen, image_processor, layer)
        facts |= self._aligned(model, processor, layer, bars)
        model.model.multi_modal_projector.to(model.dtype)
        assembly.save(model, processor, folder)
        facts["seconds"] = round(time.monotonic() - began, 1)
        (folder / "made.json").write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        return self._told(facts)

    @property
    def _is_small(self) -> bool:
        return self.options.tower == SCENES

    def _aligned(self, model: Any, processor: Any, layer: int, bars: Bars) -> dict[str, Any]:
        """Train the projector; returns the figures of it."""
        options, facts = self.options, {}
        draw = random.Random(f"captions {options.seed}")  # noqa: S311  (an order, no secret)
        if options.captions == SCENES:
            scenes, pictures = tower.draw_scenes(f"captions {options.seed}", CAPTION_SCENES)
            features = torch.cat([_features(model, tower.scaled(few), layer) for few in torch.split(pictures, 256)])
            with bars("projector: words", options.anchor_steps) as show:
                facts["anchor_distance"] = round(
                    alignment.anchor(model, processor.tokenizer, features, scenes, options.anchor_steps, show), 4
                )
            said = [captions(scene) for scene in scenes]
            batches = _batches(list(zip(features, said, strict=True)), options.batch_size, draw)
        else:
            batches = self._read(model, processor, layer, draw)
        course = alignment.Course(
            steps=options.steps,
            micro_batch_size=options.micro_batch_size,
            learning_rate=options.learning_rate,
            warmup=options.warmup,
        )
        with bars("projector: captions", options.steps) as show:
            loss = alignment.align(model, processor.tokenizer, batches, course, show)
        return {**facts, "caption_loss": round(loss, 4)}

    def _read(self, model: Any, processor: Any, layer: int, draw: random.Random) -> Iterator[Sequence[Pair]]:
        """Yield batches of the user's captions for ever, in a new order each time."""
        options = self.options
        named = list(_captioned(options.captions))
        folder = Path(options.images or Path(options.captions).parent)
        while True:
            for rows in _dealt(named, options.batch_size, draw):
                shown = [images.pixels(images.read(name, folder)) for name, _ in rows]
                pixels = processor.image_processor(shown, return_tensors="pt")["pixel_values"]
                yield list(zip(_features(model, pixels, layer), (caption for _, caption in rows), strict=True))

    def _told(self, facts: Mapping[str, Any]) -> str:
        small = f"; of pairs it never saw, the tower names {facts['tower_names']:.0%} in full" if self._is_small else ""
        return f"stage 1 ended with a caption loss of {facts['caption_loss']:.2f}{small}"


@torch.no_grad()
def _features(model: Any, pictures: torch.Tensor, layer: int) -> torch.Tensor:
    """Return what the projector is given [n, patches, width]."""
    first = 1 if model.config.vision_feature_select_strategy == "default" else 0
    seen = model.model.vision_tower
    pieces = (piece.to(seen.device, seen.dtype) for piece in torch.split(pictures, 64))
    return torch.cat([tower.patches(seen, piece, layer)[:, first:].float() for piece in pieces])


def _batches(
    pairs: Sequence[tuple[torch.Tensor, Sequence[str]]], size: int, draw: random.Random
) -> Iterator[Sequence[Pair]]:
    while True:
        for rows in _dealt(pairs, size, draw):
            yield [(features, draw.choice(several)) for features, several in rows]


def _dealt(rows: Sequence[Any], size: int, draw: random.Random) -> Iterator[list[Any]]:
    """Yield all rows in a new order, `size` at a time; the last ones of fewer are left for the next time."""
    order = draw.sample(range(len(rows)), len(rows))
    size = min(size, len(rows))
    for start in range(0, len(order) - size + 1, size):
        yield [rows[place] for place in order[start : start + size]]


def _captioned(source: str) -> Iterator[tuple[str, str]]:
    """Yield picture and caption of each row: {image, caption}, or LLaVA's {image, conversations}."""
    for row, origin in records(source):
        said = row.get("caption") or next(
            (turn.get("value") for turn in row.get("conversations") or () if turn.get("from") == "gpt"), None
        )
        if not isinstance(row.get("image"), str) or not isinstance(said, str) or not said.strip():
            raise DataError(f"{origin} has no `image` and `caption`; stage 1 learns from rows that have both")
        yield row["image"], said.strip()


def _digest(file: Path) -> str:
    """Return the SHA-256 of a file of captions."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"cannot read model.options.captions = {str(file)!r}: {error.strerror}") from None
