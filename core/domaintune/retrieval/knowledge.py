"""An index folder opened: its passages, and who finds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domaintune import files
from domaintune.contracts import Finder, Hit, Passage
from domaintune.errors import DataError
from domaintune.parts import opened
from domaintune.plugins import Catalog
from domaintune.retrieval.passages import Passages

ABOUT, OWN = "index.json", "retriever"
"""What an index is, and the folder that is the retriever's own."""
SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Knowledge:
    """An open index: `about` is what its index.json says."""

    folder: Path
    about: Mapping[str, Any]
    passages: Sequence[Passage]
    finder: Finder

    def search(self, query: str, k: int) -> Sequence[Hit]:
        """Return at most k passages, best first."""
        return self.finder.search(query, k)


def open_index(folder: Path, catalog: Catalog) -> Knowledge:
    """Open a folder that the index stage made; raises DataError, or PluginError where its retriever is not installed."""
    about = read_about(folder)
    passages = Passages(folder)
    part = catalog.component("retriever", about["retriever"])
    retriever = opened(part, about["options"], "retrieval.options")
    return Knowledge(folder=folder, about=about, passages=passages, finder=retriever.open(passages, folder / OWN))


def read_about(folder: Path) -> dict[str, Any]:
    """Return what an index folder says of itself; raises DataError."""
    try:
        about = files.read_json(folder / ABOUT)
    except (OSError, ValueError) as error:
        raise DataError(f"{str(folder)!r} holds no index ({error}); make one with `domaintune index`") from None
    version = about.get("schema_version") if isinstance(about, dict) else None
    if version != SCHEMA_VERSION:
        raise DataError(f"the index in {str(folder)!r} has schema_version {version!r}; index the knowledge anew")
    return dict(about)
