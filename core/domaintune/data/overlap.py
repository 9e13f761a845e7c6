"""Training rows that hold what an evaluator will ask: a model that has learned an item shows memory, not ability.

Three looks, from cheap to dear: the same text, many words in a row, and whatever the evaluator itself can tell (does a
training solution pass the tests of an item?). A public evolved set holds solutions of half of HumanEval's problems.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter

from domaintune.contracts import IMAGE, Dropped, Example
from domaintune.data.text import words
from domaintune.images.naming import picture_key

REASON = "contamination"
COMMON = 3
"""Words in a row that so many items share are boilerplate, such as the frame of a question: they give nothing away."""
SHORTEST = 5
"""A text of fewer words gives nothing away, but as the whole of a question: `yes` is an answer to many."""
NAMES = 2
"""Different names in words in a row that could be anybody's program: without so many, twice as many words are shared."""
_ANYBODYS = (
    "and as assert async await break class continue def del elif else except finally for from global if import in "
    "is lambda nonlocal not or pass raise return try while with yield true false none self abs all any bool bytes "
    "chr dict divmod enumerate exception filter float format frozenset getattr hasattr hash indexerror input int "
    "isinstance iter keyerror len list map max min next object open ord pow print property range repr reversed "
    "round set slice sorted str sum super tuple type typeerror typing valueerror zip"
)
ANYBODYS = frozenset(_ANYBODYS.split(" "))
"""Words that everybody's program is made of; written down, since those of a Python change from version to version."""
ROOM = 2
"""A short question gives itself away in one of at most so many times its words; in a longer one it is a turn of phrase."""
QUOTED = 90
"""Characters of shared words that the ledger shows."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The items that an evaluator brings itself, and how it tells that training examples solve them, if it can."""

    evaluator: str
    items: Sequence[Example]
    given_away: Callable[[Sequence[Example]], Mapping[int, str]] | None = None


def item_name(item: Example) -> str:
    """Return what people call an item: its `task_id` where it has one (`HumanEval/12`), else where it comes from."""
    return str(item.meta.get("task_id", item.origin))


def without_asked(
    train: Sequence[Example], asked: Iterable[Asked], overlap: tuple[int, int]
) -> tuple[list[Example], list[Dropped]]:
    """Drop from the training set what gives away an item of an evaluator; the ledger says which item, and how.

    `overlap` are the words in a row that a training question may not share with an item's question, and anything with
    anything.
    """
    kept, dropped = list(train), []
    several = list(asked)
    for one in several:
        trap = Trap(one.items, overlap)
        kept, gone = _parted(kept, {place: why for place, row in enumerate(kept) if (why := trap.caught(row))})
        dropped += gone
    for one in several:
        if one.given_away is not None and kept:
            kept, gone = _parted(kept, one.given_away(kept))
            dropped += gone
    return kept, dropped


def _parted(train: Sequence[Example], found: Mapping[int, str]) -> tuple[list[Example], list[Dropped]]:
    kept = [row for place, row in enumerate(train) if place not in found]
    return kept, [
        Dropped(origin=train[place].origin, reason=REASON, detail=why) for place, why in sorted(found.items())
    ]


class Trap:
    """Catches the texts that share something telling with one of an evaluator's items."""

    def __init__(self, items: Iterable[Example], overlap: tuple[int, int]) -> None:
        items = list(items)
        # an item may come in several forms, free and with choices; an item with images is not its question
        texts = [(item_name(item), words(item.question), words(item.reference)) for item in items if not item.images]
        distinct = {(" ".join(asked), " ".join(said)): (name, asked, said) for name, asked, said in texts}.values()
        asked = [(name, question) for name, question, _ in distinct]
        said = [(name, answer) for name, _, answer in distinct]
        near, far = overlap
        self._questions = _same(asked, 1)
        self._texts = _same([*asked, *said], SHORTEST)
        own = _without_frames([(name, _plain(text)) for name, text in (*asked, *said)], min(near, far))
        self._near = Runs(own[: len(asked)], near, min(SHORTEST, near), names=NAMES, room=ROOM)
        self._far = Runs(own, far, min(near, far), names=NAMES)
        self._common = Runs(own, 2 * far, 2 * far)
        self._pictured = _Pictured([item for item in items if item.images], near)

    def caught(self, row: Example) -> str:
        """Return the sentence what a training example shares with which item, or an empty one.

        The same question about another picture, or about none, is another question; long texts give themselves away.
        """
        said = [words(m["content"]) for m in (*row.prompt, *row.completion) if m["role"] not in {"user", "system"}]
        asked = _asked(row)
        for text in chain([] if row.images else asked, said):
            whole = " ".join(text)
            name = self._texts.get(whole) or (self._questions.get(whole) if text in asked else None)
            if name:
                return f"the same text as {name}"
        why = self._pictured.caught(row, asked) if row.images else ""
        if why:
            return why
        asked, said = [_plain(text) for text in asked], [_plain(text) for text in said]
        looks = chain(
            ((self._near, text) for text in asked if not row.images),
            ((runs, text) for text in chain(asked, said) for runs in (self._far, self._common)),
        )
        return next((why for runs, text in looks if (why := runs.shared(text))), "")


