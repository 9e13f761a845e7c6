"""What a new plugin is called, and what makes a name one that works."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from domaintune.errors import UsageError, nearest
from domaintune.plugins import Catalog

PREFIX = "domaintune-"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_NAME, LONGEST_SUMMARY = 32, 80
LICENCES = (
    "Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "0BSD", "Unlicense", "MPL-2.0", "EUPL-1.2",
    "LGPL-2.1-or-later", "LGPL-3.0-or-later", "GPL-2.0-or-later", "GPL-2.0-only", "GPL-3.0-or-later", "GPL-3.0-only",
    "AGPL-3.0-or-later", "AGPL-3.0-only", "CC0-1.0", "CC-BY-4.0", "LicenseRef-Proprietary",
)  # fmt: skip
"""SPDX names that `--license` takes: an installer refuses a package whose licence it does not know."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A plugin's name, what it does in one sentence, and its licence, all of them checked."""

    name: str
    summary: str
    licence: str | None = None

    @classmethod
    def checked(cls, name: str, summary: str | None, licence: str | None, catalog: Catalog) -> Identity:
        """Return the identity of a plugin that can be written and installed; raises UsageError."""
        _check_name(name)
        _check_licence(licence)
        text = _checked_summary(f"Sort short sentences: a placeholder for {name}" if summary is None else summary)
        made = cls(name=name, summary=text, licence=licence)
        _check_free(made, catalog)
        return made

    @property
    def package(self) -> str:
        """The Python package: thanks to its prefix, the name may well be a keyword or a module of Python's."""
        return self.distribution.replace("-", "_")

    @property
    def distribution(self) -> str:
        """What pip calls it."""
        return f"{PREFIX}{self.name}"


def _check_name(name: str) -> None:
    if name.startswith(PREFIX) and NAME.fullmatch(name.removeprefix(PREFIX)):
        raise UsageError(
            f"the name {name!r} begins with {PREFIX!r} already; leave that out: {name.removeprefix(PREFIX)}"
        )
    if len(name) > LONGEST_NAME:
        raise UsageError(f"the name {name[:LONGEST_NAME]!r}… has {len(name)} letters; use at most {LONGEST_NAME}")
    if not NAME.fullmatch(name):
        plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).lstrip("-0123456789").rstrip("-")
        hint = f" (did you mean {plain!r}?)" if NAME.fullmatch(plain) else ""
        raise UsageError(
            f"{name!r} cannot be a plugin's name{hint}: use lower-case letters, digits and single hyphens, "
            "and begin with a letter"
        )


def _check_free(made: Identity, catalog: Catalog) -> None:
    """Refuse a name that someone has: two plugins, or two packages, of one name cannot be installed together."""
    taken = _whose(made, catalog)
    if taken:
        raise UsageError(f"the name {made.name!r} is taken: {taken}; choose another")


def _whose(made: Identity, catalog: Catalog) -> str:
    """Say who has a name already, or return an empty string."""
    for (kind, name), offer in catalog.offers.items():
        if made.name == name:
            return f"the plugin {offer.owner!r} {offer.version} offers the {kind} {name!r}"
    for offer in catalog.offers.values():
        if made.name == offer.owner:
            return f"the plugin {offer.owner!r} {offer.version} is installed"
    if made.name in catalog.broken:
        return f"a plugin of this name is installed, but could not be loaded ({catalog.broken[made.name]})"
    if installed := _version(made.distribution):
        return f"{made.distribution} {installed} is installed"
    return f"a package {made.package!r} can be imported" if find_spec(made.package) else ""


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _check_licence(licence: str | None) -> None:
    if licence is not None and licence not in LICENCES:
        raise UsageError(
            f"--license {licence!r} is not known here{nearest(licence, LICENCES)}; known: {', '.join(LICENCES)}; "
            "any other can be written into pyproject.toml afterwards"
        )


def _checked_summary(summary: str) -> str:
    text = summary.strip().rstrip(".")
    if not text or len(text) > LONGEST_SUMMARY or not text.isprintable():
        raise UsageError(
            f"--summary must be one line of at most {LONGEST_SUMMARY} characters; yours has {len(text)}: {text[:20]!r}"
        )
    return text
