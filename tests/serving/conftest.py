"""One world and one server for all tests that only ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from seeing import Both, make_seeing_world, serving_both
from served import Served, World, make_world, serving


@pytest.fixture(scope="session")
def world(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tiny, tmp_path_factory.mktemp("adapters"))


@pytest.fixture(scope="session")
def server(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Alpha (two versions promoted one after the other, a third a candidate), beta and gamma; both keys are set."""
    home = tmp_path_factory.mktemp("home")
    world.registry(home, ["alpha*", "alpha-2*", "alpha-3", "beta*", "gamma*"])
    with serving(home) as running:
        yield running


@pytest.fixture(scope="session")
def moving(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for tests that change what is served, and put it back: alpha@1 and beta@1."""
    home = tmp_path_factory.mktemp("moving")
    world.registry(home, ["alpha*", "alpha-2", "alpha-3", "beta*", "beta-2", "gamma*", "delta*"])
    with serving(home) as running:
        yield running


@pytest.fixture(scope="session")
def both(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """A text model and one that reads pictures in one server, which tests may change and put back; users need no key."""
    pictures = make_seeing_world(tmp_path_factory.mktemp("seeing"))
    with serving_both(world, pictures, tmp_path_factory.mktemp("both")) as running:
        yield running
