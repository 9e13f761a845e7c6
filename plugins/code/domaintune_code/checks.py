"""Tests that a teacher writes: what it is asked, and what is taken from its reply."""

from __future__ import annotations

import ast
import random
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from importlib.util import find_spec

from domaintune import BuildContext, Message, Sampling, ask_teacher
from domaintune.synthesis import spoken
from domaintune_code.answers import LIMIT, blocks, defined, parsed
from domaintune_code.drafts import Draft
from domaintune_code.heuristics import TESTS

SOLUTION = "solution"
"""The module as which tests can import what they test."""
ASSERTING = ("assert", "fail")
"""How the methods begin by which a unittest.TestCase complains."""


def with_tests(
    context: BuildContext, rows: Sequence[Draft], tokens: int, *, base: int, bar: bool = True
) -> list[Draft]:
    """Return the rows, with tests by the teacher for those that are Python and have none.

    The teacher sees the task and the heads of the functions, not what they do: else the tests would repeat its mistakes.
    The seed of each request is drawn from `base` and the row's own text: a row more or less changes no other's.
    """
    lacking = [place for place, row in enumerate(rows) if row.solution and not row.tests]
    made = list(rows)
    if not lacking:
        return made
    several = [request(rows[place]) for place in lacking]
    samplings = [Sampling(max_new_tokens=tokens, seed=_seed(base, rows[place])) for place in lacking]
    with context.progress("asking for tests", len(lacking)) if bar else nullcontext(_unseen) as show:
        replies = ask_teacher(context.teacher(), several, samplings)
        for count, (place, reply) in enumerate(zip(lacking, replies, strict=True), 1):
            made[place] = replace(rows[place], tests=tests_of(spoken(reply or ""), rows[place].solution))
            show(count, len(lacking))
    return made


def _seed(base: int, row: Draft) -> int:
    return random.Random(f"{base} {row.task}\n{row.solution}").getrandbits(31)  # noqa: S311  (sampling, not secrecy)


def _unseen(_done: int, _total: int, _note: str = "") -> None:
    """Stand in for a bar while another one is on the screen."""


def request(row: Draft) -> list[Message]:
    """Return what the teacher is asked for the tests of a row."""
    text = TESTS.replace("{heads}", heads_of(row.solution)).replace("{task}", row.task)
    return [Message(role="user", content=text)]


def heads_of(solution: str) -> str:
    """Return the heads of a program's functions and classes, without what they do."""
    tree = parsed(solution)
    return "\n".join(line for part in tree.body for line in _head(part)) if tree is not None else ""


def tests_of(reply: str, solution: str) -> str:
    """Return the tests in a reply as one program; empty where there are none.

    What the reply defines a second time is taken out, and so are imports of it: tests of their own copy of the solution
    would prove nothing.
    """
    reply = reply[:LIMIT].replace("\r\n", "\n")
    program = parsed(solution)
    theirs = defined(program) if program is not None else set()
    pieces = [block.text for block in blocks(reply)] or [reply, _asserts(reply)]
    for tree in map(parsed, ["\n\n".join(pieces), *pieces] if len(pieces) > 1 and "```" in reply else pieces):
        if tree is None:
            continue
        kept = [part for part in tree.body if not _repeats(part, theirs)]
        if any(_asserts_something(node) for part in kept for node in ast.walk(part)):
            return ast.unparse(ast.Module(body=kept, type_ignores=[]))
    return ""


def _asserts(reply: str) -> str:
    """Return the lines of a reply that are asserts, whole ones only."""
    lines = [line.strip().lstrip("-*0123456789.) ").strip("`") for line in reply.split("\n")]
    return "\n".join(line for line in lines if line.startswith("assert ") and parsed(line) is not None)


def _repeats(part: ast.stmt, theirs: set[str]) -> bool:
    """Tell whether a statement defines or imports what the solution defines, or only starts the tests."""
    if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return part.name in theirs
    if isinstance(part, ast.ImportFrom):
        return any(alias.name == "*" or alias.name in theirs for alias in part.names)
    return (isinstance(part, ast.If) and "__name__" in ast.dump(part.test)) or _starts_all(part)


def _starts_all(part: ast.stmt) -> bool:
    """Tell whether a statement is `unittest.main()` or the like, which runs all tests and ends the process."""
    call = part.value if isinstance(part, ast.Expr) else None
    return isinstance(call, ast.Call) and ast.unparse(call.func) in {"unittest.main", "pytest.main", "main"}


def _asserts_something(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr.startswith(ASSERTING)
    return isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant)


def _head(part: ast.stmt) -> list[str]:
    if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
        empty = ast.parse(ast.unparse(part)).body[0]
        assert isinstance(empty, ast.FunctionDef | ast.AsyncFunctionDef)
        empty.body, empty.decorator_list = [ast.Expr(value=ast.Constant(value=...))], []
        return ast.unparse(empty).split("\n")
    if isinstance(part, ast.ClassDef):
        methods = [line for method in part.body for line in _head(method)]
        return [f"class {part.name}:", *(f"    {line}" for line in methods or ["..."])]
    return []


def not_installed(tests: str, *, packages: bool) -> list[str]:
    """Return the modules that tests import outright and that are not there; with `packages` what is installed is."""
    tree = parsed(tests)
    names: set[str] = set()
    for part in tree.body if tree is not None else ():
        if isinstance(part, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in part.names}
        elif isinstance(part, ast.ImportFrom):
            names.add("." if part.level else (part.module or "").partition(".")[0])
    unknown = names - sys.stdlib_module_names - {SOLUTION}
    return sorted(name for name in unknown if not (packages and name != "." and find_spec(name)))
