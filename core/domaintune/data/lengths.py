"""How long the examples are in tokens, and what a limit cuts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from domaintune.contracts import Dropped, Example
from domaintune.prompts import PromptError

SCHEMA_VERSION = 1
UNREADABLE = "unreadable"
"""Why an example is dropped of which no prompt can be made for the base model."""
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
) -> tuple[list[Example], list[Example], list[Dropped], LengthTable]:
    """Drop what is no prompt of the base model, and the training examples that are too long; longer test examples stay.

    Returns what is left of both sides, what is dropped, and the lengths.
    """
    (train, ours, dropped), (test, theirs, more) = _readable(train, count), _readable(test, count)
    dropped += more
    table = LengthTable(max_length=limit, train=Lengths.of(ours, limit), test=Lengths.of(theirs, limit))
    kept = []
    for example, length in zip(train, ours, strict=True):
        if limit is None or length <= limit:
            kept.append(example)
        else:
            detail = f"{length:,} tokens > train.max_length {limit:,}"
            dropped.append(Dropped(origin=example.origin, reason="too-long", detail=detail))
    return kept, test, dropped, table


def _readable(examples: Sequence[Example], count: CountTokens) -> tuple[list[Example], list[int], list[Dropped]]:
    """Return the examples of which a prompt can be made with their lengths, and a Dropped for each of the others."""
    kept, lengths, dropped = [], [], []
    for example in examples:  # each by itself: what is wrong with one is no matter of the others
        try:
            lengths += _lengths([example], count)
        except PromptError as error:
            dropped.append(Dropped(origin=example.origin, reason=UNREADABLE, detail=str(error)))
        else:
            kept.append(example)
    return kept, lengths, dropped


def _lengths(examples: Sequence[Example], count: CountTokens) -> list[int]:
    lengths = [prompt + completion for prompt, completion in count(examples)]
    if len(lengths) != len(examples):
        raise AssertionError(f"count_tokens returned {len(lengths)} lengths for {len(examples)} examples")
    return lengths
