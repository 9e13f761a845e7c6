"""S12: what breaks under a running server: no wrong answer, the cause by its name, and the next request is answered."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from served import ADMIN, WHY, Served, World, chat, error_of, until

CHAT = "/v1/chat/completions"
NUMBERS = itertools.count(1)


@pytest.fixture
def admin(moving: Served) -> Iterator[httpx2.Client]:
    with moving.http(ADMIN) as client:
        yield client


def said(http: httpx2.Client, **more: Any) -> str:
    answer = http.post(CHAT, json=chat(**{"model": "gamma", **more}))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["choices"][0]["message"]["content"])


def weights(folder: Path) -> Path:
    return folder / "adapter_model.safetensors"


def writable(folder: Path) -> None:
    for path in (folder, *folder.iterdir()):
        path.chmod(0o700)


def delete(folder: Path) -> None:
    weights(folder).unlink()


def truncate(folder: Path) -> None:
    os.truncate(weights(folder), weights(folder).stat().st_size // 2)


def empty(folder: Path) -> None:
    weights(folder).write_bytes(b"")


def replace(folder: Path) -> None:
    content = bytearray(weights(folder).read_bytes())
    content[-8:] = bytes(8)
    weights(folder).write_bytes(content)


def link(folder: Path) -> None:
    other = folder.parent / f"elsewhere-{folder.name}"
    weights(folder).rename(other)
    weights(folder).symlink_to(other)


def configure(folder: Path) -> None:
    config = folder / "adapter_config.json"
    config.write_text(config.read_text().replace('"lora_alpha": 8', '"lora_alpha": 16'))


def add_pickle(folder: Path) -> None:
    (folder / "adapter_model.bin").write_bytes(b"\x80\x04K\x01.")


def move_away(folder: Path) -> None:
    folder.rename(folder.parent / f".away-{folder.name}")


DAMAGE: dict[Callable[[Path], None], str] = {
    delete: "is missing", truncate: "has changed", empty: "has changed", replace: "has changed", link: "has changed",
    configure: "has changed", add_pickle: "does not belong to it", move_away: "is missing",
}  # fmt: skip


def break_a_file(moving: Served, world: World, admin: httpx2.Client, damage: Callable[[Path], None]) -> None:
    """Damage a candidate that the registry knows, then load it."""
    name = f"broken{next(NUMBERS)}"
    version = moving.registry.add(unlike_others(world, Path(moving.home)), name=name, base=world.shape)
    folder = moving.registry.folder(version)
    writable(folder)
    damage(folder)
    answer = admin.post("/v1/load_lora_adapter", json={"lora_name": version.id})
    assert answer.status_code == 400, answer.text
    error = error_of(answer)
    assert error["code"] == "adapter_not_loadable"
    assert version.id in error["message"]
    assert DAMAGE[damage] in error["message"]
    assert error_of(admin.post(CHAT, json=chat(model=version.id)))["code"] == "model_not_found"
    assert version.id not in admin.get("/v1/models").text


def unlike_others(world: World, home: Path) -> Path:
    """A copy of an adapter with a file of its own, so that its object is nobody else's."""
    import shutil

    folder = home / f"copy{next(NUMBERS)}"
    shutil.copytree(world.adapters["delta"], folder)
    (folder / "README.md").write_text(folder.name)
    return folder


def kill_while_idle(moving: Served, world: World, admin: httpx2.Client) -> None:
    expected = said(admin)
    os.kill(worker_of(moving), signal.SIGKILL)
    assert said(admin) == expected


def kill_while_answering(moving: Served, world: World, admin: httpx2.Client) -> None:
    """Those who are being answered notice nothing: drawn answers repeat, and what was sent is not sent again."""
    asked = {"max_tokens": 300, "temperature": 1.5, "model": "gamma:0.5+delta:0.5"}
    expected = [said(admin, **asked, seed=seed) for seed in range(4)]
    going = threading.Event()
    with ThreadPoolExecutor() as pool:
        streams = [pool.submit(stream, moving, {**asked, "seed": seed}, going) for seed in range(2)]
        wholes = [pool.submit(fresh, moving, {**asked, "seed": seed}) for seed in range(2, 4)]
        assert going.wait(10)
        os.kill(worker_of(moving), signal.SIGKILL)
        assert [one.result() for one in (*streams, *wholes)] == expected


