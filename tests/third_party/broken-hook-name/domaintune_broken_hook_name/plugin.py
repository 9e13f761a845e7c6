"""Misspells a hook."""

from __future__ import annotations

from domaintune import Component, hookimpl


@hookimpl
def domaintune_evaluator():
    yield Component(name="broken-hook-name", summary="Never seen", load=lambda: None)
