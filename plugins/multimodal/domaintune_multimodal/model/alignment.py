"""Stage 1: the projector learns to say in the language model's terms what the tower sees, and nothing else is trained.

    anchor   each patch of a scene is brought near the sum of its words' embeddings; the language model is not run
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

from domaintune import DomaintuneError
from domaintune_multimodal.model.tower import MASKED, MOST, cell_of
from domaintune_multimodal.scenes.asking_looks import POSITIONS
from domaintune_multimodal.scenes.scene import COLOURS, SIZES, Scene
from domaintune_multimodal.scenes.shapes import SHAPES

ANCHORED = 24
"""Scenes a step of anchoring."""
ANCHOR_RATE = 2e-3
EMPTY = 0.2
"""Weight of a patch without the middle of a thing: most are."""
THINGS = tuple(
    f" {size} {colour} {shape} {place}"
    for size in SIZES
    for colour in COLOURS
    for shape in SHAPES
    for place in POSITIONS
)
"""What a patch says that holds the middle of a thing."""
EMPTINESS = tuple(f" nothing {count}" for count in range(1, MOST + 1))
"""What any other patch says: that, and how many things there are elsewhere."""
Show = Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class Course:
    """How stage 1 is run: steps, captions in memory at once, peak learning rate, and the share of warm-up."""

    steps: int
    micro_batch_size: int
    learning_rate: float
    warmup: float


def anchor(model: Any, tokenizer: Any, features: torch.Tensor, scenes: Sequence[Scene], steps: int, show: Show) -> None:
    """Bring patches near their words: features [scenes, patches, width].

    The loss is the squared distance in units of the embeddings' own variance.
    """
    table, wanted = _table(model, tokenizer), _wanted(scenes, features)
    spread = float(model.get_input_embeddings().weight.detach().float().var())
    projector = model.model.multi_modal_projector.float()
    optimizer = torch.optim.AdamW(projector.parameters(), lr=ANCHOR_RATE)
    for step in range(steps):
        rows = torch.randint(len(scenes), (ANCHORED,)).to(features.device)
        weight = torch.where(wanted[rows] < len(THINGS), 1.0, EMPTY)[..., None]
        apart = (projector(features[rows]) - table[wanted[rows]]) ** 2
        loss = (apart * weight).sum() / weight.sum() / table.shape[1] / spread
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        show(step + 1, steps, f"distance {loss.item():.4f}")


@torch.no_grad()
def named(model: Any, tokenizer: Any, features: torch.Tensor, scenes: Sequence[Scene]) -> float:
    """Return the share of things whose patch comes out nearest to its own words and place, of all there are."""
    wanted = _wanted(scenes, features)
    things = wanted < len(THINGS)
    said = model.model.multi_modal_projector.float()(features[things])
    found = torch.cdist(said, _table(model, tokenizer)).argmin(-1)
    return float((found == wanted[things]).float().mean())


@torch.no_grad()
def _table(model: Any, tokenizer: Any) -> torch.Tensor:
    """Return the words of things and of emptiness as a patch is to say them [words, width]."""
    embed = model.get_input_embeddings()
    ids = [torch.tensor(tokenizer(words)["input_ids"], device=embed.weight.device) for words in (*THINGS, *EMPTINESS)]
    return torch.stack([embed(several).float().sum(0) / len(several) ** 0.5 for several in ids])


def _wanted(scenes: Sequence[Scene], features: torch.Tensor) -> torch.Tensor:
    """Return each patch's row of the table [scenes, patches]: its thing and where, or how many things are elsewhere."""
    place = {words: row for row, words in enumerate(THINGS)}
    wanted = torch.zeros(features.shape[:2], dtype=torch.long)
    for row, scene in enumerate(scenes):
        wanted[row] = len(THINGS) + len(scene.things) - 1
        for thing in scene.things:
            wanted[row, cell_of(thing.x, thing.y)] = place[f" {thing.name} {thing.position}"]
    return wanted.to(features.device)


def align(
    model: Any, tokenizer: Any, batches: Iterator[Sequence[tuple[torch.Tensor, str]]], course: Course, show: Show
) -> float:
    """Train the projector on (features [patches, width], caption), all else frozen; returns the last loss."""
    steps = course.steps
    projector = model.model.multi_modal_projector.float()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for parameter in projector.parameters():
        parameter.requires_grad_(True)
    optimizer = torch.optim.AdamW(projector.parameters(), lr=course.learning_rate, weight_decay=0.0)
    rates = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _share(step, steps, course.warmup))
    loss = torch.zeros(())
    for step in range(steps):
        loss = _step(model, tokenizer, next(batches), course.micro_batch_size)
        if not bool(loss.isfinite()):
            raise DomaintuneError(
                f"stage 1 lost its way at step {step + 1}: the loss is {loss.item()}; lower model.options.learning_rate"
            )
        torch.nn.utils.clip_grad_norm_(projector.parameters(), 1.0)
        optimizer.step()
        rates.step()
        optimizer.zero_grad()
        show(step + 1, steps, f"loss {loss.item():.2f}")
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    return loss.item()


def _step(model: Any, tokenizer: Any, batch: Sequence[tuple[torch.Tensor, str]], size: int) -> torch.Tensor:
    """Add the gradient of a batch, `size` captions at once; returns the mean loss of its captions' tokens."""
    rows = [
        (features, [*tokenizer(caption, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id])
        for features, caption in batch
    ]
    tokens = sum(len(ids) for _, ids in rows)
    total = torch.zeros(())
    for start in range(0, len(rows), size):
        loss = _summed_loss(model, rows[start : start + size]) / tokens
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.detach().cpu()
    return total


def _summed_loss(model: Any, rows: Sequence[tuple[torch.Tensor, list[int]]]) -> torch.Tensor:
    """Return the loss of the captions' tokens, all rows in one flat sequence in which each sees itself."""
    embed = model.get_input_embeddings()
    place, dtype = embed.weight.device, embed.weight.dtype
    sizes = [len(features) + len(ids) for features, ids in rows]
    parts = [
        part
        for features, ids in rows
        for part in (model.model.multi_modal_projector(features).to(dtype), embed(torch.tensor(ids, device=place)))
    ]
    owner = torch.repeat_interleave(torch.arange(len(rows)), torch.tensor(sizes)).to(place)
    order = torch.arange(len(owner), device=place)
    out = model.model.language_model(
        inputs_embeds=torch.cat(parts)[None],
        attention_mask=((owner[:, None] == owner) & (order[:, None] >= order))[None, None],
        position_ids=torch.cat([torch.arange(size, device=place) for size in sizes])[None],
        use_cache=False,
    ).last_hidden_state[0]
    labels = torch.tensor(
        [label for features, ids in rows for label in (*[MASKED] * len(features), *ids)], device=place
    )
    learned = (labels[1:] != MASKED).nonzero().flatten()
    return cross_entropy(model.lm_head(out[learned]).float(), labels[1:][learned], reduction="sum")


def _share(step: int, steps: int, warmup: float) -> float:
    """Return the share of the peak rate: warm-up, then half a cosine."""
    warm = max(1, math.ceil(warmup * steps))
    return min(1.0, (step + 1) / warm) * 0.5 * (1 + math.cos(math.pi * min(1.0, step / max(1, steps))))
