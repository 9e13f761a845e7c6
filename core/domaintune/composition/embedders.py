"""Which embedders there are, and whether one can be had: all that can be said of them without loading any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from domaintune.models import base as models
from domaintune.models import minilm
from domaintune.models.base import BaseModel
from domaintune.settings import ModelSettings

NONE, MINILM = "none", "minilm"


def locate(name: str) -> BaseModel:
    """Return where an embedder is, fetching minilm the first time it is wanted; raises ModelError."""
    if name == MINILM:
        return BaseModel(name=MINILM, place=str(minilm.get()))
    return models.locate(ModelSettings(base=name))


def is_at_hand(name: str) -> bool:
    """Tell whether an embedder can be loaded without fetching anything (a hub id counts as not)."""
    return minilm.is_ready() if name == MINILM else models.is_at_hand(ModelSettings(base=name))


def identity(name: str) -> dict[str, Any]:
    """Return what tells one embedder from another, without loading or fetching anything."""
    return {"base": MINILM, "sha256": minilm.SHA256} if name == MINILM else models.identity(ModelSettings(base=name))


def chosen(name: str, model: ModelSettings) -> str:
    """Return the embedder that a build will use, or `none`.

    A build whose base model lies in a folder fetches nothing: it embeds where the embedder is at hand. Any other build
    has fetched its base model, and may fetch the embedder too.
    """
    fetches = not Path(model.base).expanduser().is_dir()
    return name if name != NONE and (fetches or is_at_hand(name)) else NONE
