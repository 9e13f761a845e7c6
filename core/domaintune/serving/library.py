"""Knowledge beside a question to the server: the same indexes and the same function as in training and grading."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domaintune import prompts
from domaintune.adapters.registry import Registry
from domaintune.adapters.versions import Version
from domaintune.contracts import Hit, Message, Passage
from domaintune.errors import DataError, DomaintuneError, ModelError
from domaintune.plugins import catalog
from domaintune.serving.problems import bad, busy, unavailable
from domaintune.settings import RetrievalSettings, ServeSettings

if TYPE_CHECKING:
    from domaintune.retrieval.knowledge import Knowledge

OPEN = 16
"""Indexes and tokenizers that stay open."""
MOST, LARGEST = 100, 100_000
"""What a package may ask for: passages beside a question, and tokens for them."""
log = logging.getLogger("domaintune.serving")


@dataclass(eq=False)
class Library:
    """Puts passages into prompts from the indexes that the registry keeps; a version without one has no knowledge."""

    registry: Registry
    limits: ServeSettings
    _one_search: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: int = 0

    def knows(self, adapter: str) -> bool:
        """Tell whether a version has knowledge here."""
        return self._knowledge(self.registry.find(adapter)) is not None

    async def enrich(
        self, adapters: Sequence[str], messages: Sequence[Message], tokens: int, images: Sequence[str] = ()
    ) -> tuple[Sequence[Message], Sequence[Passage]] | None:
        """Return the messages with passages in them, and the passages; None where these adapters have no knowledge.

        There is room for them beside the pictures of the messages and an answer of so many tokens. Where several
        adapters answer together, their passages take turns.
        """
        if self._waiting >= self.limits.queue:
            raise busy("too many questions wait for their passages; try again in a moment")
        self._waiting += 1
        try:
            return await self._search(adapters, messages, tokens, images)
        finally:
            self._waiting -= 1

    async def _search(
        self, adapters: Sequence[str], messages: Sequence[Message], tokens: int, images: Sequence[str]
    ) -> tuple[Sequence[Message], Sequence[Passage]] | None:
        async with self._one_search:  # an embedder is used by one thread at a time
            try:
                return await asyncio.to_thread(self._enriched, adapters, messages, tokens, images)
            except DomaintuneError as error:
                log.error("retrieval: %s", error)
                raise unavailable(
                    "the knowledge of this model cannot be searched at the moment; the server's log says why",
                    "retrieval_failed",
                ) from None

    def _enriched(
        self, adapters: Sequence[str], messages: Sequence[Message], tokens: int, images: Sequence[str]
    ) -> tuple[Sequence[Message], Sequence[Passage]] | None:
        from domaintune.retrieval.augment import Augmenter  # noqa: PLC0415  (only where there is something to find)

        versions = [self.registry.find(adapter) for adapter in adapters]
        known = [(version, *found) for version in versions if (found := self._knowledge(version)) is not None]
        if not known:
            return None
        version, used, _ = known[0]
        indexes = [_open(folder) for _, _, folder in known]
        tokenizer, processor, longest = _reader(self.registry, version.base)
        beside = Augmenter(
            search=lambda query, k: _in_turn([index.search(query, k) for index in indexes], k),
            every=(), tokenizer=tokenizer, settings=used, processor=processor,
        )  # fmt: skip
        asked = _asked(tokenizer, processor, messages, images)
        return beside.ask(messages, max(0, min(self.limits.max_length, longest) - tokens - asked))

    def _knowledge(self, version: Version) -> tuple[RetrievalSettings, Path] | None:
        """Return how a version's knowledge is used and where it is; its manifest may have been written by anyone."""
        manifest = self.registry.manifest(version) or {}
        told = manifest.get("knowledge")
        if not isinstance(told, Mapping) or not isinstance(told.get("digest"), str):
            return None
        folder = self.registry.knowledge(told["digest"])
        if folder is None:
            return None
        defaults = RetrievalSettings()
        k, budget = _number(told.get("k"), defaults.k, MOST), _number(told.get("budget"), defaults.budget, LARGEST)
        return replace(defaults, k=k, budget=budget), folder


def _asked(tokenizer: Any, processor: Any, messages: Sequence[Message], images: Sequence[str]) -> int:
    """Return the tokens of a question with its pictures; HttpError where these cannot be placed: no fault of a search."""
    if not images or processor is None:
        return len(prompts.prompt_ids(tokenizer, messages))
    try:
        return len(prompts.pictured_ids(processor, messages, images).ids)
    except (DataError, ModelError) as error:
        raise bad(str(error), "messages", "invalid_image") from None


def _number(value: Any, default: int, most: int) -> int:
    return value if type(value) is int and 0 < value <= most else default


def _in_turn(found: Sequence[Sequence[Hit]], k: int) -> list[Hit]:
    """Return the best hit of each index, then the second of each, and so on."""
    turns = [hit for turn in zip_longest(*found) for hit in turn if hit is not None]
    return turns[:k]


@lru_cache(maxsize=OPEN)
def _open(folder: Path) -> Knowledge:
    from domaintune.retrieval.knowledge import open_index  # noqa: PLC0415  (faiss; only where something is searched)

    return open_index(folder, catalog())


@lru_cache(maxsize=OPEN)
def _reader(registry: Registry, fingerprint: str) -> tuple[Any, Any, int]:
    """Return the tokenizer of a base model, the processor of its pictures or None, and how many tokens it can read."""
    from transformers import AutoConfig

    from domaintune.models import base as models  # noqa: PLC0415
    from domaintune.settings import ModelSettings  # noqa: PLC0415

    base = models.locate(ModelSettings(**registry.base(fingerprint).settings))
    config = AutoConfig.from_pretrained(base.place, revision=base.revision, trust_remote_code=False).get_text_config()
    longest = int(getattr(config, "max_position_embeddings", None) or 1 << 20)
    return models.load_tokenizer(base), models.load_processor(base), longest
