"""Wants an argument that hooks do not get."""

from __future__ import annotations

from domaintune import Component, hookimpl


@hookimpl
def domaintune_evaluators(config):
    yield Component(name="broken-arguments", summary=str(config), load=lambda: None)
