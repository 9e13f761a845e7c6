"""An adapter's own examples as vectors, and the choice of the adapter whose examples a prompt is most like.

`routing.safetensors` holds up to 256 unit vectors of 16-bit floats and the fingerprint of the embedder that made them.
It holds no text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from domaintune.contracts import IMAGE, Example
from domaintune.errors import UsageError

FILE = "routing.safetensors"
MOST = 256
"""Prompts embedded for an adapter."""
BEST = 5
"""A prompt is as near to an adapter as to the mean of so many of its nearest examples."""
_TENSOR = "examples"


@dataclass(frozen=True)
class Routing:
    """The examples of one adapter, [examples, width], and whose vectors they are."""

    embedder: str
    fingerprint: str
    vectors: NDArray[np.float32]


def prompts_of(examples: Iterable[Example], count: int) -> list[str]:
    """Return the last user message of at most MOST of `count` examples, evenly spread, empty ones left out.

    Pictures take no part in routing, and the marks where they stand are no words of anybody's.
    """
    drawn = (
        example for place, example in enumerate(examples)
        if count <= MOST or (place + 1) * MOST // count > place * MOST // count
    )  # fmt: skip
    asked = (example.question.replace(IMAGE, "") if example.images else example.question for example in drawn)
    return [text for text in asked if text.strip()]


def write(folder: Path, routing: Routing) -> None:
    """Write routing.safetensors."""
    metadata = {"embedder": routing.embedder, "fingerprint": routing.fingerprint}
    save_file({_TENSOR: routing.vectors.astype(np.float16)}, folder / FILE, metadata=metadata)


def read(folder: Path) -> Routing | None:
    """Read routing.safetensors, or return None where the adapter has none; raises UsageError where it is damaged."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            metadata, vectors = file.metadata() or {}, file.get_tensor(_TENSOR).astype(np.float32)
        embedder, fingerprint = metadata["embedder"], metadata["fingerprint"]
    except (OSError, SafetensorError, KeyError) as error:
        raise UsageError(f"{path} is damaged ({error}); build the adapter anew") from None
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if vectors.ndim != 2 or not vectors.size or not np.isfinite(length).all() or not length.all():
        raise UsageError(f"{path} holds no unit vectors; build the adapter anew")
    return Routing(embedder, fingerprint, vectors / length)


def similarity(vector: NDArray[np.float32], examples: NDArray[np.float32], best: int = BEST) -> float:
    """Return the mean cosine of a unit vector and the nearest few of an adapter's examples."""
    cosines = examples @ vector
    few = min(best, len(cosines))
    return float(np.partition(cosines, len(cosines) - few)[-few:].mean())


def choose(near: Mapping[str, float], threshold: float) -> str | None:
    """Return the adapter of the largest similarity, the first of equals; None below the threshold."""
    name = max(near, key=lambda name: near[name], default=None)
    return name if name is not None and near[name] >= threshold else None
