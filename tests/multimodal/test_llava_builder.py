"""The builder of LLaVA's three types: rows, shares, what becomes of broken replies, and equal rebuilds."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from domaintune import IMAGE, DataError, Dropped, Example, data
from domaintune.data.context import Context
from domaintune.images import encode
from domaintune.settings import DataSettings, SettingsError, validate
from domaintune_multimodal.llava import Shares, multimodal_llava
from domaintune_multimodal.llava_options import LlavaOptions
from domaintune_multimodal.paraphrases import DETAIL_QUESTIONS
from domaintune_multimodal.rules import KINDS
from domaintune_multimodal.symbols import Box, SymbolicImage
from domaintune_multimodal.teaching import request

DOG = SymbolicImage(
    id="7",
    image="7.png",
    captions=("A dog sleeps.", "A brown dog on a sofa."),
    boxes=(Box(category="dog", corners=(0.21, 0.4, 0.668, 0.9)),),
)
GOOD = {
    "conversation": "Q: What animal is it?\nA: It is a dog.\nQ: What does it do?\nA: It sleeps.",
    "detail": " ".join(["A brown dog sleeps on a wide sofa, and nobody else is there."] * 3),
    "reasoning": "Q: How does the animal feel?\nA: "
    + " ".join(["It lies at rest on soft ground, so it feels safe."] * 3),
}


class Teaching:
    """A recording of what a teacher says of pictures, and the rows to ask about."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._said: list[dict[str, Any]] = []
        self._rows: list[dict[str, Any]] = []

    def says(self, image: SymbolicImage, *, boxes: bool = False, **replies: str | None) -> Teaching:
        picture = encode(
            Image.new("RGB", (16, 16), (len(self._rows), 60, 30))
        )  # each another: one content is one picture
        (self._folder / image.image).write_bytes(picture.content)
        boxed = [{"category": box.category, "bbox": list(box.corners)} for box in image.boxes]
        self._rows.append({"id": image.id, "image": image.image, "captions": list(image.captions), "instances": boxed})
        for kind in KINDS:
            messages = request(kind, image, boxes=boxes or kind != "conversation")
            self._said.append({"messages": messages, "answer": replies.get(kind, GOOD[kind])})
        return self

    def build(self, seed: int = 0, **options: Any) -> tuple[list[Example], list[Dropped], Context]:
        source, recording = self._folder / "rows.jsonl", self._folder / "said.jsonl"
        for file, rows in ((source, self._rows), (recording, self._said)):
            file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        settings = DataSettings(
            sources=(str(source),), teacher="teacher-replay", teacher_options={"file": str(recording)}
        )
        context = Context("multimodal-llava", LlavaOptions(**({"each": True} | options)), settings, seed=seed)
        examples, dropped = context.call(multimodal_llava)
        return examples, dropped, context


@pytest.fixture
def teaching(tmp_path: Path) -> Teaching:
    return Teaching(tmp_path)


def numbered(number: int) -> SymbolicImage:
    return SymbolicImage(id=str(number), image=f"{number}.png", captions=(f"Dog number {number} sleeps.",))


def test_a_picture_becomes_a_row_of_each_type(teaching: Teaching) -> None:
    (talk, told, thought), dropped, context = teaching.says(DOG).build()
    assert dropped == []
    assert [example.tags for example in (talk, told, thought)] == [{kind} for kind in KINDS]
    assert {example.images for example in (talk, told, thought)} == {("7.png",)}
    assert {example.group for example in (talk, told, thought)} == {"7.png"}
    assert talk.prompt[0]["content"].replace(IMAGE, "").strip() == "What animal is it?"
    assert [(turn["role"], turn["content"]) for turn in talk.completion] == [
        ("assistant", "It is a dog."),
        ("user", "What does it do?"),
        ("assistant", "It sleeps."),
    ]
    assert told.question.replace(IMAGE, "").strip() in DETAIL_QUESTIONS
    assert told.reference == GOOD["detail"]
    assert (thought.meta["type"], thought.meta["image"], thought.meta["id"]) == ("reasoning", "7.png", "7")
    assert "replies kept: conversation 1, detail 1, reasoning 1" in context.notes


def test_the_picture_stands_once_before_or_after_the_first_question(teaching: Teaching) -> None:
    for number in range(20):
        teaching.says(numbered(number))
    examples, _, _ = teaching.build()
    texts = [message["content"] for example in examples for message in (*example.prompt, *example.completion)]
    assert sum(text.count(IMAGE) for text in texts) == len(examples) == 60
    first = sum(example.question.startswith(f"{IMAGE}\n") for example in examples)
    last = sum(example.question.endswith(f"\n{IMAGE}") for example in examples)
    assert first + last == 60
    assert min(first, last) > 15
    assert len({example.question.replace(IMAGE, "") for example in examples if "detail" in example.tags}) > 8


def test_equal_seeds_give_equal_rows_and_others_do_not(teaching: Teaching) -> None:
    for number in range(5):
        teaching.says(numbered(number))
    assert teaching.build()[0] == teaching.build()[0]
    assert teaching.build()[0] != teaching.build(seed=1)[0]


def test_a_broken_reply_is_a_line_of_its_type_and_the_row_is_still_used(teaching: Teaching) -> None:
    examples, dropped, context = teaching.says(DOG, detail="The captions say that a dog sleeps. " * 4).build()
    assert [example.meta["type"] for example in examples] == ["conversation", "reasoning"]
    (line,) = dropped
    assert (line.reason, line.origin.place) == ("rule-source", "line 1, detail")
    assert line.detail.startswith("detail: The captions say")
    assert "replies dropped: rule-source 1" in context.notes


