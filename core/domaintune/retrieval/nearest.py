"""The nearest of many vectors, with faiss: a graph (HNSW) or short codes in lists (IVF-PQ), both beside the exact vectors.

An index of faiss holds codes of a byte a number or less and only proposes; the file of vectors, mapped into memory,
decides. So the graph of a million vectors fits in memory, and similarities are exact whatever the index.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import faiss
import numpy as np
from numpy.typing import NDArray

from domaintune.errors import DataError, SettingsError
from domaintune.retrieval import ranking
from domaintune.retrieval.options import DenseOptions

FLAT_BELOW = 50_000
"""Vectors that are still compared with all others: some 5 ms with 384 numbers each."""
SAMPLE, BLOCK = 100_000, 10_000
"""Vectors that codes are fitted to, and vectors read at once while an index is built."""
SPARE = 128
"""Vectors that are compared exactly beside those that are asked for: three times as many, but no more than these."""
PER_LIST = 39
"""Vectors a list that k-means of faiss wants at least."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """How vectors are searched, and why so: `parameters` are those of faiss."""

    kind: Literal["flat", "hnsw", "ivfpq"]
    why: str
    parameters: dict[str, int]


def plan(count: int, width: int, options: DenseOptions) -> Method:
    """Choose the kind of search for so many vectors; raises SettingsError where the options cannot be."""
    kind, why = options.kind, f"asked for, with {count:,} vectors"
    if kind == "auto":
        few = count < FLAT_BELOW
        kind = "flat" if few else "hnsw"
        why = f"{count:,} vectors: " + (
            f"fewer than {FLAT_BELOW:,}, so all are compared"
            if few
            else f"{FLAT_BELOW:,} or more, so a graph is walked"
        )
    least = {"hnsw": 1, "ivfpq": 256 * PER_LIST}.get(kind, 0)
    if count < least:
        kind, why = "flat", f"{kind} was asked for, but {count:,} vectors are too few for it ({least:,})"
    parameters: dict[str, int] = {}
    if kind == "hnsw":
        parameters = {"links": options.links, "build_effort": options.build_effort, "bits": 8}
    elif kind == "ivfpq":
        code_bytes = options.code_bytes or max(1, width // 8)
        if width % code_bytes:
            raise SettingsError(f"code_bytes = {code_bytes}: must divide the {width} numbers of a vector")
        lists = 2 ** int(math.log2(min(4 * math.sqrt(count), count / PER_LIST)))
        parameters = {"lists": lists, "code_bytes": code_bytes}
    return Method(kind=kind, why=why, parameters=parameters)


def build(vectors: Path, shape: tuple[int, int], chosen: Method, file: Path, threads: int = 1) -> None:
    """Write the index of a file of unit vectors, float32 [rows, width], in one piece. Nothing is written for `flat`.

    The vectors are read block by block. With one thread, equal vectors give equal bytes.
    """
    if chosen.kind == "flat":
        return
    rows, width = shape
    step = max(1, rows // SAMPLE)
    with _threads(threads):
        index = _empty(chosen, width)
        # copied: a mapped array would keep every page it has touched
        sample = np.concatenate([block[::step] for block in _blocks(vectors, shape)])
        index.train(sample)
        del sample
        for block in _blocks(vectors, shape):
            index.add(block)
    aside = file.with_name(f".{file.name}.tmp")
    faiss.write_index(index, str(aside))
    with aside.open("rb") as written:
        os.fsync(written.fileno())
    aside.replace(file)


def proposals(k: int) -> int:
    """Return how many vectors a search by codes proposes, so that the k nearest are among them."""
    return k + min(3 * k, SPARE)


class Neighbours:
    """An open index: `vectors` are mapped, float32 [rows, width]; so is what faiss needs of its own file."""

    def __init__(self, vectors: NDArray[np.float32], chosen: Method, file: Path, options: DenseOptions) -> None:
        self.vectors = vectors
        self._index: Any = None
        if chosen.kind != "flat":
            self._index = _opened(file, vectors.shape)
            self._search = _search_parameters(chosen, options)

    @property
    def exhaustive(self) -> bool:
        """Whether every vector is compared."""
        return self._index is None

    def similarities(self, queries: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how like each vector is to each query, [rows, queries]."""
        found: NDArray[np.float32] = self.vectors @ queries.T
        return found

    def find(self, query: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the rows of the k vectors nearest to a query [width] and their similarities, nearest first."""
        if self._index is None:
            found = self.similarities(query[None])[:, 0]
            rows = ranking.best(found, k)
            return rows.astype(np.int64), found[rows]
        rows = self.proposed(query[None], proposals(k))[0]
        found = self.vectors[rows] @ query
        order = ranking.best(found, k)
        return rows[order], found[order]

    def proposed(self, queries: NDArray[np.float32], count: int) -> list[NDArray[np.int64]]:
        """Return for each query the rows of about so many near vectors, in the order of their numbers."""
        count = min(count, len(self.vectors))
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        # one by one: the threads of faiss would cost a single question more than they save
        with _threads(1):
            found = self._index.search(queries, count, params=self._search(count))[1]
        return [np.sort(rows[rows >= 0]) for rows in found]


def _empty(chosen: Method, width: int) -> Any:
    given = chosen.parameters
    index: Any
    if chosen.kind == "hnsw":
        index = faiss.index_factory(width, f"HNSW{given['links']},SQ{given['bits']}", faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = given["build_effort"]
    else:
        # np: without the polysemous codes of faiss, which take minutes and are not used
        description = f"IVF{given['lists']},PQ{given['code_bytes']}np"
        index = faiss.index_factory(width, description, faiss.METRIC_INNER_PRODUCT)
    return index


def _opened(file: Path, shape: tuple[int, ...]) -> Any:
    try:
        index = faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise DataError(f"{str(file)!r} cannot be read ({reason}); index the knowledge anew") from None
    if (index.ntotal, index.d) != shape:
        raise DataError(f"{str(file)!r} does not belong to the vectors beside it; index the knowledge anew")
    return index


def _search_parameters(chosen: Method, options: DenseOptions) -> Callable[[int], Any]:
    """Return what gives faiss the effort of a search for so many vectors."""
    library: Any = faiss  # its stubs lack these
    if chosen.kind == "hnsw":
        return lambda count: library.SearchParametersHNSW(efSearch=max(options.effort, count))
    return lambda _: library.SearchParametersIVF(nprobe=options.probes)


def _blocks(vectors: Path, shape: tuple[int, int]) -> Iterator[NDArray[np.float32]]:
    rows, width = shape
    with vectors.open("rb") as file:
        for start in range(0, rows, BLOCK):
            count = min(BLOCK, rows - start)
            yield np.fromfile(file, dtype=np.float32, count=count * width).reshape(count, width)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(count)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
