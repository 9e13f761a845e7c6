"""Classes of the solution, used by the tests."""

from __future__ import annotations

from honest.case import task

task(
    "a class",
    "Counter",
    """
    class Counter:
        def __init__(self, start=0):
            self.value = start
        def up(self, by=1):
            self.value += by
            return self.value
""",
    """
    class Counter:
        def __init__(self, start=0):
            self.value = start
        def up(self, by=1):
            return self.value + by
""",
    """
    one, other = Counter(), Counter(5)
    one.up()
    one.up(2)
    assert one.value == 3
    assert other.up() == 6 and other.value == 6
    assert isinstance(one, Counter)
    assert not isinstance(3, Counter)
""",
)
task(
    "attributes",
    "Point",
    """
    class Point:
        dimensions = 2
        def __init__(self, x, y):
            self.x, self.y = x, y
""",
    """
    class Point:
        dimensions = 3
        def __init__(self, x, y):
            self.x, self.y = y, x
""",
    """
    p = Point(1, y=2)
    assert (p.x, p.y) == (1, 2)
    p.x = 10
    assert p.x == 10
    assert hasattr(p, "y") and not hasattr(p, "z")
    assert getattr(p, "z", None) is None
    assert Point.dimensions == 2
""",
)
task(
    "equality",
    "Vector",
    """
    class Vector:
        def __init__(self, *parts):
            self.parts = parts
        def __eq__(self, other):
            return isinstance(other, Vector) and self.parts == other.parts
        def __hash__(self):
            return hash(self.parts)
""",
    """
    class Vector:
        def __init__(self, *parts):
            self.parts = parts
""",
    """
    assert Vector(1, 2) == Vector(1, 2)
    assert Vector(1, 2) != Vector(2, 1)
    assert not Vector(1) == 1
    assert len({Vector(1), Vector(1), Vector(2)}) == 2
    assert {Vector(1): "one"}[Vector(1)] == "one"
    assert Vector(3) in [Vector(1), Vector(3)]
""",
)
task(
    "operators",
    "Money",
    """
    class Money:
        def __init__(self, cents):
            self.cents = cents
        def __add__(self, other):
            return Money(self.cents + other.cents)
        def __mul__(self, factor):
            return Money(self.cents * factor)
        __rmul__ = __mul__
        def __neg__(self):
            return Money(-self.cents)
        def __eq__(self, other):
            return isinstance(other, Money) and self.cents == other.cents
        def __repr__(self):
            return f"Money({self.cents})"
""",
    """
    class Money:
        def __init__(self, cents):
            self.cents = cents
        def __add__(self, other):
            return Money(self.cents)
        def __eq__(self, other):
            return isinstance(other, Money) and self.cents == other.cents
""",
    """
    assert Money(3) + Money(4) == Money(7)
    assert Money(3) * 2 == 2 * Money(3) == Money(6)
    assert (-Money(1)).cents == -1
    assert repr(Money(5)) == "Money(5)" and str(Money(5)) == "Money(5)"
    total = Money(0)
    total += Money(9)
    assert total == Money(9)
    assert sum([Money(1), Money(2)], Money(0)) == Money(3)
""",
)
task(
    "order",
    "Version",
    """
    import functools
    @functools.total_ordering
    class Version:
        def __init__(self, text):
            self.parts = tuple(int(part) for part in text.split("."))
        def __eq__(self, other):
            return self.parts == other.parts
        def __lt__(self, other):
            return self.parts < other.parts
""",
    """
    class Version:
        def __init__(self, text):
            self.text = text
        def __eq__(self, other):
            return self.text == other.text
        def __lt__(self, other):
            return self.text < other.text
        def __gt__(self, other):
            return self.text > other.text
        def __ge__(self, other):
            return self.text >= other.text
""",
    """
    assert Version("1.9") < Version("1.10")
    assert Version("2.0") >= Version("1.10")
    several = [Version("1.10"), Version("1.2"), Version("1.9")]
    assert max(several) is several[0]
    assert sorted(several)[0] is several[1]
""",
)
task(
    "a container",
    "Stack",
    """
    class Stack:
        def __init__(self):
            self._items = []
        def push(self, item):
            self._items.append(item)
        def pop(self):
            if not self._items:
                raise IndexError("empty stack")
            return self._items.pop()
        def __len__(self):
            return len(self._items)
        def __bool__(self):
            return bool(self._items)
        def __contains__(self, item):
            return item in self._items
        def __iter__(self):
            return reversed(self._items)
        def __getitem__(self, place):
            return self._items[place]
""",
    """
    class Stack:
        def __init__(self):
            self._items = []
        def push(self, item):
            self._items.append(item)
        def pop(self):
            return self._items.pop(0)
        def __len__(self):
            return len(self._items)
        def __contains__(self, item):
            return False
        def __iter__(self):
            return iter(self._items)
        def __getitem__(self, place):
            return self._items[0]
""",
    """
    stack = Stack()
    assert not stack and len(stack) == 0
    for item in "abc":
        stack.push(item)
    assert len(stack) == 3 and stack
    assert list(stack) == ["c", "b", "a"]
    assert "b" in stack and "z" not in stack
    assert stack[0] == "a" and stack[-1] == "c" and stack[1:] == ["b", "c"]
    assert stack.pop() == "c"
    assert [stack.pop(), stack.pop()] == ["b", "a"]
    try:
        stack.pop()
        assert False
    except IndexError as error:
        assert str(error) == "empty stack"
""",
)
task(
    "items set and deleted",
    "Table",
    """
    class Table:
        def __init__(self):
            self.rows = {}
        def __setitem__(self, key, value):
            self.rows[key.lower()] = value
        def __getitem__(self, key):
            return self.rows[key.lower()]
        def __delitem__(self, key):
            del self.rows[key.lower()]
""",
    """
    class Table:
        def __init__(self):
            self.rows = {}
        def __setitem__(self, key, value):
            self.rows[key] = value
        def __getitem__(self, key):
            return self.rows[key]
        def __delitem__(self, key):
            del self.rows[key]
""",
    """
    table = Table()
    table["A"] = 1
    table["a"] += 4
    assert table["A"] == 5
    del table["A"]
    try:
        table["a"]
        assert False
    except KeyError:
        pass
""",
)
task(
    "inheritance",
    "Dog",
    """
    class Animal:
        def __init__(self, name):
            self.name = name
        def speak(self):
            return f"{self.name} says {self.sound()}"
        def sound(self):
            raise NotImplementedError
    class Dog(Animal):
        def sound(self):
            return "wow"
""",
    """
    class Animal:
        def __init__(self, name):
            self.name = name
    class Dog(Animal):
        def speak(self):
            return "wow"
""",
    """
    assert Dog("Rex").speak() == "Rex says wow"
    assert isinstance(Dog("x"), Animal) and issubclass(Dog, Animal)
    assert type(Dog("x")) is Dog
    try:
        Animal("y").speak()
        assert False
    except NotImplementedError:
        pass
""",
)
task(
    "properties",
    "Temperature",
    """
    class Temperature:
        def __init__(self, celsius=0.0):
            self._celsius = celsius
        @property
        def fahrenheit(self):
            return self._celsius * 9 / 5 + 32
        @fahrenheit.setter
        def fahrenheit(self, value):
            if value < -459.67:
                raise ValueError("too cold")
            self._celsius = (value - 32) * 5 / 9
        @property
        def celsius(self):
            return self._celsius
        @classmethod
        def freezing(cls):
            return cls(0)
        @staticmethod
        def name():
            return "temperature"
""",
    """
    class Temperature:
        def __init__(self, celsius=0.0):
            self.celsius = celsius
            self.fahrenheit = celsius * 9 / 5 + 32
        @classmethod
        def freezing(cls):
            return cls(0)
        @staticmethod
        def name():
            return "temperature"
""",
    """
    t = Temperature.freezing()
    assert t.fahrenheit == 32
    t.fahrenheit = 212
    assert t.celsius == 100
    assert Temperature.name() == t.name() == "temperature"
    for change in (lambda: setattr(t, "celsius", 3), lambda: setattr(t, "fahrenheit", -1000)):
        try:
            change()
            assert False
        except (AttributeError, ValueError):
            pass
""",
)
task(
    "abstract classes",
    "Shape",
    """
    from abc import ABC, abstractmethod
    class Shape(ABC):
        @abstractmethod
        def area(self):
            ...
    class Square(Shape):
        def __init__(self, side):
            self.side = side
        def area(self):
            return self.side ** 2
""",
    """
    class Shape:
        def area(self):
            ...
    class Square(Shape):
        def __init__(self, side):
            self.side = side
        def area(self):
            return self.side * 2
""",
    """
    assert Square(3).area() == 9
    assert isinstance(Square(1), Shape)
    try:
        Shape()
        assert False
    except TypeError:
        pass
""",
)
task(
    "context managers",
    "Log",
    """
    class Log:
        def __init__(self):
            self.lines = []
        def __enter__(self):
            self.lines.append("in")
            return self
        def __exit__(self, kind, value, trace):
            self.lines.append(kind.__name__ if kind else "out")
            return kind is ValueError
""",
    """
    class Log:
        def __init__(self):
            self.lines = []
        def __enter__(self):
            return self
        def __exit__(self, kind, value, trace):
            self.lines.append("out")
""",
    """
    log = Log()
    with log as same:
        assert same is log
    with log:
        raise ValueError("x")
    assert log.lines == ["in", "out", "in", "ValueError"]
    try:
        with log:
            raise KeyError("y")
        assert False
    except KeyError:
        pass
""",
)
task(
    "whole objects in lists",
    "Node",
    """
    class Node:
        def __init__(self, value, following=None):
            self.value, self.following = value, following
    def chain(values):
        head = None
        for value in reversed(values):
            head = Node(value, head)
        return head
    def values(head):
        found = []
        while head:
            found.append(head.value)
            head = head.following
        return found
    def turned(head):
        before = None
        while head:
            head.following, before, head = before, head, head.following
        return before
""",
    """
    class Node:
        def __init__(self, value, following=None):
            self.value, self.following = value, following
    def chain(values):
        head = None
        for value in values:
            head = Node(value, head)
        return head
    def values(head):
        return [head.value] if head else []
    def turned(head):
        return head
""",
    """
    assert values(chain([1, 2, 3])) == [1, 2, 3]
    assert values(turned(chain([1, 2, 3]))) == [3, 2, 1]
    head = Node(1, Node(2))
    assert head.following.value == 2 and head.following.following is None
    assert [node.value for node in [head, head.following]] == [1, 2]
    assert chain([]) is None
""",
)
