"""What a reader makes of a file: records in order, and the malformed among them, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias


class Flaw(Exception):  # noqa: N818  (not an error of the program: the reason why one row is malformed)
    """Why a row cannot be used, in words for the ledger."""


@dataclass(frozen=True)
class Record:
    """One record as the file has it: values by column name."""

    place: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Malformed:
    """A record that cannot be read, and why."""

    place: str
    why: str


Records: TypeAlias = Iterator[Record | Malformed]


@dataclass(frozen=True)
class Table:
    """An opened source. `columns` is None where each record names its own (JSON); `read` takes the columns wanted."""

    columns: tuple[str, ...] | None
    read: Callable[[Sequence[str]], Records]


def shown(text: str, limit: int = 60) -> str:
    """Quote a name from a file for a message: one line, escaped, of bounded length."""
    # repr escapes control characters and lone surrogates, so the message can always be printed and stored
    return repr(text[:limit]) + ("…" if len(text) > limit else "")


def listed(names: Sequence[str], limit: int = 30) -> str:
    """List column names for a message."""
    rest = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(shown(name) for name in names[:limit]) + rest if names else "none"
