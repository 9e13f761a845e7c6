"""Evaluators that run what models write: a sandbox before anything, many at once, several answers an item."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made import Scripted, example, grader, reports, said, words
from running import PROBLEMS, Runner, RunnerOptions, component, offered, problem, sandboxes

from domaintune import files
from domaintune.contracts import Domain, Example, Sampling, Score
from domaintune.data.dataset import as_row
from domaintune.errors import DataError, PluginError, SandboxError, SettingsError
from domaintune.evaluation import (
    collect,
    collect_samples,
    enter_sandbox,
    evaluate,
    grade_given,
    missing,
    open_grader,
    samplings_of,
    stage,
)
from domaintune.plan import Plan, make_plan
from domaintune.runs import Run
from domaintune.sessions import Request, TokenEvent
from domaintune.settings import EvalSettings, SandboxSettings, resolve

__all__ = ["sandboxes"]
ITEMS = [problem(number) for number in range(PROBLEMS)]
RIGHT = [item.reference for item in ITEMS]
WRONG = ["return -1"] * PROBLEMS


def running(part: Runner | None = None) -> Any:
    found = grader(part or Runner(), "made-runner")
    enter_sandbox([found], SandboxSettings())
    return found


def rows(report: Any, metric: str, tag: str = "all") -> dict[str, Any]:
    return {row["system"]: row for row in report.scores if (row["metric"], row["tag"]) == (metric, tag)}


def test_one_sandbox_for_all_that_run_and_none_where_nobody_does(sandboxes: list[Any]) -> None:
    assert enter_sandbox([grader(words)], SandboxSettings()) == []
    assert sandboxes == []
    one, other = grader(Runner(), "a"), grader(Runner(), "b")
    assert enter_sandbox([one, grader(words), other], SandboxSettings(tier="T2")) == []
    assert [sandbox.tier for sandbox in sandboxes] == ["T2"]
    assert one.part.sandbox is other.part.sandbox is sandboxes[0]


def test_a_sandbox_that_is_none_is_told(sandboxes: list[Any]) -> None:
    told = enter_sandbox([grader(Runner(), "a"), grader(Runner(), "b")], SandboxSettings(tier="unsafe"))
    assert told == ["a, b: programs ran without a sandbox (tier unsafe)."]


def test_many_answers_are_graded_at_once_and_counted_one_by_one(sandboxes: list[Any]) -> None:
    part, seen = Runner(), []
    report = evaluate(
        ITEMS, reports(4, 100), [running(part)], {"base": said(WRONG), "tuned": said(RIGHT)}, EvalSettings(draws=20),
        seed=0, domain="", base="", adapter="", decoding={}, progress=lambda *counts: seen.append(counts),
    )  # fmt: skip
    assert part.calls == [f"all {PROBLEMS}"] * 4
    assert seen == [(done, 4 * PROBLEMS) for done in range(1, 4 * PROBLEMS + 1)]
    found = rows(report, "pass@1")
    assert {system: row["value"] for system, row in found.items()} == {
        "base": 0, "tuned": 1, "floor:constant": 0, "floor:nearest": 0,
    }  # fmt: skip
    assert {row["interval"] for row in found.values()} == {"wilson"}
    assert report.verdict("pass@1") == "better"


def sampled(part: Runner | None = None, *others: Any, **changes: Any) -> Any:
    """Tuned is right in the first of three answers to every item, base in the last answer to every third."""
    samples = {
        "base": [["return -1", "return -2", RIGHT[n] if n % 3 == 0 else ""] for n in range(PROBLEMS)],
        "tuned": [[RIGHT[n], "", RIGHT[n] if n % 2 else ""] for n in range(PROBLEMS)],
    }
    answers = {system: said([texts[0] for texts in several]) for system, several in samples.items()}
    return evaluate(
        ITEMS, reports(4, 100), [running(part), *others], answers, EvalSettings(draws=200),
        seed=0, domain="", base="", adapter="", decoding={}, samples=samples, **changes,
    )  # fmt: skip


def test_several_answers_an_item_give_a_share_and_its_bootstrap_interval(sandboxes: list[Any]) -> None:
    part = Runner()
    report = sampled(part)
    assert part.calls == ["samples 36", "samples 36", f"samples {PROBLEMS}", f"samples {PROBLEMS}"]
    found = rows(report, "pass@1")
    assert (found["tuned"]["value"], found["base"]["value"]) == (0.5, round(4 / 36, 6))
    assert {row["interval"] for row in found.values()} == {"bootstrap"}
    assert found["tuned"]["low"] < 0.5 < found["tuned"]["high"]
    assert report.verdict("pass@1") == "better"


def test_a_floor_gives_one_answer_and_has_no_pass_at_two(sandboxes: list[Any]) -> None:
    report = sampled()
    assert set(rows(report, "pass@1")) == {"base", "tuned", "floor:constant", "floor:nearest"}
    found = rows(report, "pass@2")
    assert {system: row["value"] for system, row in found.items()} == {"base": round(4 / 12, 6), "tuned": 1}
    assert {(row["a"], row["b"]) for row in report.comparisons if row["metric"] == "pass@2"} == {("tuned", "base")}


def test_a_grader_of_one_answer_sees_the_first_and_the_report_says_so(sandboxes: list[Any]) -> None:
    report = sampled(None, grader())
    assert rows(report, "exact")["tuned"]["value"] == 1
    assert report.warnings[0] == "made-words grades one answer an item: of several, the first."
    assert not [warning for warning in sampled().warnings if "of several" in warning]


def test_what_every_answer_scored_is_kept(sandboxes: list[Any]) -> None:
    kept: list[Any] = []
    sampled(None, grader(), keep=kept.extend)
    assert len(kept) == 2 * 4 * PROBLEMS
    assert kept[12] == {
        "evaluator": "made-runner", "item": "own/0", "system": "tuned", "samples": 3,
        "scores": [
            {"metric": "pass@1", "value": 1 / 3, "reason": "1 of 3"}, {"metric": "pass@2", "value": 1.0, "reason": ""},
        ],
    }  # fmt: skip
    assert kept[-1]["evaluator"] == "made-words"
    assert "samples" not in kept[-1]


def test_items_without_a_task_id_are_named_by_their_origin() -> None:
    kept: list[Any] = []
    items = [example("Why so?", "Because."), example("Why not?", "Because.")]
    grade_given(grader(), items, ["Because.", ""], draws=9, seed=0, keep=kept.extend)
    values = {row["item"]: row["scores"][0]["value"] for row in kept}
    assert values == {"made.csv, Why so?": 1, "made.csv, Why not?": 0}


@pytest.mark.parametrize(("method", "given"), [("grade_all", [(ITEMS[0], "")]), ("grade_samples", [(ITEMS[0], [""])])])
@pytest.mark.parametrize(("count", "word"), [(2, "fewer"), (4, "more")])
def test_scores_must_be_as_many_as_the_answers(method: str, given: Any, count: int, word: str) -> None:
    part = Runner()
    setattr(part, method, lambda _: iter([[Score(metric="m", value=1.0)]] * count))
    found = grader(part, "made-runner")
    many = found.grade_each if method == "grade_all" else found.grade_samples
    with pytest.raises(PluginError, match=f"yielded {word} than the 3 items it was given; {method} must yield"):
        list(many(given * 3))


def test_a_single_score_stands_for_its_list() -> None:
    part = Runner()
    part.grade_all = lambda pairs: [Score(metric="m", value=0.5) for _ in pairs]  # type: ignore[method-assign]
    assert list(grader(part).grade_each([(ITEMS[0], "")])) == [[Score(metric="m", value=0.5)]]


def test_an_error_names_the_evaluator() -> None:
    def fails(_: Any) -> Any:
        yield [Score(metric="m", value=1.0)]
        raise SandboxError("T2 is not to be had here")

    part = Runner()
    part.grade_all = fails  # type: ignore[method-assign]
    with pytest.raises(SandboxError) as caught:
        list(grader(part, "made-runner").grade_each([(ITEMS[0], "")] * 2))
    assert caught.value.__notes__ == ["while evaluator 'made-runner' graded 2 items with grade_all"]


def test_places_that_are_none_are_refused() -> None:
    part = Runner()
    part.given_away = lambda train: {len(train): "solves own/1"}  # type: ignore[method-assign]
    with pytest.raises(PluginError, match="'made-runner' says that training example 3 gives an item away; there are 3"):
        grader(part, "made-runner").given_away(ITEMS[:3])


def test_only_items_of_its_own_are_its_own() -> None:
    class Picky:
        def grade(self, _item: Any, _answer: str) -> Score:
            raise AssertionError

        def items(self, test: Any) -> Any:
            return [test[0]]

    class Finding(Runner):
        retrievers = ("bm25",)

    class Missing(Runner):
        def items(self, _test: Any) -> Any:
            raise DataError("there is no file 'x.jsonl'; check the path")

    assert [grader(part).own_items() for part in (words, Picky(), Finding())] == [[], [], []]
    assert len(grader(Runner()).own_items()) == PROBLEMS
    with pytest.raises(DataError, match=r"no file 'x\.jsonl'"):
        grader(Missing()).own_items()


WARM = Sampling(max_new_tokens=8, temperature=0.8, seed=5)
QUESTIONS = [example(f"question q{i}", "-") for i in range(4)]


class Seeded(Scripted):
    """Answers with the seed."""

    def generate(self, requests: Any) -> Any:
        list(super().generate(requests))
        for place, request in enumerate(requests):
            yield TokenEvent(request=place, text=f"{request.sampling.seed}", tokens=1, finish_reason="stop")


def test_each_answer_has_a_seed_of_its_own() -> None:
    found = samplings_of(EvalSettings(n=3, temperature=0.8, max_new_tokens=8), 5)
    assert found == [WARM, replace(WARM, seed=6), replace(WARM, seed=7)]
    assert samplings_of(EvalSettings(), 5) == [Sampling(seed=5)]
    with pytest.raises(SettingsError, match=r"eval\.n = 2 asks for several .* --set eval\.temperature=0\.8"):
        resolve(None, overrides=["eval.n=2"])


def test_several_answers_of_one_item_share_a_batch_and_are_kept(tmp_path: Path) -> None:
    store, session, again = tmp_path / "s.jsonl", Seeded(), Seeded()
    several = samplings_of(EvalSettings(n=5, temperature=0.8, max_new_tokens=8), 5)
    collect(session, QUESTIONS[:1], None, WARM, batch_size=3, store=store)
    assert missing(QUESTIONS, several, store) == 19
    answers = collect_samples(session, QUESTIONS, None, several, batch_size=6, store=store)
    assert [[answer.text for answer in own] for own in answers] == [["5", "6", "7", "8", "9"]] * 4
    assert [len(batch) for batch in session.batches] == [1, 6, 6, 6, 1]
    more = samplings_of(EvalSettings(n=6, temperature=0.8, max_new_tokens=8), 5)
    assert missing(QUESTIONS, more, store) == 4
    assert [len(own) for own in collect_samples(again, QUESTIONS, None, more, batch_size=6, store=store)] == [6] * 4
    assert len(again.asked) == 4


def test_a_killed_run_goes_on_with_the_samples_it_has(tmp_path: Path) -> None:
    store, killed, after = tmp_path / "s.jsonl", Seeded(dies_at=2), Seeded()
    several = samplings_of(EvalSettings(n=3, temperature=0.8), 5)
    with pytest.raises(KeyboardInterrupt):
        collect_samples(killed, QUESTIONS, None, several, batch_size=5, store=store)
    collect_samples(after, QUESTIONS, None, several, batch_size=5, store=store)
    assert len(killed.asked) + len(after.asked) == 12


def test_choices_are_asked_once_whatever_n_is(tmp_path: Path) -> None:
    session = Seeded()
    several = samplings_of(EvalSettings(n=4, temperature=0.8), 5)
    quiz = [replace(item, choices=("yes", "no")) for item in QUESTIONS]
    answers = collect_samples(session, quiz, None, several, batch_size=9, store=tmp_path / "s.jsonl")
    assert [[answer.text for answer in own] for own in answers] == [["5"] * 4] * 4
    assert len(session.asked) == 4


class Engine:
    """The tuned model is right where the seed is even, the base model never."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    def open(self, _model: Any) -> Engine:
        return self

    def load(self, adapter: str, folder: Path) -> None: ...

    def generate(self, requests: Any) -> Any:
        self.asked += requests
        for place, request in enumerate(requests):
            number = request.messages[-1]["content"].rstrip(".").split()[-1]
            right = request.adapter and request.sampling.seed % 2 == 0
            yield TokenEvent(request=place, text=f"return {number if right else -1}", tokens=3, finish_reason="stop")


