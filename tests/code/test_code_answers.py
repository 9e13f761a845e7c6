"""The program in an answer: whatever stands around it, however its block is fenced, and never at any cost of time."""

from __future__ import annotations

import ast
import math
import time
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune_code.answers import LIMIT, blocks, code_of, parsed
from domaintune_code.prompts import asked_for, fenced, head_of

ADD = "def add(a, b):\n    return a + b"
FILLED = "TABLE = [0] * 9\n\n\ndef _fill():\n    TABLE[1] = 2\n\n\ndef double(n):\n    return TABLE[n]"
HELPER = "import math\n\n\ndef area(r):\n    return math.pi * r * r"


@pytest.mark.parametrize(
    "answer",
    [
        ADD,
        f"```python\n{ADD}\n```",
        f"```py\n{ADD}\n```",
        f"```Python3\n{ADD}\n```",
        f"```\n{ADD}\n```",
        f"~~~python\n{ADD}\n~~~",
        f"````python\n{ADD}\n````",
        f"```{{.python}}\n{ADD}\n```",
        f"```python:sums.py\n{ADD}\n```",
        f'```python title="sums.py"\n{ADD}\n```',
        f"```python\n{ADD}",
        f"```python\n{ADD}```",
        f"{ADD}\n```\nThis function adds two numbers.",
        f"Here it is: ```python\n{ADD}\n```",
        f"Here it is:\n\n{ADD}\n\nIt adds a to b, as you asked.",
        f"1. The function:\n\n   ```python\n   {ADD.replace(chr(10), chr(10) + '   ')}\n   ```\n2. Done.",
        f"```python\r\n{ADD.replace(chr(10), chr(13) + chr(10))}\r\n```\r\n",
        f"```json\n[1, 2]\n```\n```python\n{ADD}\n```",
        f"```bash\npython add.py\n```\n```\n{ADD}\n```",
        f"```python\n{ADD}\n\nif __name__ == '__main__':\n    print(add(1, 2))\n```",
        f'```python\n{ADD}\n\nif "__main__" == __name__:\n    add(1, 2)\n```',
        f"```python\n{ADD}\n\nif __name__ == '__main__':\n    a = 1\n    b = 2\n    print(add(a, b))\n```",
        f"```python\n{ADD}\n\na, b = 1, 2\nprint(add(a, b))\n```",
        f"```python\n{ADD}\n\n# Example usage:\nresult = add(1, 2)\nprint(result)\n```",
        f"```python\n{ADD}\n\n# Test cases\nassert add(1, 2) == 3\n```",
        f"```python\n{ADD}\n\nx = 1\ny = 2\nprint(add(x, y))\n```",
        f"```python\n{ADD}\n\nfor x in range(3):\n    print(add(x, x))\n```",
        f"```python\n{ADD}\n\nprint(add(1, 2)\n```",
        f"```python\n{ADD}\n\nprint 'hello'\n```",
        f"```python\n{ADD}\n```\nTry it:\n```python\nprint(add(1, 2))\n```",
        f"First:\n{ADD}\n\nThen:\n```python\nprint(add(1, 2))\n```",
        f"\ufeff{ADD}",
    ],
)
def test_the_function_is_found_in_every_dress(answer: str) -> None:
    assert code_of(answer, "add") == ADD
    assert code_of(answer) == ADD


def test_the_block_that_defines_what_is_asked_for_is_preferred() -> None:
    answer = f"```python\n{HELPER}\n```\n```python\n{ADD}\n```"
    assert code_of(answer, "add") == ADD
    assert code_of(answer, "area") == code_of(answer) == HELPER
    assert code_of(answer, "missing") == HELPER


def test_the_first_of_two_versions_counts() -> None:
    better = "def add(a, b):\n    return sum((a, b))"
    assert code_of(f"```python\n{ADD}\n```\nOr shorter:\n```python\n{better}\n```", "add") == ADD


