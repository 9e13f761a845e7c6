"""What one run means: verdicts with their reasons, and what tests may do with a solution that lives elsewhere."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune.sandbox import Limits, Program, Result, Sandbox, SandboxError, open_sandbox
from domaintune.sandbox.inside import wire

pytestmark = pytest.mark.alone  # limits of time, and the processes of the whole machine

ADD = "def add(a, b):\n    return a + b\n"


@pytest.fixture(scope="module")
def box() -> Sandbox:
    try:
        return open_sandbox(workers=2)
    except SandboxError as error:
        pytest.skip(str(error))


def program(source: str, tests: str = "", **more: object) -> Program:
    return Program(source=textwrap.dedent(source), tests=textwrap.dedent(tests), **more)  # type: ignore[arg-type]


def test_a_right_solution_passes_and_the_tier_is_named(box: Sandbox) -> None:
    result = box.run(Program(source=ADD, tests="assert add(1, 2) == 3"))
    assert (result.verdict, result.reason, result.tier) == ("passed", "", "T1")
    assert result.passed
    assert 0 < result.seconds < 30


CASES = {
    "a wrong answer": (ADD, "assert add(1, 2) == 4", "failed", "AssertionError (line 1: assert add(1, 2) == 4)"),
    "an error": (ADD, "add(1, 'x')", "failed", "TypeError: unsupported operand type(s) for +: 'int' and 'str' (line 1: "),
    "no Python": ("def add(a, b)", "", "failed", "the solution does not load: SyntaxError: expected ':'"),
    "tests that are no Python": (ADD, "assert (", "failed", "SyntaxError"),
    "a name that is not there": (ADD, "assert sub(1, 2)", "failed", "NameError: name 'sub' is not defined"),
    "leaving": ("import sys\nsys.exit(0)", "assert add(1, 2) == 3", "failed", "the solution does not load: SystemExit: 0"),
    "leaving at once": ("import os\nos._exit(0)", "", "crashed", "the solution ended the process with status 0"),
    "tests that leave": (ADD, "import os\nos._exit(0)", "crashed", "the tests ended the process with status 0"),
    "a crash": ("import ctypes\nctypes.string_at(0)", "", "crashed", "the solution process died of SIGSEGV"),
    "too much memory": ("x = bytearray(10**12)", "", "memory", "the solution does not load: MemoryError"),
    "a socket": ("import socket\nsocket.socket()", "", "blocked", "blocked: socket"),
    "a process": ("import os\nos.fork()", "", "blocked", "blocked: clone"),
    "a process of the tests": (ADD, "import os\nos.fork()", "blocked", "blocked: clone (in the tests)"),
    "a foreign file": ("open('/etc/passwd')", "", "blocked", "PermissionError: [Errno 13] Permission denied: '/etc/passwd'"),
    "a foreign mode": ("import os\nos.chmod('/', 0o777)", "", "blocked", "PermissionError"),
    "a flood": ("while True: print('x' * 1000)", "", "output", "it prints more than 1,048,576 bytes"),
    "a large file": ("open('f', 'wb').write(bytes(20 << 20))", "", "output", "OSError: [Errno 27] File too large"),
    "many files": ("for n in range(10**6): open(str(n), 'w').close()", "", "output", "it writes more than"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_every_end_has_its_verdict_and_a_reason(box: Sandbox, case: tuple[str, str, str, str]) -> None:
    source, tests, verdict, reason = case
    result = box.run(Program(source=source, tests=tests))
    assert (result.verdict, reason in result.reason) == (verdict, True), result


def test_time_is_limited_on_the_processor_and_on_the_wall(box: Sandbox) -> None:
    busy = box.run(program("while True: pass"), Limits(cpu_seconds=1, seconds=60))
    asleep = box.run(program("import time\ntime.sleep(60)"), Limits(seconds=2))
    assert (busy.verdict, busy.reason) == ("timeout", "1 s of processor time")
    assert (asleep.verdict, asleep.reason) == ("timeout", "2 s")
    assert asleep.seconds < 10


def test_what_is_printed_is_kept(box: Sandbox) -> None:
    result = box.run(program("print('from the solution')", "print('from the tests')"))
    assert result.output == "from the solution\nfrom the tests\n"


HONEST = {
    "an object with a state": (
        """
        class Stack:
            def __init__(self): self.items = []
            def push(self, item): self.items.append(item)
            def pop(self): return self.items.pop()
            def __len__(self): return len(self.items)
        """,
        """
        stack = Stack()
        stack.push(3)
        stack.push("x")
        assert len(stack) == 2 and stack.pop() == "x" and stack.items == [3] and isinstance(stack, Stack)
        """,
    ),
    "a list changed in place": (
        "def sort(xs): xs.sort()\ndef clear(d, s): d.clear(); s.add(1)",
        "xs, d, s = [3, 1], {1: 2}, set()\nsort(xs)\nclear(d, s)\nassert (xs, d, s) == ([1, 3], {}, {1})",
    ),
    "a generator": ("def count(n):\n    yield from range(n)", "g = count(3)\nassert next(g) == 0 and list(g) == [1, 2]"),
    "a function as argument": ("def twice(f, x): return f(f(x))", "assert twice(lambda x: x * 3, 2) == 18"),
    "a function as result": ("def adder(n):\n    return lambda x: x + n", "assert adder(2)(3) == 5"),
    "an exception of its own": (
        "class Empty(ValueError):\n    def __init__(self, n): super().__init__(f'{n} left'); self.n = n\ndef f(): raise Empty(2)",
        "try:\n    f()\nexcept Empty as e:\n    assert e.n == 2 and str(e) == '2 left' and isinstance(e, ValueError)\nelse: assert 0",
    ),
    "printing that tests capture": (
        "def greet(): print('hi')",
        "import io, contextlib\nout = io.StringIO()\nwith contextlib.redirect_stdout(out): greet()\nassert out.getvalue() == 'hi\\n'",
    ),
    "operators of a class that the tests name": (
        "class V:\n    def __init__(s, x): s.x = x\n    def __add__(s, o): return V(s.x + o.x)\n"
        "    def __eq__(s, o): return isinstance(o, V) and s.x == o.x",
        "assert V(1) + V(2) == V(3) and V(1) != V(2)",
    ),
    "importing the solution": (ADD, "from solution import add as plus\nimport solution\nassert plus(1, 2) == solution.add(1, 2)"),
    "functions that are tests": (ADD, "def test_add():\n    assert add(1, 2) == 3"),
    "unittest": (
        ADD, "import unittest\nclass T(unittest.TestCase):\n    def test_add(self): self.assertEqual(add(1, 2), 3)",
    ),
    "an enumeration": (
        "import enum\nclass C(enum.Enum):\n    RED = 1\n    BLUE = 2\ndef pick(): return C.RED",
        "assert pick() is C.RED and C.RED.value == 1 and len(list(C)) == 2 and C['BLUE'] == C(2)",
    ),
    "an asynchronous function": (
        "import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x + 1", "import asyncio\nassert asyncio.run(f(1)) == 2",
    ),
    "lists that an object owns": (
        "class Box:\n    def __init__(s): s.xs, s.d = [], {}\n    def size(s): return len(s.xs) + len(s.d)",
        "box = Box()\nbox.xs.append(1)\nbox.d['a'] = 2\nbox.xs += [3]\nassert box.size() == 3 and box.xs == [1, 3] and isinstance(box.xs, list)",
    ),
    "an equality that knows its own kind only": (
        "class P:\n    def __init__(s, x): s.x = x\n    def __eq__(s, o): return s.x == o.x", "assert P(1) == P(1) and not P(1) == P(2)",
    ),
    "arguments by name, and a deque": (
        "def clear(xs): xs.clear()\ndef turn(d): d.rotate(1)",
        "from collections import deque\nxs, d = [1], deque([1, 2])\nclear(xs=xs)\nturn(d)\nassert xs == [] and list(d) == [2, 1]",
    ),
    "lazy results and views": (
        "def f(x): return map(str, x)\ndef k(d): return d.keys()", "assert list(f([1, 2])) == ['1', '2'] and k({1: 2}) == {1}",
    ),
    "a time with its zone": (
        "from datetime import datetime, timezone\ndef f(): return datetime(2020, 1, 1, tzinfo=timezone.utc)",
        "from datetime import datetime, timezone\nassert f() == datetime(2020, 1, 1, tzinfo=timezone.utc)",
    ),
    "a file in the work directory": ("def save(t):\n    open('f', 'w').write(t)", "save('x')\nassert open('f').read() == 'x'"),
}  # fmt: skip


@pytest.mark.parametrize("case", HONEST.values(), ids=list(HONEST))
def test_tests_use_a_solution_as_if_it_were_beside_them(box: Sandbox, case: tuple[str, str]) -> None:
    result = box.run(program(*case))
    assert result.passed, result


@pytest.mark.parametrize("wrong", ["test_add", "T"])
def test_tests_that_only_define_things_are_run_too(box: Sandbox, wrong: str) -> None:
    tests = {
        "test_add": "def test_add():\n    assert add(1, 2) == 4",
        "T": "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): self.assertEqual(add(1, 2), 4)",
    }[wrong]
    result = box.run(Program(source=ADD, tests=tests))
    assert (result.verdict, "AssertionError" in result.reason) == ("failed", True)


def test_a_solution_that_says_yes_to_everything_is_not_believed(box: Sandbox) -> None:
    liar = "class Yes:\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\ndef f(): return Yes()"
    for tests in (
        "assert f() == 4",
        "assert not f() != 4",
        "assert f() in [1, 2]",
        "assert 4 == f()",
        "Yes\nassert f() == 4",
    ):
        assert box.run(Program(source=liar, tests=tests)).verdict == "failed", tests


LIES = {
    "other builtins for the tests": (
        "import sys, builtins\nS = sys.modules['domaintune.sandbox.inside.solution']\nb = dict(vars(builtins)); b['abs'] = lambda v: 0.0\n"
        "def f(x): return 7.0\nS.names_of = lambda m: {'f': f, '__builtins__': b}",
        "assert abs(f(3.5) - 0.5) < 1e-6",
    ),
    "equal where the length is": (
        "class f:\n    def __init__(s, x): s.n = len(x)\n    def __eq__(s, o): return len(o) == s.n", "assert f([1, 2, 3]) == [2, 3, 4]",
    ),
    "the end of somebody else's loop": ("def f(x): raise StopIteration", "assert all(map(lambda x: f(x) == 2 * x, [1, 2]))"),
    "another module of Python": ("import cmath as math\ndef f(x): return 1", "assert math.isclose(f(1), 1)"),
    "a borrowed name": (
        "class Liar:\n    def __lt__(s, o): return True\n    __gt__ = __lt__\nLiar.__name__ = 'expected'\nexpected = Liar\ndef f(): return Liar()",
        "expected = 3\nassert f() > expected",
    ),
    "tests that wait": ("async def f(): return 1", "async def test_f():\n    assert await f() == 2"),
    "tests in a class": ("def f(x): return 1", "class TestF:\n    def test_a(self):\n        assert f(1) == 2"),
    "tests that nobody calls": ("def f(x): return 1", "def test_f(candidate):\n    assert candidate(1) == 2"),
    "tests that are skipped": (
        "def f(): return True",
        "import unittest\nclass T(unittest.TestCase):\n    @unittest.skipIf(f(), 'no')\n    def test_f(self): self.fail()",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LIES.values(), ids=list(LIES))
def test_ways_to_pass_that_strangers_found_are_closed(box: Sandbox, case: tuple[str, str]) -> None:
    assert box.run(Program(source=case[0], tests=case[1])).verdict == "failed"


def test_a_class_does_not_stand_in_for_a_function(box: Sandbox) -> None:
    source = "class total:\n    def __init__(s, x): pass\n    def __gt__(s, o): return True"
    result = box.run(Program(source=source, tests="assert total([1]) > 3", functions=("total",)))
    assert (result.verdict, "has to be a function" in result.reason) == ("failed", True)


def test_names_that_hide_a_builtin_need_to_be_asked_for(box: Sandbox) -> None:
    source = "def abs(x): return 0\ndef f(x): return 99"
    assert box.run(Program(source=source, tests="assert abs(f(1) - 4) < 1")).verdict == "failed"
    assert box.run(Program(source=source, tests="assert abs(-3) == 0", entry=("abs",))).passed


def test_the_environment_is_empty_and_hashes_are_the_same_every_time(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET_TOKEN", "hush")
    source = "import os\nseen = dict(os.environ)\nhashed = hash('domaintune')"
    first, second = (box.run(Program(source=source, tests="print(sorted(seen), hashed)")) for _ in range(2))
    assert first.output == second.output
    assert "SECRET" not in first.output


def test_installed_packages_are_there_where_they_are_asked_for(box: Sandbox) -> None:
    tests = "import numpy as np\nassert np.allclose(f(), [1.0, 2.0])"
    source = "def f(): return [1.0, 2.0]"
    assert box.run(Program(source=source, tests=tests)).reason.startswith("ModuleNotFoundError")
    assert box.run(Program(source=source, tests=tests, packages=True)).passed


def test_results_come_in_order_whatever_ends_first(box: Sandbox) -> None:
    sources = [f"import time\ntime.sleep({0.3 if n % 2 == 0 else 0})\nprint({n})" for n in range(6)]
    assert [r.output.strip() for r in box.run_all(map(program, sources))] == [str(n) for n in range(6)]


def test_programs_may_be_many_and_are_taken_as_they_are_needed(box: Sandbox) -> None:
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield Program(source=ADD)

    results = box.run_all(endless())
    assert next(results).passed
    results.close()
    assert len(taken) < 10


def test_nothing_is_left_of_a_run(box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    nasty = "import os\nfor n in range(30):\n    os.mkdir('d', 0o000 if n == 29 else 0o700)\n    os.chdir('d') if n < 29 else 0\nos.symlink('/etc', 'etc')"
    before = len(list(Path("/proc/self/fd").iterdir()))
    for source in (nasty, "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()"):
        assert box.run(Program(source=source)).verdict in {"passed", "output"}
    assert list(tmp_path.iterdir()) == []
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert (
        "domaintune.sandbox"
        not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    )


def test_a_killed_parent_leaves_no_program_and_no_folder_behind(box: Sandbox, tmp_path: Path) -> None:
    script = (
        f"import tempfile\ntempfile.tempdir = {str(tmp_path)!r}\n"
        "from domaintune.sandbox import *\nbox = open_sandbox()\nprint('on', flush=True)\n"
        "box.run(Program(source='import time; time.sleep(60)'))"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert parent.stdout
    parent.stdout.readline()
    threading.Event().wait(0.5)
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert children
    for _ in range(100):
        if not any(Path(f"/proc/{child}").exists() for child in children) and not list(tmp_path.iterdir()):
            return
        threading.Event().wait(0.05)
    pytest.fail("a launcher, or its folder, has outlived its parent")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.complex_numbers(allow_nan=False),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.integers() | st.text(), inner)
    | st.frozensets(st.integers()) | st.sets(st.text()),
    max_leaves=20,
)  # fmt: skip


@given(PLAIN)
@settings(deadline=None)
def test_plain_values_arrive_as_they_were(value: object) -> None:
    arrived = wire.load(wire.dump(value))
    assert (arrived, type(arrived)) == (value, type(value))


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_any_bytes_are_a_value_or_refused(content: bytes) -> None:
    with contextlib.suppress(wire.WireError):
        wire.load(content)


def test_a_result_says_whether_it_passed() -> None:
    assert Result(verdict="passed", tier="T1").passed
    assert not Result(verdict="sandbox_error", tier="T1").passed
