"""Evolved tasks: what the teacher is asked, what becomes of its replies, lineage, tests and proof, and equal rebuilds."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from domaintune import DataError, Dropped, Example, Message
from domaintune.data.context import Context
from domaintune.settings import DataSettings, SettingsError, validate
from domaintune.synthesis import Task, evolution
from domaintune_code import checks, evolve
from domaintune_code.checks import heads_of
from domaintune_code.evolve import code_evolve
from domaintune_code.heuristics import FRAME, OPERATORS, SOLVE, TESTS, cut_off, finished, recipe_of, refusal
from domaintune_code.options import HEURISTICS, EvolveCodeOptions

SEED = "Write a function `double(n)` that doubles a number."
HARDER = "Write a function `double(n)` that doubles a number, and raises ValueError for negative ones."
DOUBLE = "def double(n):\n    return 2 * n"
CAREFUL = "def double(n):\n    if n < 0:\n        raise ValueError(n)\n    return 2 * n"
ASSERTS = "assert double(2) == 4\nassert double(0) == 0"
ROWS = [{"task": SEED, "solution": DOUBLE, "tests": ASSERTS, "entry": "double", "topic": "numbers"}]


class Rules:
    """A recording for every operator that might be drawn, written as teacher-replay reads it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "teacher.jsonl"
        self._rows: list[dict[str, Any]] = []

    def evolves(self, parent: str, reply: str | None) -> Rules:
        recipe = recipe_of(HEURISTICS)
        task = Task(text=parent, origin=_origin())
        for operator in OPERATORS:
            self._add(recipe.to_evolve(task, operator), reply)
        return self

    def answers(self, task: str, reply: str | None) -> Rules:
        return self._add([Message(role="user", content=SOLVE.replace("{task}", task))], reply)

    def tests(self, task: str, solution: str, reply: str | None) -> Rules:
        text = TESTS.replace("{heads}", heads_of(solution)).replace("{task}", task)
        return self._add([Message(role="user", content=text)], reply)

    def _add(self, messages: list[Message], reply: str | None) -> Rules:
        self._rows.append({"messages": messages, "answer": reply})
        return self

    def build(self, rows: list[dict[str, Any]] = ROWS, **options: Any) -> tuple[list[Example], list[Dropped], Context]:
        self.file.write_text("".join(json.dumps(row) + "\n" for row in self._rows), encoding="utf-8")
        source = self.file.with_name("seeds.jsonl")
        source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        settings = DataSettings(
            sources=(str(source),), teacher="teacher-replay", teacher_options={"file": str(self.file)}
        )
        chosen = EvolveCodeOptions(**({"rounds": 1, "judge": False} | options))
        context = Context("code-evolve", chosen, settings, seed=0)
        examples, dropped = context.call(code_evolve)
        return examples, dropped, context


def _origin() -> Any:
    from domaintune import Origin

    return Origin(source="made")


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    return Rules(tmp_path)


def fenced(source: str) -> str:
    return f"Sure:\n\n```python\n{source}\n```\n\nIt works."


def test_a_task_is_evolved_answered_tested_and_proven(rules: Rules) -> None:
    rules.evolves(SEED, HARDER).answers(HARDER, fenced(CAREFUL)).tests(HARDER, CAREFUL, fenced(ASSERTS))
    (seed, evolved), dropped, context = rules.build()
    assert dropped == []
    assert (seed.question, evolved.question) == (SEED, HARDER)
    assert evolved.reference == f"```python\n{CAREFUL}\n```"
    assert evolved.meta["tests"] == ASSERTS
    assert (evolved.meta["verdict"], evolved.meta["tier"], evolved.meta["entry"]) == ("passed", "T1", "double")
    lineage = evolved.meta["lineage"]
    assert (lineage["round"], lineage["parent"]) == (1, SEED)
    assert lineage["operators"][0] in HEURISTICS
    assert str(evolved.origin).endswith("line 1, round 1")
    assert {"round-1", "proven", "python", lineage["operators"][0]} == evolved.tags
    assert {"seed", "proven", "python", "numbers"} == seed.tags
    assert seed.group == evolved.group == SEED
    assert len(context.recording) == 3
    assert any(note.startswith("round 1: 1 of 1 evolved") for note in context.notes)


def test_the_second_round_evolves_what_the_first_has_made(rules: Rules) -> None:
    hardest = f"{HARDER} It also takes fractions as text, such as '1/2'."
    rules.evolves(SEED, HARDER).answers(HARDER, fenced(CAREFUL)).tests(HARDER, CAREFUL, fenced(ASSERTS))
    rules.evolves(HARDER, hardest).answers(hardest, fenced(CAREFUL)).tests(hardest, CAREFUL, fenced(ASSERTS))
    examples, _, _ = rules.build(rounds=2)
    assert [example.meta["lineage"]["round"] for example in examples] == [0, 1, 2]
    assert examples[2].meta["lineage"]["parent"] == HARDER
    assert {example.group for example in examples} == {SEED}