def planned(tiny: Path, part: Any, engine: Engine, *overrides: str, options: Any = None) -> Plan:
    domain = Domain(name="made", summary="-", data="made-data", evaluators=("made-runner",))
    catalog = offered(
        ("domain", domain),
        ("data builder", component("made-data", learned)),
        ("engine", component("made-engine", engine)),
        ("evaluator", component("made-runner", part, options)),
        ("evaluator", component("made-words", words)),
    )
    given = [f"model.base={tiny}", "model.engine=made-engine", "eval.draws=40", *overrides]
    return make_plan(catalog, "made", overrides=given)


def learned(_context: Any) -> Any:
    """Thirty rows, one of which holds an item and one of which solves another."""
    yield from (example(f"unlike q{i} w{i} z{i}", f"fact {i}") for i in range(30))
    yield example(f"Kindly do this: {ITEMS[3].question}", "return 4")
    yield example("a thing of another kind", RIGHT[7])


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = Run(tmp_path / "made-x")
    for side, examples in {"train": reports(20, start=1000), "test": reports(20)}.items():
        described = [as_row(item) for item in examples]
        meta = [{**row["meta"], "group": item.question} for row, item in zip(described, examples, strict=True)]
        files.write_jsonl(
            made.file(f"data/{side}.jsonl"), [{**row, "meta": one} for row, one in zip(described, meta, strict=True)]
        )
    files.write_json(made.file("stages.json"), {"train": {"files": {"adapter/adapter_model.safetensors": "a" * 64}}})
    files.write_json(made.file("data/ledger.json"), {"kept": {"train": 20, "test": 20}})
    return made


