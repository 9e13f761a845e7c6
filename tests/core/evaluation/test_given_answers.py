"""`domaintune grade` for evaluators that bring their items: answers by task, several a task, and nothing in silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from running import PROBLEMS, Runner, RunnerOptions, component, offered, problem, sandboxes
from typer.testing import CliRunner

from domaintune import given
from domaintune.cli import app
from domaintune.contracts import Domain
from domaintune.errors import DataError, SettingsError, UsageError
from domaintune.files import read_jsonl

__all__ = ["sandboxes"]
FAST = ["eval.draws=30"]
RIGHT = {f"own/{number}": problem(number).reference for number in range(PROBLEMS)}


def jsonl(file: Path, rows: Any) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def completions(file: Path, texts: dict[str, str] = RIGHT, key: str = "completion", times: int = 1) -> Path:
    """Write the answers in another order than that of the items."""
    return jsonl(file, [{"task_id": task, key: text} for task, text in reversed(texts.items()) for _ in range(times)])


def offers(part: Any = Runner, options: Any = RunnerOptions) -> Any:
    domain = Domain(
        name="made", summary="-", data="-", evaluators=(), settings={"sandbox": {"seconds": 3.0}}, presets={}
    )
    stranger = Domain(name="another", summary="-", data="-", evaluators=(), settings={"sandbox": {"seconds": 99.0}})
    found = offered(("domain", domain), ("evaluator", component("made-runner", part, options)))
    others = offered(("domain", stranger)).offers
    for key, offer in others.items():
        object.__setattr__(offer, "owner", "stranger")
        found.offers[key] = offer
    return found


def grade(answers: Path, against: Path | None = None, items: str | None = None, **more: Any) -> dict[str, Any]:
    catalog = more.pop("catalog", None) or offers()
    return given.grade(catalog, "made-runner", items, answers, against, [*FAST, *more.pop("overrides", [])], **more)


def value(report: dict[str, Any], metric: str = "pass@1", system: str = "given") -> dict[str, Any]:
    (row,) = [r for r in report["scores"] if (r["metric"], r["system"], r["tag"]) == (metric, system, "all")]
    return dict(row)


@pytest.mark.parametrize("key", ["completion", "answer", "solution"])
def test_answers_find_their_tasks(tmp_path: Path, sandboxes: list[Any], key: str) -> None:
    report = grade(completions(tmp_path / "a.jsonl", key=key))
    assert (value(report)["value"], value(report)["n"], value(report)["interval"]) == (1, PROBLEMS, "wilson")
    assert report["n"] == {"all": PROBLEMS, "easy": 6, "hard": 6}
    assert report["warnings"] == []


def test_the_items_come_from_the_file_that_is_named(tmp_path: Path, sandboxes: list[Any]) -> None:
    items = jsonl(tmp_path / "items.jsonl", [{"number": number} for number in (3, 50)])
    answers = completions(tmp_path / "a.jsonl", {"own/3": "return 33", "own/50": "return 1"})
    report = grade(answers, items=str(items))
    assert (value(report)["value"], report["n"]["all"]) == (0.5, 2)
    assert report["graders"] == {"made-runner": {"items": str(items)}}


def test_the_settings_are_those_of_its_plugin(tmp_path: Path, sandboxes: list[Any], monkeypatch: Any) -> None:
    seen = []
    monkeypatch.setattr("domaintune.evaluation.enter_sandbox", lambda _, settings: seen.append(settings) or [])
    part = Runner()
    part.run_in(type("Any", (), {"passes": lambda *_: True})())
    grade(completions(tmp_path / "a.jsonl"), catalog=offers(part, None), overrides=["sandbox.tier=T2"])
    assert (seen[0].tier, seen[0].seconds) == ("T2", 3.0)


def test_several_answers_to_a_task_are_samples_of_it(tmp_path: Path, sandboxes: list[Any]) -> None:
    rows = [{"task_id": task, "completion": text} for task, text in RIGHT.items()]
    rows += [{"task_id": task, "completion": "wrong"} for task in RIGHT] + [{"task_id": "own/1", "completion": "wrong"}]
    kept = tmp_path / "deep" / "results.jsonl"
    report = grade(jsonl(tmp_path / "a.jsonl", rows), results=kept)
    assert value(report)["value"] == round((11 * 1 / 2 + 1 / 3) / 12, 6)
    assert value(report, "pass@2")["value"] == 1
    assert value(report)["interval"] == "bootstrap"
    assert {row["item"]: row["samples"] for row in read_jsonl(kept)} == {task: 2 + (task == "own/1") for task in RIGHT}


def test_two_files_are_compared_also_where_one_has_more_answers(tmp_path: Path, sandboxes: list[Any]) -> None:
    twice = completions(tmp_path / "a.jsonl", times=2)
    once = completions(tmp_path / "b.jsonl", dict.fromkeys(RIGHT, "wrong"))
    report = grade(twice, once)
    assert (value(report)["value"], value(report, system="against")["value"]) == (1, 0)
    assert {row["system"] for row in report["scores"] if row["metric"] == "pass@2"} == {"given"}
    assert {(row["metric"], row["verdict"]) for row in report["comparisons"]} == {("pass@1", "better")}


def test_without_task_ids_the_nth_answer_is_the_nth_items(tmp_path: Path, sandboxes: list[Any]) -> None:
    assert value(grade(jsonl(tmp_path / "a.jsonl", [{"completion": text} for text in RIGHT.values()])))["value"] == 1
    assert value(grade(jsonl(tmp_path / "b.jsonl", RIGHT.values())))["value"] == 1
    with pytest.raises(DataError, match=r"holds 11 answers, but the items of made-runner holds 12 rows"):
        grade(jsonl(tmp_path / "c.jsonl", list(RIGHT.values())[1:]))


def test_an_unknown_task_is_named_with_the_nearest(tmp_path: Path, sandboxes: list[Any]) -> None:
    answers = completions(tmp_path / "a.jsonl", {**RIGHT, "onw/11": "x"})
    with pytest.raises(DataError, match=r"a\.jsonl, line 1: there is no task 'onw/11' .* \(did you mean 'own/11'\?\)"):
        grade(answers)


def test_tasks_without_an_answer_are_refused_or_told(tmp_path: Path, sandboxes: list[Any]) -> None:
    some = completions(tmp_path / "a.jsonl", {task: text for task, text in RIGHT.items() if task[-1] in "24"})
    with pytest.raises(DataError, match=r"no answer to 10 of 12 tasks, the first 'own/0'; .* --partial"):
        grade(some)
    report = grade(some, partial=True)
    assert (value(report)["value"], report["n"]["all"]) == (1, 2)
    assert report["warnings"][0] == "Only 2 of 12 items were given an answer; the numbers are of these alone."
    other = completions(tmp_path / "b.jsonl", {task: text for task, text in RIGHT.items() if task[-1] in "45"})
    assert grade(some, other, partial=True)["n"]["all"] == 1
    third = completions(tmp_path / "c.jsonl", {"own/7": "x"})
    with pytest.raises(DataError, match=r"c\.jsonl together answer none of the items"):
        grade(some, third, partial=True)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"completion": "x"}, "line 13: no task_id, which other rows have"),
        ({"task_id": "own/1"}, "line 13: not an answer"),
        ({"task_id": ["own/1"], "completion": "x"}, "line 13: task_id must be a text or a number"),
        ({"task_id": True, "completion": "x"}, "line 13: task_id must be a text or a number"),
    ],
)
def test_rows_that_fit_nowhere_are_named(tmp_path: Path, sandboxes: list[Any], row: Any, why: str) -> None:
    rows = [*({"task_id": task, "completion": text} for task, text in RIGHT.items()), row]
    with pytest.raises(DataError, match=why):
        grade(jsonl(tmp_path / "a.jsonl", rows))


def test_tasks_may_be_numbers(tmp_path: Path, sandboxes: list[Any]) -> None:
    class Numbered(Runner):
        def items(self, test: Any) -> Any:
            from dataclasses import replace

            return [replace(item, meta={"task_id": n}) for n, item in enumerate(super().items(test))]

    rows = [{"task_id": n, "completion": text} for n, text in enumerate(RIGHT.values())]
    assert value(grade(jsonl(tmp_path / "a.jsonl", rows), catalog=offers(Numbered)))["value"] == 1


def test_an_evaluator_without_items_of_its_own_wants_a_file(tmp_path: Path) -> None:
    from domaintune.plugins import catalog

    with pytest.raises(UsageError, match=r"'exact' brings no items of its own; name a file .* --items FILE"):
        given.grade(catalog(), "exact", None, tmp_path / "a.jsonl")


def test_a_named_file_without_items_is_named(tmp_path: Path, sandboxes: list[Any]) -> None:
    (tmp_path / "none.jsonl").write_text("")

    class Empty(Runner):
        def items(self, _test: Any) -> Any:
            return []

    catalog = offered(("evaluator", component("made-runner", Empty, RunnerOptions)))
    with pytest.raises(UsageError, match=r"'made-runner' found no items in '.*none\.jsonl'; name a file that has some"):
        given.grade(catalog, "made-runner", str(tmp_path / "none.jsonl"), completions(tmp_path / "a.jsonl"))


def test_a_mistyped_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"unknown setting 'sandbox\.teir'"):
        grade(tmp_path / "a.jsonl", overrides=["sandbox.teir=T2"])


def test_no_sandbox_is_typed_and_told(tmp_path: Path, sandboxes: list[Any]) -> None:
    answers = completions(tmp_path / "a.jsonl")
    with pytest.raises(SettingsError, match="only where --allow-unsafe-exec is typed"):
        grade(answers, overrides=["sandbox.tier=unsafe"])
    assert grade(answers, unsafe=True)["warnings"] == ["made-runner: programs ran without a sandbox (tier unsafe)."]
    assert [sandbox.tier for sandbox in sandboxes] == ["unsafe"]


def test_the_command_prints_a_report_and_writes_the_results(
    tmp_path: Path, sandboxes: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domaintune.plugins.catalog", offers)
    answers, results = completions(tmp_path / "a.jsonl"), tmp_path / "r.jsonl"
    options = ["--answers", str(answers), "--results", str(results), "--set", FAST[0], "--json"]
    done = CliRunner().invoke(app(["grade"]), ["grade", "made-runner", *options])
    assert done.exit_code == 0, done.output
    assert value(json.loads(done.stdout))["value"] == 1
    assert len(read_jsonl(results)) == PROBLEMS