@pytest.mark.parametrize(
    ("evolved", "answer", "tests", "reason"),
    [
        (None, None, None, "declined"),
        ("", None, None, "empty"),
        ("I am sorry, I cannot help with that.", None, None, "apology"),
        (SEED, None, None, "copy-of-parent"),
        ("The new exercise: write `treble(n)` for whole numbers up to nine.", None, None, "leaked-frame"),
        (fenced(CAREFUL), None, None, "solved-instead"),
        (HARDER, "It is easy, just multiply by two each time.", None, "no-program"),
        (HARDER, "I am sorry, I cannot do this.", None, "apology"),
        (HARDER, fenced(CAREFUL), None, "no-tests"),
        (HARDER, fenced(CAREFUL), "I would test many numbers.", "no-tests"),
        (HARDER, fenced(CAREFUL), fenced("assert double(2) == 5"), "tests-failed"),
        (HARDER, fenced(CAREFUL), fenced("assert callable(double)"), "vacuous-tests"),
        (HARDER, fenced("def double(n):\n    while True: pass"), fenced("assert double(2) == 4"), "timeout"),
    ],
)
def test_whatever_is_worth_nothing_has_a_reason(
    rules: Rules, monkeypatch: pytest.MonkeyPatch, evolved: str, answer: str, tests: str, reason: str
) -> None:
    from domaintune.sandbox import Limits, open_sandbox

    monkeypatch.setattr(Context, "sandbox", lambda _: open_sandbox(limits=Limits(cpu_seconds=1.0, seconds=5.0)))
    rules.evolves(SEED, evolved)
    if answer is not None:
        rules.answers(HARDER, answer)
        solution = re.search(r"```python\n(.*)\n```", answer, re.DOTALL)
        rules.tests(HARDER, solution[1] if solution else "", tests)
    examples, dropped, _ = rules.build()
    assert [item.reason for item in dropped] == [reason]
    assert [example.question for example in examples] == [SEED]


def test_without_rounds_no_teacher_is_needed_and_with_them_it_is(tmp_path: Path) -> None:
    source = tmp_path / "seeds.jsonl"
    source.write_text(json.dumps(ROWS[0]), encoding="utf-8")
    settings = DataSettings(sources=(str(source),))
    examples, _ = Context("code-evolve", EvolveCodeOptions(), settings, seed=0).call(code_evolve)
    assert len(examples) == 1
    for options in (EvolveCodeOptions(rounds=1), EvolveCodeOptions(tests="all")):
        with pytest.raises(DataError, match=r"asks a teacher, and none is named"):
            Context("code-evolve", options, settings, seed=0).call(code_evolve)


def test_some_of_the_seeds_evolve(rules: Rules) -> None:
    rows = [{**ROWS[0], "task": f"Write `double(n)` which doubles a number, attempt {place}."} for place in range(6)]
    for row in rows:
        rules.evolves(row["task"], None)
    examples, dropped, context = rules.build(rows, evolve=2)
    assert len(examples) == 6
    assert Counter(item.reason for item in dropped) == {"declined": 2}
    assert len(context.recording) == 2
    assert rules.build(rows, evolve=2)[1] == dropped


def test_a_seed_without_an_answer_is_answered(rules: Rules) -> None:
    rules.answers(SEED, fenced(DOUBLE)).evolves(SEED, None).tests(SEED, DOUBLE, fenced(ASSERTS))
    examples, dropped, _ = rules.build([{"task": SEED}], tests="all")
    assert [example.reference for example in examples] == [f"```python\n{DOUBLE}\n```"]
    assert [item.reason for item in dropped] == ["declined"]


def test_a_seeds_own_tests_prove_the_answer_of_the_teacher(rules: Rules) -> None:
    row = {"task": SEED, "tests": ASSERTS, "entry": "double", "topic": "numbers"}
    two = f"{DOUBLE}\n\ndef other(n):\n    return n"
    rules.answers(SEED, fenced(two)).evolves(SEED, None)
    (example,), dropped, _ = rules.build([row])
    assert (example.meta["tests"], example.meta["verdict"], example.meta["entry"]) == (ASSERTS, "passed", "double")
    assert {"seed", "numbers", "proven", "python"} == example.tags
    assert [item.reason for item in dropped] == ["declined"]


def test_an_answer_that_the_teacher_wrote_for_a_seed_gets_tests(rules: Rules) -> None:
    rules.answers(SEED, fenced(DOUBLE)).evolves(SEED, None).tests(SEED, DOUBLE, fenced(ASSERTS))
    (example,), _, _ = rules.build([{"task": SEED}])
    assert (example.meta["tests"], example.meta["verdict"]) == (ASSERTS, "passed")


