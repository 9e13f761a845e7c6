"""Text as it is compared and cleaned: one spelling of what people write in many ways."""

from __future__ import annotations

import hashlib
import re
import unicodedata

MARK = re.compile(r"(?<![^\W_])x{3,}(?![^\W_])|_{3,}", re.IGNORECASE)
"""What stands where a name or a date was removed: XXXX or ____ of any length from three."""

REPLACED = re.compile(r"\[[A-Z]{2,10}-\d{1,4}\]")
"""What stands where `data.scrub` has replaced something: [NAME-1]."""

SPACE = re.compile(r"\s+")
INVISIBLE = frozenset("\ufeff\u200b\u2060")
# A point between digits is a decimal point, not the end of a sentence.
SENTENCE_END = re.compile(r"(?<!\d)\.|\.(?!\d)|[;!?\n\r。；！？]")
LIST_NUMBER = re.compile(r"(?:^|(?<=[.;:\n]))[^\S\n]*\(?\d{1,2}[.)](?=\s)")
# Scripts written without spaces: each character counts as a word.
UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
# Punctuation is decoration, but a sign between numbers carries meaning: 3 - 4 is not 3 / 4, and 1.2 is not 12.
WORD = re.compile(
    rf"[{UNSPACED}]|[^\W_{UNSPACED}]+"
    r"|(?<=\d)\.(?=\d)|(?<=[\d)])\s*[-*/%](?=\s*[\d(])|(?<![\w)])-(?=\d)|[+=<>^~±×÷√≠≤≥$€£°]"
)
SHINGLE = 3


def clean_text(text: str, mark: str = "___") -> str:
    """Return the text on one line, in NFC, without control characters, every de-identification mark as `mark`."""
    kept = "".join(
        char if char.isspace() else "" if char in INVISIBLE or unicodedata.category(char) in {"Cc", "Cs"} else char
        for char in text
    )
    marked = MARK.sub(lambda _: mark, unicodedata.normalize("NFC", kept))
    return SPACE.sub(" ", marked).strip()


def words(text: str) -> list[str]:
    """Split into words, without regard to case, punctuation, de-identification marks and what was replaced."""
    bare = MARK.sub(" ", unicodedata.normalize("NFKC", REPLACED.sub(" ", text)).casefold())
    return [word.strip() for word in WORD.findall(bare)]


def same_text(text: str) -> str:
    """Return what two texts must share to count as equal."""
    return " ".join(words(text)) or SPACE.sub(" ", text.casefold()).strip()


def shingles(text: str) -> frozenset[str]:
    """Return the word 3-grams of each sentence, so that the order of sentences does not matter."""
    found: set[str] = set()
    for sentence in SENTENCE_END.split(LIST_NUMBER.sub("\n", text)):
        run = words(sentence)
        found.update(" ".join(run[i : i + SHINGLE]) for i in range(max(1, len(run) - SHINGLE + 1)))
    found.discard("")
    return frozenset(found or {same_text(text)})


def digest(text: str) -> str:
    """Return the SHA-256 of a text, in hex: the same on every machine and in every run."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
