"""Where a base model is, for parts that open it themselves."""

from __future__ import annotations

from domaintune.models.base import locate
from domaintune.settings import ModelSettings


def locate_model(name: str, revision: str | None = None) -> str:
    """Return what transformers' `from_pretrained` takes for a base model: a folder, or the hub id that it is.

    `name` is what `model.base` may be: `starter`, which is fetched the first time, a folder, a hub id, or a base model that
    a plugin makes. Raises ModelError where there is no such folder.
    """
    return locate(ModelSettings(base=name, revision=revision)).place