def evaluated(plan: Plan, run: Run) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    folder = run.file("evaluation")
    folder.mkdir(exist_ok=True)
    stage.work(plan, run, folder)
    return files.read_json(folder / "report.json"), files.read_jsonl(folder / "results.jsonl")


def test_the_stage_asks_n_times_and_records_n(run: Run, tiny: Path, sandboxes: list[Any]) -> None:
    engine = Engine()
    plan = planned(tiny, Runner(), engine, "eval.n=3", "eval.temperature=0.8", "eval.max_new_tokens=9")
    report, results = evaluated(plan, run)
    assert report["decoding"] == {"max_new_tokens": 9, "temperature": 0.8, "seed": 0, "n": 3}
    assert len(engine.asked) == 2 * 3 * PROBLEMS
    value = {
        row["system"]: row["value"] for row in report["scores"] if (row["metric"], row["tag"]) == ("pass@1", "all")
    }
    assert (value["base"], value["tuned"]) == (0, round(2 / 3, 6))
    assert [row["samples"] for row in results if row["system"] == "tuned"] == [3] * PROBLEMS
    assert len(sandboxes) == 1


def test_one_answer_leaves_the_report_as_it_was(run: Run, tiny: Path, sandboxes: list[Any]) -> None:
    report, results = evaluated(planned(tiny, Runner(), Engine()), run)
    assert set(report["decoding"]) == {"max_new_tokens", "temperature", "seed"}
    assert {row["interval"] for row in report["scores"]} == {"wilson"}
    assert {frozenset(row) for row in results} == {frozenset({"evaluator", "item", "system", "scores"})}
    assert [row["item"] for row in results[:2]] == ["own/0", "own/1"]


