"""The ledger: every row that came in is in exactly one place, and the sums prove it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from domaintune.contracts import Dropped
from domaintune.errors import DataError

SCHEMA_VERSION = 1
ONE_NUMBER = re.compile(r"[^0-9]*([0-9]{1,18})[^0-9]*")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A row that became no example: its file, the line (or the place, where that is no number), and why."""

    file: str
    line: int | str
    reason: str
    detail: str = ""

    @classmethod
    def of(cls, dropped: Dropped) -> Entry:
        """Book what a reader, a builder or a later step dropped."""
        place = dropped.origin.place
        number = ONE_NUMBER.fullmatch(place)
        line = int(number.group(1)) if number else place
        return cls(file=dropped.origin.source, line=line, reason=dropped.reason, detail=dropped.detail)

    @property
    def order(self) -> tuple[str, bool, int, str, str, str]:
        """By file, then by line; places without a number come last."""
        number, place = (self.line, "") if isinstance(self.line, int) else (0, self.line)
        return (self.file, bool(place), number, place, self.reason, self.detail)


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """How many rows came in, how many were kept on each side, and each row that was not.

    `scrubbed` counts what was replaced because it identifies a person, by kind.
    """

    rows_in: int
    train: int
    test: int
    dropped: tuple[Entry, ...]
    scrubbed: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse to exist when the sums do not agree."""
        total = self.train + self.test + len(self.dropped)
        if self.rows_in != total:
            raise AssertionError(
                f"the ledger does not add up: {self.rows_in} rows in, "
                f"but {self.train} train + {self.test} test + {len(self.dropped)} dropped = {total}"
            )

    @classmethod
    def close(cls, rows_in: int, train: int, test: int, dropped: Iterable[Dropped]) -> Ledger:
        """Close the books over everything that was dropped, sorted by file and line."""
        entries = sorted(map(Entry.of, dropped), key=lambda entry: entry.order)
        return cls(rows_in=rows_in, train=train, test=test, dropped=tuple(entries))

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Ledger:
        """Read what `as_dict` wrote."""
        kept = value["kept"]
        dropped = tuple(Entry(**entry) for entry in value["dropped"])
        return cls(
            rows_in=value["rows_in"], train=kept["train"], test=kept["test"], dropped=dropped,
            scrubbed=value.get("scrubbed", {}),
        )  # fmt: skip

    @property
    def counts(self) -> dict[str, int]:
        """How many rows were dropped for each reason, by reason."""
        return dict(sorted(Counter(entry.reason for entry in self.dropped).items()))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for `ledger.json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "rows_in": self.rows_in,
            "kept": {"train": self.train, "test": self.test},
            "dropped": [vars(entry) for entry in self.dropped],
            "counts": self.counts,
            "scrubbed": dict(sorted(self.scrubbed.items())),
        }

    def summary(self) -> list[tuple[str, int]]:
        """Return the lines of a small table: rows in, kept, and each reason, the largest first."""
        reasons = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        return [
            ("rows in", self.rows_in),
            ("kept for training", self.train),
            ("kept for testing", self.test),
            *((f"dropped: {reason}", count) for reason, count in reasons),
        ]

    @property
    def told_of_scrubbing(self) -> str:
        """A sentence about what was replaced, empty where nothing was."""
        counts = ", ".join(f"{kind} {count:,}" for kind, count in sorted(self.scrubbed.items()) if kind != "examples")
        return f"replaced in {self.scrubbed['examples']:,} examples: {counts}" if counts else ""


class TooMalformed(DataError):  # noqa: N818  (reads as what happened)
    """More of the rows are malformed than the settings allow; `ledger` holds each of them."""

    def __init__(self, message: str, ledger: Ledger) -> None:
        super().__init__(message)
        self.ledger = ledger
