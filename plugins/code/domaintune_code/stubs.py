"""Stand-ins for a solution that do nothing: tests that they pass prove nothing of the solution.

def double(n):              def double(n):          @dataclass            class Point:
    return 2 * n     ->         return None         class Point:    ->        x = None
                                                        x: int                def __init__(self, *given, **named): ...
"""

from __future__ import annotations

import ast
import re
from collections.abc import Set
from typing import TypeVar

from domaintune_code.answers import loaded, parsed

_CATCHES = re.compile(r"\b(?:except|with)\b|[Rr]aises|suppress")
_MAKERS = re.compile(r"dataclass|Enum$|Flag$|NamedTuple$|TypedDict$")
"""Decorators and bases that make a class out of its fields."""
_ACTS = (ast.Expr, ast.For, ast.While, ast.If, ast.With)
Function = TypeVar("Function", ast.FunctionDef, ast.AsyncFunctionDef)


def stubs_of(solution: str, tests: str) -> list[str]:
    """Return a program whose functions return None, and where tests might catch what is raised one whose functions raise.

    Tests that catch nothing and pass the second call nothing, so they pass the first as well. Fields of classes, and
    what tests use of the values that the program computes, become None. Where all that changes nothing, as in a program of
    constants, every value does. What is no program has no stand-in.
    """
    whole = parsed(solution)
    if whole is None:
        return []
    bodies = ["return None", *(["raise NotImplementedError('a stand-in')"] if _CATCHES.search(tests) else [])]
    stubs = [_stub(solution, body, _computed(whole, tests)) for body in bodies]
    if stubs[0] != ast.unparse(whole):
        return stubs
    nothing = _stub(solution, bodies[0], {name for part in whole.body for name in _assigned(part)})
    return [nothing if nothing != stubs[0] else ""]


def _stub(solution: str, body: str, emptied: Set[str]) -> str:
    tree = parsed(solution)  # anew each time, for it is changed
    assert tree is not None
    return ast.unparse(ast.fix_missing_locations(_Stub(body, emptied).visit(tree)))


def _computed(tree: ast.Module, tests: str) -> set[str]:
    """Return the names of the tests that a program gives the result of a call, such as `partial(...)`; no base classes."""
    checks = parsed(tests)
    called = {
        name
        for part in tree.body
        if isinstance(getattr(part, "value", None), ast.Call)
        for name in _assigned(part)
    }  # fmt: skip
    classes = (part for part in ast.walk(tree) if isinstance(part, ast.ClassDef))
    bases = {name for part in classes for base in part.bases for name in loaded(base)}
    return called & (loaded(checks) if checks is not None else set()) - bases


def _assigned(part: ast.stmt) -> list[str]:
    """Return the plain names that a statement gives a value."""
    targets = part.targets if isinstance(part, ast.Assign) else [part.target] if isinstance(part, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


class _Stub(ast.NodeTransformer):
    """Puts one statement in the place of what a program does; what it imports and names stays."""

    def __init__(self, body: str, emptied: Set[str]) -> None:
        self._body = body
        self._emptied_names = emptied

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Keep what defines something; a program that only acts becomes one that does nothing."""
        kept = [self.visit(part) for part in node.body if not isinstance(part, _ACTS)]
        for part in kept:
            if isinstance(part, ast.Assign | ast.AnnAssign) and self._emptied_names & set(_assigned(part)):
                part.value = ast.Constant(value=None)
        return ast.Module(body=kept, type_ignores=[])

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        """Empty a class: its methods, and its fields, which no decorator or base makes anything of."""
        made = _made_of_fields(node)
        node.body = [_field(self.visit(part)) for part in node.body]
        if made:
            node.decorator_list = [one for one in node.decorator_list if not _MAKERS.search(_name(one))]
            node.bases = [one for one in node.bases if not made.search(_name(one))]
            node.keywords = []
        if made and not any(getattr(part, "name", "") == "__init__" for part in node.body):
            node.body += ast.parse("def __init__(self, *given, **named):\n    return None").body
        return node

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


def _made_of_fields(node: ast.ClassDef) -> re.Pattern[str] | None:
    """Return what bases have to go from a class that is made of its fields; an enum can mix in any others."""
    if any(re.search(r"Enum$|Flag$", _name(one)) for one in node.bases):
        return re.compile("")
    return _MAKERS if any(_MAKERS.search(_name(one)) for one in (*node.bases, *node.decorator_list)) else None


def _name(node: ast.expr) -> str:
    """Return what a decorator or a base is called, without what it is called with."""
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)


def _field(part: ast.stmt) -> ast.stmt:
    """Return a field of a class as None; what Python itself reads, such as `__slots__`, stays."""
    names = _assigned(part)
    if not names or any(name.startswith("__") for name in names):
        return part
    targets: list[ast.expr] = [ast.Name(id=name, ctx=ast.Store()) for name in names]
    return ast.Assign(targets=targets, value=ast.Constant(value=None))
