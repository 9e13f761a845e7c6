"""Answers that were made elsewhere, and to which item each belongs: by name where they have one, else by their order."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from domaintune.contracts import Example
from domaintune.data.overlap import item_name
from domaintune.errors import DataError, nearest

TEXT = ("answer", "completion", "solution")
"""The names under which files of answers hold the text; the first that is there."""


@dataclass(frozen=True, kw_only=True)
class Items:
    """Examples with references; `positions` are those of their rows in the source, where some rows became none.

    `brought` says that they are the evaluator's own; `absent` says of the name of an item why there is none of that name,
    or nothing.
    """

    examples: Sequence[Example]
    rows: int
    source: str
    positions: Sequence[int] | None = None
    brought: bool = False
    absent: Callable[[str], str] = lambda _name: ""


class _Given(NamedTuple):
    """One row of a file of answers."""

    line: int
    text: str
    task: str | None


def answers_to(items: Items, path: Path, *, partial: bool = False) -> dict[int, list[str]]:
    """Return the answers to each item by its place; all items have one, or with `partial` some.

    Rows with a `task_id` belong to the item of that name, and several to one item are samples of it. Without names, the
    n-th row belongs to the n-th item.
    """
    given = _read(path)
    named = any("task_id" in item.meta for item in items.examples) and any(row.task is not None for row in given)
    return _by_name(items, path, given, partial) if named else _by_order(items, path, given)


def _by_order(items: Items, path: Path, given: Sequence[_Given]) -> dict[int, list[str]]:
    if len(given) != items.rows:
        raise DataError(
            f"{path} holds {len(given):,} answers, but {items.source} holds {items.rows:,} rows; "
            'write one line a row, in the same order: {"answer": "…"}'
        )
    positions = range(items.rows) if items.positions is None else items.positions
    return {place: [given[position].text] for place, position in enumerate(positions)}


def _by_name(items: Items, path: Path, given: Sequence[_Given], partial: bool) -> dict[int, list[str]]:
    samples: dict[str, list[str]] = {item_name(item): [] for item in items.examples}
    for row in given:
        if row.task is None:
            raise DataError(
                f"{path}, line {row.line}: no task_id, which other rows have; name the task of every answer"
            )
        if row.task not in samples:
            why = items.absent(row.task)
            said = f": {why}" if why else nearest(row.task, samples)
            raise DataError(f"{path}, line {row.line}: there is no task {row.task!r} in {items.source}{said}")
        samples[row.task].append(row.text)
    unanswered = [name for name, texts in samples.items() if not texts]
    if unanswered and not partial:
        raise DataError(
            f"{path} has no answer to {len(unanswered):,} of {len(samples):,} tasks, the first {unanswered[0]!r}; answer "
            "every task, or grade those that have an answer with --partial"
        )
    return {place: texts for place, item in enumerate(items.examples) if (texts := samples[item_name(item)])}


def _read(path: Path) -> list[_Given]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # an answer may hold the line ends of Unicode
    except OSError as error:
        raise DataError(f"cannot read {str(path)!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text; write JSONL in UTF-8") from None
    return [_parsed(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _parsed(path: Path, number: int, line: str) -> _Given:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    text: Any = row
    task = None
    if isinstance(row, dict):
        text = next((row[name] for name in TEXT if name in row), None)
        task = row.get("task_id")
    if not isinstance(text, str):
        raise DataError(f'{path}, line {number}: not an answer; write {{"answer": "…"}} or a JSON string')
    if task is not None and (isinstance(task, bool) or not isinstance(task, (str, int))):
        raise DataError(f"{path}, line {number}: task_id must be a text or a number")
    return _Given(number, text, None if task is None else str(task))
