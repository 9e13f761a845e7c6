"""What a teacher is asked for a picture it cannot see: three types of reply, each with examples (LLaVA, Liu et al. 2023).

The wording and the examples were written for this project.
"""

from __future__ import annotations

from domaintune import Message
from domaintune_multimodal.rules import Kind
from domaintune_multimodal.shots import CONVERSATIONS, DESCRIPTIONS, REASONINGS
from domaintune_multimodal.symbols import SymbolicImage

_SEEING = (
    "You look at one photograph and talk about it with somebody who sees it too. You get it in words: several "
    "people have "
    "each said in a line what is in it{boxes}. "
)
_BOXES = (
    ", and below these lines its objects are named, each with its left, top, right and bottom edge as shares of "
    "the width "
    "and the height, measured from the top left corner"
)
_RULES = (
    "Speak as one who sees the photograph itself. Never let it be known that you were given lines, boxes or "
    "numbers: name "
    "no caption, description, list, box or coordinate, and write no edges as numbers; turn them into words such as "
    "left, behind, close to, small. Say nothing that you do not know to be in the photograph.\n\n"
)
_CONVERSATION = (
    "Write a conversation about it of three to five questions, each with its answer. Ask about what there is: which "
    "things, how many, what somebody does, where something is, how things stand to each other. Ask only what "
    "can be answered "
    "with certainty from what you know; leave out whatever would have to be guessed. One of the questions may "
    "ask for "
    "knowledge about a thing in the photograph. Answer in whole sentences; answer such a question at more length.\n"
    "Write each question on a line that begins with Q: and its answer on the next, beginning with A:, and "
    "nothing else."
)
_DETAIL = (
    "Describe it in detail in one to three paragraphs, as a person would who looks at it for a while: the whole "
    "first, "
    "then what there is, how many, where it is and how things stand to each other. Write the paragraphs and "
    "nothing else."
)
_REASONING = (
    "Ask one question about it that takes thought: why something is as it is, what may come of it, what one had "
    "better do, "
    "what it says about the place or the people. The question itself tells nothing of what is seen that the answer "
    "should find; it does not repeat what you were told. Then answer it step by step from what is seen and from "
    "what is "
    "known of the world, in one paragraph.\n"
    "Write the question on a line that begins with Q: and the answer on the next, beginning with A:, and "
    "nothing else."
)
_TASKS: dict[Kind, str] = {"conversation": _CONVERSATION, "detail": _DETAIL, "reasoning": _REASONING}
_SHOTS: dict[Kind, tuple[tuple[str, str, str], ...]] = {
    "conversation": CONVERSATIONS,
    "detail": DESCRIPTIONS,
    "reasoning": REASONINGS,
}


def request(kind: Kind, image: SymbolicImage, *, boxes: bool) -> list[Message]:
    """Return what the teacher is asked for one type: the task, the examples as turns, and the picture.

    With `boxes` it is told the places of the objects too.
    """
    task = _SEEING.format(boxes=_BOXES if boxes else "") + _RULES + _TASKS[kind]
    messages = [Message(role="system", content=task)]
    for captions, places, reply in _SHOTS[kind]:
        told = f"{captions}\n\n{places}" if boxes else captions
        messages += [Message(role="user", content=told), Message(role="assistant", content=reply)]
    return [*messages, Message(role="user", content=image.text(boxes=boxes))]