def test_a_row_of_which_nothing_is_left_is_dropped_once_and_each_fault_is_told(teaching: Teaching) -> None:
    replies = {"conversation": None, "detail": "", "reasoning": "I cannot see the image."}
    examples, dropped, context = teaching.says(DOG, **replies).says(numbered(1)).build()
    assert len(examples) == 3
    assert [(line.reason, line.origin.place) for line in dropped] == [
        ("declined", "line 1"),
        ("rule-empty", "line 1, detail"),
        ("rule-form", "line 1, reasoning"),
    ]
    assert "replies dropped: declined 1, rule-empty 1, rule-form 1" in context.notes


def test_rows_that_are_no_pictures_are_lines_before_anybody_is_asked(teaching: Teaching) -> None:
    bare = SymbolicImage(id="8", image="8.png", captions=())
    examples, dropped, context = teaching.says(bare).says(DOG).says(DOG).build()
    assert len(examples) == len(context.recording) == 3
    assert [(line.reason, line.origin.place) for line in dropped] == [
        ("no-captions", "line 1"),
        ("same-image", "line 3"),
    ]


def test_a_missing_or_broken_picture_is_a_line_before_anybody_is_asked(teaching: Teaching, tmp_path: Path) -> None:
    teaching.says(numbered(1)).says(numbered(2)).says(DOG)
    (tmp_path / "1.png").unlink()
    (tmp_path / "2.png").write_bytes(b"no picture")
    examples, dropped, context = teaching.build()
    assert len(examples) == len(context.recording) == 3
    assert [(line.reason, line.detail.partition(":")[0]) for line in dropped] == [
        ("image", "missing"),
        ("image", "format"),
    ]
    assert len(teaching.build(pictures=False)[0]) == 9


def test_the_ledger_adds_up_with_lines_of_rows_and_lines_of_types(teaching: Teaching) -> None:
    for number in range(4):
        teaching.says(numbered(number), detail="The captions say that a dog sleeps. " * 4)
    _, _, context = teaching.build()
    made = data.make(
        "multimodal-llava",
        multimodal_llava,
        LlavaOptions(each=True),
        context._settings,
        seed=0,
        max_length=512,
        count_tokens=None,
    )
    assert isinstance(made, data.Dataset)
    assert (len(made.train) + len(made.test), len(made.ledger.dropped), made.ledger.rows_in) == (8, 4, 12)
    assert {example.meta["id"] for example in made.train}.isdisjoint(example.meta["id"] for example in made.test)


def test_boxes_are_shown_for_conversations_only_where_that_is_wanted(teaching: Teaching, tmp_path: Path) -> None:
    _, _, context = teaching.says(DOG).build()
    shown = ["dog: [0.21" in row["messages"][-1]["content"] for row in context.recording]
    assert shown == [False, True, True]
    _, _, context = Teaching(tmp_path).says(DOG, boxes=True).build(boxes=True)
    assert "dog: [0.21" in context.recording[0]["messages"][-1]["content"]


def test_without_pictures_rows_are_text_and_the_user_is_told(teaching: Teaching) -> None:
    examples, _, context = teaching.says(DOG).build(pictures=False)
    assert {example.images for example in examples} == {()}
    assert not any(IMAGE in example.question for example in examples)
    assert {example.meta["image"] for example in examples} == {"7.png"}
    assert any(note.startswith("pictures = false") for note in context.notes)


@pytest.mark.parametrize("pictures", [1, 77, 770])
def test_shares_hold_in_any_number_of_pictures(pictures: int) -> None:
    draw = Shares(LlavaOptions(), 1)
    found = Counter(kind for _ in range(pictures) for kind in draw.next())
    assert found["reasoning"] == pictures
    for kind, share in (("conversation", 58), ("detail", 23)):
        assert abs(found[kind] - pictures * share / 77) <= 1


def test_a_type_without_a_share_is_not_asked(teaching: Teaching) -> None:
    examples, _, _ = teaching.says(DOG).build(conversation=0.0, reasoning=0.0)
    assert [example.meta["type"] for example in examples] == ["detail"]
    examples, _, _ = teaching.build(conversation=1.0, detail=1.0, reasoning=1.0, each=False)
    assert len(examples) == 3
    with pytest.raises((ValueError, SettingsError), match="give one of them a share"):
        validate(LlavaOptions, {"conversation": 0, "detail": 0, "reasoning": 0}, "data.options")
    for share in (float("inf"), float("nan")):
        with pytest.raises(SettingsError, match="conversation"):
            validate(LlavaOptions, {"conversation": share}, "data.options")


def test_without_a_teacher_or_a_source_the_user_is_told(tmp_path: Path) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_text('{"image": "1.jpg", "captions": ["A dog."]}\n', encoding="utf-8")
    for settings, words in (
        (DataSettings(sources=(str(source),)), "asks a teacher, and none is named"),
        (DataSettings(), "needs files to read"),
    ):
        with pytest.raises(DataError, match=words):
            Context("multimodal-llava", LlavaOptions(), settings, seed=0).call(multimodal_llava)


def test_examples_of_the_teacher_are_two_three_and_three_and_the_picture_comes_last() -> None:
    for kind, shots in (("conversation", 2), ("detail", 3), ("reasoning", 3)):
        messages = request(kind, DOG, boxes=True)  # type: ignore[arg-type]
        assert [message["role"] for message in messages] == ["system", *["user", "assistant"] * shots, "user"]
        assert messages[-1]["content"] == DOG.text()
    assert len(DETAIL_QUESTIONS) >= 20
