"""The ScienceQA builder: problems as they are put, the sides they belong to, and every row accounted for."""

from __future__ import annotations

import base64
import io
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from domaintune import DataError, Dropped, Example
from domaintune.data.context import Context
from domaintune.data.near import Kinship
from domaintune.settings import DataSettings
from domaintune_multimodal.scienceqa.data import SAMPLE, read_splits, science
from domaintune_multimodal.scienceqa.grading import ScienceGrader
from domaintune_multimodal.scienceqa.options import ScienceOptions
from domaintune_multimodal.scienceqa.problem import letter

SOLID: dict[str, Any] = {
    "question": "Which is a solid?",
    "choices": ["steam", "a stone"],
    "answer": 1,
    "hint": "",
    "image": None,
    "task": "closed choice",
    "grade": "grade2",
    "subject": "natural science",
    "topic": "chemistry",
    "lecture": "Solids keep their shape.",
    "solution": "A stone keeps its shape.",
    "split": "train",
}


def read(*sources: Path, **options: Any) -> tuple[list[Example], list[Dropped], Context]:
    settings = DataSettings(sources=tuple(map(str, sources)))
    context = Context("multimodal-scienceqa", ScienceOptions(**options), settings, seed=0)
    return *context.call(science), context


def build(folder: Path, *problems: dict[str, Any], **options: Any) -> tuple[list[Example], list[Dropped], Context]:
    file = folder / "problems.json"
    file.write_text(json.dumps({str(n): {**SOLID, **problem} for n, problem in enumerate(problems, 1)}))
    return read(file, **options)


def test_a_problem_is_put_as_question_context_options_then_lecture_explanation_answer(tmp_path: Path) -> None:
    ((made,), dropped, _) = build(tmp_path, {})
    assert not dropped
    assert made.prompt == (
        {"role": "user", "content": "Question: Which is a solid?\nContext: N/A\nOptions: (A) steam (B) a stone"},
    )
    assert made.reference == "Solids keep their shape. A stone keeps its shape. The answer is B."
    assert made.side == "train"
    assert made.tags == {"subject:natural science", "context:none", "grades:1-6"}
    assert made.meta["task_id"] == "1"


@pytest.mark.parametrize(
    ("order", "lecture", "solution", "said"),
    [
        ("answer-last", "Why.", "So.", "Why. So. The answer is B."),
        ("answer-last", "", "So.", "So. The answer is B."),
        ("answer-last", "Why.", "", "Why. The answer is B."),
        ("answer-last", "", "", "The answer is B."),
        ("answer-first", "Why.", "So.", "The answer is B. BECAUSE: Why. So."),
        ("answer-first", "", "", "The answer is B."),
        ("answer-only", "Why.", "So.", "The answer is B."),
    ],
)
def test_the_order_is_an_option(tmp_path: Path, order: Any, lecture: str, solution: str, said: str) -> None:
    ((made,), _, context) = build(tmp_path, {"lecture": lecture, "solution": solution}, order=order)
    assert made.reference == said
    bare = not lecture and not solution
    assert context.notes == (
        ["problems with neither lecture nor explanation: 1; of these the answer alone is learned"] * bare
    )


@pytest.mark.parametrize(
    ("image", "options", "shown"),
    [
        ("image.png", {}, "images/train/1/image.png"),
        ("image.png", {"picture": "{id}/{image}"}, "1/image.png"),
        ("image.png", {"picture": "{split}_{id}.png"}, "train_1.png"),
        ("elsewhere/a.png", {}, "elsewhere/a.png"),
        ("data:image/png;base64,AA==", {}, "data:image/png;base64,AA=="),
        ("{id}.png", {"picture": "{image}"}, "{id}.png"),
    ],
)
def test_a_picture_stands_behind_the_question(tmp_path: Path, image: str, options: Any, shown: str) -> None:
    ((made,), _, _) = build(tmp_path, {"image": image, "hint": "Look."}, **options)
    assert made.images == (shown,)
    assert made.question == "Question: Which is a solid?\nContext: Look.\nOptions: (A) steam (B) a stone\n<image>"
    assert {"context:text", "context:image"} <= made.tags
    assert "data:" not in str(made.group)