@pytest.mark.parametrize(
    "source",
    [
        f"# Example: add(1, 2) is 3\n{ADD}",
        f"{ADD}\n\n\n# Test helper\ndef twice(a):\n    return add(a, a)",
        "def outer(a):\n    return inner(a)\n\n\n# Example usage of a helper\ndef inner(a):\n    return a",
        "import sys\n\nsys.setrecursionlimit(10_000)\n\n\ndef add(a, b):\n    return a + b",
        "def slow(n):\n    return n\n\n\nslow = staticmethod(slow)",
        "def make():\n    return 3\n\n\ndef get():\n    return TABLE\n\n\nTABLE = make()",
        "class Stack:\n    def __init__(self):\n        self.items = []",
        "LIMIT = 3\nprint(LIMIT)",
        f"{ADD}\n\n\nadd.known = {{}}",
        f"{ADD}\n\n\n# Sample table\nadd.known = {{}}",
        "def double(n):\n    return TABLE[n]\n\n\nTABLE = {}\nTABLE[0] = 0",
        f"{FILLED}\n\n\n_fill()",
        f"{FILLED}\n\n\nfilled = _fill()",
        f"{FILLED}\n\n\nfor n in range(9):\n    TABLE[n] = 2 * n\n    print(n)",
        "@cache\ndef fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n\n\nfib(400)\nfib(800)",
    ],
)
def test_what_a_program_needs_is_not_cut(source: str) -> None:
    assert code_of(f"```python\n{source}\n```") == source


@pytest.mark.parametrize(
    "shown",
    [
        "print(double(1))",
        "assert double(1) == 3",
        "n = int(input())\nprint(double(n))",
        "x = 1\nfor n in [x, 2]:\n    y = n + 1\n    print(y)",
        "unittest.main()",
    ],
)
def test_what_only_shows_is_cut_behind_what_is_needed(shown: str) -> None:
    assert code_of(f"{FILLED}\n\n\n_fill()\n{shown}", "double") == f"{FILLED}\n\n\n_fill()"


def test_a_call_of_main_is_cut_like_a_main_guard() -> None:
    main = f"{ADD}\n\n\ndef main():\n    print(add(int(input()), 1))"
    assert code_of(f"{main}\n\n\nmain()", "add") == main


AREA = "def ring(r, s):\n    return area(r) - area(s)"


@pytest.mark.parametrize("answer", [f"{fenced(HELPER)}\n{fenced(AREA)}", f"{fenced(AREA)}\nwith\n{fenced(HELPER)}"])
def test_blocks_are_put_together_where_one_defines_what_another_lacks(answer: str) -> None:
    space: dict[str, Any] = {}
    exec(code_of(f"{answer}\nUse it:\n{fenced('print(ring(2, 1), missing)')}", "ring"), space)
    assert space["ring"](1, 0) == math.pi


def test_blocks_that_nothing_is_taken_from_are_left_out() -> None:
    assert code_of(f"{fenced(HELPER)}\n{fenced(ADD)}\n{fenced('total = add(1, 2)')}", "add") == ADD


def test_a_block_with_a_future_import_can_be_the_second() -> None:
    second = "from __future__ import annotations\n\ndef area(r: Radius):\n    return r * r"
    space: dict[str, Any] = {}
    exec(compile(code_of(f"{fenced(AREA)}\n{fenced(second)}", "ring"), "answer", "exec", dont_inherit=True), space)
    assert space["ring"](2, 1) == 3


@pytest.mark.parametrize("end", ["</think>", "</thinking>\n\n"])
def test_drafts_among_thoughts_do_not_count(end: str) -> None:
    draft = fenced("def add(a, b):\n    return a")
    assert code_of(f"<think>Perhaps {draft}{end}{fenced(ADD)}", "add") == ADD
    assert code_of(f"Perhaps\n{draft}\n{end}{ADD}", "add") == ADD
    assert code_of("<think>" + "hm " * LIMIT + f"{end}{fenced(ADD)}", "add") == ADD


def test_thoughts_alone_are_all_there_is_and_marks_in_strings_are_none() -> None:
    assert code_of(f"<think>\n{fenced(ADD)}\n</think>\n", "add") == ADD
    source = 'def after(text):\n    return text.split("</think>")[-1]'
    assert code_of(fenced(source), "after") == source
    assert code_of(f"{fenced(ADD)}\nNo `</think>` is needed here.", "add") == ADD


