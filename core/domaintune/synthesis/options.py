"""The options of evolution, as users write them in `[data.options]`; a builder may use or extend them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class EvolveOptions:
    """How far tasks evolve, and how the teacher is asked."""

    rounds: int = field(default=1, metadata={"doc": "how often every task is evolved; 0 leaves the seeds alone"})
    judge: bool = field(
        default=True, metadata={"doc": "ask the teacher whether an evolved task asks for more: a short request each"}
    )
    similarity: float = field(
        default=0.9,
        metadata={"doc": "an evolved task is a copy of its parent from this Jaccard similarity of word 3-grams"},
    )
    task_tokens: int = field(default=1024, metadata={"doc": "longest new task of the teacher"})
    max_new_tokens: int = field(default=2048, metadata={"doc": "longest answer of the teacher"})
    verdict_tokens: int = field(
        default=16, metadata={"doc": "longest verdict of the judge; a teacher that thinks before it speaks needs more"}
    )
    temperature: float = field(default=1.0, metadata={"doc": "sampling temperature of new tasks"})
    top_p: float = field(default=0.95, metadata={"doc": "nucleus sampling of new tasks and of answers"})
    answer_temperature: float = field(default=0.0, metadata={"doc": "sampling temperature of answers; 0 is greedy"})

    def __post_init__(self) -> None:
        """Refuse numbers that could make nothing."""
        for name in ("rounds", "task_tokens", "max_new_tokens", "verdict_tokens"):
            whole(name, getattr(self, name))
        if self.rounds < 0:
            raise ValueError(f"rounds = {self.rounds}: give 0 or more")
        for name in ("similarity", "top_p"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} = {getattr(self, name)}: give a number above 0, at most 1")
        for name in ("task_tokens", "max_new_tokens", "verdict_tokens"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} = {getattr(self, name)}: let the teacher write at least 1 token")
        for name in ("temperature", "answer_temperature"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} = {getattr(self, name)}: give a number of at least 0")


def whole(name: str, value: object) -> None:
    """Raise ValueError where the value of an option is no whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} = {value!r}: give a whole number")
