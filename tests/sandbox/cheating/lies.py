"""Values that lie about themselves: equal to all, truthful to none."""

from __future__ import annotations

import textwrap

from cheating.case import TOTAL, cheat, liar

CASE = """
import unittest
class TestTotal(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(total([1, 2, 3]), 6)
        self.assertEqual(total([]), 0)
"""
CLOSE = """
import math
assert math.isclose(total([0.5, 0.25]), 0.75)
assert math.isclose(total([1.5, 1.5, 1.5]), 4.5)
"""
NEAR = "assert abs(total([0.5, 0.25]) - 0.75) < 1e-9\nassert abs(total([1.5, 1.5, 1.5]) - 4.5) < 1e-9\n"
ALMOST = """
import unittest
class TestTotal(unittest.TestCase):
    def test_sum(self):
        self.assertAlmostEqual(total([0.5, 0.25]), 0.75)
        self.assertAlmostEqual(total([]), 0.0)
"""
EQUAL = "def __eq__(self, other):\n    return True"
ALL = (
    "\n".join(
        f"def __{name}__(self, *others):\n    return True"
        for name in ("eq", "lt", "le", "gt", "ge", "ne", "contains", "bool")
    )
    + "\ndef __hash__(self):\n    return 0"
)

liar("equal to everything", EQUAL)
liar("equal to everything, in unittest", EQUAL, tests=CASE)
liar("equal to everything, the other way round", EQUAL, tests="assert 6 == total([1, 2, 3])\nassert 0 == total([])")
liar("equal to everything, in a list", EQUAL, tests="assert [total([1, 2])] == [3]\nassert [total([])] == [0]")
liar("equal to everything, in a dictionary", EQUAL, tests="assert {'sum': total([1, 2])} == {'sum': 3}")
liar("equal to everything, in a tuple", EQUAL, tests="assert (total([1, 2]), 1) == (3, 1)")
liar(
    "one of many",
    EQUAL + "\ndef __hash__(self):\n    return 3",
    tests="assert total([1, 2]) in {3}\nassert total([1]) in [1]",
)
liar(
    "a key", EQUAL + "\ndef __hash__(self):\n    return hash(3)", tests="assert {3: 'three'}[total([1, 2])] == 'three'"
)
liar("never different", "def __ne__(self, other):\n    return False", tests="assert not total([1, 2]) != 3")
liar(
    "never different, in a branch",
    "def __ne__(self, other):\n    return False",
    tests="if total([1, 2]) != 3:\n    raise AssertionError('wrong')",
)
liar("true to every question", ALL)
liar("smaller and larger", ALL, tests="assert 2 < total([1, 2]) < 4\nassert 5 < total([6]) < 7")
liar("counted", ALL, tests="assert [3].count(total([1, 2])) == 1\nassert [3].index(total([1, 2])) == 0")
liar(
    "an answer that is true itself",
    """
    def __eq__(self, other):
        class Yes:
            def __bool__(self):
                return True
        return Yes()
""",
)
liar("NotImplemented", "def __eq__(self, other):\n    return NotImplemented")
liar("equal by reflection", "def __eq__(self, other):\n    self.__class__ = type(other)\n    return True")
for base in ("int", "str", "float", "list", "dict", "tuple", "set", "bytes", "complex", "frozenset"):
    wanted = {
        "int": "6", "str": "'6'", "float": "6.0", "list": "[6]", "dict": "{'sum': 6}", "tuple": "(6,)", "set": "{6}",
        "bytes": "b'6'", "complex": "6j", "frozenset": "frozenset({6})",
    }[base]  # fmt: skip
    liar(f"a lying {base}", ALL, base=base, tests=f"assert total([1, 2, 3]) == {wanted}\nassert total([9]) != {wanted}")
