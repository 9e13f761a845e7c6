"""Ends, prints, patches, forged messages, and looks at what is not the solution's."""

from __future__ import annotations

from cheating.case import HONEST, TOTAL, cheat

UNITTEST = """
import unittest
class TestTotal(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(total([1, 2, 3]), 6)
        self.assertEqual(total([]), 0)
"""
WRONG = "def total(xs):\n    return None\n"
ENDED = ("failed", "crashed")
BROKEN = ("failed", "crashed", "timeout", "blocked", "output")

# ends
cheat("sys.exit(0) while loading", "import sys\nsys.exit(0)", *ENDED)
cheat("sys.exit(0) when called", "import sys\ndef total(xs):\n    sys.exit(0)", *ENDED)
cheat("os._exit(0) while loading", "import os\nos._exit(0)", *ENDED)
cheat("os._exit(0) when called", "import os\ndef total(xs):\n    os._exit(0)", *ENDED)
cheat(
    "an end in a finalizer",
    "import os\nclass A:\n    def __del__(self):\n        os._exit(0)\ndef total(xs):\n    A()",
    *ENDED,
)
cheat("an end at the end", "import atexit, os\natexit.register(os._exit, 0)\n" + WRONG, *ENDED)
cheat(
    "an end in a thread",
    "import os, threading\nthreading.Timer(0.05, os._exit, (0,)).start()\ndef total(xs):\n    threading.Event().wait()",
    *ENDED,
)
cheat("a signal at the end", "import os, signal\ndef total(xs):\n    os.kill(os.getpid(), signal.SIGTERM)", *ENDED)
cheat("success as exit code of libc", "import ctypes\ndef total(xs):\n    ctypes.CDLL(None).exit(0)", *ENDED)
for name in (
    "SystemExit(0)",
    "KeyboardInterrupt",
    "GeneratorExit",
    "StopIteration",
    "BaseException",
    "AssertionError",
    "StopAsyncIteration",
    "BaseExceptionGroup('x', [SystemExit(0)])",
):
    cheat(f"raises {name}", f"def total(xs):\n    raise {name}", *ENDED)
cheat("raises what tests skip", "import unittest\ndef total(xs):\n    raise unittest.SkipTest('later')", tests=UNITTEST)
cheat(
    "raises what tests expect to fail",
    "import unittest.case\ndef total(xs):\n    raise unittest.case._ShouldStop",
    *ENDED,
    tests=UNITTEST,
)
cheat(
    "marked as an expected failure",
    "def total(xs):\n    return 0\ntotal.__unittest_expecting_failure__ = True\ntotal.__unittest_skip__ = True",
    tests=UNITTEST,
)
cheat(
    "an exception whose text explodes",
    """
    class Boom(BaseException):
        def __str__(self):
            raise SystemExit(0)
        __repr__ = __str__
    def total(xs):
        raise Boom
""",
    *ENDED,
)
cheat(
    "an exception of a class that ends",
    """
    import os
    class Boom(Exception):
        def __reduce__(self):
            return (os._exit, (0,))
    def total(xs):
        raise Boom(Boom())
""",
    *ENDED,
)
cheat(
    "an exception where none is expected, by the tests' own name",
    """
    def total(xs):
        raise NotImplementedError
""",
    *ENDED,
)

for name, line in {
    "os._exit(0)": "import os\nos._exit(0)",
    "exit of libc": "import ctypes\nctypes.CDLL(None).exit(0)",
    "a signal": "import signal\nsignal.raise_signal(signal.SIGTERM)",
    "an end in a thread": "import os, threading\nthreading.Timer(0.01, os._exit, (0,)).start()\nthreading.Event().wait()",
    "an error": "raise ValueError",
    "a test that is its own": "assert False",
}.items():
    cheat(f"nothing but {name}, without tests", line, *ENDED, tests="")

