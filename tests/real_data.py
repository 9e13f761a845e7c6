"""Where real data lie beside the project, for the tests that want some."""

from __future__ import annotations

from pathlib import Path

SHARED = Path(__file__).parents[2] / "shared" / "data"
