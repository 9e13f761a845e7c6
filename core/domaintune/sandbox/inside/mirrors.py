"""Mirrors: what stands in one process for a class, an instance or a function of the other."""

from __future__ import annotations

from types import MethodType

from domaintune.sandbox.inside.shared import shared

TYPE_CHECKING = False  # as in typing, which takes as long to import as all this

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from domaintune.sandbox.inside.objects import Peer

OPERATORS = tuple(
    f"__{name}__"
    for name in (
        "len iter next reversed getitem setitem delitem contains call bool str repr hash format int float complex index "
        "round trunc floor ceil abs neg pos invert eq ne lt le gt ge add radd iadd sub rsub isub mul rmul imul truediv "
        "rtruediv itruediv floordiv rfloordiv ifloordiv mod rmod imod divmod rdivmod pow rpow ipow matmul rmatmul imatmul "
        "and rand iand or ror ior xor rxor ixor lshift rlshift ilshift rshift rrshift irshift enter exit bytes "
        "length_hint missing"
    ).split()
)
"""What a mirror sends home, where the class of the object has it."""
HARMLESS = {
    f"__{name}__"
    for name in ("len", "iter", "next", "reversed", "getitem", "setitem", "delitem", "call", "bool", "str", "repr", "hash",
                 "int", "float", "index", "enter", "exit", "length_hint")
}  # fmt: skip
"""What an instance of any class is asked: it is not shown what the tests expect. Comparing and computing with it are for
classes that the tests name, because `result - 4` or `4 in result` would tell it, and let it answer what it likes."""
OWN = "solution"
"""The module in which the solution's names live."""


class Remote:
    """A mirror of an instance that lives in the other process."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Do nothing: the object itself is made where it lives."""

    def __getattr__(self, name: str) -> Any:
        """Read an attribute at home; a list is a copy, and changing it changes the one at home."""
        peer, number = home(self)
        return shared(peer.do(number, "get", name), lambda now: peer.do(number, "fill", name, now))

    def __copy__(self) -> Any:
        """Copy the object at home."""
        peer, number = home(self)
        return peer.do(number, "copy")

    def __deepcopy__(self, memo: Any) -> Any:
        """Copy the object at home, and all in it."""
        peer, number = home(self)
        return peer.do(number, "deepcopy")

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute at home."""
        peer, number = home(self)
        peer.do(number, "set", name, value)

    def __delattr__(self, name: str) -> None:
        """Delete an attribute at home."""
        peer, number = home(self)
        peer.do(number, "del", name)


class RemoteType(type):
    """A mirror of a class: calling it makes an instance at home."""

    def __call__(cls, *args: Any, **options: Any) -> Any:
        """Make an instance; a subclass that the tests define has the instance of its base behind it."""
        peer, number = cls.__dict__.get("_at") or next(
            base.__dict__["_at"] for base in cls.__mro__ if "_at" in vars(base)
        )
        made = peer.do(number, "call", *args, **options)
        if "_at" not in cls.__dict__ and isinstance(made, Remote):
            at = home(made)
            made = object.__new__(cls)  # type: ignore[arg-type]
            object.__setattr__(made, "_at", at)
        return made

    def __getattr__(cls, name: str) -> Any:
        """Read an attribute of the class at home."""
        peer, number = home(cls)
        return peer.do(number, "get", name)

    def __setattr__(cls, name: str, value: Any) -> None:
        """Set an attribute of the class at home; a class of the tests keeps its own."""
        at = cls.__dict__.get("_at")
        if at is None:
            super().__setattr__(name, value)
        else:
            at[0].do(at[1], "set", name, value)

    def __iter__(cls) -> Iterator[Any]:
        """Go through the members of an enumeration."""
        peer, number = home(cls)
        return iter(peer.do(number, "__iter__"))

    def __getitem__(cls, name: Any) -> Any:
        """Return a member of an enumeration, or a parametrised generic class."""
        peer, number = home(cls)
        return peer.do(number, "__getitem__", name)

    def __bool__(cls) -> bool:
        """Be true, as classes are, though an enumeration can be counted."""
        return True

    def __len__(cls) -> int:
        """Count the members of an enumeration."""
        peer, number = home(cls)
        return int(peer.do(number, "__len__"))


class Function:
    """A mirror of a function."""

    def __init__(self, peer: Peer, number: int, name: str, doc: str | None) -> None:
        self._at = (peer, number)
        self.__name__ = self.__qualname__ = name
        self.__doc__ = doc

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Call it at home."""
        peer, number = self._at
        return peer.do(number, "call", *args, **options)

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        """Be a method, where it stands in a class of the tests."""
        return self if owner is None else MethodType(self, owner)

    def __getattr__(self, name: str) -> Any:
        """Read an attribute at home (`cache_info`)."""
        peer, number = home(self)
        return peer.do(number, "get", name)


def home(mirror: Any) -> tuple[Peer, int]:
    """Return where a mirror's object lives: at whose other end, and its number there."""
    at: tuple[Peer, int] = object.__getattribute__(mirror, "_at")
    return at


def sent_home(operator: str) -> Callable[..., Any]:
    """Return the method of a mirror that has an operator done at home."""

    def send(one: Any, *args: Any) -> Any:
        peer, number = home(one)
        if operator not in HARMLESS and not peer.trusts(type(one)):
            raise TypeError(f"{operator} of {type(one).__name__}: the tests do not know this class of the solution")
        return peer.do(number, operator, *args)

    send.__name__ = operator
    return send


def mirrored(value: Any) -> tuple[Peer, int] | None:
    """Return where a mirror's object lives; None for what is no mirror."""
    if isinstance(value, (Remote, Function)):
        return home(value)
    at = vars(value).get("_at") if isinstance(value, type) else None
    return at if isinstance(at, tuple) else None
