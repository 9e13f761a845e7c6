"""The program in an answer: out of its code block, without the talk around it and the usage examples behind it.

Nothing is run here. An answer is read as text and as a syntax tree, and only so much of it as `LIMIT` says.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from domaintune_code.prompts import FENCE

LIMIT = 64_000
"""Characters of an answer that are looked at; programs asked for here are a hundred times shorter."""
TRIES = 60
"""How often a text that is no program is cut shorter and looked at again, and how many blocks and headings count."""

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
_TRIED = re.compile(r"(run_?)?(all_?)?(main|tests?|examples?|usage|demo|driver)(_.*)?", re.IGNORECASE)
_SHOWING = frozenset({"print", "input", "unittest.main", "doctest.testmod"})
# Not one in quotes: programs about markup have it in their strings.
_THOUGHT = re.compile(r".*(?<!['\"])(?<![^`]`)</think(?:ing)?>(?!['\"])", re.DOTALL)
_PYTHONS = frozenset(dir(builtins)) | {"__file__"}
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
    definitions to show or try them is cut: the main guard, example usage. Blocks that define what this program lacks are
    put together with it. An answer without any program comes back as it is, without blank lines around.
    """
    text = spoken(answer)[:LIMIT].replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    found = list(blocks(text))
    if len(found) == 1 and _is_stray(found[0]):  # the end of a block whose beginning was in the question
        text, found = text[: text.index(FENCE)], []
    pieces = [block.text for block in _python(found)] or [text]
    whole = [_program(piece) for piece in pieces]
    parts = [part for piece, one in zip(pieces, whole, strict=True) for part in ([one] if one else _salvaged(piece))]
    candidates = [*filter(None, whole), *parts]
    if found and not any(_defines(program, entry) for program in candidates):
        candidates += _salvaged(re.sub(r"(?m)^[ \t]*(`{3,}|~{3,}).*$", "", text))
    best = _best(candidates, entry)
    return _trimmed(pieces[0]) if best is None else _completed(best, parts, entry)


def spoken(answer: str) -> str:
    """Return an answer without the thoughts before it; all of it where nothing else is there."""
    thought = _THOUGHT.match(answer)
    return answer[thought.end() :] if thought and answer[thought.end() :].strip() else answer


def joined(first: str, code: str) -> str:
    """Join two programs; what Python wants in the first line comes first."""
    if not first.strip():
        return f"{code.strip(chr(10))}\n"
    future, code = _futures(code)
    return f"{future}{first.rstrip()}\n\n\n{code.strip(chr(10))}\n"


def _futures(code: str) -> tuple[str, str]:
    """Return the future imports of a program, and the program with nothing in their place."""
    tree = parsed(code, len(code)) if "__future__" in code else None
    found = [part for part in (tree.body if tree else ()) if getattr(part, "module", "") == "__future__"]
    lines = code.encode().split(b"\n") if found else []
    for part in reversed(found):
        first, last = part.lineno - 1, part.end_lineno or part.lineno
        rest = lines[last - 1][part.end_col_offset :]
        lines[first:last] = [lines[first][: part.col_offset] + (b"pass" + rest if rest.strip() else b"")]
    left = b"\n".join(lines).decode() if found else code
    return "".join(f"{ast.unparse(part)}\n" for part in found), left


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
    return [part.name for part in tree.body if isinstance(part, DEFINITIONS)]


DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_VALUES = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_BLOCKS = (ast.For, ast.While, ast.If, ast.Try, ast.With)


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


def _completed(best: str, parts: list[str], entry: str | None) -> str:
    """Return a program without its usage, together with those other blocks that define what it lacks."""
    chosen, missing = {best}, _missing(best)
    others = [(part, set(defined(tree))) for part in parts[:TRIES] if part != best and (tree := parsed(part))]
    while missing and (found := [part for part, names in others if part not in chosen and names & missing]):
        chosen.update(found)
        missing = set().union(*map(_missing, found))
    program = ""
    for part in dict.fromkeys(parts if best in parts else [best]):
        if part in chosen:
            program = joined(program, _without_usage(part, entry if part == best else None))
    return program.rstrip()


