"""Which embedders there are, and whether one can be had: all that can be said of them without loading any."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from domaintune import files
from domaintune.errors import ModelError
from domaintune.models import base as models
from domaintune.models import minilm
from domaintune.models.base import BaseModel
from domaintune.settings import ModelSettings

NONE, MINILM = "none", "minilm"
ADDRESS = re.compile(r"https?://", re.IGNORECASE)


def is_remote(name: str) -> bool:
    """Tell whether an embedder is a server's: `https://host/v1#model`."""
    return bool(ADDRESS.match(name))


def locate(name: str) -> BaseModel:
    """Return where an embedder is, fetching minilm the first time it is wanted; raises ModelError."""
    if name == MINILM:
        return BaseModel(name=MINILM, place=str(minilm.get()))
    if is_remote(name):
        raise ModelError(f"the embedder {name!r} is a server's, and one on this machine is needed here; try {MINILM!r}")
    try:
        return models.locate(ModelSettings(base=name))
    except ModelError as error:
        raise ModelError(str(error).replace("model.base", "the embedder", 1)) from None


def is_at_hand(name: str) -> bool:
    """Tell whether an embedder can be used without fetching anything: a hub id cannot, a server can be asked."""
    if is_remote(name):
        return True
    return minilm.is_ready() if name == MINILM else models.is_at_hand(ModelSettings(base=name))


def identity(name: str) -> dict[str, Any]:
    """Return what tells one embedder from another, without loading or fetching anything."""
    if name == MINILM:
        return {"base": MINILM, "sha256": minilm.SHA256}
    if is_remote(name):
        return {"base": name}
    found = models.identity(ModelSettings(base=name))
    steps = {path.parent.name: files.sha256(path) for path in sorted(Path(name).expanduser().glob("*/config.json"))}
    return {**found, "steps": steps} if steps else found


def chosen(name: str, model: ModelSettings) -> str:
    """Return the embedder that a build will leave routing examples with, or `none`.

    A build whose base model lies in a folder fetches nothing: it embeds where the embedder is at hand. Any other build
    has fetched its base model, and may fetch the embedder too. A server's embedder is never chosen: whoever gets the
    adapter could not ask it.
    """
    if name == NONE or is_remote(name):
        return NONE
    fetches = not Path(model.base).expanduser().is_dir()
    return name if fetches or is_at_hand(name) else NONE
