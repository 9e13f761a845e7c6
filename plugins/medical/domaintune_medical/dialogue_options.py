"""The options of the dialogue and question builders, as users write them in `[data.options]`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Task: TypeAlias = Literal["answer", "note"]
Kind: TypeAlias = Literal["symptoms", "causes", "tests", "medications", "diagnosis"]
TASKS: tuple[Task, ...] = ("answer", "note")
KINDS: tuple[Kind, ...] = ("symptoms", "causes", "tests", "medications", "diagnosis")


@dataclass(frozen=True, kw_only=True)
class DialogueOptions:
    """Options of the builder `medical-dialogue`."""

    tasks: tuple[Task, ...] = field(
        default=TASKS, metadata={"doc": "answer: the doctor's next turn; note: a note section from a whole visit"}
    )
    instruction: str = field(
        default="", metadata={"doc": "the system message of the task answer; empty: one in the patient's language"}
    )
    min_question_words: int = field(default=3, metadata={"doc": "patients who say less are dropped"})
    min_answer_words: int = field(default=3, metadata={"doc": "doctors' answers shorter than this are dropped"})
    strip: bool = field(
        default=True, metadata={"doc": "take away doctors' greetings and sign-offs, and what portals say of themselves"}
    )


@dataclass(frozen=True, kw_only=True)
class QaOptions:
    """Options of the builder `medical-qa`."""

    language: Literal["en", "zh"] = field(
        default="en", metadata={"doc": "which sample is read without sources; rows of your own speak for themselves"}
    )
    ask: Literal["templates", "teacher"] = field(
        default="templates", metadata={"doc": "who writes the pairs: fixed forms, or the teacher of data.teacher"}
    )
    per_entry: int = field(default=5, metadata={"doc": "pairs made of one entry at most"})
    kinds: tuple[Kind, ...] = field(default=KINDS, metadata={"doc": "what is asked about"})
    instruction: str = field(
        default="", metadata={"doc": "the system message; empty: one in the language of the entry"}
    )
    temperature: float = field(default=0.7, metadata={"doc": "sampling temperature of the teacher"})
    max_new_tokens: int = field(default=300, metadata={"doc": "longest reply of the teacher"})

    def __post_init__(self) -> None:
        """Refuse numbers that could make nothing."""
        if self.per_entry < 1:
            raise ValueError(f"per_entry = {self.per_entry}: make at least 1 pair of an entry")
        if not 0 <= self.temperature < math.inf:
            raise ValueError(f"temperature = {self.temperature}: give a number of at least 0")
        if self.max_new_tokens < 1:
            raise ValueError(f"max_new_tokens = {self.max_new_tokens}: let the teacher write at least 1 token")
