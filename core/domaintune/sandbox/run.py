"""One run: a launcher is started, watched from outside, and judged by what it and the kernel say."""

from __future__ import annotations

import os
import platform
import re
import secrets
import select
import selectors
import signal
import site
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from domaintune.sandbox.carrier import bundled
from domaintune.sandbox.inside import wire
from domaintune.sandbox.inside.launch import THREADS
from domaintune.sandbox.inside.solution import OUT_OF_MEMORY
from domaintune.sandbox.inside.tests import GONE
from domaintune.sandbox.names import used
from domaintune.sandbox.records import Limits, Program, Result, Tier, Verdict
from domaintune.sandbox.work import empty, usage

LIBRARY = Path(os.__file__).parent
"""Python's own library."""
PACKAGES = {"site-packages", "dist-packages"}
SHARED = tuple(map(Path, dict.fromkeys(("/usr/lib", "/usr/lib64", "/lib", "/lib64", f"{sys.base_prefix}/lib"))))
SHARED_NAME = re.compile(r"\.so(?:\.|$)|-linux-")
"""A library, or a folder of the libraries of one machine (`x86_64-linux-gnu`)."""
MOST = 300
"""Rules for one folder: each takes time at the start of every program."""
KEPT = 1 << 16
"""Bytes of the output that a result holds."""
GRACE = 2.0
"""Seconds after which a launcher that does not end its programs itself is ended."""
LOOK = 0.05
"""Seconds between looks at the work directory."""
CORE = str(Path(__file__).parents[2])
FLAGS = ("-s", "-S", "-P", "-B", "-X", "utf8")
"""No site packages, no user's site, nothing of the current folder, no bytecode written."""
START = "import sys; sys.path.append(sys.argv[1]); from domaintune.sandbox.inside.launch import main; main()"
RUNNERS = ("PATH", "HOME", "USER", "XDG_RUNTIME_DIR", "DOCKER_HOST", "DOCKER_CONTEXT", "CONTAINER_HOST")
"""Variables that an external runner may see: no keys."""
EXTERNAL = 60.0
"""Seconds that an external runner may need to start."""


@dataclass
class _Seen:
    """What the outside has seen of a run."""

    reports: list[dict[str, Any]] = field(default_factory=list)
    printed: bytearray = field(default_factory=bytearray)
    ended: tuple[Verdict, str] | None = None
    """Why it was ended from outside."""


def run_once(program: Program, tier: Tier, limits: Limits, runner: tuple[str, ...] = ()) -> Result:
    """Run a program and return what came of it; nothing of it is left afterwards."""
    began = time.monotonic()
    token = secrets.token_hex(16)
    work = tempfile.mkdtemp(prefix="domaintune-run-")
    seen = _Seen()
    try:
        process = subprocess.Popen(  # noqa: S603  (what is run is a confined interpreter)
            _command(runner),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=work, env=_environment(runner, work),
            start_new_session=True, bufsize=0,
        )  # fmt: skip
        with process:
            try:
                _follow(process, _frames(program, tier, limits, work, token), limits, tier, work, seen)
            finally:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)  # before it is waited for, so the number is still its own
                _until_all_are_gone(process)
    except OSError as error:
        seen.ended = ("sandbox_error", f"it could not be started: {error}")
    finally:
        empty(work)
    verdict, reason = _judged(seen, token, limits)
    return Result(
        verdict=verdict, reason=reason, tier=tier, seconds=round(time.monotonic() - began, 3),
        output=bytes(seen.printed[:KEPT]).decode("utf-8", "replace"),
    )  # fmt: skip


def _command(runner: tuple[str, ...]) -> list[str]:
    if not runner:
        return [sys.executable, *FLAGS, "-c", START, CORE]
    named = [part.replace("{python}", sys.executable) for part in runner]
    python = [] if any("{python}" in part for part in runner) else ["python3"]
    return [*named, *python, *FLAGS, "-c", bundled()]


