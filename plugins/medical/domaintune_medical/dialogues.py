"""Conversations of patients and doctors: the doctor's answer (ChatDoctor), or a section of the note (MTS-Dialog).

    patient "My ear hurts since Monday."  doctor "It may be an infection of the outer ear; …"   ->  tag `answer`
    a whole visit, section_header "CC"  ->  "Ear pain for three days."                          ->  tag `note`

Read are rows of question and answer (ChatDoctor's instruction/input/output, iCliniq's answer_icliniq, Med-ChatGLM's
context/target), transcripts with speaker labels, lists of messages, and MTS-Dialog's four columns, in one file if need
be: each row is judged by itself. Several turns stay several messages, of which only the doctor's last is learned; a
transcript that ends with the patient loses what comes after the doctor's last word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from domaintune import BuildContext, Dropped, Example, Field, Message, Row, words
from domaintune_medical.dialogue_options import DialogueOptions
from domaintune_medical.dialogue_text import doctors_words, patients_words, tidy
from domaintune_medical.script import chinese
from domaintune_medical.transcripts import NotATranscript, Turn, chat, joined, listed_turns, split_turns

SAMPLE = Path(__file__).with_name("samples") / "dialogues.jsonl"
FIELDS = (
    Field(name="input", aliases=("question", "patient", "query", "context", "问题"), required=False),
    Field(
        name="output",
        aliases=("answer_icliniq", "answer", "response", "doctor", "target", "reply", "回答", "答案"),
        required=False,
    ),
    Field(name="instruction", required=False),
    Field(name="dialogue", aliases=("dialog", "transcript", "conversation", "对话"), required=False, nested=True),
    Field(name="messages", aliases=("conversations", "turns", "utterances"), required=False, nested=True),
    Field(name="section_header", aliases=("section", "header"), required=False),
    Field(name="section_text", aliases=("note", "note section"), required=False),
    Field(name="disease", aliases=("condition", "疾病"), required=False),
)
SECTIONS = {
    "ALLERGY": "allergies",
    "ASSESSMENT": "assessment",
    "CC": "chief complaint",
    "DIAGNOSIS": "diagnosis",
    "DISPOSITION": "disposition",
    "EDCOURSE": "emergency department course",
    "EXAM": "physical examination",
    "FAM/SOCHX": "family and social history",
    "GENHX": "history of present illness",
    "GYNHX": "gynecologic history",
    "IMAGING": "imaging results",
    "IMMUNIZATIONS": "immunizations",
    "LABS": "laboratory results",
    "MEDICATIONS": "medications",
    "OTHER_HISTORY": "other history",
    "PASTMEDICALHX": "past medical history",
    "PASTSURGICAL": "past surgical history",
    "PLAN": "plan",
    "PROCEDURES": "procedures",
    "ROS": "review of systems",
}
"""The twenty headers of MTS-Dialog in plain words; a header that is not among them is used as it stands."""

INSTRUCTION = "Answer the patient as a careful doctor would."
INSTRUCTION_ZH = "请像一位谨慎的医生那样回答患者。"
NOTE_INSTRUCTION = "Write the section of the clinical note that is asked for from the conversation; add nothing to it."
# Med-ChatGLM writes the labels of its prompt into the row.
_QUESTION_LABEL = re.compile(r"^\s*(?:问题|question)\s*[:：]\s*", re.IGNORECASE)
_ANSWER_LABEL = re.compile(r"(?:回答|答案|answer)\s?[:：]$", re.IGNORECASE)


class _Unused(Exception):  # noqa: N818  (why one row becomes no example)
    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass
class _Tally:
    """What was taken away over all rows, for the notes."""

    doctors: Counter[str] = field(default_factory=Counter)
    patients: Counter[str] = field(default_factory=Counter)
    cut: int = 0

    def sentences(self) -> Iterator[str]:
        for who, counts in (("doctors", self.doctors), ("patients", self.patients)):
            if counts:
                listed = ", ".join(f"{_counted(count, kind)}" for kind, count in sorted(counts.items()))
                yield f"taken out of what {who} say: {listed} (data.options.strip)"
        if self.cut:
            many = "1 conversation ends" if self.cut == 1 else f"{self.cut} conversations end"
            yield f"{many} with the patient; the words after the doctor's last turn were left out"


def dialogues(context: BuildContext) -> Iterator[Example | Dropped]:
    """Yield an example for every conversation with a doctor's answer or a note section, and say why for every other."""
    options: DialogueOptions = context.options or DialogueOptions()
    tally = _Tally()
    for row in context.rows(*FIELDS, sample=SAMPLE):
        try:
            if row["section_text"].strip() and row["dialogue"].strip():
                yield _note(row, options)
            else:
                yield _answer(row, options, tally)
        except _Unused as why:
            yield Dropped(origin=row.origin, reason=why.reason, detail=why.detail)
        except NotATranscript as flaw:
            yield Dropped(origin=row.origin, reason="no-transcript", detail=str(flaw))
    for sentence in tally.sentences():
        context.note(sentence)


