"""Wants a package that is not installed."""

from __future__ import annotations

import chess_engine_that_is_not_installed as engine

from domaintune import hookimpl


@hookimpl
def domaintune_evaluators():
    yield engine.component()
