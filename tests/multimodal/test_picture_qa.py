"""Pictures and questions that people bring: tables, captions, LLaVA's files, and why a row is none."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from domaintune import IMAGE, DataError, Dropped, Example
from domaintune import data as datasets
from domaintune.data.context import Context
from domaintune.images import encode, read
from domaintune.plugins import catalog
from domaintune.settings import DataSettings, resolve
from domaintune.testing import run_builder
from domaintune_multimodal.qa import picture_qa
from domaintune_multimodal.qa_options import PictureQaOptions

Rows = tuple[list[Example], list[Dropped]]


GOOD = {"image": "a.png", "question": "Which one?", "answer": "This."}


def build(*rows: Mapping[str, Any], **options: Any) -> Rows:
    return run_builder(picture_qa, rows, PictureQaOptions(**options))


def one(row: Mapping[str, Any], **options: Any) -> Example:
    (made,), dropped = build(row, **options)
    assert not dropped
    return made


def reason(row: Mapping[str, Any], **options: Any) -> str:
    made, (dropped,) = build(row, GOOD, **options)
    assert len(made) == 1
    assert dropped.detail
    return dropped.reason


def talk(*turns: str, first: str = "human", **row: Any) -> dict[str, Any]:
    names = ("human", "gpt") if first == "human" else ("gpt", "human")
    return row | {"conversations": [{"from": names[n % 2], "value": text} for n, text in enumerate(turns)]}


def test_a_row_is_a_question_about_a_picture() -> None:
    made = one({"image": "a.png", "question": " What is it? ", "answer": "A dog.\n", "id": 7, "tags": "dog; X ray"})
    assert made.prompt == ({"role": "user", "content": "What is it?"},)
    assert made.completion == ({"role": "assistant", "content": "A dog."},)
    assert made.images == ("a.png",)
    assert made.tags == {"dog", "X ray"}
    assert made.meta == {"id": "7"}
    assert made.group is None


@pytest.mark.parametrize(
    ("image", "question", "answer"),
    [("Picture", "prompt", "completion"), ("file", "instruction", "Impression"), ("path", "query", "response")],
)
def test_columns_have_the_names_that_people_give_them(image: str, question: str, answer: str) -> None:
    made = one({image: "a.png", question: "What?", answer: "That."})
    assert (made.images, made.question, made.reference) == (("a.png",), "What?", "That.")


def test_of_a_report_the_impression_is_learned() -> None:
    made = one({"image": "a.png", "findings": "A line.", "impression": "A fracture."}, question="What is wrong?")
    assert (made.question, made.reference) == ("What is wrong?", "A fracture.")


def test_pictures_with_captions_are_asked_one_question() -> None:
    row = {"image": "a.png", "caption": "A dog sleeps."}
    assert one(row, question="Describe the picture.").question == "Describe the picture."
    assert one(row | {"question": "What?"}, question="Describe the picture.").question == "What?"
    assert reason(row) == "no-question"


def test_a_system_message_is_that_of_the_row_or_of_the_options() -> None:
    row = {"image": "a.png", "question": "What?", "answer": "That."}
    assert one(row, system="Be brief.").prompt[0] == {"role": "system", "content": "Be brief."}
    assert one(row | {"system": "Be kind."}, system="Be brief.").prompt[0]["content"] == "Be kind."


@pytest.mark.parametrize("images", [["a.png", "b.png"], '["a.png", "b.png"]'])
def test_a_question_may_have_several_pictures(images: Any) -> None:
    row = {"image": images, "question": f"Compare {IMAGE} with {IMAGE}.", "answer": "Alike."}
    assert one(row).images == ("a.png", "b.png")


def test_a_name_in_brackets_is_a_name() -> None:
    assert one({"image": "[1] a.png", "question": "What?", "answer": "That."}).images == ("[1] a.png",)


def test_a_conversation_is_learned_from_its_first_answer_on() -> None:
    made = one(talk(f"{IMAGE}\nWhat is it?", "A dog.", "Does it sleep?", "Yes.", id="7", image="a.jpg"))
    assert made.prompt == ({"role": "user", "content": f"{IMAGE}\nWhat is it?"},)
    assert [(turn["role"], turn["content"]) for turn in made.completion] == [
        ("assistant", "A dog."),
        ("user", "Does it sleep?"),
        ("assistant", "Yes."),
    ]
    assert made.images == ("a.jpg",)


def test_roles_of_other_files_are_read_and_a_system_message_in_front() -> None:
    turns = [("system", "Be brief."), ("user", "What?"), ("assistant", "That.")]
    made = one({"image": "a.png", "messages": [{"role": role, "content": text} for role, text in turns]})
    assert [message["content"] for message in (*made.prompt, *made.completion)] == ["Be brief.", "What?", "That."]


def test_a_conversation_without_a_picture_is_kept_as_text() -> None:
    made = one(talk("What is a dog?", "An animal.", image=None))
    assert made.images == ()


def test_a_question_of_a_table_without_a_picture_is_kept_only_when_that_is_wanted() -> None:
    row = {"image": "", "question": "What is a dog?", "answer": "An animal."}
    assert reason(row) == "no-image"
    assert one(row, text_only=True).images == ()


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"image": "a.png", "question": "What?", "answer": " "}, "no-answer"),
        ({"image": "a.png", "question": "", "answer": "That."}, "no-question"),
        ({"image": "a.png", "question": f"{IMAGE} {IMAGE} What?", "answer": "That."}, "marks"),
        ({"image": "a.png", "question": "What?", "answer": f"That {IMAGE}."}, "marks"),
        ({"image": ["a.png", ""], "question": "What?", "answer": "That."}, "image-form"),
        ({"image": {"bytes": "x"}, "question": "What?", "answer": "That."}, "image-form"),
        (talk(f"{IMAGE} What?", "That."), "marks"),
        (talk("What?", "That.", f"{IMAGE} And this?", "This.", image="a.png"), "marks"),
        (talk("What?", "", image="a.png"), "no-answer"),
        (talk("What?", "That.", " ", "This.", image="a.png"), "no-question"),
        (talk(f"{IMAGE}\n", "That.", image="a.png"), "no-question"),
        (talk("What?", image="a.png"), "turns"),
        (talk("What?", "That.", "And?", image="a.png"), "turns"),
        (talk("What?", "That.", first="gpt", image="a.png"), "turns"),
        ({"image": "a.png", "conversations": []}, "turns"),
        ({"image": "a.png", "conversations": "What?"}, "turns"),
        ({"image": "a.png", "conversations": [{"from": "tool", "value": "1"}]}, "turns"),
        ({"image": "a.png", "conversations": [{"from": "system", "value": "Be brief."}]}, "turns"),
        ({"image": "a.png", "conversations": [{"from": "human", "value": None}]}, "turns"),
    ],
)
def test_a_broken_row_is_a_line_of_the_ledger(row: dict[str, Any], why: str) -> None:
    assert reason(row) == why


@pytest.mark.parametrize("name", ["image", "question", "answer"])
def test_a_column_of_another_name_is_said_at_once(name: str) -> None:
    row = {"column" if key == name else key: value for key, value in GOOD.items()}
    with pytest.raises(DataError, match=rf"no row can be used: .*data\.columns\.{name}"):
        build(row, row)


def test_patients_are_groups_however_alike_their_numbers_are() -> None:
    row = {"image": "a.png", "question": "What?", "answer": "That."}
    names = ("ward 3 bed 12 a", "ward 3 bed 12 b", "WARD 3 BED 12 A ")
    groups = [made.group for made in build(*(row | {"patient": name} for name in names))[0]]
    assert groups[0] == groups[2] != groups[1]
    assert "ward" not in str(groups)


def test_pictures_of_one_patient_stay_on_one_side(tmp_path: Path) -> None:
    rows = []
    for number in range(40):
        picture = encode(Image.new("RGB", (8, 8), (number, 60, 30)))
        (tmp_path / f"{number}.png").write_bytes(picture.content)
        rows.append({"image": f"{number}.png", "question": "What?", "answer": f"A{number}", "patient": number % 10})
    rows.append({"image": "40.png", "question": "What?", "answer": "Nothing.", "patient": 4})
    source = tmp_path / "rows.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = DataSettings(sources=(str(source),), test_fraction=0.3)
    built = datasets.make(
        "multimodal-qa", picture_qa, PictureQaOptions(), settings, seed=0, max_length=512, count_tokens=None
    )
    assert isinstance(built, datasets.Dataset)
    sides = [{int(row.reference[1:]) % 10 for row in side} for side in (built.train, built.test)]
    assert sides[0] | sides[1] == set(range(10))
    assert not sides[0] & sides[1]
    (lost,) = built.ledger.dropped
    assert (lost.reason, lost.detail.partition(":")[0]) == ("image", "missing")


def test_files_of_llava_are_read_as_they_are(tmp_path: Path) -> None:
    source = tmp_path / "llava.json"
    rows = [talk(f"What?\n{IMAGE}", "That.", "Why?", "So.", image="a.png"), talk("What?", "That.")]
    source.write_text(json.dumps(rows, indent=1))
    context = Context("multimodal-qa", None, DataSettings(sources=(str(source),)), seed=0)
    made, dropped = context.call(picture_qa)
    assert (len(made), dropped) == (2, [])
    assert [note.partition(":")[0] for note in context.notes] == [
        "rows without a picture, learned as text alone",
        "1 rows are conversations of several turns",
    ]


def test_the_sample_has_pictures_that_open_and_is_small() -> None:
    made, dropped = build()
    assert (len(made), dropped) == (24, [])
    assert set(Counter(example.images for example in made).values()) == {3}
    assert all(read(example.images[0]).width == 96 for example in made)
    assert len({example.reference for example in made}) > 12


def test_the_domain_asks_for_a_model_that_sees() -> None:
    domain = catalog().domain("multimodal-qa")
    assert resolve(domain).model.base == "multimodal-llava"
    assert resolve(domain, preset="gpu").model.base != "multimodal-llava"


def test_a_column_that_nobody_reads_is_refused() -> None:
    settings = DataSettings(sources=("rows.csv",), columns={"scan": "image"})
    with pytest.raises(DataError, match="unknown field 'scan'"):
        Context("multimodal-qa", None, settings, seed=0).call(picture_qa)
