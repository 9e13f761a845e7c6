"""Numbers of things that a reply says and the boxes contradict beyond doubt.

Annotations leave small things out and replies speak of some of many, so only this counts: "there are five dogs" of a
picture with at most three boxes of dogs, all of which could be read, and whose captions name no such number either.
"""

from __future__ import annotations

import re
from collections import Counter

from domaintune_multimodal.symbols import SymbolicImage

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
MOST = 5
"""Of so many boxes of a category at most the count is taken at its word."""
MORE = 2
"""A reply says so many more than there are boxes: one may be half hidden, and was not marked."""
_PLURALS = {"person": ("people", "persons"), "knife": ("knives",), "sheep": ("sheep",), "mouse": ("mice",)}
_SAID = re.compile(
    r"\bthere are (?:exactly |a total of |only )?(?P<number>\d{1,2}|"
    + "|".join(NUMBERS[2:])
    + r")\s+(?P<noun>[a-z]+(?: [a-z]+)?)\b(?!['’])",  # of "three dogs' bowls" the bowls are counted
    re.IGNORECASE,
)


def plurals(category: str) -> tuple[str, ...]:
    """Return the plural forms of a category's name."""
    if category in _PLURALS:
        return _PLURALS[category]
    if category.endswith(("s", "x", "z", "ch", "sh")):
        return (f"{category}es",)
    if re.search(r"[^aeiou]y\Z", category):
        return (f"{category[:-1]}ies",)
    return (f"{category}s",)


def overcounted(text: str, image: SymbolicImage) -> str:
    """Return the words of a text that count more of a category than the boxes show; empty where none do."""
    boxes = Counter(box.category.casefold() for box in image.boxes)
    names = {plural: category for category in boxes for plural in plurals(category)}
    uncounted = {category.casefold() for category in image.uncounted}
    known = " ".join(image.captions).casefold()
    for found in _SAID.finditer(text):
        noun = found["noun"].casefold()
        category = names.get(noun) or names.get(noun.split()[0])
        if category is None or category in uncounted or not 1 <= boxes[category] <= MOST:
            continue
        said = found["number"].casefold()
        number = int(said) if said.isdigit() else NUMBERS.index(said)
        named = rf"\b(?:{number}|{NUMBERS[number] if number < len(NUMBERS) else number})\b"
        if number >= boxes[category] + MORE and not re.search(named, known):
            return found[0]
    return ""
