"""The program in an answer: out of its code block, without the talk around it and the usage examples behind it.

Nothing is run here. An answer is read as text and as a syntax tree, and only so much of it as `LIMIT` says.
"""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from domaintune_code.prompts import FENCE

LIMIT = 64_000
"""Characters of an answer that are looked at; programs asked for here are a hundred times shorter."""
TRIES = 60
"""How often a text that is no program is cut shorter and looked at again."""

PYTHON = frozenset({"python", "py", "python3", "py3", "python2", "py2"})
# A fence begins its line; models also write one behind a sentence, and then nothing but a language follows it.
_FENCE = re.compile(r"(?P<before>[ \t]*)(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)")
_LATE_FENCE = re.compile(r"(?P<before>.*\S[ \t]*?)(?P<mark>`{3,})[ \t]*(?P<info>\w*)[ \t]*")
_LANGUAGE = re.compile(r"[{.\s]*([\w+#-]*)")
_GUARD = re.compile(r"if\s*\(?\s*(__name__\s*==\s*['\"]__main__['\"]|['\"]__main__['\"]\s*==\s*__name__)\s*\)?\s*:")
_USAGE = re.compile(
    r"#+\W*(examples?|usage|(unit )?tests?|testing|test cases?|driver|sample|demo|try it)\b", re.IGNORECASE
)
_TRYING = re.compile(r"test|main|example|usage|check|demo", re.IGNORECASE)
_START = re.compile(r"(def|class|async\s+def|import|from)\s+\w|@\w")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A code block of an answer: the language it names, its text, and whether its end was written."""

    language: str
    text: str
    ended: bool = True


def code_of(answer: str, entry: str | None = None) -> str:
    """Return the program in an answer: the first Python block that defines `entry`, else the first that is a program.

    Without a block it is the whole text if that is Python, else the part of it that is. What stands behind the
    definitions to show or try them is cut: the main guard, example usage. An answer without any program comes back as
    it is, without blank lines around.
    """
    text = answer[:LIMIT].replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    found = list(blocks(text))
    if len(found) == 1 and _is_stray(found[0]):  # the end of a block whose beginning was in the question
        text, found = text[: text.index(FENCE)], []
    pieces = [block.text for block in _python(found)] or [text]
    candidates = [program for piece in pieces if (program := _program(piece)) is not None]
    candidates += [program for piece in pieces for program in _salvaged(piece)]
    if found and not any(_defines(program, entry) for program in candidates):
        candidates += _salvaged(re.sub(r"(?m)^[ \t]*(`{3,}|~{3,}).*$", "", text))
    best = _best(candidates, entry)
    return _trimmed(pieces[0]) if best is None else _without_usage(best, entry)


def blocks(answer: str) -> Iterator[Block]:
    """Yield the fenced code blocks of a text, the last one also where its end is missing."""
    opened: re.Match[str] | None = None
    lines: list[str] = []
    for line in answer.split("\n"):
        if opened is None:
            opened, lines = _FENCE.fullmatch(line) or _LATE_FENCE.fullmatch(line), []
        elif (code := _before_end(line, opened["mark"])) is not None:
            lines += [code] if code.strip() else []
            yield _block(opened, lines, ended=True)
            opened = None
        else:
            lines.append(line)
    if opened is not None:
        yield _block(opened, lines, ended=False)


def parsed(source: str, limit: int = LIMIT) -> ast.Module | None:
    """Return the syntax tree of a program; None where it is none, or one that Python itself cannot read."""
    if len(source) > limit or not source.strip():
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\d" in a stranger's program is no news to the user
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def defined(tree: ast.Module) -> set[str]:
    """Return the names that a program binds at its top level."""
    return set().union(*(_bound(part) for part in tree.body))


def functions(tree: ast.Module) -> list[str]:
    """Return the functions and classes that a program defines at its top level, in their order."""
    return [part.name for part in tree.body if isinstance(part, _DEFINITIONS)]


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _before_end(line: str, mark: str) -> str | None:
    """Return what stands before the fence that ends a block; None where the line does not end it."""
    code, fence, rest = line.rstrip().partition(mark)
    return code if fence and not rest.strip(mark[0]) else None


def _is_stray(block: Block) -> bool:
    return not block.ended and not block.language and parsed(block.text) is None and not [*_salvaged(block.text)]


def _block(opened: re.Match[str], lines: list[str], *, ended: bool) -> Block:
    """Make a block; the indentation of its fence (in a list) is taken from its lines too."""
    indent = len(opened["before"]) if opened["before"].isspace() else 0
    taken = [line[min(indent, len(line) - len(line.lstrip())) :] for line in lines]
    language = _LANGUAGE.match(opened["info"])
    return Block(language=language[1].casefold() if language else "", text="\n".join(taken), ended=ended)


def _python(found: list[Block]) -> list[Block]:
    """Return the blocks that may be Python: those that say so, else those that say nothing, else all."""
    for wanted in (PYTHON, {""}):
        if chosen := [block for block in found if block.language in wanted]:
            return chosen
    return found


def _defines(source: str, entry: str | None) -> bool:
    """Tell whether a program defines `entry`, or any function where none is asked for."""
    tree = parsed(source)
    return tree is not None and (entry in defined(tree) if entry is not None else bool(functions(tree)))


def _best(candidates: list[str], entry: str | None) -> str | None:
    """Return the first program that defines `entry`, else the first that defines a function, else the first."""
    for wanted in (entry, None):
        for source in candidates:
            if _defines(source, wanted):
                return source
    return candidates[0] if candidates else None


def _program(text: str) -> str | None:
    trimmed = _trimmed(text)
    return trimmed if parsed(trimmed) is not None else None


def _trimmed(text: str) -> str:
    """Take away blank lines around a text, but not the indentation of its first line."""
    return re.sub(r"\A(?:[ \t]*\n)+", "", text).rstrip()


def _salvaged(text: str) -> Iterator[str]:
    """Yield the programs inside a text: from each line that starts one to the last line before it stops being one."""
    lines = text.split("\n")
    tries = TRIES
    at = 0
    while at < len(lines) and tries > 0:
        if not _START.match(lines[at]):
            at += 1
            continue
        end, tries = _longest(lines, at, tries)
        if end > at:
            yield _trimmed("\n".join(lines[at:end]))
        at = max(end, at + 1)


def _longest(lines: list[str], start: int, tries: int) -> tuple[int, int]:
    """Return where the program that starts at a line ends: it is cut where Python cannot read it, until it can."""
    end = len(lines)
    while end > start and tries > 0:
        tries -= 1
        source = "\n".join(lines[start:end])
        if parsed(source) is not None:
            return end, tries
        end = min(end - 1, start + _wrong_line(source))
    return start, tries


def _wrong_line(source: str) -> int:
    """Return how many lines of a text stand before the one that Python complains about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(source)
        except SyntaxError as error:
            return max(0, (error.lineno or 1) - 1)
        except (ValueError, RecursionError, MemoryError):
            return 0
    return len(source)


