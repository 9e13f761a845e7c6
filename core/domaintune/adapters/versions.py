"""What the registry knows of a version of an adapter, and how versions are named: `medical@3`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from domaintune.errors import UsageError

State = Literal["candidate", "promoted", "retired"]
RESERVED = ("base", "auto")
"""Names that a request gives to the base model and to routing; no adapter may have them."""
_NAME = r"[a-z0-9][a-z0-9._-]{0,63}"
_REFERENCE = re.compile(rf"({_NAME})(?:@([1-9][0-9]{{0,8}}))?")
_SHOWN = 60


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of an adapter.

    `base` and `template` are fingerprints, `files` has the SHA-256 of each file, and `digest` is the hash of these.
    `projector` counts those of its `parameters` that are a projector's: 0 where it carries none.
    `verdict` is what an evaluation found, None where there was none. `override` says why it was promoted without a
    passed gate, and `withdrawn` that it was retired by name, not replaced by another. `changed` is the serial of the
    registry's last change to it.
    """

    name: str
    number: int
    state: State
    digest: str
    base: str
    template: str
    added: str
    source: str
    bytes: int
    files: Mapping[str, str]
    rank: int
    targets: tuple[str, ...]
    parameters: int
    dtype: str
    norm: float
    projector: int = 0
    verdict: Mapping[str, Any] | None = None
    override: str | None = None
    withdrawn: bool = False
    changed: int = 0

    @property
    def id(self) -> str:
        """The version as one names it: `medical@3`."""
        return f"{self.name}@{self.number}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, the id among them."""
        return {"id": self.id, **dataclasses.asdict(self)}


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened to a version; `serial` orders all changes of a registry."""

    serial: int
    at: str
    by: str
    what: str
    name: str
    number: int
    why: str
    facts: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return dataclasses.asdict(self)


class Reference(NamedTuple):
    """What a user named: a version, or with no number whichever version the verb means."""

    name: str
    number: int | None

    @property
    def text(self) -> str:
        """The reference as one writes it."""
        return self.name if self.number is None else f"{self.name}@{self.number}"

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read `medical` or `medical@3`; anything else is refused before anything is looked up."""
        match = _REFERENCE.fullmatch(text)
        if match is None or match[1] in RESERVED:
            raise UsageError(
                f"{shown(text)} is not the name of an adapter; a name is like 'reports' or 'reports@3': "
                f"small letters, digits, '.', '_' and '-', at most 64, and not {' or '.join(map(repr, RESERVED))}"
            )
        return cls(match[1], int(match[2]) if match[2] else None)


def checked_name(text: str) -> str:
    """Return a name that an adapter may have, without a number."""
    reference = Reference.parse(text)
    if reference.number is not None:
        raise UsageError(f"{text!r} has a number; the registry counts the versions itself: give {reference.name!r}")
    return reference.name


def standing(version: Version) -> str:
    """Say what a version is; of a candidate, how to put it in use."""
    if version.state != "candidate":
        return f"{version.id} is {version.state}"
    return f"{version.id} is a candidate; promote it: domaintune adapters promote {version.id}"


def shown(text: str) -> str:
    """Return what was given as it may be repeated in a message: quoted, escaped, and cut where it is long."""
    return ascii(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
