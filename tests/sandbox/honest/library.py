"""What the standard library offers, as solutions use it."""

from __future__ import annotations

from honest.case import task

task(
    "data classes",
    "Item",
    """
    from dataclasses import dataclass, field
    @dataclass(order=True, frozen=True)
    class Item:
        name: str
        price: float = 1.0
        tags: list = field(default_factory=list, compare=False)
""",
    """
    from dataclasses import dataclass, field
    @dataclass
    class Item:
        name: str
        price: float = 2.0
        tags: list = field(default_factory=list)
""",
    """
    assert Item("a") == Item("a", 1.0)
    assert Item("a") < Item("b")
    assert repr(Item("a", 2.5)) == "Item(name='a', price=2.5, tags=[])"
    assert Item("a").tags == []
    try:
        Item("a").price = 3
        assert False
    except AttributeError:
        pass
""",
)
task(
    "named tuples",
    "Pair",
    """
    from collections import namedtuple
    Pair = namedtuple("Pair", "left right")
    def swap(pair):
        return Pair(pair.right, pair.left)
""",
    """
    from collections import namedtuple
    Pair = namedtuple("Pair", "left right")
    def swap(pair):
        return pair
""",
    """
    swapped = swap(Pair(1, 2))
    assert swapped == (2, 1)
    assert swapped.left == 2 and swapped[1] == 1
    left, right = swapped
    assert (left, right) == (2, 1)
""",
)
task(
    "enumerations",
    "Colour",
    """
    from enum import Enum
    class Colour(Enum):
        RED = 1
        BLUE = 2
        def mixed(self, other):
            return self if self is other else None
    def next_colour(colour):
        return Colour.BLUE if colour is Colour.RED else Colour.RED
""",
    """
    from enum import Enum
    class Colour(Enum):
        RED = 1
        BLUE = 3
    def next_colour(colour):
        return colour
""",
    """
    assert next_colour(Colour.RED) is Colour.BLUE
    assert next_colour(Colour.BLUE) == Colour.RED
    assert Colour.BLUE.value == 2 and Colour.RED.name == "RED"
    assert Colour(2) is Colour.BLUE and Colour["RED"] is Colour.RED
    assert [c.name for c in Colour] == ["RED", "BLUE"] and len(Colour) == 2
""",
)
task(
    "printing",
    "table",
    """
    def table(n):
        for i in range(1, n + 1):
            print(i, i * i, sep="-")
""",
    "def table(n):\n    for i in range(n):\n        print(i, i * i)",
    """
    import contextlib, io
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        table(2)
    assert text.getvalue() == "1-1\\n2-4\\n"
""",
)
task(
    "memory of calls",
    "slow",
    """
    from functools import lru_cache
    calls = []
    @lru_cache(maxsize=None)
    def slow(n):
        calls.append(n)
        return n * 2
""",
    "calls = []\ndef slow(n):\n    calls.append(n)\n    return n * 2",
    """
    assert [slow(2), slow(2), slow(3)] == [4, 4, 6]
    assert slow.cache_info().hits == 1
    slow.cache_clear()
    assert slow.cache_info().currsize == 0
""",
)
task(
    "constants",
    "LIMITS",
    "LIMITS = {'low': 1, 'high': [2, 3]}\nNAME = 'x'\nRATE = 0.5",
    "LIMITS = {'low': 1}\nNAME = 'y'\nRATE = 1",
    """
    assert LIMITS["high"] == [2, 3]
    assert NAME == "x" and RATE == 0.5
    assert sorted(LIMITS) == ["high", "low"]
""",
)
task(
    "containers of the library",
    "tally",
    """
    from collections import Counter, OrderedDict, defaultdict, deque
    def tally(words):
        by_length = defaultdict(list)
        for word in words:
            by_length[len(word)].append(word)
        return Counter(words), OrderedDict(sorted(by_length.items())), deque(words, maxlen=2), by_length
""",
    """
    from collections import Counter, OrderedDict, defaultdict, deque
    def tally(words):
        return Counter(set(words)), OrderedDict(), deque(words), defaultdict(list)
""",
    """
    from collections import Counter, deque
    counted, ordered, last, grouped = tally(["a", "bb", "a", "cc"])
    assert counted == Counter({"a": 2, "bb": 1, "cc": 1}) and counted.most_common(1) == [("a", 2)]
    assert list(ordered) == [1, 2] and ordered[2] == ["bb", "cc"]
    assert last == deque(["a", "cc"]) and list(last) == ["a", "cc"]
    assert grouped[1] == ["a", "a"]
    assert grouped == {1: ["a", "a"], 2: ["bb", "cc"]}
""",
)
task(
    "exact numbers",
    "share",
    """
    from decimal import Decimal
    from fractions import Fraction
    def share(n, d):
        return Decimal(n) / Decimal(4), Fraction(n, d)
""",
    "def share(n, d):\n    return n / 4, n // d",
    """
    from decimal import Decimal
    from fractions import Fraction
    quarter, part = share(1, 3)
    assert quarter == Decimal("0.25") and str(quarter) == "0.25"
    assert part == Fraction(2, 6) and part.denominator == 3
    assert share(2, 4)[1] + Fraction(1, 2) == 1
""",
)
task(
    "dates",
    "later",
    """
    import datetime
    def later(day, days):
        return day + datetime.timedelta(days=days)
    def when(text):
        return datetime.datetime.fromisoformat(text)
""",
    "import datetime\ndef later(day, days):\n    return day\ndef when(text):\n    return text",
    """
    import datetime
    assert later(datetime.date(2024, 2, 28), 2) == datetime.date(2024, 3, 1)
    assert when("2024-01-02T03:04:05").hour == 3
    assert later(when("2024-01-01"), 1) - datetime.datetime(2024, 1, 1) == datetime.timedelta(1)
    assert when("2024-01-02").strftime("%Y/%m") == "2024/01"
""",
)
task(
    "patterns",
    "numbers_in",
    "import re\ndef numbers_in(text):\n    return [int(n) for n in re.findall(r'-?\\d+', text)]",
    "import re\ndef numbers_in(text):\n    return re.findall(r'\\d', text)",
    """
    assert numbers_in("a1 b-22") == [1, -22]
    assert numbers_in("none") == []
""",
)
task(
    "the library's helpers",
    "pairs",
    """
    import heapq, itertools, bisect
    def pairs(xs):
        return list(itertools.combinations(sorted(xs), 2)), heapq.nlargest(2, xs), bisect.bisect(sorted(xs), 2)
""",
    "def pairs(xs):\n    return [], [], 0",
    """
    assert pairs([3, 1, 2]) == ([(1, 2), (1, 3), (2, 3)], [3, 2], 2)
""",
)
task(
    "keys for sorting",
    "by_length",
    "def by_length(word):\n    return len(word), word",
    "def by_length(word):\n    return word",
    """
    assert sorted(["bb", "a", "aa"], key=by_length) == ["a", "aa", "bb"]
    assert max(["aaa", "z"], key=by_length) == "aaa"
    assert list(map(by_length, ["x"])) == [(1, "x")]
    assert list(filter(by_length, ["x"])) == ["x"]
""",
)
task(
    "chance with a seed",
    "shuffled",
    """
    import random
    def shuffled(xs, seed):
        xs = list(xs)
        random.Random(seed).shuffle(xs)
        return xs
""",
    "def shuffled(xs, seed):\n    return list(xs)[:-1]",
    """
    assert shuffled(range(9), 1) == shuffled(range(9), 1)
    assert sorted(shuffled(range(9), 2)) == list(range(9))
""",
)
task(
    "files of its own",
    "saved",
    """
    import json, os
    def saved(value):
        with open("value.json", "w") as file:
            json.dump(value, file)
        with open("value.json") as file:
            return json.load(file), os.path.exists("value.json")
""",
    "def saved(value):\n    return value, False",
    """
    assert saved({"a": [1, None]}) == ({"a": [1, None]}, True)
""",
)
task(
    "asynchronous",
    "main",
    """
    import asyncio
    async def one(n):
        await asyncio.sleep(0)
        return n * n
    def main(n):
        async def all_of():
            return await asyncio.gather(*(one(i) for i in range(n)))
        return asyncio.run(all_of())
""",
    "def main(n):\n    return list(range(n))",
    """
    assert main(4) == [0, 1, 4, 9]
""",
)
task(
    "threads",
    "together",
    """
    import threading
    from concurrent.futures import ThreadPoolExecutor
    def together(xs):
        lock, total = threading.Lock(), []
        def work(x):
            with lock:
                total.append(x * 2)
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(work, xs))
        return sorted(total)
""",
    "def together(xs):\n    return xs",
    """
    assert together([3, 1, 2]) == [2, 4, 6]
""",
)
task(
    "types as hints",
    "pick",
    """
    from __future__ import annotations
    from typing import Callable, Iterable, Optional, TypeVar
    T = TypeVar("T")
    def pick(xs: Iterable[T], rule: Callable[[T], bool]) -> Optional[T]:
        return next((x for x in xs if rule(x)), None)
""",
    "def pick(xs, rule):\n    return next(iter(xs), None)",
    """
    assert pick([1, 4, 6], lambda x: x % 2 == 0) == 4
    assert pick([], bool) is None
""",
)
