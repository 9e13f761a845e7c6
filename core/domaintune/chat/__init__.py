"""A conversation in a terminal, through the engine that serves: who answers, what is said, how it is shown."""

from __future__ import annotations

from domaintune.chat.talk import Talk

__all__ = ["Talk"]