def section_name(header: str) -> str:
    """Return a note section in plain words: `FAM/SOCHX` is the family and social history."""
    plain = tidy(header)
    return SECTIONS.get(plain.upper()) or plain.replace("_", " ").casefold() or "summary"


def _note(row: Row, options: DialogueOptions) -> Example:
    """Make the second task: from the whole visit to one section."""
    _refuse_task("note", options)
    visit, note, section = tidy(row["dialogue"]), tidy(row["section_text"]), section_name(row["section_header"])
    _refuse_short("conversation", visit, options.min_question_words)
    if not words(note):
        raise _Unused("no-note")
    question = f"{visit}\n\nSection: {section}"
    return Example(
        prompt=(Message(role="system", content=NOTE_INSTRUCTION), Message(role="user", content=question)),
        completion=(Message(role="assistant", content=note),),
        origin=row.origin,
        tags=frozenset({"note"}),
        group=visit,  # the sections of one visit stay on one side
        meta={"section": section},
    )


def _answer(row: Row, options: DialogueOptions, tally: _Tally) -> Example:
    """Make the first task: what the doctor says last, from all that was said before."""
    _refuse_task("answer", options)
    said = joined(_turns(row))
    turns, ours = _cleaned(said, options)
    if turns and turns[-1].speaker == "patient":
        ours.cut += 1
        turns = turns[:-1]
    if not turns:
        stripped = any(turn.speaker == "doctor" for turn in said)
        raise _Unused("only-politeness" if stripped else "no-answer", "" if stripped else "no doctor speaks")
    asked = "\n".join(turn.text for turn in turns if turn.speaker == "patient")
    _refuse_short("question", asked, options.min_question_words)
    _refuse_short("answer", turns[-1].text, options.min_answer_words)
    _add(tally, ours)
    *before, last = chat(turns)
    instruction = options.instruction or (INSTRUCTION_ZH if chinese(asked) else INSTRUCTION)
    disease = tidy(row["disease"])
    return Example(
        prompt=(Message(role="system", content=instruction), *before),
        completion=(last,),
        origin=row.origin,
        tags=frozenset({"answer"}),
        group=asked,
        meta={"turns": len(turns)} | ({"disease": [disease], "passages": [disease]} if disease else {}),
    )


def _turns(row: Row) -> list[Turn]:
    """Find the conversation of a row, wherever it stands."""
    if row["messages"].strip():
        return listed_turns(row["messages"])
    if row["dialogue"].strip():
        return listed_turns(row["dialogue"])
    question = row["input"].strip() or row["instruction"]  # without an input, the instruction is what is asked
    question = _ANSWER_LABEL.sub("", _QUESTION_LABEL.sub("", question).rstrip())
    if not words(question):
        raise _Unused("no-question", "neither a question nor a dialogue nor messages")
    if not words(row["output"]):
        raise _Unused("no-answer")
    return [*split_turns(question, "patient"), *split_turns(row["output"], "doctor")]


def _cleaned(turns: Sequence[Turn], options: DialogueOptions) -> tuple[list[Turn], _Tally]:
    """Return the turns without politeness and portals; a turn that was nothing else is gone."""
    tally = _Tally()
    kept = []
    for turn in turns:
        doctor = turn.speaker == "doctor"
        if options.strip:
            text, counts = doctors_words(turn.text) if doctor else patients_words(turn.text)
            (tally.doctors if doctor else tally.patients).update(counts)
        else:
            text = tidy(turn.text)
        kept.append(Turn(speaker=turn.speaker, text=text if words(text) else ""))
    return joined(kept), tally


def _refuse_task(task: str, options: DialogueOptions) -> None:
    if task not in options.tasks:
        raise _Unused(f"task-{task}", "data.options.tasks leaves it out")


def _refuse_short(name: str, text: str, least: int) -> None:
    count = len(words(text))
    if not count:
        raise _Unused(f"no-{name}")
    if count < least:
        raise _Unused(f"short-{name}", f"{count} words < {least}")


def _add(whole: _Tally, part: _Tally) -> None:
    whole.doctors += part.doctors
    whole.patients += part.patients
    whole.cut += part.cut


def _counted(count: int, kind: str) -> str:
    plural = "" if count == 1 else "s"
    return f"{count:,} portal phrase{plural}" if kind == "portal" else f"{count:,} {kind}{plural}"