@pytest.mark.parametrize(
    ("overrides", "changed"),
    [
        ((), False),
        (("eval.n=1",), False),
        (("sandbox.workers=7",), False),
        (("sandbox.tier=T2",), True),
        (("eval.n=2", "eval.temperature=0.5"), True),
    ],
)
def test_the_inputs_change_with_what_decides_the_result(
    run: Run, tiny: Path, monkeypatch: pytest.MonkeyPatch, overrides: tuple[str, ...], changed: bool
) -> None:
    monkeypatch.setattr(Run, "output", lambda *_: "hash")
    before = stage.inputs(planned(tiny, Runner(), Engine()), run)
    assert "n" not in before["eval"]
    assert (stage.inputs(planned(tiny, Runner(), Engine(), *overrides), run) != before) is changed
    plain = planned(tiny, Runner(), Engine(), 'eval.evaluators=["made-words"]')
    assert "sandbox" not in stage.inputs(plain, run)


def test_a_changed_file_of_items_changes_the_inputs(
    run: Run, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Run, "output", lambda *_: "hash")
    file = tmp_path / "items.jsonl"
    seen = []
    for number in (3, 4):
        file.write_text(json.dumps({"number": number}) + "\n")
        plan = planned(tiny, Runner, Engine(), f"eval.made-runner.items={file}", options=RunnerOptions)
        seen.append(stage.inputs(plan, run)["evaluators"])
    assert seen[0] != seen[1]


