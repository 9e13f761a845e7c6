r"""The builder `multimodal-qa`: pictures, questions and answers that you have, in a table or as LLaVA writes them.

    image,question,answer,patient                      "Is there an effusion?", with the picture  ->  "Yes, on the left."
    scans/0412.png,Is there an effusion?,"Yes, on the left.",17

    {"id": "7", "image": "7.jpg", "conversations": [{"from": "human", "value": "<image>\nWhat is sold here?"},
                                                    {"from": "gpt", "value": "Oranges."}]}

Nothing is asked of anybody. The pictures themselves are checked by the data stage, like those of every builder.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from domaintune import IMAGE, BuildContext, DataError, Dropped, Example, Field, Message, Row
from domaintune_multimodal.qa_options import PictureQaOptions

SAMPLE = Path(__file__).with_name("samples") / "picture_qa.jsonl"
FIELDS = (
    Field(name="id", aliases=("question_id",), required=False),
    Field(
        name="image",
        aliases=(
            "images", "picture", "pictures", "file", "path", "file_name", "image_path", "image_file", "picture_path",
            "photo",
        ),
        required=False,
        nested=True,
    ),
    Field(name="question", aliases=("prompt", "instruction", "query"), required=False),
    Field(
        name="answer",
        aliases=("completion", "response", "output", "impression", "findings", "report", "caption", "text"),
        required=False,
    ),
    Field(name="conversations", aliases=("conversation", "messages", "turns"), required=False, nested=True),
    Field(name="system", aliases=("system_prompt",), required=False),
    Field(
        name="group",
        aliases=("patient", "patient_id", "subject_id", "study", "study_id", "case", "case_id"),
        required=False,
    ),
    Field(name="tags", aliases=("tag", "category", "modality"), required=False, nested=True),
)  # fmt: skip
ROLES = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "system": "system"}
SEVERAL = (
    "are conversations of several turns: every answer is learned, but evaluators ask the first question only and compare "
    "with all that is said; test on single questions, for example of a file of its own (data.test_source)"
)
LACKS = "the row has no"
_TAGS = re.compile(r"[,;|]")


class Unfit(ValueError):  # noqa: N818  (why a row is no example, as a ledger reason)
    """Why a row cannot be used: a reason for the ledger, and the detail."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


class Talk(NamedTuple):
    """What is said in a row: a system message, or an empty text, then question, answer, question, answer, ..."""

    system: str
    turns: tuple[str, ...]


def picture_qa(context: BuildContext) -> Iterator[Example | Dropped]:
    """Yield an example for every row that has a question and an answer, and say why for every other row.

    Raises DataError where all rows lack the same thing: then its column has another name.
    """
    options: PictureQaOptions = context.options or PictureQaOptions()
    several = alone = kept = 0
    lacks: set[str] = set()
    for row in context.rows(*FIELDS, sample=SAMPLE):
        try:
            made = example_of(row, options)
        except Unfit as why:
            lacks.add(why.detail)
            yield Dropped(origin=row.origin, reason=why.reason, detail=why.detail)
            continue
        kept += 1
        several += len(made.completion) > 1
        alone += not made.images
        yield made
    if not kept and len(lacks) == 1 and (detail := lacks.pop()).startswith(LACKS):
        raise DataError(f"no row can be used: {detail}")
    if alone:
        context.note(f"rows without a picture, learned as text alone: {alone:,}")
    if several:
        context.note(f"{several:,} rows {SEVERAL}")


def example_of(row: Row, options: PictureQaOptions) -> Example:
    """Return the example of a row of `FIELDS`; raises Unfit where it is none.

    The picture stands where the first question has its marker, else before it. Without a column for the group, core takes
    the pictures for it.
    """
    pictures = pictures_of(row["image"])
    talk = _talk(row, options, pictures)
    system = row["system"].strip() or talk.system or options.system.strip()
    first, *rest = talk.turns
    first = _asked(first, options)
    _check_marks(system, first, rest, len(pictures))
    said = [Message(role="user" if place % 2 else "assistant", content=text) for place, text in enumerate(rest)]
    prompt = [Message(role="system", content=system)] if system else []
    group = row["group"].strip()
    number = row["id"].strip()
    return Example(
        prompt=(*prompt, Message(role="user", content=first)),
        completion=tuple(said),
        origin=row.origin,
        images=pictures,
        tags=_tags(row["tags"]),
        # Core takes groups whose words are nearly equal for one; "ward 3 bed 12 a" and "ward 3 bed 12 b" are two patients.
        group=hashlib.sha256(group.casefold().encode()).hexdigest()[:16] if group else None,
        meta={"id": number} if number else {},
    )


