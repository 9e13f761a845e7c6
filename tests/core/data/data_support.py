"""A tiny builder, and short ways to run it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from domaintune.contracts import BuildContext, Dropped, Example, Field, Row
from domaintune.data import Dataset, make
from domaintune.settings import DataSettings

FIELDS = (Field(name="question", aliases=("report", "input text")), Field(name="answer"))
TAG = Field(name="tag", required=False)


def example(row: Row, **more: Any) -> Example:
    return Example(
        prompt=({"role": "user", "content": row["question"]},),
        completion=({"role": "assistant", "content": row["answer"]},),
        origin=row.origin,
        tags=frozenset(filter(None, [row.values.get("tag", "")])),
        **more,
    )


def copy(context: BuildContext) -> Iterator[Example | Dropped]:
    """Every row becomes an example."""
    return map(example, context.rows(*FIELDS, TAG))


def run(*sources: Path | str, builder: Any = copy, **settings: Any) -> Dataset:
    options = {name: settings.pop(name, None) for name in ("max_length", "count_tokens")}
    tests = settings.pop("test_source", ())
    chosen = DataSettings(
        sources=tuple(map(str, sources)),
        test_source=tuple(map(str, [tests] if isinstance(tests, (str, Path)) else tests)),
        **{"test_fraction": 0.3, **settings},
    )
    return make("tiny", builder, None, chosen, seed=0, **options)


def questions(examples: Iterable[Example]) -> set[str]:
    return {one.question for one in examples}


def everything(dataset: Dataset) -> set[str]:
    return questions(dataset.train) | questions(dataset.test)


def adds_up(dataset: Dataset) -> None:
    ledger = dataset.ledger
    assert ledger.rows_in == ledger.train + ledger.test + len(ledger.dropped)
    assert (ledger.train, ledger.test) == (len(dataset.train), len(dataset.test))
    assert sum(ledger.counts.values()) == len(ledger.dropped)


def pairs(n: int, tag: str = "") -> list[dict[str, str]]:
    """Rows whose questions are unlike each other."""
    return [{"question": f"q{i} k{i} m{i} z{i}", "answer": f"answer {i}", "tag": tag} for i in range(n)]


def jsonl(file: Path, rows: Iterable[Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def as_csv(file: Path, rows: Sequence[dict[str, str]], delimiter: str = ",") -> Path:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return file
