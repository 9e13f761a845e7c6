"""Data sets by the million: shards are made in many processes, and no process holds more than one of them.

A shard becomes a file of lines that are byte for byte what `dataset.write` would write for its examples; the files are
joined in the order of the shards, so the number of processes leaves no trace. What memory must hold grows with the test
set and with what is dropped, not with the training set.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate, islice, pairwise
from pathlib import Path
from typing import BinaryIO

from domaintune import files
from domaintune.contracts import Dropped, Example, Shard, Side
from domaintune.data.dataset import Dataset
from domaintune.data.ledger import Ledger
from domaintune.data.lengths import CountTokens, Lengths, LengthTable
from domaintune.data.parts import Part, Rules, example_of, examples, first_rows, write_part
from domaintune.errors import DataError

MEASURED = 5000
"""Examples a side of which the tokens are counted, besides those that could be too long."""
VISITED = 24
"""Shards that are made for a sample."""
Progress = Callable[[int, int], None]
Parts = Callable[[Iterable[Callable[[], Part]]], Iterator[Part]]


@dataclass(frozen=True, kw_only=True)
class Sharded:
    """A data set that is yet to be made, and what trims it."""

    shards: tuple[Shard, ...]
    max_length: int | None
    count: CountTokens | None
    notes: tuple[str, ...] = ()

    def rows(self, side: Side) -> int:
        """Return how many rows a side will have before any is dropped."""
        return sum(shard.rows for shard in self.shards if shard.side == side)

    def sample(self, size: int) -> Dataset:
        """Return about so many examples a side, drawn from all over the shards, with the ledger of the whole."""
        train, test = self._sampled("train", size), self._sampled("test", size)
        rows = self.rows("train"), self.rows("test")
        lengths = self._table(self._lengths(train), self._lengths(test)) if self.count else None
        ledger = Ledger.close(sum(rows), *rows, ())
        return Dataset(train=tuple(train), test=tuple(test), ledger=ledger, lengths=lengths, notes=self.notes)

    def write(self, folder: Path, *, processes: int | None = None, progress: Progress | None = None) -> Dataset:
        """Make all shards, leaving train.jsonl and test.jsonl in `folder`; returns the books, without the examples.

        A training row whose group is that of a test row, or that has more tokens than `max_length`, is dropped and
        counted. Raises DataError where no row is left for a side.
        """
        _check_sides(self.shards)
        parts = folder / "parts"
        shutil.rmtree(parts, ignore_errors=True)
        parts.mkdir(parents=True)
        steps = _counter(progress, self.rows("train") + self.rows("test"))
        try:
            with _workers(processes or _processors()) as work:
                test = self._join("test", folder, Rules(every=self._every("test")), work, steps)
                train = self._join("train", folder, self._rules(parts, test.groups), work, steps)
        except BaseException:
            for side in ("train", "test"):  # perhaps gigabytes, of which nothing can be used
                (folder / f"{side}.jsonl").unlink(missing_ok=True)
            raise
        finally:
            shutil.rmtree(parts)
        if not train.rows:
            raise DataError(f"no training row is left: all {len(train.dropped):,} were dropped; change data.options")
        kept = train.rows, test.rows
        return Dataset(
            train=(),
            test=(),
            ledger=Ledger.close(sum(kept) + len(train.dropped), *kept, train.dropped),
            lengths=self._table(train.lengths, test.lengths) if self.count else None,
            notes=(*self.notes, *_on_lengths(train, test)),
        )

    def _rules(self, parts: Path, groups: set[str]) -> Rules:
        """Return what training rows must keep to; the file of test groups is named by what it holds."""
        held = sorted(groups)
        file = parts / f"groups-{files.fingerprint(held)}.json"
        files.write_json(file, held)
        return Rules(groups=file, bytes=self._safe_bytes(), every=self._every("train"))

    def _every(self, side: Side) -> int | None:
        return max(1, self.rows(side) // MEASURED) if self.count else None

    def _join(self, side: Side, folder: Path, rules: Rules, work: Parts, step: Callable[[int], None]) -> _Books:
        """Make the shards of a side and append their lines to its file, shard by shard."""
        books, parts = _Books(), folder / "parts"
        shards = [shard for shard in self.shards if shard.side == side]
        jobs = [partial(write_part, shard, parts / f"{side}-{n}", rules) for n, shard in enumerate(shards)]
        with (folder / f"{side}.jsonl").open("wb") as file:
            for shard, part in zip(shards, work(jobs), strict=True):
                too_long = self._too_long(part, books)
                _append(file, part.file, too_long)
                books.rows += part.rows - len(too_long)
                books.dropped += part.contaminated
                books.groups |= set(part.groups)
                books.lengths += self._lengths(part.sample)
                step(shard.rows)
            file.flush()
            os.fsync(file.fileno())
        return books

    def _too_long(self, part: Part, books: _Books) -> set[int]:
        """Return the lines of a part that have more tokens than they may, and book them."""
        limit = self.max_length
        if limit is None or not part.long:
            return set()
        lengths = dict(zip(part.long, self._lengths(list(part.long.values())), strict=True))
        over = {line: length for line, length in lengths.items() if length > limit}
        for line, length in over.items():
            detail = f"{length:,} tokens > train.max_length {limit:,}"
            books.dropped.append(Dropped(origin=part.long[line].origin, reason="too-long", detail=detail))
        return set(over)

    def _safe_bytes(self) -> int | None:
        """Return how many bytes of text fit in any case: a tokenizer makes at most one token of a byte.

        What the chat template adds is measured with and without a system message, for where there is none some templates
        write one of their own. None where no length is limited.
        """
        if self.count is None or self.max_length is None:
            return None
        bare = [example_of(system, "1", "1") for system in ("", "1")]
        return max(0, self.max_length - max(self._lengths(bare)))

    def _lengths(self, of: Sequence[Example]) -> list[int]:
        return [prompt + completion for prompt, completion in self.count(of)] if self.count and of else []

    def _table(self, train: Sequence[int], test: Sequence[int]) -> LengthTable:
        limit = self.max_length
        return LengthTable(max_length=limit, train=Lengths.of(train, limit), test=Lengths.of(test, limit))

    def _sampled(self, side: Side, size: int) -> list[Example]:
        """Visit shards by their share of the rows, and take rows from all over each."""
        shards = [shard for shard in self.shards if shard.side == side]
        chosen = _visited([shard.rows for shard in shards])
        each = -(-size // max(1, len(chosen)))
        return [example for place in chosen for example in examples(shards[place], _even(shards[place].rows, each))]


def limited(shards: Sequence[Shard], limit: int | None) -> tuple[Shard, ...]:
    """Cut the training shards to so many rows in all, each keeping its share; a shard's first rows stay."""
    train = [shard.rows for shard in shards if shard.side == "train"]
    if limit is None or limit >= sum(train):
        return tuple(shards)
    ends = [limit * end // sum(train) for end in (0, *accumulate(train))]
    shares = iter([end - start for start, end in pairwise(ends)])
    cut = [_cut(shard, next(shares)) if shard.side == "train" else shard for shard in shards]
    return tuple(shard for shard in cut if shard.rows)


def _cut(shard: Shard, rows: int) -> Shard:
    return replace(shard, make=partial(first_rows, shard.make, rows), rows=rows)


@dataclass
class _Books:
    """What became of the rows of one side."""

    rows: int = 0
    dropped: list[Dropped] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)
    lengths: list[int] = field(default_factory=list)