def test_pictures_can_be_left_out(tmp_path: Path) -> None:
    made, dropped, _ = build(tmp_path, {"image": "image.png"}, {}, pictures="drop")
    assert len(made) == 1
    assert [(one.reason, one.origin.place) for one in dropped] == [("picture", "item 1")]


@pytest.mark.parametrize(
    ("change", "reason", "detail"),
    [
        ({"question": " "}, "no-question", ""),
        ({"choices": None}, "no-choices", "list of texts"),
        ({"choices": "A or B"}, "no-choices", "list of texts"),
        ({"choices": {"A": "x"}}, "no-choices", "list of texts"),
        ({"choices": []}, "no-choices", "nothing to choose"),
        ({"choices": [1, 2]}, "no-choices", "list of texts"),
        ({"choices": ["one"], "answer": 0}, "one-choice", "nothing to choose"),
        ({"choices": ["one", "  "]}, "empty-choice", "choice B is empty"),
        ({"choices": ["one", "one "]}, "same-choices", "equal"),
        ({"choices": [str(n) for n in range(27)]}, "too-many-choices", "27; letters go to 26"),
        ({"choices": [""] * 27}, "empty-choice", "is empty"),
        ({"answer": 2}, "answer-range", "answer 2 of 2 choices"),
        ({"answer": -1}, "answer-range", "answer -1 of 2"),
        ({"answer": None}, "no-answer", "'' is no number"),
        ({"answer": "B"}, "no-answer", "'B' is no number"),
        ({"answer": 0.5}, "no-answer", "'0.5' is no number"),
        ({"answer": True}, "no-answer", "'True' is no number"),
        ({"question": "What is <image>?"}, "marker", "'<image>' stands in question"),
        ({"choices": ["<image>", "b"]}, "marker", "its choices"),
        ({"split": "exam"}, "unknown-split", "'exam'; known: train"),
        ({"solution": "The answer is A."}, "two-answers", "already names an answer"),
        ({"solution": "The answer is B."}, "two-answers", "already names an answer"),
        ({"lecture": "C. elegans is a worm."}, "two-answers", "already names an answer"),
    ],
)
def test_a_row_that_is_no_problem_says_why(tmp_path: Path, change: dict[str, Any], reason: str, detail: str) -> None:
    made, dropped, _ = build(tmp_path, {}, change)
    assert len(made) == 1
    assert [(one.reason, one.origin.place) for one in dropped] == [(reason, "item 2")]
    assert detail in dropped[0].detail


def test_what_may_be_missing_may_be_missing(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(
        json.dumps({"question": "Q?", "options": ["a", "b", "c", "d", "e", "f"], "answer": "5.0"})
        + "\n"
        + json.dumps({"pid": 12, "question": "Q?", "choices": '["a", "b"]', "answer": 0, "grade": "K", "image": ""})
    )
    made, dropped, _ = read(file)
    assert not dropped
    assert [one.reference for one in made] == ["The answer is F.", "The answer is A."]
    assert [one.meta["task_id"] for one in made] == ["line 1", "12"]
    assert [one.side for one in made] == [None, None]
    assert made[0].tags == made[1].tags == {"context:none"}


@pytest.mark.parametrize(
    ("grade", "tag"),
    [
        ("grade1", "1-6"),
        ("grade6", "1-6"),
        ("grade7", "7-12"),
        ("grade12", "7-12"),
        ("5", "1-6"),
        ("grade13", ""),
        ("", ""),
    ],
)
def test_grades_fall_into_the_two_columns_of_the_table(tmp_path: Path, grade: str, tag: str) -> None:
    ((made,), _, _) = build(tmp_path, {"grade": grade})
    assert [name for name in made.tags if name.startswith("grades:")] == ([f"grades:{tag}"] if tag else [])


@pytest.mark.parametrize(("val", "sides"), [("test", "test"), ("train", "train"), ("drop", None)])
def test_the_sets_own_splits_are_kept(tmp_path: Path, val: Any, sides: str | None) -> None:
    made, dropped, _ = build(tmp_path, {}, {"split": "test"}, {"split": "val"}, {"split": "Validation"}, val=val)
    assert [one.side for one in made] == ["train", "test", *([sides] * 2 if sides else [])]
    assert [one.reason for one in dropped] == ([] if sides else ["val", "val"])


def test_a_list_of_splits_overrules_the_rows(tmp_path: Path) -> None:
    splits = tmp_path / "pid_splits.json"
    splits.write_text(json.dumps({"train": ["2"], "val": [], "test": ["1"], "minitrain": ["1"]}))
    made, dropped, _ = build(tmp_path, {"image": "image.png"}, {}, {}, splits=str(splits))
    assert [one.side for one in made] == ["test", "train"]
    assert made[0].images == ("images/test/1/image.png",)
    assert [(one.reason, one.detail) for one in dropped] == [("no-split", "data.options.splits does not name it")]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "is no JSON"),
        ("[1]", "no list of problem ids"),
        ('{"minitrain": ["1"]}', "no list of problem ids"),
        ('{"train": ["1"], "test": [1]}', "problem '1' in train and in test"),
        ('{"train": ["1"], "val": 5}', "no list of problem ids under val"),
        ('{"train": ["1"], "test": [["2"]]}', "no list of problem ids under test"),
        ('{"train": ["1"], "test": null}', "no list of problem ids under test"),
        (None, "cannot be read"),
    ],
)
def test_a_list_of_splits_that_is_none_is_said(tmp_path: Path, content: str | None, why: str) -> None:
    file = tmp_path / "pid_splits.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(DataError, match=why):
        read_splits(str(file))


