"""Seeds out of Code Alpaca's files and others: every form is read, every row is accounted for, languages are told apart."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from domaintune import Dropped, Example
from domaintune.data import make
from domaintune.data.context import Context
from domaintune.settings import DataSettings
from domaintune.testing import run_builder
from domaintune_code.evolve import code_evolve
from domaintune_code.languages import is_python, language_of
from domaintune_code.options import EvolveCodeOptions

DOUBLE = "def double(n):\n    return 2 * n"
ROW = {"instruction": "Write a Python function `double` that doubles a number.", "input": "", "output": DOUBLE}


def build(*rows: dict[str, Any], **options: Any) -> tuple[list[Example], list[Dropped]]:
    return run_builder(code_evolve, rows, EvolveCodeOptions(**({"proof": "off"} | options)))


class Fixed(Context):
    """A context with rows and a teacher of a test's own."""

    def __init__(self, rows: list[dict[str, Any]], options: EvolveCodeOptions, teacher: Any) -> None:
        folder = Path(tempfile.mkdtemp())
        file = folder / "rows.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        super().__init__("code-evolve", options, DataSettings(sources=(str(file),)), seed=0)
        self.teacher = lambda: teacher  # type: ignore[method-assign]


def test_code_alpacas_input_is_part_of_the_question() -> None:
    (plain, joined, noinput), _ = build(ROW, ROW | {"input": "n = 4\n"}, ROW | {"input": "<noinput>"})
    assert plain.question == noinput.question == ROW["instruction"]
    assert joined.question == f"{ROW['instruction']}\n\nn = 4"
    assert plain.reference == f"```python\n{DOUBLE}\n```"


def test_self_instructs_first_instance_is_read() -> None:
    row = {"instruction": "Complete this in Python.", "instances": [{"input": "def double(n):", "output": DOUBLE}]}
    (example,), dropped = build(row)
    assert example.question == "Complete this in Python.\n\ndef double(n):"
    assert (example.meta["solution"], example.meta["entry"], dropped) == (DOUBLE, "double", [])


def test_a_list_of_asserts_is_one_test() -> None:
    row = {"text": "Double a number.", "code": DOUBLE, "test_list": ["assert double(1) == 2", "assert double(0) == 0"]}
    (example,), _ = build(row, proof="require")
    assert example.meta["tests"] == "assert double(1) == 2\nassert double(0) == 0"
    assert example.meta["verdict"] == "passed"


def test_rows_without_task_or_answer_are_dropped_with_the_reason() -> None:
    examples, dropped = build({**ROW, "instruction": "  "}, {**ROW, "output": ""}, ROW)
    assert [item.reason for item in dropped] == ["no-task", "no-answer"]
    assert len(examples) == 1


@pytest.mark.parametrize(
    ("task", "solution", "language"),
    [
        ("Write a function that doubles.", DOUBLE, "python"),
        ("Write a Python program.", "print 'x'", "python"),
        ("Write a JavaScript function.", "let x = 1;", "javascript"),
        ("Write a function in Java.", "class A { }", "java"),
        ("Write a C program.", "int main() {}", "c"),
        ("Sort it in C++.", "sort(a);", "c++"),
        ("Write C# code.", "var x = 1;", "c#"),
        ("Write a SQL query.", "SELECT 1", "sql"),
        ("Turn this Python into Java.", "for (int x : xs) {}", "java"),
        ("Compare Java and Python.", "import this", "python"),
        ("Add a row to the C major scale table.", "Done.", "other"),
        ("What is a stack?", "stack", "other"),
    ],
)
def test_languages_are_told_apart_by_name_and_by_answer(task: str, solution: str, language: str) -> None:
    assert language_of(task, solution) == language


def test_a_lone_word_is_no_program() -> None:
    assert not is_python("Paris")
    assert not is_python("SELECT * FROM towns")
    assert is_python("x = 5")


def test_other_languages_are_dropped_or_kept_with_a_tag() -> None:
    script = {"instruction": "Write a JavaScript line.", "input": "", "output": "let x = 1;"}
    _, dropped = build(script, ROW)
    assert [item.reason for item in dropped] == ["not-python"]
    assert "javascript" in dropped[0].detail
    kept, _ = build(script, ROW, languages="all", proof="tag")
    assert [sorted(example.tags) for example in kept] == [
        ["javascript", "seed", "unproven"],
        ["python", "seed", "unproven"],
    ]
    assert kept[0].reference == "let x = 1;"
    proven, dropped = build(script, languages="all", proof="require")
    assert (proven, [item.reason for item in dropped]) == ([], ["not-python"])


def test_a_task_in_another_language_is_dropped_before_anyone_is_paid_for_it() -> None:
    asked: list[Any] = []

    class Teacher:
        def answer(self, messages: Any, sampling: Any) -> None:
            asked.append(messages)

    rows = [
        {"task": "Write a JavaScript function `addjs(n)` that adds one."},
        {"task": "Write a SQL query that counts towns."},
        {"task": "Write a function `f(n)` that adds one."},
        {"task": "Write a Python function that joins SQL words."},
        {"task": "Write `bare(html)`, which takes HTML tags out of a text.", "tests": "assert bare('<b>a') == 'a'"},
    ]
    for languages in ("python", "all"):
        asked.clear()
        context = Fixed(rows, EvolveCodeOptions(rounds=1, languages=languages), Teacher())
        _, dropped = context.call(code_evolve)
        assert Counter(item.reason for item in dropped) == {"not-python": 2, "declined": 3}
        assert len(asked) == 3


def test_the_own_sample_is_proven_row_by_row() -> None:
    context = Context("code-evolve", EvolveCodeOptions(), DataSettings(limit=12), seed=0)
    examples, dropped = context.call(code_evolve)
    assert (len(examples), dropped) == (12, [])
    for example in examples:
        assert {"tests", "solution", "entry", "verdict", "seconds", "tier"} <= set(example.meta)
        assert (example.meta["verdict"], example.meta["tier"]) == ("passed", "T1")


def test_a_task_can_be_put_as_a_function_to_complete() -> None:
    (example,), _ = build(ROW, form="function")
    assert "```python\ndef double(n):\n" in example.question
    assert f'"""{ROW["instruction"]}' in example.question
    assert example.group == ROW["instruction"]


def test_code_alpacas_pilot_set_is_read_and_accounted_for(shared_data: Path) -> None:
    source = shared_data / "code-alpaca/code_alpaca_2k.json"
    settings = DataSettings(sources=(str(source),), options={})
    made = make(
        "code-evolve",
        code_evolve,
        EvolveCodeOptions(proof="tag", languages="all"),
        settings,
        seed=0,
        max_length=None,
        count_tokens=None,
    )
    rows = len(json.loads(source.read_text(encoding="utf-8")))
    assert made.ledger.rows_in == rows == 2017  # type: ignore[union-attr]
    tags = Counter(tag for example in (*made.train, *made.test) for tag in example.tags)  # type: ignore[union-attr]
    assert tags["python"] > 800
    assert tags["javascript"] > 150
    assert tags["proven"] == 0
