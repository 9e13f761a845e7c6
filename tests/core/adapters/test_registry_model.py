"""The registry beside a simple model of it: any sequence of verbs ends alike in both."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from adapting import GAIN, LOSS, package
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from registry_model import Refused, Shelf

from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import BaseShape
from domaintune.adapters.versions import Version
from domaintune.errors import DomaintuneError

NAMES = st.sampled_from(["first", "second"])
NUMBERS = st.none() | st.integers(1, 5)
FOLDERS = 5


def machine(  # noqa: C901  (a class of many rules)
    made: list[tuple[Path, bool]], shape: BaseShape
) -> type[RuleBasedStateMachine]:
    """Return a machine over the given adapters, each with whether its evaluation passes."""

    class Comparison(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.place = Path(tempfile.mkdtemp())
            self.registry = Registry(self.place)
            self.shelves: dict[str, Shelf] = {"first": Shelf(), "second": Shelf()}

        def teardown(self) -> None:
            shutil.rmtree(self.place)

        def both(self, expected: Callable[[], tuple[int, bool]], change: Callable[[], Version]) -> None:
            before = self.registry.serial()
            try:
                number, changed = expected()
            except Refused as refused:
                assert refusal(change) == str(refused)  # noqa: PT017
                assert self.registry.serial() == before
                return
            version = change()
            assert version.number == number
            assert (version.changed > before) == changed == (self.registry.serial() > before)

        @rule(name=NAMES, which=st.integers(0, FOLDERS - 1))
        def add(self, name: str, which: int) -> None:
            folder, good = made[which]
            self.both(
                lambda: self.shelves[name].add(str(which), good),
                lambda: self.registry.add(folder, name=name, base=shape),
            )

        @rule(name=NAMES, number=NUMBERS, why=st.none() | st.just("because"))
        def promote(self, name: str, number: int | None, why: str | None) -> None:
            self.both(
                lambda: self.shelves[name].promote(number, why),
                lambda: self.registry.promote(text(name, number), override=why),
            )

        @rule(name=NAMES)
        def rollback(self, name: str) -> None:
            self.both(self.shelves[name].rollback, lambda: self.registry.rollback(name))

        @rule(name=NAMES, number=NUMBERS)
        def retire(self, name: str, number: int | None) -> None:
            self.both(lambda: self.shelves[name].retire(number), lambda: self.registry.retire(text(name, number)))

        @rule(name=NAMES, number=NUMBERS)
        def find(self, name: str, number: int | None) -> None:
            try:
                assert self.shelves[name].find(number) == self.registry.find(text(name, number)).number
            except Refused:
                with pytest.raises(DomaintuneError):
                    self.registry.find(text(name, number))

        @rule()
        def open_again(self) -> None:
            self.registry = Registry(self.place)

        @invariant()
        def the_same(self) -> None:
            said: dict[str, dict[int, Any]] = {"first": {}, "second": {}}
            for version in self.registry.versions():
                said[version.name][version.number] = (version.state, version.withdrawn, version.override)
            for name, shelf in self.shelves.items():
                assert said[name] == {n: (b.state, b.withdrawn, b.override) for n, b in shelf.books.items()}
            served = {(version.name, version.number) for version in self.registry.served()}
            assert served == {(name, shelf.current) for name, shelf in self.shelves.items() if shelf.current}

    return Comparison


def refusal(change: Callable[[], Version]) -> str:
    with pytest.raises(DomaintuneError) as refused:
        change()
    return type(refused.value).__name__


def text(name: str, number: int | None) -> str:
    return name if number is None else f"{name}@{number}"


@pytest.fixture
def made(tmp_path: Path, peft_folder: Path, tiny_shape: BaseShape) -> list[tuple[Path, bool]]:
    return [
        (package(peft_folder, tmp_path / f"{seed}", tiny_shape, (GAIN, LOSS)[seed % 2], seed), seed % 2 == 0)
        for seed in range(FOLDERS)
    ]


def compare(made: list[tuple[Path, bool]], shape: BaseShape, sequences: int, steps: int) -> None:
    chosen = settings(
        max_examples=sequences, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(machine(made, shape), settings=chosen)


def test_any_sequence_of_verbs_ends_as_the_model_says(made: list[tuple[Path, bool]], tiny_shape: BaseShape) -> None:
    compare(made, tiny_shape, sequences=12, steps=20)


@pytest.mark.soak
def test_five_hundred_long_sequences(made: list[tuple[Path, bool]], tiny_shape: BaseShape) -> None:
    compare(made, tiny_shape, sequences=500, steps=50)
