"""Replaces what identifies a person by numbered placeholders: `Dr. [NAME-1] saw her on [DATE-1]`.

The same identifier has the same number wherever it stands in an example, so that question and answer still belong
together. Scrubbing twice changes nothing, and what was removed before (XXXX, ___, [NAME-1]) stays as it is. The kinds are
those of the HIPAA safe harbor rule, 45 CFR 164.514(b)(2); benchmarks/RESULTS.md says how many are found.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from domaintune.contracts import Example, Message
from domaintune.privacy.contacts import EMAILS, IPS, PHONES, PLACES, STREETS, WEBS, roads_zh
from domaintune.privacy.dates import AGES, DATES_ZH, NAMED, SPELLED_AGES
from domaintune.privacy.dates import NUMERIC as NUMERIC_DATES
from domaintune.privacy.knownnames import KnownNames, parts
from domaintune.privacy.names import introduced_names
from domaintune.privacy.numbers import NUMBERS, NUMBERS_ZH
from domaintune.privacy.spans import PLACEHOLDER, Finder, Pattern, Span, joined, lowered, windows_of_digits

UNSPACED = re.compile("[\u4e00-\u9fff]")
ANYWHERE = (*EMAILS, *WEBS, *NAMED, *SPELLED_AGES, *PLACES)
NUMERIC = (*NUMERIC_DATES, *AGES, *IPS, *PHONES, *STREETS, *NUMBERS)
CHINESE = (*DATES_ZH, *NUMBERS_ZH)

NAMESAKES = 20
"""Persons of one name that are told apart; a text of thousands of names must not take time that grows with its square."""


class Scrubber:
    """Scrubs texts one by one, or all texts of an example together. `more` finds further spans beside the patterns."""

    def __init__(self, more: Finder | None = None) -> None:
        self._more = more

    def scrub(self, text: str) -> tuple[str, Counter[str]]:
        """Return the text with placeholders, and how many places of each kind were replaced."""
        texts, counts = self.scrub_texts([text])
        return texts[0], counts

    def scrub_texts(self, texts: Sequence[str]) -> tuple[list[str], Counter[str]]:
        """Scrub texts that belong together: an identifier in several of them has one number."""
        numbers = _Numbers(texts)
        done, found = list(texts), [self._spans(text) for text in texts]
        # what is left may be found where a neighbour was replaced, so this ends only when nothing is found
        while any(found):
            places = [joined(spans, text) for text, spans in zip(done, _with_known(done, found), strict=True)]
            before, done = done, [numbers.replace(text, spans) for text, spans in zip(done, places, strict=True)]
            found = [self._spans(text) if text != old else [] for text, old in zip(done, before, strict=True)]
        return done, numbers.counts

    def scrub_example(self, example: Example) -> tuple[Example, Counter[str]]:
        """Scrub all texts of an example: prompt, completion, choices, group and the strings in `meta`."""
        held = _Texts()
        view = (
            held.messages(example.prompt), held.messages(example.completion), held.every(list(example.choices)),
            held.every(example.group), held.every(dict(example.meta)),
        )  # fmt: skip
        texts, counts = self.scrub_texts(held.texts)
        if not counts:
            return example, counts
        prompt, completion, choices, group, meta = (build(texts) for build in view)
        return dataclasses.replace(
            example, prompt=prompt, completion=completion, choices=tuple(choices), group=group, meta=meta
        ), counts

    def _spans(self, text: str) -> list[Span]:
        return [*_pattern_spans(text), *(self._more(text) if self._more else ())]


def open_scrubber(name: Literal["patterns", "presidio"]) -> Scrubber:
    """Open the scrubber that `data.scrub` names; DataError where presidio is not installed."""
    if name == "patterns":
        return Scrubber()
    from domaintune.privacy.presidio import presidio_finder  # noqa: PLC0415 (comes with the extra 'privacy')

    return Scrubber(presidio_finder())


def _with_known(texts: Sequence[str], found: Sequence[Sequence[Span]]) -> list[list[Span]]:
    """Add where the names that were found stand elsewhere."""
    pairs = list(zip(texts, found, strict=True))
    names = {text[span.start : span.end] for text, spans in pairs for span in spans if span.kind == "NAME"}
    known = KnownNames(names)
    return [[*spans, *(known.spans(text) if names else ())] for text, spans in pairs]


def _pattern_spans(text: str) -> Iterator[Span]:
    low = lowered(text)
    yield from _all(ANYWHERE, text, low)
    if windows := windows_of_digits(text):
        yield from _all(NUMERIC, text, low, windows)
    if UNSPACED.search(text):
        yield from _all(CHINESE, text, low)
        yield from roads_zh(text)
    yield from introduced_names(text, low)


def _all(
    patterns: Iterable[Pattern], text: str, low: str, windows: Sequence[tuple[int, int]] | None = None
) -> Iterator[Span]:
    for pattern in patterns:
        yield from pattern.spans(text, low, windows)


class _Numbers:
    """Gives each identifier its number; the numbers go on after those that are already in the texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.counts: Counter[str] = Counter()
        self._last: Counter[str] = Counter()
        self._numbers: dict[tuple[str, str], int] = {}
        self._people: dict[str, list[tuple[set[str], int]]] = {}
        for text in texts:
            for kind, number in PLACEHOLDER.findall(text) if "[" in text else ():
                self._last[kind] = max(self._last[kind], int(number))

    def replace(self, text: str, spans: Iterable[Span]) -> str:
        """Put the placeholders into a text."""
        pieces, place = [], 0
        for span in spans:
            said = text[span.start : span.end]
            number = self._person(said) if span.kind == "NAME" else self._number(span.kind, said)
            pieces += [text[place : span.start], f"[{span.kind}-{number}]"]
            place = span.end
            self.counts[span.kind] += 1
        return "".join([*pieces, text[place:]])

    def _number(self, kind: str, said: str) -> int:
        if kind == "PHONE":
            key = re.sub(r"\D", "", said)
        else:
            key = re.sub(r"[\W_]", "", said.casefold()) if kind == "ID" else said.casefold()
        if (kind, key) not in self._numbers:
            self._numbers[kind, key] = self._next(kind)
        return self._numbers[kind, key]

    def _person(self, said: str) -> int:
        """`John Smith`, `Smith` and `JOHN SMITH` are one person."""
        words = set(parts(said))
        alike = [person for word in sorted(words) for person in self._people.get(word, [])[:NAMESAKES]]
        same = [(known, number) for known, number in alike if words <= known or known <= words]
        known, number = same[0] if same else (set[str](), self._next("NAME"))
        for word in words - known:
            self._people.setdefault(word, []).append((known, number))
        known |= words
        return number

    def _next(self, kind: str) -> int:
        self._last[kind] += 1
        return self._last[kind]


class _Texts:
    """Collects the texts of a nested value, and says how to build the value again from others."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def messages(self, messages: Sequence[Message]) -> Callable[[Sequence[str]], Any]:
        start = len(self.texts)
        self.texts += [message["content"] for message in messages]
        return lambda texts: tuple(
            Message(role=message["role"], content=texts[start + i]) for i, message in enumerate(messages)
        )

    def every(self, value: Any) -> Callable[[Sequence[str]], Any]:
        if isinstance(value, str):
            place = len(self.texts)
            self.texts.append(value)
            return lambda texts: texts[place]
        if isinstance(value, Mapping):
            inner = {key: self.every(one) for key, one in value.items()}
            return lambda texts: {key: build(texts) for key, build in inner.items()}
        if isinstance(value, list | tuple):
            made = type(value) if type(value) in (list, tuple) else list
            builders = [self.every(one) for one in value]
            return lambda texts: made(build(texts) for build in builders)
        return lambda _: value