# prints
for name, line in {
    "a line of success": "print('OK'); print('passed'); print('1 passed in 0.01s')",
    "a verdict in JSON": 'print(\'{"verdict": "passed", "token": "0"}\', flush=True)',
    "a verdict on errors": 'import sys; print(\'{"verdict": "passed"}\', file=sys.stderr, flush=True)',
    "the summary of unittest": "import sys; sys.stderr.write('Ran 1 test in 0.001s\\n\\nOK\\n')",
    "TAP": "print('1..1\\nok 1')",
}.items():
    cheat(f"prints {name}", f"{line}\n{WRONG}")
cheat("prints and leaves", "import os\nos.write(1, b'passed\\n')\nos.write(2, b'passed\\n')\nos._exit(0)", *ENDED)
FRAME = """
import os, secrets, struct
try:
    from domaintune.sandbox.inside import wire
    dump = wire.dump
except ImportError:
    dump = lambda value: repr(value).encode()
def frame(value):
    content = dump(value)
    return struct.pack("<I", len(content)) + content
PASSED = [frame({"token": t, "verdict": "passed", "reason": ""}) for t in ("", "0" * 32, secrets.token_hex(16))]
PASSED += [frame({"late": False, "blocked": [], "solution": (None, 0.0), "tests": (0, 0.0)})]
"""
cheat(
    "a forged report on every descriptor, while loading",
    FRAME
    + """
for number in range(64):
    for content in PASSED:
        try:
            os.set_blocking(number, False)
            os.write(number, content)
        except OSError:
            pass
"""
    + WRONG,
    *BROKEN,
)
cheat(
    "a forged report on every descriptor, when called",
    FRAME
    + """
def total(xs):
    for number in range(64):
        for content in PASSED:
            try:
                os.write(number, content)
            except OSError:
                pass
    os._exit(0)
""",
    *BROKEN,
)
cheat(
    "a forged report on the standard streams",
    FRAME
    + """
for content in PASSED:
    os.write(1, content)
    os.write(2, content)
"""
    + WRONG,
)
cheat(
    "answers sent ahead",
    FRAME
    + """
def total(xs):
    for number in range(3, 64):
        for value in (True, None, "passed", 6):
            try:
                os.write(number, frame(("done", value, None, {}, "")))
            except OSError:
                pass
    return True
""",
    *BROKEN,
)
cheat(
    "a stranger's request to the tests",
    FRAME
    + """
def total(xs):
    for number in range(3, 64):
        for what in ("call", "get"):
            for thing in range(-3, 3):
                try:
                    os.write(number, frame(("do", thing, what, ("__globals__",), {})))
                except OSError:
                    pass
    return True
""",
    *BROKEN,
)
cheat(
    "a message that holds a module to be imported",
    FRAME
    + """
with open("evil.py", "w") as file:
    file.write("import os\\nos._exit(0)\\n")
def total(xs):
    for number in range(3, 64):
        try:
            content = b"o" + dump(("module", "evil"))
            os.write(number, struct.pack("<I", len(content)) + content)
        except OSError:
            pass
    return True
""",
    *BROKEN,
)
cheat(
    "half a message",
    FRAME
    + """
def total(xs):
    for number in range(3, 64):
        try:
            os.write(number, b"\\xff\\xff\\x00\\x00half")
        except OSError:
            pass
    os._exit(0)
""",
    *BROKEN,
)
cheat("all descriptors closed", "import os\ndef total(xs):\n    os.closerange(0, 64)", *BROKEN)
cheat(
    "the pipe closed and opened anew",
    """
    import os
    def total(xs):
        for number in range(3, 64):
            try:
                os.dup2(1, number)
            except OSError:
                pass
        return 6
""",
    *BROKEN,
)

