"""The options of the assembled model, as users write them in `[model.options]`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

SCENES = "scenes"
"""The vision tower that is trained here, and the captions that need no file."""


def _option(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, kw_only=True)
class AssembledOptions:
    """What a LLaVA is put together from, and how its projector is aligned (stage 1)."""

    language: str = _option("starter", "language model: starter, a folder or a hub id")
    tower: str = _option(SCENES, "vision tower: a CLIP or SigLIP folder or hub id; 'scenes': a small one trained here")
    layer: int = _option(-2, "hidden layer of the tower whose patches are read; of the small one the last")
    captions: str = _option(SCENES, "stage 1: a JSON or JSONL file of images and captions; 'scenes': drawn here")
    images: str = _option("", "folder of the captions' pictures; empty: that of the file")
    tower_steps: int = _option(800, "steps in which the small tower is trained, 96 pictures each")
    anchor_steps: int = _option(1500, "steps in which patches of scenes are brought near their words, before stage 1")
    steps: int = _option(10, "stage 1: optimizer steps; 0 leaves the projector as it began")
    batch_size: int = _option(16, "stage 1: captions a step")
    micro_batch_size: int = _option(16, "stage 1: captions in memory at once")
    learning_rate: float = _option(1e-3, "stage 1: peak learning rate of the projector (LLaVA-1.5: 1e-3)")
    warmup: float = _option(0.03, "stage 1: share of the steps spent warming up")
    device: Literal["auto", "cuda", "cpu"] = _option("auto", "where stage 1 is run; auto takes cuda where it is there")
    seed: int = _option(0, "seed of the tower, the projector and the order of the captions")

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        for name in ("tower_steps", "anchor_steps", "steps"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} = {getattr(self, name)}: give 0 or more")
        for name in ("batch_size", "micro_batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} = {getattr(self, name)}: give 1 or more")
        if self.captions == SCENES and self.tower != SCENES and self.steps:
            raise ValueError(
                "captions = 'scenes' teach a tower from the hub nothing but shapes; name a file of captions with "
                "--set model.options.captions=FILE, or set steps = 0"
            )
