"""A problem of ScienceQA: read from a row, and put as a question with its lecture, explanation and answer.

Question: Which of these is a solid?            Every object is made of matter. ...
Context: N/A                              ->    A stone keeps its shape. The answer is B.
Options: (A) steam (B) a stone
<image>
"""

from __future__ import annotations

import hashlib
import json
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domaintune import IMAGE, Example, Field, Message, Origin
from domaintune_multimodal.scienceqa.options import LAYOUT, Order

FIELDS = (
    Field(name="question"),
    Field(name="choices", aliases=("options",), nested=True),
    Field(name="answer"),
    Field(name="id", aliases=("pid", "problem_id", "question_id"), required=False),
    Field(name="hint", aliases=("context",), required=False),
    Field(name="image", required=False),
    Field(name="grade", required=False),
    Field(name="subject", required=False),
    Field(name="topic", required=False),
    Field(name="lecture", required=False),
    Field(name="solution", aliases=("explanation",), required=False),
    Field(name="split", required=False),
)
LETTERS = string.ascii_uppercase
SPLITS = {"train": "train", "val": "val", "validation": "val", "dev": "val", "test": "test"}
HIGHEST = 6
"""Grades 1 to 6 are one column of the paper's table, 7 to 12 the other."""
_STATED = re.compile(r"The answer is ([A-Z])\.")
_LIST = re.compile(r"^\s*\[")


class Unfit(Exception):  # noqa: N818  (why one row is no problem)
    """Why a row cannot be used: a reason for the ledger, and the detail."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.detail = reason, detail


def letter(answer: str) -> str | None:
    """Return the letter that an answer chooses, None where none can be read; the rule of LLaVA's evaluation.

    It is a bare letter, or begins `X. `, or says exactly once `The answer is X.`; letters are capitals.

    letter("B")  ->  "B";  letter("B. Ice floats.")  ->  "B";  letter("(B)")  ->  None
    """
    text = answer.lstrip()
    if re.fullmatch(r"[A-Z]\s*", text):
        return text[0]
    if re.match(r"[A-Z]\. ", text):
        return text[0]
    stated = _STATED.findall(text)
    return stated[0] if len(stated) == 1 else None


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A question with 2 to 26 choices; `answer` counts them from 0. `split` is train, val, test or empty."""

    id: str
    question: str
    choices: tuple[str, ...]
    answer: int
    origin: Origin
    hint: str = ""
    image: str = ""
    grade: str = ""
    subject: str = ""
    topic: str = ""
    lecture: str = ""
    solution: str = ""
    split: str = ""

    @property
    def asked(self) -> str:
        """The question as a model is asked it; its picture stands at the end, as in LLaVA's conversion."""
        options = " ".join(f"({mark}) {choice}" for mark, choice in zip(LETTERS, self.choices, strict=False))
        text = f"Question: {self.question}\nContext: {self.hint or 'N/A'}\nOptions: {options}"
        return f"{text}\n{IMAGE}" if self.image else text

    def answered(self, order: Order) -> str:
        """Return what a model learns to say."""
        answer = f"The answer is {LETTERS[self.answer]}."
        reasons = [] if order == "answer-only" else [text for text in (self.lecture, self.solution) if text]
        if order == "answer-first" and reasons:
            return " ".join([answer, "BECAUSE:", *reasons])
        return " ".join([*reasons, answer])

    @property
    def tags(self) -> frozenset[str]:
        """The columns of the paper's table that the problem counts in: subject, kind of context, grades."""
        tags = {f"subject:{self.subject}"} if self.subject else set()
        tags |= {"context:text"} if self.hint else set()
        tags |= {"context:image"} if self.image else set()
        tags |= set() if self.hint or self.image else {"context:none"}
        grade = re.search(r"\d+", self.grade)
        if grade and 1 <= int(grade[0]) <= 2 * HIGHEST:
            tags.add("grades:1-6" if int(grade[0]) <= HIGHEST else "grades:7-12")
        return frozenset(tags)

    def picture(self, layout: str = LAYOUT) -> str:
        """Return the name of the picture below the folder of pictures; a path or a `data:` URL stays as it is."""
        if not self.image or "/" in self.image or self.image.startswith("data:"):
            return self.image
        names = {"split": self.split or "train", "id": self.id, "image": self.image}
        return re.sub(r"\{(split|id|image)\}", lambda found: names[found[1]], layout)

    def example(self, order: Order = "answer-last", layout: str = LAYOUT) -> Example:
        """Return the problem as an example; raises Unfit where its answer could not be read out of its completion."""
        said, right = self.answered(order), LETTERS[self.answer]
        if letter(said) != right:
            raise Unfit("two-answers", "its lecture or explanation already names an answer")
        picture = self.picture(layout)
        # The same words about another picture are another question.
        shown = hashlib.sha256(picture.encode()).hexdigest()[:12] if picture.startswith("data:") else picture
        return Example(
            prompt=(Message(role="user", content=self.asked),),
            completion=(Message(role="assistant", content=said),),
            origin=self.origin,
            images=(picture,) if picture else (),
            tags=self.tags,
            group=" ".join(filter(None, [self.question, *self.choices, self.hint, shown])),
            meta={
                "task_id": self.id, "answer": right, "choices": list(self.choices),
                "split": self.split, "grade": self.grade, "topic": self.topic,
            },
        )  # fmt: skip


