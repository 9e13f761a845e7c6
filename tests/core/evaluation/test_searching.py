"""Retrievers side by side: who finds what is looked for, with the intervals of any other number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from made import example, said

from domaintune import Component, Example, Hit, Origin, Passage, Score
from domaintune.evaluation import open_grader, searching
from domaintune.evaluation.marks import pairs
from domaintune.evaluation.study import evaluate
from domaintune.plan import Plan, make_plan
from domaintune.plugins import catalog
from domaintune.retrieval.knowledge import Knowledge
from domaintune.settings import EvalSettings

PASSAGES = [
    Passage(text=f"{name} {part}", title=name, origin=Origin(source="kb", place=str(part)))
    for name in ("gout", "scurvy", "tetanus")
    for part in range(3)
]


class Fixed:
    """Finds all passages in one order, whatever is asked."""

    def __init__(self, first: str) -> None:
        self.first = first

    def search(self, query: str, k: int) -> Sequence[Hit]:
        ranked = sorted(PASSAGES, key=lambda passage: passage.title != self.first)
        return [Hit(passage=passage, score=0.5) for passage in ranked[:k]]


class Named:
    """Asks for each title that it has read; right where it is the first line of the answer."""

    retrievers = ("sees", "blind", "nobody")

    def __init__(self) -> None:
        self.titles: list[str] = []

    def read(self, passages: Sequence[Passage]) -> None:
        self.titles = sorted({passage.title for passage in passages})

    def items(self, test: Sequence[Example]) -> list[Example]:
        return [example(f"Where is {title}? {n}", title) for title in self.titles for n in range(4)]

    def grade(self, item: Example, answer: str) -> Iterator[Score]:
        lines = answer.splitlines()
        assert len(lines) == len(set(lines)) == 3  # distinct titles, not passages
        yield Score(metric="recall@1", value=float(lines[0] == item.reference))


class Asked:
    """A retriever that finds the title in the question first."""

    def index(self, passages: Sequence[Passage], folder: Path, before: Path | None = None) -> None:
        (folder / "made").touch()

    def open(self, passages: Sequence[Passage], folder: Path) -> Asked:
        assert (folder / "made").is_file()
        return self

    def search(self, query: str, k: int) -> Sequence[Hit]:
        ranked = sorted(PASSAGES, key=lambda passage: passage.title not in query)
        return [Hit(passage=passage, score=0.5) for passage in ranked[:k]]


@pytest.fixture
def plan() -> Plan:
    found = catalog()
    from domaintune.plugins import Offer

    for name, load in (("sees", Asked), ("blind", lambda: Fixed("gout"))):
        part = Component(name=name, summary="", load=load)
        found.offers["retriever", name] = Offer(kind="retriever", record=part, owner="toy", version="1")
    return make_plan(found, "medical")


def knowledge(folder: Path) -> Knowledge:
    about = {"retriever": "blind", "options": {}, "passages_sha256": "0"}
    return Knowledge(folder=folder, about=about, passages=PASSAGES, finder=Fixed("gout"))


def named() -> object:
    return open_grader(Component(name="toy-named", summary="", load=Named), {})


def test_each_retriever_answers_with_the_titles_it_finds(plan: Plan, tmp_path: Path) -> None:
    report = searching.measure(plan, [named()], knowledge(tmp_path), tmp_path / "work").as_dict()  # type: ignore[list-item]
    values = {row["system"]: (row["value"], row["n"]) for row in report["scores"] if row["tag"] == "all"}
    assert values["retriever:sees"] == (1.0, 12)
    assert values["retriever:blind"] == (pytest.approx(1 / 3, abs=1e-5), 12)
    assert set(values) == {"retriever:sees", "retriever:blind"}  # the one that is not installed is left out
    (row,) = [row for row in report["comparisons"] if row["tag"] == "all"]
    assert (row["a"], row["b"], row["verdict"]) == ("retriever:sees", "retriever:blind", "better")


def test_beside_models_an_evaluator_of_retrievers_asks_no_model(plan: Plan, tmp_path: Path) -> None:
    others, found, sentences = searching.divided(plan, [named()], knowledge(tmp_path), tmp_path)  # type: ignore[list-item]
    assert (others, sentences) == ([], [])
    test = [example(f"q{n}", "a") for n in range(6)]
    report = evaluate(
        test, test, found, {"base": said(["a"] * 6), "tuned": said(["b"] * 6)}, EvalSettings(draws=50),
        seed=0, domain="d", base="b", adapter="a", decoding={},
    )  # fmt: skip
    assert {row["system"] for row in report.scores} == {"retriever:sees", "retriever:blind"}


def test_without_knowledge_it_is_left_out_with_a_sentence(plan: Plan, tmp_path: Path) -> None:
    others, found, sentences = searching.divided(plan, [named()], None, tmp_path)  # type: ignore[list-item]
    assert (others, found) == ([], [])
    assert sentences == ["toy-named measures retrieval, and this build uses no knowledge."]


def test_models_are_compared_with_each_other_and_with_themselves_without_passages() -> None:
    systems = ["base", "base+retrieval", "tuned", "tuned+retrieval", "floor:nearest"]
    assert pairs(systems, ["floor:nearest"]) == [
        ("tuned", "base"),
        ("tuned", "floor:nearest"),
        ("tuned+retrieval", "base+retrieval"),
        ("tuned+retrieval", "floor:nearest"),
        ("base+retrieval", "base"),
        ("tuned+retrieval", "tuned"),
    ]
    assert pairs(["base", "tuned"]) == [("tuned", "base")]
    assert pairs(["given", "against"]) == [("given", "against")]
    assert pairs(["base"]) == []
    assert pairs(["retriever:a", "retriever:b", "retriever:c"]) == [
        ("retriever:a", "retriever:b"), ("retriever:a", "retriever:c"),
    ]  # fmt: skip