def kill_while_loading(moving: Served, world: World, admin: httpx2.Client) -> None:
    name = f"hurried{next(NUMBERS)}"
    version = moving.registry.add(world.adapters["delta"], name=name, base=world.shape)
    with ThreadPoolExecutor() as pool:
        loading = pool.submit(lambda: admin.post("/v1/load_lora_adapter", json={"lora_name": version.id}))
        os.kill(worker_of(moving), signal.SIGKILL)
        answer = loading.result()
    if answer.status_code != 200:
        error_of(answer)
        until(lambda: admin.get("/readyz").status_code == 200, seconds=60)
        assert admin.post("/v1/load_lora_adapter", json={"lora_name": version.id}).status_code == 200
    assert said(admin, model=version.id)


def lock_the_registry(moving: Served, world: World, admin: httpx2.Client) -> None:
    """A writer that takes long holds up nobody who asks, and what it wrote is served when it is done."""
    name = f"late{next(NUMBERS)}"
    version = moving.registry.add(world.adapters["delta"], name=name, base=world.shape)
    other = sqlite3.connect(moving.home / "registry" / "registry.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with ThreadPoolExecutor() as pool:
            promoting = pool.submit(lambda: admin.post("/v1/promote", json={"id": version.id, "override": WHY}))
            time.sleep(0.7)
            began = time.monotonic()
            with moving.http() as http:
                assert said(http)
            assert time.monotonic() - began < 5
            assert not promoting.done()
            other.execute("ROLLBACK")
            assert promoting.result().status_code == 200
    finally:
        other.close()
    assert said(admin, model=name)


def fill_the_disk(moving: Served, world: World, admin: httpx2.Client) -> None:
    """What cannot be written down is not done, and is said; the answers need no disk."""
    name = f"unwritten{next(NUMBERS)}"
    version = moving.registry.add(world.adapters["delta"], name=name, base=world.shape)
    pid = moving.process.pid
    former = resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    try:
        answer = admin.post("/v1/promote", json={"id": version.id, "override": WHY})
        assert answer.status_code in {400, 500}
        error_of(answer)
        assert said(admin)
        assert moving.registry.find(version.id).state == "candidate"
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, former)
    assert admin.post("/v1/promote", json={"id": version.id, "override": WHY}).status_code == 200
    assert said(admin, model=name)


SCENARIOS: dict[str, Callable[[Served, World, httpx2.Client], None]] = {
    **{
        f"file: {damage.__name__}": lambda *given, damage=damage: break_a_file(*given, damage)  # type: ignore[misc]
        for damage in DAMAGE
    },
    "killed while idle": kill_while_idle,
    "killed while answering": kill_while_answering,
    "killed while loading": kill_while_loading,
    "the registry is locked": lock_the_registry,
    "the disk is full": fill_the_disk,
}
"""Thirteen; SIGTERM under load is in test_serve_command.py, as it ends the server."""


def stream(server: Served, asked: dict[str, Any], going: threading.Event) -> str:
    import json

    text = ""
    with server.http() as http, http.stream("POST", CHAT, json=chat(**asked, stream=True)) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: {"):
                chunk = json.loads(line[6:])
                assert "error" not in chunk, chunk
                text += chunk["choices"][0]["delta"].get("content") or ""
                if len(text) > 10:
                    going.set()
    return text


def fresh(server: Served, asked: dict[str, Any]) -> str:
    with server.http() as http:
        return said(http, **asked)


def worker_of(server: Served) -> int:
    """The process id of the worker: the child that is not Python's resource tracker."""
    pid = server.process.pid
    for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        if b"spawn_main" in Path(f"/proc/{text}/cmdline").read_bytes():
            return int(text)
    threads = Path(f"/proc/{pid}/task").iterdir()
    found = {int(one) for thread in threads for one in (thread / "children").read_text().split()}
    return next(one for one in found if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes())


SLOW = {"killed while idle", "killed while loading"}  # a worker takes seconds to start; once is enough here


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in SLOW])
def test_a_fault_is_named_and_overcome(moving: Served, world: World, admin: httpx2.Client, name: str) -> None:
    before = said(admin)
    SCENARIOS[name](moving, world, admin)
    assert said(admin) == before
    assert admin.get("/readyz").status_code == 200


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", SCENARIOS)
def test_ten_faults_of_a_kind(moving: Served, world: World, admin: httpx2.Client, name: str) -> None:
    before = said(admin)
    for _ in range(10):
        SCENARIOS[name](moving, world, admin)
        assert said(admin) == before
