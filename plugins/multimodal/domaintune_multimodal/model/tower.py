"""A small vision tower, trained here in a minute or two: what is in each patch, and nothing about language.

Colours are learned from scenes as they are, shapes from scenes in colours that were turned into any others. So a shape
says nothing about its colour, nor a colour about its shape: a tower that had seen no red star would otherwise take the
next one for something else.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import SiglipVisionConfig, SiglipVisionModel

from domaintune_multimodal.scenes.drawing import draw
from domaintune_multimodal.scenes.scene import CELLS, COLOURS, COLUMNS, HELD_OUT, ROWS, SIZES, Scene, make_scene
from domaintune_multimodal.scenes.shapes import SHAPES, SIDE

PATCH = SIDE // CELLS
WIDTH, LAYERS, HEADS = 128, 4, 4
BATCH = 96
TURNED = 64
"""Pictures of a batch whose colours are turned into others."""
RATE = 2e-3
MASKED = -100
MOST = 5
"""Things in a scene, at most."""
KINDS = (2, len(COLOURS), len(SHAPES), len(SIZES), len(ROWS), len(COLUMNS), MOST)
"""What is told of a patch: whether the middle of a thing lies in it, its colour, shape and size; the third it is in, both
ways; and of a patch without the middle of a thing, how many things there are in all.

A tower that is told only what is in a patch forgets where the patch is: that has no part in it. And counting is done here,
as in towers that learn from whole pictures, because a small language model learns it slowly.
"""
WEIGHTS = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.3)
"""Of the kinds in the loss; a full share for counting costs shapes and colours."""
LOOKS = 4
"""The first kinds: what a thing is named by."""


def make_tower() -> SiglipVisionModel:
    """Return a tower that has learned nothing yet: 36 patches of 16 pixels, 128 wide, four layers."""
    return SiglipVisionModel(
        SiglipVisionConfig(
            hidden_size=WIDTH,
            intermediate_size=4 * WIDTH,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            image_size=SIDE,
            patch_size=PATCH,
            vision_use_head=False,
        )
    )


def draw_scenes(seed: str, count: int, *, held_out: bool = False) -> tuple[list[Scene], torch.Tensor]:
    """Return scenes and their pictures [count, 3, side, side], in bytes."""
    rng = random.Random(seed)  # noqa: S311  (no secret)
    scenes = [make_scene(rng, held_out=held_out, things=(1, MOST)) for _ in range(count)]
    return scenes, torch.from_numpy(np.stack([np.asarray(draw(scene)) for scene in scenes])).permute(0, 3, 1, 2)


def scaled(pictures: torch.Tensor) -> torch.Tensor:
    """Return pictures in bytes as the model's image processor would: -1 to 1."""
    return pictures.float() / 127.5 - 1


def train(tower: SiglipVisionModel, steps: int, seed: int, show: Callable[..., None]) -> float:
    """Train a tower on what is in its patches; returns the share of things of held-out pairs that it names in full."""
    scenes, pictures = draw_scenes(f"tower {seed}", min(8000, BATCH * max(steps, 1)))
    targets = torch.stack([labels(scene) for scene in scenes])
    generator = torch.Generator().manual_seed(seed)
    head = torch.nn.Linear(WIDTH, sum(KINDS))
    learned = [*tower.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(learned, lr=RATE, weight_decay=0.01)
    course = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=max(steps, 2), pct_start=0.1)
    tower.train()
    for step in range(steps):
        rows = torch.randint(len(scenes), (BATCH,), generator=generator)
        batch, wanted = scaled(pictures[rows]), targets[rows].clone()
        batch[:TURNED] = turned(batch[:TURNED], generator)
        wanted[:TURNED, :, 1] = MASKED  # no colour is learned from a turned picture,
        wanted[TURNED:, :, 2] = MASKED  # and no shape from one in its own colours
        loss = _loss(head(patches(tower, batch)), wanted)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        course.step()
        show(step + 1, steps, f"loss {loss.item():.2f}")
    tower.eval()
    return _named(tower, head)


def patches(tower: Any, pictures: torch.Tensor, layer: int = -1) -> torch.Tensor:
    """Return the features of the patches [n, patches, width]."""
    states: torch.Tensor = tower(pictures, output_hidden_states=True).hidden_states[layer]
    return states


def labels(scene: Scene) -> torch.Tensor:
    """Return what is told of each patch [patches, kinds]; MASKED where there is nothing to tell."""
    looks = torch.full((CELLS * CELLS, LOOKS), MASKED)
    looks[:, 0] = 0
    number = torch.full((CELLS * CELLS,), len(scene.things) - 1)
    for thing in scene.things:
        cell = cell_of(thing.x, thing.y)
        looks[cell] = torch.tensor((1, COLOURS.index(thing.colour), SHAPES.index(thing.shape), SIZES.index(thing.size)))
        number[cell] = MASKED
    third = torch.arange(CELLS) * len(ROWS) // CELLS
    row, column = third.repeat_interleave(CELLS), third.repeat(CELLS)
    return torch.cat([looks, torch.stack([row, column, number], dim=1)], dim=1)


def cell_of(x: float, y: float) -> int:
    """Return the patch that a place lies in."""
    return int(y * CELLS) * CELLS + int(x * CELLS)


def turned(pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Turn the colours of each picture into others, by a random linear map of what differs from the background.

    Some come near the colours that a shape is held out in. To leave these out would tell the tower which they are.
    """
    count, ground = len(pictures), pictures[:, :, :1, :1]
    apart = torch.einsum("bij,bjhw->bihw", torch.randn(count, 3, 3, generator=generator), pictures - ground)
    strength = torch.rand(count, 1, 1, 1, generator=generator) * 0.8 + 0.6
    most = apart.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-6)
    return (apart / most * strength + torch.rand(count, 3, 1, 1, generator=generator) * 1.2 - 0.6).clamp(-1, 1)


def _loss(told: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    parts = torch.split(told, list(KINDS), dim=-1)
    losses = [cross_entropy(part.flatten(0, 1), wanted[..., kind].flatten()) for kind, part in enumerate(parts)]
    return (torch.stack(losses) * torch.tensor(WEIGHTS)).sum()


@torch.no_grad()
def _named(tower: SiglipVisionModel, head: torch.nn.Linear) -> float:
    scenes, pictures = draw_scenes("tower check", 200, held_out=True)
    told = torch.split(head(patches(tower, scaled(pictures))), list(KINDS), dim=-1)
    found = torch.stack([part.argmax(-1) for part in told], dim=-1)[..., :LOOKS]
    right = [
        bool((found[row, cell_of(thing.x, thing.y)] == labels(scene)[cell_of(thing.x, thing.y), :LOOKS]).all())
        for row, scene in enumerate(scenes)
        for thing in scene.things
        if thing.pair in HELD_OUT
    ]
    return sum(right) / len(right)
