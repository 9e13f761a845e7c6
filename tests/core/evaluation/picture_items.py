"""A run with questions about pictures, and a scripted model that looks at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made import example, reports
from PIL import Image

from domaintune import files, images
from domaintune.contracts import Component, Domain, Example, Score
from domaintune.data.dataset import as_row
from domaintune.evaluation import stage
from domaintune.plan import Plan, make_plan
from domaintune.plugins import Catalog, Offer
from domaintune.runs import Run
from domaintune.sessions import Request, TokenEvent

COLOURS = {"red": (200, 0, 0), "blue": (0, 0, 200), "nothing": (127, 127, 127)}
PICTURED, WORDY = 12, 8


class Sighted:
    """The tuned model names the colour that it sees, or without a picture the word; the base model says a dot."""

    def __init__(self, sees: bool = True) -> None:
        self.sees, self.asked = sees, list[Request]()

    def open(self, _model: Any) -> Sighted:
        return self

    def load(self, adapter: str, folder: Path) -> None: ...

    def generate(self, requests: Sequence[Request]) -> Iterator[TokenEvent]:
        self.asked += requests
        for place, request in enumerate(requests):
            text = "." if request.adapter is None else self.said(request)
            yield TokenEvent(request=place, text=text, tokens=1, finish_reason="stop")

    def said(self, request: Request) -> str:
        if not request.images:
            return request.messages[-1]["content"].split()[-1]
        if not self.sees:
            return "red"
        seen = images.pixels(images.read(request.images[0])).getpixel((1, 1))
        return next(name for name, colour in COLOURS.items() if colour == seen)


class Right:
    """Counts right answers."""

    def grade(self, item: Example, answer: str) -> Score:
        return Score(metric="right", value=float(answer == item.reference))


class Wordy(Right):
    """Asks about no picture."""

    def items(self, test: Sequence[Example]) -> list[Example]:
        return [item for item in test if not item.images]


def picture(folder: Path, colour: str, side: int = 24) -> Path:
    made = images.encode(Image.new("RGB", (side, 16), COLOURS[colour]))
    file = folder / f"{made.sha256}{made.suffix}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(made.content)
    return file


def items(folder: Path) -> list[Example]:
    """Questions about the colour of a picture, and some without one."""
    colours = [("red", "blue")[i % 2] for i in range(PICTURED)]
    seen = [
        replace(example(f"What colour is it, {i}?", colour, "colour"), images=(str(picture(folder, colour, 20 + i)),))
        for i, colour in enumerate(colours)
    ]
    return seen + [example(f"Say w{i}", f"w{i}", "words") for i in range(WORDY)]


def kept(item: Example) -> dict[str, Any]:
    """The row of an item as a data stage leaves it, its pictures beside it."""
    row = as_row(replace(item, group=item.question))
    return {**row, **({"images": [f"images/{Path(name).name}" for name in item.images]} if item.images else {})}


@pytest.fixture(name="run")
def pictured_run(tmp_path: Path) -> Run:
    made = Run(tmp_path / "made-x")
    sides = {"train": reports(20, start=1000), "test": items(made.file("data/images"))}
    for side, examples in sides.items():
        files.write_jsonl(made.file(f"data/{side}.jsonl"), map(kept, examples))
    files.write_json(made.file("stages.json"), {"train": {"files": {"adapter/adapter_model.safetensors": "a" * 64}}})
    files.write_json(made.file("data/ledger.json"), {"kept": {side: len(rows) for side, rows in sides.items()}})
    return made


def planned(tiny: Path, engine: Any, *overrides: str) -> Plan:
    parts = [
        ("data builder", "made-data", None), ("engine", "made-engine", engine),
        ("evaluator", "made-right", Right), ("evaluator", "made-wordy", Wordy),
    ]  # fmt: skip
    records = [(kind, Component(name=name, summary="-", load=lambda p=part: p)) for kind, name, part in parts]
    domain = Domain(name="made", summary="-", data="made-data", evaluators=("made-right", "made-wordy"))
    catalog = Catalog()
    catalog.add(Offer(kind=kind, record=one, owner="made", version="1") for kind, one in [*records, ("domain", domain)])
    given = [f"model.base={tiny}", "model.engine=made-engine", "eval.draws=60", *overrides]
    return make_plan(catalog, "made", overrides=given)


def evaluated(plan: Plan, run: Run) -> dict[str, Any]:
    folder = run.file("evaluation")
    folder.mkdir(exist_ok=True)
    stage.work(plan, run, folder)
    document: dict[str, Any] = files.read_json(folder / "report.json")
    return document
