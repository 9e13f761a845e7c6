"""Under which licence a piece of source code stands, as far as its own header or its folder's LICENSE file says.

A header is its comments and its docstring. It is believed where it gives leave: by an SPDX tag, in the words of a licence,
or by saying under which one it is. That a licence with conditions is mentioned is enough to keep a file out. What names
several stands under all of them, unless an SPDX expression says OR. Words decide nothing in court: this keeps out what
plainly is not permissive.
"""

from __future__ import annotations

import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Collection, Iterator
from itertools import accumulate
from pathlib import Path

HEADER_LINES = 80
"""A licence stands among the first lines of a file, if anywhere."""
LONGEST = 4_000
"""Characters of a LICENSE file that are read: it names its own licence early, and later those of others."""

LARGEST = 200_000
"""Characters of a LICENSE file in which terms are looked for that take leave away again."""

_TAKING = {
    "BUSL-1.1": r"business source licen[sc]e|\bbusl\b",
    "Elastic-2.0": r"\belastic licen[sc]e|\belv2\b",
    "SSPL-1.0": r"server side public licen[sc]e|\bsspl\b",
    "Commons-Clause": r"\bcommons clause",
    "PolyForm": r"\bpolyform\b",
    "FSL": r"functional source licen[sc]e",
    "Confluent": r"confluent community licen[sc]e",
}
"""Licences that show the source and forbid some uses of it; they like to name a permissive one beside them."""
_WORDS = _TAKING | {
    "AGPL": r"gnu affero general public licen[sc]e|\bagpl",
    "LGPL": r"gnu (?:lesser|library) general public licen[sc]e|\blgpl",
    "GPL": r"gnu general public licen[sc]e|\bgnu gpl|\bgpl(?:v| version|-)?\s?[23]",
    "MPL": r"mozilla public licen[sc]e|\bmpl[- ]?v?\s?[12]",
    "EPL": r"eclipse public licen[sc]e",
    "EUPL": r"european union public licen[sc]e|\beupl",
    "CC-BY-SA": r"attribution[- ]share ?alike|\bcc[- ]by[- ]sa\b",
    "CC-BY-NC": r"attribution[- ]non-?commercial|\bcc[- ]by[- ]nc\b",
    "CC-BY-ND": r"attribution[- ]no ?deriv|\bcc[- ]by[- ](?:nc[- ])?nd\b",
    "Proprietary": r"proprietary and confidential|confidential and proprietary|unauthori[sz]ed copying|"
    r"may not be (?:copied|reproduced|distributed)|non-?commercial (?:use|purposes) only|no part of this",
}
_PERMISSIVE = {
    "Apache-2.0": r"apache licen[sc]e|apache\.org/licenses/license-2\.0|\bapache[- ]?(?:version )?2(?:\.0)?\b",
    "MIT": r"permission is hereby granted, free of charge, to any person obtaining|\bmit licen[sc]e|\bthe mit\b|"
    r"opensource\.org/licenses/mit|\blicen[sc]e\W{1,4}mit\b|\bunder mit\b|\bmit-licen[sc]ed",
    "BSD": r"redistribution and use in source and binary forms|\bbsd[- ](?:style|licen[sc]e|[234])|"
    r"\b(?:new|modified|simplified|revised|clause) bsd\b|\blicen[sc]e\W{1,4}bsd\b|\bbsd-licen[sc]ed",
    "ISC": r"\bisc licen[sc]e|permission to use, copy, modify, and(?:/or)? distribute this software for any purpose with "
    r"or without fee is hereby granted, provided",
    "PSF-2.0": r"python software foundation licen[sc]e|psf licen[sc]e|licensed to psf under a contributor agreement",
    "Unlicense": r"free and unencumbered software released into the public domain|unlicense\.org|\bthe unlicense\b",
    "CC0-1.0": r"cc0 1\.0|cc0-1\.0|publicdomain/zero/1\.0",
}
_OWN = (
    "permission is hereby granted, free of charge|redistribution and use in source and binary forms|"
    "permission to use, copy, modify|free and unencumbered software released|licensed to psf under"
)
"""The words of licences themselves, which give leave wherever they stand."""
_NAMED = re.compile("|".join(f"(?P<w{place}>{words})" for place, words in enumerate((_WORDS | _PERMISSIVE).values())))
_GIVEN = re.compile(
    r"\b(?:under|governed by)\b[^.;]{0,80}$|\blicen[sc]e(?:[sd]|\(s\))?\s*(?:::?|=|\bis\b|-)[^.;]{0,60}$|"
    r"\bcopyright\b[^;]{0,80}[,.:]\s*(?:the )?$"
)
"""What stands before the name of a licence that gives leave; its name may also have a line of its own."""
_BEGINS = re.compile(r"\W*(?:the )?(?:https?://\S*)?")
NEAR = 120
"""Characters before a name that say how it is meant."""
_DENIED = re.compile(r"(?:\b(?:not|never|nor|neither|without|no longer|unlike|isn't|aren't)\b)[^.;]{0,60}$")
_ALONE = re.compile(
    r"[\W\d]*(?:(?:licen[sc]ed?|version|v|clause|style|see|file|for|details|the|terms|https?\S*)\b[\W\d]*)*"
)
"""What may stand behind the name of a licence on a line of its own."""
_SPDX = re.compile(r"SPDX-License-Identifier\s*:\s*([^\n\"'*]+)", re.IGNORECASE)
_VARIABLE = re.compile(r"^__licen[sc]e__\s*=\s*(?:['\"]{1,3})([^'\"\n]+)", re.MULTILINE)
_TOKEN = re.compile(r"\(|\)|[^\s()]+")
_FILES = re.compile(r"(?:un)?licen[sc]e(?:[-_.].*)?|copying(?:[-_.].*)?", re.IGNORECASE)
_CODE = frozenset(
    (
        ".py", ".pyi", ".pyc", ".js", ".ts", ".css", ".html", ".htm", ".json", ".toml", ".yml", ".yaml", ".xml", ".csv",
        ".sh", ".c", ".h", ".go", ".rs", ".png", ".svg", ".sig",
    )
)  # fmt: skip
"""Endings of files that only are named like a LICENSE file. Any other may be one: LICENSE.GPL, COPYING.LESSER."""
_BSD = frozenset(
    [
        "0bsd",
        "bsd-1-clause",
        "bsd-2-clause",
        "bsd-2-clause-patent",
        "bsd-3-clause",
        "bsd-4-clause",
        "bsd-2-clause-views",
    ]
)
"""The forms of BSD; others with that name are something else (BSD-Protection is copyleft)."""


