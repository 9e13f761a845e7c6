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
    ("array", "array"): lambda value: (value.typecode, value.tolist()),
    ("collections", "deque"): lambda value: (list(value), value.maxlen),
    ("collections", "Counter"): lambda value: (dict(value),),
    ("collections", "OrderedDict"): lambda value: (list(value.items()),),
    ("uuid", "UUID"): lambda value: (value.hex,),
    ("pathlib", "PosixPath"): lambda value: (str(value),),
}  # fmt: skip
"""Classes that are copied, by module and name, with the arguments that make an equal value."""


_VIEWS: dict[type, str] = {type({}.keys()): "keys", type({}.values()): "values", type({}.items()): "items"}


def _default(factory: Any, content: dict[Any, Any]) -> Any:
    from collections import defaultdict  # noqa: PLC0415  (seldom)

    return defaultdict(factory, content)


def _moment(parts: tuple[int, ...], offset: Any) -> Any:
    from datetime import datetime, timezone  # noqa: PLC0415  (seldom)

    return datetime(*parts, tzinfo=timezone(offset))  # type: ignore[arg-type, misc]


def _array(kind: str, content: Any) -> Any:
    try:
        return import_module("numpy").array(content, dtype=kind)
    except ImportError:
        return content


_VIEWED: dict[str, Callable[..., Any]] = {
    "moment": _moment,
    "array": _array,
    "keys": lambda items: dict.fromkeys(items).keys(),
    "values": lambda items: dict(enumerate(items)).values(),
    "items": lambda items: dict(items).items(),
    "default": _default,
}


def describe(value: Any, *, by_name: bool) -> tuple[Any, ...] | None:
    """Describe a value that is copied; None where it has to stay. With `by_name`, functions of Python are named."""
    kind = type(value)
    key = (kind.__module__, kind.__name__)
    zone = getattr(value, "tzinfo", None)
    if key in _PARTS and zone is None:
        return ("value", *key, _PARTS[key](value))
    if key == ("datetime", "datetime") and type(zone).__name__ == "timezone":
        return ("moment", _PARTS[key](value), value.utcoffset())
    if key == ("collections", "defaultdict"):
        factory = value.default_factory
        return ("default", factory if is_builtin(factory) else None, dict(value))
    if kind in _VIEWS:
        return (_VIEWS[kind], list(value))
    if isinstance(value, types.ModuleType):
        return ("module", value.__name__)
    if by_name and isinstance(value, types.BuiltinFunctionType) and isinstance(value.__self__, types.ModuleType):
        return ("known", value.__self__.__name__, value.__name__)
    return _describe_more(value, kind)


def _describe_more(value: Any, kind: type) -> tuple[Any, ...] | None:
    if value is NotImplemented:
        return ("constant", "NotImplemented")
    if isinstance(value, tuple) and isinstance(getattr(kind, "_fields", None), tuple):
        return ("named", kind.__name__, value._fields, tuple(value))  # type: ignore[attr-defined]
    if (kind.__module__, kind.__name__) == ("numpy", "ndarray"):
        return ("array", value.dtype.str, value.tolist())
    if kind.__module__.partition(".")[0] == "numpy" and hasattr(value, "tolist"):
        return ("copy", value.tolist())
    return None


def make(kind: str, parts: Sequence[Any], *, trusting: bool) -> Any:
    """Make the value that `describe` described; raises LookupError or TypeError for anything else."""
    if kind == "value" and tuple(parts[:2]) in _PARTS:
        return getattr(import_module(parts[0]), parts[1])(*parts[2])
    if kind == "copy":
        return parts[0]
    if kind == "constant":
        return NotImplemented
    if kind in _VIEWED:
        return _VIEWED[kind](*parts)
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
    else:
        value.clear()
        value.extend(now)


def is_changeable(value: Any) -> bool:
    """Tell whether a call may change a value in place that is copied."""
    return isinstance(value, (list, dict, set, bytearray)) or type(value).__name__ == "deque"


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


def is_builtin(value: Any) -> bool:
    """Tell whether a class is one of Python's own names."""
    return isinstance(value, type) and vars(builtins).get(value.__name__) is value


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


def fill(owner: Any, name: str, now: Any) -> None:
    """Give the list, dict or set in an attribute another content, or the attribute another value where it is none."""
    value = getattr(owner, name)
    if type(value) is type(now) and isinstance(value, (list, dict, set)):
        change(value, now)
    else:
        setattr(owner, name, now)


def _copy(value: Any) -> Any:
    import copy  # noqa: PLC0415  (seldom)

    return copy.copy(value)


def _deep_copy(value: Any) -> Any:
    import copy  # noqa: PLC0415  (seldom)

    return copy.deepcopy(value)


DEEDS: dict[str, Callable[[Any], Any]] = {
    "await": awaited, "plain": plain_base, "copy": _copy, "deepcopy": _deep_copy,
}  # fmt: skip
"""What can be done with an object besides calling it, reading its attributes, and its operators."""


def decoys(value: Any, chance: Callable[[int], int]) -> list[Any]:
    """Return values like the given one that differ from it: whoever says that all of them are equal, lies.

    `chance(n)` gives a number below n.
    """
    made = _decoys(value, chance)
    return [decoy for decoy in made if type(decoy) is not type(value) or decoy != value]


def _decoys(value: Any, chance: Callable[[int], int]) -> list[Any]:
    if type(value) in {int, float}:
        return [value + step for step in (1 + chance(5), -1 - chance(5), (7 + chance(90)) * (1 - 2 * chance(2)))]
    if type(value) in {str, list, tuple, bytes} and value:
        return _like(value, chance)
    if type(value) is dict and value:
        last = next(reversed(value))
        return [{**value, last: _other(value[last], chance)}, {key: value[key] for key in value if key != last}]
    if type(value) in {set, frozenset} and value:
        some = next(iter(value))
        return [value - {some} | {_other(some, chance)}, value - {some}]
    empty: dict[type, Any] = {
        str: "p",
        bytes: b"x",
        dict: {100: 0},
        set: {100},
        list: [chance(10)],
        tuple: (chance(10),),
    }
    return [empty.get(type(value), 1000 + chance(9000))]


def _like(value: Any, chance: Callable[[int], int]) -> list[Any]:
    """Return sequences of the same length with one part changed or two swapped, and one that is longer."""
    place = chance(len(value))
    part = value[place : place + 1]
    changed = part.translate(_SHIFT) if type(value) in {str, bytes} else type(value)([_other(value[place], chance)])
    found = [value[:place] + changed + value[place + 1 :], value + part]
    back = value[::-1]
    return [*found, back] if back != value else found


def _other(value: Any, chance: Callable[[int], int]) -> Any:
    """Return a value of the same kind that is not equal."""
    if type(value) in {int, float}:
        return value + 1 + chance(5)
    return value + "x" if type(value) is str else ("another", chance(100))


_SHIFT = bytes((*range(1, 256), 0))
"""Each sign becomes the next, in bytes and in the letters of the first 256."""
