"""Objects that stay in their own process and are used from the other one.

Plain values are copied. A function, an instance of a class, a generator stays where it was made; the other process gets a
mirror, whose calls and operators are sent home. A list that a call changed in place is changed at the caller's, too.

The solution's process may say whatever it likes, so a mirror is no evidence: `x == 4` is asked of an instance only where
the tests name its class, and the answer is believed only where it says no to values beside the right one.
"""

from __future__ import annotations

import types
from _random import Random
from _thread import RLock

from domaintune.sandbox.inside import kinds, wire
from domaintune.sandbox.inside.mirrors import (
    OPERATORS,
    OWN,
    Function,
    Remote,
    RemoteType,
    home,
    mirrored,
    sent_home,
)
from domaintune.sandbox.inside.shared import COPIES

TYPE_CHECKING = False  # as in typing, which takes as long to import as all this

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_CLOSED = (
    types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.GeneratorType, types.CoroutineType,
    types.ModuleType, types.FrameType, types.CodeType, types.TracebackType, type,
)  # fmt: skip
"""Objects of the tests whose attributes the solution may not read: they lead to the tests' own variables."""


class _Class:
    """The class of an instance: described in full even where it is one of Python's own (`zip`)."""

    def __init__(self, kind: type) -> None:
        self.kind = kind


