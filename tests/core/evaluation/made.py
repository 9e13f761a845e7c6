"""Made examples, graders and a scripted session, for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from domaintune.contracts import Answer, Component, Example, Message, Origin, Score
from domaintune.evaluation import Report, evaluate, open_grader
from domaintune.sessions import Request, TokenEvent
from domaintune.settings import EvalSettings

NORMAL = "No acute disease."
FINDINGS = ("effusion", "pneumothorax", "nodule", "fracture", "edema", "mass", "hernia", "granuloma", "scoliosis")


def example(question: str, reference: str, *tags: str, **meta: Any) -> Example:
    """One question with its answer; the origin is the question."""
    return Example(
        prompt=(Message(role="user", content=question),),
        completion=(Message(role="assistant", content=reference),),
        origin=Origin(source="made.csv", place=question[:12]),
        tags=frozenset(tags),
        meta=meta,
    )


def reports(count: int, start: int = 0) -> list[Example]:
    """Return half normal, half abnormal reports, no two alike."""
    rows = []
    for i in range(start, start + count):
        what = FINDINGS[i % len(FINDINGS)]
        if i % 2:
            rows.append(example(f"Case {i}: lungs clear, heart normal.", NORMAL, "normal"))
        else:
            rows.append(example(f"Case {i}: there is {what}.", f"Case {i} has {what}.", "abnormal"))
    return rows


def words(item: Example, answer: str) -> Iterator[Score]:
    """Grade by two metrics: equal, and the share of the reference's words that are there."""
    wanted, said = item.reference.lower().split(), set(answer.lower().split())
    yield Score(metric="exact", value=float(answer == item.reference))
    yield Score(metric="recall", value=sum(word in said for word in wanted) / len(wanted))


def grader(part: Any = words, name: str = "made-words"):
    return open_grader(Component(name=name, summary="", load=lambda: part), {})


def said(texts: Sequence[str], finish_reason: str = "stop") -> list[Answer]:
    return [Answer(text=text, tokens=len(text.split()), finish_reason=finish_reason) for text in texts]


def report_of(tuned: Sequence[str], base: Sequence[str], test: Sequence[Example], **changes: Any) -> Report:
    """Evaluate made answers against a training set of 60 reports."""
    given = {
        "train": reports(60, start=1000),
        "graders": [grader()],
        "settings": EvalSettings(draws=300, samples=4),
        **changes,
    }
    return evaluate(
        test,
        given["train"],
        given["graders"],
        {"tuned": said(tuned), "base": said(base)},
        given["settings"],
        seed=7,
        domain="made",
        base="starter",
        adapter="made-1",
        decoding={"max_new_tokens": 8, "temperature": 0.0},
    )


class Scripted:
    """A session that answers the last word of a prompt, notes every batch, and dies before batch `dies_at`."""

    def __init__(self, dies_at: int | None = None, mute: bool = False) -> None:
        self.batches: list[list[str]] = []
        self.dies_at, self.mute = dies_at, mute

    @property
    def asked(self) -> list[str]:
        return [text for batch in self.batches for text in batch]

    def load(self, adapter: str, folder: Path) -> None: ...

    def unload(self, adapter: str) -> None: ...

    def generate(self, requests: Sequence[Request]) -> Iterator[TokenEvent]:
        if len(self.batches) == self.dies_at:
            raise KeyboardInterrupt
        self.batches.append([request.messages[-1]["content"] for request in requests])
        for place in reversed(range(len(requests))):  # in any order, in pieces
            word = requests[place].messages[-1]["content"].split()[-1]
            yield TokenEvent(request=place, text=f"{requests[place].adapter}:", tokens=1)
            yield TokenEvent(request=place, text=word, tokens=2, finish_reason=None if self.mute else "stop")
