"""Cutting long texts into passages: by tokens, with overlap, at the ends of sentences where that is possible."""

from __future__ import annotations

import re
from collections.abc import Iterator

from domaintune.data.text import UNSPACED

# A sign, a number or a word is one token; a very long word is several, so that a passage cannot grow without bounds.
TOKEN = re.compile(rf"[{UNSPACED}]|\d{{1,24}}(?:[.,]\d{{1,24}}){{0,3}}|[^\W\d{UNSPACED}][^\W{UNSPACED}]{{0,23}}|[^\s]")
PARAGRAPH = re.compile(r"\n[^\S\n]*\n")
# A line break ends something where the next line begins an item, a row of a table or a heading.
NEW_ITEM = re.compile(r"[^\S\n]*\n[^\S\n]*(?:[-*+•|#>]|\(?(?:\d{1,3}|[A-Za-z])[.)])(?:\s|$)")
SPACES, BREAKS = re.compile(r"[^\S\n]+"), re.compile(r"\s*\n\s*\n\s*")
STOPS, WIDE_STOPS = frozenset(".!?…"), frozenset("。！？｡")
CLAUSES = frozenset(",;:—、，；：")
CLOSERS = frozenset("\"'”’»)]）」』】")
SHORT = frozenset(
    ["dr", "mr", "mrs", "ms", "prof", "st", "vs", "fig", "al", "eg", "ie", "ca", "cf", "approx", "dept", "jr", "sr"]
)
"""Words whose point ends no sentence."""
NOTHING, CLAUSE, SENTENCE, PART = 0, 1, 2, 3
"""How well a text can be cut before a token."""


def chunks(text: str, size: int = 160, overlap: int = 32) -> list[str]:
    """Cut a text into pieces of at most `size` tokens, each repeating up to `overlap` tokens of the one before.

    A token is a word, a number or a sign, and in scripts without spaces a character: no model's tokenizer is asked, so
    a text is always cut in the same places. A piece ends with a paragraph, else with a sentence, else at a comma, where
    one is near; what is repeated are whole sentences where one is short enough. Raises ValueError where `overlap` is not
    smaller than `size`.
    """
    return [tidy(text[start:end]) for start, end in spans(text, size, overlap)]


def spans(text: str, size: int = 160, overlap: int = 32) -> Iterator[tuple[int, int]]:
    """Yield where the pieces begin and end, in characters of the text."""
    if not 0 <= overlap < size:
        raise ValueError(
            f"chunks of {size} tokens cannot repeat {overlap}; the overlap must be smaller, and not negative"
        )
    found = [match.span() for match in TOKEN.finditer(text)]
    cuts = _cuts(text, found) if len(found) > size else bytearray()
    start = 0
    while len(found) - start > size:
        end = _end(cuts, start, size, overlap)
        yield found[start][0], found[end - 1][1]
        start = _start(cuts, end, overlap)
    if found:
        yield found[start][0], found[-1][1]


def tidy(text: str) -> str:
    """Return a piece with at most one space, and one blank line, between its tokens."""
    return BREAKS.sub("\n\n", SPACES.sub(" ", text))


def _end(cuts: bytearray, start: int, size: int, overlap: int) -> int:
    """Return the token before which a piece best ends: the last good place, unless it lies too far back."""
    limit = start + size
    for kind, share in ((PART, 0.5), (SENTENCE, 0.4), (CLAUSE, 0.7)):
        # every piece goes further than what it repeats, or there would be no end
        least = start + max(overlap + 1, int(size * share))
        end = next((place for place in range(limit, least - 1, -1) if cuts[place] >= kind), None)
        if end is not None:
            return end
    return limit


def _start(cuts: bytearray, end: int, overlap: int) -> int:
    """Return the token with which the next piece begins, at most `overlap` before the end of this one."""
    for kind in (SENTENCE, CLAUSE):
        start = next((place for place in range(end - overlap, end) if cuts[place] >= kind), None)
        if start is not None:
            return start
    return end - overlap


def _cuts(text: str, found: list[tuple[int, int]]) -> bytearray:
    """Tell for each token how well the text can be cut before it."""
    cuts = bytearray(len(found) + 1)
    word, closed = "", ""
    for place in range(1, len(found)):
        begin, end = found[place - 1]
        sign = text[begin:end]
        if sign not in CLOSERS:
            word, closed = closed, sign
        # `closed` is the last token that is no closing bracket or quote, `word` the one before it
        cuts[place] = _cut(text, (end, found[place][0]), closed, word)
    return cuts


def _cut(text: str, between: tuple[int, int], last: str, before: str) -> int:
    """Tell how well a text can be cut between two tokens, after a token and the one before it."""
    gap, following = text[slice(*between)], text[between[1]]
    if "\n" in gap:
        if PARAGRAPH.search(gap):
            return PART
        if NEW_ITEM.match(text, between[0]):
            return SENTENCE
    if following in CLOSERS and not gap:
        return NOTHING
    if last in WIDE_STOPS:
        return SENTENCE
    if last in STOPS and gap and not following.islower() and not (last == "." and _is_short(before)):
        return SENTENCE
    return CLAUSE if "\n" in gap or (last in CLAUSES and (gap or not last.isascii())) else NOTHING


def _is_short(word: str) -> bool:
    """Tell whether a point after a word belongs to it: Dr. Smith, J. Smith."""
    return word.casefold() in SHORT or (len(word) == 1 and word.isascii() and word.isalpha())
