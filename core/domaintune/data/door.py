"""The door to the leaf modules, whose libraries come with the `train` extra and are imported only when needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from domaintune.errors import DataError


def enter(module: str) -> Any:
    """Import a leaf module of this package, or say which package is missing and how to install it."""
    try:
        return import_module(f"domaintune.data.{module}")
    except ModuleNotFoundError as error:
        raise DataError(
            f"this needs the package {error.name!r}, which is not installed; run: pip install 'domaintune[train]'"
        ) from None
