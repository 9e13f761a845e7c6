"""Where a base model is, for parts that open it themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domaintune.models.base import identity, locate
from domaintune.settings import ModelSettings


def locate_model(name: str, revision: str | None = None) -> str:
    """Return what transformers' `from_pretrained` takes for a base model: a folder, or the hub id that it is.

    `name` is what `model.base` may be: `starter`, which is fetched the first time, a folder, a hub id, or a base model that
    a plugin makes. Raises ModelError where there is no such folder.
    """
    return locate(ModelSettings(base=name, revision=revision)).place


def identify_model(name: str, revision: str | None = None) -> Mapping[str, Any]:
    """Return the plain values that tell a base model from others of its name, without loading or fetching anything.

    Of a folder they are hashes of its files and samples of its weights, wherever it lies; of a hub id its revision.
    """
    return identity(ModelSettings(base=name, revision=revision))