def _environment(runner: tuple[str, ...], work: str) -> dict[str, str]:
    """Return all that a program knows of this machine's environment: nothing. A runner gets what it finds itself by."""
    fixed = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "LANG": "C.UTF-8"}
    if runner:
        return {name: os.environ[name] for name in RUNNERS if name in os.environ} | fixed
    return {**fixed, "PATH": "/usr/bin:/bin", "HOME": work, "TMPDIR": work}


def _frames(program: Program, tier: Tier, limits: Limits, work: str, token: str) -> bytes:
    inside = tier != "T3"
    packages = site.getsitepackages() if program.packages and inside else []
    setup = {
        "tier": tier, "machine": platform.machine(), "work": work if inside else "", "source": program.source,
        "entry": program.entry, "functions": program.functions, "core": CORE if inside else "", "paths": packages,
        "readable": [*_readable(), *packages] if inside else [], "listable": [str(LIBRARY)] if inside else [],
        "cpu_seconds": limits.cpu_seconds, "seconds": limits.seconds, "memory": limits.memory, "disk": limits.disk,
        "files": limits.files,
    }  # fmt: skip
    names, acting = used(program.tests)
    known = {"tests": program.tests, "named": names, "acting": acting, "token": token}
    return b"".join(len(part).to_bytes(4, "little") + part for part in map(wire.dump, (setup, known)))


@cache
def _readable() -> tuple[str, ...]:
    """Return what every program may read: Python's own library without installed packages, and shared libraries."""
    own = [str(part) for part in LIBRARY.iterdir() if part.name not in PACKAGES]
    dynamic = [path for path in sys.path if path.endswith("lib-dynload")]
    shared = [part for place in SHARED for part in _libraries(place)]
    return (*own, *dynamic, *shared, "/usr/share/zoneinfo", "/etc/ld.so.cache", "/dev/urandom")


def _libraries(place: Path) -> list[str]:
    """Return the shared libraries of a folder, and its folders of them; the whole folder where they are too many."""
    found = [str(part) for part in place.iterdir() if SHARED_NAME.search(part.name)] if place.is_dir() else []
    return found if len(found) <= MOST else [str(place)]


def _follow(
    process: subprocess.Popen[bytes], frames: bytes, limits: Limits, tier: Tier, work: str, seen: _Seen
) -> None:
    """Feed a launcher and read it, until it ends or has to be ended."""
    assert process.stdin
    assert process.stdout
    assert process.stderr
    unsent, said = memoryview(frames), bytearray()
    until = time.monotonic() + limits.seconds + GRACE + (EXTERNAL if tier == "T3" else 0)
    os.set_blocking(process.stdin.fileno(), False)
    with selectors.DefaultSelector() as eyes:
        eyes.register(process.stdin, selectors.EVENT_WRITE)
        eyes.register(process.stdout, selectors.EVENT_READ, said)
        eyes.register(process.stderr, selectors.EVENT_READ, seen.printed)
        readers = 2
        while readers and seen.ended is None:
            for key, _ in eyes.select(LOOK):
                if key.fileobj is process.stdin:
                    unsent = unsent[_written(process.stdin.fileno(), unsent) :]
                    if not unsent:
                        eyes.unregister(process.stdin)  # but it stays open: its end tells a launcher that we have gone
                    continue
                part = os.read(key.fd, 1 << 16)
                key.data.extend(part)
                if not part:
                    eyes.unregister(key.fileobj)
                    readers -= 1
            seen.ended = _excess(seen, limits, work, time.monotonic() > until)
    seen.reports = _reports(bytes(said))


