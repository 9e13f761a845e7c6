"""The cheating corpus: more than 100 solutions that want to be scored as passed and solve nothing."""

from __future__ import annotations

from cheating import lies, looking, tampering
from cheating.case import CHEATS, HONEST, TOTAL, Cheat

__all__ = ["CHEATS", "HONEST", "TOTAL", "Cheat", "lies", "looking", "tampering"]
