"""The names of a solution that tests use: what may judge itself, because whoever wrote the tests knew of it."""

from __future__ import annotations

import ast
import symtable
import warnings
from threading import Lock

from domaintune.sandbox.inside.mirrors import OWN

_ALONE = Lock()  # what warnings are shown is one thing for all threads


def used(tests: str) -> tuple[tuple[str, ...], bool]:
    """Return the global names that tests read and do not bind, or import from the solution, and whether they act.

    Tests act where they do more than import and define things: else they have to be called.
    """
    try:
        with _ALONE, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in a stranger's strings
            top = symtable.symtable(tests, "<tests>", "exec")
            tree = ast.parse(tests)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return (), True
    bound = {symbol.get_name() for symbol in top.get_symbols() if _is_bound(symbol)}
    return tuple(sorted((_read(top) - bound) | _taken(tree))), any(map(_acts, tree.body))


def _acts(statement: ast.stmt) -> bool:
    """Tell whether a statement does more than import or define: it asserts or calls something."""
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    return any(isinstance(node, ast.Assert | ast.Call | ast.Raise) for node in ast.walk(statement))


def _taken(tree: ast.Module) -> set[str]:
    """Return what tests import from the solution."""
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == OWN)
    return {alias.name for node in imports for alias in node.names}


def _read(scope: symtable.SymbolTable) -> set[str]:
    """Return the global names that are read in a scope and in those within it."""
    top = scope.get_type() == "module"
    found = {
        symbol.get_name() for symbol in scope.get_symbols() if symbol.is_referenced() and (top or symbol.is_global())
    }
    return found.union(*map(_read, scope.get_children()))


def _is_bound(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
