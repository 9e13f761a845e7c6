"""What the parts of domaintune hand to each other: frozen records and small protocols, all that a plugin must know.

Everything is defined with the standard library alone, so importing it costs nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeAlias, TypedDict, TypeVar

if TYPE_CHECKING:
    from domaintune.sandbox import Sandbox

Part_co = TypeVar("Part_co", covariant=True)
Side: TypeAlias = Literal["train", "test"]
"""What an example is for: to be learned, or to be tested on."""
Progress: TypeAlias = Callable[..., None]
"""Called with (done, total), and a note to show behind the bar."""
Bars: TypeAlias = Callable[[str, "int | None"], AbstractContextManager[Progress]]
"""Shows a bar of that title and total while something takes long."""
IMAGE = "<image>"
"""Stands in a message where a picture is shown: the n-th marker of the prompt is the n-th picture."""


class Message(TypedDict):
    """One chat message: `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where something came from: `Origin(source="reports.csv", place="line 812")`."""

    source: str
    place: str = ""

    def __str__(self) -> str:
        """Read as a person would point at it: `reports.csv, line 812`."""
        return f"{self.source}, {self.place}" if self.place else self.source


@dataclass(frozen=True, kw_only=True)
class Field:
    """A column that a data builder reads, and the other names people give it.

    A list or an object in the place of a text is malformed, unless the field is `nested`: then it comes as JSON text.
    """

    name: str
    aliases: tuple[str, ...] = ()
    required: bool = True
    nested: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a source, keyed by the builder's own field names; a missing optional field is an empty string."""

    values: Mapping[str, str]
    origin: Origin

    def __getitem__(self, name: str) -> str:
        """Return the text of one field."""
        return self.values[name]


@dataclass(frozen=True, kw_only=True)
class Example:
    """One thing to learn or to be tested on: chat messages in, chat messages out.

    `group` is the text that makes two examples relatives (default: the last user message). Examples whose group
    texts are equal or nearly equal stay on one side of the train/test split. `side` says which, where the task decides it
    (a compositional split). `tags` name the slices a report shows apart. `choices` make it multiple choice: a model picks
    the likeliest of them instead of writing an answer.

    `images` are paths or `data:` URLs; each stands where its `IMAGE` marker does, or, without any marker, before the first
    user message. A completion of several messages is a conversation: what its assistant says is learned, all of it.
    """

    prompt: tuple[Message, ...]
    completion: tuple[Message, ...]
    origin: Origin
    images: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    group: str | None = None
    side: Side | None = None
    choices: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def question(self) -> str:
        """The last user message."""
        return next((m["content"] for m in reversed(self.prompt) if m["role"] == "user"), "")

    @property
    def reference(self) -> str:
        """What the assistant says in the completion."""
        return "\n".join(m["content"] for m in self.completion if m["role"] == "assistant")


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """A row that became no example, and why: builders yield it instead of staying silent."""

    origin: Origin
    reason: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Many examples of one kind in columns of equal length: one user message and one answer each.

    `groups` are the texts that make two examples relatives, compared letter by letter; `meta` holds a column a key. All
    rows share `system` (empty: no system message), `tags` and `origin`, to which the number of the row is added.
    """

    prompts: Sequence[str]
    completions: Sequence[str]
    groups: Sequence[str]
    origin: Origin
    system: str = ""
    tags: frozenset[str] = frozenset()
    meta: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Shard:
    """A batch to be made: what a builder yields that makes its own examples by the million.

    `make` is called in any process and must give the same batch of `rows` rows each time, so it is a function of a
    module, or a partial of one. The builder says which side the rows are for, and that they differ from each other.
    """

    make: Callable[[], Batch]
    rows: int
    side: Side = "train"


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A piece of knowledge that may be put beside a question.

    `title` names what it is about: passages of one title are parts of one thing. `keys` are short texts by which it can
    be found besides its own (the symptoms of a disease). `license` is that of its source; `meta` holds plain JSON values.
    """

    text: str
    origin: Origin
    title: str = ""
    keys: tuple[str, ...] = ()
    license: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A passage that was found, and how well it fits; scores of different retrievers cannot be compared."""

    passage: Passage
    score: float


@dataclass(frozen=True, kw_only=True)
class Score:
    """One measurement of one answer; higher is better, `metric` is the field's usual name (`rougeL`, `exact`).

    `proportion` says that the value is a share of hits, though not always 0 or 1: its mean then has Wilson's interval.
    """

    metric: str
    value: float
    reason: str = ""
    tags: frozenset[str] = frozenset()
    proportion: bool = False


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a system said: `tokens` generated, why it stopped, and in how many seconds."""

    text: str
    tokens: int = 0
    finish_reason: str = "stop"
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How an answer is drawn; temperature 0 is greedy decoding."""

    max_new_tokens: int = 128
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a teacher was asked and what it cost: `cached` answers came out of a store; `cost` is None without prices."""

    requests: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None


@dataclass(frozen=True, kw_only=True)
class Mix:
    """Several adapters answering one request together, in the order given.

    `sum` adds their updates times their weights, exactly. `arrow` routes each token to the `top` adapters whose
    prototypes fit it best, in each layer (Ostapenko et al. 2024); the weights then have no effect.
    """

    weights: tuple[tuple[str, float], ...]
    route: Literal["sum", "arrow"] = "sum"
    top: int = 2


Reader: TypeAlias = Callable[[Sequence[str]], "Iterable[tuple[Mapping[str, Any], Origin]] | None"]
"""Reads all sources of a builder together: values by column and the place of each row, or None for the ordinary way."""


class BuildContext(Protocol):
    """What a data builder is given. It reads rows and draws from `rng`; it never splits and never writes."""

    @property
    def options(self) -> Any:
        """The builder's validated options (an instance of the component's `options` class), or None."""

    @property
    def rng(self) -> random.Random:
        """A generator seeded from the build's seed and the builder's name."""

    def rows(self, *fields: Field, sample: Path | None = None, reader: Reader | None = None) -> Iterator[Row]:
        """Yield the rows of the user's sources, or of the builder's own `sample` where the user named none.

        Malformed rows are already booked in the ledger and do not appear here. A `reader` reads sources that have a form
        of their own, such as several files whose rows belong together.
        """

    def tokens(self, text: str) -> list[str] | None:
        """Return the pieces into which the base model's tokenizer cuts a text; None where no tokenizer is at hand."""

    def note(self, sentence: str) -> None:
        """Tell the user something about the data; it is shown once, after the examples are made."""

    def teacher(self) -> Teacher:
        """Return the teacher that `data.teacher` names; DataError where none is named."""

    def sandbox(self) -> Sandbox:
        """Return the sandbox of the `[sandbox]` settings; SandboxError where its tier cannot be had on this machine."""

    def pictures_of(self, source: str) -> Path | None:
        """Return the folder in which the pictures lie that a row of this source names, for `domaintune.images.read`."""

    def progress(self, title: str, total: int | None = None) -> AbstractContextManager[Progress]:
        """Show a bar while something takes long; yields a function of (done, total, note)."""


class DataBuilder(Protocol):
    """Yields examples, and `Dropped` for every row it does not use; the same seed gives the same examples.

    A builder that makes its own examples may yield nothing but `Shard` instead: they are made in parallel. A builder of
    knowledge yields `Passage` instead of `Example`, any number from a row.
    """

    def __call__(
        self, context: BuildContext, /
    ) -> Iterator[Example | Dropped] | Iterator[Shard] | Iterator[Passage | Dropped]:
        """Build the examples."""


class Evaluator(Protocol):
    """Grades answers. Optional are `items(test)`, `floors(train)`, `draw(scores, file)`, `read(passages)`.

    `ready()` refuses before a build begins what could not be measured; `absent(name)` says why there is no such item.
    With an attribute `retrievers`, a tuple of names, it grades not models but these. One that runs what models write has
    `run_in(sandbox)`; `grade_all(pairs)` and `grade_samples(several)` grade many answers at once, and several an item;
    `given_away(train)` finds training examples that solve its items. See docs/plugins.md.
    """

    def grade(self, example: Example, answer: str, /) -> Iterable[Score]:
        """Judge one answer; pure, and without a model unless the component's summary says so."""


class Finder(Protocol):
    """An open index."""

    def search(self, query: str, k: int) -> Sequence[Hit]:
        """Return the k passages that fit best, best first; fewer where there are not so many."""


class Retriever(Protocol):
    """Finds passages. Core keeps the passages themselves; a retriever keeps what it needs to find them."""

    def index(self, passages: Sequence[Passage], folder: Path, before: Path | None = None) -> None:
        """Fill the folder so that `open` needs no work; equal passages give equal files.

        What a killed call has left in the folder may be gone on with. `before` is the folder of an earlier index, whose
        work on unchanged passages may be taken over.
        """

    def open(self, passages: Sequence[Passage], folder: Path) -> Finder:
        """Open the index of these passages."""


class BaseMaker(Protocol):
    """Makes a base model that nobody publishes: put together from parts, or trained from nothing."""

    def identity(self) -> Mapping[str, Any]:
        """Return the plain values that decide what is made; quick, and without fetching anything."""

    def make(self, folder: Path, bars: Bars) -> str | None:
        """Write an ordinary transformers folder: config.json, safetensors, tokenizer, and its processor's files.

        `bars(title, total)` shows a bar, as `BuildContext.progress` does. Returns what the user should be told.
        """


class Teacher(Protocol):
    """A source of worked answers to learn from; it never sees a test item.

    Two members are optional: `answers(several, samplings)` answers many conversations, yielding their answers in order as
    they come; `usage` is a `Usage`, what was asked and spent so far. See docs/plugins.md.
    """

    def answer(self, messages: Sequence[Message], sampling: Sampling) -> str | None:
        """Answer, or decline with None."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One of several adapters: name, folder, weight, and prompts it was made for as unit vectors [prompts, width]."""

    name: str
    folder: Path
    weight: float = 1.0
    examples: Sequence[Sequence[float]] = ()


class Composer(Protocol):
    """Makes several adapters work as one: by merged weights, or by a choice per request.

    A composer has `merge`, `route`, or both.
    """

    def merge(self, members: Sequence[Member], folder: Path) -> None:
        """Write one adapter folder from several, with weights."""

    def route(self, text: str, members: Sequence[Member]) -> str | Mix | None:
        """Choose who answers a prompt: one adapter, a mix of several, or None for the base model."""


@dataclass(frozen=True, kw_only=True)
class Component(Generic[Part_co]):
    """An offer of one part. `load` is the door: only behind it may heavy libraries be imported.

    `options` is an optional frozen dataclass of documented fields that users set under `[data.options]`,
    `[eval.NAME]`, …
    """

    name: str
    summary: str
    load: Callable[[], Part_co]
    options: type[Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Domain:
    """A speciality that `domaintune build NAME` knows; its parts are names, so that users can override any of them.

    `knowledge` names the builder of its passages, `retriever` who finds them; without a retriever its knowledge can be
    searched, but builds use none of it. `settings` lie under the presets, by section like these:
    `{"quick": {"train": {"steps": 60}}}`. `safety` is a sentence printed on the report and the model card.
    """

    name: str
    summary: str
    data: str
    evaluators: tuple[str, ...]
    knowledge: str | None = None
    retriever: str | None = None
    composer: str | None = None
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    safety: str = ""
