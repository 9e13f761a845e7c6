"""The rules of replies: a table of what passes and of what does not, forms, and the replies that LLaVA published."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from real_data import SHARED

from domaintune_multimodal.llava import judged
from domaintune_multimodal.replies import turns_of
from domaintune_multimodal.rules import Fault, Kind, Turn, broken
from domaintune_multimodal.shots import CONVERSATIONS, DESCRIPTIONS, REASONINGS
from domaintune_multimodal.symbols import Box, SymbolicImage, symbolic

PLAIN = SymbolicImage(
    id="1",
    image="1.jpg",
    captions=("Two dogs play on a green lawn.", "A brown dog runs after a ball."),
    boxes=(
        Box(category="dog", corners=(0.1, 0.2, 0.4, 0.9)),
        Box(category="dog", corners=(0.5, 0.2, 0.8, 0.9)),
        Box(category="person", corners=(0.8, 0.1, 0.9, 0.9)),
    ),
)
STACKED = SymbolicImage(id="2", image="2.jpg", captions=("A man carries boxes into a house.", "Crates on a truck."))

GOOD = """\
A box of donuts stands on the counter.
There are two boxes on the table, a large one and a small one.
The boxes are stacked up to the ceiling.
The man opens a cardboard box with a knife.
Each of the boxes contains a different kind of fruit.
The boxer wears red gloves and stands in his corner.
A mailbox stands at the edge of the road.
The toolbox lies open beside the car.
The bento box holds rice, egg and fish.
The dog waits in the box of the pickup truck.
The screw is about 0.5 mm thick.
The bottle holds 0.75 l of wine.
The runner won by 0.312 seconds.
The gap is 0.125 inches wide.
It costs $0.99 a piece.
The clock shows 10:25.
The score is 3-2 for the home team.
The player wears the number 23.
The train has the number 1024 on its front.
The camera has 12 megapixels.
The sign says that the shop is open from 9 to 17.
The temperature on the display is 21.5 degrees.
A caption on the poster says that smoking is not allowed.
The newspaper shows a photograph with a caption below it.
There is a caption under the picture in the book.
The caption reads "Happy birthday" in large letters.
Closed captions run along the bottom of the television screen.
The captions on the screen are in Spanish.
The meme has a caption at the top in white letters.
The man fits the description of a farmer.
A description on the plaque tells who made the statue.
The description on the bottle is too small to read.
The woman coordinates the players from the side of the field.
Her shoes are coordinated with her handbag.
The GPS coordinates are shown on the device in his hand.
The map coordinates are printed along its border.
The annotations in the margin of the book are written by hand.
The label on the jar says honey.
The list on the fridge has five lines.
The shopping list lies beside the basket.
A text is written on the wall.
The information desk is behind the escalator.
The data sheet hangs on the machine.
The lamp is detected at once by anyone who enters.
The water is not clear, because the dogs have stirred it up.
The dogs know each other well, so they play without fear.
Nobody can tell the two dogs apart by their colour alone, but the left one is larger.
The dog cannot see the ball behind the tree.
The person is not able to reach the top shelf without a stool.
An assistant of the photographer holds a lamp.
As a model on a catwalk, she walks upright.
Sorry is written on the card in red letters.
The image shows two dogs on a lawn.
The picture was taken from above.
In the photo, the dogs run to the left.
Yes, there are two dogs.
Two
A red ball
No, nobody sits on the bench.
The provided seats are all taken.
From the text on the bus one can tell that it goes to the airport.
The man is 1.85 m tall, judging by the door.
The dogs are given water by the person on the right.
According to the clock on the tower it is noon.
Based on the shadows, the sun stands low.
Judging from the picture, it is a warm day.
The x on the map marks the place.
The chess piece stands on e4.
About 80 % of the plate is covered with rice.
There are two dogs on the lawn.
There are three balls on the lawn.
The dog on the left is described by its owner as calm.
The written text on the wall is in French.
Food is not provided on the train.
The parrot cannot say its name yet.
There are three dogs on the lawn.
The following text is painted on the van.
The person coordinates with the driver by hand signs.
Of course, the man holds the leash.
Certainly, the dog is a retriever.
Sure, the park is quite busy.
I can't help noticing how calm the dog is.
The worker coordinates deliveries by phone.
The chart's x-axis shows months.
The x-axis of the chart shows months.
The sign reads [12, 14].
The odds on the board are 0.5 and 0.25.
The room temperature display shows 0.500.
The screen has a resolution of 1080 pixels.
A sign gives the available information about the trail.
The list of objects on the chalkboard is long.
It was not mentioned on the menu that the soup is hot.
He looks at the first caption of the comic.
The boxes suggest that someone is moving house.
It is hard to tell the twins apart, as both wear red.
It is unknown territory for the dog, which sniffs around.
It is impossible to know everything, so the man reads a guide book.
There are three dogs' bowls near the man.
The lines on the road are white.
The lines indicate where cars may park."""
BAD = """\
rule-source|The caption says that two dogs are playing.
rule-source|The captions mention a brown dog.
rule-source|According to the caption, a dog runs after a ball.
rule-source|According to the captions, there are two dogs.
rule-source|Based on the captions, the dogs are playing.
rule-source|As the caption states, the lawn is green.
rule-source|As mentioned in the caption, a dog runs.
rule-source|As described in the captions, it is a lawn.
rule-source|The first caption describes two dogs.
rule-source|One caption speaks of a ball.
rule-source|All five captions agree that there are dogs.
rule-source|These captions describe a playful scene.
rule-source|The image caption is about dogs.
rule-source|From the captions we know that the ball is new.
rule-source|The bounding box of the dog is on the left.
rule-source|The bounding boxes show two dogs.
rule-source|There is a bounding-box around the person.
rule-source|Each bbox holds one dog.
rule-source|The boxes overlap, so the dogs are close to each other.
rule-source|The boxes indicate that the dogs are close together.
rule-source|The box around the dog is larger than that of the person.
rule-source|Their boxes suggest that the dogs are of the same size.
rule-source|The description says that the dogs are playing.
rule-source|The description mentions a ball.
rule-source|According to the description, the lawn is green.
rule-source|Based on the description, two dogs are playing.
rule-source|Based on the provided description, two dogs are playing.
rule-source|Based on the provided information, there are two dogs.
rule-source|Based on the provided captions, there are two dogs.
rule-source|From the given data there are two dogs.
rule-source|The provided text speaks of two dogs.
rule-source|According to the annotations, there is one person.
rule-source|The annotations list two dogs and a person.
rule-source|The object detections show two dogs.
rule-source|The detected objects are two dogs and a person.
rule-source|The list of objects has two dogs.
rule-source|The colour of the ball is not mentioned.
rule-source|Its breed is not specified, but it is a dog.
rule-source|The information provided to me tells of two dogs.
rule-coordinates|The dog is at [0.1, 0.2, 0.4, 0.9].
rule-coordinates|The dog stands at (0.1, 0.2) and looks to the right.
rule-coordinates|Its left edge is at 0.312 of the width.
rule-coordinates|The dog reaches from 0.1 to 0.4 in width.
rule-coordinates|The dog has the place [12, 40, 200, 310].
rule-coordinates|The coordinates of the dog place it on the left.
rule-coordinates|Its coordinates are on the left side.
rule-coordinates|The x-coordinate of the dog is small.
rule-coordinates|Between x1 and x2 stands a dog.
rule-coordinates|The dog is at x = 0.25 on the lawn.
rule-coordinates|The dog stands at (120, 340) on the lawn.
rule-coordinates|The dog is 120 pixels away from the left edge.
rule-coordinates|Along the y-axis the person is taller.
rule-refusal|As a text-only model, I cannot see the picture.
rule-refusal|As an AI language model, I cannot view images.
rule-refusal|I'm sorry, but I cannot see the image.
rule-refusal|I am unable to see the picture.
rule-refusal|I can't view the photo.
rule-refusal|I don't have access to the image.
rule-refusal|No image was provided.
rule-refusal|I apologize for the confusion.
rule-refusal|Please provide the image, so that I can answer.
rule-unsure|It is unclear whether the dogs know each other.
rule-unsure|It's not clear who threw the ball.
rule-unsure|It cannot be determined how old the dogs are.
rule-unsure|We cannot tell who owns the dogs.
rule-unsure|It is not possible to determine the breed.
rule-unsure|It is impossible to say whose ball it is.
rule-unsure|It is hard to tell how large the lawn is.
rule-unsure|There is not enough information about the owner.
rule-unsure|There is no way to know the name of the dog.
rule-unsure|I'm not sure, but it may be a terrier.
rule-unsure|I do not know the name of the dog.
rule-frame|There are two dogs. Let me know if you want more.
rule-cut-off|The two dogs play on the lawn, and the
rule-cut-off|The two dogs play on the lawn,
rule-cut-off|The two dogs play on the green lawn with a red ball while their owner watches
rule-marker|The <image> shows two dogs.
rule-language|В саду играют две собаки, и они бегут за мячом.
rule-count|There are five dogs on the lawn.
rule-count|There are 4 people on the lawn.
rule-source|The lines say that a dog rests.
rule-source|As the sentences say, a dog rests.
rule-source|Several people have said that there's a dog.
rule-source|The five descriptions agree that a dog rests.
rule-source|The object list contains a dog.
rule-source|According to what I was told, a dog rests.
rule-source|From the text, a man walks.
rule-source|The dog's box is at the left.
rule-source|The colour of the sign is not mentioned.
rule-coordinates|At (0.2 0.4) there is a dog.
rule-coordinates|It is located at x 0.2 and y 0.4.
rule-coordinates|The dog is between 21% and 66% of the width.
rule-coordinates|The sign is at 0.312 of the width.
rule-coordinates|The screen is at [0.1, 0.2, 0.4, 0.9].
rule-unsure|It isn't clear who owns it.
rule-unsure|It may be a dog or perhaps a cat.
rule-unsure|There might be a dog, presumably.
rule-unsure|Perhaps a dog; I cannot say."""


def fault(answer: str, question: str = "What is there?", *, kind: Kind = "conversation", image: Any = PLAIN) -> Any:
    return broken(kind, [(question, answer)], image)


@pytest.mark.parametrize("answer", GOOD.splitlines())
def test_what_may_be_said_of_a_picture_passes(answer: str) -> None:
    assert fault(answer) is None


@pytest.mark.parametrize("line", BAD.splitlines())
def test_what_gives_the_source_away_or_is_no_answer_breaks_a_rule(line: str) -> None:
    rule, _, answer = line.partition("|")
    found = fault(answer)
    assert found is not None
    assert found.rule == rule
    assert found.quote


def test_the_tables_are_as_large_as_they_should_be() -> None:
    assert len(GOOD.splitlines()) >= 60
    assert len(BAD.splitlines()) >= 60


def test_where_captions_speak_of_boxes_these_may_do_more() -> None:
    assert fault("The boxes overlap on the truck.", image=STACKED) is None
    assert fault("The boxes overlap on the lawn.").rule == "rule-source"
    assert fault("The bounding boxes overlap.", image=STACKED).rule == "rule-source"


def test_questions_keep_the_rules_too() -> None:
    assert fault("Two.", "What do the captions mention?").rule == "rule-source"
    assert fault("Two.", "What is at [0.1, 0.2, 0.3, 0.4]?").rule == "rule-coordinates"


def test_a_frame_stands_at_the_beginning_of_a_whole_reply() -> None:
    assert fault(f"Sure! {LONG}", "", kind="detail").rule == "rule-frame"
    assert fault(f"Certainly, here it is. {LONG}", "", kind="detail").rule == "rule-frame"
    assert fault(f"Sure. {LONG}", kind="reasoning") is None


LONG = " ".join(["The dogs run over the lawn and enjoy the day."] * 4)


def test_a_reasoning_may_doubt_and_a_conversation_may_not() -> None:
    unsure = f"It is unclear who threw the ball. {LONG}"
    assert fault(unsure, "Who might have thrown it?", kind="reasoning") is None
    assert fault(unsure, "Who might have thrown it?").rule == "rule-unsure"


def test_a_reasoning_question_does_not_repeat_a_caption() -> None:
    asked = "Why is it good that two dogs play on a green lawn?"
    assert fault(LONG, asked, kind="reasoning").rule == "rule-gives-away"
    assert fault(LONG, "Why do the dogs play here?", kind="reasoning") is None


@pytest.mark.parametrize(
    ("kind", "turns", "rule"),
    [
        ("detail", [("", "Two dogs.")], "rule-length"),
        ("reasoning", [("Why do they run?", "For fun.")], "rule-length"),
        ("conversation", [("Why?", "For fun.")], "rule-length"),
        ("conversation", [("What is there?", "dog " * 501)], "rule-length"),
        ("conversation", [("What is there?", " ")], "rule-empty"),
    ],
)
def test_lengths_have_bounds(kind: Kind, turns: list[Turn], rule: str) -> None:
    found = broken(kind, turns, PLAIN)
    assert found is not None
    assert found.rule == rule


def test_counting_can_be_left_alone_and_captions_may_know_more() -> None:
    said = [("How many?", "There are five dogs on the lawn.")]
    assert broken("conversation", said, PLAIN, counts=False) is None
    partly = SymbolicImage(
        id="4", image="4.jpg", captions=PLAIN.captions, boxes=PLAIN.boxes, uncounted=frozenset({"dog"})
    )
    assert broken("conversation", said, partly) is None
    known = SymbolicImage(id="3", image="3.jpg", captions=("Five dogs on a lawn.",), boxes=PLAIN.boxes)
    assert broken("conversation", said, known) is None


TALK = "Q: What is there?\nA: Two dogs.\nQ: Where are they?\nA: On the lawn."


@pytest.mark.parametrize(
    "reply",
    [
        TALK,
        TALK.replace("Q:", "Question:").replace("A:", "Answer:"),
        TALK.replace("Q:", "**Q:**").replace("A:", "**A:**"),
        TALK.replace("Q: What", "Q1: What").replace("A: Two", "A1: Two"),
        "Question:\nWhat is there?\n===\nAnswer:\nTwo dogs.\n===\nQuestion:\nWhere are they?\n===\nAnswer:\nOn the lawn.",
        TALK.replace("\nQ: Where", "\n\nQ: Where"),
    ],
)
def test_a_conversation_is_read_in_the_forms_that_teachers_write(reply: str) -> None:
    found = turns_of("conversation", reply)
    assert found == [("What is there?", "Two dogs."), ("Where are they?", "On the lawn.")]


@pytest.mark.parametrize(
    ("kind", "reply", "rule"),
    [
        ("conversation", "", "rule-empty"),
        ("conversation", "  \n", "rule-empty"),
        ("conversation", "Here is a conversation:\n" + TALK, "rule-form"),
        ("conversation", "Q: What is there?\nA: Two dogs.", "rule-form"),
        ("conversation", TALK + "\nQ: And what else?", "rule-form"),
        ("conversation", "A: Two dogs.\nQ: What is there?", "rule-form"),
        ("conversation", "Q: What is there?\nQ: Where?\nA: Two.\nA: There.", "rule-form"),
        ("conversation", "Q: What is there?\nA:\nQ: Where?\nA: There.", "rule-empty"),
        ("conversation", "Two dogs play on the lawn.", "rule-form"),
        ("reasoning", TALK, "rule-form"),
        ("reasoning", "The dogs are happy.", "rule-form"),
        ("detail", TALK, "rule-form"),
        ("detail", "x" * 20_001, "rule-form"),
    ],
)
def test_a_reply_of_another_form_gives_nothing(kind: Kind, reply: str, rule: str) -> None:
    found = turns_of(kind, reply)
    assert isinstance(found, Fault)
    assert found.rule == rule


def test_paragraphs_of_a_description_stay() -> None:
    assert turns_of("detail", "One\nline.\n\n\nTwo.") == [("", "One line.\n\nTwo.")]


def picture(captions: str, places: str) -> SymbolicImage:
    boxes = [
        {"category": name, "bbox": json.loads(edges)}
        for name, _, edges in (line.partition(": ") for line in places.splitlines() if line.strip())
    ]
    return symbolic({"id": "x", "image": "x", "captions": captions, "boxes": json.dumps(boxes)}, Counter())


@pytest.mark.parametrize(
    ("kind", "captions", "places", "reply"),
    [
        *(("conversation", *shot) for shot in CONVERSATIONS),
        *(("detail", *shot) for shot in DESCRIPTIONS),
        *(("reasoning", *shot) for shot in REASONINGS),
    ],
)
def test_the_examples_that_a_teacher_is_shown_keep_every_rule(
    kind: Kind, captions: str, places: str, reply: str
) -> None:
    assert not isinstance(judged(kind, reply, picture(captions, places)), Fault)


@pytest.mark.skipif(not (SHARED / "llava-coco").is_dir(), reason="the shared samples are not here")
def test_replies_that_llava_published_keep_the_rules_but_one_that_is_not_sure() -> None:
    folder = SHARED / "llava-coco"
    images = {row["id"]: picture_of(row) for row in rows(folder / "caps_boxes_50.jsonl")}
    kinds: dict[str, Kind] = {"conv": "conversation", "detail": "detail", "complex": "reasoning"}
    found = [
        broken(
            kinds[row["type"]],
            [("" if row["type"] == "detail" else row["instruction"], row["output"])],
            images[row["id"]],
        )
        for row in rows(folder / "coco2014_val_gpt4_qa_21.jsonl")
    ]
    assert found == [None] * 21
    names: dict[str, Kind] = {
        "conversation": "conversation",
        "detail_description": "detail",
        "complex_reasoning": "reasoning",
    }
    faults = {}
    for file in sorted(folder.glob("fewshot/*/*_conv.txt")):
        captions, _, places = file.with_name(file.name.replace("_conv", "_caps")).read_text().partition("\n\n")
        if isinstance(fault := judged(names[file.parent.name], file.read_text(), picture(captions, places)), Fault):
            faults[f"{file.parent.name}/{file.name}"] = fault.rule
    assert faults == {"conversation/001_conv.txt": "rule-unsure"}


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def picture_of(row: dict[str, Any]) -> SymbolicImage:
    cells = {"captions": json.dumps(row["captions"]), "boxes": json.dumps(row["instances"])}
    return symbolic({"id": row["id"], "image": row["image"], **cells}, Counter())