def test_many_headings_are_read_within_seconds() -> None:
    began = time.monotonic()
    code_of("# test\n" * 8_000 + ADD, "add")
    code_of(f"{ADD}\n" + "print(1)\nx = 1\n" * 3_000, "add")
    assert time.monotonic() - began < 10


def test_a_bare_body_keeps_its_indentation() -> None:
    body = "    total = a + b\n    return total"
    assert code_of(body) == body
    assert code_of(f"{body}\n```") == body
    assert code_of(f"```python\n{body}\n```") == body


def test_an_answer_without_a_program_comes_back_as_it_is() -> None:
    assert code_of("\n  \nI am sorry, this cannot be done.\n", "add") == "I am sorry, this cannot be done."
    assert code_of("") == ""


def test_an_unfinished_block_says_so() -> None:
    (block,) = blocks(f"Sure.\n```python\n{ADD}")
    assert (block.language, block.text, block.ended) == ("python", ADD, False)


@given(st.text(alphabet=st.sampled_from("`~ \n\tdefpython():x=#'\"\\1{}[]é\x00"), max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_answer_breaks_the_reader(answer: str) -> None:
    found = code_of(answer, "f")
    assert found == code_of(answer, "f")
    assert len(found) <= len(answer)


NAMES = st.sampled_from(("alpha", "beta", "gamma"))
BODIES = st.sampled_from(("return 1", "x = [1, 2]\n    return x", 'return "```"', "return '#'", 'return {"a": "~~~"}'))
PROSE = st.text(alphabet="abc XYZ.,;!\n", max_size=80).filter(lambda text: parsed(text) is None)


@given(NAMES, BODIES, PROSE, PROSE)
@settings(max_examples=150, deadline=None)
def test_prose_around_a_block_does_not_change_what_is_found(name: str, body: str, before: str, after: str) -> None:
    source = f"def {name}():\n    {body}"
    assert code_of(f"{before}\n{fenced(source)}\n{after}", name) == source


@given(NAMES, BODIES)
def test_reading_twice_changes_nothing(name: str, body: str) -> None:
    once = code_of(fenced(f"def {name}():\n    {body}\n\n\nprint({name}())"), name)
    assert code_of(once, name) == once
    assert code_of(fenced(once), name) == once


@pytest.mark.parametrize(
    "answer",
    [
        "(" * 100_000,
        "-" * 100_000 + "1",
        "def f():\n" * 20_000,
        "import x y\n" * 20_000,
        "```python\n" * 20_000,
        "f(" * 30_000 + ")" * 30_000,
        "`" * 200_000,
        "def f(): '" + "\\" * 70_000,
        "a " * 60_000 + "```",
    ],
)
def test_hostile_answers_are_read_within_seconds(answer: str) -> None:
    began = time.monotonic()
    code_of(answer, "f")
    assert time.monotonic() - began < 5


def test_only_the_beginning_of_a_long_answer_is_read() -> None:
    assert parsed("x = 1\n" * LIMIT) is None
    assert code_of(f"```python\n{ADD}\n```\n" + "word " * LIMIT, "add") == ADD


def test_odd_escapes_warn_nobody() -> None:
    source = 'def f():\n    return "\\d"'
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert code_of(fenced(source), "f") == source


def test_a_task_becomes_the_head_of_its_function() -> None:
    solution = "from typing import List\nimport re\n\n\ndef twice(xs: List[int], *, by=2) -> List[int]:\n    return xs"
    head = head_of("Double every number.\n\nKeep the order.", solution, "twice")
    assert head == (
        "from typing import List\n\n\ndef twice(xs: List[int], *, by=2) -> List[int]:\n"
        '    """Double every number.\n\n    Keep the order.\n    """\n'
    )
    assert ast.parse(head)
    assert code_of(asked_for(head), "twice") == head.rstrip()


@pytest.mark.parametrize("task", ['Return """.', "Split at \\n."])
def test_a_task_that_fits_in_no_docstring_has_no_head(task: str) -> None:
    assert head_of(task, ADD, "add") is None
    assert head_of("Add.", ADD, "missing") is None


def test_a_fence_is_longer_than_any_inside() -> None:
    source = 'def f():\n    """\n    ```\n    f()\n    ```\n    """'
    assert fenced(source).startswith("````python\n")
    assert code_of(fenced(source), "f") == source
