"""Reading HumanEval and what is written in its form: a prompt, a function `check` that tests, a canonical solution.

Three forms are read: HumanEval's own; HumanEval+ of the hub, whose `test` is a longer check that imports numpy; and the
release of EvalPlus, which has `base_input` and `plus_input` instead of results: there the canonical solution says what is
right, in the process of the tests.
"""

from __future__ import annotations

import ast
import builtins
import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from domaintune_code.answers import DEFINITIONS, joined
from domaintune_code.comparing import SAME
from domaintune_code.problem import Fields, Problem, refuse_repeats, rows
from domaintune_code.programs import belongings


def read(source: str, *, plus: bool = True, named: str = "") -> list[Problem]:
    """Return the problems of a file or a hub data set; DataError says which row cannot be used, and why."""
    found = [_problem(fields, plus=plus) for fields in rows(source)]
    return refuse_repeats(found, named or source)


def _problem(fields: Fields, *, plus: bool) -> Problem:
    prompt, entry = fields.text("prompt"), fields.text("entry_point")
    if not entry.isidentifier():
        raise fields.wrong(f"'entry_point' is {entry[:60]!r}, which is no name")
    canonical = fields.text("canonical_solution", default="")
    solution = prompt + canonical if canonical else ""
    tests, extra = _tests(fields, entry, solution, plus=plus)
    for text in filter(None, (tests, extra)):
        refuse_idle(fields, text)
    own = belongings(prompt, entry)
    tests, extra = (joined(own, text) if text else "" for text in (tests, extra))
    return Problem(
        task_id=fields.text("task_id"),
        entry=entry,
        text=prompt.strip(),
        prompt=prompt,
        tests=tests,
        plus=extra,
        solution=solution.rstrip(),
        origin=fields.origin,
        tag=fields.text("difficulty", default=fields.text("task_id").partition("/")[0]),
    )


def _tests(fields: Fields, entry: str, solution: str, *, plus: bool) -> tuple[str, str]:
    """Return the tests and the extra tests of a row; of the hub's HumanEval+, which has one text for both, only extra."""
    if "plus_input" not in fields.values:
        tests = checking(fields.text("test"), entry)
        return ("", tests) if needs_packages(tests) else (tests, "")
    atol = fields.values.get("atol") or 0
    if not solution or not isinstance(atol, int | float):
        raise fields.wrong("inputs without results need a 'canonical_solution', and 'atol' must be a number")
    inputs = {name: _inputs(fields, name) for name in ("base_input", "plus_input")}
    base = checking(fields.text("test"), entry) if fields.values.get("test") else ""
    tests = base or by_inputs(inputs["base_input"], entry, solution, atol)
    return tests, by_inputs(inputs["plus_input"], entry, solution, atol) if plus and inputs["plus_input"] else ""


def _inputs(fields: Fields, name: str) -> list[Any]:
    value = fields.values.get(name)
    try:
        value = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        raise fields.wrong(f"{name!r} is no JSON") from None
    if isinstance(value, list) and all(isinstance(arguments, list) for arguments in value):
        return value
    raise fields.wrong(f"{name!r} is no list of lists of arguments")


def checking(test: str, entry: str) -> str:
    """Return the tests so that they run: where they only define `check`, it is called with the function."""
    tree = parsed_tests(test)
    if tree is None:
        return test
    defines = any(isinstance(part, ast.FunctionDef) and part.name == "check" for part in tree.body)
    called = any(_calls_check(part) for part in tree.body)
    return f"{test.rstrip()}\n\n\ncheck({entry})\n" if defines and not called else test


def _calls_check(part: ast.stmt) -> bool:
    call = part.value if isinstance(part, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "check"


def by_inputs(inputs: list[Any], entry: str, solution: str, atol: float) -> str:
    """Return tests that compare a function with the canonical solution, input by input.

    `find_zero` has many right answers for a polynomial; as in EvalPlus, what it returns must be near enough to a zero.
    """
    right = f"same(said, right(*copy.deepcopy(given)), {atol!r})"
    if entry == "find_zero":
        right = f"abs(known['poly'](*copy.deepcopy(given), said)) <= {atol or 1e-4!r}"
    return (
        f"import copy\nimport json\n\n\n{SAME}\n\n"
        f"known = {{}}\nexec({solution!r}, known)\nright = known[{entry!r}]\n"
        f"inputs = json.loads({json.dumps(inputs)!r})\n"
        f"for given in inputs:\n    said = {entry}(*copy.deepcopy(given))\n    assert {right}, given\n"
    )


def needs_packages(source: str) -> bool:
    """Tell whether a program imports what does not come with Python."""
    tree = parsed_tests(source)
    names: set[str] = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    return not names <= sys.stdlib_module_names


def refuse_idle(fields: Fields, tests: str) -> None:
    """Refuse the tests of a row that are no program, or one that tests nothing: every answer would pass them."""
    tree = parsed_tests(tests)
    if tree is None:
        raise fields.wrong("its tests are no Python program")
    if not any(map(_is_test, _executed(tree.body))):
        raise fields.wrong(
            "its tests never run; they need asserts at the top level, a function 'check' or 'test_...' there, "
            "or a unittest.TestCase"
        )


def _executed(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Yield the statements that run when a program does, those in loops and branches too, but none in a function."""
    for part in body:
        if isinstance(part, ast.stmt):
            yield part
        if isinstance(part, ast.stmt | ast.excepthandler | ast.match_case) and not isinstance(part, DEFINITIONS):
            yield from _executed(list(ast.iter_child_nodes(part)))


def _is_test(part: ast.AST) -> bool:
    """Tell whether a statement asserts or calls, or defines a test that the sandbox calls."""
    if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
        given = part.args
        lacking = len(given.posonlyargs) + len(given.args) > len(given.defaults) or None in given.kw_defaults
        return part.name.startswith("test") and not lacking
    if isinstance(part, ast.ClassDef):
        named = bool(part.bases) or part.name.startswith("Test")
        return named and any(getattr(one, "name", "").startswith("test") for one in part.body)
    return isinstance(part, ast.Assert | ast.Raise) or _acts(part)


def _acts(part: ast.AST) -> bool:
    """Tell whether the expressions of a statement call more than what makes plain values: `dict()` alone tests nothing."""
    parts = [one for one in ast.iter_child_nodes(part) if isinstance(one, ast.expr | ast.withitem)]
    calls = [node.func for one in parts for node in ast.walk(one) if isinstance(node, ast.Call)]
    names = [call.id for call in calls if isinstance(call, ast.Name)]
    return len(names) < len(calls) or any(name == "exec" or not hasattr(builtins, name) for name in names)


def parsed_tests(source: str) -> ast.Module | None:
    """Return the syntax tree of tests, however long; None where they are no program."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