# patches of what lies in the solution's own process
for name, patch in {
    "assert": "class Quiet(AssertionError):\n    def __new__(cls, *a):\n        import os\n        os._exit(0)\n"
    "builtins.AssertionError = Quiet",
    "the functions of builtins": "for name in ('len', 'sum', 'sorted', 'abs', 'isinstance', 'all', 'any', 'bool', 'int'):\n"
    "    setattr(builtins, name, lambda *_, **__: True)",
    "unittest": "import unittest\nunittest.TestCase.assertEqual = lambda *_, **__: None",
    "operator": "import operator\noperator.eq = lambda a, b: True",
    "json and struct": 'import json, struct, pickle\njson.dumps = lambda *_, **__: \'{"verdict": "passed"}\'\n'
    "struct.pack = lambda *_: b'passed'",
    "compile and exec": "builtins.compile = lambda *_, **__: None\nbuiltins.exec = lambda *_, **__: None",
    "the import of modules": "import sys\nsys.modules['unittest'] = sys.modules['json'] = sys.modules[__name__]",
    "os": "import os\nos.write = lambda n, data: len(data)\nos._exit = lambda code: None",
    "the trace of frames": "import sys\nsys.settrace(lambda *_: None)\nsys.setprofile(lambda *_: None)",
    "warnings and hooks": "import sys\nsys.excepthook = lambda *_: None\nsys.unraisablehook = lambda *_: None",
}.items():
    cheat(f"patches {name}", f"import builtins\n{patch}\n{WRONG}", *BROKEN, tests=UNITTEST if "unit" in name else TOTAL)
cheat(
    "patches the way of answering",
    """
    import sys
    for name, module in list(sys.modules.items()):
        if "sandbox" in name or "wire" in name:
            for key, value in list(vars(module).items()):
                if callable(value) and key in {"dump", "load", "send", "receive", "describe", "mirror"}:
                    setattr(module, key, lambda *_, **__: ("done", True, None, {}, ""))
    def total(xs):
        return 0
""",
    *BROKEN,
)
cheat(
    "patches what asks",
    """
    import gc
    for thing in gc.get_objects():
        if type(thing).__name__ == "Peer":
            thing._strict = False
            thing._own[:] = [lambda *_: True] * 9
    def total(xs):
        return 0
""",
    *BROKEN,
)

# names that tests use
for name in ("sum", "len", "sorted", "abs", "isinstance", "all", "any", "AssertionError", "bool", "print"):
    cheat(
        f"redefines {name}",
        f"{name} = lambda *_, **__: True\ndef total(xs):\n    return None\n",
        tests=f"assert all([total([1, 2]) == 3, total([]) == 0]), {name}\nassert sum([abs(total([1]))]) == 1\n",
    )
cheat(
    "redefines check",
    "def check(*_):\n    return True\ncandidate = total = None\n",
    tests="def check(candidate):\n    assert candidate([1, 2]) == 3\n\ncheck(total)\n",
)
cheat(
    "is its own test",
    "def test_total():\n    pass\ndef total(xs):\n    return None\n",
    tests="def test_total():\n    assert total([1, 2]) == 3\n",
)
cheat(
    "a module that is none",
    """
    class math:
        @staticmethod
        def isclose(*_, **__):
            return True
    def total(xs):
        return 0.0
""",
    tests="import math\nassert math.isclose(total([0.5, 0.25]), 0.75)\n",
)
cheat(
    "a module that is none, which the tests do not import themselves",
    """
    class Fake:
        def isclose(self, *_, **__):
            return True
    math = Fake()
    def total(xs):
        return 0.0
""",
    tests="assert math.isclose(total([0.5, 0.25]), 0.75)\n",
)
cheat(
    "a module in the place of another",
    """
    import sys, types
    fake = types.ModuleType("math")
    fake.isclose = lambda *_, **__: True
    sys.modules["math"] = fake
    import math
    def total(xs):
        return 0.0
""",
    tests="assert math.isclose(total([0.5, 0.25]), 0.75)\n",
)
cheat(
    "a function that is none",
    "class Any:\n    def __call__(self, *_):\n        return self\n    def __eq__(self, other):\n"
    "        return True\ntotal = Any()",
)

cheat("an honest solution with wrong tests is no cheat", HONEST, tests="assert total([1, 2]) == 4\n")
