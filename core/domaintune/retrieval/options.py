"""The options of the built-in retrievers, written `[retrieval.options]`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

Positive = Annotated[int, Gt(0)]
Share = Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True, kw_only=True)
class Bm25Options:
    """Options of search by words (Robertson and Zaragoza 2009, as Lucene counts)."""

    k1: Annotated[float, Ge(0)] = field(default=1.5, metadata={"doc": "how much a repeated word counts; 0: not more"})
    b: Share = field(default=0.75, metadata={"doc": "how much long passages are held back; 0: not at all"})


@dataclass(frozen=True, kw_only=True)
class DenseOptions:
    """Options of search by meaning."""

    embedder: str = field(
        default="minilm", metadata={"doc": "minilm, a model folder, a hub id, or http://host/v1#model"}
    )
    kind: Literal["auto", "flat", "hnsw", "ivfpq"] = field(
        default="auto",
        metadata={"doc": "flat compares with all, hnsw walks a graph, ivfpq is small; auto: flat below 50,000 vectors"},
    )
    effort: Positive = field(
        default=128, metadata={"doc": "vectors that hnsw weighs for a question: more are slower and find more"}
    )
    links: Annotated[int, Ge(4), Le(128)] = field(default=32, metadata={"doc": "neighbours of a vector in hnsw"})
    build_effort: Positive = field(default=80, metadata={"doc": "vectors that hnsw weighs for each one it takes in"})
    probes: Positive = field(default=32, metadata={"doc": "lists that ivfpq reads for a question"})
    code_bytes: Positive | None = field(
        default=None, metadata={"doc": "bytes of a vector in ivfpq, a divisor of its width; none: an eighth of it"}
    )
    threads: Positive = field(
        default=1, metadata={"doc": "threads that build hnsw; with one, equal passages give equal bytes"}
    )


@dataclass(frozen=True, kw_only=True)
class HybridOptions(Bm25Options, DenseOptions):
    """Options of search by words and by meaning, joined by their ranks (Cormack, Clarke and Büttcher 2009)."""

    weight: Share | None = field(
        default=None,
        metadata={"doc": "share of the search by meaning; none: 0.5, and 0.8 where passages have keys"},
    )
    depth: Positive = field(default=200, metadata={"doc": "passages of each search that are joined"})
    constant: Positive = field(
        default=10, metadata={"doc": "k of 1 / (k + rank): the smaller, the more the first ranks count"}
    )
