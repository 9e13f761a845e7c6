"""The options of the built-in composers, written `--option NAME=VALUE`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

Positive = Annotated[int, Gt(0)]
Share = Annotated[float, Ge(0), Le(1)]
Density = Annotated[float, Gt(0), Le(1)]
Seed = Annotated[int, Ge(0), Lt(2**32)]


@dataclass(frozen=True, kw_only=True)
class SvdOptions:
    """Options of merges that cut off at a rank."""

    rank: Positive | None = field(
        default=None, metadata={"doc": "rank of the result; none: the largest of the members"}
    )


@dataclass(frozen=True, kw_only=True)
class PruneOptions:
    """Options of merges that keep the largest numbers."""

    density: Density = field(default=0.5, metadata={"doc": "share of the numbers that is kept"})


@dataclass(frozen=True, kw_only=True)
class PruneSvdOptions(PruneOptions, SvdOptions):
    """Options of merges that keep the largest numbers of whole updates."""


@dataclass(frozen=True, kw_only=True)
class TiesOptions(PruneOptions):
    """Options of merges that settle conflicts of sign."""

    majority_sign_method: Literal["total", "frequency"] = field(
        default="total", metadata={"doc": "signs are settled by sum, or by count"}
    )


@dataclass(frozen=True, kw_only=True)
class TiesSvdOptions(TiesOptions, SvdOptions):
    """Options of merges that settle conflicts of sign between whole updates."""


@dataclass(frozen=True, kw_only=True)
class DareOptions(PruneOptions):
    """Options of merges that drop numbers by chance."""

    seed: Seed = field(default=0, metadata={"doc": "seed of what is dropped"})


@dataclass(frozen=True, kw_only=True)
class DareSvdOptions(DareOptions, SvdOptions):
    """Options of merges that drop numbers of whole updates by chance."""


@dataclass(frozen=True, kw_only=True)
class DareTiesOptions(DareOptions, TiesOptions):
    """Options of merges that drop numbers by chance and settle conflicts of sign."""


@dataclass(frozen=True, kw_only=True)
class DareTiesSvdOptions(DareTiesOptions, SvdOptions):
    """Options of merges that drop numbers of whole updates by chance and settle conflicts of sign."""


@dataclass(frozen=True, kw_only=True)
class NearestOptions:
    """Options of routing by examples."""

    threshold: Share = field(default=0.35, metadata={"doc": "similarity below which the base model answers"})
    best: Positive = field(default=5, metadata={"doc": "so many nearest examples of an adapter count"})
    embedder: str | None = field(
        default=None, metadata={"doc": "folder of the embedder; none: minilm or the hub id that an adapter names"}
    )
