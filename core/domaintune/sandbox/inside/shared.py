"""Lists, dicts and sets that an object of the other process owns: copies that tell their home of every change.

box.items.append(3)     # `box` lives in the solution's process, and so does its list
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, which takes as long to import as all this

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

CHANGING = {
    list: "append extend insert remove pop clear sort reverse __setitem__ __delitem__ __iadd__ __imul__",
    dict: "update pop popitem clear setdefault __setitem__ __delitem__ __ior__",
    set: "add discard remove pop clear update difference_update intersection_update symmetric_difference_update __ior__ "
    "__iand__ __isub__ __ixor__",
}


def _telling(method: Any) -> Callable[..., Any]:
    def change(self: Any, *args: Any, **options: Any) -> Any:
        result = method(self, *args, **options)
        self.tell(self.plain())
        return self if result is not None and method.__name__.startswith("__i") else result

    return change


def _kind(base: Any) -> Any:
    """Return a subclass of a plain type whose changes are told, and which is otherwise what it was."""
    body: dict[str, Any] = {name: _telling(getattr(base, name)) for name in CHANGING[base].split()}
    body["plain"] = lambda self: base(self)  # noqa: PLW0108  (a class is no method)
    body["__reduce__"] = lambda self: (base, (base(self),))
    return type(base.__name__, (base,), body)


KINDS: dict[type, Any] = {base: _kind(base) for base in CHANGING}
COPIES = tuple(KINDS.values())


def shared(value: Any, tell: Callable[[Any], object]) -> Any:
    """Return a list, dict or set that calls `tell` with its new content after every change; anything else as it is."""
    kind = KINDS.get(type(value))
    if kind is None:
        return value
    made = kind(value)
    made.tell = tell
    return made
