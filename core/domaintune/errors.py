"""What can go wrong, in words a user can act on.

    DomaintuneError        1   failed while running
    ├── UsageError         2   the command, the settings or the input cannot be used
    │   ├── SettingsError      a setting is unknown or does not fit
    │   ├── RequestError       a request to a model cannot be answered (`code` names the reason)
    │   ├── PluginError        a plugin, or a part that was asked for, is not there
    │   └── DataError          a source cannot be read, or too much of it is malformed
    ├── ModelError         1   a base model cannot be had or loaded
    ├── TrainingError      1   training cannot go on
    ├── TeacherError       1   a teacher does not answer
    │   └── BudgetError        what a teacher may spend is spent
    ├── SandboxError       1   what a model wrote cannot be run safely
    └── GateError          3   a gate was not met

Every message says what happened, to which name, and what to do. Errors of these kinds end a command without a
traceback; anything else is a bug of ours and keeps it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class DomaintuneError(Exception):
    """Anything that a user can understand and act on."""

    exit_code = 1


class UsageError(DomaintuneError):
    """The command, the settings or the input cannot be used."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting is unknown or its value does not fit."""


class PluginError(UsageError):
    """A plugin, or a part that was asked for by name, is not there."""


class DataError(UsageError):
    """A source cannot be read, or too much of it is malformed."""


class RequestError(UsageError):
    """A request to a model cannot be answered as it is; `code` is a short, stable name of the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ModelError(DomaintuneError):
    """A base model cannot be had or loaded."""


class TrainingError(DomaintuneError):
    """Training cannot go on."""


class TeacherError(DomaintuneError):
    """A teacher does not answer."""


class BudgetError(TeacherError):
    """What a teacher may spend is spent; what it has answered is kept."""


class SandboxError(DomaintuneError):
    """What a model wrote cannot be run safely here."""


class GateError(DomaintuneError):
    """A gate was not met."""

    exit_code = 3


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean 'x'?)` for the nearest known name, or an empty string."""
    match = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {match[0]!r}?)" if match else ""