def licence_of(source: str) -> str:
    """Return the licence that the header of a source file names, as an SPDX expression or nearly; empty if none."""
    header = "\n".join(source.split("\n")[:HEADER_LINES])
    tags = [found[1].strip().removesuffix("-->").strip() for found in _SPDX.finditer(header)]
    if tags:
        return tags[0] if len(set(tags)) == 1 else " AND ".join(f"({tag})" for tag in dict.fromkeys(tags))
    names = _given(_comments(source))
    names += [
        name for found in _VARIABLE.finditer(header) for name in _names(f"licence: {found[1]}") or [found[1].strip()]
    ]
    return " AND ".join(dict.fromkeys(names))


def licence_of_folder(folder: Path, root: Path) -> str:
    """Return the licence of the LICENSE files nearest above a file, no further up than `root`; empty where none is known.

    A LICENSE file begins with its own licence; what it names further down are those of others, or comparisons, unless they
    take leave away.
    """
    for place in (folder, *folder.parents):
        names: list[str] = []
        for file in sorted(path for path in place.iterdir() if _is_licence(path)):
            text = _plain(file.read_text(encoding="utf-8", errors="replace")[:LARGEST])
            found = _names(text[:LONGEST])
            names += [found[0] if found else "unknown", *(name for name in _names(text) if name in _TAKING)]
        if names or place == root:
            return " AND ".join(dict.fromkeys(names)) if "unknown" not in names else ""
    return ""