def _missing(source: str) -> set[str]:
    """Return the names that a program reads and does not define."""
    tree = parsed(source)
    return _global(source) - defined(tree) - _PYTHONS if tree is not None else set()


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
    """Cut what only shows or tries the program: the main guard, what follows an example's heading, prints at the end."""
    lines = source.split("\n")
    headings = [number for number, line in enumerate(lines) if _GUARD.match(line) or _USAGE.match(line)]
    for number in headings[:TRIES]:
        before, after = "\n".join(lines[:number]), "\n".join(lines[number:])
        if _stands_alone(before, after, entry):
            source = before
            break
    return _without_shows(source.rstrip())


def _stands_alone(before: str, after: str, entry: str | None) -> bool:
    """Tell whether the first part of a program defines what is asked for, and needs nothing of the second."""
    first, second = parsed(before), parsed(after)
    if first is None or not functions(first) or (entry is not None and entry not in defined(first)):
        return False
    if second is None:
        return True
    others = [name for name in functions(second) if not _TRYING.search(name)]
    needed = _global(before) & defined(second) - defined(first) or _changed(second) & defined(first)
    return not needed and (entry is not None or not others)


def _without_shows(source: str) -> str:
    """Cut the statements at the end that assert, print or ask for input, and values made only for these.

    A bare call stays, for it may fill a table, and so does what is set on a function or in a list.
    """
    tree = parsed(source)
    if tree is None or not functions(tree) or not _shows(tree.body[-1], tree):
        return source
    lines, body = source.split("\n"), tree.body
    reads = [_global("\n".join(lines[_line_of(part) - 1 : part.end_lineno])) for part in body]
    first = {name: number for number in reversed(range(len(body))) for name in reads[number]}
    values = set().union(*(_bound(part) for part in body if isinstance(part, _VALUES)))
    stateful = any(reads[number] & values for number, part in enumerate(body) if isinstance(part, DEFINITIONS))
    kept, wanted = len(body), set[str]()
    while kept > 1:
        part = body[kept - 1]
        made = _bound(part) <= wanted and _is_value(part) and not (stateful and _called(part) & {*functions(tree)})
        if not (made or _shows(part, tree)) or any(first.get(name, kept) < kept - 1 for name in _bound(part)):
            break
        kept, wanted = kept - 1, wanted | loaded(part)
    return "\n".join(lines[: body[kept - 1].end_lineno]).rstrip() if kept < len(body) else source


def _shows(part: ast.stmt, tree: ast.Module) -> bool:
    """Tell whether a statement only tries the program: it asserts, prints, or asks for input, and does nothing else."""
    if isinstance(part, ast.Expr):
        return isinstance(part.value, ast.Constant) or bool(_called(part) & _SHOWING) or _tries(part, tree)
    if isinstance(part, _BLOCKS):
        inner = [node for node in ast.walk(part) if isinstance(node, ast.stmt) and not isinstance(node, _BLOCKS)]
        return any(_shows(one, tree) for one in inner) and all(_shows(one, tree) or _is_value(one) for one in inner)
    return isinstance(part, ast.Assert) or (_is_value(part) and "input" in _called(part))


def _tries(part: ast.stmt, tree: ast.Module) -> bool:
    """Tell whether a statement calls a function of the program that is there to try the others: `main`, `run_tests`."""
    return any(_TRIED.fullmatch(name) for name in _called(part) & {*functions(tree)})


def _is_value(part: ast.stmt) -> bool:
    """Tell whether a statement gives names a value, and changes nothing that was there before."""
    return isinstance(part, (*_VALUES, ast.Pass, ast.Break, ast.Continue)) and not _changed(part)


def _changed(tree: ast.AST) -> set[str]:
    """Return the names whose attributes or parts are set: `fib` in `fib.memo = {}`, `table` in `table[0] = 1`."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            root: ast.expr = node
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            names.add(root.id if isinstance(root, ast.Name) else "")
    return names


def _called(tree: ast.AST) -> set[str]:
    """Return the functions that are called by name: `print`, `unittest.main`."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            names.add(node.func.id)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            names.add(f"{of.id}.{node.func.attr}" if isinstance(of, ast.Name) else node.func.attr)
    return names


def _line_of(part: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(part, "decorator_list", [])
    return min([part.lineno, *(one.lineno for one in decorators)])


def _bound(part: ast.stmt) -> set[str]:
    """Return the names that one statement binds where it stands."""
    if isinstance(part, DEFINITIONS):
        return {part.name}
    names: set[str] = set()
    for node in ast.walk(part):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, DEFINITIONS):
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
