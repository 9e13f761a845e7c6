"""The run folder: where a build keeps what it made, and how it knows what need not be made again.

Each stage works in a folder aside and finishes by a rename; `stages.json` remembers the fingerprint of its inputs
and the hashes of its files. A stage whose fingerprint is known and whose files still have those hashes is skipped.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, get_args

from filelock import FileLock, Timeout

from domaintune import __version__, files
from domaintune.console import note
from domaintune.errors import UsageError, nearest

RECORDED = (
    "domaintune", "torch", "transformers", "trl", "peft", "datasets", "tokenizers", "numpy", "faiss-cpu", "bm25s",
)  # fmt: skip
NAME = re.compile(r"\w[\w.-]{0,99}")
Stage = Literal["data", "index", "train", "evaluation", "adapter"]
ORDER = get_args(Stage)
Work = Callable[[Path], Mapping[str, Any]]


@dataclass(frozen=True)
class Run:
    """One run folder."""

    folder: Path

    def file(self, name: str) -> Path:
        """Return the path of something in the run."""
        return self.folder / name

    @property
    def stages(self) -> dict[str, Any]:
        """What each finished stage left on record."""
        try:
            record = files.read_json(self.folder / "stages.json")
        except (OSError, ValueError):
            return {}
        known = record.items() if isinstance(record, dict) else ()
        return {stage: left for stage, left in known if isinstance(left, dict)}

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes out of this run; they are refused at once."""
        _make_folder(self.folder)
        lock = FileLock(self.folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UsageError(
                f"{self.folder} is being built by another process; wait for it, or choose another --name"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def perform(self, stage: Stage, inputs: Mapping[str, Any], work: Work) -> bool:
        """Run a stage unless its inputs are those of last time; returns whether it ran.

        `work` fills the folder it is given and returns counts for the record. The folder is the same when a killed
        run is repeated with the same inputs, so that work can go on where it was.
        """
        key = files.fingerprint({"stage": stage, "domaintune": __version__, **inputs})
        aside = self._aside(stage, key)
        if self._known(stage, key, aside):
            note(f"{stage}: unchanged, nothing to do")
            return False
        note(f"{stage}: working")
        aside.mkdir(parents=True, exist_ok=True)
        started, clock = _now(), time.monotonic()
        counts = dict(work(aside))
        seconds = round(time.monotonic() - clock, 1)
        record = {
            "fingerprint": key,
            "status": "done",
            "started": started,
            "seconds": seconds,
            "inputs": inputs,
            "counts": counts,
            "versions": versions(),
            "files": files.folder_hashes(aside),
        }
        if self.stages.get(stage, {}).get("files") != record["files"]:
            self._forget_after(stage)
        files.write_json(self.folder / "stages.json", {**self.stages, stage: record})
        files.replace_folder(aside, self.folder / stage)
        note(f"{stage}: done in {seconds:,.1f} s")
        return True

    def output(self, stage: Stage, name: str) -> str:
        """Return the hash of a file that a stage left, for the next stage's fingerprint."""
        return str(self.stages[stage]["files"][name])

    def _forget_after(self, stage: Stage) -> None:
        """Take away what was made from an earlier result of a stage: a run shows nothing that does not belong together."""
        later = [name for name in ORDER[ORDER.index(stage) + 1 :] if self._needs(name, stage)]
        files.write_json(self.folder / "stages.json", {k: v for k, v in self.stages.items() if k not in later})
        for name in later:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        if "evaluation" in later:
            for name in ("report.json", "report.html"):
                (self.folder / name).unlink(missing_ok=True)

    def _needs(self, later: Stage, stage: Stage) -> bool:
        """Tell whether a stage used an earlier one: knowledge that is indexed for a search is no part of an adapter."""
        if stage == "data":
            return later != "index"
        return stage != "index" or bool(self.stages.get(later, {}).get("inputs", {}).get("index"))

    def _known(self, stage: str, key: str, aside: Path) -> bool:
        """Tell whether the stage is done; what a kill kept from its place is put there."""
        record = self.stages.get(stage)
        if not isinstance(record, dict) or record.get("fingerprint") != key:
            return False
        for folder in (self.folder / stage, aside):
            if folder.is_dir() and files.folder_hashes(folder) == record.get("files"):
                if folder == aside:
                    files.replace_folder(aside, self.folder / stage)
                return True
        return False

    def _aside(self, stage: str, key: str) -> Path:
        """Return the folder of unfinished work; what is left of work with other inputs goes."""
        aside = self.folder / f".{stage}-{key}"
        for old in self.folder.glob(f".{stage}-*"):
            if old != aside:
                shutil.rmtree(old, ignore_errors=True)
        return aside


def place(root: Path, domain: str, name: str | None, key: str) -> Run:
    """Return the run of a build: by name, or by what it is made from, so that the same command finds it again."""
    if name is not None:
        if not NAME.fullmatch(name):
            raise UsageError(f"--name {name!r} must be a plain name: letters, digits, '.', '_' and '-'; no '/'")
        return Run(root / f"{domain}-{name}")
    before = sorted(root.glob(f"{domain}-*-{key[:8]}"))
    return Run(before[-1] if before else root / f"{domain}-{dt.datetime.now().date()}-{key[:8]}")


def point_latest(run: Run, domain: str) -> None:
    """Make `latest-DOMAIN` a link to this run, where the file system has links."""
    link, aside = run.folder.parent / f"latest-{domain}", run.folder.parent / f".latest-{domain}-{os.getpid()}"
    try:
        aside.symlink_to(run.folder.name)
        aside.replace(link)
    except OSError:
        aside.unlink(missing_ok=True)


def every(root: Path) -> list[Run]:
    """Return all runs below a folder, newest last."""
    found = [path.parent for path in root.glob("*/stages.json") if not path.parent.is_symlink()]
    return [Run(path) for path in sorted(found, key=lambda path: path.stat().st_mtime)]


def find(root: Path, name: str) -> Run:
    """Return the run of a name, or say which there are."""
    if (root / name / "stages.json").is_file():
        return Run((root / name).resolve())
    known = [run.folder.name for run in every(root)]
    raise UsageError(f"there is no run {name!r} in {root}{nearest(name, known)}; runs: {', '.join(known) or 'none'}")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that decide a result."""
    found = {"python": platform.python_version()}
    for name in RECORDED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # it will hold the data's text
    except (FileExistsError, NotADirectoryError):
        blocking = next(path for path in (folder, *folder.parents) if path.exists() and not path.is_dir())
        raise UsageError(
            f"{blocking} is a file, so {folder.name} cannot be made there; move it, or name a folder in DOMAINTUNE_RUNS"
        ) from None


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
