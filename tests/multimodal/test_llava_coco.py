"""Fifty pictures of COCO through the three types with a scripted teacher, of whose replies some break a rule each."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from real_data import SHARED

from domaintune import Dropped, Example
from domaintune.data.context import Context
from domaintune.settings import DataSettings
from domaintune_multimodal.llava import multimodal_llava
from domaintune_multimodal.llava_options import LlavaOptions
from domaintune_multimodal.rules import KINDS, Kind
from domaintune_multimodal.symbols import SymbolicImage, symbolic
from domaintune_multimodal.teaching import request

SOURCE = SHARED / "llava-coco" / "caps_boxes_50.jsonl"
pytestmark = pytest.mark.skipif(not SOURCE.is_file(), reason="the shared samples are not here")

BAD: tuple[tuple[str, str], ...] = (
    ("rule-source", "The caption says that this is so."),
    ("rule-source", "Based on the provided descriptions it is a quiet place."),
    ("rule-source", "Its bounding box covers the left half of the picture."),
    ("rule-coordinates", "It stands at [0.12, 0.3, 0.456, 0.789] in the picture."),
    ("rule-coordinates", "Its left edge lies at 0.312, far from the middle."),
    ("rule-refusal", "As a text-only model, I cannot see the picture."),
    ("rule-marker", "The <image> shows it well."),
    ("rule-frame", "Feel free to ask about anything else."),
    ("rule-cut-off", ""),
    ("rule-empty", ""),
    ("rule-form", ""),
    ("declined", ""),
)


class Reply(NamedTuple):
    """What the scripted teacher says, and the rule that it breaks; empty where it keeps all."""

    text: str | None
    rule: str


def told(image: SymbolicImage) -> str:
    """Say what is in a picture as somebody would who sees it: its captions as sentences, and the places in words."""
    sentences = [caption.rstrip(" .") + "." for caption in image.captions]
    for box in image.boxes[:6]:
        middle = (box.corners[0] + box.corners[2]) / 2
        side = "on the left" if middle < 0.4 else "on the right" if middle > 0.6 else "near the middle"
        sentences.append(f"A {box.category} can be seen {side}.")
    return " ".join(sentence[0].upper() + sentence[1:] for sentence in sentences)


def good(kind: Kind, image: SymbolicImage) -> str:
    if kind == "detail":
        return told(image)
    if kind == "reasoning":
        return f"Q: What might happen here next, and why?\nA: {told(image)} So it is likely to go on like this for a while."
    first, last = image.captions[0].rstrip(" ."), image.captions[-1].rstrip(" .")
    return f"Q: What is seen here?\nA: {first}.\nQ: What else can be said of it?\nA: {last}."


def bad(kind: Kind, image: SymbolicImage, rule: str, words: str) -> str | None:
    """Return a good reply that breaks just one rule."""
    text = good(kind, image)
    if rule in {"declined", "rule-empty"}:
        return None if rule == "declined" else "  "
    if rule == "rule-form":
        return {"conversation": told(image), "detail": f"Q: What?\nA: {text}", "reasoning": f"{text}\nQ: And?"}[kind]
    if rule == "rule-cut-off":
        return f"{text} And beside it there stands another one of the"
    return f"{text} {words}"


def scripted(images: list[SymbolicImage]) -> dict[tuple[str, Kind], Reply]:
    """Return a reply for each picture and type: every third breaks a rule, and the rules take turns."""
    found: dict[tuple[str, Kind], Reply] = {}
    for number, (image, kind) in enumerate((image, kind) for image in images for kind in KINDS):
        rule, words = BAD[(number // 3) % len(BAD)]
        broken = (number + number // 3) % 3 == 0
        found[image.id, kind] = Reply(bad(kind, image, rule, words), rule) if broken else Reply(good(kind, image), "")
    return found


def read() -> list[SymbolicImage]:
    rows = [json.loads(line) for line in SOURCE.read_text(encoding="utf-8").splitlines()]
    return [
        symbolic(
            {
                "id": row["id"],
                "image": row["image"],
                "captions": json.dumps(row["captions"]),
                "boxes": json.dumps(row["instances"]),
            },
            Counter(),
        )
        for row in rows
    ]


def built(
    folder: Path, images: list[SymbolicImage], script: dict[tuple[str, Kind], Reply], **options: Any
) -> tuple[list[Example], list[Dropped], Context]:
    """Run the builder with a teacher that repeats the script; of the pictures there are only the names."""
    recording = folder / "said.jsonl"
    said = [
        {"messages": request(kind, image, boxes=kind != "conversation"), "answer": script[image.id, kind].text}
        for image in images
        for kind in KINDS
    ]
    recording.write_text("".join(json.dumps(row) + "\n" for row in said), encoding="utf-8")
    settings = DataSettings(sources=(str(SOURCE),), teacher="teacher-replay", teacher_options={"file": str(recording)})
    context = Context("multimodal-llava", LlavaOptions(pictures=False, **options), settings, seed=0)
    examples, dropped = context.call(multimodal_llava)
    return examples, dropped, context


def test_every_bad_reply_is_caught_by_its_rule_and_no_good_one_is_dropped(tmp_path: Path) -> None:
    images = read()
    script = scripted(images)
    examples, dropped, context = built(tmp_path, images, script, each=True)
    wanted = Counter(reply.rule for reply in script.values() if reply.rule)
    caught = Counter(line.reason for line in dropped)
    kept = Counter(example.meta["type"] for example in examples)
    print(f"\npictures {context.read}, replies {len(script)}, bad {wanted.total()}")  # noqa: T201  (figures, shown with -s)
    print("kept", dict(kept))  # noqa: T201  (figures, shown with -s)
    print("caught", {rule: f"{caught[rule]} of {count}" for rule, count in sorted(wanted.items())})  # noqa: T201  (figures, shown with -s)
    assert context.read == len(images) == 50
    assert caught == wanted
    assert {(example.meta["id"], example.meta["type"]) for example in examples} == {
        key for key, reply in script.items() if not reply.rule
    }
    assert min(kept.values()) >= 30


def test_without_bad_replies_all_are_kept_in_their_shares(tmp_path: Path) -> None:
    images = read()
    script = {(image.id, kind): Reply(good(kind, image), "") for image in images for kind in KINDS}
    examples, dropped, _ = built(tmp_path, images, script)
    kept = Counter(example.meta["type"] for example in examples)
    print("\nkept by shares", dict(kept))  # noqa: T201  (figures, shown with -s)
    assert dropped == []
    assert kept["reasoning"] == 50
    assert abs(kept["conversation"] - 50 * 58 / 77) <= 1
    assert abs(kept["detail"] - 50 * 23 / 77) <= 1
