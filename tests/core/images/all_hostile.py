"""Takes all hostile pictures, and good ones, through the building of a data set; run in a process of its own.

python all_hostile.py FOLDER: plants them there, builds, and prints what came of it as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from good_pictures import pictures
from hostile_pictures import plant

from domaintune.contracts import BuildContext, Example, Field
from domaintune.data import Dataset, make, write
from domaintune.settings import DataSettings


def build(context: BuildContext) -> Iterator[Example]:
    for row in context.rows(Field(name="question"), Field(name="image", required=False)):
        yield Example(
            prompt=({"role": "user", "content": row["question"]},),
            completion=({"role": "assistant", "content": "a kite"},),
            images=(row["image"],),
            origin=row.origin,
        )


def peak_memory() -> int:
    """Return the most memory that this process had, in kB: ru_maxrss would count that of the one it was forked from."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def main(folder: Path) -> None:
    hostile = plant(folder)
    good = []
    for name, content, _ in pictures():
        (folder / "pictures" / f"good-{name}").write_bytes(content)
        good.append(f"good-{name}")
    names = [*hostile, *good]
    source = folder / "rows.jsonl"
    source.write_text("".join(json.dumps({"question": f"q{i}", "image": name}) + "\n" for i, name in enumerate(names)))
    before = peak_memory()
    chosen = DataSettings(sources=(str(source),), images=str(folder / "pictures"), test_fraction=0.2)
    made = make("kites", build, None, chosen, seed=0, max_length=None, count_tokens=None)
    assert isinstance(made, Dataset)
    write(made, folder / "data")
    peak = peak_memory()
    kept = [names[int(example.question[1:])] for example in (*made.train, *made.test)]
    dropped = [(names[int(entry.line) - 1], entry.reason, entry.detail) for entry in made.ledger.dropped]
    json.dump(
        {"hostile": hostile, "good": good, "kept": kept, "dropped": dropped, "rows": made.ledger.rows_in,
         "peak": peak, "before": before},
        sys.stdout,
    )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
