"""S1 and S2: clients ask while names move, versions come and go, and streams are left: no answer is ever another's.

Every answer names the version that gave it, and must be, letter by letter, what the engine gives for that version when
it is asked alone in another process. The design that keeps the adapter as a state of the model fails 9 of 10 such answers.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from served import ADMIN, WHY, Served, World, until

from domaintune import Message, Request, Sampling
from domaintune.contracts import Mix
from domaintune.engine.session import TransformersEngine, TransformersSession
from domaintune.serving import names
from domaintune.settings import ModelSettings

CHAT = "/v1/chat/completions"
QUESTIONS = (
    "Is the heart large?",
    "Small effusion.",
    "What is there to see in the left lower lobe?",
    "Derive the impression.",
)
LENGTHS = (4, 12, 24)
FOLDERS = {
    "alpha@1": "alpha", "alpha@2": "alpha-2", "alpha@3": "alpha-3", "beta@1": "beta", "beta@2": "beta-2",
    "gamma@1": "gamma", "delta@1": "delta",
}  # fmt: skip
MODELS = ("base", "alpha", "beta", "gamma", "delta", "alpha+beta", "gamma:0.3+delta:0.7", "alpha@1", "alpha|gamma")
MAY_BE_AWAY = {"delta", "gamma:0.3+delta:0.7"}


class Reference:
    """What each version answers when it is asked alone."""

    def __init__(self, world: World) -> None:
        settings = ModelSettings(base=str(world.base), device="cpu", dtype="float32")
        self.session: TransformersSession = TransformersEngine().open(settings)
        for version, folder in FOLDERS.items():
            self.session.load(version, world.adapters[folder])
        self.known: dict[tuple[str, str, int], tuple[str, int, str]] = {}

    def answer(self, label: str, question: str, length: int) -> tuple[str, int, str]:
        """Return text, tokens and finish reason."""
        key = (label, question, length)
        if key not in self.known:
            messages = (Message(role="user", content=question),)
            request = Request(messages=messages, adapter=adapter(label), sampling=Sampling(max_new_tokens=length))
            events = list(self.session.generate([request]))
            reason = events[-1].finish_reason or ""
            self.known[key] = "".join(e.text for e in events), sum(e.tokens for e in events), reason
        return self.known[key]


def adapter(label: str) -> str | Mix | None:
    if label == "tiny":
        return None
    name = names.parse(label)
    if name.kind == "one":
        return label
    weights = tuple((part.id, 1.0 if part.weight is None else part.weight) for part in name.parts)
    return Mix(weights=weights, route="arrow" if name.kind == "arrow" else "sum")


@dataclass
class Storm:
    """What the clients have seen."""

    server: Served
    answers: list[tuple[str, str, int, str, tuple[str, int | None, str]]] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    left: int = 0
    swaps: int = 0
    cycles: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, number: int, count: int) -> None:
        """Be one client."""
        random_ = random.Random(number)
        with self.server.http() as http:
            for _ in range(count):
                model, question, length = random_.choice(MODELS), random_.choice(QUESTIONS), random_.choice(LENGTHS)
                asked = {"model": model, "messages": [{"role": "user", "content": question}], "max_tokens": length}
                kind = random_.random()
                if kind < 0.3:
                    self.stream(http, asked, leave=kind < 0.06)
                else:
                    self.whole(http, asked)

    def whole(self, http: httpx2.Client, asked: dict[str, Any]) -> None:
        answer = http.post(CHAT, json=asked)
        self.count(asked["model"], answer.status_code)
        if answer.status_code == 200:
            body = answer.json()
            choice = body["choices"][0]
            said = choice["message"]["content"], body["usage"]["completion_tokens"], choice["finish_reason"]
            self.book(asked, body["model"], said)

    def stream(self, http: httpx2.Client, asked: dict[str, Any], *, leave: bool) -> None:
        with http.stream("POST", CHAT, json={**asked, "stream": True}) as answer:
            self.count(asked["model"], answer.status_code)
            if answer.status_code != 200:
                answer.read()
                return
            text, reason, labels = "", "", set()
            for line in answer.iter_lines():
                if not line.startswith("data: {"):
                    continue
                chunk = json.loads(line[6:])
                assert "error" not in chunk, chunk
                labels.add(chunk["model"])
                text += chunk["choices"][0]["delta"].get("content") or ""
                reason = chunk["choices"][0]["finish_reason"] or ""
                if leave and text:
                    self.left += 1
                    return
        assert len(labels) == 1
        self.book(asked, labels.pop(), (text, None, reason))

    def count(self, model: str, status: int) -> None:
        with self.lock:
            self.statuses[f"{status} {'may be away' if status == 404 and model in MAY_BE_AWAY else ''}".strip()] += 1

    def book(self, asked: dict[str, Any], label: str, said: tuple[str, int | None, str]) -> None:
        with self.lock:
            self.answers.append((asked["model"], asked["messages"][0]["content"], asked["max_tokens"], label, said))

    def swap(self, count: int, pause: float) -> None:
        """Move names: in the registry, as another terminal would, and through the server in turn."""
        random_ = random.Random(7)
        with self.server.http(ADMIN) as http:
            for number in range(count):
                version = random_.choice(("alpha@1", "alpha@2", "alpha@3", "beta@1", "beta@2"))
                if number % 2:
                    self.server.registry.promote(version, override=WHY)
                else:
                    assert http.post("/v1/promote", json={"id": version, "override": WHY}).status_code == 200
                self.swaps += 1
                time.sleep(pause)

    def unload(self, count: int, pause: float) -> None:
        """Take an adapter away and bring it back."""
        with self.server.http(ADMIN) as http:
            for _ in range(count):
                assert http.post("/v1/unload_lora_adapter", json={"lora_name": "delta"}).status_code == 200
                time.sleep(pause / 4)
                assert http.post("/v1/load_lora_adapter", json={"lora_name": "delta"}).status_code == 200
                self.cycles += 1
                time.sleep(pause)


def run(server: Served, *, clients: int, requests: int, swaps: int, cycles: int, seconds: float) -> Storm:
    storm = Storm(server)
    share = requests // clients
    with ThreadPoolExecutor(clients + 2) as pool:
        others = [pool.submit(storm.swap, swaps, seconds / swaps), pool.submit(storm.unload, cycles, seconds / cycles)]
        asking = [pool.submit(storm.ask, number, share) for number in range(clients)]
        for one in itertools.chain(asking, others):
            one.result()
    return storm


def check(storm: Storm, reference: Reference) -> dict[str, int]:
    """Assert that every answer is that of the version it names, and that the version is one that the name meant."""
    wrong = []
    for model, question, length, label, (text, tokens, reason) in storm.answers:
        expected = reference.answer(label, question, length)
        if (text, reason) != (expected[0], expected[2]) or tokens not in {None, expected[1]}:
            wrong.append((model, label, question, text, expected))
        if model not in {"base", label}:
            meant = [part.name for part in names.parse(model).parts]
            assert meant == [part.name for part in names.parse(label).parts], (model, label)
    assert wrong == []
    assert set(storm.statuses) <= {"200", "404 may be away"}, storm.statuses
    return {
        "answers": len(storm.answers),
        "left": storm.left,
        "swaps": storm.swaps,
        "cycles": storm.cycles,
    } | storm.statuses


@pytest.fixture(scope="module")
def reference(world: World) -> Reference:
    return Reference(world)


@pytest.fixture
def stormy(moving: Served) -> Iterator[Served]:
    """The moving server, put back afterwards."""
    yield moving
    with moving.http(ADMIN) as http:
        for version in ("alpha@1", "beta@1"):
            assert http.post("/v1/promote", json={"id": version, "override": WHY}).status_code == 200
        idle = 'domaintune_requests_running{base="tiny"} 0.0'
        until(lambda: idle in http.get("/metrics").text)


def test_no_answer_is_anothers_while_names_move(stormy: Served, reference: Reference) -> None:
    done = check(run(stormy, clients=8, requests=304, swaps=10, cycles=4, seconds=4), reference)
    assert done["answers"] + done["left"] >= 250
    labels = {label for label, *_ in reference.known}
    assert len(labels) >= 8


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_ten_thousand_answers_over_two_hundred_swaps(stormy: Served, reference: Reference) -> None:
    began = time.monotonic()
    done = check(run(stormy, clients=16, requests=10_000, swaps=200, cycles=40, seconds=120), reference)
    sys.stdout.write(f"\nS1: {done}; {time.monotonic() - began:.0f} s; {len(reference.known)} references\n")
    assert sum(count for status, count in done.items() if status[:3].isdigit()) == 10_000
    assert (done["swaps"], done["cycles"]) == (200, 40)
