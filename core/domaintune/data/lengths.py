"""How long the examples are in tokens, and what a limit cuts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from domaintune.contracts import Dropped, Example

SCHEMA_VERSION = 1
CountTokens: TypeAlias = Callable[[Sequence[Example]], list[tuple[int, int]]]
"""Returns the tokens of prompt and completion of each example."""


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """The lengths of one side in tokens, prompt and completion together; `over` counts those above the limit."""

    n: int
    total: int
    median: int
    p90: int
    p99: int
    max: int
    over: int

    @classmethod
    def of(cls, lengths: Sequence[int], limit: int | None) -> Lengths:
        """Describe some lengths; percentiles are lengths that occur (nearest rank)."""
        order = sorted(lengths) or [0]

        def rank(percent: int) -> int:
            return order[max(0, -(-percent * len(order) // 100) - 1)]

        over = 0 if limit is None else sum(length > limit for length in lengths)
        return cls(
            n=len(lengths), total=sum(lengths), median=rank(50), p90=rank(90), p99=rank(99), max=order[-1], over=over
        )


@dataclass(frozen=True, kw_only=True)
class LengthTable:
    """Both sides as they came, before anything too long leaves the training set: what the limit would cut."""

    max_length: int | None
    train: Lengths
    test: Lengths

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for `lengths.json`."""
        limit = {} if self.max_length is None else {"max_length": self.max_length}
        return {"schema_version": SCHEMA_VERSION, **limit, "train": asdict(self.train), "test": asdict(self.test)}


def measured(
    train: Sequence[Example], test: Sequence[Example], limit: int | None, count: CountTokens
) -> tuple[list[Example], list[Dropped], LengthTable]:
    """Drop the training examples that are too long; test examples are measured and stay."""
    ours, theirs = _lengths(train, count), _lengths(test, count)
    table = LengthTable(max_length=limit, train=Lengths.of(ours, limit), test=Lengths.of(theirs, limit))
    kept, dropped = [], []
    for example, length in zip(train, ours, strict=True):
        if limit is None or length <= limit:
            kept.append(example)
        else:
            detail = f"{length:,} tokens > train.max_length {limit:,}"
            dropped.append(Dropped(origin=example.origin, reason="too-long", detail=detail))
    return kept, dropped, table


def _lengths(examples: Sequence[Example], count: CountTokens) -> list[int]:
    lengths = [prompt + completion for prompt, completion in count(examples)] if examples else []
    if len(lengths) != len(examples):
        raise AssertionError(f"count_tokens returned {len(lengths)} lengths for {len(examples)} examples")
    return lengths
