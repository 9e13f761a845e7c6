"""Which programming language a task asks for, as far as its words and its answer tell."""

from __future__ import annotations

import ast
import re

from domaintune_code.answers import parsed

OTHER = "other"
# The longer name first: JavaScript is no Java, and C++ no C.
_NAMES = {
    "javascript": r"javascript|js|node\.?js|jquery|react(?:\.?js)?",
    "typescript": r"typescript",
    "java": r"java",
    "c++": r"c\+\+|cpp",
    "c#": r"c#|c sharp|\.net",
    "sql": r"sql|mysql|postgres(?:ql)?|sqlite",
    "html": r"html5?|css3?|scss|svg|xml",
    "php": r"php",
    "ruby": r"ruby(?: on rails)?",
    "go": r"golang|go(?= (?:program|code|function|language))",
    "rust": r"rust",
    "swift": r"swift",
    "kotlin": r"kotlin",
    "scala": r"scala",
    "perl": r"perl",
    "matlab": r"matlab|octave",
    "r": r"(?-i:R)(?= (?:program|code|script|function|language))|(?<=in )(?-i:R)",
    "shell": r"bash|shell|unix|linux|powershell",
    "c": r"(?-i:C)(?= (?:program|code|function|language))|(?<=in )(?-i:C)",
}
_PYTHON = re.compile(r"\b(?:python[23]?|numpy|pandas|django|flask)\b", re.IGNORECASE)
_OTHERS = re.compile(
    "|".join(rf"(?P<g{place}>(?<![\w+#])(?:{names})(?![\w+#]))" for place, names in enumerate(_NAMES.values())),
    re.IGNORECASE,
)
_ACTS = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AugAssign, ast.For,
    ast.While, ast.If, ast.With, ast.Call, ast.ListComp, ast.Subscript, ast.BinOp, ast.Compare,
)  # fmt: skip


def language_of(task: str, solution: str) -> str:
    """Return `python`, the name of another language that the task names, or `other` where the answer is no program."""
    other = _other(task)
    if _PYTHON.search(task) and (not other or is_python(solution)):
        return "python"
    return other or ("python" if is_python(solution) else OTHER)


def foreign(task: str) -> str:
    """Return the language other than Python that a task names, where it does not name Python too; empty if none."""
    return "" if _PYTHON.search(task) else _other(task)


def _other(task: str) -> str:
    named = _OTHERS.search(task)
    return list(_NAMES)[int(named.lastgroup[1:])] if named and named.lastgroup else ""


def is_python(source: str) -> bool:
    """Tell whether a text is Python that does something; a lone word or number would be, too."""
    tree = parsed(source)
    return tree is not None and any(isinstance(node, _ACTS) for node in ast.walk(tree))
