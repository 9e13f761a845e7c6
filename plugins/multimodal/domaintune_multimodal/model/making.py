"""Making the assembled model: the tower is trained or fetched, the parts are joined, the projector is aligned."""

from __future__ import annotations

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
from domaintune_multimodal.model.maker import RECIPE
from domaintune_multimodal.model.options import SCENES, AssembledOptions
from domaintune_multimodal.scenes.drawing import captions

if TYPE_CHECKING:
    from domaintune import Bars
    from domaintune_multimodal.scenes.scene import Scene

CAPTION_SCENES = 4000
"""Scenes of anchoring and of stage 1 together; more steps see them again, with another of their captions."""
CHECK_SCENES = 200
"""Other scenes, of which it is told how many things are named by their patch."""
MOST_UNREAD, FEW_UNREAD = 0.1, 5
"""Share of a file's pictures that may be broken, and how many in any case."""
Pair = tuple[torch.Tensor, str]
"""Features of a picture [patches, width] and one of its captions."""


class Making:
    """One making of a model."""

    def __init__(self, options: AssembledOptions) -> None:
        self.options = options
        self.read = self.unread = 0

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
        model, processor = assembly.put_together(
            options.language, seen, image_processor, layer, assembly.chosen_device(options.device)
        )
        facts |= self._aligned(model, processor, layer, bars)
        model.model.multi_modal_projector.to(model.dtype)
        assembly.save(model, processor, folder)
        facts["unread"] = self.unread
        facts["seconds"] = round(time.monotonic() - began, 1)
        (folder / "made.json").write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        return self._told(facts)

    @property
    def _is_small(self) -> bool:
        return self.options.tower == SCENES

    def _aligned(self, model: Any, processor: Any, layer: int, bars: Bars) -> dict[str, Any]:
        """Train the projector; returns the figures of it."""
        options = self.options
        facts: dict[str, Any] = {}
        draw = random.Random(f"captions {options.seed}")  # noqa: S311  (an order, no secret)
        if options.captions != SCENES:
            batches = self._read(model, processor, layer, draw)
        elif self._is_small:
            scenes, features = _drawn(model, f"captions {options.seed}", CAPTION_SCENES)
            facts = self._anchored(model, processor.tokenizer, features, scenes, bars)
            said = [captions(scene) for scene in scenes]
            batches = _batches(list(zip(features, said, strict=True)), options.batch_size, draw)
        else:
            batches = iter(())  # a tower from the hub takes no steps on scenes: its options say so
        course = alignment.Course(
            steps=options.steps,
            micro_batch_size=options.micro_batch_size,
            learning_rate=options.learning_rate,
            warmup=options.warmup,
        )
        with bars("projector: captions", options.steps) as show:
            loss = alignment.align(model, processor.tokenizer, batches, course, show)
        return {**facts, "caption_loss": round(loss, 4)}

    def _anchored(
        self, model: Any, tokenizer: Any, features: torch.Tensor, scenes: Sequence[Scene], bars: Bars
    ) -> dict[str, Any]:
        """Bring patches near their words; returns how many things of other scenes are named by theirs."""
        options = self.options
        if not options.anchor_steps:
            return {}
        with bars("projector: words", options.anchor_steps) as show:
            alignment.anchor(model, tokenizer, features, scenes, options.anchor_steps, show)
        others, seen = _drawn(model, f"words {options.seed}", CHECK_SCENES)
        return {"patches_name": round(alignment.named(model, tokenizer, seen, others), 3)}

    def _read(self, model: Any, processor: Any, layer: int, draw: random.Random) -> Iterator[Sequence[Pair]]:
        """Yield batches of the user's captions for ever, in a new order each time."""
        options = self.options
        named = _captioned(options.captions)
        folder = Path(options.images or Path(options.captions).parent).expanduser()
        while True:
            for rows in _dealt(named, options.batch_size, draw):
                shown = [(picture, caption) for name, caption in rows if (picture := self._picture(name, folder))]
                if shown:
                    pixels = processor.image_processor([picture for picture, _ in shown], return_tensors="pt")
                    seen = _features(model, pixels["pixel_values"], layer)
                    yield list(zip(seen, (caption for _, caption in shown), strict=True))

    def _picture(self, name: str, folder: Path) -> Any:
        """Return a picture of the captions, or None for one that cannot be read; many of these end the making."""
        self.read += 1
        try:
            return images.pixels(images.read(name, folder))
        except images.ImageError as error:
            self.unread += 1
            if self.unread > max(FEW_UNREAD, MOST_UNREAD * self.read):
                raise DataError(
                    f"{self.unread} of {self.read} pictures of the captions cannot be read: {error}"
                ) from None
            return None

    def _told(self, facts: Mapping[str, Any]) -> str:
        small = (
            f"; it sees drawn shapes only, and names {facts['tower_names']:.0%} of those it never saw in full (a model for "
            "photographs is named in model.options.tower, or as model.base)"
            if self._is_small
            else ""
        )
        unread = f"; {self.unread:,} of {self.read:,} pictures could not be read" if self.unread else ""
        return f"stage 1 ended with a caption loss of {facts['caption_loss']:.2f}{unread}{small}"


def _drawn(model: Any, seed: str, count: int) -> tuple[list[Scene], torch.Tensor]:
    """Return scenes without held-out pairs, and the features of their patches by the small tower."""
    scenes, pictures = tower.draw_scenes(seed, count)
    return scenes, torch.cat([_features(model, tower.scaled(few), -1) for few in torch.split(pictures, 256)])


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


def _captioned(source: str) -> list[tuple[str, str]]:
    """Return picture and caption of each row: {image, caption}, or LLaVA's {image, conversations}."""
    found = []
    for row, origin in records(source):
        image, said = row.get("image"), row.get("caption") or _said(row.get("conversations"))
        if not isinstance(image, str) or not isinstance(said, str) or not said.strip():
            raise DataError(f"{origin} has no `image` and `caption`; stage 1 learns from rows that have both")
        found.append((image, said.strip()))
    if not found:
        raise DataError(f"{source!r} holds no caption; stage 1 learns from rows with `image` and `caption`")
    return found


def _said(turns: Any) -> Any:
    """Return the answer in a conversation of LLaVA's files, None where there is none."""
    told = (turn for turn in turns if isinstance(turn, dict)) if isinstance(turns, list) else ()
    return next((turn.get("value") for turn in told if turn.get("from") == "gpt"), None)
