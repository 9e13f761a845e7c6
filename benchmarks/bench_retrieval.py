"""Finding the ten nearest of many vectors: the index that a build makes, beside exact search and beside faiss alone.

Vectors of 384 numbers are made with a seed and the structure of real ones: 2,000 topics of Zipf's sizes in 96 directions
whose variances fall as 1 / (i + 4), and noise in all directions; such vectors use as many directions (47, as a
participation ratio) as MiniLM's of medical texts do (42). `--noise` makes plain normal noise instead, where no index helps.

Each step is a process of its own, so that its peak of memory is its own: `index` makes the file of vectors' index with the
code of the product, `search` opens it mapped and asks one question at a time on one thread, `exact` asks faiss for the true
answers, block by block, and times `IndexFlatIP`. `--peers` adds faiss' own HNSW in memory, with float32 vectors.

Run: python benchmarks/bench_retrieval.py [--rows N] [--kind auto|flat|hnsw|ivfpq] [--noise] [--peers] [--folder F]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import faiss
import numpy as np
from numpy.typing import NDArray

from domaintune import files
from domaintune.retrieval import nearest
from domaintune.retrieval.options import DenseOptions
from domaintune.retrieval.vectors import mapped

WIDTH, DIRECTIONS, TOPICS, QUESTIONS, K, BLOCK = 384, 96, 2_000, 1_000, 10, 10_000
MEMORY, RECALL, LATENCY = 4.0, 0.97, 5.0
"""GB at most, recall@10 at least, milliseconds at most."""
Vectors = NDArray[np.float32]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kind", default="auto")
    parser.add_argument("--effort", type=int, default=DenseOptions().effort)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--noise", action="store_true")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--step", choices=sorted(STEPS))
    given = parser.parse_args()
    if given.step:
        print(json.dumps({**STEPS[given.step](given), "peak_gb": peak()}))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return beside(given, given.folder or Path(folder))


def beside(given: argparse.Namespace, folder: Path) -> int:
    """Run the steps and print what they say; returns 1 where the bounds are not kept."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = write_vectors(folder / "vectors.f32", given.rows, given.noise)
    kind = "normal noise" if given.noise else f"{TOPICS:,} topics"
    print(f"faiss {faiss.__version__}, {given.rows:,} vectors of {WIDTH}, {kind}, written in {taken:.0f} s")
    made = step("index", given, folder)
    print(f"index: {made['kind']} {made['parameters']} in {made['seconds']:.0f} s, peak {made['peak_gb']:.2f} GB")
    print(f"  {made['megabytes']:.0f} MB beside {given.rows * WIDTH * 4 / 1e6:.0f} MB of vectors", flush=True)
    found = step("search", given, folder)
    exact = step("exact", given, folder)
    truth = np.array(exact.pop("found"))
    recall = agreement(np.array(found.pop("found")), truth)
    print(f"search: opened in {found['open_ms']:.1f} ms, first answer {found['first_ms']:.1f} ms, then median "
          f"{found['median_ms']:.2f} ms (95 % below {found['p95_ms']:.2f}), recall@{K} {recall:.4f}, "
          f"peak {found['peak_gb']:.2f} GB")  # fmt: skip
    ratio = exact["median_ms"] / found["median_ms"]
    print(f"exact: median {exact['median_ms']:.2f} ms, {ratio:.0f} x ours, peak {exact['peak_gb']:.2f} GB", flush=True)
    if given.peers:
        peer = step("peer", given, folder)
        for effort, (median, rows) in peer["by_effort"].items():
            times = f"median {median:.2f} ms, ours takes {found['median_ms'] / median:.2f} x"
            print(f"faiss HNSW32, float32 in memory, efSearch {effort}: {times}, "
                  f"recall@{K} {agreement(np.array(rows), truth):.4f}")  # fmt: skip
        print(f"  built in {peer['seconds']:.0f} s, peak {peer['peak_gb']:.2f} GB")
    memory = max(made["peak_gb"], found["peak_gb"])
    kept = memory <= MEMORY and recall >= RECALL and found["median_ms"] < LATENCY
    print(f"bounds ({MEMORY:g} GB, {RECALL:g}, {LATENCY:g} ms): {'kept' if kept else 'not kept'}")
    return 0 if kept or given.noise else 1


