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
from domaintune_multimodal.model.tower import MASKED, cell_of
from domaintune_multimodal.scenes.scene import Scene

ANCHORED = 24
"""Scenes a step of anchoring."""
ANCHOR_RATE = 2e-3
EMPTY = 0.2
"""Weight of a patch without the middle of a thing: most are."""
NOTHING = " nothing"
CHECKED = 200
"""Scenes of which it is told how many things are named by their patch."""
Show = Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class Course:
    """How stage 1 is run: steps, captions in memory at once, peak learning rate, and the share of warm-up."""

    steps: int
    micro_batch_size: int
    learning_rate: float
    warmup: float


def anchor(
    model: Any, tokenizer: Any, features: torch.Tensor, scenes: Sequence[Scene], steps: int, show: Show
) -> float:
    """Bring patches near their words; returns the share of things whose patch is nearest to its own words.

    features [scenes, patches, width]; the loss is the squared distance in units of the embeddings' own variance.
    """
    embed = model.get_input_embeddings()
    told = [_words_of(scene, features.shape[1]) for scene in scenes]
    known = sorted({words for several in told for words in several})
    with torch.no_grad():
        ids = [torch.tensor(tokenizer(words)["input_ids"], device=features.device) for words in known]
        table = torch.stack([embed(several).float().sum(0) / len(several) ** 0.5 for several in ids])
        spread = float(embed.weight.float().var())
    place = {words: row for row, words in enumerate(known)}
    wanted = torch.tensor([[place[words] for words in several] for several in told], device=features.device)
    empty = torch.tensor([words.startswith(NOTHING) for words in known], device=features.device)
    projector = model.model.multi_modal_projector.float()
    optimizer = torch.optim.AdamW(projector.parameters(), lr=ANCHOR_RATE)
    for step in range(steps):
        rows = torch.randint(len(scenes), (ANCHORED,)).to(features.device)
        weight = torch.where(empty[wanted[rows]], EMPTY, 1.0)[..., None]
        apart = (projector(features[rows]) - table[wanted[rows]]) ** 2
        loss = (apart * weight).sum() / weight.sum() / table.shape[1] / spread
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        show(step + 1, steps, f"distance {loss.item():.4f}")
    return _nearest(projector, features[:CHECKED], wanted[:CHECKED], ~empty[wanted[:CHECKED]], table)


@torch.no_grad()
def _nearest(
    projector: Any, features: torch.Tensor, wanted: torch.Tensor, things: torch.Tensor, table: torch.Tensor
) -> float:
    """Return the share of things [scenes, patches] whose projected patch is nearest to its wanted row of the table."""
    found = torch.cdist(projector(features[things]), table).argmin(-1)
    return float((found == wanted[things]).float().mean())


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


def _words_of(scene: Scene, patches: int) -> list[str]:
    """Return what each patch is to say: what the thing in it is and where, or how many things are elsewhere."""
    found = [f"{NOTHING} {len(scene.things)}"] * patches
    for thing in scene.things:
        found[cell_of(thing.x, thing.y)] = f" {thing.name} {thing.position}"
    return found


def _share(step: int, steps: int, warmup: float) -> float:
    """Return the share of the peak rate: warm-up, then half a cosine."""
    warm = max(1, math.ceil(warmup * steps))
    return min(1.0, (step + 1) / warm) * 0.5 * (1 + math.cos(math.pi * min(1.0, step / max(1, steps))))
