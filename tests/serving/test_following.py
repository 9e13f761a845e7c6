"""What is promoted elsewhere is served a moment later; what cannot be loaded changes nothing; nobody is cut off."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from served import ADMIN, WHY, Served, World, chat, error_of, until

CHAT = "/v1/chat/completions"
NUMBERS = itertools.count(1)


@pytest.fixture
def http(moving: Served) -> Iterator[httpx2.Client]:
    with moving.http() as client:
        yield client


@pytest.fixture
def admin(moving: Served) -> Iterator[httpx2.Client]:
    with moving.http(ADMIN) as client:
        yield client


@pytest.fixture
def own(moving: Served, world: World, http: httpx2.Client) -> Iterator[str]:
    """A name of the test's own: its version 1 is promoted and served, 2 and 3 are candidates."""
    name = f"own{next(NUMBERS)}"
    for folder in ("alpha", "alpha-2", "alpha-3"):
        moving.registry.add(world.adapters[folder], name=name, base=world.shape)
    moving.registry.promote(f"{name}@1", override=WHY)
    until(lambda: answering(http, name) == f"{name}@1")
    yield name
    for version in moving.registry.versions(name):
        moving.registry.retire(version.id)
    until(lambda: answering(http, name) == "model_not_found")


def answering(http: httpx2.Client, model: str) -> str:
    """The version that answers, or the error's code."""
    answer = http.post(CHAT, json=chat(model=model, max_tokens=1))
    return str(answer.json()["model"] if answer.status_code == 200 else error_of(answer)["code"])


def ids(http: httpx2.Client) -> set[str]:
    return {card["id"] for card in http.get("/v1/models").json()["data"]}


def test_a_promotion_in_another_process_is_served_within_two_seconds(
    moving: Served, http: httpx2.Client, own: str
) -> None:
    script = (
        "from domaintune.adapters.registry import Registry\n"
        f"Registry().promote('{own}@2', override={WHY!r})\nprint('done', flush=True)\ninput()"
    )
    environment = {**os.environ, "DOMAINTUNE_HOME": str(moving.home)}
    with subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "done\n"
        assert until(lambda: answering(http, own) == f"{own}@2") < 2
        other.communicate("\n")
    until(lambda: f"{own}@1" not in ids(http))  # dropped: nobody uses it
    moving.registry.rollback(own)
    assert until(lambda: answering(http, own) == f"{own}@1") < 2


def test_a_version_that_was_promoted_before_answers_to_its_own_name(
    moving: Served, http: httpx2.Client, own: str
) -> None:
    moving.registry.promote(f"{own}@2", override=WHY)
    until(lambda: answering(http, own) == f"{own}@2")
    assert answering(http, f"{own}@1") == f"{own}@1"
    assert answering(http, f"{own}@1:0.5+{own}@2:0.5") == f"{own}@1:0.5+{own}@2:0.5"


def test_a_retired_version_answers_no_more(moving: Served, http: httpx2.Client, own: str) -> None:
    moving.registry.retire(f"{own}@1")
    until(lambda: answering(http, own) == "model_not_found")
    assert answering(http, f"{own}@1") == "model_not_found"


def test_a_version_that_cannot_be_loaded_leaves_the_old_one_and_is_shown(
    moving: Served, http: httpx2.Client, own: str
) -> None:
    registry, bad = moving.registry, f"{own}@2"
    weights = registry.folder(registry.find(bad)) / "adapter_model.safetensors"
    whole = weights.read_bytes()
    damage(weights, whole[:-1] + bytes([whole[-1] ^ 1]))
    promote_damaged(registry, bad)
    until(lambda: bad in http.get("/readyz").json()["problems"])
    ready = http.get("/readyz")
    assert (ready.status_code, ready.json()["status"], ready.json()["serving"][own]) == (200, "ready", f"{own}@1")
    assert "has changed" in ready.json()["problems"][bad]
    assert answering(http, own) == f"{own}@1"
    assert answering(http, bad) == "model_not_loadable"
    assert 'domaintune_swaps_total{result="failed"} 0.0' not in http.get("/metrics").text
    assert f"{bad} is not served: {bad} is damaged" in moving.log()
    damage(weights, whole)
    until(lambda: answering(http, own) == bad, seconds=15)  # it is tried again
    assert http.get("/readyz").json()["problems"] == {}


def damage(file: Path, content: bytes) -> None:
    for path in (file.parent, file):
        path.chmod(0o700)
    file.write_bytes(content)


def promote_damaged(registry: Any, version: str) -> None:
    """Promote a version that the registry itself would find damaged, as if it broke a moment later."""
    checked = type(registry)._refuse_damaged
    type(registry)._refuse_damaged = lambda *_: None
    try:
        registry.promote(version, override=WHY)
    finally:
        type(registry)._refuse_damaged = checked


def test_a_candidate_answers_once_an_admin_has_loaded_it(http: httpx2.Client, admin: httpx2.Client, own: str) -> None:
    candidate = f"{own}@3"
    assert answering(http, candidate) == "model_not_found"
    done = admin.post("/v1/load_lora_adapter", json={"lora_name": candidate})
    assert (done.status_code, done.text) == (200, f"Success: LoRA adapter '{candidate}' added successfully.")
    assert done.headers["content-type"].startswith("text/plain")
    assert (answering(http, candidate), answering(http, own)) == (candidate, f"{own}@1")
    again = admin.post("/v1/load_lora_adapter", json={"lora_name": candidate})
    assert "loaded already" in error_of(again)["message"]
    assert admin.post("/v1/load_lora_adapter", json={"lora_name": candidate, "load_inplace": True}).status_code == 200
    done = admin.post("/v1/unload_lora_adapter", json={"lora_name": candidate})
    assert (done.status_code, done.text) == (200, f"Success: LoRA adapter '{candidate}' removed successfully.")
    assert answering(http, candidate) == "model_not_found"


