"""Offers a name that is taken, beside one that is not."""

from __future__ import annotations

from domaintune import Component, hookimpl


@hookimpl
def domaintune_evaluators():
    yield Component(name="name-clash", summary="Never seen", load=lambda: None)
    yield Component(name="exact", summary="Never seen", load=lambda: None)
