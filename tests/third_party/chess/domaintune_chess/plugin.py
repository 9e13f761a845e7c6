"""Chess openings: name the opening from its first moves.

Moves: e4 c5
Sicilian Defence
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from domaintune import BuildContext, Component, Domain, Dropped, Example, Field, Message, Score, hookimpl

SAMPLE = Path(__file__).with_name("openings.csv")
FIELDS = (Field(name="moves"), Field(name="name", aliases=("opening",)))


@dataclass(frozen=True, kw_only=True)
class OpeningOptions:
    """Options of the data builder, written `[data.options]`."""

    min_moves: int = field(default=2, metadata={"doc": "openings of fewer moves are dropped"})


@hookimpl
def domaintune_domains() -> Iterator[Domain]:
    """Offer `domaintune build chess`."""
    yield Domain(
        name="chess",
        summary="Name the opening from its first moves",
        data="chess-openings",
        evaluators=("chess-named", "exact"),  # one of ours, and a built-in
        presets={"quick": {"train": {"steps": 40, "batch_size": 4}}},
    )


@hookimpl
def domaintune_data_builders() -> Iterator[Component]:
    """Offer the reader of opening tables."""
    yield Component(
        name="chess-openings",
        summary="Columns `moves` and `name` of any table",
        load=lambda: openings,
        options=OpeningOptions,
    )


@hookimpl
def domaintune_evaluators() -> Iterator[Component]:
    """Offer the grader."""
    yield Component(name="chess-named", summary="1 where the answer holds the opening's name", load=lambda: named)


def openings(context: BuildContext) -> Iterator[Example | Dropped]:
    """Yield an example for every opening, and say why for every other row."""
    for row in context.rows(*FIELDS, sample=SAMPLE):
        moves = row["moves"].split()
        if len(moves) < context.options.min_moves:
            yield Dropped(origin=row.origin, reason="short", detail=f"{len(moves)} moves")
            continue
        yield Example(
            prompt=(Message(role="user", content=f"Moves: {' '.join(moves)}"),),
            completion=(Message(role="assistant", content=row["name"]),),
            origin=row.origin,
            tags=frozenset({moves[0]}),  # the report shows each first move apart
        )


def named(example: Example, answer: str) -> Score:
    """Score 1 where the answer holds the opening's name, whatever else it says."""
    return Score(metric="named", value=float(example.reference.casefold() in answer.casefold()))