def _without_usage(source: str, entry: str | None) -> str:
    """Cut what only shows or tries the program: the main guard, what follows an example's heading, calls at the end."""
    lines = source.split("\n")
    for number, line in enumerate(lines):
        if _GUARD.match(line) or _USAGE.match(line):
            before, after = "\n".join(lines[:number]), "\n".join(lines[number:])
            if _stands_alone(before, after, entry):
                source = before
                break
    return _without_calls(source.rstrip())


def _stands_alone(before: str, after: str, entry: str | None) -> bool:
    """Tell whether the first part of a program defines what is asked for, and needs nothing of the second."""
    first, second = parsed(before), parsed(after)
    if first is None or not functions(first) or (entry is not None and entry not in defined(first)):
        return False
    if second is None:
        return True
    others = [name for name in functions(second) if not _TRYING.search(name)]
    return not (_global(before) & defined(second) - defined(first)) and (entry is not None or not others)


def _without_calls(source: str) -> str:
    """Cut the statements at the end that print, assert or call what the program defines, and values made only for these."""
    tree = parsed(source)
    if tree is None or not functions(tree):
        return source
    own = set(functions(tree))
    body = list(tree.body)
    wanted: set[str] = set()
    kept = len(body)
    for number in range(len(body) - 1, 0, -1):
        part = body[number]
        if _shows(part, own) or (_is_value(part) and _bound(part) <= wanted):
            wanted |= loaded(part)
            kept = number if _shows(part, own) or kept == number + 1 else kept
            continue
        break
    left = "\n".join(source.split("\n")[: body[kept - 1].end_lineno]).rstrip()
    return left if kept < len(body) and not _bound_in(body[kept:]) & _global(left) else source


def _shows(part: ast.stmt, own: set[str]) -> bool:
    """Tell whether a statement only tries the program: it asserts, or calls `print`, `input` or a function of its own."""
    if isinstance(part, ast.Assert) or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)):
        return True
    if not isinstance(part, ast.Expr | ast.For | ast.While | ast.If | ast.Try | ast.With):
        return False
    called = {node.func.id for node in ast.walk(part) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return bool(called & (own | {"print", "input"})) and not _bound(part) & own


def _is_value(part: ast.stmt) -> bool:
    return isinstance(part, ast.Assign | ast.AnnAssign)


def _bound_in(body: list[ast.stmt]) -> set[str]:
    return set().union(*(_bound(part) for part in body))


def _bound(part: ast.stmt) -> set[str]:
    """Return the names that one statement binds where it stands."""
    if isinstance(part, _DEFINITIONS):
        return {part.name}
    names: set[str] = set()
    for node in ast.walk(part):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, _DEFINITIONS):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
    return names


def _global(source: str) -> set[str]:
    """Return the names that a program reads at its top level, or that its functions expect there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tables = [symtable.symtable(source, "<answer>", "exec")]
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return set()
    names: set[str] = set()
    for table in tables:  # grows as it is gone through
        tables += table.get_children()
        names |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (symbol.is_global() or table.get_type() == "module")
        }
    return names


def loaded(tree: ast.AST) -> set[str]:
    """Return every name that is read anywhere in a tree."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
