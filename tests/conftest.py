"""Shared by all tests: a clean environment, no network, and a tiny model that downloads nothing."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from installing import pretend_installed
from real_data import SHARED

from domaintune.adapters.shape import BaseShape
from domaintune.home import quiet_libraries
from domaintune.plugins import Catalog, catalog

quiet_libraries()
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp(prefix="domaintune-tests-")  # not the registry of who runs the tests
os.environ["OMP_NUM_THREADS"] = "1"  # tiny models: a second thread only waits
os.environ.setdefault("DOMAINTUNE_TESTS_TURNS", os.environ["XDG_DATA_HOME"])  # of the process that starts the others
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # a shell lets what it starts in the background ignore Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
TURNS = Path(os.environ["DOMAINTUNE_TESTS_TURNS"])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Where several processes test, one that must be alone waits for the others, and they for it.

    This is around the whole protocol, so that no time limit counts the waiting. Whoever waits stands in the door: nobody
    passes him, so that many short tests cannot keep him out.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)
    import fcntl

    with (TURNS / "door").open("w") as door, (TURNS / "room").open("w") as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if item.get_closest_marker("alone") else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        try:
            return (yield)
        finally:
            fcntl.flock(room, fcntl.LOCK_UN)  # closing would not do: a process that was forked has it open, too


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Runs go to a temporary folder, plugins are as installed, colours are off."""
    for name in ("DOMAINTUNE_STRICT_PLUGINS", "DOMAINTUNE_DISABLE_PLUGINS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("DOMAINTUNE_RUNS", str(tmp_path / "runs"))
    if not request.node.get_closest_marker("starter"):
        monkeypatch.setenv("DOMAINTUNE_HOME", str(tmp_path / "home"))


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A test that reaches beyond this machine fails, unless it says so."""
    if request.node.get_closest_marker("network"):
        return
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else "local"
        assert host in {"127.0.0.1", "::1", "localhost", "local"}, f"a test tried to reach {host}"
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def fresh_catalog() -> Iterator[None]:
    """Plugins are discovered anew in every test."""
    from domaintune.console import err, out

    for cached in (catalog, out, err):
        cached.cache_clear()
    yield
    for cached in (catalog, out, err):
        cached.cache_clear()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Catalog]]:
    """Install packages into this process, discover, and forget them afterwards."""
    monkeypatch.setenv("DOMAINTUNE_PLUGIN_TIMEOUT", "5")
    before = set(sys.modules)

    def installed(*folders: Path) -> Catalog:
        for folder in folders:
            paths = pretend_installed(folder, tmp_path / "site" / folder.name)
            monkeypatch.setattr(sys, "path", [*paths, *sys.path])
        catalog.cache_clear()
        return catalog()

    yield installed
    for name in set(sys.modules) - before:
        if name.startswith("domaintune_"):
            del sys.modules[name]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random two-layer model folder."""
    from domaintune.testing import tiny_model

    words = ["Findings: heart size is normal. Small left pleural effusion.", "Derive the impression from the findings."]
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny", words)


@pytest.fixture(scope="session")
def tiny_shape(tiny: Path) -> BaseShape:
    """What admission knows of the tiny model."""
    from domaintune.adapters.shape import measure
    from domaintune.settings import ModelSettings

    return measure(ModelSettings(base=str(tiny)))


@pytest.fixture(scope="session")
def peft_folder(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of the tiny model, as peft saved it."""
    from adapting import peft_adapter

    return peft_adapter(tiny, tmp_path_factory.mktemp("adapter") / "peft")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data beside the project, where there is some."""
    if not SHARED.is_dir():
        pytest.skip("no real data beside the project (../shared/data)")
    return SHARED