def test_a_changed_picture_of_an_item_changes_the_inputs(
    run: Run, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies in a folder that no option names, and no list of sources has pictures."""
    monkeypatch.setattr(Run, "output", lambda *_: "hash")
    file = tmp_path / "pictures/7/image.png"
    file.parent.mkdir(parents=True)

    class Seeing(Runner):
        def items(self, _test: Any) -> list[Example]:
            return [replace(problem(7), images=(str(file),))]

    seen = []
    for content in (b"red", b"blue", b"red"):
        file.write_bytes(content)
        seen.append(stage.inputs(planned(tiny, Seeing(), Engine()), run)["evaluators"])
    assert seen[0] != seen[1]
    assert [part["name"] for part in seen[0] if "items" in part] == ["made-runner"]
    file.unlink()
    file = tmp_path / "elsewhere.png"
    file.write_bytes(b"red")
    assert stage.inputs(planned(tiny, Seeing(), Engine()), run)["evaluators"] == seen[0]


def test_the_data_stage_drops_what_gives_an_item_away(tiny: Path, sandboxes: list[Any]) -> None:
    from domaintune.data import stage as data

    plan = planned(tiny, Runner(), Engine(), "data.test_fraction=0.1")
    made = data.make(plan, None)
    dropped = {entry.detail for entry in made.ledger.dropped}
    assert "solves own/7" in dropped
    assert any(detail.startswith("holds the whole of own/3: ") for detail in dropped)
    assert made.ledger.counts == {"contamination": 2}
    assert len(sandboxes) == 1


def test_a_preview_runs_nothing_and_says_so(
    tiny: Path, sandboxes: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    from domaintune.data import stage as data

    made = data.preview(planned(tiny, Runner(), Engine(), "data.test_fraction=0.1"), 5, None)
    assert made.ledger.counts == {"contamination": 1}
    assert sandboxes == []
    assert "not looked for yet: training examples that solve an item of made-runner" in capsys.readouterr().err


def test_the_inputs_of_the_data_change_only_where_an_evaluator_brings_items(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from domaintune.data import stage as data

    plain = data.inputs(planned(tiny, Runner(), Engine(), 'eval.evaluators=["made-words"]'))
    assert "asked" not in plain
    assert "overlap" not in plain["settings"]
    asked = data.inputs(planned(tiny, Runner(), Engine()))
    assert asked["settings"]["overlap"] == (10, 13)
    monkeypatch.setattr("running.PROBLEMS", 5)
    assert data.inputs(planned(tiny, Runner(), Engine()))["asked"] != asked["asked"]


def test_options_are_given_to_the_class() -> None:
    found = open_grader(component("made-runner", Runner, RunnerOptions), {"items": "x.jsonl"})
    assert found.part.options == RunnerOptions(items="x.jsonl")
