"""Opening a part that may take options: its `load`, called, and its class filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domaintune.contracts import Component
from domaintune.settings import validate


@dataclass(frozen=True)
class NoOptions:
    """The options of a part that declares none."""


def checked(part: Component[Any], given: Mapping[str, Any], where: str) -> Any:
    """Return a part's options as its own record, None where it declares none; raises SettingsError."""
    record = validate(part.options or NoOptions, given, f"{where} of {part.name}")
    return record if part.options else None


def opened(part: Component[Any], given: Mapping[str, Any], where: str) -> Any:
    """Load a part; where it declares options, `load` returns a class that takes them."""
    record = checked(part, given, where)
    found = part.load()
    if record is not None:
        return found(record)
    return found() if isinstance(found, type) else found
