"""Arguments, exceptions, generators, closures, callbacks, what is changed in place."""

from __future__ import annotations

from honest.case import task

task(
    "defaults",
    "greet",
    "def greet(name='you', *, loud=False):\n    return f'hi {name}' + '!' * loud",
    "def greet(name='you', *, loud=False):\n    return f'hi {name}'",
    """
    assert greet() == "hi you"
    assert greet("Bo", loud=True) == "hi Bo!"
    assert greet(name="Al") == "hi Al"
""",
)
task(
    "any number of arguments",
    "gather",
    "def gather(*args, **options):\n    return args, options",
    "def gather(*args, **options):\n    return list(args), options",
    """
    assert gather(1, 2, a=3) == ((1, 2), {"a": 3})
    assert gather(*[1, 2], **{"b": 4}) == ((1, 2), {"b": 4})
    assert gather() == ((), {})
""",
)
task(
    "recursion",
    "fib",
    "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)",
    "def fib(n):\n    return n if n < 3 else fib(n - 1) + fib(n - 2)",
    """
    assert [fib(i) for i in range(8)] == [0, 1, 1, 2, 3, 5, 8, 13]
    assert fib(15) == 610
""",
)
task(
    "exceptions",
    "divide",
    """
    def divide(a, b):
        if b == 0:
            raise ValueError("b must not be zero")
        return a / b
""",
    "def divide(a, b):\n    return a / b if b else 0",
    """
    assert divide(6, 3) == 2
    try:
        divide(1, 0)
    except ValueError as error:
        assert str(error) == "b must not be zero"
        assert error.args == ("b must not be zero",)
    else:
        assert False, "no ValueError"
""",
)
task(
    "exceptions of every sort",
    "fail",
    """
    def fail(kind):
        raise kind("because")
""",
    "def fail(kind):\n    raise RuntimeError('because')",
    """
    for kind in (KeyError, IndexError, TypeError, ZeroDivisionError, OSError, LookupError, StopIteration):
        try:
            fail(kind)
        except kind as error:
            assert type(error) is kind
            assert "because" in str(error)
        else:
            assert False
""",
)
task(
    "natural exceptions",
    "item",
    "def item(xs, i):\n    return xs[i]",
    "def item(xs, i):\n    return None",
    """
    assert item([1, 2], 1) == 2
    for xs, i, kind in (([], 0, IndexError), ({}, "a", KeyError), (None, 0, TypeError)):
        try:
            item(xs, i)
            assert False, "nothing was raised"
        except kind:
            pass
""",
)
task(
    "an exception of its own",
    "withdraw",
    """
    class TooMuch(Exception):
        def __init__(self, missing):
            super().__init__(f"{missing} missing")
            self.missing = missing
    def withdraw(have, want):
        if want > have:
            raise TooMuch(want - have)
        return have - want
""",
    """
    class TooMuch(Exception):
        pass
    def withdraw(have, want):
        return have - want
""",
    """
    assert withdraw(5, 3) == 2
    try:
        withdraw(1, 4)
        raise RuntimeError("nothing was raised")
    except TooMuch as error:
        assert error.missing == 3
        assert str(error) == "3 missing"
        assert isinstance(error, Exception)
""",
)
task(
    "a family of exceptions",
    "parse",
    """
    class ParseError(ValueError):
        pass
    class EmptyError(ParseError):
        pass
    def parse(text):
        if not text:
            raise EmptyError("empty")
        if not text.isdigit():
            raise ParseError(text)
        return int(text)
""",
    """
    class ParseError(ValueError):
        pass
    class EmptyError(ParseError):
        pass
    def parse(text):
        if not text.isdigit():
            raise ParseError(text)
        return int(text)
""",
    """
    assert parse("12") == 12
    try:
        parse("")
        assert False
    except EmptyError as error:
        assert isinstance(error, ParseError) and isinstance(error, ValueError)
    try:
        parse("x")
        assert False
    except ValueError as error:
        assert not isinstance(error, EmptyError)
""",
)
task(
    "generators",
    "steps",
    "def steps(n):\n    for i in range(n):\n        yield i * 2",
    "def steps(n):\n    for i in range(n):\n        yield i",
    """
    assert list(steps(3)) == [0, 2, 4]
    it = steps(2)
    assert next(it) == 0 and next(it) == 2
    assert next(it, "end") == "end"
    assert sum(steps(4)) == 12
    assert iter(it) is it
""",
)
task(
    "endless generators",
    "primes",
    """
    def primes():
        n = 2
        while True:
            if all(n % k for k in range(2, int(n ** 0.5) + 1)):
                yield n
            n += 1
""",
    "import itertools\ndef primes():\n    return itertools.count(2)",
    """
    import itertools
    assert list(itertools.islice(primes(), 5)) == [2, 3, 5, 7, 11]
    assert [p for p, _ in zip(primes(), "ab")] == [2, 3]
""",
)
task(
    "closures",
    "adder",
    "def adder(n):\n    return lambda x: x + n",
    "def adder(n):\n    return lambda x: x",
    """
    five = adder(5)
    assert five(1) == 6
    assert [f(1) for f in (adder(1), adder(2))] == [2, 3]
    assert callable(five)
""",
)
task(
    "closures with state",
    "counter",
    """
    def counter():
        n = 0
        def up():
            nonlocal n
            n += 1
            return n
        return up
""",
    "def counter():\n    return lambda: 1",
    """
    a, b = counter(), counter()
    assert [a(), a(), b(), a()] == [1, 2, 1, 3]
""",
)
task(
    "callbacks",
    "apply",
    "def apply(f, xs):\n    return [f(x) for x in xs]",
    "def apply(f, xs):\n    return [f(xs[0]) for _ in xs]",
    """
    assert apply(lambda x: x + 1, [1, 2]) == [2, 3]
    assert apply(str.upper, ["a", "b"]) == ["A", "B"]
    assert apply(len, ["a", "bb"]) == [1, 2]
    seen = []
    apply(seen.append, [3, 4])
    assert seen == [3, 4]
""",
)
task(
    "callbacks that fail",
    "safely",
    """
    def safely(f, default):
        try:
            return f()
        except (ValueError, ZeroDivisionError):
            return default
""",
    "def safely(f, default):\n    try:\n        return f()\n    except ValueError:\n        return default",
    """
    def broken():
        raise KeyError("x")
    assert safely(lambda: int("x"), 0) == 0
    assert safely(lambda: 1 / 0, "d") == "d"
    try:
        safely(broken, 0)
        assert False
    except KeyError as error:
        assert error.args == ("x",)
""",
)
task(
    "decorators",
    "twice",
    """
    import functools
    def twice(f):
        @functools.wraps(f)
        def inner(*args):
            return f(f(*args))
        return inner
""",
    "def twice(f):\n    return f",
    """
    @twice
    def double(x):
        return 2 * x
    assert double(3) == 12
""",
)
task(
    "arguments changed in place",
    "tidy",
    """
    def tidy(xs):
        xs.sort()
        while xs and xs[0] < 0:
            xs.pop(0)
""",
    "def tidy(xs):\n    return sorted(x for x in xs if x >= 0)",
    """
    xs = [3, -1, 2]
    assert tidy(xs) is None
    assert xs == [2, 3]
    same = xs
    tidy(same)
    assert same is xs
""",
)
task(
    "dictionaries changed in place",
    "merge",
    """
    def merge(target, extra):
        target.update(extra)
        target.setdefault("n", set()).add(1)
        return target
""",
    "def merge(target, extra):\n    return {**target, **extra, 'n': {1}}",
    """
    target = {"a": 1}
    result = merge(target, {"b": 2})
    assert target == {"a": 1, "b": 2, "n": {1}}
    assert result is target
""",
)
task(
    "arguments left alone",
    "without",
    "def without(xs, x):\n    return [y for y in xs if y != x]",
    "def without(xs, x):\n    xs.remove(x)\n    return xs",
    """
    xs = [1, 2, 1]
    assert without(xs, 1) == [2]
    assert xs == [1, 2, 1]
""",
)
