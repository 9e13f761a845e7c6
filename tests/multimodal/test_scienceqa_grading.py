"""Which letter an answer chooses, by LLaVA's rule, and what the evaluator makes of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from domaintune import DataError, Example, Message, Origin, Score
from domaintune.cli import app
from domaintune.data.dataset import as_row
from domaintune_multimodal.scienceqa.grading import ScienceGrader
from domaintune_multimodal.scienceqa.options import ScienceGradingOptions
from domaintune_multimodal.scienceqa.problem import LETTERS, letter

ANSWERS = [
    # a bare letter
    ("A", "A"), ("B", "B"), ("E", "E"), ("Z", "Z"), (" C", "C"), ("D\n", "D"), ("\n A \n", "A"), ("\tB", "B"),
    # no bare letter
    ("a", None), ("AB", None), ("A B", None), ("A,", None), ("A.", None), ("A)", None), ("(A)", None), ("[A]", None),
    ("*A*", None), ("**B**", None), ("'A'", None), ("\u0391", None), ("\uff21", None), ("Ä", None), ("1", None), ("", None),
    (" ", None), ("\n", None), ("A\nB", None), ("A!", None), ("A:", None), ("Option A", None), ("Answer: A", None),
    # X. ...
    ("A. the grass", "A"), ("B. ", "B"), ("  C. Ice floats.", "C"), ("D. The answer is A.", "D"), ("A. B. C.", "A"),
    ("E. x\ny", "E"), ("A. The answer is B. The answer is C.", "A"),
    ("a. the grass", None), ("A.the grass", None), ("A.\nthe grass", None), ("A) the grass", None), ("(A). x", None),
    ("AB. x", None), ("A . x", None), ("A: the grass", None), ("1. the grass", None), ("The grass. A. x", None),
    ("A.\tthe grass", None),
    # The answer is X.
    ("The answer is A.", "A"), ("Ice floats. The answer is B.", "B"), ("The answer is C. BECAUSE: ice floats.", "C"),
    ("Ice floats.\nThe answer is D.", "D"), ("The answer is A..", "A"), ("  The answer is B.  ", "B"),
    ("\"The answer is A.\"", "A"), ("So: The answer is Z. Good.", "Z"), ("x The answer is A.y", "A"),
    ("The answer is A. The answer is b.", "A"), ("The answer is A. the answer is B.", "A"),
    ("The answer is (A). The answer is B.", "B"), ("The answer is Because. The answer is C.", "C"),
    # not exactly one of them
    ("The answer is A. The answer is B.", None), ("The answer is A. The answer is A.", None),
    ("The answer is A.The answer is A.", None), ("The answer is A. The answer is B. The answer is C.", None),
    ("The answer is A", None), ("The answer is A, I think.", None), ("The answer is (A).", None),
    ("The answer is: A.", None),
    ("The answer is a.", None), ("the answer is A.", None), ("THE ANSWER IS A.", None), ("The answer is  A.", None),
    ("The answer is\nA.", None), ("The answer is AB.", None), ("The answer is Apples.", None), ("The answer is 1.", None),
    ("The answer is the grass.", None), ("The answer isA.", None), ("The answer is **A**.", None),
    ("The answers is A.", None),
    ("My answer is A.", None), ("The correct answer is A.", None), ("The answer is Ä.", None), ("The answer is .", None),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "chosen"), ANSWERS)
def test_the_letter_that_an_answer_chooses(answer: str, chosen: str | None) -> None:
    assert letter(answer) == chosen


def llava(text: str) -> str | None:
    """The rule as the facts have it, written a second time and by other means."""
    bare = text.strip()
    if bare in set(LETTERS):
        return bare
    left = text.lstrip()
    if len(left) > 2 and left[0] in LETTERS and left[1] == "." and left[2] == " ":
        return left[0]
    parts = text.split("The answer is ")[1:]
    stated = [part[0] for part in parts if part[:1] in set(LETTERS) and part[1:2] == "."]
    return stated[0] if len(stated) == 1 else None


TEXTS = st.text("AB. Tht\n\u0391é(\u2003", max_size=40)
PIECES = st.sampled_from(
    [
        "A",
        "B",
        "Z",
        "a",
        ".",
        ". ",
        " ",
        "\n",
        "(",
        ")",
        "The answer is ",
        "The answer is A.",
        "the answer is ",
        "ice",
        "",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(TEXTS, st.lists(PIECES, max_size=8).map("".join)))
def test_the_rule_agrees_with_its_second_writing(text: str) -> None:
    assert letter(text) == llava(text)


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.sampled_from(LETTERS), TEXTS)
def test_an_answer_that_is_stated_once_is_read_wherever_it_stands(before: str, mark: str, after: str) -> None:
    said = f"{before}The answer is {mark}.{after}"
    if said.count("The answer is ") == 1 and not re.match(r"\s*[A-Z]\. ", said):
        assert letter(said) == mark


def item(answer: str = "B", choices: tuple[str, ...] = ("ice", "the long one", "steam"), **more: Any) -> Example:
    return Example(
        prompt=(Message(role="user", content="Question: …"),),
        completion=(Message(role="assistant", content=f"The answer is {answer}."),),
        origin=Origin(source="made"),
        meta={"answer": answer, "choices": list(choices), **more},
    )


def graded(answer: str, example: Example | None = None) -> dict[str, Score]:
    return {score.metric: score for score in ScienceGrader().grade(example or item(), answer)}


@pytest.mark.parametrize(
    ("answer", "accuracy", "parsed", "reason"),
    [
        ("B", 1, 1, "B is right"),
        ("Ice. The answer is B.", 1, 1, "B is right"),
        ("C. steam", 0, 1, "C instead of B"),
        ("The answer is D.", 0, 1, "D is not among the 3 options"),
        ("Z", 0, 1, "Z is not among the 3 options"),
        ("b", 0, 0, "unparsed: "),
        ("", 0, 0, "unparsed: "),
        ("The answer is B. The answer is B.", 0, 0, "unparsed: "),
    ],
)
def test_an_answer_is_right_wrong_or_cannot_be_read(answer: str, accuracy: int, parsed: int, reason: str) -> None:
    scores = graded(answer)
    assert (scores["accuracy"].value, scores["parsed"].value) == (accuracy, parsed)
    assert scores["accuracy"].reason.startswith(reason)
    assert scores["accuracy"].proportion


def test_an_example_of_another_builder_is_graded_by_its_reference() -> None:
    plain = Example(prompt=item().prompt, completion=item().completion, origin=Origin(source="made"))
    assert graded("B. ice", plain)["accuracy"].value == 1
    other = Example(prompt=item().prompt, completion=(), origin=Origin(source="made"))
    assert graded("", other)["accuracy"].value == graded("A", other)["accuracy"].value == 0


def test_the_floors_know_lengths_and_the_letters_of_training() -> None:
    train = [item("A"), item("C"), item("C"), item("B", ("x", "y")), item("B", ("x", "y")), item("A", ("x", "y"))]
    floors = ScienceGrader().floors(train)
    assert floors["longest"](item()) == "The answer is B."
    assert floors["longest"](item(choices=("same", "size"))) == "The answer is A."
    assert floors["letter"](item()) == "The answer is C."
    assert floors["letter"](item(choices=("x", "y"))) == "The answer is B."
    assert floors["letter"](item(choices=tuple("vwxyz"))) == "The answer is A."
    assert ScienceGrader().floors([])["letter"](item()) == "The answer is A."


def problem(split: str = "test", **more: Any) -> dict[str, Any]:
    return {
        "question": "Which is solid?",
        "choices": ["ice", "steam"],
        "answer": 0,
        "split": split,
        "image": None,
        **more,
    }


def grader(folder: Path, problems: dict[str, Any], **options: Any) -> ScienceGrader:
    file = folder / "problems.json"
    file.write_text(json.dumps(problems))
    return ScienceGrader(ScienceGradingOptions(items=str(file), **options))


def items(folder: Path, problems: dict[str, Any], **options: Any) -> list[Example]:
    return grader(folder, problems, **options).items([])


def graded_file(folder: Path, items: Path, answers: list[dict[str, Any]], *more: str) -> Result:
    file = folder / "answers.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in answers))
    told = ["grade", "multimodal-scienceqa", "--items", str(items), "--answers", str(file), "--json", *more]
    return CliRunner().invoke(app(["grade"]), told)


def test_answers_are_graded_without_the_pictures(tmp_path: Path) -> None:
    grader(tmp_path, {"1": problem(image="image.png"), "2": problem()})
    answers = [{"task_id": "2", "answer": "A"}, {"task_id": "1", "answer": "B"}]
    done = graded_file(tmp_path, tmp_path / "problems.json", answers)
    assert done.exit_code == 0, done.output
    (row,) = [row for row in json.loads(done.stdout)["scores"] if (row["metric"], row["tag"]) == ("accuracy", "all")]
    assert (row["value"], row["n"]) == (0.5, 2)


def test_the_test_file_of_a_run_is_graded(tmp_path: Path) -> None:
    file = tmp_path / "test.jsonl"
    asked = items(tmp_path, {"1": problem(), "89": problem(answer=1)})
    file.write_text("".join(json.dumps(as_row(one)) + "\n" for one in asked))
    done = graded_file(tmp_path, file, [{"answer": "A"}, {"answer": "The answer is B."}])
    assert done.exit_code == 0, done.output
    assert {row["value"] for row in json.loads(done.stdout)["scores"] if row["metric"] == "accuracy"} == {1.0}


def test_an_answer_to_a_problem_of_another_split_says_so(tmp_path: Path) -> None:
    grader(tmp_path, {"9": problem("train"), "89": problem("val")})
    more = ["--set", "eval.multimodal-scienceqa.split=val"]
    done = graded_file(tmp_path, tmp_path / "problems.json", [{"task_id": "9", "answer": "A"}], *more)
    said = " ".join(done.output.split())
    assert done.exit_code == 2
    assert "it is of the split 'train', and 'val' is asked" in said
    assert "did you mean" not in said


def test_it_brings_the_problems_of_a_split_with_their_pictures(tmp_path: Path) -> None:
    picture = tmp_path / "images" / "test" / "2" / "image.png"
    picture.parent.mkdir(parents=True)
    picture.touch()
    problems = {
        "1": problem(),
        "2": problem(image="image.png", grade="grade4"),
        "3": problem("val"),
        "4": problem("train", image="image.png"),
        "5": problem(image="data:image/png;base64,AA=="),
    }
    asked = items(tmp_path, problems)
    assert [one.meta["task_id"] for one in asked] == ["1", "2", "5"]
    assert [one.images for one in asked] == [(), (str(picture),), ("data:image/png;base64,AA==",)]
    assert asked[1].tags == {"context:image", "grades:1-6"}
    assert [one.meta["task_id"] for one in items(tmp_path, problems, split="val")] == ["3"]
    assert len(items(tmp_path, problems, split="all", pictures="drop")) == 2
    with pytest.raises(DataError, match=r"1 of 2 pictures are not there, such as '.*train/4/image.png'"):
        grader(tmp_path, problems, split="all").ready()
    with pytest.raises(DataError, match=r"pictures are not there"):
        grader(tmp_path, problems, images=str(tmp_path / "elsewhere")).ready()
    grader(tmp_path, problems).ready()
    assert len(items(tmp_path, problems, split="all")) == 5  # answers are graded without pictures
    with pytest.raises(DataError, match="does not lie in"):
        items(tmp_path, {"1": problem(image="../../secret.png")})
    with pytest.raises(DataError, match="does not lie in"):
        items(tmp_path, {"1": problem(image="/secret.png")})


def test_items_that_are_none_are_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no problem of the split 'test' \(train 1\); choose another"):
        items(tmp_path, {"1": problem("train")})
    with pytest.raises(DataError, match=r"item 2: answer-range: answer 2 of 2 choices.*mend the problem"):
        items(tmp_path, {"1": problem(), "2": problem(answer=2)})
    file = tmp_path / "twice.jsonl"
    file.write_text((json.dumps({"id": 7, **problem()}) + "\n") * 2)
    with pytest.raises(DataError, match=r"line 2: problem '7' is there already"):
        ScienceGrader(ScienceGradingOptions(items=str(file))).items([])


def test_without_a_file_the_held_out_problems_are_asked() -> None:
    held = [item(), item("C")]
    assert ScienceGrader().items(held) == held
    assert ScienceGrader().items([]) == []


def test_an_explanation_that_names_an_answer_is_still_asked(tmp_path: Path) -> None:
    (asked,) = items(tmp_path, {"1": problem(solution="The answer is B.")})
    assert asked.reference == "The answer is A."
