"""Pages of Wikipedia, or of another wiki, cut into passages: fetched by title or by search, or read from a file.

A file is JSONL (or CSV, or Parquet) with a text and a title a row, and if there is one an address and a licence: what
the tools that read Wikipedia's dumps write. The network is used only for `titles`, `search` or `fetch`. Pages fetched from
wikipedia.org carry Wikipedia's licence; what a file holds has none but the one it names, or the option license.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from domaintune import BuildContext, DataError, Dropped, Field, Origin, Passage, chunks, clean_text
from domaintune_medical.knowledge_options import WikipediaOptions
from domaintune_medical.wikipedia_api import Absent, Page, Wiki

FIELDS = (
    Field(name="title", aliases=("page title", "page", "name", "heading", "标题"), required=False),
    Field(
        name="text",
        aliases=("plain text", "content", "extract", "body", "article", "article text", "正文"),
        required=False,
    ),
    Field(name="url", aliases=("link", "source"), required=False),
    Field(name="license", aliases=("licence",), required=False),
)
LONGEST_TITLE = 255
"""Bytes, as MediaWiki has it."""
LONGEST_TEXT = 2_000_000
WIKIPEDIA = "CC BY-SA 4.0"
"""The licence of Wikipedia's texts."""
_HEADING = re.compile(r"^ {0,4}(={2,6})([^=\n][^\n]{0,300}?)\1[^\S\n]{0,20}$", re.MULTILINE)
# Sections that say nothing of the matter itself.
_APPENDIX = frozenset(
    (
        *("references", "external links", "see also", "further reading", "notes", "bibliography", "sources"),
        *("notes and references", "citations", "gallery", "参考文献", "参见", "參見", "外部链接", "外部連結", "注释"),
    )
)
_MARKUP = re.compile(
    r"</(?:p|div|span|table|tr|td|b|i|a|ul|ol|li|h[1-6]|script|style|ref)\s{0,9}>|\{\{[^{}\n]{1,200}\}\}", re.IGNORECASE
)


def wikipedia(context: BuildContext) -> Iterator[Passage | Dropped]:
    """Yield the passages of the pages asked for, and say why for every page that gave none."""
    options: WikipediaOptions = context.options or WikipediaOptions()
    if not (options.titles or options.search):
        yield from _from_rows(context, options)
        return
    wiki = Wiki(options)
    seen: set[str] = set()
    for title in _titles(options, wiki):
        if isinstance(title, Dropped):
            yield title
            continue
        asked = Origin(source=wiki.host, place=title)
        page = _fetched(wiki, title)
        if isinstance(page, Page) and page.title in seen:
            yield Dropped(origin=asked, reason="duplicate", detail=f"the page {page.title!r} is there already")
        elif isinstance(page, Page):
            seen.add(page.title)
            origin = Origin(source=wiki.host, place=f"{page.title} (revision {page.revision})")
            yield from _passages(page, title, origin, options, options.license or _licensed(wiki))
        else:
            yield Dropped(origin=asked, reason=page.reason, detail=page.detail)


def _titles(options: WikipediaOptions, wiki: Wiki) -> Iterator[str | Dropped]:
    """Yield every title asked for, once, and those that the search finds."""
    seen: set[str] = set()
    for title in options.titles:
        if title not in seen:
            seen.add(title)
            yield title
    for term in options.search:
        found = wiki.find(term, options.per_search) if term.strip() else []
        if isinstance(found, Absent) or not found:
            reason = found.reason if isinstance(found, Absent) else "nothing-found"
            yield Dropped(origin=Origin(source=wiki.host, place=f"search for {term!r}"), reason=reason)
            continue
        yield from (title for title in found if title not in seen)
        seen.update(found)


def _fetched(wiki: Wiki, title: str) -> Page | Absent:
    """Return a page; a title with a `|` or a control character (U+001F) in it would be several to the API."""
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in title):
        return Absent(reason="invalid-title", detail="it holds a control character")
    if not title.strip() or "|" in title or len(title.encode("utf-8", "replace")) > LONGEST_TITLE:
        return Absent(reason="invalid-title")
    return wiki.page(title)


def _from_rows(context: BuildContext, options: WikipediaOptions) -> Iterator[Passage | Dropped]:
    try:
        rows = context.rows(*FIELDS)
    except DataError as error:
        raise DataError(f"{error}, or name pages in the option titles, or terms in the option search") from None
    wiki = Wiki(options) if options.fetch else None
    for row in rows:
        title, text = clean_text(row["title"]), row["text"]
        licence = clean_text(row["license"]) or options.license
        if text.strip():
            page: Page | Absent = Page(title=title, text=text, revision=0, url=clean_text(row["url"]))
        elif not title:
            page = Absent(reason="empty", detail="neither title nor text")
        elif wiki is None:
            page = Absent(reason="no-text", detail="set the option fetch to read the page of that title")
        else:
            page = _fetched(wiki, title)
            licence = licence or _licensed(wiki)
        if isinstance(page, Absent):
            yield Dropped(origin=row.origin, reason=page.reason, detail=page.detail)
        else:
            yield from _passages(page, title, row.origin, options, licence)


def _licensed(wiki: Wiki) -> str:
    """Return the licence of a wiki's texts, where we know it."""
    return WIKIPEDIA if wiki.host == "wikipedia.org" or wiki.host.endswith(".wikipedia.org") else ""


def _passages(
    page: Page, asked: str, origin: Origin, options: WikipediaOptions, licence: str
) -> Iterator[Passage | Dropped]:
    """Cut a page, section by section; the first piece is also found by the name under which it was asked for."""
    if len(page.text) > LONGEST_TEXT:
        yield Dropped(origin=origin, reason="too-long", detail=f"{len(page.text):,} characters > {LONGEST_TEXT:,}")
        return
    if markup := _MARKUP.search(page.text):
        yield Dropped(origin=origin, reason="not-plain-text", detail=f"it holds {markup[0][:50]!r}")
        return
    keys = () if asked.casefold() in {page.title.casefold(), ""} else (asked,)
    meta: dict[str, Any] = {"url": page.url} if page.url else {}
    if page.revision:
        meta["revision"] = page.revision
    made = 0
    for heading, body in _sections(page.text):
        head = ". ".join(filter(None, (page.title, heading)))
        for piece in chunks(body, options.size, options.overlap):
            yield Passage(
                text=f"{head}. {piece}" if head else piece,
                origin=origin,
                title=page.title,
                keys=() if made else keys,
                license=licence,
                meta=meta,
            )
            made += 1
    if not made:
        yield Dropped(origin=origin, reason="no-text", detail="nothing but headings")


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Yield (heading, body) of each section that says something; what belongs to an appendix is left out."""
    heading, start, appendix = "", 0, 0
    for match in (*_HEADING.finditer(text), None):
        lines = text[start : match.start() if match else None].split("\n")
        body = "\n\n".join(filter(None, map(clean_text, lines)))
        if body and not appendix:
            yield heading, body
        if match is None:
            return
        level = len(match[1])
        heading, start = clean_text(match[2]), match.end()
        if not appendix or level <= appendix:
            appendix = level if heading.casefold() in _APPENDIX else 0
