"""From a teacher's reply to questions and answers: the strict forms of the three types, and nothing guessed."""

from __future__ import annotations

import re

from domaintune_multimodal.rules import SHOWN, Fault, Kind, Turn

LONGEST = 20_000
"""Characters of a reply that are read."""
FEWEST_TURNS, MOST_TURNS = 2, 12
_MARK = r"^[ \t]*[*_#>]{0,4}[ \t]*"
_LABEL = re.compile(
    rf"{_MARK}(?:(?P<question>question|q)|(?P<answer>answer|a))[ \t]?\d{{0,2}}[*_]{{0,3}}[ \t]?:[*_]{{0,3}}",
    re.IGNORECASE | re.MULTILINE,
)
_RULER = re.compile(r"^[ \t]*[=_*-]{3,}[ \t]*$", re.MULTILINE)


def turns_of(kind: Kind, reply: str) -> list[Turn] | Fault:
    """Return the turns of a reply, or why it has none: `rule-empty` or `rule-form`.

    A conversation has 2 to 12 pairs of a question and its answer, each with its label at the start of a line; a
    reasoning has one; a description has neither labels nor a question.
    """
    text = reply.strip()
    if not text:
        return Fault("rule-empty", "")
    if len(text) > LONGEST:
        return Fault("rule-form", f"{len(text):,} characters")
    if kind == "detail":
        return _description(text)
    pairs = _pairs(text)
    if isinstance(pairs, Fault):
        return pairs
    most, fewest = (MOST_TURNS, FEWEST_TURNS) if kind == "conversation" else (1, 1)
    if not fewest <= len(pairs) <= most:
        return Fault("rule-form", f"{len(pairs)} questions with answers")
    return pairs


def _description(text: str) -> list[Turn] | Fault:
    if label := _LABEL.search(text):
        return Fault("rule-form", f"a label in a description: {label[0].strip()}")
    return [("", "\n\n".join(part for part in map(_plain, re.split(r"\n\s*\n", text)) if part))]


def _pairs(text: str) -> list[Turn] | Fault:
    """Return questions and answers that take turns from the first line to the last."""
    labels = list(_LABEL.finditer(text))
    if not labels or labels[0].start():
        return Fault("rule-form", f"it begins without a question: {text[:SHOWN]}")
    asked = [label["question"] is not None for label in labels]
    if asked != [place % 2 == 0 for place in range(len(labels))] or len(labels) % 2:
        return Fault("rule-form", "questions and answers do not take turns")
    ends = [label.start() for label in labels[1:]] + [len(text)]
    said = [_RULER.sub("", text[label.end() : end]).strip() for label, end in zip(labels, ends, strict=True)]
    if missing := next((place for place, part in enumerate(said) if not part), None):
        return Fault("rule-empty", f"turn {missing // 2 + 1}")
    if not said[0]:
        return Fault("rule-empty", "turn 1")
    return [(_plain(question), answer) for question, answer in zip(said[::2], said[1::2], strict=True)]


def _plain(text: str) -> str:
    return " ".join(text.split())
