"""`domaintune plugins`: what is installed, whose it is, and what could not be loaded."""

from __future__ import annotations

from domaintune.commands.common import AsJson, answering, print_json


@answering
def plugins(json: AsJson = False) -> None:
    """List the offers of all plugins; broken plugins are listed on stderr with the reason."""
    import sys

    from domaintune.plugins import catalog

    found = catalog()
    offers = sorted(found.offers.values(), key=lambda offer: (offer.kind != "domain", offer.kind, offer.record.name))
    if json:
        rows = [
            {"kind": o.kind, "name": o.record.name, "owner": o.owner, "version": o.version, "summary": o.record.summary}
            for o in offers
        ]
        print_json({"schema_version": 1, "offers": rows, "broken": found.broken})
        return
    width = max((len(offer.record.name) for offer in offers), default=0)
    for offer in offers:
        line = f"{offer.kind:<13} {offer.record.name:<{width}}  {offer.owner} {offer.version}"
        sys.stdout.write(f"{line}\n{'':14}{offer.record.summary}\n")
    for name, reason in found.broken.items():
        sys.stderr.write(f"broken: plugin {name!r} could not be loaded: {reason}\n")
