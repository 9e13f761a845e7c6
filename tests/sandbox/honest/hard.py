"""What two processes make difficult: copies of live objects, subclasses made by tests, patching, identity."""

from __future__ import annotations

from honest.case import task

task(
    "a subclass made by the tests",
    "Base",
    """
    class Base:
        def __init__(self, n):
            self.n = n
        def describe(self):
            return f"{self.name()} {self.n}"
        def name(self):
            return "base"
""",
    "class Base:\n    def __init__(self, n):\n        self.n = 0\n    def describe(self):\n        return ''\n",
    """
    class Own(Base):
        def extra(self):
            return self.n + 1
    own = Own(4)
    assert own.n == 4 and own.extra() == 5
    assert isinstance(own, Base)
    assert own.describe() == "base 4"
""",
    hard=True,
)
task(
    "a method overridden by the tests",
    "Base",
    """
    class Base:
        def describe(self):
            return f"I am {self.name()}"
        def name(self):
            return "base"
""",
    "class Base:\n    def describe(self):\n        return 'I am'\n",
    """
    class Own(Base):
        def name(self):
            return "own"
    assert Own().describe() == "I am own"
""",
    hard=True,
)
task(
    "an abstract class filled by the tests",
    "Shape",
    """
    from abc import ABC, abstractmethod
    class Shape(ABC):
        @abstractmethod
        def area(self): ...
        def double(self):
            return 2 * self.area()
""",
    "class Shape:\n    def double(self):\n        return 0\n",
    """
    class Square(Shape):
        def area(self):
            return 4
    assert Square().double() == 8
""",
    hard=True,
)
task(
    "a deep copy",
    "Box",
    "class Box:\n    def __init__(self, xs):\n        self.xs = xs\n",
    "class Box:\n    def __init__(self, xs):\n        self.xs = 0\n",
    """
    import copy
    one = Box([1, [2]])
    other = copy.deepcopy(one)
    other.xs[1].append(3)
    assert one.xs == [1, [2]]
    assert other.xs == [1, [2, 3]]
""",
    hard=True,
)
task(
    "lists within objects",
    "Box",
    "class Box:\n    def __init__(self):\n        self.xs = []\n",
    "class Box:\n    @property\n    def xs(self):\n        return []\n",
    """
    box = Box()
    box.xs.append(1)
    box.xs += [2]
    assert box.xs == [1, 2]
""",
    hard=True,
)
task(
    "nested arguments changed in place",
    "zero",
    """
    def zero(rows):
        for row in rows:
            row[0] = 0
""",
    "def zero(rows):\n    return [[0] + row[1:] for row in rows]",
    """
    rows = [[1, 2], [3, 4]]
    first = rows[0]
    zero(rows)
    assert rows == [[0, 2], [0, 4]]
    assert first == [0, 2] and rows[0] is first
""",
    hard=True,
)
task(
    "an argument kept",
    "Register",
    """
    class Register:
        def __init__(self, names):
            self.names = names
        def add(self, name):
            self.names.append(name)
""",
    "class Register:\n    def __init__(self, names):\n        self.names = list(names)\n    def add(self, name):\n        pass\n",
    """
    names = ["a"]
    register = Register(names)
    register.add("b")
    assert register.names == ["a", "b"]
    assert names == ["a", "b"]
""",
    hard=True,
)
task(
    "a generator that is sent values",
    "echo",
    """
    def echo():
        got = yield "ready"
        while got is not None:
            got = yield got * 2
        return "done"
""",
    "def echo():\n    yield 'ready'\n    yield 0\n",
    """
    talk = echo()
    assert next(talk) == "ready"
    assert talk.send(2) == 4
    try:
        talk.send(None)
        assert False
    except StopIteration as stop:
        assert stop.value == "done"
""",
    hard=True,
)
task(
    "closing a generator",
    "guarded",
    """
    events = []
    def guarded():
        try:
            yield 1
            yield 2
        finally:
            events.append("closed")
    def seen():
        return list(events)
""",
    "def guarded():\n    yield 1\n    yield 2\ndef seen():\n    return []\n",
    """
    steps = guarded()
    assert next(steps) == 1
    steps.close()
    assert seen() == ["closed"]
    assert list(steps) == []
""",
    hard=True,
)
task(
    "a coroutine awaited by the tests",
    "fetch",
    "async def fetch(n):\n    return n + 1\n",
    "async def fetch(n):\n    return n\n",
    """
    import asyncio
    assert asyncio.run(fetch(1)) == 2
""",
    hard=True,
)
task(
    "coroutines together",
    "fetch",
    """
    import asyncio
    async def fetch(n):
        await asyncio.sleep(0.001)
        return n * 2
""",
    "async def fetch(n):\n    return n\n",
    """
    import asyncio
    async def both():
        return await asyncio.gather(fetch(1), fetch(2))
    assert asyncio.run(both()) == [2, 4]
""",
    hard=True,
)
task(
    "a partial function",
    "power_of",
    "import functools\ndef power_of(n):\n    return functools.partial(pow, n)\n",
    "import functools\ndef power_of(n):\n    return functools.partial(pow, 2)\n",
    """
    cube = power_of(3)
    assert cube(2) == 9
    assert cube.args == (3,)
""",
    hard=True,
)
task(
    "names and docstrings",
    "documented",
    'def documented(a, b=2):\n    """Say so."""\n    return a\n',
    "def documented(a):\n    return a\n",
    """
    assert documented.__name__ == "documented"
    assert documented.__doc__ == "Say so."
    assert documented(1) == 1
""",
    hard=True,
)
task(
    "signatures",
    "signed",
    "def signed(a: int, b: str = 'x', *rest, c=1) -> bool:\n    return True\n",
    "def signed(*args, **kw):\n    return True\n",
    """
    import inspect
    assert list(inspect.signature(signed).parameters) == ["a", "b", "rest", "c"]
    assert signed.__annotations__["b"] is str
""",
    hard=True,
)
task(
    "captured by patching",
    "ask",
    """
    def ask():
        name = input("name? ")
        return f"hello {name}"
""",
    "def ask():\n    return 'hello'\n",
    """
    from unittest import mock
    with mock.patch("builtins.input", return_value="Bo"):
        assert ask() == "hello Bo"
""",
    hard=True,
)
task(
    "a clock that is patched",
    "stamp",
    "import time\ndef stamp():\n    return int(time.time())\n",
    "def stamp():\n    return -1\n",
    """
    from unittest import mock
    with mock.patch("time.time", return_value=42.5):
        assert stamp() == 42
""",
    hard=True,
)
task(
    "iterators of its own",
    "Countdown",
    """
    class Countdown:
        def __init__(self, n):
            self.n = n
        def __iter__(self):
            return self
        def __next__(self):
            if self.n == 0:
                raise StopIteration
            self.n -= 1
            return self.n + 1
""",
    "class Countdown(list):\n    def __init__(self, n):\n        super().__init__(range(n))\n",
    """
    assert list(Countdown(3)) == [3, 2, 1]
    down = Countdown(2)
    assert next(down) == 2
    assert [*down] == [1]
    assert 2 in Countdown(3)
    a, b = Countdown(2)
    assert (a, b) == (2, 1)
""",
    hard=True,
)
task(
    "formatting",
    "Angle",
    """
    class Angle:
        def __init__(self, degrees):
            self.degrees = degrees
        def __format__(self, how):
            return f"{self.degrees:{how or 'd'}}°"
        def __str__(self):
            return "an angle"
        def __int__(self):
            return self.degrees
        def __float__(self):
            return float(self.degrees)
        def __index__(self):
            return self.degrees
        def __call__(self, by):
            return Angle(self.degrees + by)
""",
    "class Angle:\n    def __init__(self, degrees):\n        self.degrees = 1\n",
    """
    angle = Angle(5)
    assert f"{angle}" == "5°" and f"{angle:03d}" == "005°"
    assert str(angle) == "an angle" and "%s" % angle == "an angle"
    assert int(angle) == 5 and float(angle) == 5.0
    assert [0, 1, 2, 3, 4, "five"][angle] == "five"
    assert int(angle(2)) == 7
""",
    hard=True,
)
task(
    "a class built on a list",
    "History",
    """
    class History(list):
        def last(self):
            return self[-1] if self else None
""",
    "class History(list):\n    def last(self):\n        return self[0] if self else None\n",
    """
    history = History([1, 2])
    history.append(3)
    assert history.last() == 3
    assert len(history) == 3 and history == [1, 2, 3]
    assert isinstance(history, list)
""",
    hard=True,
)
task(
    "a class built on a dictionary",
    "Settings",
    """
    class Settings(dict):
        def __getattr__(self, name):
            try:
                return self[name]
            except KeyError:
                raise AttributeError(name) from None
        def __missing__(self, key):
            return f"no {key}"
""",
    "class Settings(dict):\n    pass\n",
    """
    settings = Settings(a=1)
    settings["b"] = 2
    assert settings.a == 1 and settings.b == 2
    assert settings["zzz"] == "no zzz"
    assert dict(settings) == {"a": 1, "b": 2}
""",
    hard=True,
)
task(
    "bytes on standard output",
    "raw",
    "import sys\ndef raw():\n    sys.stdout.buffer.write(b'x')\n    sys.stdout.buffer.flush()\n    return 1\n",
    "def raw():\n    return 0\n",
    "assert raw() == 1",
    hard=True,
)
task(
    "a class variable shared",
    "Shared",
    """
    class Shared:
        made = 0
        def __init__(self):
            Shared.made += 1
""",
    "class Shared:\n    made = 0\n",
    """
    Shared(), Shared()
    assert Shared.made == 2
    Shared.made = 0
    Shared()
    assert Shared.made == 1
""",
    hard=True,
)
task(
    "types asked for",
    "Thing",
    """
    class Thing:
        __slots__ = ("a",)
        def __init__(self):
            self.a = 1
        def method(self):
            return self
""",
    "class Thing:\n    pass\n",
    """
    thing = Thing()
    assert thing.__class__ is Thing and type(thing).__name__ == "Thing"
    assert thing.method() is thing
    assert callable(thing.method) and hasattr(Thing, "method")
    try:
        thing.b = 2
        assert False
    except AttributeError:
        pass
""",
    hard=True,
)
task(
    "flags",
    "Right",
    """
    import enum
    class Right(enum.IntFlag):
        READ = 1
        WRITE = 2
    def both():
        return Right.READ | Right.WRITE
""",
    "import enum\nclass Right(enum.IntFlag):\n    READ = 1\n    WRITE = 2\ndef both():\n    return Right.READ\n",
    """
    assert both() == 3
    assert Right.WRITE in both()
    assert both() & Right.READ == Right.READ
""",
    hard=True,
)
