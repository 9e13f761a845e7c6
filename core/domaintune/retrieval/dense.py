"""Search by meaning: passages whose vectors are near to that of the question.

Passages may have keys, short texts by which they can be found: the symptoms of a disease. A question then is cut into
parts as well, and a passage fits as well as, on average, the best of its keys or its text fits each part; or as well as
its text fits the whole question, where that is better. One vector of a question with three symptoms lies near to none of
them; three vectors do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domaintune import files
from domaintune.contracts import Hit, Passage
from domaintune.embedding import TextEmbedder, open_embedder
from domaintune.errors import DataError
from domaintune.retrieval import nearest, ranking, records, texts, vectors
from domaintune.retrieval.nearest import Method, Neighbours
from domaintune.retrieval.options import DenseOptions
from domaintune.retrieval.ranking import Ranking
from domaintune.retrieval.texts import Texts

KIND, INDEX = "dense", "nearest.faiss"
MAPS = ("bodies", "keys", "starts", "owner_starts", "owners")
"""Arrays that lead from passages to vectors, and back."""
NEAR, SCORED = 128, 256
"""Vectors near to a part of a question from which passages are gathered, and passages that are scored exactly."""


class Dense:
    """Finds passages by the meaning of their texts and keys."""

    def __init__(self, options: DenseOptions) -> None:
        self.options = options

    def index(self, passages: Sequence[Passage], folder: Path, before: Path | None = None) -> None:
        """Embed the distinct texts of the passages; raises ModelError and SettingsError.

        A killed call goes on at its last finished batch and ends with the same bytes. Vectors of texts that the index in
        `before` holds, made by the same embedder, are copied.
        """
        embedder = open_embedder(self.options.embedder)
        found = texts.gathered(passages)
        shape = (len(found), embedder.width)
        chosen = nearest.plan(*shape, self.options)
        about = _about(found, embedder, chosen)
        if not records.is_finished(folder, about):
            for name in (records.RECORD, INDEX):
                (folder / name).unlink(missing_ok=True)
            vectors.write(found, embedder, folder, _earlier(before, embedder))
            names = [vectors.VECTORS, vectors.DIGESTS, *_write_maps(found, folder)]
            if chosen.kind != "flat":
                nearest.build(folder / vectors.VECTORS, shape, chosen, folder / INDEX, self.options.threads)
                names.append(INDEX)
            records.write(folder, about, names)
        (folder / vectors.JOURNAL).unlink(missing_ok=True)

    def open(self, passages: Sequence[Passage], folder: Path) -> DenseFinder:
        """Open the index of these passages; raises DataError where it is damaged, or another embedder's."""
        about = records.read(folder, KIND)
        records.fits(about, folder, len(passages))
        embedder = open_embedder(self.options.embedder)
        made_by = about["embedder"]
        if made_by["fingerprint"] != embedder.fingerprint:
            raise DataError(
                f"the index in {str(folder)!r} was made by the embedder {made_by['name']!r} "
                f"({made_by['fingerprint']}), not by {embedder.name!r} ({embedder.fingerprint}) that is to search it; "
                "set `embedder` to the first, or index the knowledge anew"
            )
        chosen = Method(**about["search"])
        rows = vectors.mapped(folder / vectors.VECTORS, about["vectors"], about["width"])
        maps = {name: _mapped(folder / f"{name}.npy") for name in MAPS}
        return DenseFinder(passages, embedder, Neighbours(rows, chosen, folder / INDEX, self.options), maps)


