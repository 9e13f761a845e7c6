"""Values of the standard library that are copied like plain ones, and questions about objects that are not."""

from __future__ import annotations

import builtins
import sys
import types
from importlib import import_module

TYPE_CHECKING = False  # as in typing, which takes as long to import as all this

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

FUNCTIONS = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.MethodWrapperType, types.WrapperDescriptorType,
    types.MethodDescriptorType, type(len),
)  # fmt: skip
PLAIN = (int, float, str, bytes, bytearray, list, dict, tuple, set, frozenset, complex)

_PARTS: dict[tuple[str, str], Callable[[Any], tuple[Any, ...]]] = {
    ("decimal", "Decimal"): lambda value: (str(value),),
    ("fractions", "Fraction"): lambda value: (value.numerator, value.denominator),
    ("datetime", "date"): lambda value: (value.year, value.month, value.day),
    ("datetime", "time"): lambda value: (value.hour, value.minute, value.second, value.microsecond),
    ("datetime", "timedelta"): lambda value: (value.days, value.seconds, value.microseconds),
    ("datetime", "datetime"): lambda value: (
        value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond,
    ),
    ("collections", "deque"): lambda value: (list(value), value.maxlen),
    ("collections", "Counter"): lambda value: (dict(value),),
    ("collections", "OrderedDict"): lambda value: (list(value.items()),),
    ("uuid", "UUID"): lambda value: (value.hex,),
    ("pathlib", "PosixPath"): lambda value: (str(value),),
}  # fmt: skip
"""Classes that are copied, by module and name, with the arguments that make an equal value."""


def describe(value: Any, *, by_name: bool) -> tuple[Any, ...] | None:
    """Describe a value that is copied; None where it has to stay. With `by_name`, functions of Python are named."""
    kind = type(value)
    key = (kind.__module__, kind.__name__)
    if key in _PARTS and getattr(value, "tzinfo", None) is None:
        return ("value", *key, _PARTS[key](value))
    if key == ("collections", "defaultdict"):
        return ("dict", dict(value))
    if value is NotImplemented:
        return ("constant", "NotImplemented")
    if isinstance(value, types.ModuleType):
        return ("module", value.__name__)
    if isinstance(value, tuple) and isinstance(getattr(kind, "_fields", None), tuple):
        return ("named", kind.__name__, kind._fields, tuple(value))
    if kind.__module__.partition(".")[0] == "numpy" and hasattr(value, "tolist"):
        return ("dict", value.tolist())
    if by_name and isinstance(value, types.BuiltinFunctionType) and isinstance(value.__self__, types.ModuleType):
        return ("known", value.__self__.__name__, value.__name__)
    return None


def make(kind: str, parts: Sequence[Any], *, trusting: bool) -> Any:
    """Make the value that `describe` described; raises LookupError or TypeError for anything else."""
    if kind == "value" and tuple(parts[:2]) in _PARTS:
        return getattr(import_module(parts[0]), parts[1])(*parts[2])
    if kind == "dict":
        return parts[0]
    if kind == "constant":
        return NotImplemented
    if kind == "module" and parts[0].partition(".")[0] in sys.stdlib_module_names:
        return import_module(parts[0])
    if kind == "module":
        return sys.modules.get(parts[0]) or types.ModuleType(parts[0])
    if kind == "named":
        from collections import namedtuple  # noqa: PLC0415  (seldom)

        made: Any = namedtuple(parts[0], parts[1])  # type: ignore[misc]
        return made._make(parts[2])
    if kind == "known" and trusting:
        return getattr(import_module(parts[0]), parts[1])
    raise TypeError(kind)


def change(value: Any, now: Any) -> None:
    """Give a list, dict, set or bytearray the content of another."""
    if type(value) is not type(now) and not isinstance(now, type(value)):
        return
    if isinstance(value, (list, bytearray)):
        value[:] = now
    elif isinstance(value, (dict, set)):
        value.clear()
        value.update(now)


def plain_base(value: Any) -> tuple[Any, ...]:
    """Return the plain value inside an instance of a subclass of a plain type, alone in a tuple; empty without one."""
    base = next((base for base in type(value).__mro__ if base in PLAIN), None)
    if base is None:
        return ()
    try:
        if base is float:
            return (float.__float__(value),)
        return (base.__index__(value) if base is int else base.__str__(value) if base is str else base(value),)
    except Exception:  # the class will not have it
        return ()


def is_builtin(value: type) -> bool:
    """Tell whether a class is one of Python's own names."""
    return vars(builtins).get(value.__name__) is value


def builtin(name: str) -> Any:
    """Return a class of Python's own names."""
    found = vars(builtins).get(name)
    if not isinstance(found, type):
        raise TypeError(name)
    return found


def text_of(error: BaseException) -> str:
    """Return an exception's message, whatever its own `__str__` does."""
    try:
        return str(error)[:2000]
    except BaseException:
        return ""


def doc_of(value: Any) -> str | None:
    """Return a docstring, where it is one."""
    doc = getattr(value, "__doc__", None)
    return doc if isinstance(doc, str) else None


def awaited(value: Any) -> Any:
    """Run a coroutine to its end."""
    import asyncio  # noqa: PLC0415  (seldom, and slow to import)

    return asyncio.run(value)


def decoys(value: Any, chance: Callable[[int], int]) -> list[Any]:
    """Return values like the given one that differ from it: whoever says that all of them are equal, lies.

    `chance(n)` gives a number below n.
    """
    if type(value) in {int, float}:
        return [value + 1 + chance(5), value - 1 - chance(5), value + 7 + chance(90)]
    if type(value) is str:
        return [value + "abcxyz "[chance(7)], value[1:] + "_", "pqr"[chance(3)] + value]
    if type(value) is bool or value is None:
        return [not value, 10 + chance(90)]
    if type(value) in {list, tuple}:
        extra = type(value)([chance(10)])
        return [value + extra, extra + value]
    if type(value) is dict:
        return [{**value, 100 + chance(900): 0}]
    if type(value) is set:
        return [value | {100 + chance(900)}]
    return [1000 + chance(9000)]
