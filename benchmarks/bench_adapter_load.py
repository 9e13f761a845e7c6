"""Loading one more adapter into a running engine: time and memory, beside a bare safetensors read and peft.

    python benchmarks/bench_adapter_load.py [rounds]

Rank 16 on all linear layers of the starter, bfloat16. The floor is `safetensors.torch.load_file` and a copy of every
tensor (a memory map alone reads nothing). Ours reads, checks the SHA-256 and knows every factor. Memory is resident set
size while 8 adapters are loaded one after the other, and after all were unloaded.
"""

from __future__ import annotations

import gc
import hashlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from peft.utils.hotswap import hotswap_adapter
from safetensors.torch import load_file
from serving_peers import Peft, answer, make_adapters, open_session, refuse

RESIDENT = (0, 8, 32)


def main(rounds: int) -> None:
    """Time loading at each number of residents, then follow the memory."""
    with tempfile.TemporaryDirectory() as name:
        folder, other = make_adapters(Path(name), [16, 16], torch.bfloat16)
        session = open_session("bfloat16", {})
        sha256 = hashlib.sha256((folder / "adapter_model.safetensors").read_bytes()).hexdigest()
        before = answer(session, [None], 8)
        session.load("probe", folder, sha256)
        if answer(session, ["probe"], 8) == before:
            refuse("the adapter has no effect")
        session.unload("probe")
        size = (folder / "adapter_model.safetensors").stat().st_size
        peft = Peft("bfloat16", {"start": folder})
        print(f"one file of {size / 1e6:.1f} MB; milliseconds, median (least to most) of {rounds}")
        count = 0
        for resident in RESIDENT:
            while len(session.store.known) < resident:
                session.load(f"r{len(session.store.known)}", folder, sha256)
            times: dict[str, list[float]] = {"floor": [], "ours": [], "peft hotswap": []}
            for _ in range(rounds):
                count += 1
                times["floor"].append(clock(lambda: read(folder)))
                times["ours"].append(clock(lambda: session.load(f"x{count}", folder, sha256)))  # noqa: B023
                session.unload(f"x{count}")
                times["peft hotswap"].append(clock(lambda: swap(peft, other)))
            if resident == 0:
                times["peft load_adapter"] = [
                    clock(lambda: peft.model.load_adapter(str(folder), adapter_name=f"p{count}-{i}"))  # noqa: B023
                    for i in range(3)
                ]
            floor = statistics.median(times["floor"])
            for system, seconds in times.items():
                middle = statistics.median(seconds)
                print(
                    f"  {resident:>2} resident  {system:<18} {middle * 1e3:7.1f} "
                    f"({min(seconds) * 1e3:.1f} to {max(seconds) * 1e3:.1f})  {middle / floor:5.2f} x floor"
                )
        memory(folder, sha256, size)


def clock(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def read(folder: Path) -> list[torch.Tensor]:
    """The floor: every byte of the file in memory of one's own."""
    return [tensor.clone() for tensor in load_file(folder / "adapter_model.safetensors").values()]


def swap(peft: Peft, folder: Path) -> None:
    """peft's replacement of an adapter by another of the same shape."""
    hotswap_adapter(peft.model, str(folder), adapter_name="start", torch_device="cpu")


def memory(folder: Path, sha256: str, size: int) -> None:
    """Print bytes of resident memory an adapter takes, and what is left when all are gone."""
    session = open_session("bfloat16", {})
    session.load("warm", folder, sha256)
    session.unload("warm")
    start = resident()
    for index in range(8):
        session.load(f"m{index}", folder, sha256)
    loaded = resident()
    for index in range(8):
        session.unload(f"m{index}")
    print(f"memory an adapter: {(loaded - start) / 8 / size:.3f} x its file; left after unloading all: "
          f"{(resident() - start) / size:+.3f} x one file")  # fmt: skip


def resident() -> int:
    """Bytes of resident memory of this process."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
