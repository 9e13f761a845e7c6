"""Passages from any documents: Markdown and text files, folders of them, and tables with a column of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from domaintune.contracts import BuildContext, Dropped, Field, Origin, Passage, Row
from domaintune.data.markdown import sections
from domaintune.data.prose import MARKDOWN
from domaintune.data.text import words
from domaintune.defaults.document_options import DocumentOptions
from domaintune.retrieval.chunk import spans, tidy

FIELDS = (
    Field(name="text", aliases=("content", "body", "passage", "page_content", "article", "document", "paragraph")),
    Field(name="title", aliases=("name", "heading", "subject"), required=False),
    Field(name="source", required=False),
    Field(name="url", aliases=("link",), required=False),
    Field(name="license", aliases=("licence",), required=False),
)
BETWEEN = " > "
"""Between the headings that a passage stands under."""


def documents(context: BuildContext) -> Iterator[Passage | Dropped]:
    """Yield the passages of every document in order, and a Dropped for each one that holds no words.

    A Markdown text is cut at its headings first, and a passage's title is the document's and the headings above it,
    `Title > Section`. Passages of a row are `line 12, part 3`; those of a text file are placed by their first line.
    """
    options: DocumentOptions = context.options or DocumentOptions()
    for row in context.rows(*FIELDS):
        if not words(row["text"]):
            yield Dropped(origin=row.origin, reason="empty", detail="the text holds no words")
        elif not row.origin.place:
            yield from _of_file(row, options)
        else:
            yield from _of_row(row, options)


def _of_row(row: Row, options: DocumentOptions) -> Iterator[Passage]:
    """Yield the passages of one row of a table."""
    found = list(_cut(row["text"], options))
    for part, (_, text) in enumerate(found, 1):
        place = f"{row.origin.place}, part {part}" if len(found) > 1 else row.origin.place
        yield _passage(row, text, row["title"].strip(), replace(row.origin, place=place))


def _of_file(row: Row, options: DocumentOptions) -> Iterator[Passage]:
    """Yield the passages of a file that is one text, with the line where each begins."""
    line, reached, number = 1, 0, 0
    for title, start, text in _parts(row, options):
        after = line + row["text"].count("\n", reached, start)
        number = number + 1 if after == line and number else 1
        line, reached = after, start
        # a part of the same line: told apart, but still one place of the file
        place = f"line {line}" if number == 1 else f"line {line} (part {number})"
        yield _passage(row, text, title, replace(row.origin, place=place))


def _parts(row: Row, options: DocumentOptions) -> Iterator[tuple[str, int, str]]:
    """Yield title, place and text of the passages of a file; a heading without a text of its own gives none."""
    whole, name = row["text"], row["title"].strip()
    markdown = row.origin.source.casefold().endswith(MARKDOWN) and not options.whole_rows
    found = False
    for section in sections(whole) if markdown else ():
        path = [name, *(part for part in section.path if part)]
        title = BETWEEN.join(path[1:] if path[1:2] == [name] else path)
        for start, text in _cut(section.text, options) if words(section.text) else ():
            found = True
            yield title, section.start + start, text
    if not found:
        yield from ((name, start, text) for start, text in _cut(whole, options))


def _cut(text: str, options: DocumentOptions) -> Iterator[tuple[int, str]]:
    """Yield place and text of the pieces of a text."""
    if options.whole_rows:
        yield len(text) - len(text.lstrip()), text.strip()
    else:
        yield from ((start, tidy(text[start:end])) for start, end in spans(text, options.size, options.overlap))


def _passage(row: Row, text: str, title: str, origin: Origin) -> Passage:
    meta = {name: row[name].strip() for name in ("source", "url") if row[name].strip()}
    return Passage(text=text, title=title, origin=origin, license=row["license"].strip(), meta=meta)
