"""Under which licence a piece of source code stands, as far as its own header or its folder's LICENSE file says.

A header is believed where it names a licence, by an SPDX tag or in the words of one. What names several stands under all
of them, unless an SPDX expression says OR. Words decide nothing in court: this keeps out what plainly is not permissive.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

HEADER_LINES = 80
"""A licence stands among the first lines of a file, if anywhere."""
LONGEST = 4_000
"""Characters of a LICENSE file that are read: it names its own licence early, and later those of others."""

_WORDS = {
    "AGPL": r"gnu affero general public licen[sc]e|\bagpl",
    "LGPL": r"gnu (?:lesser|library) general public licen[sc]e|\blgpl",
    "GPL": r"gnu general public licen[sc]e|\bgnu gpl|\bgpl(?:v| version|-)?\s?[23]",
    "MPL": r"mozilla public licen[sc]e|\bmpl[- ]?v?\s?[12]",
    "EPL": r"eclipse public licen[sc]e",
    "EUPL": r"european union public licen[sc]e|\beupl",
    "CC-BY-SA": r"attribution[- ]share ?alike|\bcc[- ]by[- ]sa\b",
    "CC-BY-NC": r"attribution[- ]non-?commercial|\bcc[- ]by[- ]nc\b",
    "Proprietary": r"proprietary and confidential|confidential and proprietary|unauthori[sz]ed copying|"
    r"may not be (?:copied|reproduced|distributed)|non-?commercial (?:use|purposes) only|no part of this",
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
_NAMED = re.compile("|".join(f"(?P<w{place}>{words})" for place, words in enumerate(_WORDS.values())))
_SPDX = re.compile(r"SPDX-License-Identifier\s*:\s*([^\n\"'*]+)", re.IGNORECASE)
_VARIABLE = re.compile(r"^__licen[sc]e__\s*=\s*(?:['\"]{1,3})([^'\"\n]+)", re.MULTILINE)
_TOKEN = re.compile(r"\(|\)|[^\s()]+")
_FILES = re.compile(r"(?:un)?licen[sc]e(?:[-_.].*)?|copying(?:[-_.].*)?", re.IGNORECASE)
_TEXTS = frozenset({"", ".txt", ".md", ".rst", ".mit", ".apache", ".bsd", ".lesser"})


def licence_of(source: str) -> str:
    """Return the licence that the header of a source file names, as an SPDX expression or nearly; empty if none."""
    header = "\n".join(source.split("\n")[:HEADER_LINES])
    tags = [found[1].strip().removesuffix("-->").strip() for found in _SPDX.finditer(header)]
    if tags:
        return tags[0] if len(set(tags)) == 1 else " AND ".join(f"({tag})" for tag in dict.fromkeys(tags))
    names = _names(_comments(header))
    names += [
        name for found in _VARIABLE.finditer(header) for name in _names(f"licence: {found[1]}") or [found[1].strip()]
    ]
    return " AND ".join(dict.fromkeys(names))


def licence_of_folder(folder: Path, root: Path) -> str:
    """Return the licence of the LICENSE files nearest above a file, no further up than `root`; empty where none is known.

    A LICENSE file begins with its own licence; what it names further down are those of others, or comparisons.
    """
    for place in (folder, *folder.parents):
        names: list[str] = []
        for file in sorted(path for path in place.iterdir() if _is_licence(path)):
            found = _names(_plain(file.read_text(encoding="utf-8", errors="replace")[:LONGEST]))
            names.append(found[0] if found else "unknown")
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
    family = "bsd" if name.startswith("bsd-") or name == "0bsd" else name
    return name in licences or family in licences, tokens[1:]


def _is_licence(path: Path) -> bool:
    named = _FILES.fullmatch(path.name) is not None and path.suffix.casefold() in _TEXTS
    return named and path.is_file() and not path.is_symlink()


def _comments(header: str) -> str:
    """Return the comments and the strings of a header, without marks: a licence stands in nothing else."""
    lines = [line for line in header.split("\n") if not re.match(r"\s*(?:from|import|def|class|return)\b", line)]
    return _plain("\n".join(lines))


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[#*|>]+|^\s*//", " ", text, flags=re.MULTILINE).casefold().split())


def _names(text: str) -> list[str]:
    """Return the licences that a plain text names, in the order of their first mention."""
    every = list(_WORDS)
    found = (every[int((match.lastgroup or "w0")[1:])] for match in _NAMED.finditer(text.casefold()))
    return list(dict.fromkeys(found))
