"""The options of the parts that bring medical knowledge, as users write them in TOML."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True)
class DiseaseOptions:
    """Options of the reader of disease tables, written `[retrieval.knowledge_options]`."""

    language: Literal["en", "zh"] = field(
        default="en", metadata={"doc": "which sample is read where no source is named: English or Chinese"}
    )
    size: int = field(default=160, metadata={"doc": "longer explanations are cut into pieces of so many tokens"})
    overlap: int = field(default=32, metadata={"doc": "tokens of a piece that the next one repeats"})

    def __post_init__(self) -> None:
        check_pieces(self.size, self.overlap)


def check_pieces(size: int, overlap: int) -> None:
    """Refuse a size and an overlap with which no text can be cut."""
    if not 16 <= size <= 4096:
        raise ValueError(f"size = {size}: give a number of tokens from 16 to 4096")
    if not 0 <= overlap <= size // 2:
        raise ValueError(f"overlap = {overlap}: give a number of tokens from 0 to {size // 2}, half the size")


@dataclass(frozen=True, kw_only=True)
class WikipediaOptions:
    """Options of the reader of Wikipedia, written `[retrieval.knowledge_options]`."""

    titles: tuple[str, ...] = field(default=(), metadata={"doc": "pages to fetch; the sources are then not read"})
    search: tuple[str, ...] = field(
        default=(), metadata={"doc": "terms for which the wiki's search is asked for pages"}
    )
    per_search: int = field(default=3, metadata={"doc": "pages taken for each term, 1 to 50"})
    fetch: bool = field(default=False, metadata={"doc": "fetch the page of every row with a title and without a text"})
    api: str = field(
        default="https://en.wikipedia.org/w/api.php",
        metadata={"doc": "address of the wiki's API; no other host is asked"},
    )
    contact: str = field(default="", metadata={"doc": "your e-mail or web address, which Wikimedia likes to be told"})
    offline: bool = field(default=False, metadata={"doc": "use only pages that were fetched before"})
    refresh: bool = field(default=False, metadata={"doc": "fetch again what was fetched before"})
    cache: str = field(default="", metadata={"doc": "folder of fetched pages; default: in domaintune's cache folder"})
    timeout: float = field(default=30.0, metadata={"doc": "seconds to wait for the wiki, at most 600"})
    tries: int = field(default=5, metadata={"doc": "times a question is asked before the build stops, 1 to 10"})
    license: str = field(
        default="",
        metadata={"doc": "licence where a row names none; default: CC BY-SA 4.0 for pages of wikipedia.org, else none"},
    )
    size: int = field(default=160, metadata={"doc": "tokens of a piece"})
    overlap: int = field(default=32, metadata={"doc": "tokens of a piece that the next one repeats"})

    def __post_init__(self) -> None:
        check_pieces(self.size, self.overlap)
        address = urlsplit(self.api)
        if address.scheme not in {"http", "https"} or not address.hostname or address.username or address.query:
            raise ValueError(f"api = {self.api!r}: give an address like https://en.wikipedia.org/w/api.php")
        if len(self.contact) > 100 or not self.contact.isprintable() or not self.contact.isascii():
            raise ValueError(f"contact = {self.contact!r}: give an e-mail or web address in at most 100 characters")
        for name, least, most in (("per_search", 1, 50), ("timeout", 0.01, 600), ("tries", 1, 10)):
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(f"{name} = {value}: give a number from {least} to {most}")


@dataclass(frozen=True, kw_only=True)
class KeywordOptions:
    """Options of ChatDoctor's retriever, written `[retrieval.options]`."""

    teacher: str | None = field(
        default=None, metadata={"doc": "who names the keywords of a question; default: its own content words"}
    )
    teacher_options: dict[str, Any] = field(default_factory=dict, metadata={"doc": "options of the teacher"})
    group: int = field(
        default=6, metadata={"doc": "diseases that are scored as one chunk, 1 to 100 (ChatDoctor: 6 or 15)"}
    )
    keywords: int = field(default=20, metadata={"doc": "keywords of a question at most, 1 to 100"})
    read: bool = field(
        default=False, metadata={"doc": "let the teacher read the best chunks and find its partial answers instead"}
    )
    top: int = field(default=4, metadata={"doc": "chunks that are read, 1 to 50 (ChatDoctor: 4 or 6)"})
    max_new_tokens: int = field(default=256, metadata={"doc": "tokens of a partial answer at most"})

    def __post_init__(self) -> None:
        if self.read and self.teacher is None:
            raise ValueError("read = true needs someone who reads: name a teacher")
        for name, most in (("group", 100), ("keywords", 100), ("top", 50), ("max_new_tokens", 4096)):
            value = getattr(self, name)
            if not 1 <= value <= most:
                raise ValueError(f"{name} = {value}: give a number from 1 to {most}")
