"""What many runs at once leave behind in the process that asked for them."""

from __future__ import annotations

import gc
import os
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from canaries import children, processes_of
from corpus_runs import SHORT

from domaintune.sandbox import Program, Sandbox

MIX = (
    Program(source="def double(x):\n    return 2 * x", tests="assert double(21) == 42"),
    Program(source="def double(x):\n    return x", tests="assert double(21) == 42"),
    Program(source="import os\nos.fork()"),
    Program(source="import os\nos._exit(0)"),
    Program(source="def fill():\n    print('x' * 100_000)", tests="fill()"),
    Program(source="def much():\n    return bytearray(1 << 40)", tests="much()"),
    Program(source="open('left', 'w').write('x' * 1000)"),
    Program(source="import time\ntime.sleep(60)"),
)
"""One of each kind of end."""
VERDICTS = ("passed", "failed", "blocked", "crashed", "output", "memory", "passed", "timeout")
LIMITS = replace(SHORT, seconds=5)
IMPATIENT = replace(SHORT, seconds=0.5)


def state(folder: Path) -> dict[str, object]:
    """Return what could leak: descriptors, threads, child processes, processes of runs, their folders."""
    gc.collect()
    return {
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
        "children": children(),
        "processes of runs": processes_of(folder),
        "folders": sorted(path.name for path in folder.iterdir()),
    }


def resident() -> int:
    """Return the bytes of resident memory of this process."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def storm(box: Sandbox, runs: int, threads: int) -> list[str]:
    """Run the mix from many threads at once; return a line for each verdict that is not the one expected."""

    def one(number: int) -> str:
        kind = number % len(MIX)
        result = box.run(MIX[kind], IMPATIENT if VERDICTS[kind] == "timeout" else LIMITS)
        return "" if result.verdict == VERDICTS[kind] else f"{VERDICTS[kind]}: {result.verdict}, {result.reason}"

    with ThreadPoolExecutor(threads) as pool:
        return [line for line in pool.map(one, range(runs)) if line]


class OwnFolder:
    """A folder of this test's own for the work directories of runs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._usual = folder, tempfile.tempdir

    def __enter__(self) -> Path:
        tempfile.tempdir = str(self.folder)
        return self.folder

    def __exit__(self, *_: object) -> None:
        tempfile.tempdir = self._usual