def test_equal_words_about_other_pictures_are_other_questions(tmp_path: Path) -> None:
    urls = ["data:image/png;base64,AA==", "data:image/png;base64,AB==", "image.png", "image.png"]
    made, _, _ = build(tmp_path, *({"image": url} for url in urls))
    assert len({one.group for one in made}) == 4


def test_the_sample_is_whole_checked_and_small() -> None:
    from PIL import Image

    made, dropped, context = read()
    assert not dropped
    assert not context.notes
    assert SAMPLE.stat().st_size < 300_000
    assert Counter(one.side for one in made) == {"train": 47, "test": 17}
    tags = Counter(tag for one in made for tag in one.tags)
    assert min(tags.values()) >= 12
    assert len(tags) == 8
    assert len(made) // 3 <= tags["context:image"]
    for one in made:
        assert letter(one.reference) == one.meta["answer"]
        for url in one.images:
            head, _, content = url.partition(",")
            picture = Image.open(io.BytesIO(base64.b64decode(content, validate=True)))
            picture.load()
            assert (head, picture.format, picture.size) == ("data:image/png;base64", "PNG", (160, 120))
    letters = Counter(one.meta["answer"] for one in made)
    assert max(letters.values()) < len(made) / 2  # no letter is a good guess


def test_no_test_problem_of_the_sample_is_like_one_to_learn_from() -> None:
    made, _, _ = read()
    sides = {side: [str(one.group) for one in made if one.side == side] for side in ("train", "test")}
    kinship = Kinship([*sides["train"], *sides["test"]], 0.8)
    assert not kinship.across(sides["train"], sides["test"])


def test_real_problems_are_read_and_their_own_answers_are_right(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """700 problems of ScienceQA: what became of each row, and what an answer without thought is worth on them."""
    made, dropped, context = read(shared_data / "scienceqa-text" / "problems_text_trainval_700.json")
    assert (context.read, len(made), len(dropped)) == (700, 700, 0)
    sides = {side: [one for one in made if one.side == side] for side in ("train", "test")}
    grader = ScienceGrader()
    assert all(score.value == 1 for one in made for score in grader.grade(one, one.reference))
    words = sorted(len(f"{one.question} {one.reference}".split()) for one in made)
    lines = [
        f"rows in {context.read}, kept {len(sides['train'])} + {len(sides['test'])}, dropped {len(dropped)}",
        f"words a row: median {words[350]}, longest {words[-1]}",
        *context.notes,
    ]
    right = {}
    for name, floor in grader.floors(sides["train"]).items():
        hits = [next(iter(grader.grade(one, floor(one)))).value for one in sides["test"]]
        right[name] = sum(hits)
        lines.append(f"floor {name}: {sum(hits):.0f} of {len(hits)}")
    with capsys.disabled():
        sys.stderr.write("\n" + "\n".join(lines) + "\n")
    assert {side: len(some) for side, some in sides.items()} == {"train": 520, "test": 180}
    assert all(60 < hits < 120 for hits in right.values())  # two or three options to choose from: about 90 by chance