def is_allowed(expression: str, licences: Collection[str]) -> bool:
    """Tell whether an SPDX expression gives leave under any of some licences: one side of OR is enough, AND needs both."""
    tokens = _TOKEN.findall(expression.strip())
    try:
        result, rest = _either(tokens, {name.casefold() for name in licences})
    except (IndexError, RecursionError):
        return False
    return result and not rest


def _either(tokens: list[str], licences: set[str]) -> tuple[bool, list[str]]:
    result, rest = _both(tokens, licences)
    while rest and rest[0].upper() == "OR":
        other, rest = _both(rest[1:], licences)
        result = result or other
    return result, rest


def _both(tokens: list[str], licences: set[str]) -> tuple[bool, list[str]]:
    result, rest = _one(tokens, licences)
    while rest and rest[0].upper() in {"AND", "WITH"}:
        if rest[0].upper() == "WITH":  # an exception only adds leave
            rest = rest[2:]
            continue
        other, rest = _one(rest[1:], licences)
        result = result and other
    return result, rest


def _one(tokens: list[str], licences: set[str]) -> tuple[bool, list[str]]:
    if tokens[0] == "(":
        result, rest = _either(tokens[1:], licences)
        return result and rest[0] == ")", rest[1:]
    name = tokens[0].casefold()
    family = "bsd" if name in _BSD else name
    return name in licences or family in licences, tokens[1:]


def _is_licence(path: Path) -> bool:
    named = _FILES.fullmatch(path.name) is not None and path.suffix.casefold() not in _CODE
    return named and path.is_file() and not path.is_symlink()


def _comments(source: str) -> str:
    """Return the comments and the docstring that begin within the first lines of a program, without marks."""
    kept: list[str] = []
    first = True
    for token in _tokens(source):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and first):
            lines = token.string.strip("\"'").split("\n")
            kept += lines[: HEADER_LINES - token.start[0] + 1]
        elif token.type not in {tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING}:
            first = False
    return "\n".join(" ".join(re.sub(r"[#*|>]+|^\s*//", " ", line).casefold().split()) for line in kept)


def _tokens(source: str) -> Iterator[tokenize.TokenInfo]:
    """Yield the tokens of the first lines, as far as Python can read them."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.start[0] > HEADER_LINES:
                return
            yield token
    except (tokenize.TokenError, SyntaxError, ValueError):
        return


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[#*|>]+|^\s*//", " ", text, flags=re.MULTILINE).casefold().split())


def _names(text: str) -> list[str]:
    """Return the licences that a plain text names, in the order of their first mention."""
    every = [*_WORDS, *_PERMISSIVE]
    found = (every[int((match.lastgroup or "w0")[1:])] for match in _NAMED.finditer(text.casefold()))
    return list(dict.fromkeys(found))


def _given(header: str) -> list[str]:
    """Return the licences of a header: permissive ones where they are given, others wherever they are named."""
    every = [*_WORDS, *_PERMISSIVE]
    lines = [line or "." for line in header.split("\n")]  # an empty line ends a sentence
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    text = " ".join(lines)
    names: list[str] = []
    for match in _NAMED.finditer(text):
        name = every[int((match.lastgroup or "w0")[1:])]
        line = bisect_right(starts, match.start()) - 1
        behind = text[match.end() : next(start for start in starts[line:] if start >= match.end())]
        if name in _WORDS or _gives(text[starts[line] : match.start()], text[: match.start()], match[0], behind):
            names.append(name)
    return list(dict.fromkeys(names))


def _gives(line: str, before: str, name: str, behind: str) -> bool:
    """Tell whether the name of a licence gives leave, by the line and all that stands before it and the line behind it."""
    if re.match(_OWN, name):
        return True
    near = before[-NEAR:]
    if _DENIED.search(near):
        return False
    if _GIVEN.search(near) or name.startswith(("under", "licen")) or name.endswith("licensed") or behind[:1] == "d":
        return True
    return _BEGINS.fullmatch(line) is not None and _ALONE.fullmatch(behind) is not None
