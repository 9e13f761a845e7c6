"""The report of an evaluation: plain numbers in a stable form, and nothing that has to be computed again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domaintune.errors import UsageError

SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Report:
    """What `report.json` holds; scores are fractions of 1, intervals are 95 %.

    `scores` has a row for every evaluator, metric, tag and system; `comparisons` one for the tuned model against the
    base model and against the best floor, and for each model against itself with blank pictures. `n` counts the test
    items by tag, also the tags too small for numbers. A sample names the `images` of its item that lie in the run.
    `pictures` has a row for every evaluator that drew one, its file as seen from the run folder.
    """

    domain: str
    base: str
    adapter: str
    seed: int
    draws: int
    decoding: Mapping[str, Any]
    graders: Mapping[str, Mapping[str, Any]]
    n: Mapping[str, int]
    scores: list[dict[str, Any]]
    comparisons: list[dict[str, Any]]
    repetition: Mapping[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    samples: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[dict[str, str]] = field(default_factory=list)
    schema_version: int = SCHEMA_VERSION

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Report:
        """Read a JSON document of this schema version; keys that are not ours are passed over."""
        version = document.get("schema_version")
        if version != SCHEMA_VERSION:
            raise UsageError(f"the report has schema_version {version!r}; this domaintune reads {SCHEMA_VERSION}")
        ours = {f.name for f in dataclasses.fields(cls)}
        return cls(**{key: value for key, value in document.items() if key in ours})

    def value(self, metric: str, *, system: str = "tuned", tag: str = "all") -> float | None:
        """Return one score, or None where the report has no such row."""
        rows = (row for row in self.scores if (row["metric"], row["system"], row["tag"]) == (metric, system, tag))
        return next((row["value"] for row in rows), None)

    def verdict(self, metric: str, *, against: str = "base", tag: str = "all") -> str | None:
        """Return better, worse or no evidence; None where the report does not compare the two."""
        rows = (row for row in self.comparisons if (row["metric"], row["b"], row["tag"]) == (metric, against, tag))
        return next((row["verdict"] for row in rows), None)
