"""The words of a name: where one begins, how far it goes, and what is none."""

from __future__ import annotations

import re

from domaintune.privacy.namewords import CLINICAL, COMMON, EPONYMS, GIVEN, GIVEN_OR_WORD, NOT_NAMES
from domaintune.privacy.spans import Span

LETTER = r"[^\W\d_\u3400-\u9fff]"
TOKEN = re.compile(rf"{LETTER}(?:{LETTER}|['’‘-](?={LETTER})){{0,30}}")
PARTICLES = frozenset(
    [
        "van",
        "der",
        "den",
        "de",
        "la",
        "le",
        "von",
        "bin",
        "ibn",
        "al",
        "el",
        "di",
        "da",
        "del",
        "della",
        "dos",
        "du",
        "ten",
        "ter",
    ]
)
MOST = 5
"""Words of a name."""
CLINICAL_END = re.compile(
    r"(?:itis|osis|emia|oma|pathy|ectomy|uria|algia|scopy|plasty|gram|graphy|cillin|statin|prazole|olol|pril|sartan|olog(?:y|ist))$"
)
DEGREE = (
    r"(?:M\.D\.|MD|R\.N\.|RN|NP|Ph\.?D\.?|D\.O\.|DO(?! not\b| NOT\b)|PA-C|PA|FACS|LPN|CRNA|DDS|DPM|MBBS|FRCS|ARNP|LCSW"
    r"|PharmD|DVM|CNM|FACC|APRN|DPT|BSN|MSN|DNP|CNP|FNP(?:-[BC]+)?|OTR(?:/L)?|CCC-SLP|MSW|LMFT|LPC|PsyD|RPh|RDMS|RRT|DMD"
    r"|FRCP|MRCP|FACP|EMT-P)(?!\w)"
)

DEGREES = re.compile(DEGREE)
NICKNAME = re.compile(r" (?:\"[^\"\n]{1,15}\"|“[^”\n]{1,15}”) (?=[^\W\d_a-z])")
EPONYM = re.compile(rf"(?:['’]s?)?[ -]{EPONYMS}\b")
COMMA = re.compile(r",\s?")
POSSESSIVE = re.compile(r"['’]s$", re.IGNORECASE)
ENDED = re.compile(r"[ \t.,]{0,9}(?:$|\n|[A-Z])")


def bare(word: str) -> str:
    """Return a word in small letters, without apostrophes."""
    return word.casefold().replace("’", "").replace("'", "")


def plain(word: str) -> bool:
    """Whether a word is none that is known not to be a name."""
    small = bare(word)
    return small not in NOT_NAMES and small not in CLINICAL and not (len(small) > 6 and CLINICAL_END.search(small))


def capital(word: str) -> bool:
    """Whether a word begins as a name does: with a capital, or as d'Angelo."""
    return word[0].isupper() or (word[0] in "dl" and word[1:2] in ("'", "’"))


def _follows(text: str, end: int) -> re.Match[str] | None:
    """Return the next word on the line, if one space or the point of an initial is all between."""
    if nickname := NICKNAME.match(text, end):
        return TOKEN.match(text, nickname.end())
    return (
        TOKEN.match(text, end + 1)
        if text.startswith((" ", "\xa0"), end)
        else TOKEN.match(text, end + 2)
        if text.startswith(". ", end)
        else None
    )


def may_be_name(text: str, token: re.Match[str]) -> bool:
    """Whether a word may be one of a name where it stands."""
    word = token[0]
    if not capital(word) or text[token.end() : token.end() + 1].isdigit():
        return False
    if len(word) == 1:
        return True
    if plain(word):
        return True
    # `Will` is a name only before another one
    after = _follows(text, token.end()) if word.casefold() in COMMON else None
    if after is None or after[0] in PARTICLES:
        return after is not None
    return capital(after[0]) and (len(after[0]) == 1 or plain(after[0]))


def name_at(text: str, start: int, most: int = MOST) -> list[re.Match[str]]:
    """Return the words of the name that begins at `start`: capitals, initials and particles, one space apart."""
    taken: list[re.Match[str]] = []
    token = TOKEN.match(text, start)
    while token and len(taken) < most:
        if not (token[0].casefold() in PARTICLES or may_be_name(text, token)):
            break
        if taken and _is_another(token[0], [word[0] for word in taken]):
            break
        taken.append(token)
        token = _next(text, token)
    while taken and (taken[-1][0] in PARTICLES or (len(taken) == 1 and len(taken[0][0]) == 1)):
        taken.pop()
    return taken


def _is_abbreviation(word: str) -> bool:
    """Whether a word after `Dr. Smith` is rather ECOG, NYHA or TMP-SMX than a part of the name."""
    return (
        word.isupper()
        and len(word) > 1
        and (len(word) < 5 or "-" in word)
        and word not in {"II", "III", "IV", "JR", "SR"}
    )


def _is_another(word: str, taken: list[str]) -> bool:
    """Whether a word is written unlike those before it: `Smith ECOG`, `SMITH Lasix`, but not `SMITH Anna`."""
    long = [one for one in taken if len(one) > 1]
    if not long or len(word) == 1:
        return False
    if len(taken) > 1 and taken[-1] in {"II", "III", "IV", "Jr", "Sr", "JR", "SR"}:
        return True
    if all(one.isupper() for one in long):
        return max(map(len, long)) > 3 and not word.isupper() and word not in PARTICLES and bare(word) not in GIVEN
    return _is_abbreviation(word)


def _next(text: str, token: re.Match[str]) -> re.Match[str] | None:
    """Return the next word of a name: after the point of an initial or of `St.`, or behind a "nickname" in quotes."""
    pointed = (len(token[0]) == 1 or token[0] in {"St", "ST"}) and text.startswith(".", token.end())
    end = token.end() + pointed
    nickname = None if pointed else NICKNAME.match(text, end)
    if nickname:
        return TOKEN.match(text, nickname.end())
    return TOKEN.match(text, end + 1) if text.startswith((" ", "\xa0"), end) else None


def looks_given(words: list[re.Match[str]], least: int = 2) -> bool:
    """Whether the first word is a given name, or there are `least` words that are no initials."""
    if not words:
        return False
    first = bare(words[0][0])
    given = first in GIVEN or any(part in GIVEN for part in first.split("-"))
    long = len([word for word in words if len(word[0]) > 1 and word[0] not in PARTICLES])
    return given or long >= least or (long > 1 and first in GIVEN_OR_WORD)


def extent(words: list[re.Match[str]]) -> Span:
    """Return the span of a name, without the 's of a possessive."""
    end = words[-1].end() - (2 if POSSESSIVE.search(words[-1][0]) else 0)
    return Span(words[0].start(), end, "NAME")


def is_eponym(text: str, end: int) -> bool:
    """Whether what ends here is the name of a disease, a sign or a tool: `Wilson` before ` disease`."""
    return EPONYM.match(text, end) is not None


def with_first_name(text: str, words: list[re.Match[str]]) -> list[re.Match[str]]:
    """Take the first name too, where the last comes before it: `Smith, Anna`."""
    comma = COMMA.match(text, words[-1].end())
    more = name_at(text, comma.end(), 3) if comma else []
    if comma and not more and (lone := TOKEN.match(text, comma.end())) and lone[0].casefold() in COMMON & NOT_NAMES:
        shouted = lone[0].isupper() and words[0][0].isupper()
        more = [lone] if (lone[0].istitle() or shouted) and ENDED.match(text, lone.end()) else []  # `Hall, Will`
    return [*words, *more] if more and not DEGREES.match(text, more[0].start()) else words
