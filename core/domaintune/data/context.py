"""What a data builder is given, and the count of what it did with every row."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domaintune import console
from domaintune.contracts import (
    DataBuilder,
    Dropped,
    Example,
    Field,
    Origin,
    Passage,
    Progress,
    Reader,
    Row,
    Shard,
    Side,
    Teacher,
    Usage,
)
from domaintune.data.columns import check_overrides
from domaintune.data.folders import check_nested, is_folder
from domaintune.data.rows import Reading, joined, printable, read
from domaintune.errors import DataError, PluginError
from domaintune.settings import DataSettings, SandboxSettings
from domaintune.teachers import Recorder, Silent, open_teacher

if TYPE_CHECKING:
    from domaintune.sandbox import Sandbox

Pieces = Callable[[str], list[str]]
"""Cuts a text as the base model's tokenizer does."""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What a builder may use beside its rows: the tokenizer, where there is one, and a place to run programs."""

    pieces: Pieces | None = None
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    asking: bool = True
    """False where a data set is only looked at: then a teacher is not asked, since that may take long and cost money."""


class Context:
    """The BuildContext of one call of a builder: it reads, books what is malformed, and remembers every row."""

    def __init__(
        self,
        builder: str,
        options: Any,
        settings: DataSettings,
        *,
        seed: int,
        side: Side = "train",
        tools: Tools | None = None,
    ) -> None:
        self.builder = builder
        self.options = options
        self.rng = random.Random(f"{seed} {builder}")  # noqa: S311  (sampling, not secrecy)
        self.asked = False
        self.sample: str | None = None
        self.notes: list[str] = []
        self.malformed: dict[Origin, Dropped] = {}
        self.seen: dict[Origin, None] = {}
        self.used: set[Origin] = set()
        self.shards: list[Shard] = []
        self._settings = settings
        self._sources = settings.sources if side == "train" else settings.test_source
        self._limit = settings.limit if side == "train" else None
        self._tools = tools or Tools()
        self._of_sample: Path | None = None
        self._teacher: Recorder | None = None
        self._sandbox: Sandbox | None = None

    def rows(self, *fields: Field, sample: Path | None = None, reader: Reader | None = None) -> Iterator[Row]:
        """Yield the rows of the sources, or of the builder's own sample where the user named no source.

        A `reader` reads sources of a form of its own; those that it does not know are read as always.
        """
        self.asked = True
        check_overrides(self._settings.columns, fields)
        check_nested(self._sources)
        if not self._sources and sample is None:
            raise DataError(f"data builder {self.builder!r} needs files to read; name them with --source FILE")
        return self._rows(fields, sample, reader)

    def _rows(self, fields: tuple[Field, ...], sample: Path | None, reader: Reader | None) -> Iterator[Row]:
        own = reader(self._sources) if reader is not None and self._sources else None
        found = self._all(fields, sample) if own is None else joined(own, self._reading(fields))
        for item in islice(found, self._limit):
            if isinstance(item, Row):
                self.seen[item.origin] = None
                yield item
            else:
                self.malformed[item.origin] = item

    def _all(self, fields: tuple[Field, ...], sample: Path | None) -> Iterator[Row | Dropped]:
        notes = self.notes
        if self._sources:
            reading = self._reading(fields)
            for source in self._sources:
                yield from read(source, printable(source), reading, notes)
        elif sample is not None:
            # the sample is the builder's own: neither the user's encoding nor this machine's folders belong to it
            self.sample = sample.name
            self._of_sample = sample.parent
            reading = Reading(fields=fields, columns=self._settings.columns, encoding="utf-8")
            yield from read(str(sample), sample.name, reading, notes)

    def _reading(self, fields: tuple[Field, ...]) -> Reading:
        return Reading(fields=fields, columns=self._settings.columns, encoding=self._settings.encoding)

    def tokens(self, text: str) -> list[str] | None:
        """Return the pieces into which the base model's tokenizer cuts a text; None where no tokenizer is at hand."""
        return self._tools.pieces(text) if self._tools.pieces else None

    def note(self, sentence: str) -> None:
        """Tell the user something about the data, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def teacher(self) -> Teacher:
        """Return the teacher that the settings name; it is opened once."""
        if self._teacher is None:
            if self._settings.teacher is None:
                raise DataError(
                    f"data builder {self.builder!r} asks a teacher, and none is named; --set data.teacher=NAME "
                    "(`domaintune plugins` lists them)"
                )
            self._teacher = Recorder(self._opened(self._settings.teacher))
        return self._teacher

    def _opened(self, name: str) -> Teacher:
        teacher = open_teacher(name, self._settings.teacher_options)
        if self._tools.asking or getattr(teacher, "free", False):
            return teacher
        self.note(f"the teacher {name!r} is not asked for a look at the data: what it would add is missing here")
        return Silent()

    @property
    def limit(self) -> int | None:
        """How many rows the user wants at most; of a builder that reads none, how many things it may yield."""
        return self._limit

    @property
    def recording(self) -> list[dict[str, Any]]:
        """What the teacher was asked and answered, in order."""
        return self._teacher.rows if self._teacher else []

    @property
    def usage(self) -> Usage | None:
        """What the teacher was asked and cost; None where nobody asked it."""
        return self._teacher.usage if self._teacher else None

    def sandbox(self) -> Sandbox:
        """Return the sandbox of the settings; it is opened once."""
        if self._sandbox is None:
            from domaintune.sandbox import open_with  # noqa: PLC0415  (few builders run programs)

            self._sandbox = open_with(self._tools.sandbox)
        return self._sandbox

    def pictures_of(self, source: str) -> Path | None:
        """Return the folder in which the pictures lie that a row of this source names.

        It is that of the settings, else the folder of the source. A builder's own sample has its pictures beside it. None
        for a builder that reads no rows and made its own pictures: their names are no stranger's.
        """
        if self._of_sample is not None:
            return self._of_sample
        if self._settings.images is not None:
            return Path(self._settings.images)
        if not self.asked:
            return None
        for name in self._sources:
            label = printable(name)
            inside = source.removeprefix(label.rstrip("/") + "/")
            if inside != source and is_folder(name):
                return Path(name, inside).parent
            if source == label:
                return _beside(name)
        return _beside(self._sources[0]) if self._sources else Path()

    def progress(self, title: str, total: int | None = None) -> AbstractContextManager[Progress]:
        """Show a bar on a terminal; yields a function of (done, total, note)."""
        return console.progress(title, total)

    @property
    def read(self) -> int:
        """How many rows were read, the malformed among them."""
        return len(self.seen) + len(self.malformed)

    def call(self, builder: DataBuilder) -> tuple[list[Example], list[Dropped]]:
        """Run the builder to its end: its examples, and everything dropped, silent and malformed rows included.

        A builder that makes its own examples in shards leaves them in `shards`, still to be made.
        """
        examples: list[Example] = []
        dropped: list[Dropped] = []
        for item in self._items(builder):
            if isinstance(item, Example):
                examples.append(item)
            elif isinstance(item, Dropped):
                dropped.append(item)
            elif isinstance(item, Shard):
                self.shards.append(item)
            else:
                raise self._odd(item, "Example or Dropped")
        self._check_shards(examples or dropped or self.asked)
        dropped += self._unbooked({example.origin for example in examples}, dropped)
        self._check_asked()
        self._say_unasked()
        return examples, dropped

    def passages(self, builder: DataBuilder, dropped: list[Dropped]) -> Iterator[Passage]:
        """Run a builder of knowledge: yields its passages, and adds to `dropped` what became none, as `call` does."""
        for item in self._items(builder):
            if isinstance(item, Passage):
                self.used.add(self._row_of(item.origin))
                yield item
            elif isinstance(item, Dropped):
                dropped.append(item)
            else:
                raise self._odd(item, "Passage or Dropped, because it builds knowledge")
        dropped += self._unbooked(self.used, dropped)
        self._check_asked()

    def _row_of(self, origin: Origin) -> Origin:
        """Return the row that a passage comes from: its place may go on with a part, `line 12, part 3`."""
        if origin in self.seen or not self.asked:
            return origin
        return Origin(source=origin.source, place=origin.place.rpartition(", ")[0])

    def _unbooked(self, used: set[Origin], dropped: Sequence[Dropped]) -> list[Dropped]:
        """Return the rows that the builder did not speak of: the malformed ones, and those it passed over in silence."""
        self._check_once(used, dropped)
        booked = used | {item.origin for item in dropped}
        silent = [origin for origin in self.seen if origin not in booked]
        unused = [Dropped(origin=origin, reason="unused", detail="the builder made nothing of it") for origin in silent]
        return [*self.malformed.values(), *unused]

    def _odd(self, item: object, wanted: str) -> PluginError:
        return PluginError(f"data builder {self.builder!r} yielded {type(item).__name__}; it must yield {wanted}")

    def _items(self, builder: DataBuilder) -> Iterator[Example | Dropped | Shard | Passage]:
        """Yield what the builder yields; where it reads no rows, its items are the rows that a limit counts."""
        for count, item in enumerate(builder(self)):
            own = not self.asked and not isinstance(item, Shard)  # shards are limited by their rows
            if own and self._limit is not None and count >= self._limit:
                return
            yield item

    def _check_once(self, used: set[Origin], dropped: Sequence[Dropped]) -> None:
        """Refuse a builder that both uses and drops a row, or drops it twice: it would be in two places."""
        seen: set[Origin] = set()
        for item in dropped:
            if item.origin in self.seen and (item.origin in used or item.origin in seen):
                raise PluginError(
                    f"data builder {self.builder!r} books {item.origin} twice; a row is used, or dropped once"
                )
            seen.add(item.origin)

    def _check_shards(self, others: object) -> None:
        """Refuse shards beside other things, and shards that no process could make."""
        if self.shards and others:
            raise PluginError(
                f"data builder {self.builder!r} yielded shards beside other things; a builder that makes shards reads "
                "no rows and yields nothing else"
            )
        for number, shard in enumerate(self.shards, 1):
            where = f"shard {number} of data builder {self.builder!r}"
            if shard.rows < 1 or shard.side not in {"train", "test"}:
                raise PluginError(
                    f"{where} has {shard.rows} rows for side {shard.side!r}; give 1 or more, train or test"
                )
            try:
                pickle.dumps(shard)
            except Exception as error:  # whatever pickle says of a stranger's function
                raise PluginError(
                    f"{where} cannot be sent to another process ({error}); its make has to be a function of a module, "
                    "or a partial of one"
                ) from error

    def _check_asked(self) -> None:
        if self._sources and not self.asked:
            raise DataError(
                f"data builder {self.builder!r} makes its own examples and read none of {', '.join(self._sources)}; "
                "remove data.sources and data.test_source, or choose another builder"
            )

    def _say_unasked(self) -> None:
        """Say so where a teacher is named and was never called for: nothing else would show it."""
        if self._settings.teacher is not None and self._teacher is None:
            rounds = "; data.options.rounds = 0" if getattr(self.options, "rounds", None) == 0 else ""
            self.note(f"the teacher {self._settings.teacher!r} is not asked: the options call for none{rounds}")


def _beside(source: str) -> Path:
    return Path(source) if is_folder(source) else Path(source).parent
