"""A finished data set, and its files: equal data sets give equal bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domaintune.contracts import Example, Origin, Side, Usage
from domaintune.data.ledger import Ledger
from domaintune.data.lengths import LengthTable
from domaintune.data.pictures import keep, renamed, with_paths
from domaintune.errors import DataError
from domaintune.files import stream_jsonl, write_json, write_jsonl

OURS = ("tags", "group", "origin")


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Both sides in content order, what became of every row, and what the user should be told.

    `sample` is True when no source was named and the builder's own sample was read. `recording` is what a teacher was
    asked and answered, `usage` what that took; None where no teacher was asked. `pictures` gives the name that each image
    of the examples has in the files (`images/<sha256>.png`); the image itself is a path, or a `data:` URL.
    """

    train: tuple[Example, ...]
    test: tuple[Example, ...]
    ledger: Ledger
    lengths: LengthTable | None = None
    notes: tuple[str, ...] = ()
    sample: bool = False
    recording: tuple[Mapping[str, Any], ...] = ()
    usage: Usage | None = None
    pictures: Mapping[str, str] = field(default_factory=dict)


def write(dataset: Dataset, folder: Path) -> None:
    """Write train.jsonl, test.jsonl, ledger.json, and images/, lengths.json and teacher.jsonl where there is need.

    Raises DataError where a picture is no longer what it was when it was checked.
    """
    keep(dataset.pictures, folder)
    for side, examples in (("train", dataset.train), ("test", dataset.test)):
        write_jsonl(folder / f"{side}.jsonl", (as_row(renamed(example, dataset.pictures)) for example in examples))
    if dataset.recording:
        write_jsonl(folder / "teacher.jsonl", dataset.recording)
        (folder / "teacher.jsonl").chmod(0o600)  # like the store of answers
    write_books(dataset, folder)


def write_books(dataset: Dataset, folder: Path) -> None:
    """Write ledger.json and, where tokens were counted, lengths.json."""
    write_json(folder / "ledger.json", dataset.ledger.as_dict())
    if dataset.lengths is None:
        (folder / "lengths.json").unlink(missing_ok=True)
    else:
        write_json(folder / "lengths.json", dataset.lengths.as_dict())


def load(folder: Path, side: Side) -> list[Example]:
    """Read the examples of one side that `write` wrote."""
    return list(stream(folder, side))


def stream(folder: Path, side: Side) -> Iterator[Example]:
    """Read the examples of one side, one at a time; their pictures have absolute paths.

    Raises DataError where the file or one of its pictures is missing or damaged.
    """
    file = folder / f"{side}.jsonl"
    place = folder.resolve()
    try:
        for row in stream_jsonl(file):
            example = as_example(row)
            yield with_paths(example, place) if example.images else example
    except OSError as error:
        raise DataError(f"cannot read {str(file)!r}: {error.strerror}; run the data stage first") from None
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{str(file)!r} was not written by domaintune or is damaged ({error}); build it anew") from None


def as_row(example: Example) -> dict[str, Any]:
    """Return an example as a row of train.jsonl: trl's conversational columns and `meta`."""
    origin = {"source": example.origin.source, "place": example.origin.place}
    meta = {**example.meta, "tags": sorted(example.tags), "group": example.group, "origin": origin}
    row = {
        "prompt": example.prompt,
        "completion": example.completion,
        "images": example.images or None,
        "choices": example.choices or None,
        "meta": meta,
    }
    plain: dict[str, Any] = _without_none(row)
    return plain


def as_example(row: Mapping[str, Any]) -> Example:
    """Return the example that `as_row` wrote."""
    meta = row["meta"]
    return Example(
        prompt=tuple(row["prompt"]),
        completion=tuple(row["completion"]),
        images=tuple(row.get("images", ())),
        choices=tuple(row.get("choices", ())),
        tags=frozenset(meta["tags"]),
        group=meta["group"],
        origin=Origin(**meta["origin"]),
        meta={key: value for key, value in meta.items() if key not in OURS},
    )


def _without_none(value: Any) -> Any:
    """Leave out what is None: readers of these files infer a column's type from its values."""
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_without_none(item) for item in value if item is not None]
    return value
