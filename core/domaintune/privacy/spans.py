"""Places in a text, and what may stand at their edges."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from domaintune.data.text import MARK

KINDS = ("NAME", "DATE", "AGE", "PHONE", "EMAIL", "ADDRESS", "ZIP", "ID", "URL", "IP")
"""What a placeholder may say: `[NAME-1]`."""

PLACEHOLDER = re.compile(rf"\[({'|'.join(KINDS)})-(\d{{1,6}})\]")
REMOVED = re.compile(rf"{PLACEHOLDER.pattern}|{MARK.pattern}", re.IGNORECASE)
"""What stands where something was removed before: ours, XXXX or ___."""

# \w would not do: Chinese is written without spaces, and 电话13800000000 has no edge between word and number
LEFT, RIGHT = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"


DIGITS = re.compile(r"\d+")
REACH = 100
"""No form reaches further from its number, except those that are sought in the whole text."""


class Span(NamedTuple):
    """The characters from `start` to `end` identify a person; `kind` is one of KINDS."""

    start: int
    end: int
    kind: str


Finder: TypeAlias = Callable[[str], Iterable[Span]]
"""Finds what identifies a person in a text; the spans may overlap."""


class Pattern(NamedTuple):
    """One form of an identifier: the span is the group `it`, where `check` (of the match and the text) agrees.

    Where `small` is set, the form is written in small letters and sought in the text in small letters, which is many
    times faster than a search without regard to case. Where none of `needs` occurs there, it is not sought at all.
    """

    kind: str
    form: re.Pattern[str]
    check: Callable[[re.Match[str], str], bool] | None = None
    small: bool = False
    needs: tuple[str, ...] = ()

    def spans(self, text: str, low: str, windows: Sequence[tuple[int, int]] | None = None) -> Iterator[Span]:
        """Yield where the form occurs, in some windows of the text; `low` is the text in small letters."""
        if self.needs and not any(map(low.__contains__, self.needs)):
            return
        where = low if self.small else text
        for start, end in ((0, len(text)),) if windows is None else windows:
            for found in self.form.finditer(where, start, end):
                if self.check is None or self.check(found, text):
                    yield Span(found.start("it"), found.end("it"), self.kind)


def windows_of_digits(text: str) -> list[tuple[int, int]]:
    """Return the stretches of a text within REACH of a digit: elsewhere no form with a number in it can be."""
    found: list[tuple[int, int]] = []
    for digit in DIGITS.finditer(text):
        start, end = max(0, digit.start() - REACH), min(len(text), digit.end() + REACH)
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def small(kind: str, form: str, check: Callable[[re.Match[str], str], bool] | None = None, *needs: str) -> Pattern:
    """Make a pattern that is sought without regard to case; it is written in small letters."""
    return Pattern(kind, re.compile(form), check, small=True, needs=needs)


def lowered(text: str) -> str:
    """Return the text in small letters, each at its old place: İ, whose small form is two characters, stays."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c if len(c.lower()) > 1 else c.lower() for c in text)


def joined(spans: Iterable[Span], text: str) -> list[Span]:
    """Sort the spans and make one of those that overlap, of the longest one's kind; those on a mark are left out."""
    whole: list[Span] = []
    longest = 0
    for span in sorted(spans, key=lambda one: (one.start, -one.end, KINDS.index(one.kind))):
        if whole and span.start < whole[-1].end:
            last, longer = whole[-1], span.end - span.start > longest
            whole[-1] = Span(last.start, max(last.end, span.end), span.kind if longer else last.kind)
            longest = max(longest, span.end - span.start)
        elif span.end > span.start:
            whole.append(span)
            longest = span.end - span.start
    marks = [found.span() for found in REMOVED.finditer(text)] if whole else []
    return [span for span in whole if not _touches(span, marks)]


def _touches(span: Span, marks: list[tuple[int, int]]) -> bool:
    return any(start < span.end and span.start < end for start, end in marks)