class DenseFinder:
    """An open index; it may be asked from several threads."""

    def __init__(
        self, passages: Sequence[Passage], embedder: TextEmbedder, near: Neighbours, maps: dict[str, NDArray[Any]]
    ) -> None:
        self.passages, self.embedder, self._near = passages, embedder, near
        self._bodies, self._keys, self._starts = maps["bodies"], maps["keys"], maps["starts"]
        self._owner_starts, self._owner_places = maps["owner_starts"], maps["owners"]

    @property
    def keyed(self) -> bool:
        """Whether any passage has keys."""
        return len(self._keys) > 0

    def search(self, query: str, k: int) -> list[Hit]:
        """Return the k passages nearest to the question; scores are cosines, or means of them."""
        return ranking.hits(self.passages, self.ranked(query, k))

    def ranked(self, query: str, k: int) -> Ranking:
        """Return the places of the k passages nearest to the question."""
        if not len(self.passages) or k <= 0:
            return []
        asked = [query, *(texts.parts(query) if self.keyed else ())]
        queries = self.embedder.vectors(asked, query=True)
        if not self.keyed:
            return self._by_text(queries[0], k)
        if self._near.exhaustive:
            like = self._near.similarities(queries)
            scores = _fit(like[self._bodies], like[self._keys], self._starts)
            return [(int(place), float(scores[place])) for place in ranking.best(scores, k)]
        places = self._gathered(queries, k)
        scores = self._scores(places, queries)
        return [(int(places[one]), float(scores[one])) for one in ranking.best(scores, k)]

    def _by_text(self, query: NDArray[np.float32], k: int) -> Ranking:
        """Return the k passages whose texts are nearest; equal texts share a vector."""
        rows, like = self._near.find(query, k)
        places, of = self._owners(rows)
        found = zip(places.tolist(), like[of].tolist(), strict=True)
        return sorted(found, key=lambda item: (-item[1], item[0]))[:k]

    def _scores(self, places: NDArray[np.int64], queries: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the exact scores of some passages; only their vectors are read."""
        held = [self._keys[self._starts[place] : self._starts[place + 1]] for place in places]
        starts = np.zeros(len(places) + 1, dtype=np.int64)
        np.cumsum([len(rows) for rows in held], out=starts[1:])
        rows, back = np.unique(np.concatenate([self._bodies[places], *held]), return_inverse=True)
        like = self._near.vectors[rows] @ queries.T
        return _fit(like[back[: len(places)]], like[back[len(places) :]], starts)

    def _gathered(self, queries: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        """Return the places of passages that may be the best, in their order: those whose vectors are near to the parts.

        A vector of a common key leads to many passages, so these are weighed first: a passage of which no vector was
        near to a part counts there as much as the farthest that was.
        """
        count, best = max(NEAR, nearest.proposals(k)), max(SCORED, 4 * k)
        pairs: list[tuple[NDArray[np.int64], int, NDArray[np.float32]]] = []
        floors = np.zeros(len(queries), dtype=np.float32)
        for part, rows in enumerate(self._near.proposed(queries, count)):
            like = self._near.vectors[rows] @ queries[part]
            floors[part] = like.min(initial=1.0)
            places, of = self._owners(rows)
            if part == 0:  # the whole question is compared with texts, not with keys
                of_text = self._bodies[places] == rows[of]
                places, of = places[of_text], of[of_text]
            pairs.append((places, part, like[of]))
        found = np.unique(np.concatenate([places for places, _, _ in pairs]))
        table = np.tile(floors, (len(found), 1))
        for places, part, like in pairs:
            np.maximum.at(table[:, part], np.searchsorted(found, places), like)
        rough = table[:, 0] if len(queries) == 1 else np.maximum(table[:, 0], table[:, 1:].mean(axis=1))
        return np.sort(found[ranking.best(rough, best)])

    def _owners(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the passages to which these vectors belong, and for each the place of its vector among `rows`."""
        starts = self._owner_starts
        lengths = starts[rows + 1] - starts[rows]
        of = np.repeat(np.arange(len(rows)), lengths)
        within = np.arange(len(of)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return self._owner_places[starts[rows][of] + within].astype(np.int64), of


def _fit(bodies: NDArray[np.float32], keys: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return how well passages fit: `bodies` [passages, 1 + parts] and `keys` [keys, 1 + parts] are similarities.

    The first column is that of the whole question. Passage i has the keys from `starts[i]` to `starts[i + 1]`.
    """
    whole = bodies[:, 0]
    if bodies.shape[1] == 1:
        return whole
    found = bodies[:, 1:].copy()
    have = starts[1:] > starts[:-1]
    if have.any():
        best_keys = np.maximum.reduceat(keys[:, 1:], starts[:-1][have], axis=0)
        found[have] = np.maximum(found[have], best_keys)
    scores: NDArray[np.float32] = np.maximum(whole, found.mean(axis=1))
    return scores


def _about(found: Texts, embedder: TextEmbedder, chosen: Method) -> dict[str, Any]:
    return {
        "kind": KIND,
        "embedder": {"name": embedder.name, "fingerprint": embedder.fingerprint},
        "width": embedder.width,
        "passages": len(found.bodies),
        "vectors": len(found),
        "keys": len(found.keys),
        "texts": hashlib.sha256(
            b"".join(held.tobytes() for held in (found.digests, found.bodies, found.keys, found.starts))
        ).hexdigest(),
        "search": {"kind": chosen.kind, "why": chosen.why, "parameters": chosen.parameters},
    }


def _earlier(before: Path | None, embedder: TextEmbedder) -> vectors.Earlier:
    """Return the vectors of an earlier index, of none where it is damaged or another embedder's."""
    try:
        about = records.read(before, KIND) if before else None
    except DataError:
        about = None
    usable = about is not None and about["embedder"]["fingerprint"] == embedder.fingerprint
    return vectors.Earlier(before if usable else None, embedder.width)


def _write_maps(found: Texts, folder: Path) -> list[str]:
    """Write the arrays between passages and vectors; returns the names of their files."""
    held: list[NDArray[Any]] = [found.bodies, found.keys, found.starts, *texts.owners(found)]
    for name, values in zip(MAPS, held, strict=True):
        np.save(folder / f"{name}.npy", values, allow_pickle=False)
    files.sync_folder(folder)
    return [f"{name}.npy" for name in MAPS]


def _mapped(file: Path) -> NDArray[Any]:
    return np.asarray(np.load(file, mmap_mode="r", allow_pickle=False))  # a plain view: memmap's own indexing is slow
