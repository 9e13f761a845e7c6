"""A request while it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domaintune.contracts import Mix
from domaintune.engine.sampling import Draw
from domaintune.engine.text import Text
from domaintune.sessions import Request


@dataclass
class Running:
    """A request that has joined: its prompt, how much of it is read, its row, and its answer so far.

    `pictures` are the tensors of its pictures until they are read, where they are at hand; `shift` is the difference of
    position and place afterwards.
    """

    number: int
    request: Request
    prompt: list[int]
    draw: Draw
    text: Text
    pictures: Mapping[str, Any] = field(default_factory=dict)
    shift: int = 0
    read: int = 0
    row: int = -1
    answer: list[int] = field(default_factory=list)

    @property
    def weights(self) -> tuple[tuple[str, float], ...]:
        """The adapters that answer, with their weights; none for the base model."""
        adapter = self.request.adapter
        if adapter is None:
            return ()
        return adapter.weights if isinstance(adapter, Mix) else ((adapter, 1.0),)

    @property
    def routed(self) -> bool:
        """Whether every token chooses among the adapters."""
        return isinstance(self.request.adapter, Mix) and self.request.adapter.route == "arrow"

    @property
    def length(self) -> int:
        """Places of the row that are filled once the last token of the answer is read."""
        return len(self.prompt) + len(self.answer)
