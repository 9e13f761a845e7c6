"""Reading MBPP: a task in a sentence and the asserts that an answer must pass, which the model is shown.

Four forms are read: the whole file (`text`, `test_setup_code`, `challenge_test_list`), the sanitized one (`prompt`,
`test_imports`), MBPP+ of the hub (a `test` beside these), and the same as parquet. The release of MBPP+ is refused.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

from domaintune import DataError
from domaintune_code.answers import defined, parsed
from domaintune_code.humaneval import parsed_tests, refuse_idle
from domaintune_code.problem import Fields, Problem, refuse_repeats, rows
from domaintune_code.prompts import fenced

ASK = "Write it in Python and reply with one code block. It must pass these tests:"
TEST_SPLIT = range(11, 511)
"""The tasks that are asked, by number: those before are for prompts with examples, those after for training."""


def read(source: str, *, plus: bool = True, challenge: bool = False, every: bool = False) -> list[Problem]:
    """Return the problems of a file or a hub data set, of MBPP itself only the test split unless `every` is set.

    `plus` takes the extra tests of MBPP+, `challenge` the harder asserts that some rows have.
    """
    found = [fields for fields in rows(source) if every or "test" in fields.values or _number(fields) in TEST_SPLIT]
    if not found and any(True for _ in rows(source)):
        raise DataError(f"{source} has no task from 11 to 510, MBPP's test split; set split = 'all' to ask every row")
    return refuse_repeats([_problem(fields, plus=plus, challenge=challenge) for fields in found], source)


def _number(fields: Fields) -> int:
    """Return the number of a task: `11`, `"11"` or `"Mbpp/11"`."""
    number = re.fullmatch(r"(?:mbpp/)?(\d{1,9})", str(fields.values.get("task_id")), re.IGNORECASE)
    if number is None:
        raise fields.wrong("its 'task_id' is no number")
    return int(number[1])


def _problem(fields: Fields, *, plus: bool, challenge: bool) -> Problem:
    if "plus_input" in fields.values:
        raise fields.wrong(
            "MBPP+ as EvalPlus releases it has lost the tuples and sets of its inputs; take hf:evalplus/mbppplus"
        )
    task, solution = fields.text("text", "prompt").strip(), _lines(fields.text("code", default=""))
    asserts = [_lines(line) for line in fields.texts("test_list")]
    if not asserts:
        raise fields.wrong("no asserts in 'test_list'")
    setup = [_lines(fields.text("test_setup_code", default="")), *map(_lines, fields.texts("test_imports"))]
    harder = [_lines(line) for line in fields.texts("challenge_test_list")] if challenge else []
    tests = _joined([*setup, *asserts, *harder])
    extra = _joined([*setup, _lines(fields.text("test"))]) if plus and fields.values.get("test") else ""
    for text in filter(None, (tests, extra)):
        refuse_idle(fields, text)
    entry = _entry(asserts, solution)
    if entry is None:
        raise fields.wrong("its asserts call no function that an answer could define")
    return Problem(
        task_id=str(fields.values["task_id"]),
        entry=entry,
        text=f"{task}\n\n{ASK}\n\n{fenced(_joined(asserts))}",
        topic=task,
        prompt="",
        tests=tests,
        plus=extra,
        solution=solution.strip(),
        origin=fields.origin,
        tag="MBPP",
    )


def _joined(parts: list[str]) -> str:
    return "".join(f"{part.rstrip()}\n" for part in parts if part.strip())


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _entry(asserts: list[str], solution: str) -> str | None:
    """Return the function that the tests are about: the first that they call and the solution defines, else the first."""
    called = [name for line in asserts for name in _called(line)]
    tree = parsed(solution)
    own = defined(tree) if tree is not None else set()
    strange = [name for name in called if not hasattr(builtins, name)]
    return next((name for name in called if name in own), strange[0] if strange else None)


def _called(source: str) -> Iterator[str]:
    """Yield the names of the functions that a test calls, outermost first."""
    tree = parsed_tests(source)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
