"""From a builder and its sources to a data set: read, divide, trim, and account for every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from domaintune.contracts import DataBuilder, Dropped, Example, Usage
from domaintune.data.balance import absent, balanced
from domaintune.data.bulk import Sharded, limited
from domaintune.data.context import Context, Tools
from domaintune.data.dataset import Dataset
from domaintune.data.folders import check_distinct
from domaintune.data.ledger import Ledger, TooMalformed
from domaintune.data.lengths import UNREADABLE, CountTokens, LengthTable, measured
from domaintune.data.near import Kinship
from domaintune.data.order import ordered, without_repeats
from domaintune.data.overlap import Asked, without_asked
from domaintune.data.pictures import Album
from domaintune.data.split import (
    check_apart,
    divide,
    group_text,
    joined_by_pictures,
    uncontaminated,
    with_families,
)
from domaintune.errors import DataError
from domaintune.settings import DataSettings
from domaintune.teachers import together


@dataclass
class _Sides:
    """The examples of both sides, and everything that has left them so far."""

    train: list[Example]
    test: list[Example]
    dropped: list[Dropped]

    def keep(self, train: list[Example], dropped: Sequence[Dropped]) -> None:
        """Go on with fewer training examples."""
        self.train = train
        self.dropped += dropped

    @property
    def ledger(self) -> Ledger:
        """The books as they stand, before anyone checks that they agree with the rows in."""
        return Ledger.close(len(self), len(self.train), len(self.test), self.dropped)

    def __len__(self) -> int:
        return len(self.train) + len(self.test) + len(self.dropped)


def make(  # noqa: PLR0913  (the one call of this room: a builder, what it may know, and what trims its work)
    builder_name: str,
    builder: DataBuilder,
    options: Any,
    settings: DataSettings,
    *,
    seed: int,
    max_length: int | None,
    count_tokens: CountTokens | None,
    tools: Tools | None = None,
    asked: Sequence[Asked] = (),
) -> Dataset | Sharded:
    """Run a builder over its sources and return the training and test set with the ledger; raises DataError.

    `asked` are the items that evaluators bring themselves: what holds or solves one leaves the training set. Of a builder
    that yields shards, it returns a data set that is yet to be made.
    """
    check_distinct([*settings.sources, *settings.test_source], "data.sources and data.test_source")
    ours = Context(builder_name, options, settings, seed=seed, tools=tools)
    theirs = Context(builder_name, options, settings, seed=seed, side="test", tools=tools)
    album = Album()
    sides = _read(builder, ours, theirs, settings, album)
    if ours.shards:
        _check_settings_of_shards(builder_name, settings)
        shards = limited(ours.shards, settings.limit)
        return Sharded(shards=shards, max_length=max_length, count=count_tokens, notes=tuple(ours.notes))
    rows_in = len(sides)
    scrubbed = _scrubbed(sides, settings.scrub)
    sides = _divided(sides, settings)
    sides.keep(*without_asked(sides.train, asked, settings.overlap))
    notes = [
        f"data.balance limits {tag!r}, which no training example has" for tag in absent(sides.train, settings.balance)
    ]
    lengths = _trimmed(sides, settings, max_length, album.counting(count_tokens))
    train, test = map(album.readable, (sides.train, sides.test))
    return Dataset(
        train=train,
        test=test,
        ledger=replace(Ledger.close(rows_in, len(sides.train), len(sides.test), sides.dropped), scrubbed=scrubbed),
        lengths=lengths,
        notes=tuple(dict.fromkeys(ours.notes + theirs.notes + notes)),
        sample=ours.sample is not None,
        recording=(*ours.recording, *theirs.recording),
        usage=_usage(ours, theirs),
        pictures=album.names((*train, *test)),
    )


def _usage(*contexts: Context) -> Usage | None:
    """Return what the teacher took for all contexts that asked one; None where none of them did."""
    usages = [context.usage for context in contexts if context.usage is not None]
    return together(usages) if usages else None


def _check_settings_of_shards(builder: str, settings: DataSettings) -> None:
    """Refuse what is about rows that are read, or trims a data set in memory: it would be silently ignored."""
    defaults = asdict(DataSettings())
    for name, value in asdict(settings).items():
        if name not in {"builder", "options", "limit"} and value != defaults[name]:
            raise DataError(
                f"data.{name} does not work with data builder {builder!r}, which makes its own examples and says which "
                "are for testing; change data.options instead"
            )


def _read(builder: DataBuilder, ours: Context, theirs: Context, settings: DataSettings, album: Album) -> _Sides:
    """Call the builder for the sources and, where there is one, for the test source; then look at their pictures."""
    train, dropped = ours.call(builder)
    test: list[Example] = []
    if settings.test_source:
        test, dropped_test = theirs.call(builder)
        dropped += dropped_test
    train, bad = album.checked(train, ours)
    test, bad_test = album.checked(test, theirs)
    dropped += bad + bad_test
    sides = _Sides(train, test, dropped)
    for context in (ours, theirs):
        _check_malformed(context, sides, settings.max_malformed)
    return sides


def _scrubbed(sides: _Sides, how: Literal["off", "patterns", "presidio"]) -> Counter[str]:
    """Replace what identifies a person in every example, and count it; what cannot be scrubbed stops the build."""
    counts: Counter[str] = Counter()
    if how == "off":
        return counts
    from domaintune.privacy.scrub import open_scrubber  # noqa: PLC0415  (many patterns, compiled where wanted)

    scrubber = open_scrubber(how)
    for side in (sides.train, sides.test):
        for place, example in enumerate(side):
            scrubbed, found = scrubber.scrub_example(example)
            named = {"passages": example.meta["passages"]} if "passages" in example.meta else {}  # titles of knowledge
            side[place] = replace(scrubbed, meta={**scrubbed.meta, **named}) if found else example
            counts.update(found)
            counts["examples"] += bool(found)
    return counts


def _check_malformed(context: Context, sides: _Sides, limit: float) -> None:
    bad = list(context.malformed.values())
    if not bad or len(bad) <= limit * context.read:
        return
    share = len(bad) / context.read
    places = "; ".join(f"{item.origin} ({item.detail})" for item in bad[:3])
    encoding = ", name their encoding with --set data.encoding=…" if "not utf-8" in places else ""
    stopped = [
        Dropped(origin=example.origin, reason="stopped", detail="the build stopped before the split")
        for example in (*sides.train, *sides.test)
    ]
    raise TooMalformed(
        f"{len(bad):,} of {context.read:,} rows are malformed ({share:.1%}, data.max_malformed allows {limit:.1%}): "
        f"{places}; mend them{encoding}, or allow it with --set data.max_malformed={_rounded_up(share)}",
        Ledger.close(len(sides), 0, 0, [*sides.dropped, *stopped]),
    )


def _rounded_up(share: float) -> float:
    return min(1.0, (int(share * 100) + 1) / 100)


def _divided(sides: _Sides, settings: DataSettings) -> _Sides:
    """Split by families, or clear the training set of what the test source holds; groups become hashes.

    Families are examples whose group texts are equal or nearly so, or that show the same picture. Where the builder
    decides sides (`Example.side`), only equal texts count: two scenes of which the same is asked are no relatives, and
    what is alike and yet apart was meant to be. With a test source the files decide, and sides count for nothing.
    """
    decided = not settings.test_source and any(example.side is not None for example in sides.train)
    kinship = Kinship(map(group_text, (*sides.train, *sides.test)), 1.0 if decided else settings.near)
    if settings.test_source:
        sides.keep(*uncontaminated(sides.train, sides.test, kinship))
    left = (*sides.train, *sides.test)
    families = joined_by_pictures(left, kinship.families(map(group_text, left)))
    if not settings.test_source:
        sides.train, sides.test = divide(sides.train, families, settings.test_fraction)
    check_apart(sides.train, sides.test, kinship)
    return _Sides(
        ordered(with_families(sides.train, families)), ordered(with_families(sides.test, families)), sides.dropped
    )


def _trimmed(
    sides: _Sides, settings: DataSettings, max_length: int | None, count_tokens: CountTokens | None
) -> LengthTable | None:
    """Take from the training set what is repeated, too long or too many of its kind."""
    if settings.duplicates == "drop":
        sides.keep(*without_repeats(sides.train))
    lengths = None
    if count_tokens is not None:
        _check_left(sides)  # before a base model is made to count tokens of nothing
        train, sides.test, dropped, lengths = measured(sides.train, sides.test, max_length, count_tokens)
        sides.keep(train, dropped)
    _check_left(sides)
    if settings.balance:
        sides.keep(*balanced(sides.train, settings.balance))
    return lengths


def _check_left(sides: _Sides) -> None:
    """Refuse to go on without training rows or without test rows."""
    if sides.train and sides.test:
        return
    if not len(sides):
        raise DataError("there is nothing to build from: not one row came in; name sources that hold rows")
    lost = "; ".join(f"{label} {count:,}" for label, count in sides.ledger.summary())
    lost += next((f"; the first of them: {item.detail}" for item in sides.dropped if item.reason == UNREADABLE), "")
    if not sides.train:
        raise DataError(f"no training rows are left ({lost}); name other sources, or change what drops them")
    raise DataError(
        f"no test rows are left ({lost}); name more rows, raise data.test_fraction, or name a data.test_source"
    )
