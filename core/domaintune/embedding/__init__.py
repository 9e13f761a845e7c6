"""Texts as unit vectors: by a small model on this machine, or by a server that speaks OpenAI's /v1/embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TextEmbedder(Protocol):
    """What embeds texts; two of one `fingerprint` make comparable vectors.

    `name` is how files call it: no path of this machine. `width` is the length of a vector, `longest` the tokens that
    are read of a text.
    """

    @property
    def name(self) -> str:
        """How files call it."""

    @property
    def fingerprint(self) -> str:
        """What tells it from other embedders."""

    @property
    def width(self) -> int:
        """The length of a vector."""

    @property
    def longest(self) -> int:
        """How many tokens of a text are read."""

    def vectors(self, texts: Sequence[str], query: bool = False) -> NDArray[np.float32]:
        """Return a unit vector for each text, [texts, width]; `query` where they are to find, not to be found."""

    def vector(self, text: str, query: bool = False) -> NDArray[np.float32]:
        """Return the unit vector of one text; the last ones asked for are remembered."""


def open_embedder(name: str) -> TextEmbedder:
    """Open `minilm`, a model folder, a hub id or `http://host/v1#model`, once in a process; raises ModelError."""
    # torch comes with the first, and only where something is embedded here
    from domaintune.embedding import names, remote  # noqa: PLC0415

    if names.is_remote(name):
        return remote.RemoteEmbedder.open(name)
    from domaintune.embedding.local import Embedder  # noqa: PLC0415

    return Embedder.open(name)
