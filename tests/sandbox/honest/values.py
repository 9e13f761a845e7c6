"""Values of every kind that go in and come out."""

from __future__ import annotations

from honest.case import task

task(
    "numbers",
    "add",
    "def add(a, b):\n    return a + b",
    "def add(a, b):\n    return a - b",
    """
    assert add(1, 2) == 3
    assert add(-1, 1) == 0
    assert add(1.5, 1) == 2.5
""",
)
task(
    "booleans",
    "even",
    "def even(n):\n    return n % 2 == 0",
    "def even(n):\n    return n % 2 == 1",
    """
    assert even(4) is True
    assert not even(7)
    assert even(0)
""",
)
task(
    "text",
    "backwards",
    "def backwards(s):\n    return s[::-1]",
    "def backwards(s):\n    return s",
    """
    assert backwards("abc") == "cba"
    assert backwards("") == ""
    assert backwards("äöü€😀") == "😀€üöä"
    assert isinstance(backwards("x"), str)
""",
)
task(
    "lone surrogates",
    "first",
    "def first(s):\n    return s[0]",
    "def first(s):\n    return s[-1]",
    r"""
    assert first("\ud800x") == "\ud800"
    assert first("\x00\n") == "\x00"
""",
)
task(
    "bytes",
    "mask",
    "def mask(b, k):\n    return bytes(x ^ k for x in b)",
    "def mask(b, k):\n    return b",
    r"""
    assert mask(b"abc", 1) == b"`cb"
    assert mask(b"\x00\xff", 255) == b"\xff\x00"
    assert type(mask(b"a", 0)) is bytes
""",
)
task(
    "large integers",
    "power",
    "def power(n):\n    return 2 ** n",
    "def power(n):\n    return 2.0 ** n",
    """
    assert power(200) == 1 << 200
    assert -power(64) == -18446744073709551616
    assert isinstance(power(3), int)
    assert power(5000) % 1000 == pow(2, 5000, 1000)
""",
)
task(
    "floats",
    "mean",
    "def mean(xs):\n    return sum(xs) / len(xs)",
    "def mean(xs):\n    return sum(xs) // len(xs)",
    """
    import math
    assert mean([1, 2]) == 1.5
    assert abs(mean([0.1, 0.2]) - 0.15) < 1e-12
    assert math.isclose(mean([1e308, 1e-308]), 5e307)
""",
)
task(
    "not a number and infinity",
    "edge",
    """
    def edge(kind):
        return {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf"), "-0": -0.0}[kind]
""",
    "def edge(kind):\n    return 0.0",
    """
    import math
    assert math.isnan(edge("nan"))
    assert edge("inf") == float("inf") and edge("-inf") < 0
    assert math.copysign(1, edge("-0")) == -1
    assert edge("nan") != edge("nan")
""",
)
task(
    "complex numbers",
    "turn",
    "def turn(z):\n    return z * 1j",
    "def turn(z):\n    return z",
    """
    assert turn(1) == 1j
    assert turn(2 + 1j) == -1 + 2j
    assert turn(1j).real == -1.0
""",
)
task(
    "lists",
    "squares",
    "def squares(n):\n    return [i * i for i in range(n)]",
    "def squares(n):\n    return [i for i in range(n)]",
    """
    assert squares(4) == [0, 1, 4, 9]
    assert squares(0) == []
    assert squares(3)[-1] == 4 and len(squares(5)) == 5
    assert sum(squares(3)) == 5
""",
)
task(
    "tuples",
    "bounds",
    "def bounds(xs):\n    return min(xs), max(xs)",
    "def bounds(xs):\n    return [min(xs), max(xs)]",
    """
    assert bounds([3, 1, 2]) == (1, 3)
    low, high = bounds([5])
    assert low == high == 5
    assert isinstance(bounds([1]), tuple)
""",
)
task(
    "dictionaries",
    "count",
    """
    def count(words):
        found = {}
        for word in words:
            found[word] = found.get(word, 0) + 1
        return found
""",
    "def count(words):\n    return {word: 1 for word in words}",
    """
    assert count(["a", "b", "a"]) == {"a": 2, "b": 1}
    assert list(count(["b", "a"])) == ["b", "a"]
    assert count(["x", "x"])["x"] == 2
    assert count([]) == {}
""",
)
task(
    "keys that are tuples",
    "grid",
    "def grid(n):\n    return {(i, j): i * j for i in range(n) for j in range(n)}",
    "def grid(n):\n    return {(i, j): i + j for i in range(n) for j in range(n)}",
    """
    assert grid(3)[2, 2] == 4
    assert grid(2)[(1, 1)] == 1
    assert len(grid(3)) == 9
""",
)
task(
    "sets",
    "common",
    "def common(a, b):\n    return set(a) & set(b)",
    "def common(a, b):\n    return set(a) | set(b)",
    """
    assert common([1, 2], [2, 3]) == {2}
    assert common("ab", "cd") == set()
    assert 2 in common([2], [2])
    assert common([1], [1]) | {5} == {1, 5}
""",
)
task(
    "frozen sets",
    "groups",
    "def groups(xs):\n    return {frozenset(x) for x in xs}",
    "def groups(xs):\n    return {frozenset(x[:1]) for x in xs}",
    """
    assert groups(["ab", "ba", "c"]) == {frozenset("ab"), frozenset("c")}
    assert frozenset("ab") in groups(["ab"])
""",
)
task(
    "nested values",
    "tree",
    """
    def tree(depth):
        return {"depth": depth, "children": [tree(depth - 1), (None, {1, 2})]} if depth else None
""",
    "def tree(depth):\n    return {'depth': depth, 'children': []}",
    """
    assert tree(0) is None
    assert tree(1) == {"depth": 1, "children": [None, (None, {1, 2})]}
    assert tree(2)["children"][0]["depth"] == 1
""",
)
task(
    "ranges and slices",
    "window",
    "def window(n):\n    return range(0, n, 2)",
    "def window(n):\n    return range(n)",
    """
    assert window(5) == range(0, 5, 2)
    assert list(window(5)) == [0, 2, 4]
    assert 4 in window(5) and 3 not in window(5)
""",
)
task(
    "nothing",
    "quiet",
    "def quiet(x):\n    if x:\n        return x",
    "def quiet(x):\n    return x or 0",
    """
    assert quiet(0) is None
    assert quiet("a") == "a"
    assert quiet([]) == None
""",
)