@contextmanager
def _workers(processes: int) -> Iterator[Parts]:
    """Yield a function that makes parts, in their order, in so many processes; one process is this one."""
    if processes == 1:
        yield lambda jobs: (job() for job in jobs)
        return
    # spawn: a fork would copy whatever locks this process's threads hold
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"))
    try:
        yield partial(_in_order, pool, 2 * processes)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, ahead: int, jobs: Iterable[Callable[[], Part]]) -> Iterator[Part]:
    """Yield the results of the jobs, a few of them made ahead: finished parts wait on disk and in memory."""
    rest = iter(jobs)
    waiting = deque(pool.submit(job) for job in islice(rest, ahead))
    try:
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(job) for job in islice(rest, 1))
    except BrokenProcessPool:
        raise DataError(
            "a process that made examples ended before its time: it was killed (is there enough memory?), or it could "
            "not start, because the program that called lacks `if __name__ == '__main__':`"
        ) from None


def _processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _append(file: BinaryIO, part: Path, left_out: set[int]) -> None:
    """Append the lines of a part, and remove it."""
    with part.open("rb") as lines:
        if left_out:
            file.writelines(line for number, line in enumerate(lines) if number not in left_out)
        else:
            shutil.copyfileobj(lines, file, 1 << 20)
    part.unlink()


def _visited(sizes: Sequence[int]) -> list[int]:
    """Return the places of shards that hold every n-th row of all, so that large ones are met more often."""
    ends = list(accumulate(sizes))
    rows = ends[-1] if ends else 0
    return sorted({bisect_right(ends, row) for row in _even(rows, VISITED)})


def _even(rows: int, count: int) -> list[int]:
    """Return up to `count` numbers below `rows`, evenly spaced."""
    count = min(rows, count)
    return [(2 * place + 1) * rows // (2 * count) for place in range(count)]


def _counter(progress: Progress | None, total: int) -> Callable[[int], None]:
    done = 0

    def step(rows: int) -> None:
        nonlocal done
        done += rows
        if progress is not None:
            progress(done, total)

    return step


def _check_sides(shards: Sequence[Shard]) -> None:
    """Refuse a data set without training or test rows, before any work."""
    for side in ("train", "test"):
        if not any(shard.side == side for shard in shards):
            raise DataError(f"the data builder makes no {side} rows; change data.options")


def _on_lengths(train: _Books, test: _Books) -> Iterator[str]:
    measured = len(train.lengths) + len(test.lengths)
    if 0 < measured < train.rows + test.rows:
        yield (
            f"token lengths are those of {measured:,} of {train.rows + test.rows:,} examples; "
            "every longer one was checked against train.max_length"
        )