def pictures_of(cell: str) -> tuple[str, ...]:
    """Return the names of a cell: one name, or a JSON list of them; none where it is empty. Raises Unfit.

    pictures_of("a.png") == ("a.png",);  pictures_of('["a.png", "b.png"]') == ("a.png", "b.png")
    """
    text = cell.strip()
    value = _json(text) if text[:1] in {"[", "{"} else None
    if value is None:
        return (text,) if text else ()
    if isinstance(value, list) and all(isinstance(name, str) and name.strip() for name in value):
        return tuple(name.strip() for name in value)
    raise Unfit("image-form", f"a picture is a name, or a list of names; this is {text[:60]!r}")


def conversation(cell: str) -> Talk:
    """Return what is said in LLaVA's `[{"from": "human", "value": "..."}, {"from": "gpt", ...}, ...]`; raises Unfit.

    `role` and `content` with user and assistant are read as well, and a system message in the first place.
    """
    turns = _json(cell)
    if not isinstance(turns, list) or not turns:
        raise Unfit("turns", f"conversations is no list of turns: {cell[:60]!r}")
    said = [_turn(turn, place) for place, turn in enumerate(turns, 1)]
    system = said.pop(0)[1] if said[0][0] == "system" else ""
    ahead = len(turns) - len(said)
    for place, (role, _) in enumerate(said):
        wanted = "assistant" if place % 2 else "user"
        if role != wanted:
            raise Unfit("turns", f"turn {place + 1 + ahead} is of the {role}, and it is the {wanted}'s turn")
    if len(said) % 2 or not said:
        raise Unfit("turns", "it does not end with an answer")
    return Talk(system.strip(), tuple(text.strip() for _, text in said))


def _talk(row: Row, options: PictureQaOptions, pictures: Sequence[str]) -> Talk:
    if row["conversations"].strip():
        talk = conversation(row["conversations"])
    else:
        if not pictures and not options.text_only:
            raise Unfit("no-image", _elsewhere("picture", "image") + "; data.options.text_only=true keeps it")
        talk = Talk("", (row["question"].strip(), row["answer"].strip()))
    for place, text in enumerate(talk.turns):
        if not text and place % 2:
            several = len(talk.turns) > 2
            raise Unfit("no-answer", f"answer {place // 2 + 1} is empty" if several else _elsewhere("answer", "answer"))
        if not text and place:
            raise Unfit("no-question", f"question {place // 2 + 1} is empty")
    return talk


def _asked(text: str, options: PictureQaOptions) -> str:
    """Return the first question; where a row has none, or nothing but its markers, the one of the options."""
    if text.replace(IMAGE, "").strip():
        return text
    if not options.question.strip():
        raise Unfit("no-question", _elsewhere("question", "question") + "; data.options.question asks the same of all")
    return f"{text}\n{options.question.strip()}".strip()


def _elsewhere(what: str, field: str) -> str:
    return f"{LACKS} {what}, or has it in a column of another name (data.columns.{field})"


def _check_marks(system: str, first: str, rest: Sequence[str], pictures: int) -> None:
    """Refuse markers that stand for no picture: a model would see the text, or pictures of another place."""
    if any(IMAGE in text for text in (system, *rest)):
        raise Unfit("marks", f"{IMAGE} stands outside of the first question; pictures are shown there only")
    marks = first.count(IMAGE)
    if marks not in {0, pictures}:
        raise Unfit("marks", f"the question has {marks} places for pictures ({IMAGE}), and the row {pictures} pictures")


def _turn(turn: Any, place: int) -> tuple[str, str]:
    """Return role and text of one turn."""
    given = turn if isinstance(turn, dict) else {}
    role, text = given.get("from", given.get("role")), given.get("value", given.get("content"))
    known = ROLES.get(role.strip().casefold()) if isinstance(role, str) else None
    if known is None or not isinstance(text, str):
        raise Unfit("turns", f'turn {place} is not {{"from": "human" or "gpt", "value": a text}}: {str(turn)[:80]}')
    return known, text


def _tags(cell: str) -> frozenset[str]:
    """Return the tags of a cell: a JSON list, or a text with commas, semicolons or bars between."""
    value = _json(cell) if cell.lstrip().startswith("[") else None
    found = map(str, value) if isinstance(value, list) else _TAGS.split(cell)
    return frozenset(tag for tag in (" ".join(name.split()) for name in found) if tag)


def _json(text: str) -> Any:
    """Return the value of a JSON text; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
