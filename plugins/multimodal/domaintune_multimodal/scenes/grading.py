"""Exact match by kind of question, and a floor that answers as training answers questions of the same form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from domaintune import IMAGE, Example, Score
from domaintune_multimodal.scenes.drawing import NUMBERS
from domaintune_multimodal.scenes.scene import COLOURS, SIZES
from domaintune_multimodal.scenes.shapes import SHAPES

_ENDING = re.compile(r"\banswer\s*(?:is|:)\s*:?\s*([^.\n]+)", re.IGNORECASE)
_YES_NO = re.compile(r"(yes|no)\b\s*[,.;:!-]")
_SAME = {"zero": "0", "none": "0", "center": "middle", "centre": "middle", "big": "large", "little": "small"} | {
    name: str(number) for number, name in enumerate(NUMBERS) if number
}
"""Other words for the same answer."""
_PLACE = re.compile(
    r"(?:(?:in|on|at) )?(?:the )?((?:top|middle|bottom)(?: left| middle| right)?|left|right)(?: (?:corner|side|part))?"
)
_AMOUNT = re.compile(r"(\d+) things?")


def answer_of(text: str) -> str:
    """Return what an answer says, in the words of the references: `blue`, `3`, `top left`, `yes`.

    It is what follows the last "the answer is"; else the first line. Case, quotes and marks, the full stop, a leading
    article, "in the" before a place, "corner", "side" or "part" behind it, and "things" behind a number are left out;
    number words are digits; of "yes, there is" only "yes" counts. Other sentences stay as they are, and are wrong.

        answer_of("3 - 1 = 2. So the answer is 2.") == answer_of("Two") == "2"
    """
    endings = _ENDING.findall(text)
    line = endings[-1] if endings else next((line for line in text.splitlines() if line.strip()), "")
    line = " ".join(re.sub(r"[*_`\"'“”‘’]", "", line).lower().split())
    sure = _YES_NO.match(line)
    if sure:
        return sure[1]
    line = line.strip(" .!,;:").replace("-", " ")
    line = " ".join(_SAME.get(word, word) for word in line.split())
    bare = _PLACE.fullmatch(line) or _AMOUNT.fullmatch(line)
    return bare[1] if bare else re.sub(r"^(?:an?|the) (?=.)", "", line)


_THING = "X"
_WORDS = "|".join((*COLOURS, *SIZES, *(f"{shape}(?:e?s)?" for shape in SHAPES), "things?", "an?"))
_NUMBER = "|".join((*NUMBERS[1:], r"\d+", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"))
_MASKS = (
    (re.compile(rf"\b(?:(?:{_WORDS})\s*\b)+"), f"{_THING} "),
    (re.compile(r"\bin the (?:top|middle|bottom)(?: left| middle| right)?\b"), ""),
    (re.compile(rf"\b(?:{_NUMBER})\b"), "N"),
)


def form_of(question: str) -> str:
    """Return a question without what it is about: "What colour is the large star?" is "what colour is the X?"."""
    text = " ".join(question.replace(IMAGE, " ").lower().split())
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return re.sub(r"[\W_]+", " ", text).strip()


class SceneGrader:
    """Exact match on questions about scenes; the tags of the items are their kinds."""

    def grade(self, example: Example, answer: str) -> Iterator[Score]:
        """Yield `exact`; of an answer in steps its ending counts."""
        said, wanted = answer_of(answer), answer_of(str(example.meta.get("answer") or example.reference))
        right = said == wanted
        shown = said if len(said) <= 40 else said[:37] + "..."
        reason = f"{shown!r} is right" if right else f"{shown!r} instead of {wanted!r}"
        yield Score(metric="exact", value=float(right), reason=reason, proportion=True)

    def floors(self, train: Sequence[Example]) -> dict[str, Callable[[Example], str]]:
        """Add the floor `kind`: the commonest training answer to questions of the same form, without the picture."""
        return {"kind": _Commonest(train)}

    def draw(self, scores: Sequence[Mapping[str, Any]], file: Path) -> str:
        """Draw exact match by kind, sighted, blind and without a model, from a report's score rows; return it in words."""
        from domaintune_multimodal.scenes.bars import draw_bars  # noqa: PLC0415  (matplotlib, wanted once)

        return draw_bars(scores, file)


class _Commonest:
    """Answers a question by its text alone: the commonest answer of its form, else of its first two words, else of all.

    A form may name two colours or two shapes to choose from, others in every question. There it is the first or the
    second, whichever was right more often in training.
    """

    def __init__(self, train: Sequence[Example]) -> None:
        self._by_form: dict[str, Counter[str]] = {}
        self._chosen: dict[str, Counter[int]] = {}
        for question, answer in _turns(train):
            for key in _keys(question):
                self._by_form.setdefault(key, Counter())[answer] += 1
            named = _choices(question)
            place = named.index(answer) if answer in named else -1
            self._chosen.setdefault(form_of(question), Counter())[place] += 1

    def __call__(self, example: Example) -> str:
        for key in _keys(example.question):
            counts = self._by_form.get(key)
            if counts:
                answer = max(sorted(counts), key=counts.__getitem__)
                return self._choice(key, example.question) or answer
        return ""

    def _choice(self, form: str, question: str) -> str | None:
        """Return the choice that the question names at the place preferred, of a form whose answers were all named."""
        chosen, named = self._chosen.get(form, Counter()), _choices(question)
        if not chosen or chosen[-1] or not named:
            return None
        return named[max(sorted(chosen), key=chosen.__getitem__)]


def _choices(question: str) -> tuple[str, ...]:
    """Return the two colours, or the two shapes, that a question names; nothing where it names more, or fewer."""
    words = re.findall(r"[a-z]+", question.lower())
    named = tuple(dict.fromkeys(word for word in words if word in COLOURS or word in SHAPES))
    return named if len(named) == 2 and (named[0] in COLOURS) is (named[1] in COLOURS) else ()


def _keys(question: str) -> tuple[str, str, str]:
    form = form_of(question)
    return form, " ".join(form.split()[:2]) + " ...", ""


def _turns(train: Sequence[Example]) -> Iterator[tuple[str, str]]:
    """Yield every question of the training examples with its short answer; descriptions have none."""
    for example in train:
        asked = ""
        for message in (*example.prompt, *example.completion):
            if message["role"] == "user":
                asked = message["content"]
            elif message["role"] == "assistant":
                said = answer_of(message["content"])
                if said and len(said.split()) <= 2:
                    yield asked, said
