"""The options of the builder of passages from documents, written under `[retrieval.knowledge_options]`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge, Gt, Le


@dataclass(frozen=True, kw_only=True)
class DocumentOptions:
    """How documents are cut."""

    size: Annotated[int, Gt(0), Le(100_000)] = field(
        default=160, metadata={"doc": "tokens of a passage (words, numbers, signs) at most"}
    )
    overlap: Annotated[int, Ge(0)] = field(
        default=32, metadata={"doc": "tokens that a passage may repeat of the one before"}
    )
    whole_rows: bool = field(default=False, metadata={"doc": "one row is one passage, however long"})

    def __post_init__(self) -> None:
        """Refuse an overlap that leaves a passage nothing new."""
        if self.overlap >= self.size:
            raise ValueError(f"overlap = {self.overlap} must be smaller than size = {self.size}")
