"""Wants a name that domaintune does not have."""

from __future__ import annotations

from domaintune import Openings, hookimpl


@hookimpl
def domaintune_evaluators():
    yield Openings
