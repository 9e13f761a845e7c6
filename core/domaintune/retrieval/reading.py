"""From knowledge files to passages, with an account of every row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from domaintune.contracts import DataBuilder, Dropped, Passage
from domaintune.data.context import Context
from domaintune.data.folders import check_distinct
from domaintune.data.ledger import Entry
from domaintune.data.rows import printable
from domaintune.errors import DataError
from domaintune.settings import DataSettings, RetrievalSettings

SCHEMA_VERSION = 1
_OF_DATA = re.compile(r"\bdata\.(columns|encoding|sources|max_malformed)\b")


@dataclass
class Reading:
    """The passages of a build's knowledge, read once; afterwards the books tell what became of every row."""

    name: str
    builder: DataBuilder
    options: Any
    settings: RetrievalSettings
    seed: int
    passages: int = 0
    licenses: Counter[str] = field(default_factory=Counter)
    dropped: list[Dropped] = field(default_factory=list)

    def __post_init__(self) -> None:
        given = self.settings
        sources = DataSettings(sources=given.sources, columns=given.columns, encoding=given.encoding)
        self._context = Context(self.name, self.options, sources, seed=self.seed)

    def __iter__(self) -> Iterator[Passage]:
        """Yield the passages; raises DataError at the end where too many rows are malformed, or nothing is left."""
        try:
            yield from self._read()
        except DataError as error:  # the readers speak of the data's settings; these are the knowledge's
            raise type(error)(_OF_DATA.sub(r"retrieval.\1", str(error))) from None

    def _read(self) -> Iterator[Passage]:
        check_distinct(self.settings.sources, "the sources of the knowledge")
        for passage in self._context.passages(self.builder, self.dropped):
            self.passages += 1
            origin = replace(passage.origin, source=self._shown(passage.origin.source))
            license_ = passage.license or self.settings.license
            self.licenses[license_] += 1
            yield replace(passage, origin=origin, license=license_)
        self._check_malformed()
        if not self.passages:
            raise DataError(f"there is nothing to index: {self._lost()}; name files with --source that hold knowledge")

    def _shown(self, source: str) -> str:
        """Return a source by its name: a passage goes into prompts and answers, where no folder of ours belongs."""
        for given in self.settings.sources:
            if source == printable(given) or source.startswith(f"{printable(given).rstrip('/')}/"):
                return source if given.startswith("hf:") else Path(given).name + source.removeprefix(printable(given))
        return source

    @property
    def notes(self) -> list[str]:
        """What the builder has to say."""
        return self._context.notes

    @property
    def sample(self) -> bool:
        """Whether the builder's own sample was read."""
        return self._context.sample is not None

    @property
    def books(self) -> dict[str, Any]:
        """The ledger: rows in, rows kept and the passages they gave, and each row that gave none."""
        entries = sorted(map(Entry.of, self.dropped), key=lambda entry: entry.order)
        kept = len(self._context.used)
        return {
            "schema_version": SCHEMA_VERSION,
            "rows_in": kept + len(entries),
            "kept": {"rows": kept, "passages": self.passages},
            "dropped": [vars(entry) for entry in entries],
            "counts": dict(sorted(Counter(entry.reason for entry in entries).items())),
        }

    def _check_malformed(self) -> None:
        bad, read = list(self._context.malformed.values()), self._context.read
        if bad and len(bad) > self.settings.max_malformed * read:
            places = "; ".join(f"{item.origin} ({item.detail})" for item in bad[:3])
            raise DataError(
                f"{len(bad):,} of {read:,} rows of the knowledge are malformed ({len(bad) / read:.1%}, "
                f"data.max_malformed allows {self.settings.max_malformed:.1%}): {places}; mend them, name their encoding "
                "(data.encoding), or raise it"
            )

    def _lost(self) -> str:
        counts = self.books["counts"]
        return "; ".join(f"{reason} {count:,}" for reason, count in counts.items()) or "not one row came in"
