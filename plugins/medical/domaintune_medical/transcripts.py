"""Conversations as turns: read from a transcript with speaker labels or from a list of messages, joined and put in order.

    Doctor: What brings you in?      ->   [doctor, "What brings you in?"], [patient, "My knee hurts. Since Monday."]
    Patient: My knee hurts.
    Patient: Since Monday.

A label stands at the beginning of a line or right after the end of a sentence ("…the diagnosis.Patient: Which tests?", as
in ChatDoctor's generated rows); "I saw Doctor: No" elsewhere is text. A question or an answer in a column of its own says
already whose words it holds: only Patient: and Doctor: begin a turn there, for "Family: two brothers" and "Patient: 54 M."
are notes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from domaintune import Message

Speaker: TypeAlias = Literal["patient", "doctor"]

# Who brings a patient speaks for them, and a second clinician for the first. The odd spellings are MTS-Dialog's.
PATIENTS = (
    r"patient|gu?est_?family|family|relative|mother|father|mom|mum|dad|parent|son|daughter|wife|husband|spouse|partner|"
    r"caregiver|caller|user|human|患者家属|患者|病人|家属"
)
DOCTORS = (
    r"chat ?doctor|doctor|docotr|dr\.?|physician|clinician|nurse|therapist|pharmacist|gu?est_?clini\w{0,6}|assistant|"
    r"gpt|bot|model|医生|大夫|医师|护士"
)
_LABEL = re.compile(
    rf"(?:^|(?<=[.!?…)\"”。！？]))[ \t]*\**(?:(?P<patient>{PATIENTS})|(?:{DOCTORS}))[ _]?\d{{0,2}}\**[ \t]*[:：]\**",
    re.IGNORECASE | re.MULTILINE,
)
# The next turn of ChatDoctor's generated rows may follow on the same line: it begins with a capital letter then.
_PAIR_LABEL = re.compile(
    r"(?:^[ \t]*|(?<=[.!?…。！？])[ \t]*(?=\**(?-i:[A-Z]\w+\**[ \t]*:\**[ \t]*[A-Z])|[患医]))"
    r"\**(?:(?P<patient>patient|患者)|(?:(?:chat ?)?doctor|医生))\**[ \t]*[:：]\**"
    r"(?![ \t]*(?:\d|n/?a\b|unknown|"
    r"(?:fe)?male\b|m\b|f\b|(?:wo)?man\b|boy\b|girl\b|mrs?\b|ms\b|miss\b|dr\b|an?\s+\d|男|女))",
    re.IGNORECASE | re.MULTILINE,
)
_ROLES = {"system": None, "tool": None, "function": None}
_ROLE_KEYS = ("role", "from", "speaker")
_TEXT_KEYS = ("content", "value", "text", "utterance")


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one side of a conversation says until the other begins."""

    speaker: Speaker
    text: str


class NotATranscript(ValueError):  # noqa: N818  (why a row cannot be read, not an error of the program)
    """Says in a few words why a text or list holds no conversation."""


def split_turns(text: str, first: Speaker | None = None) -> list[Turn]:
    """Cut a text at its speaker labels; what stands before the first label is said by `first`.

    With `first`, the text is a question or its answer, and only Patient: and Doctor: are labels, where no note on the
    patient follows; a question that begins with one is a transcript. Without `first`, a text without any label is no
    transcript (raises NotATranscript), and words before the first label are the patient's, as in files that open with a
    description of the complaint.
    """
    pair = first == "doctor" or (first and not _PAIR_LABEL.match(text))
    labels = list((_PAIR_LABEL if pair else _LABEL).finditer(text))
    if not labels and first is None:
        raise NotATranscript("no line begins with Doctor: or Patient:")
    turns = [Turn(speaker=first or "patient", text=text[: labels[0].start() if labels else len(text)])]
    ends = [label.start() for label in labels[1:]] + [len(text)]
    for label, end in zip(labels, ends, strict=False):  # without labels, one end is left over
        turns.append(Turn(speaker="patient" if label["patient"] else "doctor", text=text[label.end() : end]))
    return [Turn(speaker=turn.speaker, text=turn.text.strip()) for turn in turns if turn.text.strip()]


def listed_turns(text: str) -> list[Turn]:
    """Read a list of messages written as JSON: role/content, from/value, or lines that carry a label themselves.

    System messages are left out; raises NotATranscript for anything else.
    """
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return split_turns(text)
    if not isinstance(items, list):
        raise NotATranscript("the messages are no list")
    if items and all(isinstance(item, str) for item in items):
        return split_turns("\n".join(items))
    return list(_messages(items))


def _messages(items: Iterable[Any]) -> Iterator[Turn]:
    for number, item in enumerate(items, 1):
        role, said = (_first(item, keys) for keys in (_ROLE_KEYS, _TEXT_KEYS))
        if role is None or said is None:
            raise NotATranscript(f"message {number} has no role and content that are text")
        if role.casefold() in _ROLES:
            continue
        label = _LABEL.match(f"{role}:")
        if label is None:
            raise NotATranscript(f"message {number} is by {role[:30]!r}, who is neither patient nor doctor")
        if said.strip():
            yield Turn(speaker="patient" if label["patient"] else "doctor", text=said)


def _first(item: Any, keys: Sequence[str]) -> str | None:
    if not isinstance(item, dict):
        return None
    return next((item[key] for key in keys if isinstance(item.get(key), str)), None)


def joined(turns: Iterable[Turn]) -> list[Turn]:
    """Join consecutive turns of one speaker, so that the two take turns; turns without words are left out."""
    result: list[Turn] = []
    for turn in turns:
        if not turn.text.strip():
            continue
        if result and result[-1].speaker == turn.speaker:
            turn = Turn(speaker=turn.speaker, text=f"{result.pop().text}\n{turn.text}")  # noqa: PLW2901
        result.append(turn)
    return result


def chat(turns: Sequence[Turn]) -> list[Message]:
    """Return turns as chat messages that begin with the user: many chat templates refuse any other beginning.

    Where the doctor speaks first, those words stand, labelled, before the patient's first ones.
    """
    if len(turns) > 1 and turns[0].speaker == "doctor":
        opening = f"Doctor: {turns[0].text}\nPatient: {turns[1].text}"
        turns = [Turn(speaker="patient", text=opening), *turns[2:]]
    return [Message(role="user" if turn.speaker == "patient" else "assistant", content=turn.text) for turn in turns]
