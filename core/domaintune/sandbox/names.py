"""The names of a solution that tests use: what may judge itself, because whoever wrote the tests knew of it."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from threading import Lock

from domaintune.sandbox.inside.mirrors import OWN

_ALONE = Lock()  # what warnings are shown is one thing for all threads


def used(tests: str) -> tuple[str, ...]:
    """Return the names that tests read and do not bind, or import from the solution; none where they do not parse."""
    try:
        with _ALONE, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in a stranger's strings
            tree = ast.parse(tests)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    theirs = {name for node in ast.walk(tree) for name in _taken(node)}
    own = {name for node in ast.walk(tree) for name in _bound(node)}
    return tuple(sorted((read - own) | theirs))


def _taken(node: ast.AST) -> Iterator[str]:
    """Yield what a statement imports from the solution."""
    if isinstance(node, ast.ImportFrom) and node.module == OWN:
        yield from (alias.name for alias in node.names)


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node of the tests binds."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name
    elif isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module != OWN):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
