"""Stand-ins for a solution that do nothing: tests that they pass prove nothing of the solution."""

from __future__ import annotations

import ast
import re
from typing import TypeVar

from domaintune_code.answers import parsed

_CATCHES = re.compile(r"\b(?:except|with)\b|[Rr]aises|suppress")
Function = TypeVar("Function", ast.FunctionDef, ast.AsyncFunctionDef)


def stubs_of(solution: str, tests: str) -> list[str]:
    """Return a program whose functions return None, and where tests might catch what is raised one whose functions raise.

    Tests that catch nothing and pass the second call nothing, so they pass the first as well. What is no program has
    no stand-in.
    """
    bodies = ["return None", *(["raise NotImplementedError('a stand-in')"] if _CATCHES.search(tests) else [])]
    trees = [(body, tree) for body in bodies if (tree := parsed(solution)) is not None]  # one each, for it is changed
    return [ast.unparse(ast.fix_missing_locations(_Stub(body).visit(tree))) for body, tree in trees]


class _Stub(ast.NodeTransformer):
    """Puts one statement in the place of what a program does; what it imports and names stays."""

    def __init__(self, body: str) -> None:
        self._body = body

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Keep what defines something; a program that only acts becomes one that does nothing."""
        kept = [part for part in node.body if not isinstance(part, ast.Expr | ast.For | ast.While | ast.If | ast.With)]
        return ast.Module(body=[self.visit(part) for part in kept], type_ignores=[])

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """Empty a function."""
        return self._emptied(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        """Empty a coroutine."""
        return self._emptied(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        """Empty a function without a name; it cannot raise, so it returns None both times."""
        node.body = ast.Constant(value=None)
        return node

    def _emptied(self, node: Function) -> Function:
        node.body = ast.parse(f"def stub():\n    {self._body}").body[0].body  # type: ignore[attr-defined]
        return node