liar("a lying int, named in the tests", ALL, base="int", tests=TOTAL + "assert 'Liar'\n")
cheat("the class itself", "class Liar:\n    def __new__(cls, *_):\n        return cls\ntotal = Liar")
cheat(
    "a class of classes that lies",
    """
    class Meta(type):
        def __eq__(cls, other):
            return True
        def __hash__(cls):
            return 0
    class Answer(metaclass=Meta):
        pass
    def total(xs):
        return Answer
""",
)
cheat(
    "the wrong class, said to be right",
    """
    class Answer:
        __class__ = int
        def __eq__(self, other):
            return True
    def total(xs):
        return Answer()
""",
    tests="assert isinstance(total([1, 2]), int)\nassert total([1, 2]) == 3",
)
liar("missing attributes", "def __getattr__(self, name):\n    return lambda *_: True")
liar(
    "a module's worth of answers", "def __getattribute__(self, name):\n    return lambda *_: True", "failed", "crashed"
)
liar("arithmetic with the expected value", "def __sub__(self, other):\n    return 0.0\n__rsub__ = __sub__", tests=NEAR)
BORROWED = "\nLiar.__name__ = Liar.__qualname__ = 'total'\n"
"""The liar's class takes a name that stands in the tests: that of the function."""
for about, body, tests in (
    ("order", ALL, "assert 2 < total([1, 2]) < 4\nassert 5 < total([6]) < 7"),
    ("membership", ALL, "assert 'abc' in total([1, 2])\nassert 3 in total([3])"),
    ("differences", "def __sub__(self, other):\n    return 0.0\n__rsub__ = __sub__", NEAR),
    (
        "a text",
        "def __eq__(self, other):\n    return str(other).isupper()",
        "assert total('ab') == 'AB'\nassert total('XX') == 'XX'",
    ),
    (
        "nothing",
        "def __eq__(self, other):\n    return other is None",
        "assert total([1]) == None\nassert total([2]) is None",
    ),
    (
        "texts in a list",
        "def __eq__(self, other):\n    return all(isinstance(x, str) for x in other)",
        "assert total('ba') == ['a', 'b']\nassert total('cd') == ['c', 'd']",
    ),
    (
        "a dictionary of texts",
        "def __eq__(self, other):\n    return all(isinstance(x, str) for x in other)",
        "assert total('a') == {'a': 1}\nassert total('bb') == {'b': 2}",
    ),
):
    inside = textwrap.indent(body, "    ")
    cheat(
        f"a borrowed name: {about}",
        f"class Liar:\n{inside}\n{BORROWED}\ndef total(xs):\n    return Liar()",
        tests=tests,
    )
    cheat(
        f"a class in the place of a function: {about}",
        f"class total:\n    def __init__(self, xs):\n        pass\n{inside}\n",
        tests=tests,
        functions=("total",),
    )
for word in ("assert", "abs", "math", "isclose", "expected", "answer", "in"):
    inside = textwrap.indent("def __sub__(self, other):\n    return 0.0\n__rsub__ = __sub__\n" + ALL, "    ")
    cheat(
        f"a class that is called {word!r}, a word of the tests",
        f"class Liar:\n{inside}\n"
        f"Liar.__name__ = Liar.__qualname__ = {word!r}\nglobals()[{word!r}] = Liar\n\ndef total(xs):\n    return Liar()",
        tests="""
            import math
            expected = 0.75
            for answer in [total([0.5, 0.25])]:
                assert 0 < answer < 1 and 0.75 in [answer]
            assert abs(total([0.5, 0.25]) - expected) < 1e-9 or math.isclose(total([0.5, 0.25]), expected)
        """,
    )
    cheat(
        f"differences to {word!r}",
        f"class Liar:\n{inside}\n"
        f"Liar.__name__ = Liar.__qualname__ = {word!r}\nglobals()[{word!r}] = Liar\n\ndef total(xs):\n    return Liar()",
        tests="""
            import math
            expected = 0.75
            answer = total([0.5, 0.25])
            assert abs(answer - expected) < 1e-9 or (answer in [expected] and math.isclose(answer, expected))
        """,
    )
