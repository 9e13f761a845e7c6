"""The items that an evaluator brings itself: read before training, part of its inputs, and no error of theirs is lost."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from made import example, grader
from running import Runner, component, offered

from domaintune.contracts import Domain, Example
from domaintune.data import stage
from domaintune.errors import DataError
from domaintune.plan import make_plan


def choosing(choose: Callable[[Sequence[Example]], Any]) -> Any:
    class Chooser(Runner):
        def items(self, test: Sequence[Example]) -> list[Example]:
            return list(choose(test))

    return grader(Chooser(), "made-chooser")


@pytest.mark.parametrize(
    "picks",
    [
        lambda test: [test[0]],
        lambda test: random.Random(0).sample(test, 2),
        lambda test: [max(test, key=str)],
        lambda test: [test[place] for place in range(1 // len(test))],
        lambda test: [test[:1][0]],
        lambda test: [next(iter(test))],
    ],
)
def test_who_draws_from_the_held_out_examples_has_no_items_of_its_own(picks: Any) -> None:
    assert choosing(picks).own_items() == []


def test_who_asks_about_knowledge_has_no_items_before_it_was_read() -> None:
    class Reader(Runner):
        def read(self, passages: Any) -> None:
            self.passages = passages

        def items(self, _test: Sequence[Example]) -> list[Example]:
            return [example(passage.text, "-") for passage in self.passages]

    assert grader(Reader()).own_items() == []


def reads_badly(_test: Any) -> Any:
    return json.loads("[[1]")


def reads_an_odd_row(_test: Any) -> Any:
    return [{"question": "?"}[name] for name in ("question", "answer")]


def looks_and_reads_badly(test: Any) -> Any:
    return [*test, json.loads("[[1]")]


def looks_and_finds_no_file(test: Any) -> Any:
    return [*test, *Path("/nowhere/items.jsonl").read_bytes()]


def looks_and_refuses(test: Any) -> Any:
    raise DataError(f"{len(test)} is too few")


@pytest.mark.parametrize(
    ("reads", "kind"),
    [
        (reads_badly, json.JSONDecodeError),
        (reads_an_odd_row, KeyError),
        (looks_and_reads_badly, json.JSONDecodeError),
        (looks_and_finds_no_file, FileNotFoundError),
        (looks_and_refuses, DataError),
    ],
)
def test_an_error_of_the_items_is_not_lost(reads: Any, kind: type[Exception]) -> None:
    """Lost, it would take with it the check that training holds none of them."""
    with pytest.raises(kind) as caught:
        choosing(reads).own_items()
    assert caught.value.__notes__ == ["while evaluator 'made-chooser' read its items"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is shown, and how many problems there are."""

    k: int = 1
    problems: int = 12


class Shown(Runner):
    """Has options of both kinds."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.chosen = options

    def items(self, test: Sequence[Example]) -> list[Example]:
        return super().items(test)[: self.chosen.problems]


def inputs(tiny: Path, *overrides: str, evaluators: str = '["made-runner"]') -> dict[str, Any]:
    """Return the inputs of the data stage of a made domain."""
    catalog = offered(
        ("domain", Domain(name="made", summary="-", data="made-data", evaluators=())),
        ("data builder", component("made-data", lambda _context: [example(f"unlike q{i}", "x") for i in range(9)])),
        ("engine", component("made-engine", None)),
        ("evaluator", component("made-runner", Shown, Options)),
        ("evaluator", component("made-words", lambda _item, _answer: [])),
    )
    given = [f"model.base={tiny}", "model.engine=made-engine", f"eval.evaluators={evaluators}", *overrides]
    return stage.inputs(make_plan(catalog, "made", overrides=given))


def test_options_of_the_report_do_not_make_the_data_anew(tiny: Path) -> None:
    before = inputs(tiny)
    assert inputs(tiny, "eval.made-runner.k=5") == before
    assert inputs(tiny, "eval.made-runner.problems=5") != before


@pytest.mark.parametrize("evaluators", ['["made-runner"]', '["made-words"]'])
def test_settings_of_the_sandbox_make_the_data_anew_whoever_runs_programs(tiny: Path, evaluators: str) -> None:
    """A data builder may run some too, and its rows say in which tier and with what verdict."""
    before = inputs(tiny, evaluators=evaluators)
    for setting in ("tier=T2", "cpu_seconds=1", "seconds=3", "memory=500000000"):
        assert inputs(tiny, f"sandbox.{setting}", evaluators=evaluators) != before
    assert inputs(tiny, "sandbox.workers=7", evaluators=evaluators) == before


def test_without_programs_the_sandbox_is_no_input(tiny: Path) -> None:
    assert "sandbox" not in inputs(tiny, evaluators='["made-words"]')
    assert "sandbox" in inputs(tiny)
