"""What plain Python says of a solution and its tests, in one process: what the sandbox has to agree with."""

from __future__ import annotations

import contextlib
import io
import sys
import types
import unittest


def holds(source: str, tests: str) -> bool:
    """Return whether the tests pass; only for programs that are trusted."""
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    try:
        with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):
            exec(compile(source, "<solution>", "exec", dont_inherit=True), vars(module))
            _run(tests, {"__name__": "tests", **{k: v for k, v in vars(module).items() if not k.startswith("__")}})
    except Exception:
        return False
    finally:
        del sys.modules["solution"]
    return True


def _run(tests: str, space: dict[str, object]) -> None:
    exec(compile(tests, "<tests>", "exec", dont_inherit=True), space)
    for name, value in list(space.items()):
        if isinstance(value, types.FunctionType) and name.startswith("test"):
            value()
        if isinstance(value, type) and issubclass(value, unittest.TestCase):
            result = unittest.TestResult()
            unittest.defaultTestLoader.loadTestsFromTestCase(value).run(result)
            assert result.wasSuccessful(), result.failures + result.errors
