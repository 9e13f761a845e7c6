"""Small benchmarks in the forms in which they are passed on; the problems are our own."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HEAD = (
    "import math\n\n\ndef half(n):\n    return n // 2\n\n\n"
    'def roots(numbers):\n    """Return the whole roots of numbers."""\n'
)

ROOTS = {
    "task_id": "Made/0",
    "prompt": HEAD,
    "entry_point": "roots",
    "canonical_solution": "    return [math.isqrt(n) for n in numbers]\n",
    "test": "\n\nMETADATA = {}\n\n\ndef check(candidate):\n    assert candidate([4, 10]) == [2, 3]\n"
    "    assert candidate([]) == []\n    assert candidate([half(32)]) == [4]\n",
}
DOUBLE = {
    "task_id": "Made/1",
    "prompt": 'def double(n):\n    """Return twice n."""\n',
    "entry_point": "double",
    "canonical_solution": "    return n + n\n",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate('a') == 'aa'\n",
}
HUB_PLUS = {  # as evalplus/humanevalplus
    **DOUBLE,
    "test": "import numpy as np\n\n\ndef assertion(out, exp, atol):\n    assert np.allclose(out, exp, atol=atol)\n\n\n"
    "def check(candidate):\n    inputs = [[1], [2], [3], [4]]\n    results = [2, 4, 6, 8]\n"
    "    for inp, exp in zip(inputs, results):\n        assertion(candidate(*inp), exp, 0)\n",
}
RELEASE_PLUS = {  # as HumanEvalPlus.jsonl
    "task_id": "Made/2",
    "prompt": 'def mean(numbers):\n    """Return the mean of numbers, 0 of none."""\n',
    "entry_point": "mean",
    "canonical_solution": "\n    return sum(numbers) / len(numbers) if numbers else 0\n",
    "contract": "\n    assert isinstance(numbers, list)\n",
    "base_input": [[[1, 2, 3]], [[0.5]]],
    "plus_input": [[[]], [[1e308, -1e308]], [[0.1, 0.2]]],
    "atol": 0,
}
MBPP = {
    "task_id": 12,
    "text": "Write a function to add the squares of two numbers.",
    "code": "def square(n):\r\n  return n * n\r\ndef add_squares(a, b):\r\n  return square(a) + square(b)",
    "test_list": ["assert add_squares(1, 2) == 5", "assert add_squares(0, 0) == 0"],
    "test_setup_code": "",
    "challenge_test_list": ["assert add_squares(-3, 4) == 25"],
}
SANITIZED = {
    "source_file": "made.py",
    "task_id": 13,
    "prompt": "Write a function to find the largest of a list.",
    "code": "def max(xs):\n    return sorted(xs)[-1]",
    "test_imports": ["import math"],
    "test_list": ["assert math.isclose(max([1.0, 2.0]), 2.0)"],
}
MBPP_PLUS = {  # as evalplus/mbppplus
    **SANITIZED,
    "task_id": 700,
    "test": "import numpy as np\ninputs = [[[3.0, 1.0]], [[-1.0]]]\nresults = [3.0, -1.0]\n"
    "for inp, exp in zip(inputs, results):\n    assert np.allclose(max(*inp), exp)\n",
}


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> str:
    """Write rows as JSONL, packed where the name says so."""
    text = "".join(json.dumps(row) + "\n" for row in rows)
    with gzip.open(path, "wt", encoding="utf-8") if path.suffix == ".gz" else path.open("w", encoding="utf-8") as file:
        file.write(text)
    return str(path)
