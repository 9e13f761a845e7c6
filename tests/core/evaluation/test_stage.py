"""The evaluation stage with two graders, one that brings its own multiple-choice items and a picture of its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from made import example, reports, words

from domaintune import files
from domaintune.contracts import Component, Domain, Example, Score
from domaintune.data.dataset import as_row
from domaintune.evaluation import Report, stage
from domaintune.plan import Plan, make_plan
from domaintune.plugins import Catalog, Offer
from domaintune.runs import Run
from domaintune.sessions import Request, TokenEvent

QUIZ = [
    Example(
        prompt=example(f"Is {i} even?", "-").prompt,
        completion=example("-", "no" if i % 2 else "yes").completion,
        origin=example(f"quiz {i}", "-").origin,
        tags=frozenset({"quiz"}),
        choices=("yes", "no"),
    )
    for i in range(12)
]


class Quiz:
    """Asks a quiz of its own and draws a point for each system."""

    def grade(self, item: Example, answer: str) -> Score:
        return Score(metric="right", value=float(answer == item.reference))

    def items(self, _test: Sequence[Example]) -> list[Example]:
        return QUIZ

    def draw(self, scores: Sequence[dict[str, Any]], file: Path) -> str:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(2, 1))
        systems = [row["system"] for row in scores if row["tag"] == "all"]
        figure.subplots().plot(systems, [row.pop("value") for row in scores if row["tag"] == "all"], "o")
        figure.savefig(file, metadata={"Software": None})
        return f"The share of right answers of {', '.join(systems)}."


class Engine:
    """Every tuned choice is the first, every base choice the last; all else is answered with nothing."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    def open(self, _model: Any) -> Engine:
        return self

    def load(self, adapter: str, folder: Path) -> None: ...

    def generate(self, requests: Sequence[Request]) -> Iterator[TokenEvent]:
        self.asked += requests
        for place, request in enumerate(requests):
            text = request.choices[0 if request.adapter else -1] if request.choices else ""
            yield TokenEvent(request=place, text=text, tokens=1, finish_reason="choice" if request.choices else "stop")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run with data and an adapter, by name."""
    made = Run(tmp_path / "made-x")
    sides = {"train": [*reports(20, start=1000), example("is 7 EVEN?", "no")], "test": reports(20)}
    for side, examples in sides.items():
        files.write_jsonl(made.file(f"data/{side}.jsonl"), [{**as_row(e), "meta": _meta(e)} for e in examples])
    files.write_json(made.file("stages.json"), {"train": {"files": {"adapter/adapter_model.safetensors": "a" * 64}}})
    files.write_json(made.file("data/ledger.json"), {"kept": {side: len(examples) for side, examples in sides.items()}})
    return made


def _meta(item: Example) -> dict[str, Any]:
    return {**as_row(item)["meta"], "group": item.question}


def planned(tiny: Path, quiz: Any, engine: Any, *overrides: str) -> Plan:
    domain = Domain(name="made", summary="-", data="made-data", evaluators=("made-words", "made-quiz"))
    parts = {"data builder": ("made-data", None), "engine": ("made-engine", engine)}
    records = [(kind, Component(name=name, summary="-", load=lambda p=part: p)) for kind, (name, part) in parts.items()]
    records += [
        ("evaluator", Component(name="made-words", summary="-", load=lambda: words)),
        ("evaluator", Component(name="made-quiz", summary="-", load=lambda: quiz)),
        ("domain", domain),
    ]
    catalog = Catalog()
    catalog.add(Offer(kind=kind, record=record, owner="made", version="1") for kind, record in records)
    given = [f"model.base={tiny}", "model.engine=made-engine", "eval.draws=40", *overrides]
    return make_plan(catalog, "made", overrides=given)


def evaluated(plan: Plan, run: Run) -> tuple[dict[str, Any], Path]:
    folder = run.file("evaluation")
    folder.mkdir(exist_ok=True)
    stage.work(plan, run, folder)
    return files.read_json(folder / "report.json"), folder


def test_both_graders_have_their_items_and_what_was_learned_is_not_asked(run: Run, tiny: Path) -> None:
    engine = Engine()
    report, _ = evaluated(planned(tiny, Quiz(), engine), run)
    assert report["n"] == {"all": 31, "abnormal": 10, "normal": 10, "quiz": 11}
    assert report["warnings"][0] == "1 item of made-quiz occurs in training and was not asked."
    assert {len(request.choices) for request in engine.asked} == {0, 2}
    right = {row["system"]: row for row in report["scores"] if (row["metric"], row["tag"]) == ("right", "quiz")}
    assert (right["base"]["value"], right["tuned"]["value"]) == (round(5 / 11, 6), round(6 / 11, 6))
    assert {row["interval"] for row in right.values()} == {"wilson"}
    assert {row["n"] for row in report["scores"] if row["evaluator"] == "made-words" and row["tag"] == "all"} == {20}


def test_the_limit_leaves_each_grader_its_share(run: Run, tiny: Path) -> None:
    report, _ = evaluated(planned(tiny, Quiz(), Engine(), "eval.limit=5"), run)
    assert (report["n"]["all"], report["n"]["quiz"]) == (10, 5)


def test_an_evaluator_draws_its_own_scores_the_same_every_time(run: Run, tiny: Path) -> None:
    report, folder = evaluated(planned(tiny, Quiz(), Engine()), run)
    text = "The share of right answers of base, tuned, floor:constant, floor:nearest."
    assert report["pictures"] == [{"evaluator": "made-quiz", "file": "evaluation/made-quiz.png", "text": text}]
    assert all("value" in row for row in report["scores"]), "a drawing must not change the report"
    before = (folder / "made-quiz.png").read_bytes()
    assert before.startswith(b"\x89PNG")
    assert Report.from_dict(report).as_dict() == report
    evaluated(planned(tiny, Quiz(), Engine()), run)
    assert (folder / "made-quiz.png").read_bytes() == before


def raising(scores: Any, file: Path) -> str:
    file.write_bytes(b"half a picture")
    raise ValueError("no\ncolours")


@pytest.mark.parametrize(
    ("draw", "reason"),
    [
        (raising, "ValueError: no colours"),
        (lambda _scores, _file: "A picture.", "draw must write made-quiz.png and return a sentence"),
        (lambda _scores, file: file.write_bytes(b"x"), "return a sentence; it returned 1"),
    ],
)
def test_a_picture_that_fails_costs_a_warning(run: Run, tiny: Path, draw: Any, reason: str) -> None:
    quiz = Quiz()
    quiz.draw = draw  # type: ignore[method-assign]
    report, folder = evaluated(planned(tiny, quiz, Engine()), run)
    assert report["pictures"] == []
    assert report["warnings"][-1].startswith("The picture of made-quiz could not be drawn (")
    assert reason in report["warnings"][-1]
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json", "results.jsonl"]


def test_floors_learn_from_a_part_of_many_examples_and_the_report_says_so(run: Run, monkeypatch) -> None:
    from domaintune.evaluation import stage

    assert len(stage._learned(run)) == 21
    assert stage._on_floors(run) == []
    monkeypatch.setattr(stage, "FLOOR_ROWS", 5)
    assert len(stage._learned(run)) == 5
    assert stage._on_floors(run) == ["The floors learned from 5 of 21 training examples."]
