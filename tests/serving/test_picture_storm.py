"""Two base models in one server, asked with and without pictures while names move: no answer is ever another's.

The adapters of the model that reads pictures bring their own projector: what a picture looks like is part of a version.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx2
import pytest
from seeing import EYES, PICTURES, Both, content
from served import ADMIN, WHY, until

from domaintune import Message, Request, Sampling
from domaintune.contracts import IMAGE, Mix
from domaintune.engine.session import TransformersEngine, TransformersSession
from domaintune.serving import names
from domaintune.settings import ModelSettings

CHAT = "/v1/chat/completions"
QUESTIONS = ("Is the heart large?", "What colour is the circle?", "How many?")
SHOWN = ((), (0,), (1,), (2,), (0, 2))
"""Which pictures stand before a question."""
TEXTS = ("base", "alpha", "beta", "alpha+beta", "alpha:0.3+beta:0.7")
SEEING = (EYES, "sees", "sees", "looks", "sees:0.4+looks:0.6", "sees@1")


class Asked(NamedTuple):
    model: str
    question: str
    pictures: tuple[int, ...]
    length: int

    def body(self) -> dict[str, Any]:
        parts = content(self.question, *(PICTURES[place] for place in self.pictures))
        said = parts if self.pictures else self.question
        return {"model": self.model, "messages": [{"role": "user", "content": said}], "max_tokens": self.length}


class Reference:
    """What each version answers when it is asked alone, by an engine in this process."""

    def __init__(self, both: Both) -> None:
        self.sessions: dict[str, TransformersSession] = {}
        worlds = {"tiny": (both.texts, {"alpha@1": "alpha", "beta@1": "beta"})}
        worlds[EYES] = both.pictures, {"sees@1": "sees", "sees@2": "sees-2", "looks@1": "looks"}
        for base, (world, versions) in worlds.items():
            session = TransformersEngine().open(ModelSettings(base=str(world.base), device="cpu", dtype="float32"))
            for version, folder in versions.items():
                session.load(version, world.adapters[folder])
                self.sessions[version] = session
            self.sessions[base] = session
        self.known: dict[tuple[str, Asked], tuple[str, str]] = {}

    def answer(self, label: str, asked: Asked) -> tuple[str, str]:
        """Return text and finish reason."""
        key = label, asked._replace(model="")
        if key not in self.known:
            text = "\n".join([*[IMAGE] * len(asked.pictures), asked.question])
            request = Request(
                messages=(Message(role="user", content=text),),
                images=tuple(PICTURES[place] for place in asked.pictures),
                adapter=adapter(label),
                sampling=Sampling(max_new_tokens=asked.length),
            )
            first = names.parse(label).parts[0].id if label not in {"tiny", EYES} else label
            events = list(self.sessions[first].generate([request]))
            self.known[key] = "".join(event.text for event in events), events[-1].finish_reason or ""
        return self.known[key]


def adapter(label: str) -> str | Mix | None:
    if label in {"tiny", EYES}:
        return None
    name = names.parse(label)
    if name.kind == "one":
        return label
    return Mix(weights=tuple((part.id, 1.0 if part.weight is None else part.weight) for part in name.parts))


@dataclass
class Storm:
    """What the clients have seen."""

    both: Both
    answers: list[tuple[Asked, str, str, str]] = field(default_factory=list)
    left: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, number: int, count: int) -> None:
        """Be one client."""
        draw = random.Random(number)
        with self.both.server.http() as http:
            for _ in range(count):
                pictures = draw.choice(SHOWN)
                models = SEEING if pictures else (*SEEING, *TEXTS)
                asked = Asked(draw.choice(models), draw.choice(QUESTIONS), pictures, draw.choice((4, 12)))
                kind = draw.random()
                self.stream(http, asked, leave=kind < 0.1) if kind < 0.4 else self.whole(http, asked)

    def whole(self, http: httpx2.Client, asked: Asked) -> None:
        answer = http.post(CHAT, json=asked.body())
        assert answer.status_code == 200, answer.text
        choice = answer.json()["choices"][0]
        self.book(asked, answer.json()["model"], choice["message"]["content"], choice["finish_reason"])

    def stream(self, http: httpx2.Client, asked: Asked, *, leave: bool) -> None:
        text, reason, labels = "", "", set()
        with http.stream("POST", CHAT, json={**asked.body(), "stream": True}) as answer:
            assert answer.status_code == 200
            for line in answer.iter_lines():
                if line.startswith("data: {"):
                    chunk = json.loads(line[6:])
                    assert "error" not in chunk, chunk
                    labels.add(chunk["model"])
                    text += chunk["choices"][0]["delta"].get("content") or ""
                    reason = chunk["choices"][0]["finish_reason"] or ""
                    if leave and text:
                        self.left += 1
                        return
        assert len(labels) == 1
        self.book(asked, labels.pop(), text, reason)

    def book(self, asked: Asked, label: str, text: str, reason: str) -> None:
        with self.lock:
            self.answers.append((asked, label, text, reason))

    def swap(self, count: int, pause: float) -> None:
        """Let `sees` mean one version and the other, from another terminal and through the server in turn."""
        with self.both.server.http(ADMIN) as http:
            for number in range(count):
                version = f"sees@{2 - number % 2}"
                if number % 3 == 2:
                    self.both.server.registry.promote(version, override=WHY)
                elif number % 2:
                    assert http.post("/v1/rollback", json={"name": "sees"}).status_code in {200, 409}
                else:
                    assert http.post("/v1/promote", json={"id": version, "override": WHY}).status_code == 200
                time.sleep(pause)


@pytest.fixture
def storm(both: Both) -> Iterator[Storm]:
    """The server of both, put back afterwards."""
    yield Storm(both)
    with both.server.http(ADMIN) as http:
        assert http.post("/v1/promote", json={"id": "sees@1", "override": WHY}).status_code == 200
        for base in ("tiny", EYES):
            idle = f'domaintune_requests_running{{base="{base}"}} 0.0'
            until(lambda idle=idle: idle in http.get("/metrics").text)


def test_every_picture_is_seen_by_the_version_that_the_answer_names(storm: Storm) -> None:
    with ThreadPoolExecutor(7) as pool:
        swapping = pool.submit(storm.swap, 8, 0.4)
        clients = [pool.submit(storm.ask, number, 40) for number in range(6)]
        for one in (*clients, swapping):
            one.result()
    reference = Reference(storm.both)
    wrong = [
        (asked, label, text, reference.answer(label, asked))
        for asked, label, text, reason in storm.answers
        if (text, reason) != reference.answer(label, asked)
    ]
    assert wrong == []
    assert len(storm.answers) + storm.left == 240
    for asked, label, *_ in storm.answers:
        if asked.model not in {"base", EYES, label}:
            assert [part.name for part in names.parse(asked.model).parts] == [
                part.name for part in names.parse(label).parts
            ]
    seen = {label for asked, label, *_ in storm.answers if asked.pictures}
    assert {EYES, "sees@1", "sees@2", "looks@1"} <= seen
    assert {"tiny", "alpha@1"} <= {label for _, label, *_ in storm.answers}
    assert storm.left
