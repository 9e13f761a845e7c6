"""Models are asked about pictures once more with blank ones: what is right then as well was not seen."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

from made import example, report_of, reports, words
from picture_items import PICTURED, WORDY, Sighted, evaluated, items, kept, pictured_run, planned
from rich.console import Console

from domaintune import files, images
from domaintune.contracts import Component, Score
from domaintune.evaluation import gates, grade_given, markdown, open_grader, render
from domaintune.evaluation.blind import blinded
from domaintune.evaluation.cautions import cautions
from domaintune.evaluation.marks import Marks, numbers, pairs
from domaintune.runs import Run

__all__ = ["pictured_run"]


def value(report: dict[str, Any], system: str, tag: str, evaluator: str = "made-right") -> float | None:
    rows = (
        row for row in report["scores"] if (row["evaluator"], row["system"], row["tag"]) == (evaluator, system, tag)
    )
    return next((row["value"] for row in rows), None)


def test_what_a_model_sees_it_does_not_see_blind(run: Run, tiny: Path) -> None:
    report = evaluated(planned(tiny, Sighted()), run)
    seen = {name: value(report, name, "colour") for name in ("base", "base+blind", "tuned", "tuned+blind")}
    assert seen == {"base": 0, "base+blind": 0, "tuned": 1, "tuned+blind": 0}
    assert (value(report, "tuned", "all"), value(report, "tuned+blind", "all")) == (1, 0)
    found = {(row["a"], row["b"]): row["verdict"] for row in report["comparisons"] if row["tag"] == "colour"}
    assert found["tuned", "base"] == found["tuned", "tuned+blind"] == "better"
    assert found["base", "base+blind"] == "no evidence"
    assert not [a for a, b in found if a.endswith("+blind") or (b.endswith("+blind") and not b.startswith(a))]
    assert not [warning for warning in report["warnings"] if "blind" in warning or "blank" in warning]
    assert gates(report, {"right": "better", "right@colour": "better"}) == []


def test_items_without_pictures_do_not_dilute_what_is_not_seen_blind() -> None:
    """Of 100 items 20 have a picture; the tuned model has 16 of them right, and 8 blind."""
    asked = [example(f"question {n}", "a") for n in range(100)]
    asked = [replace(item, images=("data:image/png;base64,AAAA",)) if n < 20 else item for n, item in enumerate(asked)]
    right = {
        "base": [0] * 100, "base+blind": [0] * 100,
        "tuned": [n < 16 if n < 20 else n % 2 for n in range(100)],
        "tuned+blind": [n < 8 if n < 20 else n % 2 for n in range(100)],
    }  # fmt: skip
    scores = {name: [{"right": Score(metric="right", value=float(hit))} for hit in row] for name, row in right.items()}
    rows, compared = numbers(Marks(evaluator="made", items=asked, scores=scores), 200, 0)
    found = [(row["system"], row["value"], row["n"]) for row in rows]
    assert found == [("base", 0, 100), ("base+blind", 0, 20), ("tuned", 0.56, 100), ("tuned+blind", 0.4, 20)]
    pair = next(row for row in compared if (row["a"], row["b"]) == ("tuned", "tuned+blind"))
    assert (pair["difference"], pair["n"], pair["verdict"]) == (0.4, 20, "better")
    assert next(row["difference"] for row in compared if row["b"] == "base") == 0.56
    few, _ = numbers(Marks(evaluator="made", items=asked[:4] + asked[20:], scores=of(scores, 4)), 200, 0)
    assert [row["n"] for row in few if row["system"] == "tuned+blind"] == [4]


def of(scores: dict[str, list[dict[str, Score]]], pictured: int) -> dict[str, list[dict[str, Score]]]:
    return {name: row[:pictured] + row[20:] for name, row in scores.items()}


def test_where_nothing_is_to_be_seen_nobody_is_blind(run: Run, tiny: Path) -> None:
    report = evaluated(planned(tiny, Sighted()), run)
    blind = {(row["evaluator"], row["tag"]) for row in report["scores"] if row["system"].endswith("+blind")}
    assert blind == {("made-right", "all"), ("made-right", "colour")}
    assert "base+blind" not in {row["a"] for row in report["comparisons"]}
    samples = {bool(sample.get("images")): sample for sample in report["samples"]}
    assert {"base+blind", "tuned+blind"} <= samples[True].keys()
    assert not {"base+blind", "tuned+blind", "images"} & samples[False].keys()
    assert {row["system"] for row in samples[True]["scores"]} == {"base", "base+blind", "tuned", "tuned+blind"}


def test_each_question_is_asked_once_and_those_with_pictures_once_more(run: Run, tiny: Path) -> None:
    engine = Sighted()
    evaluated(planned(tiny, engine), run)
    assert len(engine.asked) == 2 * (2 * PICTURED + WORDY)
    sizes = {name: images.read(name) for request in engine.asked for name in request.images}
    assert len(sizes) == 2 * PICTURED
    assert {shown.width for name, shown in sizes.items() if name.startswith("data:")} == set(range(20, 20 + PICTURED))
    again = Sighted()
    evaluated(planned(tiny, again), run)
    assert again.asked == []


def test_the_results_of_every_answer_have_rows_for_the_blind(run: Run, tiny: Path) -> None:
    evaluated(planned(tiny, Sighted()), run)
    rows = files.read_jsonl(run.file("evaluation/results.jsonl"))
    assert sum(row["system"] == "tuned+blind" for row in rows) == PICTURED + WORDY


def test_a_setting_leaves_it_out(run: Run, tiny: Path) -> None:
    engine = Sighted()
    report = evaluated(planned(tiny, engine, "eval.blind=false"), run)
    assert not [row for row in report["scores"] if row["system"].endswith("+blind")]
    assert len(engine.asked) == 2 * (PICTURED + WORDY)


def test_several_answers_an_item_are_asked_blind_too(run: Run, tiny: Path) -> None:
    engine = Sighted()
    report = evaluated(planned(tiny, engine, "eval.n=2", "eval.temperature=0.5"), run)
    assert len(engine.asked) == 2 * 2 * (2 * PICTURED + WORDY)
    assert value(report, "tuned+blind", "colour") == 0


def test_a_model_that_does_not_look_is_told_of(run: Run, tiny: Path) -> None:
    report = evaluated(planned(tiny, Sighted(sees=False)), run)
    (warning,) = [sentence for sentence in report["warnings"] if "blank" in sentence]
    assert warning == (
        "made-right: the tuned model is not shown to beat itself with blank pictures on all items and colour: "
        "what it answers there it may not have seen."
    )


def test_the_metrics_are_named_where_only_some_do_not_need_the_picture() -> None:
    row = {"evaluator": "e", "a": "tuned", "b": "tuned+blind", "tag": "shape", "metric": "exact", "verdict": "better"}
    rows = [
        row,
        row | {"metric": "f1", "verdict": "no evidence"},
        row | {"a": "base", "b": "base+blind", "verdict": "worse"},
    ]
    (warning,) = cautions({}, rows, {}, {})
    assert warning.startswith("e: the tuned model is not shown to beat itself with blank pictures on shape (in f1): ")


def test_the_blind_are_rivals_of_nobody_else() -> None:
    systems = ["base", "base+blind", "base+retrieval", "tuned", "tuned+blind", "tuned+retrieval", "floor:nearest"]
    assert pairs(systems, ["floor:nearest"]) == [
        ("tuned", "base"), ("tuned", "floor:nearest"),
        ("tuned+retrieval", "base+retrieval"), ("tuned+retrieval", "floor:nearest"),
        ("base+retrieval", "base"), ("tuned+retrieval", "tuned"),
        ("base", "base+blind"), ("tuned", "tuned+blind"),
    ]  # fmt: skip


def test_blank_pictures_are_uniform_and_as_large_and_equal_ones_are_made_once(tmp_path: Path) -> None:
    asked = items(tmp_path)
    unseen = blinded(asked)
    assert [len(item.images) for item in unseen] == [len(item.images) for item in asked]
    assert unseen[-1] is asked[-1]
    shown = images.pixels(images.read(unseen[3].images[0]))
    assert (shown.size, shown.getcolors()) == ((23, 16), [(23 * 16, (127, 127, 127))])
    assert unseen[3].prompt == asked[3].prompt


def printed(report: dict[str, Any], width: int = 80) -> str:
    file = io.StringIO()
    render(report, Console(file=file, width=width), width)
    return file.getvalue()


def test_terminal_and_card_say_what_blind_means(run: Run, tiny: Path) -> None:
    report = evaluated(planned(tiny, Sighted()), run)
    meaning = "blind: the same questions with blank pictures; what is right then as well was not seen."
    text = printed(report)
    assert meaning in " ".join(text.split())
    assert "  tuned+blind " in text
    assert "  tuned - tuned+blind " in text
    assert max(map(len, text.splitlines())) <= 80
    assert meaning in markdown(report)
    assert "| tuned - tuned+blind | right |" in markdown(report)
    assert "(N): of these items N have a picture, and the blind are compared on them alone. " in " ".join(text.split())
    assert f"  tuned+blind ({PICTURED}) " in text
    assert f"| tuned+blind ({PICTURED}) |" in markdown(report)
    assert "blind" not in printed(report_of(["a"] * 8, ["b"] * 8, reports(8)).as_dict())


def test_of_many_tags_the_table_has_one_column_for_the_blind(run: Run, tiny: Path) -> None:
    test = items(run.file("data/images"))
    many = [
        replace(item, tags=frozenset({f"kind {place % 7}"})) for place, item in enumerate(test * 4)
    ]  # five pictures a kind
    files.write_jsonl(run.file("data/test.jsonl"), map(kept, many))
    lines = printed(evaluated(planned(tiny, Sighted()), run)).splitlines()
    (head,) = [line.split() for line in lines if line.startswith("right ") and "verdict" in line and "blind" in line]
    assert head[:5] == ["right", "n", "base", "tuned", "blind"]


def test_given_answers_about_pictures_are_graded_as_ever(tmp_path: Path) -> None:
    component = Component(name="made-words", summary="", load=lambda: words)
    graded = grade_given(open_grader(component, {}), items(tmp_path), ["red"] * (PICTURED + WORDY), draws=20, seed=0)
    assert {row["system"] for row in graded["scores"]} == {"given"}
    assert not any("images" in sample for sample in graded["samples"])
