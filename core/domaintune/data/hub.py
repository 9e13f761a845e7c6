"""Datasets of the Hugging Face hub, or folders laid out like one. A leaf module: imported when one is named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datasets import load_dataset  # noqa: TID253  (a leaf module, entered only through `sources`)

from domaintune.data.records import Record, Records, Table, shown
from domaintune.errors import DataError


def open_hub(name: str, split: str) -> Table:
    """Load one split of a hub dataset; only the columns that a builder asks for are decoded."""
    try:
        dataset = load_dataset(name, split=split)
        columns = tuple(dataset.column_names)
    except Exception as error:  # the library, its network and its builders raise many kinds
        raise _unreadable(name, split, error) from None
    return Table(columns, lambda wanted: _records(name, split, dataset, wanted))


def _records(name: str, split: str, dataset: Any, wanted: Sequence[str]) -> Records:
    names = list(dict.fromkeys(wanted))
    try:
        chosen = dataset.select_columns(names) if names else ({} for _ in range(dataset.num_rows))
        for number, values in enumerate(chosen, 1):
            yield Record(f"row {number}", values)
    except Exception as error:  # decoding runs code of the dataset's features
        raise _unreadable(name, split, error) from None


def _unreadable(name: str, split: str, error: Exception) -> DataError:
    root = error.__cause__ or error  # the library wraps what went wrong in a general sentence
    said = next(iter(str(root).splitlines()), "") or type(root).__name__
    return DataError(
        f"hub dataset {name!r} (split {split!r}) cannot be loaded: {shown(said, 300)}; "
        "check the name, the split, the network and HF_TOKEN"
    )
