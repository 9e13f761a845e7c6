"""Chess openings: name the opening from its first moves.

Moves: e4 c5 c3
Sicilian Defence
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domaintune import BuildContext, Component, Domain, Dropped, Example, Field, Message, Score, hookimpl

SAMPLE = Path(__file__).with_name("openings.csv")
ASK = Message(role="system", content="Name the chess opening.")
FIELDS = (Field(name="moves"), Field(name="name", aliases=("opening",)))
QUICK = {
    "data": {"test_fraction": 0.3},
    "train": {"epochs": 6.0, "batch_size": 8, "learning_rate": 2e-3},
    "eval": {"max_new_tokens": 16, "batch_size": 32},
}


@dataclass(frozen=True, kw_only=True)
class OpeningOptions:
    """Options of the data builder, written `[data.options]`."""

    min_moves: int = field(default=2, metadata={"doc": "openings of fewer moves are dropped"})
    variation: bool = field(default=False, metadata={"doc": "ask for the variation too: what follows the colon"})


@hookimpl
def domaintune_domains() -> Iterator[Domain]:
    """Offer `domaintune build chess`."""
    graders = ("chess-named", "exact")  # one of ours, and a built-in
    summary = "Name the opening from its first moves"
    yield Domain(name="chess", summary=summary, data="chess-openings", evaluators=graders, presets={"quick": QUICK})


@hookimpl
def domaintune_data_builders() -> Iterator[Component[Any]]:
    """Offer the reader of opening tables."""
    summary = "Columns `moves` and `name` of any table"
    yield Component(name="chess-openings", summary=summary, load=lambda: openings, options=OpeningOptions)


@hookimpl
def domaintune_evaluators() -> Iterator[Component[Any]]:
    """Offer the grader."""
    yield Component(name="chess-named", summary="1 where the answer holds the name", load=lambda: named)


def openings(context: BuildContext) -> Iterator[Example | Dropped]:
    """Yield an example for every opening, and say why for every other row."""
    for row in context.rows(*FIELDS, sample=SAMPLE):
        moves = row["moves"].split()
        if len(moves) < max(1, context.options.min_moves):
            yield Dropped(origin=row.origin, reason="short", detail=f"{len(moves)} moves")
            continue
        name = row["name"] if context.options.variation else row["name"].partition(":")[0]
        yield Example(
            prompt=(ASK, Message(role="user", content=f"Moves: {' '.join(moves)}")),
            completion=(Message(role="assistant", content=name),),
            origin=row.origin,
            tags=frozenset({moves[0] if moves[0] in {"e4", "d4"} else "other"}),  # shown apart in the report
            group=" ".join(sorted(moves[::2]) + sorted(moves[1::2])),  # the same moves in another order: never apart
        )


def named(example: Example, answer: str) -> Score:
    """Score 1 where the answer holds the opening's name, whatever else it says."""
    return Score(metric="named", value=float(example.reference.casefold() in answer.casefold()))
