"""The process of the tests: it alone knows the token, and reports with it what came of them."""

from __future__ import annotations

import builtins
import errno
import os
import sys
import types

from domaintune.sandbox.inside import wire
from domaintune.sandbox.inside.mirrors import OWN
from domaintune.sandbox.inside.objects import Peer

TYPE_CHECKING = False  # as in typing, which takes as long to import as all this

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

SHOWN = 300
"""Characters of a reason."""
TESTS = "<tests>"
GONE = 3
"""Exit status where the solution's process has gone."""


def main(reader: int, writer: int, setup: dict[str, Any]) -> None:
    """Read the tests, load the solution, run them, and report."""
    given = wire.load(wire.receive(0))
    report = os.dup(1)
    nothing = os.open("/dev/null", os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    sys.argv = [OWN]
    sys.path[:] = [path for path in sys.path if path != setup["core"]] + setup["paths"]
    peer = Peer(reader, writer, strict=True, named=frozenset(given["named"]))
    peer.print = _print
    verdict, reason = _outcome(peer, given, setup)
    wire.send(report, wire.dump({"token": given["token"], "verdict": verdict, "reason": reason[:SHOWN]}))
    os._exit(GONE if verdict == "crashed" else 0)


def _print(text: str) -> None:
    sys.stdout.write(text)  # wherever the tests have it go


def _check_functions(names: dict[str, Any], functions: tuple[str, ...]) -> None:
    """Refuse a class in the place of a function: its instances would judge the tests' comparisons."""
    for name in functions:
        if isinstance(names.get(name), type):
            raise TypeError(f"{name} has to be a function, and is a class")


def _outcome(peer: Peer, given: dict[str, Any], setup: dict[str, Any]) -> tuple[str, str]:
    source, acting = given["tests"], given["acting"]
    entry, functions = setup["entry"], setup["functions"]
    try:
        names = peer.do(0, "call")
        seen = _visible(names, entry)
        peer.trust(seen)
        _check_functions(names, functions)
    except BaseException as error:
        return _judged(error, "the solution does not load", "")
    try:
        ran = _run(source, seen)
        if source.strip() and not (ran or acting):
            raise AssertionError("the tests test nothing")
        sys.stdout.flush()
    except BaseException as error:
        return _judged(error, "", source)
    return "passed", ""


def _visible(names: dict[str, Any], entry: tuple[str, ...]) -> dict[str, Any]:
    """Return what tests see of a solution: its names, but none that passes for one of Python's, unless it was asked for."""
    seen = {
        name: value for name, value in names.items()
        if name.isidentifier() and not name.startswith("__")  # whatever the solution's process says that it has left out
        and (name in entry or not _passes_for_python(name, value))
    }  # fmt: skip
    module = types.ModuleType(OWN)
    vars(module).update(seen)
    sys.modules[OWN] = module
    return seen


def _passes_for_python(name: str, value: Any) -> bool:
    """Tell whether a name hides a builtin, or a module that is none: tests may lean on what the solution imports."""
    is_module = isinstance(value, types.ModuleType)
    return hasattr(builtins, name) or (name in sys.stdlib_module_names and not (is_module and value.__name__ == name))


def _run(source: str, names: dict[str, Any]) -> int:
    """Run tests: asserts where they stand, then functions and classes of tests; returns how many of those ran."""
    module = types.ModuleType("tests")
    sys.modules["tests"] = module
    space = vars(module)
    space.update(names, __builtins__=builtins)
    exec(compile(source, TESTS, "exec", dont_inherit=True), space)  # noqa: S102  (confined, and its purpose)
    ran = 0
    for name, value in list(space.items()):
        own = getattr(value, "__module__", "") == "tests"
        if own and isinstance(value, types.FunctionType) and name.startswith("test"):
            ran += _called(value)
        elif own and isinstance(value, type) and name.startswith("Test") and value.__bases__ == (object,):
            ran += sum(_called(getattr(value(), test), 1) for test in vars(value) if test.startswith("test"))
    return ran + (_run_cases(space) if "unittest" in sys.modules else 0)


def _called(test: Any, bound: int = 0) -> int:
    """Call a test that needs no arguments and return 1, else 0; `bound` arguments it has already."""
    code = test.__code__ if not bound else test.__func__.__code__
    if code.co_argcount - len(test.__defaults__ or ()) > bound:
        return 0
    result = test()
    if isinstance(result, types.CoroutineType):
        import asyncio  # noqa: PLC0415  (seldom, and slow to import)

        asyncio.run(result)
    return 1


def _run_cases(space: dict[str, Any]) -> int:
    import unittest  # noqa: PLC0415  (the tests have imported it)

    cases = [
        value for value in space.values()
        if isinstance(value, type) and issubclass(value, unittest.TestCase) and value.__module__ == "tests"
    ]  # fmt: skip
    result = unittest.TestResult()
    unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(case) for case in cases).run(result)
    for case, told in (*result.errors, *result.failures):
        raise AssertionError(f"{case.id().partition('.')[2]}: {told.strip().rpartition(chr(10))[2]}")
    if result.skipped:
        raise AssertionError(f"{len(result.skipped)} tests were skipped")
    return result.testsRun


def _judged(error: BaseException, where: str, source: str) -> tuple[str, str]:
    """Return the verdict that an exception means, and a reason that names it and the line of the tests."""
    reason = f"{type(error).__name__}: {_message(error)}".rstrip(": ")
    reason = f"{where}: {reason}" if where else reason + _line(error, source)
    if isinstance(error, wire.GoneError):
        return "crashed", "the solution's process has gone"
    if isinstance(error, MemoryError):
        return "memory", reason
    number = getattr(error, "errno", None)
    if isinstance(error, OSError) and number in {errno.EACCES, errno.EPERM, errno.ENOSYS, errno.EXDEV}:
        return "blocked", reason
    if isinstance(error, OSError) and number in {errno.EFBIG, errno.ENOSPC}:
        return "output", reason
    return "failed", reason


def _message(error: BaseException) -> str:
    told = vars(error).get("_told")
    try:
        return told if isinstance(told, str) else str(error)
    except BaseException:
        return ""


def _line(error: BaseException, source: str) -> str:
    """Return the line of the tests that an exception came through last, as ` (line 3: assert ...)`."""
    numbers = list(_lines(error))
    if not numbers:
        return ""
    lines = source.splitlines()
    text = lines[numbers[-1] - 1].strip() if numbers[-1] <= len(lines) else ""
    return f" (line {numbers[-1]}: {text})"


def _lines(error: BaseException) -> Iterator[int]:
    if isinstance(error, SyntaxError) and error.filename == TESTS and error.lineno:
        yield error.lineno
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == TESTS:
            yield trace.tb_lineno
        trace = trace.tb_next
