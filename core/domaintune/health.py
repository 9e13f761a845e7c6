"""Looking over this machine and installation before a build does."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, Literal

from domaintune.home import cache_folder, runs_folder
from domaintune.plugins import catalog

NEEDED = ("torch", "transformers", "trl", "peft", "datasets", "accelerate", "datasketch", "sklearn", "gguf")
BUILD_GIGABYTES = 2.0


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing looked at: ok, note (works, but know it) or bad (a build would fail)."""

    state: Literal["ok", "note", "bad"]
    subject: str
    text: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def examine() -> list[Finding]:
    """Look at everything a build needs."""
    return [*_python(), *_libraries(), *_plugins(), *_device(), *_sandbox(), *_starter(), *_places()]


def _python() -> Iterator[Finding]:
    good = sys.version_info >= (3, 11)
    state: Literal["ok", "bad"] = "ok" if good else "bad"
    yield Finding(state=state, subject="python", text=f"{platform.python_version()} on {platform.platform(terse=True)}")


def _libraries() -> Iterator[Finding]:
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        text = f"missing: {', '.join(missing)}; pip install 'domaintune[train]'"
        yield Finding(state="bad", subject="libraries", text=text)
        return
    names = [f"{name} {_version(name)}" for name in ("torch", "transformers", "trl", "peft")]
    yield Finding(state="ok", subject="libraries", text=", ".join(names))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"


def _plugins() -> Iterator[Finding]:
    found = catalog()
    domains = ", ".join(found.names("domain")) or "none; pip install domaintune-medical"
    yield Finding(state="ok" if found.names("domain") else "note", subject="domains", text=domains)
    for name, reason in found.broken.items():
        yield Finding(state="note", subject="broken plugin", text=f"{name}: {reason}")


def _device() -> Iterator[Finding]:
    if find_spec("torch") is None:
        return
    from domaintune.models.device import choose_device, choose_dtype

    device = choose_device("auto")
    dtype = str(choose_dtype("auto", device)).removeprefix("torch.")
    yield Finding(state="ok", subject="device", text=f"{device}, {dtype}, {os.cpu_count()} processor cores")


def _sandbox() -> Iterator[Finding]:
    from domaintune.sandbox import SandboxError, open_sandbox

    try:
        held = open_sandbox("T1").tier
    except SandboxError as error:
        yield Finding(state="note", subject="sandbox", text=f"none: {error}")
        return
    with suppress(SandboxError):
        held = open_sandbox("T2").tier
    text = "T1 and T2" if held == "T2" else "T1; T2 needs user namespaces, which this system does not allow"
    yield Finding(state="ok", subject="sandbox", text=text)


def _starter() -> Iterator[Finding]:
    from domaintune.models import starter

    if starter.is_ready():
        yield Finding(state="ok", subject="starter model", text=str(starter.folder()))
        return
    text = f"not here yet; the first build fetches {starter.MEGABYTES} MB from the package index"
    yield Finding(state="note", subject="starter model", text=text)


def _places() -> Iterator[Finding]:
    for subject, place in (("cache", cache_folder()), ("runs", runs_folder())):
        there = next(path for path in (place.absolute(), *place.absolute().parents) if path.exists())
        free = shutil.disk_usage(there).free / 1e9
        if not there.is_dir():
            yield Finding(state="bad", subject=subject, text=f"{place}: {there} is a file, not a folder")
        elif not os.access(there, os.W_OK):
            yield Finding(state="bad", subject=subject, text=f"{place}: {there} cannot be written to")
        elif free < BUILD_GIGABYTES:
            yield Finding(state="bad", subject=subject, text=f"{place}: only {free:.1f} GB free")
        else:
            yield Finding(state="ok", subject=subject, text=f"{place}: {free:,.0f} GB free")
