"""The registry as one would explain it: the versions of one name, without files, processes or a database."""

from __future__ import annotations

from dataclasses import dataclass, field


class Refused(Exception):  # noqa: N818  (what happened, not an error of the model)
    """The class name of the error that the registry is expected to raise."""


@dataclass
class Book:
    digest: str
    good: bool
    state: str = "candidate"
    withdrawn: bool = False
    override: str | None = None


@dataclass
class Shelf:
    """All versions of one name; every verb returns (number, whether anything changed) or raises Refused."""

    books: dict[int, Book] = field(default_factory=dict)
    earlier: list[int] = field(default_factory=list)

    @property
    def current(self) -> int | None:
        return next((number for number, book in self.books.items() if book.state == "promoted"), None)

    def add(self, digest: str, good: bool) -> tuple[int, bool]:
        for number, book in self.books.items():
            if book.digest == digest:
                return number, False
        self.books[len(self.books) + 1] = Book(digest, good)
        return len(self.books), True

    def promote(self, number: int | None, override: str | None) -> tuple[int, bool]:
        if number is None:
            number = max((n for n, book in self.books.items() if book.state == "candidate"), default=None)
        book = self._book(number)
        if book.state == "promoted":
            return number, False
        if (not book.good or book.withdrawn) and override is None:
            raise Refused("GateError")
        if former := self.current:
            self.books[former].state = "retired"
            self.earlier.append(former)
        book.override = None if book.good and not book.withdrawn else override
        book.state, book.withdrawn = "promoted", False
        return number, True

    def rollback(self) -> tuple[int, bool]:
        left = list(self.earlier)
        while left:
            number = left.pop()
            if not self.books[number].withdrawn and number != self.current:
                break
        else:
            raise Refused("UsageError")
        if former := self.current:
            self.books[former].state = "retired"
        self.earlier, self.books[number].state = left, "promoted"
        return number, True

    def retire(self, number: int | None) -> tuple[int, bool]:
        book = self._book(number)
        if book.withdrawn:
            return number, False
        book.state, book.withdrawn = "retired", True
        return number, True

    def find(self, number: int | None) -> int:
        if number is not None:
            self._book(number)
        found = self.current if number is None else number
        if found is None:
            raise Refused("UsageError")
        return found

    def _book(self, number: int | None) -> Book:
        if number not in self.books:
            raise Refused("UsageError")
        return self.books[number]
