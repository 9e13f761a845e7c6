"""The functions of a training example that could be the solution of some problem, and how many arguments they take."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from domaintune import Example
from domaintune_code.answers import blocks, code_of, functions, parsed
from domaintune_code.humaneval import parsed_tests

MOST = 12
"""Functions of one program that are tried."""
ANY = 99
"""Arguments that a function with `*args` takes at most."""
KNOWN = sys.stdlib_module_names | {"numpy"}
"""Modules that a program may import when it is tried; others are left out, and what needs them fails."""

_KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)


@dataclass(frozen=True)
class Candidate:
    """A function that can be called with `least` to `most` arguments, as `call`: `double` or `Solution().double`."""

    call: str
    name: str
    least: int
    most: int

    def takes(self, counts: range) -> bool:
        """Tell whether it can be called with one of these numbers of arguments."""
        return self.least <= counts[-1] and self.most >= counts[0]


def programs_in(example: Example) -> list[str]:
    """Return the programs of a training example without what only tries them: the proven one, or all in its answer."""
    given = example.meta.get("solution")
    texts = [given] if isinstance(given, str) else [code_of(example.reference), *_blocks(example.reference)]
    return list(dict.fromkeys(source for text in texts if (source := _definitions(text))))


def _blocks(answer: str) -> Iterator[str]:
    return (block.text for block in blocks(answer))


def _definitions(text: str) -> str:
    """Return what a program defines, written anew; empty where it defines no function."""
    tree = parsed(text)
    if tree is None or not functions(tree):
        return ""
    own = set(functions(tree)) | {"input", "open"}
    body = [kept for part in tree.body if (kept := _kept(part, own)) is not None]
    try:
        return ast.unparse(ast.Module(body=body, type_ignores=[])) + "\n"
    except (RecursionError, ValueError):
        return ""


def _kept(part: ast.stmt, own: set[str]) -> ast.stmt | None:
    """Return a statement that defines something without running the program's own functions; None for any other."""
    if not isinstance(part, _KEPT):
        return None
    if isinstance(part, ast.Import):
        names = [alias for alias in part.names if alias.name.partition(".")[0] in KNOWN]
        return ast.Import(names=names) if names else None
    if isinstance(part, ast.ImportFrom):
        wanted = (part.module or "").partition(".")[0]
        return part if not part.level and wanted in KNOWN - {"__future__"} else None
    if isinstance(part, ast.Assign | ast.AnnAssign) and own & _called(part):
        return None
    return part


def _called(tree: ast.AST) -> set[str]:
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {name.id for name in calls if isinstance(name, ast.Name)}


def candidates_in(source: str) -> list[Candidate]:
    """Return the functions of a program, and the methods of classes that are made without arguments."""
    tree = parsed(source)
    found: list[Candidate] = []
    for part in tree.body if tree is not None else ():
        if isinstance(part, ast.FunctionDef):
            found.append(_candidate(part, part.name, part.name, bound=0))
        elif isinstance(part, ast.ClassDef) and not _needs_arguments(part):
            methods = (one for one in part.body if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"))
            for method in methods:
                plain = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in method.decorator_list)
                found.append(_candidate(method, f"{part.name}().{method.name}", part.name, bound=0 if plain else 1))
    return [one for one in found if one.most >= 0][:MOST]


def _needs_arguments(part: ast.ClassDef) -> bool:
    made = next((one for one in part.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None)
    return made is not None and _counts(made)[0] > 1


def _candidate(function: ast.FunctionDef, call: str, name: str, *, bound: int) -> Candidate:
    least, most = _counts(function)
    return Candidate(call, name, max(0, least - bound), most - bound)


def _counts(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[int, int]:
    """Return how many positional arguments a function needs and takes; one that needs others by name takes none."""
    given = function.args
    if any(default is None for default in given.kw_defaults):
        return ANY, -1
    all_of_them = len(given.posonlyargs) + len(given.args)
    return all_of_them - len(given.defaults), ANY if given.vararg else all_of_them


def arguments(tests: str, entry: str, solution: str) -> range:
    """Return with how many arguments tests call a function; where they do not show it, as its definition says."""
    tree = parsed_tests(tests)
    calls = [
        node.args
        for node in (ast.walk(tree) if tree is not None else ())
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {entry, "candidate"}
    ]
    counts = {len(args) for args in calls if not any(isinstance(one, ast.Starred) for one in args)}
    if counts:
        return range(min(counts), max(counts) + 1)
    known = parsed(solution)
    for part in known.body if known is not None else ():
        if isinstance(part, ast.FunctionDef) and part.name == entry:
            least, most = _counts(part)
            return range(max(0, least), max(0, most) + 1)
    return range(ANY + 1)
