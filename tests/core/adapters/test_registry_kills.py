"""Many processes at one registry, killed at any moment: every history is one that a single process could have made."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from adapting import GAIN, LOSS, package, shape_to
from registry_model import Refused, Shelf

from domaintune import files
from domaintune.adapters.objects import digest_of
from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import BaseShape
from domaintune.adapters.versions import Event

SCRIPT = Path(__file__).with_name("registry_processes.py")


def run(*words: object) -> str:
    done = subprocess.run([sys.executable, str(SCRIPT), *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("verb", ["add", "promote"])
def test_a_change_that_is_killed_at_any_step_is_made_whole_or_not_at_all(
    verb: str, tmp_path: Path, peft_folder: Path, tiny_shape: BaseShape
) -> None:
    shape_to(tmp_path / "shape.json", tiny_shape)
    registry = Registry(tmp_path / "registry")
    for seed in (1, 2):
        registry.add(package(peft_folder, tmp_path / f"{seed}", tiny_shape, GAIN, seed), name="first", base=tiny_shape)
    registry.promote("first@1")
    package(peft_folder, tmp_path / "made", tiny_shape, GAIN, seed=3)
    steps = [json.loads(line) for line in run("crash", tmp_path, verb).splitlines()]
    assert len(steps) > {"add": 60, "promote": 12}[verb]
    assert [step["killed"] for step in steps] == [True] * (len(steps) - 1) + [False]
    assert [step for step in steps if step["damaged"] or step["strange"]] == []
    assert [step for step in steps if step["same"] == step["all"]] == []
    assert steps[0]["same"]
    assert steps[-1]["all"]


def storm(place: Path, peft: Path, shape: BaseShape, operations: int, kills: int, seed: int) -> dict[str, int]:
    """Run a storm and check it; returns how often what happened."""
    shape_to(place / "shape.json", shape)
    for number in range(12):
        package(peft, place / "made" / f"{number:02}", shape, (GAIN, LOSS)[number % 2], seed=number)
    run("storm", place, 8, operations // 8, kills, seed)
    registry = Registry(place / "registry")
    history = History(registry, place)
    counts = history.check([entry for log in sorted(place.glob("log-*.jsonl")) for entry in entries(log)])
    assert registry.verify() == []
    return counts


def entries(log: Path) -> list[dict[str, Any]]:
    """Return what a worker wrote down, an operation with its outcome; what a kill cut short has none."""
    found: dict[str, dict[str, Any]] = {}
    for line in log.read_text().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if "token" in entry:
            found[entry["token"]] = entry
        else:
            found[entry["done"]]["outcome"] = entry
    return list(found.values())


class History:
    """The events of a registry, replayed on the model, with the state of every name after each of them."""

    def __init__(self, registry: Registry, place: Path) -> None:
        self.good: dict[str, bool] = {}
        for number, folder in enumerate(sorted((place / "made").iterdir())):
            self.good[digest_of(files.folder_hashes(folder))] = number % 2 == 0
        self.digests = dict(zip(sorted(p.name for p in (place / "made").iterdir()), self.good, strict=True))
        self.states: dict[str, list[tuple[int, Shelf]]] = {}
        self.events: dict[str, tuple[Event, Shelf]] = {}
        for name in sorted({version.name for version in registry.versions()}):
            self._replay(registry, name)

    def _replay(self, registry: Registry, name: str) -> None:
        """Every event is legal where it stands, and together they lead to what the registry says now."""
        shelf = Shelf()
        states = self.states.setdefault(name, [(0, Shelf())])
        for event in registry.history(name):
            assert event.serial > states[-1][0]
            assert event.by not in self.events, "one operation made two changes"
            former = shelf.current
            outcome = self._apply(shelf, event)
            assert outcome == (event.number, True)
            if event.what in {"promoted", "rolled back"}:
                assert event.facts["former"] == former
            states.append((event.serial, copy.deepcopy(shelf)))
            self.events[event.by] = (event, states[-1][1])
        said = {v.number: (v.digest, v.state, v.withdrawn, v.override) for v in registry.versions(name)}
        assert said == {n: (b.digest, b.state, b.withdrawn, b.override) for n, b in shelf.books.items()}

    def _apply(self, shelf: Shelf, event: Event) -> tuple[int, bool]:
        if event.what == "added":
            return shelf.add(event.facts["digest"], self.good[event.facts["digest"]])
        if event.what == "promoted":
            book = shelf.books[event.number]
            passed = event.facts["gate"] == "passed"
            assert passed == (book.good and not book.withdrawn)
            assert passed or event.why
            return shelf.promote(event.number, event.why or None)
        return shelf.rollback() if event.what == "rolled back" else shelf.retire(event.number)

    def check(self, operations: list[dict[str, Any]]) -> dict[str, int]:
        """Every finished operation took effect, or was answered, at one moment between its beginning and its end."""
        counts = {"changed": 0, "answered": 0, "cut short": 0, "cut short after the change": 0}
        for entry in operations:
            outcome, made = entry.get("outcome"), self.events.pop(entry["token"], None)
            if outcome is None:
                counts["cut short after the change" if made else "cut short"] += 1
            elif made:
                event, _ = made
                assert entry["before"] < event.serial <= outcome["after"], entry
                assert (event.name, event.number) == (entry["name"], outcome["number"]), entry
                counts["changed"] += 1
            else:
                assert any(self._answers(shelf, entry) for shelf in self._between(entry)), entry
                counts["answered"] += 1
        assert self.events == {}, "a change that nobody asked for"
        return counts

    def _between(self, entry: dict[str, Any]) -> list[Shelf]:
        states = self.states.get(entry["name"], [(0, Shelf())])
        first = max(place for place, (serial, _) in enumerate(states) if serial <= entry["before"])
        return [shelf for serial, shelf in states[first:] if serial <= max(entry["before"], entry["outcome"]["after"])]

    def _answers(self, shelf: Shelf, entry: dict[str, Any]) -> bool:
        """Tell whether the model in this state changes nothing and answers as the registry did."""
        shelf, said = copy.deepcopy(shelf), entry["outcome"]
        try:
            if entry["verb"] == "add":
                digest = self.digests[entry["folder"]]
                found = shelf.add(digest, self.good[digest])
            elif entry["verb"] == "promote":
                found = shelf.promote(entry["number"], entry["why"])
            else:
                found = shelf.rollback() if entry["verb"] == "rollback" else shelf.retire(entry["number"])
        except Refused as refused:
            return str(refused) == said.get("error")
        return found == (said.get("number"), False)


def test_eight_writers_and_kills_leave_a_history_that_one_writer_could_have_made(
    tmp_path: Path, peft_folder: Path, tiny_shape: BaseShape
) -> None:
    counts = storm(tmp_path, peft_folder, tiny_shape, operations=800, kills=20, seed=1)
    assert counts["changed"] > 100
    assert counts["answered"] > 100


@pytest.mark.soak
def test_five_thousand_operations_under_kills(tmp_path: Path, peft_folder: Path, tiny_shape: BaseShape) -> None:
    counts = storm(tmp_path, peft_folder, tiny_shape, operations=5000, kills=200, seed=2)
    assert sum(counts.values()) == 5000
    assert counts["cut short"] + counts["cut short after the change"] > 20