class _Pictured:
    """Catches the examples that show an item's picture and ask what the item asks."""

    def __init__(self, items: Iterable[Example], near: int) -> None:
        self._near = near
        self._items: dict[str, list[tuple[str, list[str], set[str]]]] = {}
        for item in items:
            question = words(item.question.replace(IMAGE, " "))
            known = (item_name(item), question, set(_runs(_plain(question), near)))
            for key in sorted({*map(picture_key, item.images)}):
                self._items.setdefault(key, []).append(known)

    def caught(self, row: Example, asked: Sequence[list[str]]) -> str:
        """Return the sentence which item an example gives away, or an empty one."""
        known = [item for key in map(picture_key, row.images) for item in self._items.get(key, ())]
        for name, question, runs in known:
            if question in asked:
                return f"asks the same about the same picture as {name}"
            shared = next((run for text in asked for run in _runs(_plain(text), self._near) if run in runs), None)
            if shared is not None:
                return f"shares {self._near} words in a row, about the same picture, with {name}: {_quoted(shared)}"
        return ""


def _asked(row: Example) -> list[list[str]]:
    """Return the words of each question of an example, those in the midst of a conversation included."""
    texts = [m["content"] for m in (*row.prompt, *row.completion) if m["role"] == "user"]
    return [words(text.replace(IMAGE, " ") if row.images else text) for text in texts]


def _plain(text: Sequence[str]) -> list[str]:
    """Leave out what is a sign and no word: in code these are every other one, and tell little."""
    return [word for word in text if word[0].isalnum()]


def _telling(run: Sequence[str], names: int) -> bool:
    """Tell whether words could hardly be anybody's: numbers alone are no evidence, nor is a loop over `i` and `n`.

    Of few words fewer must be names: one of four.
    """
    found = {
        word
        for word in run
        if not (word[0].isdigit() or word in ANYBODYS or (len(word) <= 2 and word.isascii()))  # i, n, x1
    }
    return len(found) >= min(names, len(run) // 4) and any(letter.isalpha() for word in run for letter in word)


def _same(texts: Iterable[tuple[str, Sequence[str]]], least: int) -> dict[str, str]:
    """Return the name of the item of each whole text, without those that are too short or that several items share."""
    owners: dict[str, dict[str, None]] = {}
    for name, text in texts:
        if len(text) >= least:
            owners.setdefault(" ".join(text), {})[name] = None
    return {text: next(iter(names)) for text, names in owners.items() if len(names) < COMMON}


def _without_frames(texts: Sequence[tuple[str, Sequence[str]]], n: int) -> list[tuple[str, list[list[str]]]]:
    """Return the pieces of each text that are left without the runs of `n` words that several items share.

    What stands beside a frame goes on its own: its end with three words more is no secret either.
    """
    owners: dict[str, set[str]] = {}
    for name, text in texts:
        for run in _runs(text, n):
            owners.setdefault(run, set()).add(name)
    return [(name, _pieces(text, n, owners)) for name, text in texts]


def _pieces(text: Sequence[str], n: int, owners: Mapping[str, Collection[str]]) -> list[list[str]]:
    framed = [False] * len(text)
    for start, run in enumerate(_runs(text, n)):
        if len(owners[run]) >= COMMON:
            framed[start : start + n] = [True] * n
    parts = groupby(zip(text, framed, strict=True), key=itemgetter(1))
    return [[word for word, _ in part] for inside, part in parts if not inside]


class Runs:
    """Finds `n` words in a row that a text shares with a piece of an item; shorter pieces, from `least` words, whole.

    What has fewer than so many different `names` is not looked for. Whole pieces count only in a text of at most `room`
    times their words, or in any where `room` is 0.

    Of `n` words in a row, some `n // 2` begin at every place that a stride can meet, so only these are looked up; where
    one is known, all `n` are compared.
    """

    def __init__(
        self,
        items: Iterable[tuple[str, Sequence[Sequence[str]]]],
        n: int,
        least: int,
        *,
        names: int = 0,
        room: int = 0,
    ) -> None:
        self._n = n
        self._room = room
        self._seed = (n + 1) // 2
        self._stride = n - self._seed + 1
        self._owner: dict[str, str] = {}
        self._owner_of_whole: dict[str, str] = {}
        for name, piece in ((name, piece) for name, pieces in items for piece in pieces):
            if least <= len(piece) < n and _telling(piece, names):
                self._owner_of_whole.setdefault(" ".join(piece), name)
            for run in _runs(piece, n):
                if run not in self._owner and _telling(run.split(" "), names):
                    self._owner[run] = name
        self._seeds = {seed for run in self._owner for seed in _runs(run.split(" "), self._seed)}
        self._whole: dict[str, list[str]] = {}  # by a word that must be there: the longest is seldom a common one
        for text in self._owner_of_whole:
            self._whole.setdefault(max(text.split(" "), key=len), []).append(text)

    def shared(self, text: Sequence[str]) -> str:
        """Return the sentence what a text shares with which item, or an empty one."""
        for start in range(0, len(text) - self._seed + 1, self._stride):
            if " ".join(text[start : start + self._seed]) in self._seeds:
                around = text[max(0, start + self._seed - self._n) : start + self._n]
                run = next((run for run in _runs(around, self._n) if run in self._owner), None)
                if run is not None:
                    return f"shares {self._n} words in a row with {self._owner[run]}: {_quoted(run)}"
        spaced = f" {' '.join(text)} "
        for word in sorted(self._whole.keys() & set(text)):
            for whole in self._whole[word]:
                if f" {whole} " in spaced and self._fits(whole, text):
                    return f"holds the whole of {self._owner_of_whole[whole]}: {_quoted(whole)}"
        return ""

    def _fits(self, whole: str, text: Sequence[str]) -> bool:
        return not self._room or len(text) <= self._room * (whole.count(" ") + 1)


def _runs(text: Sequence[str], n: int) -> Iterator[str]:
    return (" ".join(text[start : start + n]) for start in range(len(text) - n + 1))


def _quoted(run: str) -> str:
    return f"'{run}'" if len(run) <= QUOTED else f"'{run[:QUOTED].rsplit(' ', 1)[0]} …'"
