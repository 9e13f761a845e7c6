"""Names of a package that are imported when they are first asked for."""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, which takes longer to import than `domaintune --help` to run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def on_demand(package: str, module_of: Mapping[str, str]) -> Callable[[str], object]:
    """Return the `__getattr__` of a package whose names live in these modules of it."""

    def attribute(name: str) -> object:
        """Import a public name from the module that defines it."""
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = __import__(f"{package}.{module_of[name]}", fromlist=[name])
        value: object = getattr(module, name)
        vars(__import__(package, fromlist=["_"]))[name] = value
        return value

    return attribute
