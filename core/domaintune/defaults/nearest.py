"""The composer that asks, for each request, the adapter whose examples are nearest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from domaintune.composition import routing
from domaintune.contracts import Member
from domaintune.defaults.composer_options import NearestOptions
from domaintune.embedding.local import Embedder


class Nearest:
    """The adapter whose own examples a prompt is most like."""

    def __init__(self, options: NearestOptions) -> None:
        self.options = options

    def route(self, text: str, members: Sequence[Member]) -> str | None:
        """Return the name of the nearest member, or None for the base model: none has examples, or all are far.

        A member's examples are those it is given, or those its folder holds; vectors of another embedder than the one
        at hand are no examples.
        """
        near: dict[str, float] = {}
        for member in members:
            found = routing.read(member.folder)
            if found is None:
                continue
            embedder = Embedder.open(self.options.embedder or found.embedder)
            if embedder.fingerprint == found.fingerprint:
                rows = np.asarray(member.examples, dtype=np.float32) if len(member.examples) else found.vectors
                near[member.name] = routing.similarity(embedder.vector(text), rows, self.options.best)
        return routing.choose(near, self.options.threshold)
