"""Yields something that is no record."""

from __future__ import annotations

from domaintune import hookimpl


@hookimpl
def domaintune_evaluators():
    yield "broken-record"