class Peer:
    """One end of the pipe between solution and tests. The tests' end is `strict`, and knows which names they use."""

    def __init__(self, reader: int, writer: int, *, strict: bool = False, named: frozenset[str] = frozenset()) -> None:
        self.printed: Callable[[], str] = str
        self.print: Callable[[str], object] = str
        self._reader, self._writer, self._strict, self._named = reader, writer, strict, named
        self._own: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._told: set[int] = set()
        self._trusted: set[tuple[Peer, int]] = set()
        self._classes: dict[int, Any] = {}
        self._met: dict[int, Any] = {}
        self._lock = RLock()
        self._depth = 0
        self._random = Random()  # seeded by the system; the solution has no copy of its state

    # the pipe

    def do(self, number: int, what: str, *args: Any, **options: Any) -> Any:
        """Have something done with an object at home; raises what that raises."""
        if not (self._strict or self._depth):
            raise RuntimeError("a thread of the solution can call back only while the tests wait for an answer")
        with self._lock:
            wire.send(self._writer, wire.dump(("do", number, what, args, options), self.describe))
            while True:
                kind, *content = wire.load(wire.receive(self._reader), self.mirror)
                if kind != "do":
                    break
                self._serve(*content)
        value, same, changed, printed = content
        if printed:
            self.print(printed)
        for place, now in changed.items():
            kinds.change(options[place] if isinstance(place, str) else args[place], now)
        if kind == "raised":
            raise self._raised(value, what)
        return args[same] if same is not None else value

    def _raised(self, error: BaseException, what: str) -> BaseException:
        """Return an exception of the other side, but none that would end a loop of tests which expect no such thing."""
        ending = isinstance(error, (StopIteration, StopAsyncIteration, GeneratorExit))
        if self._strict and what == "call" and ending and type(error).__name__ not in self._named:
            return RuntimeError(f"the solution raised {type(error).__name__}")
        return error

    def serve(self) -> None:
        """Do what the other side asks for, until it goes."""
        while True:
            try:
                message = wire.load(wire.receive(self._reader), self.mirror)
            except wire.WireError:
                return
            if message[0] == "do":
                self._serve(*message[1:])

    def offer(self, value: Any) -> int:
        """Keep an object for the other side, and return its number."""
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._own)
            self._own.append(value)
        return number

    def _serve(self, number: int, what: str, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        given: dict[Any, Any] = {**dict(enumerate(args)), **options}
        changeable = [place for place, value in given.items() if kinds.is_changeable(value)]
        before = {place: wire.dump(given[place], self.describe) for place in changeable}
        self._depth += 1
        kind, same = "done", None
        try:
            value = self._perform(self._own[number], what, args, options)
            same = next((place for place in changeable if given[place] is value and type(place) is int), None)
        except BaseException as error:  # whatever it is, it is the caller's to handle
            kind, value = "raised", error
        self._depth -= 1
        known = set(self._told)
        try:
            changed = {
                place: given[place] for place in changeable if wire.dump(given[place], self.describe) != before[place]
            }
            answer = (kind, None if same is not None else value, same, changed, self.printed())
            content = wire.dump(answer, self.describe)
            if len(content) > wire.LONGEST:
                raise MemoryError(f"a value of more than {wire.LONGEST:,} bytes")
        except (MemoryError, RecursionError, wire.WireError, AttributeError, TypeError, ValueError) as error:
            self._told = known
            content = wire.dump(("raised", type(error)(str(error)), None, {}, ""), self.describe)
        wire.send(self._writer, content)

    def _perform(self, value: Any, what: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if self._strict:
            _check_open(value, what, args)
        if what == "call":
            return value(*args, **options)
        if what in _ATTRIBUTES:
            return _ATTRIBUTES[what](value, *args)
        if what in kinds.DEEDS:
            return kinds.DEEDS[what](value)
        if what not in OPERATORS:
            raise AttributeError(what)
        return getattr(type(value), what)(value, *args)

    # describing what is here

    def describe(self, value: Any) -> Any:
        """Say in plain values what an object is, for the mirror on the other side."""
        at = mirrored(value)
        if at is not None and at[0] is self:
            return ("mine", at[1])
        if isinstance(value, _Class):
            return self._describe_class(value.kind)
        if isinstance(value, type):
            return ("type", value.__name__) if kinds.is_builtin(value) else self._describe_class(value)
        if isinstance(value, BaseException):
            attributes = {name: item for name, item in vars(value).items() if not name.startswith("_")}
            return ("error", type(value), value.args, kinds.text_of(value), attributes)
        if isinstance(value, COPIES):
            return ("copy", value.plain())
        plain = kinds.describe(value, by_name=self._strict)
        if plain is not None:
            return plain
        number = self.offer(value)
        if isinstance(value, types.CoroutineType):
            return ("await", number)
        if isinstance(value, kinds.FUNCTIONS):
            return ("function", number, getattr(value, "__name__", "function"), getattr(value, "__doc__", None))
        return ("object", number, _Class(type(value)), kinds.plain_base(value))

    def _describe_class(self, value: type) -> Any:
        number = self.offer(value)
        if number in self._told:
            return ("class", number)
        self._told.add(number)
        bases = tuple(
            base for base in value.__bases__ if base.__module__ == value.__module__ or issubclass(base, BaseException)
        )
        operators = tuple(
            name
            for name in OPERATORS
            if (method := getattr(value, name, None)) is not None and method is not getattr(object, name, None)
        )
        plain = any(base in kinds.PLAIN for base in value.__mro__)
        return ("class", number, value.__name__, kinds.doc_of(value), bases, operators, plain)

    # mirroring what is there

    def mirror(self, described: Any) -> Any:
        """Make the mirror of what the other side describes."""
        kind, *parts = described
        makers: dict[str, Callable[..., Any]] = {
            "mine": lambda number: self._own[number], "class": self._class, "object": self._object, "error": self._error,
            "function": self._function, "await": self._awaitable, "type": kinds.builtin,
        }  # fmt: skip
        if kind in makers:
            return makers[kind](*parts)
        return kinds.make(kind, parts, trusting=not self._strict)

    def _function(self, number: int, name: str, doc: str | None) -> Any:
        return self._met.setdefault(number, Function(self, number, name, doc))

    def _awaitable(self, number: int) -> Any:
        async def remote() -> Any:
            return self.do(number, "await")

        return remote()

    def _class(self, number: int, *parts: Any) -> Any:
        if number not in self._classes:
            name, *rest = parts
            self._classes[number] = self._made_class(number, str(name), *rest)
        return self._classes[number]

    def _made_class(self, number: int, name: str, doc: Any, bases: tuple[Any, ...], *rest: Any) -> Any:
        operators, plain = rest
        body: dict[str, Any] = {"__doc__": doc, "__module__": OWN, "_at": (self, number), "_plain": plain}
        if any(isinstance(base, type) and issubclass(base, BaseException) for base in bases):
            told = {"__str__": lambda error: vars(error).get("_told", "")} if "__str__" in operators else {}
            return type(name, bases, body | told)
        asked = [operator for operator in operators if operator in OPERATORS]
        body |= {operator: sent_home(operator) for operator in asked}
        body["__eq__"] = self._equal("__eq__" in asked)
        body["__ne__"] = lambda one, other: not one.__eq__(other)
        body.setdefault("__hash__", lambda one: hash(home(one)[1]))
        own = tuple(base for base in bases if isinstance(base, RemoteType))
        return RemoteType(name, own or (Remote,), body)

    def _object(self, number: int, kind: Any, plain: tuple[Any, ...]) -> Any:
        if plain and self._strict and getattr(kind, "__name__", "") not in self._named:
            return plain[0]
        if number not in self._met:
            made = object.__new__(kind)
            object.__setattr__(made, "_at", (self, number))
            self._met[number] = made
        return self._met[number]

    def _error(self, kind: Any, args: tuple[Any, ...], text: str, attributes: dict[str, Any]) -> BaseException:
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            kind = RuntimeError
        try:
            error: BaseException = kind(*args) if kinds.is_builtin(kind) else kind.__new__(kind, *args)
            error.args = args
        except Exception:  # an exception with a signature of its own
            error = RuntimeError(text)
        vars(error).update({name: item for name, item in attributes.items() if not name.startswith("_")})
        vars(error).update(_told=text, _theirs=True)
        return error

    def trusts(self, kind: type) -> bool:
        """Tell whether instances of a class may judge what tests compare them with: the tests name it, or its base."""
        return not self._strict or any(vars(base).get("_at") in self._trusted for base in kind.__mro__)

    def trust(self, names: dict[str, Any]) -> None:
        """Trust the classes that a solution defines under names which the tests use."""
        for name, value in names.items():
            if name in self._named and isinstance(value, RemoteType) and value.__name__ == name:
                self._trusted.add(home(value))

    def _chance(self, below: int) -> int:
        return int(self._random.random() * below)

    def _says_equal(self, number: int, decoy: Any) -> bool:
        try:
            return self.do(number, "__eq__", decoy) is True
        except Exception:  # it cannot be compared with such a value, which is as good as no
            return False

    def _equal(self, asked: bool) -> Callable[[Any, Any], bool]:
        """Return the `==` of a class: identity, unless it has its own and the tests may ask it."""

        def equal(one: Any, other: Any) -> bool:
            if one is other:
                return True
            peer, number = home(one)
            if type(one)._plain and not isinstance(other, Remote):
                return bool(peer.do(number, "plain")[0] == other)  # a list that is more than a list is compared here
            if not asked or not peer.trusts(type(one)) or other is None or isinstance(other, bool):
                return False
            decoys = kinds.decoys(other, self._chance) if self._strict else []
            place = self._chance(len(decoys) + 1)
            before, after = decoys[:place], decoys[place:]
            lied = any(self._says_equal(number, value) for value in before)
            said = peer.do(number, "__eq__", other) is True
            return said and not lied and not any(self._says_equal(number, value) for value in after)

        return equal


_ATTRIBUTES: dict[str, Callable[..., Any]] = {"get": getattr, "set": setattr, "del": delattr, "fill": kinds.fill}


def _check_open(value: Any, what: str, args: tuple[Any, ...]) -> None:
    """Refuse the solution a way into the tests: it may call what it was given, and read public attributes of instances."""
    if what in _ATTRIBUTES and (isinstance(value, _CLOSED) or str(args[0]).startswith("_")):
        raise AttributeError(f"{args[0]!r} of the tests' {type(value).__name__} is not open to the solution")


def names_of(module: types.ModuleType) -> dict[str, Any]:
    """Return what a module defines, by name."""
    return {name: value for name, value in vars(module).items() if not name.startswith("__")}
