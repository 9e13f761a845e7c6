"""How long `domaintune --help` and `domaintune plugins` take, as a multiple of starting Python and doing nothing.

Run: python benchmarks/bench_startup.py [RUNS]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT = 3.0
BARE = [sys.executable, "-c", "pass"]
DOMAINTUNE = [str(Path(sys.executable).with_name("domaintune"))]
COMMANDS = {
    "python -c pass": BARE,
    "domaintune --help": [*DOMAINTUNE, "--help"],
    "domaintune plugins": [*DOMAINTUNE, "plugins"],
    "domaintune plugins --json": [*DOMAINTUNE, "plugins", "--json"],
}


def main() -> int:
    runs = int(sys.argv[1]) if sys.argv[1:] else 21
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "DOMAINTUNE_HOME": home}
        first = seconds(COMMANDS["domaintune plugins"], environment)  # finds the plugins, and remembers them
        # in turns, so that a busy machine is busy for all of them
        taken = [{name: seconds(command, environment) for name, command in COMMANDS.items()} for _ in range(runs)]
    medians = {name: statistics.median(row[name] for row in taken) for name in COMMANDS}
    bare = medians["python -c pass"]
    for name, median in medians.items():
        print(f"{name:<28} {1000 * median:6.1f} ms  {median / bare:5.2f} x bare Python")
    print(f"{'the first domaintune plugins':<28} {1000 * first:6.1f} ms  {first / bare:5.2f} x (once, then remembered)")
    slow = [name for name, median in medians.items() if median >= LIMIT * bare]
    if slow:
        print(f"over the limit of {LIMIT:g} x: {', '.join(slow)}")
    return 1 if slow else 0


def seconds(command: list[str], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
