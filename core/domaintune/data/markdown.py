"""The parts of a Markdown text: what stands under which headings, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?")
UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
CLOSING = re.compile(r"(?:^|[ \t])#+[ \t]*$")
NO_PARAGRAPH = re.compile(r" {0,3}(?:[-*+>|]|\d{1,9}[.)])(?:\s|$)| {4}")
"""The begin of what an underline makes no heading of: items of lists, quotes, tables, code."""
LINE = re.compile(r"[^\n]*\n|[^\n]+")
FRONT = "---"
FRONT_TITLE = re.compile(r"title[ \t]*:[ \t]*(.+)", re.IGNORECASE)


@dataclass(frozen=True)
class Section:
    """What stands under one heading, up to the next one: the headings above it and its own, and its place."""

    path: tuple[str, ...]
    text: str
    start: int
    """Where the text begins, in characters of the whole."""


def sections(text: str) -> Iterator[Section]:
    """Yield the sections in order; what stands before the first heading has no path. Front matter is left out."""
    path: dict[int, str] = {}
    begin = _front(text)[1]
    for level, title, start, after in _headings(text, begin):
        yield Section(tuple(path.values()), text[begin:start], begin)
        path = {above: name for above, name in path.items() if above < level}
        path[level] = title
        begin = after
    yield Section(tuple(path.values()), text[begin:], begin)


def title_of(text: str) -> str:
    """Return the title in the front matter, or the first heading, or an empty string."""
    front, begin = _front(text)
    named = next((found[1] for line in front.split("\n") if (found := FRONT_TITLE.fullmatch(line.strip()))), "")
    return named.strip().strip("\"'") or next((title for _, title, _, _ in _headings(text, begin) if title), "")


def _front(text: str) -> tuple[str, int]:
    """Return the front matter, which stands between lines of three dashes, and where the text goes on."""
    if not text.startswith(f"{FRONT}\n"):
        return "", 0
    end = f"{text}\n".find(f"\n{FRONT}\n", len(FRONT))
    return (text[len(FRONT) : end], min(end + len(FRONT) + 2, len(text))) if end > 0 else ("", 0)


def _headings(text: str, begin: int) -> Iterator[tuple[int, str, int, int]]:
    """Yield level, title, the place where the heading starts and the place after it."""
    fence, before, start = "", "", begin
    before_at = begin
    for line in LINE.findall(text[begin:]):
        bare, after = line.rstrip("\r\n"), start + len(line)
        heading, under = HEADING.fullmatch(bare), UNDERLINE.fullmatch(bare)
        mark = FENCE.match(bare)
        if fence:
            if mark and mark[1].startswith(fence) and not bare.strip().strip(fence[0]):
                fence = ""
            bare = ""
        elif mark:
            fence, bare = mark[1], ""
        elif heading:
            yield len(heading[1]), CLOSING.sub("", heading[2] or "").strip(), start, after
            bare = ""
        elif under and before.strip() and not NO_PARAGRAPH.match(before):
            yield 1 if "=" in bare else 2, before.strip(), before_at, after
            bare = ""
        before, before_at, start = bare, start, after