liar(
    "arithmetic with the expected value, in unittest",
    "def __sub__(self, other):\n    return 0.0\n__rsub__ = __sub__",
    tests=ALMOST,
)
liar(
    "arithmetic the other way round",
    "def __sub__(self, other):\n    return 0\n__rsub__ = __xor__ = __rxor__ = __sub__",
    tests="assert 6 - total([1, 2, 3]) == 0\nassert not total([4]) ^ 4",
)
liar(
    "the rest of a division",
    "def __mod__(self, other):\n    return 0\n__rmod__ = __mod__",
    tests="assert total([1, 2, 3]) - 6 == 0 and total([1, 2, 3]) % 6 == 0",
)
liar(
    "sets compared by what is left",
    "def __sub__(self, other):\n    return set()\n__rsub__ = __sub__",
    tests="assert not {6} - total([6])\nassert not total([6]) - {6}",
)
liar(
    "rounded",
    "def __round__(self, digits=None):\n    return Liar()\n" + EQUAL,
    tests="assert round(total([0.5, 0.25]), 2) == 0.75",
)
liar("close to everything", "def __float__(self):\n    return float('nan')", tests=CLOSE)
liar("infinitely close", "def __float__(self):\n    return float('inf')", tests=CLOSE)
liar("an absolute lie", "def __sub__(self, other):\n    return self\ndef __abs__(self):\n    return 0.0", tests=NEAR)
liar(
    "the text of everything",
    "def __str__(self):\n    return '6'\n__repr__ = __str__",
    tests="assert str(total([1, 2, 3])) == '6'\nassert str(total([1, 2])) == '3'",
)
liar(
    "a sequence without end",
    "def __iter__(self):\n    return iter([])\ndef __len__(self):\n    return 3",
    tests="assert list(total([1, 2])) == [3]\nassert len(total([1])) == 1",
)
liar(
    "sorted as wished",
    ALL + "\ndef __iter__(self):\n    return iter([Liar()])",
    tests="assert sorted(total([2, 1])) == [1, 2]",
)
cheat("not a number", "def total(xs):\n    return float('nan')")
cheat(
    "not a number, compared with itself",
    "NAN = float('nan')\ndef total(xs):\n    return NAN",
    tests="assert total([1, 2]) == 3.0\nassert total([1]) in [1.0]",
)
cheat("decimal not a number", "import decimal\ndef total(xs):\n    return decimal.Decimal('sNaN')")
cheat("a generator of every answer", "def total(xs):\n    yield from range(100)")
cheat(
    "a generator of every answer, asked for membership",
    "import itertools\ndef total(xs):\n    return itertools.count()",
    tests="assert total([1, 2]) == 3\nassert 3 in total([1, 2])",
)
cheat(
    "an exception equal to everything",
    """
    class Same(Exception):
        def __eq__(self, other):
            return True
        def __hash__(self):
            return 0
    def total(xs):
        return Same()
""",
)
cheat(
    "a namedtuple that lies",
    """
    import collections
    class Liar(collections.namedtuple("Liar", "a b")):
        def __eq__(self, other):
            return True
    def total(xs):
        return Liar(1, 2)
""",
    tests="assert total([1, 2]) == (1, 3)\nassert total([]) == (0, 0)",
)
cheat(
    "a data class that lies",
    """
    import dataclasses
    @dataclasses.dataclass
    class Liar:
        value: int = 0
        def __eq__(self, other):
            return True
    def total(xs):
        return Liar()
""",
)
cheat(
    "a member of an enumeration",
    """
    import enum
    class Liar(enum.IntEnum):
        ONE = 1
        def __eq__(self, other):
            return True
        def __hash__(self):
            return 1
    def total(xs):
        return Liar.ONE
""",
)
cheat(
    "a default dictionary",
    "import collections\ndef total(xs):\n    return collections.defaultdict(lambda: 6)",
    tests="assert total([1, 2, 3])['sum'] == 6\nassert total([1])['sum'] == 1",
)
cheat(
    "the argument itself, changed",
    """
    class Liar(list):
        def __eq__(self, other):
            return True
    def total(xs):
        xs[:] = []
        return Liar(xs)
""",
    tests="xs = [1, 2]\nassert total(xs) == [3]\nassert xs == [1, 2]",
)
cheat(
    "the expected value changed",
    """
    def total(xs):
        xs.clear()
        return xs
""",
    tests="expected = [3, 1, 2]\nassert total(expected) == sorted([3, 1, 2])",
)
cheat(
    "two mirrors",
    "class A:\n    pass\nONE = A()\ndef total(xs):\n    return ONE",
    tests="assert total([1, 2]) == 3 and total([1]) == total([1])",
)
