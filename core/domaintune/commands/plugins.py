"""`domaintune plugins`: what is installed, whose it is, and what could not be loaded."""

from __future__ import annotations

from domaintune.commands.common import AsJson, answering


@answering
def plugins(json: AsJson = False) -> None:
    """List the offers of all plugins; broken plugins are listed on stderr with the reason."""
    from domaintune.commands.offers import show

    show(as_json=json)
