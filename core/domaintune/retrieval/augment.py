"""Knowledge beside a question, by one function for all three who need it: training, grading and serving.

In training some examples get the right passage among others, some only others, and some none, so that an adapter learns
to use what helps and to leave what does not (Zhang et al. 2024, RAFT).
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

from domaintune import files, prompts
from domaintune.contracts import IMAGE, Example, Hit, Message, Passage
from domaintune.errors import PluginError
from domaintune.retrieval.passages import name_of
from domaintune.settings import RetrievalSettings

Search = Callable[[str, int], Sequence[Hit]]
Kind = Literal["right", "distractors", "none"]
DEPTH = 50
"""Passages looked through for the right one."""


class Enriched(NamedTuple):
    """Messages with passages in them, and these passages in the order of their numbers."""

    messages: tuple[Message, ...]
    passages: tuple[Passage, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Augmenter:
    """Finds passages for a question and puts as many into its prompt as fit.

    `every` are all passages of the index; `tokenizer` is that of the base model, by which the budget is counted, and
    `processor` that of its pictures, where it reads some. What stands for a picture in a question is not searched for.
    """

    search: Search
    every: Sequence[Passage]
    tokenizer: Any
    settings: RetrievalSettings
    processor: Any = None
    counts: Counter[str] = field(default_factory=Counter)

    def ask(self, messages: Sequence[Message], room: int | None = None) -> Enriched:
        """Return a conversation with the passages that fit its last question; `room` is what tokens are left for them."""
        question = _sought(prompts.last_question(messages))
        hits = self.search(question, self.settings.k) if question.strip() else ()
        passages = self._fitting(messages, [hit.passage for hit in hits], room)
        return Enriched(self._beside(messages, passages), tuple(passages))

    def examine(self, example: Example) -> Example:
        """Return a test example as it is asked: found by its question alone, its reference is never looked at."""
        asked = self.ask(example.prompt)
        return replace(example, prompt=asked.messages, meta={**example.meta, "retrieved": _titles(asked.passages)})

    def learn(self, example: Example, seed: int, max_length: int) -> Example:
        """Return a training example with the passages drawn for it; the same seed draws the same."""
        draw = random.Random(f"{seed} {files.fingerprint([list(example.prompt), list(example.completion)])}")  # noqa: S311  (sampling, not secrecy)
        kind = self._kind(draw.random()) if _sought(example.question).strip() else "none"
        right, passages = self._drawn(example, kind)
        ids = prompts.example_ids(self.tokenizer, example, self.processor)
        fitting = self._fitting(example.prompt, passages, max_length - len(ids.prompt) - len(ids.completion))
        draw.shuffle(fitting)  # or a model would learn that the first one is right
        self.counts[_told(kind, right, fitting)] += 1
        prompt = self._beside(example.prompt, fitting)
        return replace(example, prompt=prompt, meta={**example.meta, "retrieved": _titles(fitting)})

    def _kind(self, drawn: float) -> Kind:
        right = self.settings.right
        return "right" if drawn < right else "distractors" if drawn < right + self.settings.distractors else "none"

    def _drawn(self, example: Example, kind: Kind) -> tuple[Sequence[Passage], Sequence[Passage]]:
        """Return the right passage, if one is known, and those drawn for a kind of example, the right one first."""
        if kind == "none":
            return (), ()
        right = self._right(example)[:1]
        others = self._others(example, right)
        if kind == "distractors":
            return right, others[: self.settings.k]
        return right, [*right, *others[: self.settings.k - len(right)]]

    def _others(self, example: Example, right: Sequence[Passage]) -> list[Passage]:
        """Return what the question finds besides what is right: of other titles, if there are any (a book has one)."""
        names = {name_of(passage) for passage in right}
        found = [hit.passage for hit in self.search(_sought(example.question), DEPTH) if hit.passage not in right]
        return [passage for passage in found if name_of(passage) not in names] or found

    def _right(self, example: Example) -> list[Passage]:
        """Return the passages that answer an example, best first: those it names, or what its answer is most like."""
        told = f"{_sought(example.question)}\n{example.reference}"
        found = [hit.passage for hit in self.search(told, DEPTH)]
        named = _named(example)
        if not named:
            return found[:1]
        among = [passage for passage in found if passage.title in named]
        return among or [self.every[place] for title in sorted(named) for place in self._by_title.get(title, ())]

    @cached_property
    def _by_title(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = defaultdict(list)
        for place, passage in enumerate(self.every):
            places[passage.title].append(place)
        return places

    def _fitting(self, messages: Sequence[Message], passages: Sequence[Passage], room: int | None) -> list[Passage]:
        """Return what fits, in its order; a passage that is too long makes room for a later one."""
        limit = self.settings.budget if room is None else min(self.settings.budget, room)
        bare = len(prompts.prompt_ids(self.tokenizer, messages))
        taken: list[Passage] = []
        for passage in passages:
            if self._tokens(messages, [*taken, passage]) - bare <= limit:
                taken.append(passage)
        return taken or [short for passage in passages[:1] for short in self._cut(messages, passage, bare + limit)]

    def _cut(self, messages: Sequence[Message], passage: Passage, limit: int) -> Iterator[Passage]:
        """Yield the beginning of a passage that is too long for the budget alone, unless next to nothing is left."""
        low, high = 0, len(passage.text)
        while low < high:
            middle = (low + high + 1) // 2
            fits = self._tokens(messages, [_begun(passage, middle)]) <= limit
            low, high = (middle, high) if fits else (low, middle - 1)
        short = _begun(passage, low)
        if low and self._tokens(messages, [short]) <= limit and len(short.text) * 4 >= min(len(passage.text), 400):
            yield short

    def _tokens(self, messages: Sequence[Message], passages: Sequence[Passage]) -> int:
        return len(prompts.prompt_ids(self.tokenizer, self._beside(messages, passages)))

    def _beside(self, messages: Sequence[Message], passages: Sequence[Passage]) -> tuple[Message, ...]:
        return prompts.beside(messages, passages, self.processor.token if self.processor is not None else IMAGE)


def _sought(question: str) -> str:
    """Return a question as it is searched for: without the markers of its pictures."""
    return question.replace(IMAGE, " ")


def _named(example: Example) -> set[str]:
    """Return the titles of the passages that a builder says are right; raises PluginError where it says it wrongly."""
    named = example.meta.get("passages") or ()
    if isinstance(named, str) or not all(isinstance(title, str) for title in named):
        raise PluginError(f"meta['passages'] of the example from {example.origin} must be a list of titles: {named!r}")
    return set(named)


def _told(kind: Kind, right: Sequence[Passage], passages: Sequence[Passage]) -> str:
    """Return under which name an example is counted: by what stands in its prompt, not by what was drawn."""
    if kind == "none" or not passages:
        return "none" if kind == "none" else "no room or nothing found"
    texts = {(passage.title, passage.origin) for passage in passages}
    return "right" if any((one.title, one.origin) in texts for one in right) else "distractors"


def _begun(passage: Passage, letters: int) -> Passage:
    text = passage.text[:letters]
    whole = text.rpartition(" ")[0] if letters < len(passage.text) and " " in text else text
    return replace(passage, text=f"{whole} …" if letters < len(passage.text) else whole)


def _titles(passages: Sequence[Passage]) -> list[str]:
    return [name_of(passage) for passage in passages]
