"""The offers of all plugins as text and as JSON: what `domaintune plugins` prints, without Typer, which costs time."""

from __future__ import annotations

import sys

from domaintune import listing

TYPE_CHECKING = False  # as in typing, which takes longer to import than a remembered listing to print
if TYPE_CHECKING:
    from domaintune.plugins import Catalog, Offer

WIDTH = 80


def show(*, as_json: bool) -> None:
    """Print the offers on stdout, and the plugins that could not be loaded with their reasons on stderr."""
    text, document = listing.remembered() or _made()
    sys.stdout.write(document if as_json else text)


def _made() -> tuple[str, str]:
    from domaintune.errors import DomaintuneError
    from domaintune.plugins import catalog

    try:
        found = catalog()
    except DomaintuneError as error:  # strict, or impatient; without Typer no one else answers
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)
    for name, reason in found.broken.items():
        sys.stderr.write(f"broken: plugin {name!r} could not be loaded: {reason}\n")
    made = _text(found), _document(found)
    if not found.broken:
        listing.remember(*made)
    return made


def _text(found: Catalog) -> str:
    from textwrap import fill

    offers = _sorted(found)
    width = max((len(offer.record.name) for offer in offers), default=0)
    lines = []
    for offer in offers:
        lines.append(f"{offer.kind:<13} {offer.record.name:<{width}}  {offer.owner} {offer.version}".rstrip())
        lines.append(fill(offer.record.summary, WIDTH, initial_indent=" " * 14, subsequent_indent=" " * 14))
    return "".join(f"{line}\n" for line in lines)


def _document(found: Catalog) -> str:
    import json

    rows = [
        {"kind": o.kind, "name": o.record.name, "owner": o.owner, "version": o.version, "summary": o.record.summary}
        for o in _sorted(found)
    ]
    value = {"schema_version": 1, "offers": rows, "broken": found.broken}
    return json.dumps(value, indent=2, sort_keys=True) + "\n"  # ASCII: it is remembered for any terminal


def _sorted(found: Catalog) -> list[Offer]:
    return sorted(found.offers.values(), key=lambda offer: (offer.kind != "domain", offer.kind, offer.record.name))
