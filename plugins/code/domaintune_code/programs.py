"""The program in an answer to a problem: the whole function of a chat answer, or the rest of the prompt of a base model.

    prompt   def double(n):                 answer   Sure!                     or    return n * 2
                 '''Double it.'''                    ```python                    def other(): ...
                                                     def double(n):
                                                         return n * 2
                                                     ```

Both become a program that defines `double`. The imports and helper functions of the prompt are part of it, what only shows
or tries the function is not. An answer in which no such program is found is put behind the prompt as it is: it will
fail, and say how.
"""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
import warnings
from collections.abc import Iterator
from itertools import chain

from domaintune_code.answers import DEFINITIONS, LIMIT, blocks, code_of, defined, joined, parsed, spoken
from domaintune_code.prompts import fenced

TRIES = 60
"""How often a continuation that is no program is cut shorter and looked at again."""
INDENT = "    "
_GOES_ON = re.compile(r"(?:[ \t]*\n)*(?: {2,}|\t)\s*(?!```|~~~)[^\s`~]")
_PLAIN = frozenset(dir(builtins)) - {"object", "type", "open", "input", "print"}


def program_of(prompt: str, entry: str, answer: str) -> str:
    """Return the program that an answer to a prompt stands for; with an empty prompt it is the answer's own."""
    answer = spoken(answer).replace("\r\n", "\n").replace("\r", "\n")[:LIMIT]
    ways = [_whole, _continued] if prompt else [_whole]
    if prompt and _GOES_ON.match(answer):
        ways.reverse()  # it goes on in the function, whatever comes after
    for way in ways:
        program = way(prompt, entry, answer)
        if program is not None:
            return program
    return prompt + answer if prompt else code_of(answer, entry)


def _whole(prompt: str, entry: str, answer: str) -> str | None:
    """Read an answer that defines the function itself."""
    code = code_of(answer, entry)
    tree = parsed(code)
    if tree is None or entry not in defined(tree) or not _compiles(code):
        return None
    return joined(before(prompt, entry), code)


def before(prompt: str, entry: str) -> str:
    """Return what stands in a prompt before the function: imports, helpers, constants."""
    tree = parsed(f"{prompt.rstrip()}\n{INDENT}pass\n") or parsed(prompt)
    for part in tree.body if tree is not None else ():
        if isinstance(part, DEFINITIONS) and part.name == entry:
            first = min([part.lineno, *(decorator.lineno for decorator in part.decorator_list)])
            return "\n".join(prompt.split("\n")[: first - 1])
    return ""


def belongings(prompt: str, entry: str) -> str:
    """Return what tests take from a prompt rather than from a solution: imports, helper functions, plain constants.

    Classes, and what is made by calling more than Python's own functions, must be the same object for both, so these are
    the solution's. Annotations go, for they may name them.
    """
    tree = parsed(before(prompt, entry))
    kept = [part for part in (tree.body if tree is not None else ()) if _is_plain(part, entry)]
    for node in (node for part in kept for node in ast.walk(part)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
    return "".join(f"{ast.unparse(part)}\n" for part in kept)


def _is_plain(part: ast.stmt, entry: str) -> bool:
    if isinstance(part, ast.Assign):
        calls = [node.func for node in ast.walk(part) if isinstance(node, ast.Call)]
        return all(isinstance(function, ast.Name) and function.id in _PLAIN for function in calls)
    if isinstance(part, ast.ImportFrom | ast.Import):
        return getattr(part, "module", "") != "__future__"
    return isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and part.name != entry


def _continued(prompt: str, entry: str, answer: str) -> str | None:
    """Read an answer that goes on where the prompt ends, with the indentation that fits."""
    goes_on = _GOES_ON.match(answer) is not None or "```" not in answer
    texts = [answer] if goes_on else [block.text for block in blocks(answer)]
    best = prompt
    for body in chain.from_iterable(map(_indented, texts)):
        program = _longest(prompt, body)
        if program is not None and _has_body(program, entry) and program.count("\n") > best.count("\n"):
            best = program
    return None if best == prompt else f"{code_of(fenced(_first_only(best, entry)), entry)}\n"


def _indented(code: str) -> Iterator[str]:
    """Yield a body as it is, with its first line indented, and all of it: models swallow the first blanks, or all."""
    code = re.sub(r"\A(?:[ \t]*\n)+", "", code)
    spaces = re.sub(r"(?m)^[ \t]+", lambda blanks: blanks[0].expandtabs(len(INDENT)), code)
    for text in dict.fromkeys((code, spaces)):
        yield text
        if not text[:1].isspace():
            yield INDENT + text
        yield textwrap.indent(textwrap.dedent(text), INDENT)
        first, _, rest = text.partition("\n")
        yield textwrap.indent(f"{first.strip()}\n{textwrap.dedent(rest)}", INDENT)


def _longest(prompt: str, body: str) -> str | None:
    """Return the prompt with as many lines of the body as make a program; None where even the first does not fit."""
    head = prompt if prompt.endswith("\n") else f"{prompt}\n"
    above = head.count("\n")
    lines = body.split("\n")
    for _ in range(TRIES):
        wrong = _wrong_line(head + "\n".join(lines) + "\n")
        if wrong is None:
            return head + "\n".join(lines) + "\n"
        lines = lines[: min(len(lines) - 1, wrong - 1 - above)] if wrong - 1 > above else []
        if not lines:
            return None
    return None


def _wrong_line(source: str) -> int | None:
    """Return the line that Python complains about; None where it has no complaint."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, "<answer>", "exec", dont_inherit=True)
        except SyntaxError as error:
            return error.lineno or 1
        except (ValueError, RecursionError, MemoryError, OverflowError):
            return 1
    return None


def _compiles(source: str) -> bool:
    return _wrong_line(source) is None


def _has_body(program: str, entry: str) -> bool:
    """Tell whether the function does anything beside having a docstring."""
    tree = parsed(program)
    function = next((part for part in tree.body if getattr(part, "name", "") == entry), None) if tree else None
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return len(function.body) > (ast.get_docstring(function, clean=False) is not None)


def _first_only(program: str, entry: str) -> str:
    """Cut a program where it defines the function a second time: a base model that has finished begins again."""
    tree = parsed(program)
    again = [part for part in tree.body if getattr(part, "name", "") == entry][1:] if tree else []
    return "\n".join(program.split("\n")[: again[0].lineno - 1]) if again else program
