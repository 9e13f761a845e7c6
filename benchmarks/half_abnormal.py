"""Cut a test set of reports that is half abnormal out of a collection that is mostly normal.

    python benchmarks/half_abnormal.py indiana_dev.json dev120.json [reports] [seed]

Abnormal means here what published floors of this collection mean by it: no normal-study phrase anywhere in the impression.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

PHRASES = ("no acute", "normal", "no active", "no evidence", "negative", "clear", "unremarkable")


def main() -> None:
    """Shuffle by seed, keep reports that the paper's filters keep, and take half of each kind."""
    source, target, *rest = sys.argv[1:]
    count, seed = (int(rest[0]) if rest else 120), (int(rest[1]) if len(rest) > 1 else 2026)
    reports = json.loads(Path(source).read_text(encoding="utf-8"))
    random.Random(seed).shuffle(reports)
    usable = [r for r in reports if len(r["findings"].split()) >= 10 and len(r["impression"].split()) >= 2]
    normal = [r for r in usable if any(phrase in r["impression"].lower() for phrase in PHRASES)]
    abnormal = [r for r in usable if r not in normal]
    chosen = normal[: count // 2] + abnormal[: count - count // 2]
    Path(target).write_text(json.dumps(chosen), encoding="utf-8")


if __name__ == "__main__":
    main()