def step(name: str, given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--step", name, "--folder", str(folder), "--rows", str(given.rows)]
    command += ["--kind", given.kind, "--effort", str(given.effort), "--threads", str(given.threads)]
    done = subprocess.run(
        [*command, *(["--noise"] if given.noise else [])], check=True, stdout=subprocess.PIPE, text=True
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def index(given: argparse.Namespace) -> dict[str, Any]:
    chosen = nearest.plan(given.rows, WIDTH, options(given))
    file = given.folder / "nearest.faiss"
    began = time.perf_counter()
    nearest.build(given.folder / "vectors.f32", (given.rows, WIDTH), chosen, file, given.threads)
    seconds = time.perf_counter() - began
    files.write_json(given.folder / "plan.json", dataclasses.asdict(chosen))
    return {**dataclasses.asdict(chosen), "seconds": seconds,
            "megabytes": file.stat().st_size / 1e6 if file.is_file() else 0.0}  # fmt: skip


def search(given: argparse.Namespace) -> dict[str, Any]:
    chosen = nearest.Method(**files.read_json(given.folder / "plan.json"))
    asked = questions(given.noise)
    began = time.perf_counter()
    vectors = mapped(given.folder / "vectors.f32", given.rows, WIDTH)
    near = nearest.Neighbours(vectors, chosen, given.folder / "nearest.faiss", options(given))
    opened = time.perf_counter() - began
    first = timed(lambda: near.find(asked[0], K))
    times, found = [], []
    for query in asked:
        began = time.perf_counter()
        found.append(near.find(query, K)[0].tolist())
        times.append(1e3 * (time.perf_counter() - began))
    return {"open_ms": 1e3 * opened, "first_ms": first, "found": found, **spread(times)}


def exact(given: argparse.Namespace) -> dict[str, Any]:
    """Find the true answers block by block, then time single questions of all vectors in memory."""
    asked = questions(given.noise)
    best = np.full((len(asked), K), -np.inf, dtype=np.float32)
    rows = np.zeros((len(asked), K), dtype=np.int64)
    flat = faiss.IndexFlatIP(WIDTH)
    for start, block in blocks(given):
        one = faiss.IndexFlatIP(WIDTH)
        one.add(block)
        scores, places = one.search(asked, K)
        both, names = np.hstack([best, scores]), np.hstack([rows, places + start])
        order = np.argsort(-both, axis=1, kind="stable")[:, :K]
        best, rows = np.take_along_axis(both, order, 1), np.take_along_axis(names, order, 1)
        flat.add(block)
    times = [timed(lambda query=query: flat.search(query[None], K)) for query in asked[:30]]  # type: ignore[misc]
    return {"found": rows.tolist(), **spread(times)}


def peer(given: argparse.Namespace) -> dict[str, Any]:
    asked = questions(given.noise)
    own = options(given)
    raw = faiss.IndexHNSWFlat(WIDTH, own.links, faiss.METRIC_INNER_PRODUCT)
    raw.hnsw.efConstruction = own.build_effort
    began = time.perf_counter()
    for _, block in blocks(given):
        raw.add(block)
    seconds = time.perf_counter() - began
    by_effort = {}
    for effort in (32, 64, given.effort):
        raw.hnsw.efSearch = effort
        times, found = [], []
        for query in asked:
            began = time.perf_counter()
            found.append(raw.search(query[None], K)[1][0].tolist())
            times.append(1e3 * (time.perf_counter() - began))
        by_effort[effort] = (statistics.median(times), found)
    return {"by_effort": by_effort, "seconds": seconds}


STEPS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "index": index, "search": search, "exact": exact, "peer": peer,
}  # fmt: skip


def options(given: argparse.Namespace) -> DenseOptions:
    return DenseOptions(kind=given.kind, effort=given.effort, threads=given.threads)


def write_vectors(file: Path, rows: int, noise: bool) -> float:
    began = time.perf_counter()
    draw = sampler(noise)
    with file.open("wb") as out:
        for start in range(0, rows, BLOCK):
            out.write(draw(np.random.default_rng([1, start]), min(BLOCK, rows - start)).tobytes())
    return time.perf_counter() - began


def questions(noise: bool) -> Vectors:
    return sampler(noise)(np.random.default_rng([2]), QUESTIONS)


def sampler(noise: bool) -> Callable[[np.random.Generator, int], Vectors]:
    """Return what draws unit vectors, [count, WIDTH], of one structure."""
    world = np.random.default_rng([0])
    scale = 1 / np.sqrt(np.arange(DIRECTIONS) + 5)
    scale = (scale / np.linalg.norm(scale)).astype(np.float32)
    axes = np.linalg.qr(world.standard_normal((WIDTH, DIRECTIONS)))[0].T.astype(np.float32)
    topics = world.standard_normal((TOPICS, DIRECTIONS), dtype=np.float32) * scale
    sizes = 1 / np.arange(1, TOPICS + 1) ** 0.7
    sizes /= sizes.sum()

    def draw(rng: np.random.Generator, count: int) -> Vectors:
        found = rng.standard_normal((count, WIDTH), dtype=np.float32)
        if not noise:
            own = 0.7 * scale * rng.standard_normal((count, DIRECTIONS), dtype=np.float32)
            found = (topics[rng.choice(TOPICS, count, p=sizes)] + own) @ axes + 0.25 / np.sqrt(WIDTH) * found
        unit: Vectors = (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)
        return unit

    return draw


def blocks(given: argparse.Namespace) -> Any:
    with (given.folder / "vectors.f32").open("rb") as file:
        for start in range(0, given.rows, BLOCK):
            count = min(BLOCK, given.rows - start)
            yield start, np.fromfile(file, dtype=np.float32, count=count * WIDTH).reshape(count, WIDTH)


def agreement(found: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    return statistics.mean(len(set(a) & set(b)) / K for a, b in zip(found.tolist(), truth.tolist(), strict=True))


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - began)


def spread(times: list[float]) -> dict[str, float]:
    return {"median_ms": statistics.median(times), "p95_ms": float(np.percentile(times, 95))}


def peak() -> float:
    """Return the most memory this process held, in GB; mapped pages it has touched are counted."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


if __name__ == "__main__":
    sys.exit(main())
