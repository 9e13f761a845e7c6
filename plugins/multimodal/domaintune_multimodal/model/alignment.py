"""Stage 1: the projector learns to say in the language model's terms what the tower sees, and nothing else is trained.

    anchor   each patch of a scene is brought near the mean of its words' embeddings; the language model is not run
    align    picture, then caption: the loss of the caption through the frozen language model (LLaVA, "plain")

The second is LLaVA's own. The first is cheap where the symbols of the pictures are known, and saves most of the second.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from domaintune_multimodal.model.tower import cell_of
from domaintune_multimodal.scenes.scene import COLOURS, SIZES, Scene
from domaintune_multimodal.scenes.shapes import SHAPES

ANCHORED = 24
"""Scenes a step of anchoring."""
ANCHOR_RATE = 2e-3
EMPTY = 0.2
"""Weight of a patch without the middle of a thing: most are."""
WORDS = (" nothing", *(f" {size} {colour} {shape}" for colour in COLOURS for shape in SHAPES for size in SIZES))
Show = Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class Course:
    """How stage 1 is run: optimizer steps, peak learning rate, and the share of the steps spent warming up."""

    steps: int
    learning_rate: float
    warmup: float


def anchor(
    model: Any, tokenizer: Any, features: torch.Tensor, scenes: Sequence[Scene], steps: int, show: Show
) -> float:
    """Bring patches near their words: features [scenes, patches, width]; returns the last loss.

    The loss is the squared distance in units of the embeddings' own variance.
    """
    embed = model.get_input_embeddings()
    with torch.no_grad():
        table = torch.stack([embed(torch.tensor(tokenizer(words)["input_ids"])).float().mean(0) for words in WORDS])
        spread = float(embed.weight.float().var())
    wanted = torch.stack([_words_of(scene, features.shape[1]) for scene in scenes])
    projector = model.model.multi_modal_projector
    optimizer = torch.optim.AdamW(projector.parameters(), lr=ANCHOR_RATE)
    loss = torch.zeros(())
    for step in range(steps):
        rows = torch.randint(len(scenes), (ANCHORED,))
        weight = torch.where(wanted[rows] > 0, 1.0, EMPTY)[..., None]
        apart = (projector(features[rows]) - table[wanted[rows]]) ** 2
        loss = (apart * weight).sum() / weight.sum() / table.shape[1] / spread
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        show(step + 1, steps, f"distance {loss.item():.4f}")
    return loss.item()


def align(
    model: Any, tokenizer: Any, batches: Iterator[Sequence[tuple[torch.Tensor, str]]], course: Course, show: Show
) -> float:
    """Train the projector on (features [patches, width], caption), all else frozen; returns the last loss."""
    steps = course.steps
    projector = model.model.multi_modal_projector
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for parameter in projector.parameters():
        parameter.requires_grad_(True)
    optimizer = torch.optim.AdamW(projector.parameters(), lr=course.learning_rate, weight_decay=0.0)
    rates = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _share(step, steps, course.warmup))
    loss = torch.zeros(())
    for step in range(steps):
        loss = _caption_loss(model, tokenizer, next(batches))
        if not bool(loss.isfinite()):
            raise FloatingPointError(f"stage 1 lost its way at step {step + 1}: the loss is {loss.item()}")
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(projector.parameters(), 1.0)
        optimizer.step()
        rates.step()
        show(step + 1, steps, f"loss {loss.item():.2f}")
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    return loss.item()


def _caption_loss(model: Any, tokenizer: Any, batch: Sequence[tuple[torch.Tensor, str]]) -> torch.Tensor:
    """Return the mean loss of the captions' tokens, all examples in one flat sequence in which each sees itself."""
    language, embed = model.model.language_model, model.get_input_embeddings()
    parts: list[torch.Tensor] = []
    labels: list[int] = []
    owner: list[int] = []
    places: list[int] = []
    for number, (features, caption) in enumerate(batch):
        ids = [*tokenizer(caption, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
        seen = model.model.multi_modal_projector(features)
        parts += [seen.to(embed.weight.dtype), embed(torch.tensor(ids))]
        labels += [*[-100] * len(seen), *ids]
        owner += [number] * (len(seen) + len(ids))
        places += range(len(seen) + len(ids))
    owners, order = torch.tensor(owner), torch.arange(len(owner))
    sees = (owners[:, None] == owners) & (order[:, None] >= order)
    out = language(
        inputs_embeds=torch.cat(parts)[None], attention_mask=sees[None, None], position_ids=torch.tensor([places]),
        use_cache=False,
    ).last_hidden_state[0]  # fmt: skip
    wanted = torch.tensor(labels)[1:]
    learned = (wanted != -100).nonzero().flatten()
    return cross_entropy(model.lm_head(out[learned]).float(), wanted[learned])


def _words_of(scene: Scene, patches: int) -> torch.Tensor:
    """Return which of WORDS each patch is to be near."""
    found = torch.zeros(patches, dtype=torch.long)
    for thing in scene.things:
        found[cell_of(thing.x, thing.y)] = WORDS.index(f" {thing.name}")
    return found


def _share(step: int, steps: int, warmup: float) -> float:
    """Return the share of the peak rate: warm-up, then half a cosine."""
    warm = max(1, math.ceil(warmup * steps))
    return min(1.0, (step + 1) / warm) * 0.5 * (1 + math.cos(math.pi * min(1.0, step / max(1, steps))))
