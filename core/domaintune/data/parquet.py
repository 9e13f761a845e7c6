"""Parquet files, in batches of rows. A leaf module: it is imported when a Parquet file is opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from domaintune.data.records import Flaw, Malformed, Record, Records, Table, shown
from domaintune.errors import DataError

BATCH = 1024


def open_parquet(path: Path, _encoding: str) -> Table:
    """Open a Parquet file; only the columns that a builder asks for are read."""
    try:
        file = pq.ParquetFile(path)
        columns = tuple(file.schema_arrow.names)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    return Table(columns, lambda wanted: _records(path, file, wanted))


def _records(path: Path, file: Any, wanted: Sequence[str]) -> Records:
    names = list(dict.fromkeys(wanted))
    try:
        number = 0
        for batch in file.iter_batches(BATCH, columns=names):
            columns = [list(_cells(batch.column(name))) for name in names]
            for row in zip(*columns, strict=True) if names else [()] * batch.num_rows:
                number += 1
                flaw = next((cell for cell in row if isinstance(cell, Flaw)), None)
                place = f"row {number}"
                yield Malformed(place, str(flaw)) if flaw else Record(place, dict(zip(names, row, strict=True)))
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from None


def _cells(column: Any) -> Iterator[Any]:
    """Yield the values of a column; one that Python cannot hold becomes a Flaw in its place."""
    for cell in column:
        try:
            yield cell.as_py()
        except UnicodeDecodeError:
            yield Flaw("not utf-8")
        except (ValueError, OverflowError) as error:
            yield Flaw(f"a value that cannot be read: {error}")


def _unreadable(path: Path, error: Exception) -> DataError:
    said = shown(str(error).splitlines()[0] if str(error) else type(error).__name__, 200)
    return DataError(f"{str(path)!r} cannot be read as Parquet: {said}; write the file again")