def test_a_name_that_an_admin_has_unloaded_stays_away_until_it_is_loaded(
    moving: Served, http: httpx2.Client, admin: httpx2.Client, own: str
) -> None:
    assert admin.post("/v1/unload_lora_adapter", json={"lora_name": own}).status_code == 200
    assert answering(http, own) == "model_not_found"
    assert answering(http, "gamma") == "gamma@1"
    moving.registry.promote(f"{own}@2", override=WHY)
    time.sleep(1.2)  # two looks at the registry bring nothing back
    assert answering(http, own) == "model_not_found"
    assert admin.post("/v1/unload_lora_adapter", json={"lora_name": own}).status_code == 404
    assert admin.post("/v1/load_lora_adapter", json={"lora_name": own, "lora_path": own}).status_code == 200
    assert answering(http, own) == f"{own}@2"


def test_promote_and_rollback_change_the_registry_and_are_served_at_once(
    moving: Served, http: httpx2.Client, admin: httpx2.Client, own: str
) -> None:
    refused = admin.post("/v1/promote", json={"id": f"{own}@3"})
    assert refused.status_code == 409
    assert "there is no evaluation of it" in error_of(refused)["message"]
    assert answering(http, own) == f"{own}@1"
    done = admin.post("/v1/promote", json={"id": f"{own}@3", "override": "I have looked at it"})
    assert (done.status_code, done.json()["id"], done.json()["state"]) == (200, f"{own}@3", "promoted")
    assert answering(http, own) == f"{own}@3"
    assert moving.registry.find(own).override == "I have looked at it"
    back = admin.post("/v1/rollback", json={"name": own})
    assert (back.status_code, back.json()["id"]) == (200, f"{own}@1")
    assert answering(http, own) == f"{own}@1"


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        ("load_lora_adapter", {"lora_name": "nobody"}, 404),
        ("load_lora_adapter", {"lora_name": "alpha@99"}, 404),
        ("load_lora_adapter", {"lora_name": "alpha", "lora_path": "/tmp/adapter"}, 400),
        ("load_lora_adapter", {"lora_name": "alpha", "lora_path": "beta"}, 400),
        ("load_lora_adapter", {"lora_name": "gamma@1"}, 400),
        ("load_lora_adapter", {"lora_name": "base"}, 400),
        ("load_lora_adapter", {"lora_path": "alpha"}, 400),
        ("unload_lora_adapter", {"lora_name": "nobody"}, 404),
        ("unload_lora_adapter", {"lora_name": "base"}, 404),
        ("unload_lora_adapter", {"lora_name": "alpha+beta"}, 404),
        ("unload_lora_adapter", {}, 400),
        ("promote", {"id": "gamma@99"}, 404),
        ("promote", {"id": "gamma@1", "override": ""}, 400),
        ("promote", {"name": "gamma@1"}, 400),
        ("rollback", {"name": "nobody"}, 404),
        ("rollback", {"name": "gamma@1"}, 400),
    ],
)
def test_what_an_admin_cannot_do_is_said(admin: httpx2.Client, path: str, asked: dict[str, str], status: int) -> None:
    answer = admin.post(f"/v1/{path}", json=asked)
    assert answer.status_code == status, answer.text
    error_of(answer)


def test_the_versions_of_the_registry_are_listed_for_an_admin(admin: httpx2.Client, own: str) -> None:
    rows = {row["id"]: row for row in admin.get("/v1/versions").json()["data"]}
    assert [(rows[f"{own}@{n}"]["state"], rows[f"{own}@{n}"]["loaded"]) for n in (1, 3)] == [
        ("promoted", True),
        ("candidate", False),
    ]


def test_a_running_answer_keeps_its_version_while_the_name_moves_on(
    moving: Served, http: httpx2.Client, own: str
) -> None:
    long = chat(model=own, max_tokens=400, stream=True, temperature=1.0, seed=5)
    alone = "".join(pieces(http, {**long, "model": f"{own}@1"})[0])
    started, said = threading.Event(), []

    def ask() -> None:
        with moving.http() as client:
            said.append(pieces(client, long, started))

    asking = threading.Thread(target=ask)
    asking.start()
    assert started.wait(10)
    moving.registry.promote(f"{own}@2", override=WHY)
    until(lambda: answering(http, own) == f"{own}@2")
    asking.join()
    assert "".join(said[0][0]) == alone
    assert said[0][1] == {f"{own}@1"}
    until(lambda: f"{own}@1" not in ids(http))


def pieces(
    http: httpx2.Client, asked: dict[str, Any], started: threading.Event | None = None
) -> tuple[list[str], set[str]]:
    """The pieces of a streamed answer, and the models that they name."""
    said: list[str] = []
    models = set()
    with http.stream("POST", CHAT, json=asked) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: {"):
                chunk = json.loads(line[6:])
                models.add(chunk["model"])
                said.append(chunk["choices"][0]["delta"].get("content") or "")
                if started is not None and len(said) > 2:
                    started.set()
    return said, models