def _until_all_are_gone(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end of standard error, which every process of the run holds open: then none can write files any more."""
    assert process.stderr
    until = time.monotonic() + GRACE
    while time.monotonic() < until:
        if select.select([process.stderr], [], [], 0.1)[0] and not os.read(process.stderr.fileno(), 1 << 16):
            return


def _written(descriptor: int, content: memoryview) -> int:
    try:
        return os.write(descriptor, content)
    except BlockingIOError:
        return 0
    except BrokenPipeError:
        return len(content)  # it has ended, and says why


def _excess(seen: _Seen, limits: Limits, work: str, late: bool) -> tuple[Verdict, str] | None:
    """Return why a run has to be ended from outside."""
    if len(seen.printed) > limits.output:
        return "output", f"it prints more than {limits.output:,} bytes"
    size, files = usage(work, limits.files)
    if size > limits.disk or files > limits.files:
        return "output", f"it writes more than {limits.disk:,} bytes or {limits.files:,} files"
    return ("timeout", f"{limits.seconds:g} s") if late else None


def _reports(said: bytes) -> list[dict[str, Any]]:
    """Return the frames that the launcher and the tests' process have written."""
    found = []
    while len(said) >= 4:
        size = int.from_bytes(said[:4], "little")
        try:
            report = wire.load(said[4 : 4 + size])
        except wire.WireError:
            break
        found += [report] if isinstance(report, dict) else []
        said = said[4 + size :]
    return found


def _judged(seen: _Seen, token: str, limits: Limits) -> tuple[Verdict, str]:
    """Weigh what is known: what was done from outside, what the kernel caught, what the tests say, how they ended."""
    if seen.ended is not None:
        started = any("started" in report for report in seen.reports) or seen.ended[0] != "timeout"
        return seen.ended if started else ("sandbox_error", f"it did not start within {seen.ended[1]}")
    end = next((report for report in seen.reports if "solution" in report), None)
    told = next((report for report in seen.reports if report.get("token") == token), None)
    error = next((report["error"] for report in seen.reports if "error" in report), None)
    if end is None:
        printed = bytes(seen.printed[-300:]).decode("utf-8", "replace").strip()
        return "sandbox_error", str(error or f"the launcher said nothing: {printed}")
    stopped = _stopped(end, limits)
    if stopped is not None:
        return stopped
    if told is not None and told["verdict"] != "crashed":
        return told["verdict"], told["reason"]
    left = told is None and end["tests"][0] is not None  # without a word: then the solution's end says nothing
    for name in ("tests", "solution") if left else ("solution", "tests"):
        ended = _end_of(name, end[name], limits)
        if ended is not None:
            return ended
    return "crashed", str(told["reason"]) if told else "the tests' process ended without a word"


def _stopped(end: dict[str, Any], limits: Limits) -> tuple[Verdict, str] | None:
    """Return why the launcher has ended a run; None where it has not."""
    if end["blocked"]:
        who, _, call = str(end["blocked"][0]).partition(" ")
        return "blocked", f"blocked: {call}" + (" (in the tests)" if who == "tests" else "")
    if end["many"]:
        return "memory", f"more than {THREADS} threads"
    if end["full"]:
        return "output", f"it writes more than {limits.disk:,} bytes"
    return ("timeout", f"{limits.seconds:g} s") if end["late"] else None


def _end_of(name: str, ended: tuple[int | None, float], limits: Limits) -> tuple[Verdict, str] | None:
    """Return what the end of a process means; None where it did not end by itself, or said something first."""
    status, cpu = ended
    if status is None:
        return None
    whose = "solution" if name == "solution" else "tests"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU or (number == signal.SIGKILL and cpu >= limits.cpu_seconds * 0.9):
            return "timeout", f"{limits.cpu_seconds:g} s of processor time"
        if number == signal.SIGSYS:
            return "blocked", "blocked: a system call"
        if number == signal.SIGXFSZ:
            return "output", f"it writes a file of more than {limits.disk:,} bytes"
        return "crashed", f"the {whose} process died of {signal.Signals(number).name}"
    if name == "tests" and os.WEXITSTATUS(status) == GONE:
        return None
    if name == "solution" and os.WEXITSTATUS(status) == OUT_OF_MEMORY:
        return "memory", "MemoryError"
    return "crashed", f"the {whose} ended the process with status {os.WEXITSTATUS(status)}"
