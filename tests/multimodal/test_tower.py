"""What the small tower is told of each patch, and how far patches come to say it in the language model's words."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from domaintune_multimodal.model import alignment, tower
from domaintune_multimodal.scenes.scene import CELLS, COLOURS, COLUMNS, ROWS, SIZES, Scene, Thing, make_scene
from domaintune_multimodal.scenes.shapes import SHAPES

CIRCLE = Thing(shape="circle", colour="red", size="small", x=0.1, y=0.9)
STAR = Thing(shape="star", colour="blue", size="large", x=0.55, y=0.2)
WIDTH = 48


def test_a_patch_is_told_its_thing_its_place_and_where_it_is_empty_how_many_things_there_are() -> None:
    told = tower.labels(Scene(things=(CIRCLE, STAR)))
    for thing, cell in ((CIRCLE, 5 * CELLS), (STAR, CELLS + 3)):
        looks = [1, COLOURS.index(thing.colour), SHAPES.index(thing.shape), SIZES.index(thing.size)]
        place = [ROWS.index(thing.row), COLUMNS.index(thing.column)]
        assert told[cell].tolist() == [*looks, *place, tower.MASKED]
    empty = [cell for cell in range(CELLS * CELLS) if cell not in {5 * CELLS, CELLS + 3}]
    assert told[empty, 0].tolist() == [0] * 34
    assert set(told[empty, 1:4].flatten().tolist()) == {tower.MASKED}
    assert told[empty, 6].tolist() == [1] * 34  # the second number: two things
    assert [ROWS[int(told[row * CELLS, 4])] for row in range(CELLS)] == [name for name in ROWS for _ in "ab"]
    assert [COLUMNS[int(told[column, 5])] for column in range(CELLS)] == [name for name in COLUMNS for _ in "ab"]


def words(vocabulary: dict[str, int]) -> Any:
    """Return a tokenizer of whole words."""
    return lambda text: {"input_ids": [vocabulary.setdefault(word, len(vocabulary)) for word in text.split()]}


@pytest.mark.parametrize(("place_is_told", "least", "most"), [(True, 0.9, 1.0), (False, 0.0, 0.4)])
def test_patches_name_their_things_only_where_their_features_tell_all_of_it(
    *, place_is_told: bool, least: float, most: float
) -> None:
    """What a tower leaves out, its projector cannot say: a tower that forgets places is found out here."""
    torch.manual_seed(0)
    rng = random.Random(0)
    scenes = [make_scene(rng, held_out=False) for _ in range(300)]
    told = torch.stack([tower.labels(scene) for scene in scenes])
    kinds = [0, 1, 2, 3, 6, *([4, 5] if place_is_told else [])]
    features = torch.cat(
        [torch.nn.functional.one_hot(told[..., kind].clamp(min=-1) + 1, 10) for kind in kinds], dim=-1
    ).float()
    torch.nn.init.normal_((embedding := torch.nn.Embedding(60, WIDTH)).weight)
    projector = torch.nn.Sequential(
        torch.nn.Linear(features.shape[-1], 128), torch.nn.GELU(), torch.nn.Linear(128, WIDTH)
    )
    model = SimpleNamespace(
        get_input_embeddings=lambda: embedding, model=SimpleNamespace(multi_modal_projector=projector)
    )
    tokenizer = words({})
    alignment.anchor(model, tokenizer, features[:200], scenes[:200], 400, lambda *_: None)
    assert least <= alignment.named(model, tokenizer, features[200:], scenes[200:]) <= most
