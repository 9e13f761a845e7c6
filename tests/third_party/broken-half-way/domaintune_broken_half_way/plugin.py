"""Raises after its first offer."""

from __future__ import annotations

from domaintune import Component, hookimpl


@hookimpl
def domaintune_evaluators():
    yield Component(name="broken-half-way", summary="Never seen", load=lambda: None)
    raise RuntimeError("the second offer is not ready")
