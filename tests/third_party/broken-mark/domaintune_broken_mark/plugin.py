"""Forgets to mark its hook."""

from __future__ import annotations

from domaintune import Component


def domaintune_evaluators():
    yield Component(name="broken-mark", summary="Never seen", load=lambda: None)
