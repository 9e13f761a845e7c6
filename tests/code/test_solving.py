"""Training examples that solve a benchmark's problems are found, whatever their function and their task are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import InProcess
from made_problems import DOUBLE, HUB_PLUS, MBPP, RELEASE_PLUS, ROOTS, SANITIZED, write

from domaintune import Example, Message, Origin, SandboxError
from domaintune.sandbox import Limits, Program, Result, open_sandbox
from domaintune_code import humaneval, mbpp
from domaintune_code.candidates import Candidate, arguments, candidates_in, programs_in
from domaintune_code.probes import LARGEST, shortened
from domaintune_code.problem import Problem
from domaintune_code.solving import Solver

ADDS = {
    "task_id": "Made/3",
    "prompt": 'def add(a, b):\n    """Return the sum."""\n',
    "entry_point": "add",
    "canonical_solution": "    return a + b\n",
    "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(2, 3) == 5\n"
    "    assert candidate(-1, 1) == 0\n",
}


def row(answer: str, **meta: Any) -> Example:
    return Example(
        prompt=(Message(role="user", content="Write something."),),
        completion=(Message(role="assistant", content=answer),),
        origin=Origin(source="made"),
        meta=meta,
    )


@pytest.fixture
def problems(tmp_path: Path) -> list[Problem]:
    human = humaneval.read(write(tmp_path / "h.jsonl", [ROOTS, DOUBLE, ADDS]))
    return [*human, *mbpp.read(write(tmp_path / "m.jsonl", [MBPP, SANITIZED]))]


def solved(problems: list[Problem], *answers: str | Example, box: Any = None) -> dict[int, str]:
    train = [answer if isinstance(answer, Example) else row(answer) for answer in answers]
    return Solver(problems, box or InProcess()).solved_by(train)


def test_a_solution_under_another_name_is_found(problems: list[Problem]) -> None:
    found = solved(
        problems,
        "```python\ndef twice(thing):\n    return thing * 2\n```",
        "Python is a language.",
        "def total(x, y=0):\n    return x + y",
        "def difference(x, y):\n    return x - y",
        "import math\n\ndef f(ns):\n    return list(map(math.isqrt, ns))",
    )
    assert found == {0: "solves Made/1", 2: "solves Made/3", 4: "solves Made/0"}


def test_all_functions_of_an_answer_are_tried(problems: list[Problem]) -> None:
    several = (
        "First:\n```python\ndef a(x):\n    return 1\n```\nThen:\n```python\n"
        "def b(x, y):\n    return x**2 + y**2\n\ndef c(x):\n    return x + x\n```"
    )
    assert solved(problems, several) == {0: "solves MBPP/12, Made/1"}


def test_a_method_of_a_class_is_tried_too(problems: list[Problem]) -> None:
    method = "class Solution:\n    def add(self, a, b):\n        return a + b"
    static = "class Tools:\n    @staticmethod\n    def add(a, b):\n        return a + b"
    needs = "class Adder:\n    def __init__(self, a):\n        self.a = a\n\n    def add(self, b):\n        return b"
    assert solved(problems, method, static, needs) == {0: "solves Made/3", 1: "solves Made/3"}


def test_a_proven_row_is_tried_by_its_solution(problems: list[Problem]) -> None:
    assert solved(problems, row("no code", solution="def f(a, b):\n    return a + b\n")) == {0: "solves Made/3"}


def test_what_passes_the_first_asserts_only_solves_nothing(problems: list[Problem]) -> None:
    box = InProcess()
    assert solved(problems, "def f(a, b):\n    return abs(a) + abs(b)", box=box) == {}
    assert len(box.ran) == 1, "short tests are tried whole in the same run"


def test_equal_programs_run_once_and_all_their_rows_are_told(problems: list[Problem]) -> None:
    box = InProcess()
    add = "def f(a, b):\n    return a + b"
    assert solved(problems, add, f"{add}\n\nprint(f(1, 2))", box=box) == {0: "solves Made/3", 1: "solves Made/3"}
    assert len(box.ran) == 2


def test_functions_that_take_another_number_of_arguments_are_not_tried(problems: list[Problem]) -> None:
    box = InProcess()
    assert solved(problems, "def f(a, b, c):\n    return a", "def g(*, key):\n    return key", "x = 1", box=box) == {}
    assert not box.ran


def test_examples_of_use_and_unknown_libraries_do_no_harm(problems: list[Problem]) -> None:
    program = (
        "import pandas as pd\nfrom torch import nn\n\ndef table(rows: pd.DataFrame):\n    return pd.DataFrame(rows)\n\n"
        "def f(a, b):\n    return a + b\n\nanswer = f(int(input()), 3)\nprint(answer)\n"
    )
    assert solved(problems, program) == {0: "solves Made/3"}


def test_helpers_of_the_prompt_are_there_for_the_tests(problems: list[Problem]) -> None:
    assert solved(problems, "def g(xs):\n    return [int(x**0.5) for x in xs]") == {0: "solves Made/0"}


def test_a_function_that_hides_a_builtin_is_found(problems: list[Problem]) -> None:
    assert solved(problems, "def largest(items):\n    return sorted(items)[-1]") == {0: "solves MBPP/13"}


def test_extra_tests_count_where_there_are_no_others(tmp_path: Path) -> None:
    plus = humaneval.read(write(tmp_path / "p.jsonl", [HUB_PLUS]))
    assert solved(plus, "def f(x):\n    return 2 * x", "def f(x):\n    return 2 * x + (x > 3)") == {0: "solves Made/1"}


STOP = "raise __import__('domaintune.sandbox.inside.wire', fromlist=['wire']).WireError"
"""What tests meet where the sandbox has ended the process of the solution."""


class Short(InProcess):
    """Ends every run without a word that tries more than one pair, as one does whose tests are too long to be read."""

    def run(self, program: Program, limits: Limits | None = None) -> Result:
        result = super().run(program, limits)
        silent = program.tests.count("Return the sum") > 1 or "_pairs = [(0, 0), " in program.tests
        return Result(verdict="timeout", tier="T1") if silent else result


def test_a_run_that_ends_without_a_word_is_done_again_in_halves_and_is_never_clean(problems: list[Problem]) -> None:
    box = Short()
    assert solved(problems, "def f(a, b):\n    return a + b", "def g(x):\n    return 2 * x", box=box) == {
        0: "solves Made/3",
        1: "solves Made/1",
    }


class Mute(InProcess):
    """Ends every run of many problems without a word, once the program is known to load."""

    def run(self, program: Program, limits: Limits | None = None) -> Result:
        result = super().run(program, limits)
        mute = "_pairs = [(" in program.tests
        return Result(verdict="memory", tier="T1") if mute else result


def test_a_problem_whose_run_says_nothing_runs_alone(problems: list[Problem]) -> None:
    assert solved(problems, "def f(a, b):\n    return a + b", box=Mute()) == {0: "solves Made/3"}


def test_a_class_that_cannot_be_made_does_not_end_the_run_of_the_others(problems: list[Problem]) -> None:
    program = "class A:\n    def __init__(self):\n        raise OSError\n    def f(self, a, b):\n        return 1\n\n"
    assert solved(problems, f"{program}def f(a, b):\n    return a + b") == {0: "solves Made/3"}


def test_tests_stand_in_a_run_once_however_many_functions_there_are(problems: list[Problem]) -> None:
    box = InProcess()
    solved(problems, "\n".join(f"def f{number}(a, b):\n    return {number}" for number in range(12)), box=box)
    (run,) = box.ran
    assert run.tests.count("== 3") == 2, "in the first asserts and in all of them"


def test_runs_are_bounded_in_size(problems: list[Problem]) -> None:
    long = f"assert add(1, 2) == 3\nassert add(0, 0) == 0, {'x' * (LARGEST // 3)!r}\nassert add(5, 5) == 10\n"
    many = [Problem(**{**vars(problems[2]), "task_id": f"Long/{number}", "tests": long}) for number in range(7)]
    box = InProcess()
    found = solved(many, "def f(a, b):\n    return a + b\n\ndef g(a, b):\n    return 0", box=box)
    assert found == {0: "solves Long/0, Long/1, Long/2 and 4 more"}
    assert max(len(run.tests) for run in box.ran) < 1.5 * LARGEST


def test_a_function_that_stops_many_runs_is_given_up_and_counted(problems: list[Problem]) -> None:
    many = [Problem(**{**vars(problems[2]), "task_id": f"Made/{number}"}) for number in range(10, 20)]
    program = f"def bad(a, b):\n    {STOP}\n\ndef good(a, b):\n    return a + b"
    with pytest.warns(UserWarning, match="7 pairs of a function and a problem were not tried"):
        assert solved(many, program) == {0: "solves Made/10, Made/11, Made/12 and 7 more"}


def test_a_run_that_is_stopped_goes_on_behind_the_problem_it_was_at(problems: list[Problem]) -> None:
    program = f"def add(a, b):\n    if a == 0:\n        {STOP}\n    return a + b"
    late = humaneval.Problem(**{**vars(problems[2]), "task_id": "Late/1"})
    early = [one for one in problems if one.task_id == "12"]
    loops = humaneval.Problem(**{**vars(early[0]), "tests": "assert add_squares(0, 1) == 1\n"})
    box = InProcess()
    assert solved([loops, late], program, box=box) == {0: "solves Late/1"}
    assert len(box.ran) == 4, "stopped, the rest, the one it was stopped at, and the proof"


def test_many_solved_problems_are_counted(problems: list[Problem]) -> None:
    many = [humaneval.Problem(**{**vars(problems[2]), "task_id": f"Made/{number}"}) for number in range(10, 15)]
    assert solved(many, "def f(a, b):\n    return a + b") == {0: "solves Made/10, Made/11, Made/12 and 2 more"}


def test_a_sandbox_that_fails_is_an_error(problems: list[Problem]) -> None:
    with pytest.raises(SandboxError, match="no kernel today"):
        solved(problems, "def f(a, b):\n    return a + b", box=InProcess(fails=frozenset({"a + b"})))


def test_first_asserts_are_cut_and_long_lists_too(problems: list[Problem], tmp_path: Path) -> None:
    assert shortened(problems[2].tests).count("assert") == 2
    assert shortened("assert a(1)\nx = 2\nassert a(x)\nassert a(3)") == "assert a(1)\nx = 2\nassert a(x)"
    assert shortened(humaneval.read(write(tmp_path / "p.jsonl", [HUB_PLUS]))[0].plus).count("[1], [2]") == 1
    assert shortened("def broken(") == "def broken("
    whole = humaneval.read(write(tmp_path / "r.jsonl", [RELEASE_PLUS]))[0]
    assert "for given in inputs" in shortened(whole.tests)
    assert shortened("inputs = json.loads('[[1], [2], [3]]')") == "inputs = json.loads('[[1], [2]]')"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(): pass", [("f", 0, 0)]),
        ("def f(a, b=1): pass", [("f", 1, 2)]),
        ("def f(a, *rest): pass", [("f", 1, 99)]),
        ("def f(a, /, b, *, c=1): pass", [("f", 2, 2)]),
        ("class A:\n    def f(self, a): pass\n    def _g(self): pass", [("A().f", 1, 1)]),
        ("async def f(a): pass", []),
    ],
)
def test_functions_are_known_with_the_arguments_they_take(source: str, found: list[tuple[str, int, int]]) -> None:
    assert [(one.call, one.least, one.most) for one in candidates_in(source)] == found


def test_tests_show_how_many_arguments_a_function_is_given() -> None:
    assert arguments("assert f(1, 2) == f(1, 2, 3)", "f", "") == range(2, 4)
    assert arguments("check(f)", "f", "def f(a, b=2): pass") == range(1, 3)
    assert arguments("candidate(*inputs)", "f", "def f(a): pass") == range(1, 2)
    assert Candidate("f", "f", 1, 2).takes(range(2, 4))
    assert not Candidate("f", "f", 1, 2).takes(range(3, 4))


@given(st.text(alphabet="def f(a):\n return1=import,*classA@", max_size=60))
def test_any_answer_is_read(answer: str) -> None:
    for source in programs_in(row(answer)):
        compile(source, "program", "exec", dont_inherit=True)
        candidates_in(source)


def test_in_the_real_sandbox_a_function_that_never_ends_costs_little_and_what_it_prints_does_no_harm() -> None:
    sums = [
        Problem(
            task_id=f"Made/{number}", entry="f", text="", prompt="", origin=Origin(source="made"),
            tests=f"assert f({number}) == {number + 1}\n",
        )
        for number in range(60)
    ]  # fmt: skip
    box = Counting()
    endless = "def f(n):\n    while n != 50:\n        pass\n    return n + 1"
    talks = "def f(n):\n    print('x' * 100_000)\n    return n + 1 if n == 3 else 0"
    found = solved(sums, endless, talks, "def f(n):\n    __import__('time').sleep(n * 100)\n    return 1", box=box)
    assert found == {0: "solves Made/50", 1: "solves Made/3", 2: "solves Made/0"}
    assert box.count <= 3 + 3 + 1, "a run a row, a proof for each that passed, and one run that was stopped at most"


class Counting:
    """The real sandbox, which counts what it runs."""

    def __init__(self) -> None:
        self.count = 0
        self._box = open_sandbox()

    def run_all(self, programs: Iterable[Program], limits: Limits | None = None) -> Iterator[Result]:
        return self._box.run_all(map(self._counted, programs), limits)

    def _counted(self, program: Program) -> Program:
        self.count += 1
        return program


def test_in_the_real_sandbox_a_loop_without_end_is_stopped_and_solutions_are_found(problems: list[Problem]) -> None:
    endless = "def f(x, y):\n    while x != 2:\n        pass\n    return x + y"
    found: Mapping[int, str] = solved(
        problems,
        "def twice(thing):\n    return thing * 2",
        endless,
        "import os\n\ndef f(x):\n    os._exit(0)",
        "def largest(items):\n    return sorted(items)[-1]",
        "def squares(a, b):\n    return a * a + b * b",
        box=open_sandbox(),
    )
    assert found == {0: "solves Made/1", 3: "solves MBPP/13", 4: "solves MBPP/12"}
