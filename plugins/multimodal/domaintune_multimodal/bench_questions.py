"""The questions of the evaluator `multimodal-llava-bench`: rows of one file, or the three files that LLaVA-Bench has.

    {"id": "1", "image": "1.jpg", "type": "conv", "question": ..., "answer": ..., "captions": [...], "boxes": [...]}

LLaVA-Bench keeps questions (question_id, image, category, text), references (question_id, text) and what is known of the
pictures (image, caption or captions and instances) apart; they are joined by question_id and by image.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from domaintune import IMAGE, DataError, Example, Message, Origin, records
from domaintune_multimodal.llava_options import LlavaBenchOptions
from domaintune_multimodal.symbols import Box, box_of

SAMPLE = Path(__file__).parent / "samples" / "llava_bench.jsonl"
TYPES = {"conv": "conversation", "complex": "reasoning"}
"""LLaVA's short names of the types; others stay as they are."""
_KEYS = {
    "id": ("id", "question_id"),
    "image": ("image",),
    "question": ("question", "instruction", "text"),
    "answer": ("answer", "reference", "output"),
    "type": ("type", "category"),
}
_KNOWN = ("captions", "caption")
_BOXES = ("boxes", "instances", "objects")


def questions(options: LlavaBenchOptions) -> list[Example]:
    """Return the questions that the options name, or the plugin's own; raises DataError with the place of a row."""
    if not options.items:  # where the plugin lies is nobody's concern
        if options.answers or options.contexts:
            raise DataError(
                "eval.multimodal-llava-bench: answers and contexts belong to questions; "
                "name these with --set eval.multimodal-llava-bench.items=FILE"
            )
        rows = ((values, Origin(source=SAMPLE.name, place=origin.place)) for values, origin in records(SAMPLE))
        return _named([_item(values, origin, SAMPLE.parent) for values, origin in rows])
    file = Path(options.items).expanduser()
    folder = Path(options.images).expanduser() if options.images else file.parent
    return _named([_item(values, origin, folder) for values, origin in _joined(file, options)])


def _named(items: list[Example]) -> list[Example]:
    """Return the items with their ids as names for files of answers, where each has one of its own."""
    names = [item.meta["id"] for item in items]
    if None in names or len(set(names)) < len(names):
        return items
    return [replace(item, meta={**item.meta, "task_id": item.meta["id"]}) for item in items]


def _joined(file: Path, options: LlavaBenchOptions) -> Iterator[tuple[Mapping[str, Any], Origin]]:
    """Yield the rows of questions, each with its reference and what is known of its picture, where these lie apart."""
    answers = _by(options.answers, ("question_id", "id")) if options.answers else None
    contexts = _by(options.contexts, ("image",)) if options.contexts else None
    for values, origin in records(file):
        row = dict(values)
        if answers is not None:
            found = _found(answers, _key(row, _KEYS["id"]), options.answers, f"{origin}: question")
            row["answer"] = next((found[key] for key in (*_KEYS["answer"], "text") if key in found), None)
        if contexts is not None:
            found = _found(contexts, _key(row, ("image",)), options.contexts, f"{origin}: picture")
            row |= {key: found[key] for key in (*_KNOWN, *_BOXES) if key in found}
        yield row, origin


def _by(file: str, keys: tuple[str, ...]) -> dict[str, Mapping[str, Any]]:
    """Return the rows of a file by their key; raises DataError where one has none, or another row's."""
    found: dict[str, Mapping[str, Any]] = {}
    for values, origin in records(Path(file).expanduser()):
        key = _key(values, keys)
        if not key:
            raise DataError(f"{origin}: the row lacks {keys[0]}, by which it is joined to its question; add it")
        if key in found:
            raise DataError(f"{origin}: {keys[0]} {key[:40]!r} was there before; name it once")
        found[key] = values
    return found


def _found(rows: Mapping[str, Mapping[str, Any]], key: str, file: str, what: str) -> Mapping[str, Any]:
    if key not in rows:
        raise DataError(f"{what} {key[:40]!r} has no row in {file!r}; add it, or leave the question out")
    return rows[key]


def _key(values: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    """Return the first of these fields that is there, a number as a text."""
    given = (values.get(key) for key in keys)
    return next((str(key) for key in given if isinstance(key, int | str) and not isinstance(key, bool)), "").strip()


def _item(values: Mapping[str, Any], origin: Origin, folder: Path) -> Example:
    """Make an item of a row {id, image, question, answer, type, captions, boxes}; raises DataError with its place."""
    texts = {
        name: next((values[key] for key in keys if isinstance(values.get(key), str) and values[key].strip()), None)
        for name, keys in _KEYS.items()
    }
    number = _key(values, _KEYS["id"])
    if lacking := [name for name, text in texts.items() if text is None and name != "id"]:
        raise DataError(
            f"{origin}: the question lacks {', '.join(lacking)}; add it (docs/llava.md shows a row), or name the file that "
            "has the answers with --set eval.multimodal-llava-bench.answers=FILE"
        )
    image, kind = str(texts["image"]), str(texts["type"])
    kind = TYPES.get(kind, kind)
    return Example(
        prompt=(Message(role="user", content=f"{IMAGE}\n{texts['question']}"),),
        completion=(Message(role="assistant", content=str(texts["answer"])),),
        origin=origin,
        images=(image if image.startswith("data:") else str(folder / image),),
        tags=frozenset({kind}),
        group=number or image,
        meta={"id": number or None, "type": kind, "picture": _picture(values, origin)},
    )


def _picture(values: Mapping[str, Any], origin: Origin) -> str:
    """Return what the judge is told of a picture: its captions, and below them its boxes."""
    captions: Any = next((values[key] for key in _KNOWN if key in values), None)
    captions = [captions] if isinstance(captions, str) and captions.strip() else captions
    known: Any = next((values[key] for key in _BOXES if key in values), [])
    boxes = [box_of(value) for value in known] if isinstance(known, list) else ["form"]
    if wrong := next((box for box in boxes if not isinstance(box, Box)), None):
        raise DataError(f"{origin}: a box cannot be used ({wrong}); give category and bbox, its edges from 0 to 1")
    if not isinstance(captions, list) or not captions or not all(isinstance(line, str) for line in captions):
        raise DataError(
            f"{origin}: the question lacks captions, a list of texts; the judge knows the picture by them. Name the file "
            "that has them with --set eval.multimodal-llava-bench.contexts=FILE"
        )
    return "\n".join(captions) + ("\n\n" + "\n".join(map(str, boxes)) if boxes else "")