def read_problem(values: Mapping[str, str], origin: Origin) -> Problem:
    """Return the problem of a row; raises Unfit where it is none. A missing optional field is an empty text."""
    texts = {field.name: values.get(field.name, "").strip() for field in FIELDS}
    if not texts["question"]:
        raise Unfit("no-question")
    choices = _choices(texts["choices"])
    marked = [name for name in ("question", "hint", "lecture", "solution") if IMAGE in texts[name]]
    if marked or any(IMAGE in choice for choice in choices):
        raise Unfit("marker", f"{IMAGE!r} stands in {', '.join(marked) or 'its choices'}")
    split = texts["split"].casefold()
    if split and split not in SPLITS:
        raise Unfit("unknown-split", f"{texts['split'][:40]!r}; known: {', '.join(SPLITS)}")
    return Problem(
        id=texts["id"] or origin.place,
        question=texts["question"],
        choices=choices,
        answer=_answer(texts["answer"], len(choices)),
        origin=origin,
        hint=texts["hint"],
        image=texts["image"],
        grade=texts["grade"],
        subject=texts["subject"],
        topic=texts["topic"],
        lecture=texts["lecture"],
        solution=texts["solution"],
        split=SPLITS.get(split, ""),
    )


def as_texts(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a row of a file as texts; those that are missing or null are left out."""
    found = {field.name: row.get(field.name) for field in FIELDS}
    return {
        name: json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else str(value)
        for name, value in found.items()
        if value is not None
    }


def _choices(text: str) -> tuple[str, ...]:
    try:
        given = json.loads(text) if _LIST.match(text) else None
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, list) or not all(isinstance(choice, str) for choice in given):
        raise Unfit("no-choices", "choices must be a list of texts")
    choices = tuple(choice.strip() for choice in given)
    if not all(choices):
        raise Unfit(
            "empty-choice", f"choice {LETTERS[choices.index('')] if len(choices) <= 26 else ''} is empty".rstrip()
        )
    if len(choices) < 2:
        raise Unfit("one-choice" if choices else "no-choices", "there is nothing to choose from")
    if len(choices) > len(LETTERS):
        raise Unfit("too-many-choices", f"{len(choices)}; letters go to {len(LETTERS)}")
    if len(set(choices)) < len(choices):
        raise Unfit("same-choices", "two choices are equal")
    return choices


def _answer(text: str, count: int) -> int:
    # A table writes a column of whole numbers with a missing one as 1.0.
    number = re.fullmatch(r"(-?[0-9]{1,9})(?:\.0)?", text)
    if number is None:
        raise Unfit("no-answer", f"{text[:40]!r} is no number; answer counts the choices from 0")
    if not 0 <= int(number[1]) < count:
        raise Unfit("answer-range", f"answer {number[1]} of {count} choices, counted from 0")
    return int(number[1])
