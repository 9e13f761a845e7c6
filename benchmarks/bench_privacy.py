"""How many planted identifiers `data.scrub = "patterns"` finds, how much that is clinical it leaves, and how fast.

The notes are made (benchmarks/planted_notes.py). An identifier counts as found where none of its traces is left: not
itself, not a number of four digits out of it, not one part of a name. Intervals are Wilson's.

Run: python benchmarks/bench_privacy.py [notes] [seed] [patterns|presidio] [--show]
"""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict

from planted_notes import NAMES, left, lost, notes

from domaintune.evaluation.bootstrap import wilson
from domaintune.privacy.scrub import open_scrubber

RECALL, PRESERVED = 0.99, 0.98


def main() -> int:
    given = [value for value in sys.argv[1:] if not value.startswith("--")]
    count, seed, name = [*given, *("5000", "0", "patterns")[len(given) :]]
    made = notes(int(count), int(seed))
    scrubber = open_scrubber("presidio" if name == "presidio" else "patterns")
    start = time.process_time()
    scrubbed = [scrubber.scrub(note.text)[0] for note in made]
    seconds = time.process_time() - start
    asked: Counter[str] = Counter()
    missed: dict[str, list[str]] = defaultdict(list)
    kept, gone = 0, []
    for note, text in zip(made, scrubbed, strict=True):
        for planted in note.planted:
            asked[planted.kind] += 1
            if left(note, text, planted):
                missed[planted.kind].append(_around(note.text, planted.text))
        kept += len(note.kept)
        gone += [(term, note.text) for term in lost(note, text)]
    short = [kind for kind in sorted(asked) if not _line(kind, asked[kind], len(missed[kind])) and kind not in NAMES]
    clinical = _line("clinical terms kept", kept, len(gone), PRESERVED)
    size = sum(len(note.text.encode()) for note in made) / 1e6
    print(f"{size:.2f} MB in {seconds:.1f} s of processor time: {size / seconds:.2f} MB/s")
    if "--show" in sys.argv:
        for kind, places in missed.items():
            print(f"\n{kind}\n  " + "\n  ".join(places[:12]))
        print(f"\nlost\n  {Counter(term for term, _ in gone).most_common(60)}")
        print("  " + "\n  ".join(_around(text, term) for term, text in gone[:25]))
    return 1 if short or not clinical else 0


def _line(what: str, n: int, without: int, target: float = RECALL) -> bool:
    low, high = wilson(n - without, n)
    share = (n - without) / n
    print(f"{what:<22} {share:7.4f}  [{low:.4f}, {high:.4f}]  {n - without}/{n}")
    return share >= target


def _around(text: str, what: str) -> str:
    place = text.find(what)
    return repr(text[max(0, place - 40) : place + len(what) + 25])


if __name__ == "__main__":
    raise SystemExit(main())