def test_no_tests_are_paid_for_where_nothing_is_run(rules: Rules) -> None:
    rules.evolves(SEED, HARDER).answers(HARDER, fenced(CAREFUL)).tests(HARDER, CAREFUL, fenced(ASSERTS))
    assert len(rules.build(proof="off")[2].recording) == 2
    assert len(rules.build(proof="off", tests="all")[2].recording) == 3


class Always:
    """A teacher that evolves, answers and tests whatever it is asked, and remembers the requests."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, int]] = []

    def answer(self, messages: Any, sampling: Any) -> str:
        text = messages[0]["content"]
        kind = "tests" if "assert" in text else "evolve" if "[exercise]" in text else "answer"
        self.asked.append((kind, text, sampling.seed))
        number = re.search(r"number (\d+)", text)[1]  # type: ignore[index]
        program = f"def double(n):\n    # {number}\n    return 2 * n"
        harder = f"Write `double(n)` for number {number}, and refuse anything that is below zero or no whole amount."
        return {"tests": fenced(ASSERTS), "evolve": harder, "answer": fenced(program)}[kind]

    def build(self, folder: Path, places: range, **options: Any) -> list[tuple[str, str, int]]:
        self.asked.clear()
        rows = [{"task": f"Write `double(n)` that doubles number {place}.", "solution": DOUBLE} for place in places]
        source = folder / "seeds.jsonl"
        source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        chosen = EvolveCodeOptions(**({"rounds": 1, "judge": False, "proof": "tag"} | options))
        context = Context("code-evolve", chosen, DataSettings(sources=(str(source),)), seed=0)
        context.teacher = lambda: self  # type: ignore[method-assign]
        context.call(code_evolve)
        return list(self.asked)


def test_a_seed_more_or_less_changes_no_request_of_another(tmp_path: Path) -> None:
    teacher = Always()
    for options in ({}, {"tests": "all"}):
        every = set(teacher.build(tmp_path, range(8), **options))
        fewer = teacher.build(tmp_path, range(1, 8), **options)
        assert {kind for kind, _, _ in fewer} == {"evolve", "answer", "tests"}
        assert set(fewer) < every


def test_which_seeds_evolve_depends_on_their_own_texts(tmp_path: Path) -> None:
    teacher = Always()
    fewer = set(teacher.build(tmp_path, range(1, 9), evolve=4))
    more = set(teacher.build(tmp_path, range(9), evolve=4))
    assert len({text for kind, text, _ in fewer & more if kind == "evolve"}) >= 3


def test_tests_are_asked_before_the_next_rows_are_evolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evolve, "TOGETHER", 2)
    monkeypatch.setattr(evolution, "TOGETHER", 2)
    kinds = [kind for kind, _, _ in Always().build(tmp_path, range(4))]
    assert kinds == ["evolve", "evolve", "answer", "answer", "tests", "tests"] * 2


CUT = "Sure:\n\n```python\ndef double(n):\n    two = 2\n    return two *"


@pytest.mark.parametrize(
    ("reply", "cut"),
    [
        (CUT, True),
        (f"Sure:\n\n```python\n{CAREFUL}", True),
        ("def one(n):\n    return n\n\ndef double(n):\n    two = 2\n    return two *", True),
        ("def one(n):\n    return n\n\ndef double(n", True),
        (fenced(DOUBLE), False),
        (DOUBLE, False),
        (f"{DOUBLE}\n```\nIt works.", False),
        (f"{DOUBLE}\n```", False),
        (f"Here it is.\n\n{DOUBLE}\n\nIt works for all numbers.", False),
        (f"{DOUBLE}\n\nif __name__ == '__main__':\n    print(double(2))", False),
        ("Multiply by two.", False),
    ],
)
def test_a_program_without_its_end_is_no_answer(reply: str, cut: bool) -> None:
    assert cut_off(reply) == cut
    made = finished(Task(text="Double.", origin=_origin()), reply)
    if cut:
        assert isinstance(made, str)


def test_a_task_that_ends_inside_a_block_is_refused_and_a_mistake_in_one_is_not() -> None:
    wanted = "Say where the mistake of this attempt is, and write it anew without it:"
    assert refusal(Task(text=f"{wanted}\n\n{CUT}", origin=_origin())) == "cut-off"
    assert refusal(Task(text=f"{wanted}\n\n{DOUBLE} *\n    return n", origin=_origin())) is None
    assert refusal(Task(text=f"{wanted}\n\n{CUT}\n```", origin=_origin())) is None


def test_the_thoughts_before_tests_are_not_read(rules: Rules) -> None:
    thought = f"<think>\nLet me see.\n```python\nassert double(2) == 5\n```\n</think>\n{fenced(ASSERTS)}"
    rules.evolves(SEED, HARDER).answers(HARDER, fenced(CAREFUL)).tests(HARDER, CAREFUL, thought)
    (_, evolved), _, _ = rules.build()
    assert evolved.meta["tests"] == ASSERTS


def test_seeds_get_tests_where_all_are_to_have_some(rules: Rules) -> None:
    rules.tests(SEED, DOUBLE, fenced(ASSERTS))
    row = {"instruction": SEED, "input": "", "output": DOUBLE}
    (example,), _, _ = rules.build([row], rounds=0, tests="all")
    assert (example.meta["tests"], example.meta["verdict"]) == (ASSERTS, "passed")


def test_a_seed_that_comes_twice_is_booked_once(rules: Rules) -> None:
    rules.evolves(SEED, None)
    examples, dropped, _ = rules.build(ROWS * 2)
    assert (len(examples), [item.reason for item in dropped]) == (2, ["declined"])


def test_prose_around_the_program_is_kept_where_wanted(rules: Rules) -> None:
    rules.evolves(SEED, HARDER).answers(HARDER, fenced(CAREFUL)).tests(HARDER, CAREFUL, fenced(ASSERTS))
    (_, evolved), _, _ = rules.build(prose=True)
    assert evolved.reference == fenced(CAREFUL)
    assert evolved.meta["solution"] == CAREFUL


def test_the_last_heuristic_is_drawn_seldom() -> None:
    import random

    recipe = recipe_of(HEURISTICS)
    rng = random.Random(0)
    drawn = Counter(recipe.draw(rng).name for _ in range(4000))
    assert set(drawn) == set(HEURISTICS)
    assert drawn["complexity"] < min(count for name, count in drawn.items() if name != "complexity") / 2
    assert {operator.name for operator in recipe_of(["reasoning"]).operators} == {"reasoning"}


def test_the_frame_has_no_word_of_anothers() -> None:
    assert "{method}" in FRAME
    assert "{task}" in FRAME
    theirs = "increase the difficulty of the given programming test question a bit"
    assert theirs not in FRAME.casefold()


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        (fenced(ASSERTS), ASSERTS),
        (ASSERTS, ASSERTS),
        ("Here are tests:\n1. `assert double(2) == 4`\n2. `assert double(0) == 0`", ASSERTS),
        (fenced(f"{DOUBLE}\n\n{ASSERTS}"), ASSERTS),
        (fenced(f"from solution import double\n{ASSERTS}"), ASSERTS),
        (fenced(f"{ASSERTS}\nif __name__ == '__main__':\n    print('fine')"), ASSERTS),
        ("```python\nassert double(2) == 4\n```\nand\n```python\nassert double(0) == 0\n```", ASSERTS),
        (fenced("assert True"), ""),
        (fenced("print(double(2))"), ""),
        ("assert this, assert that", ""),
        ("", ""),
    ],
)
def test_tests_are_read_out_of_a_reply(reply: str, wanted: str) -> None:
    assert checks.tests_of(reply, DOUBLE) == wanted


def test_test_functions_and_classes_are_tests_too() -> None:
    function = "def test_double():\n    assert double(2) == 4"
    method = "    def test_it(self):\n        self.assertEqual(double(2), 4)"
    case = f"import unittest\n\nclass Tests(unittest.TestCase):\n\n{method}"
    assert checks.tests_of(fenced(function), DOUBLE) == function
    assert checks.tests_of(fenced(case), DOUBLE) == case


def test_the_teacher_of_tests_sees_heads_and_no_bodies() -> None:
    source = (
        "import math\n\n\n@cache\ndef f(a: int, *, b=2) -> int:\n    secret = 3\n    return secret\n\n\n"
        "class A:\n    def g(self):\n        return 'secret'\n"
    )
    heads = heads_of(source)
    assert "secret" not in heads
    assert "def f(a: int, *, b=2) -> int:" in heads
    assert "    def g(self):" in heads
    assert ast.parse(heads)


def test_finishing_takes_the_program_out_of_the_answer() -> None:
    task = Task(text="Double.", origin=_origin())
    made = finished(task, fenced(DOUBLE))
    assert isinstance(made, Task)
    assert (made.answer, made.meta["solution"]) == (f"```python\n{DOUBLE}\n```", DOUBLE)
    assert finished(task, "Multiply by two.") == "no-program"
    assert refusal(Task(text=f"Find the mistake:\n\n{DOUBLE}\n\nand write `double` anew.", origin=_origin())) is None


@pytest.mark.parametrize("wrong", [{"rounds": -1}, {"heuristics": []}, {"heuristics": ["deepen"]}, {"proof": "maybe"}])
def test_options_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        validate(EvolveCodeOptions, wrong, "data.options")
