"""How a task is put to a model: one form for training, evaluation and the teacher's answers."""

from __future__ import annotations

import ast
import textwrap

FENCE = "```"
COMPLETE = "Complete this Python function. Reply with the whole function in one Python code block."


def asked_for(prompt: str) -> str:
    """Ask for the function whose head, and usually docstring, is given: what a HumanEval prompt becomes."""
    return f"{COMPLETE}\n\n{fenced(prompt)}"


def fenced(source: str) -> str:
    """Put a program in a code block, whose fence is longer than any in the program."""
    mark = FENCE
    while mark in source:
        mark += "`"
    return f"{mark}python\n{source.strip(chr(10)).rstrip()}\n{mark}"


def head_of(task: str, solution: str, entry: str) -> str | None:
    """Write a task as the head of its function with the task as docstring; None where the solution defines none.

    Imports that the head needs (its annotations and defaults) stand before it, as in HumanEval.
    """
    tree = ast.parse(solution)
    function = next((part for part in tree.body if isinstance(part, ast.FunctionDef) and part.name == entry), None)
    if function is None or function.decorator_list or "\\" in task or '"""' in task:
        return None
    bare = ast.FunctionDef(
        name=function.name, args=function.args, body=[], decorator_list=[], returns=function.returns
    )  # fmt: skip
    head = ast.unparse(ast.fix_missing_locations(bare)).rstrip()
    needed = {node.id for node in ast.walk(bare) if isinstance(node, ast.Name)}
    imports = [ast.unparse(part) for part in tree.body if _binds(part) & needed]
    text = textwrap.indent(task.strip(), "    ").strip()
    before = "\n".join(imports) + "\n\n\n" if imports else ""
    return f'{before}{head}\n    """{text}\n    """\n'


def _binds(part: ast.stmt) -> set[str]:
    """Return the names that an import statement binds."""
    if not isinstance(part, ast.Import | ast.ImportFrom):
        return set()
    return {(alias.asname or alias.name).partition(".")[0] for alias in part.names}
