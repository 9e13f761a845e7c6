"""One shard as lines of a file: what a process does that makes data by the million.

    Batch(prompts=["3+5"], completions=["3 + 5 = 8"], groups=["3 + 5"], origin=Origin(source="goat", place="sums"))

becomes the line that `dataset.as_row` gives for its example, put together from columns instead of from records.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import repeat
from json.encoder import encode_basestring
from pathlib import Path

from domaintune.contracts import Batch, Dropped, Example, Message, Origin, Shard
from domaintune.errors import PluginError


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a part leaves out and what it shows: rows in a group of the test set, long rows, and a sample.

    `groups` is a JSON file with the groups of the test set; `bytes` is how much text is safe from being too long in
    tokens; one row in `every` goes into the sample.
    """

    groups: Path | None = None
    bytes: int | None = None
    every: int | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """A written part: its lines, the groups of test rows, what was left out, a sample, and rows to measure by line."""

    file: Path
    rows: int
    groups: Sequence[str] = ()
    contaminated: Sequence[Dropped] = ()
    sample: Sequence[Example] = ()
    long: Mapping[int, Example] = field(default_factory=dict)


def write_part(shard: Shard, file: Path, rules: Rules) -> Part:
    """Make a shard and write its lines; raises PluginError for a batch that is not what the shard promised."""
    try:
        batch = _made(shard)
    except Exception as error:
        error.add_note(f"while the shard for {file.name} was made: {shard.make!r}")
        raise
    test = _read_groups(rules.groups) if rules.groups else frozenset()
    leaks = [] if test.isdisjoint(batch.groups) else [row for row, group in enumerate(batch.groups) if group in test]
    contaminated = [
        Dropped(origin=_origin(batch, row), reason="contamination", detail=f"like the test row {batch.groups[row]!r}")
        for row in leaks
    ]
    lines: Sequence[str] = list(_lines(batch))
    kept: Sequence[int] = range(len(lines))
    if leaks:
        kept = sorted(set(kept).difference(leaks))
        lines = [lines[row] for row in kept]
    file.write_bytes("".join(lines).encode())
    return Part(
        file=file,
        rows=len(kept),
        groups=() if rules.groups else sorted(set(batch.groups)),
        contaminated=contaminated,
        sample=[_example(batch, row) for row in kept[rules.every // 2 :: rules.every]] if rules.every else (),
        long={line: _example(batch, kept[line]) for line in _long(batch, kept, rules.bytes)},
    )


def examples(shard: Shard, rows: Sequence[int] | None = None) -> list[Example]:
    """Return a shard's examples, or those of some rows."""
    batch = _made(shard)
    return [_example(batch, row) for row in (range(shard.rows) if rows is None else rows)]


def first_rows(make: Callable[[], Batch], rows: int) -> Batch:
    """Make a batch and keep its first rows."""
    batch = make()
    return replace(
        batch,
        prompts=batch.prompts[:rows],
        completions=batch.completions[:rows],
        groups=batch.groups[:rows],
        meta={name: column[:rows] for name, column in batch.meta.items()},
    )


def _made(shard: Shard) -> Batch:
    batch = shard.make()
    if not isinstance(batch, Batch):
        raise PluginError(f"a shard must make a Batch; it made {type(batch).__name__}")
    taken = {"group", "origin", "tags"} & set(batch.meta)
    if taken:
        raise PluginError(f"the shard {batch.origin} has a meta column {min(taken)!r}, which is domaintune's own")
    columns = {"prompts": batch.prompts, "completions": batch.completions, "groups": batch.groups, **batch.meta}
    for name, column in columns.items():
        if len(column) != shard.rows:
            raise PluginError(
                f"the shard {batch.origin} promised {shard.rows:,} rows, but its column {name!r} has {len(column):,}"
            )
    return batch


@lru_cache(maxsize=1)
def _read_groups(file: Path) -> frozenset[str]:
    """Return the groups of the test set; a process reads them once."""
    return frozenset(json.loads(file.read_text(encoding="utf-8")))


def _long(batch: Batch, kept: Sequence[int], limit: int | None) -> Iterator[int]:
    """Yield the lines whose text has more bytes than `limit`: they may be too long."""
    if limit is None:
        return
    fixed = len(batch.system.encode())
    if fixed + _most(batch.prompts) + _most(batch.completions) <= limit:
        return
    for line, row in enumerate(kept):
        if fixed + len(batch.prompts[row].encode()) + len(batch.completions[row].encode()) > limit:
            yield line


def _most(texts: Sequence[str]) -> int:
    """Return an upper bound of the bytes of the longest text."""
    wide = 1 if all(map(str.isascii, texts)) else 4
    return wide * max(map(len, texts), default=0)


def _origin(batch: Batch, row: int) -> Origin:
    return Origin(source=batch.origin.source, place=f"{batch.origin.place} row {row + 1}".strip())


def example_of(system: str, prompt: str, completion: str) -> Example:
    """Return an example of one question and one answer."""
    before = (Message(role="system", content=system),) if system else ()
    return Example(
        prompt=(*before, Message(role="user", content=prompt)),
        completion=(Message(role="assistant", content=completion),),
        origin=Origin(source=""),
    )


def _example(batch: Batch, row: int) -> Example:
    return replace(
        example_of(batch.system, batch.prompts[row], batch.completions[row]),
        origin=_origin(batch, row),
        tags=batch.tags,
        group=batch.groups[row],
        meta={name: column[row] for name, column in batch.meta.items()},
    )


def _lines(batch: Batch) -> Iterator[str]:
    """Yield the JSON lines of a batch, keys sorted, as `files.write_jsonl` writes them."""
    place = f"{batch.origin.place} row ".lstrip()
    columns = {**batch.meta, "group": batch.groups}
    constant = {
        "origin": f'{{"place": {_fixed(place)[:-1]}%d", "source": {_fixed(batch.origin.source)}}}',
        "tags": _fixed(sorted(batch.tags)),
    }
    meta = ", ".join(f"{_fixed(name)}: {constant.get(name, '%s')}" for name in sorted({*columns, *constant}))
    system = f'{{"content": {_fixed(batch.system)}, "role": "system"}}, ' if batch.system else ""
    line = (
        f'{{"completion": [{{"content": %s, "role": "assistant"}}], "meta": {{{meta}}}, '
        f'"prompt": [{system}{{"content": %s, "role": "user"}}]}}\n'
    )
    varying = {name: map(encode_basestring, columns[name]) for name in columns} | {
        "origin": iter(range(1, len(batch.prompts) + 1))
    }
    inner = [varying[name] for name in sorted(varying)]
    rows = zip(map(encode_basestring, batch.completions), *inner, map(encode_basestring, batch.prompts), strict=True)
    return map(str.__mod__, repeat(line), rows)


def _fixed(value: object) -> str:
    """Return JSON that stands in a format string."""
    return json.dumps(value, ensure_ascii=False).replace("%", "%%")
