"""Proven rows: each outcome has its reason, tests that prove nothing are found, and times do not change a data set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from domaintune import Dropped, Example, Origin, SandboxError
from domaintune.data.context import Context
from domaintune.sandbox import Limits, Program, Result, open_sandbox
from domaintune.settings import DataSettings
from domaintune_code import checks
from domaintune_code.drafts import Draft, entry_of
from domaintune_code.options import ProofOptions
from domaintune_code.proof import prove, proven
from domaintune_code.stubs import stubs_of
from domaintune_code.timings import Timings, key_of

DOUBLE = "def double(n):\n    return 2 * n"
GOOD = "assert double(2) == 4\nassert double(0) == 0"


def draft(solution: str = DOUBLE, tests: str = GOOD, number: int = 1, **more: Any) -> Draft:
    return Draft(
        task=f"Double a number, way {number}.",
        answer="",
        origin=Origin(source="made", place=f"line {number}"),
        solution=solution,
        tests=tests,
        **more,
    )


def outcome(rows: list[Draft], **options: Any) -> tuple[list[Example], list[Dropped], list[str]]:
    context = Context("builder", None, DataSettings(), seed=0)
    made = list(proven(context, rows, ProofOptions(**options)))
    examples = [item for item in made if isinstance(item, Example)]
    return examples, [item for item in made if isinstance(item, Dropped)], context.notes


ROWS = {
    "passed": draft(),
    "tests-failed": draft("def double(n):\n    return n"),
    "timeout": draft("def double(n):\n    while True:\n        pass"),
    "memory": draft("def double(n):\n    return len(bytearray(1 << 34))"),
    "output": draft("def double(n):\n    while True:\n        print('x' * 1000)"),
    "blocked": draft("import socket\n\n\ndef double(n):\n    return socket.socket()"),
    "crashed": draft("import os\n\n\ndef double(n):\n    os._exit(0)"),
    "vacuous-tests": draft(tests="assert callable(double)"),
    "no-tests": draft(tests=""),
    "not-python": draft("let x = 1;"),
}


def test_every_outcome_is_counted_under_its_reason() -> None:
    sandbox = open_sandbox(limits=Limits(cpu_seconds=1.0, seconds=5.0))
    proofs = list(prove(list(ROWS.values()), sandbox))
    named = {"tests-failed": "failed"}
    assert [proof.verdict for proof in proofs] == [named.get(reason, reason) for reason in ROWS]
    assert [proof.tier for proof in proofs] == ["T1"] * 8 + ["", ""]


def test_a_row_that_fails_is_dropped_or_kept_with_a_tag() -> None:
    rows = [draft(), draft("def double(n):\n    return n", number=2), draft(tests="", number=3)]
    examples, dropped, notes = outcome(rows)
    assert [example.meta["verdict"] for example in examples] == ["passed"]
    assert [item.reason for item in dropped] == ["tests-failed", "no-tests"]
    assert "assert double(2) == 4" in dropped[0].detail
    assert notes == ["proof: 1 failed, 1 no-tests, 1 passed"]
    kept, dropped, _ = outcome(rows, proof="tag")
    assert (len(kept), dropped) == (3, [])
    assert [{"proven", "failed", "unproven"} & example.tags for example in kept] == [
        {"proven"},
        {"failed"},
        {"unproven"},
    ]
    assert kept[1].meta["verdict"] == "failed"
    assert "double(2)" in kept[1].meta["reason"]
    untried, _, _ = outcome(rows, proof="off")
    assert all("verdict" not in example.meta and "unproven" in example.tags for example in untried)


@pytest.mark.parametrize(
    "tests",
    [
        "assert True",
        "assert callable(double)",
        "assert double(1) is not 5",
        "try:\n    double(1)\nexcept Exception:\n    pass",
        "try:\n    assert double(1) == 2\nexcept Exception:\n    pass",
        "def helper():\n    assert double(1) == 2",
        "x = double",
    ],
)
def test_tests_that_a_stand_in_passes_prove_nothing(tests: str) -> None:
    (proof,) = prove([draft(tests=tests)], open_sandbox())
    assert (proof.verdict, proof.proven) == ("vacuous-tests", False)


@pytest.mark.parametrize(
    ("solution", "tests"),
    [
        (DOUBLE, "assert double(1) == 2"),
        (DOUBLE, "def test_double():\n    assert double(1) == 2"),
        ("def check(n):\n    if n < 0:\n        raise ValueError(n)",
         "try:\n    check(-1)\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError"),
        ("def fill(xs):\n    xs.append(1)", "xs = []\nfill(xs)\nassert xs == [1]"),
        ("class Box:\n    def __init__(self, n):\n        self.n = n\n\n    def get(self):\n        return self.n",
         "assert Box(3).get() == 3"),
        ("def count(n):\n    yield from range(n)", "assert list(count(3)) == [0, 1, 2]"),
        ("double = lambda n: 2 * n", "assert double(2) == 4"),
        ("from dataclasses import dataclass\n\n\n@dataclass(frozen=True)\nclass P:\n    x: int", "assert P(3).x == 3"),
        ("from typing import NamedTuple\n\n\nclass P(NamedTuple):\n    x: int\n    y: int = 2", "assert P(3) == (3, 2)"),
        ("from enum import Enum\n\n\nclass C(str, Enum):\n    RED = 'r'", "assert C('r') is C.RED"),
        ("from functools import partial\nadd = partial(pow, 2)\n\n\ndef helper():\n    pass", "assert add(3) == 8"),
        ("PRIMES = [2, 3, 5]", "assert PRIMES[1] == 3"),
    ],
)  # fmt: skip
def test_tests_that_mean_something_are_proof(solution: str, tests: str) -> None:
    (proof,) = prove([draft(solution, tests)], open_sandbox())
    assert (proof.verdict, proof.reason) == ("passed", "")


@pytest.mark.parametrize(
    ("solution", "tests"),
    [
        ("from dataclasses import dataclass\n\n\n@dataclass\nclass P:\n    x: int", "assert P(3)"),
        ("from enum import Enum\n\n\nclass C(str, Enum):\n    RED = 'r'", "assert C is not None"),
        ("PRIMES = [2, 3, 5]", "assert True"),
        ("import math", "assert 1 + 1 == 2"),
    ],
)
def test_tests_of_a_program_without_functions_can_be_vacuous_too(solution: str, tests: str) -> None:
    (proof,) = prove([draft(solution, tests)], open_sandbox())
    assert proof.verdict == "vacuous-tests"


def test_tests_that_start_themselves_are_proof_and_those_that_lack_a_module_are_none() -> None:
    case = "class T(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(double(2), 4)\n"
    started = checks.tests_of(f"```python\nimport unittest\n\n{case}\nunittest.main()\n```", DOUBLE)
    lacking = "import pytest\nfrom no_such_module import x\n\nassert double(2) == 4"
    proofs = list(prove([draft(tests=started), draft(tests=lacking)], open_sandbox()))
    assert [proof.verdict for proof in proofs] == ["passed", "no-tests"]
    assert "the tests import no_such_module, pytest, which cannot be had" in proofs[1].reason
    assert checks.not_installed("import math, pytest\nfrom solution import double", packages=True) == []


def test_a_class_does_not_pass_for_a_function_of_the_solution() -> None:
    (program,) = Kept().programs_of(draft("def f():\n    pass\n\n\ndef g():\n    pass\n\n\nclass g:\n    pass"))
    assert program.functions == ("f",)


class Kept:
    """A sandbox that keeps what it is given, and in which all fails."""

    tier = "T1"

    def programs_of(self, row: Draft) -> list[Program]:
        self.programs: list[Program] = []
        list(prove([row], self))  # type: ignore[arg-type]
        return self.programs

    def run_all(self, programs: Iterable[Program], limits: object = None) -> Iterator[Result]:
        programs = list(programs)
        self.programs += programs
        return (Result(verdict="failed", tier="T1") for _ in programs)


def test_stand_ins_keep_the_names_and_do_nothing() -> None:
    source = "import math\nX = 3\n\n\nclass A:\n    def f(self):\n        return 1\n\n\nprint(A())"
    (nothing,) = stubs_of(source, "assert A().f() == 1")
    assert nothing == "import math\nX = 3\n\nclass A:\n\n    def f(self):\n        return None"
    _, error = stubs_of(source, "try:\n    A().f()\nexcept ValueError:\n    pass")
    assert "raise NotImplementedError" in error
    assert stubs_of("no program", "assert True") == []


class Broken:
    """A sandbox that fails."""

    tier = "T1"

    def run_all(self, programs: Iterable[Program], limits: object = None) -> Iterator[Result]:
        return (Result(verdict="sandbox_error", reason="no room for a process", tier="T1") for _ in programs)


def test_a_sandbox_that_fails_is_an_error_and_never_a_failed_row() -> None:
    with pytest.raises(SandboxError, match="no room for a process"):
        list(prove([draft()], Broken()))  # type: ignore[arg-type]


def test_no_sandbox_is_opened_where_there_is_nothing_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Context, "sandbox", lambda _: pytest.fail("opened"))
    _, dropped, _ = outcome([draft(tests="")])
    assert [item.reason for item in dropped] == ["no-tests"]


def test_a_data_set_that_is_built_again_is_the_same_to_the_millisecond() -> None:
    rows = [draft(number=number, solution=f"{DOUBLE} + {number} - {number}") for number in range(4)]
    first, _, _ = outcome(rows)
    again, _, _ = outcome(rows)
    assert first == again
    assert all(example.meta["seconds"] > 0 for example in first)
    untimed, _, _ = outcome(rows, seconds=False)
    assert all("seconds" not in example.meta for example in untimed)


def test_times_that_cannot_be_kept_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setenv("DOMAINTUNE_HOME", str(blocked))
    examples, _, notes = outcome([draft()])
    assert examples[0].meta["seconds"] > 0
    assert "cannot be kept" in notes[0]


def test_the_first_time_stays(tmp_path: Path) -> None:
    timings = Timings(tmp_path / "proofs.sqlite")
    assert timings.first({"a": 1.0}) == {"a": 1.0}
    assert timings.first({"a": 2.0, "b": 3.0}) == {"a": 1.0, "b": 3.0}
    one, other = Program(source="x = 1"), Program(source="x = 1", tests="assert x")
    function = Program(source="x = 1", tests="assert x", functions=("f",))
    keys = [key_of(one, "T1", Limits()), key_of(other, "T1", Limits()), key_of(other, "T2", Limits())]
    keys += [key_of(function, "T1", Limits()), key_of(other, "T1", Limits(cpu_seconds=1.0))]
    assert len(set(keys)) == len(keys)


def test_the_tests_say_which_function_is_meant() -> None:
    solution = "def all(xs):\n    return True\n\n\ndef helper():\n    pass\n\n\ndef double(n):\n    return n"
    assert entry_of(solution, "assert all(double(n) for n in [1])") == "double"
    assert entry_of(solution, "assert all([])") == "all"
    assert entry_of(solution, "") == "double"
    assert entry_of("x = 1", "assert x") == ""
