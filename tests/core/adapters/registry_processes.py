"""Processes that use a registry and are killed: `python registry_processes.py storm|crash …`, light enough to fork."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from domaintune.adapters import registry as registry_module
from domaintune.adapters import rows, store
from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import BaseShape
from domaintune.errors import DomaintuneError

NAMES = ("first", "second", "third")


def storm(place: Path, workers: int, each: int, kills: int, seed: int) -> None:
    """Let workers do so many operations each, killing one now and then, which another then replaces."""
    rng = random.Random(seed)
    shape = read_shape(place)
    running = {fork(lambda index=index: work(place, shape, index, each, seed)): index for index in range(workers)}
    while running:
        time.sleep(rng.uniform(0.02, 0.12))
        if kills:
            kills -= 1
            os.kill(rng.choice(list(running)), signal.SIGKILL)
        for pid, index in list(running.items()):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                del running[pid]
                if os.WIFSIGNALED(status):
                    again = fork(lambda index=index: work(place, shape, index, each, seed))
                    running[again] = index
                elif status:
                    sys.exit(f"worker {index} failed")


def work(place: Path, shape: BaseShape, index: int, each: int, seed: int) -> None:
    """Do what is left of a worker's operations, each written down before and after."""
    log = place / f"log-{index}.jsonl"
    begun = sum('"token"' in line for line in log.read_text().splitlines()) if log.exists() else 0
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, b"\n")  # a killed worker may have left half a line
    registry = Registry(place / "registry")
    for number in range(begun, each):
        token = f"{index}-{number}"
        rows._user = lambda token=token: token  # every event names its operation
        verb, name, arguments = chosen(random.Random(f"{seed} {token}"), place)
        entry: dict[str, Any] = {"token": token, "verb": verb, "name": name, **arguments, "before": registry.serial()}
        write(handle, entry)
        try:
            version = perform(registry, shape, verb, name, arguments)
            write(handle, {"done": token, "number": version.number, "state": version.state, "after": registry.serial()})
        except DomaintuneError as error:
            write(handle, {"done": token, "error": type(error).__name__, "after": registry.serial()})


def chosen(rng: random.Random, place: Path) -> tuple[str, str, dict[str, Any]]:
    verb, name = rng.choices(("add", "promote", "rollback", "retire"), (3, 6, 3, 1))[0], rng.choice(NAMES)
    if verb == "add":
        return verb, name, {"folder": rng.choice(sorted(path.name for path in (place / "made").iterdir()))}
    number = rng.choice((None, *range(1, 9))) if verb == "promote" else rng.randint(1, 9)
    why = rng.choice((None, None, "because")) if verb == "promote" else None
    return verb, name, {} if verb == "rollback" else {"number": number, "why": why}


def perform(registry: Registry, shape: BaseShape, verb: str, name: str, given: dict[str, Any]) -> Any:
    place = name if given.get("number") is None else f"{name}@{given['number']}"
    if verb == "add":
        return registry.add(registry._folder.parent / "made" / given["folder"], name=name, base=shape)
    if verb == "promote":
        return registry.promote(place, override=given["why"])
    return registry.rollback(name) if verb == "rollback" else registry.retire(place)


def crash(place: Path, verb: str) -> None:
    """Kill a change at its first step, at its second, and so on, until it gets through; print what was left each time."""
    shape = read_shape(place)
    before = {version.id: version.state for version in Registry(place / "registry").versions()}
    for step in range(1, 1000):
        copy = place / f"copy-{step}"
        shutil.copytree(place / "registry", copy)
        registry = Registry(copy)

        def change(registry: Registry = registry) -> None:
            if verb == "add":
                registry.add(place / "made", name="first", base=shape)
            else:
                registry.promote("first@2")

        _, status = os.waitpid(fork(lambda: killed_at(step, change)), 0)  # noqa: B023  (it runs at once)
        left = {version.id: version.state for version in registry.versions()}
        damaged = registry.verify()
        change()
        known = {version.digest for version in registry.versions()}
        after = {version.id: version.state for version in registry.versions()}
        strange = sorted({path.name for path in (copy / "objects").iterdir()} ^ known)
        killed = os.WIFSIGNALED(status)
        found = {"same": left == before, "all": left == after, "damaged": damaged + registry.verify()}
        sys.stdout.write(json.dumps({"step": step, "killed": killed, **found, "strange": strange}) + "\n")
        sys.stdout.flush()
        shutil.rmtree(copy)
        if not killed:
            return


def killed_at(step: int, change: Callable[[], None]) -> None:
    """Count what touches the disk, statements of the database among it, and die at one of them."""
    left = [step]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    events = {"open", "os.mkdir", "os.rename", "os.chmod", "os.remove", "os.rmdir", "shutil.rmtree", "sqlite3.connect"}
    sys.addaudithook(lambda event, _: count() if event in events else None)
    connect, fsync = store._connect, os.fsync

    def traced(place: str) -> Any:
        db = connect(place)
        db.set_trace_callback(count)
        return db

    store._connect, os.fsync = traced, lambda handle: (count(), fsync(handle))
    change()


def fork(task: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        task()
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


def write(handle: int, entry: dict[str, Any]) -> None:
    os.write(handle, json.dumps(entry).encode() + b"\n")


def read_shape(place: Path) -> BaseShape:
    return BaseShape.from_dict(json.loads((place / "shape.json").read_text()))


if __name__ == "__main__":
    assert "torch" not in sys.modules
    assert registry_module.admit
    if sys.argv[1] == "storm":
        storm(Path(sys.argv[2]), *map(int, sys.argv[3:]))
    else:
        crash(Path(sys.argv[2]), sys.argv[3])
