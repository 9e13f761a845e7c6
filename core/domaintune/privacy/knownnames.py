"""The names of an example, found again wherever they stand, whole or in part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from domaintune.privacy.nameforms import PARTICLES, POSSESSIVE, TOKEN, bare, capital, extent, is_eponym, plain
from domaintune.privacy.namewords import COMMON
from domaintune.privacy.spans import Span

HAS_ZH = re.compile("[\u4e00-\u9fff]")


def parts(name: str) -> frozenset[str]:
    """Return what two forms of a name share: its words without case, initials and particles; a Chinese name as it is."""
    found = {word for token in TOKEN.findall(name) if len(word := bare(token)) > 1 and word not in PARTICLES}
    return frozenset(found or {name.casefold()})


class KnownNames:
    """Finds the names again that were introduced somewhere in the texts of an example."""

    def __init__(self, names: Iterable[str]) -> None:
        found = sorted(set(names))
        self._chinese = [name for name in found if HAS_ZH.search(name) and len(name) > 1]
        self._words = {word for name in found if not HAS_ZH.search(name) for word in parts(name)}
        self._turned = {
            (bare(last[-1]), bare(first[0]))
            for name in found
            if ", " in name
            for last, first in [[TOKEN.findall(part) for part in name.split(", ", 1)]]
            if last and first
        }
        self._alone = {word for word in self._words if len(word) > 2 and word not in COMMON and plain(word)}

    def spans(self, text: str) -> Iterator[Span]:
        """Yield where one of the names stands as a name: not in `Wilson disease` nor in `St. John's wort`."""
        for name in self._chinese:
            yield from (Span(found.start(), found.end(), "NAME") for found in re.finditer(re.escape(name), text))
        run: list[re.Match[str]] = []
        for token in TOKEN.finditer(text) if self._words else ():
            word = bare(POSSESSIVE.sub("", token[0]))
            if run and not self._joined(text, run[-1], token):
                yield from self._run(text, run)
                run = []
            if (word in self._words and capital(token[0])) or (run and len(word) == 1 and capital(token[0])):
                run.append(token)
            elif run and word not in PARTICLES:
                yield from self._run(text, run)
                run = []
        yield from self._run(text, run)

    def _joined(self, text: str, one: re.Match[str], other: re.Match[str]) -> bool:
        between = text[one.end() : other.start()]
        initial = between == ". " and len(one[0]) == 1
        turned = between == ", " and (bare(one[0]), bare(other[0])) in self._turned
        return between in {" ", "\xa0"} or initial or turned

    def _run(self, text: str, run: list[re.Match[str]]) -> Iterator[Span]:
        while run and len(run[-1][0]) == 1:
            run = run[:-1]
        words = {bare(POSSESSIVE.sub("", token[0])) for token in run}
        if not words & self._alone and len(words & self._words) < 2:
            return
        if not is_eponym(text, run[-1].end()) and not text[: run[0].start()].endswith(("St. ", "St ")):
            yield extent(run)
