"""Takes ten seconds to import."""

from __future__ import annotations

import time

time.sleep(10)
