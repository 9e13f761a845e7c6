"""Opening a sandbox of a tier, and running programs in it, many at once."""

from __future__ import annotations

import os
import platform
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from domaintune.errors import SandboxError
from domaintune.sandbox.carrier import MODULES, PACKAGE
from domaintune.sandbox.inside.syscalls import ARCHITECTURES
from domaintune.sandbox.records import Limits, Program, Result, Tier
from domaintune.sandbox.run import run_once

if TYPE_CHECKING:
    from domaintune.settings import SandboxSettings

UNSAFE = "--allow-unsafe-exec"


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """A tier that has been tried out on this machine, and what programs may use in it."""

    tier: Tier
    limits: Limits = field(default_factory=Limits)
    workers: int = 1
    runner: tuple[str, ...] = ()

    def run(self, program: Program, limits: Limits | None = None) -> Result:
        """Run one program. A failure of the sandbox itself is tried once more; then the verdict is sandbox_error."""
        result = run_once(program, self.tier, limits or self.limits, self.runner)
        if result.verdict == "sandbox_error":
            result = run_once(program, self.tier, limits or self.limits, self.runner)
        return result

    def run_all(self, programs: Iterable[Program], limits: Limits | None = None) -> Iterator[Result]:
        """Run many programs, `workers` at once, and yield their results in order, as they come."""
        with ThreadPoolExecutor(self.workers, thread_name_prefix="sandbox") as pool:
            waiting: deque[Future[Result]] = deque()
            try:
                for program in programs:
                    waiting.append(pool.submit(self.run, program, limits))
                    if len(waiting) > 2 * self.workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()


def open_sandbox(
    tier: Tier = "T1",
    *,
    limits: Limits | None = None,
    workers: int = 0,
    runner: tuple[str, ...] = (),
    unsafe: bool = False,
) -> Sandbox:
    """Return a sandbox of exactly this tier, after two programs have shown that it holds here; raises SandboxError.

    `workers` programs run at once (0: one a processor). `runner` is the command of tier T3, to which Python's own arguments
    are added; `{python}` in it is this Python, and where it has none, `python3` comes last. With `unsafe` there is no
    boundary but a process of its own, and every result says so.
    """
    if unsafe:
        tier = "unsafe"
    elif tier == "unsafe":
        raise SandboxError(f"programs run without a sandbox only where {UNSAFE} is typed")
    if (tier == "T3") != bool(runner):
        raise SandboxError("tier T3 is an external runner: set sandbox.tier=T3 and sandbox.runner, both or neither")
    _try_out(tier, runner)
    return Sandbox(tier=tier, limits=limits or Limits(), workers=workers or len(os.sched_getaffinity(0)), runner=runner)


def open_with(settings: SandboxSettings) -> Sandbox:
    """Return the sandbox that the `[sandbox]` settings describe; raises SandboxError."""
    limits = Limits(cpu_seconds=settings.cpu_seconds, seconds=settings.seconds, memory=settings.memory)
    unsafe = settings.tier == "unsafe"
    return open_sandbox(settings.tier, limits=limits, workers=settings.workers, runner=settings.runner, unsafe=unsafe)


@cache
def _try_out(tier: Tier, runner: tuple[str, ...]) -> None:
    """Run an honest program, and one that reads a file of ours, before the tier is believed."""
    if tier in {"T1", "T2"}:
        _check_machine(tier)
    for name in MODULES:
        with suppress(ImportError):  # what is not of this system is not needed on it
            import_module(f"{PACKAGE}.{name}")  # compiled once, and not for every program
    limits = Limits(cpu_seconds=10, seconds=60)
    double = Program(source="def double(x):\n    return 2 * x", tests="assert double(21) == 42")
    honest = run_once(double, tier, limits, runner)
    if not honest.passed:
        raise SandboxError(
            f"tier {tier} of the sandbox cannot be had on this machine: {honest.reason}; {_instead(tier)}"
        )
    if tier == "unsafe":
        return
    with tempfile.TemporaryDirectory(prefix="domaintune-") as folder:
        secret = Path(folder, "canary")
        secret.write_text("canary", encoding="utf-8")
        spy = Program(source=f"read = lambda: open({str(secret)!r}).read()", tests="assert read() == 'canary'")
        if run_once(spy, tier, limits, runner).passed:
            raise SandboxError(
                f"tier {tier} of the sandbox does not hold on this machine: a program could read {secret}; {_instead(tier)}"
            )


def _check_machine(tier: Tier) -> None:
    if platform.system() != "Linux":
        raise SandboxError(
            f"tier {tier} of the sandbox needs Linux (seccomp and Landlock), and this is {platform.system()}; run in a "
            f"Linux virtual machine or container, or type {UNSAFE} to run what models write with all your rights"
        )
    if platform.machine() not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise SandboxError(
            f"tier {tier} of the sandbox knows the processors {known}, and this is {platform.machine()}; use tier T3"
        )


def _instead(tier: Tier) -> str:
    if tier == "T2":
        return "where a system forbids user namespaces, tier T1 works: --set sandbox.tier=T1"
    if tier == "T3":
        return "check sandbox.runner by hand; it has to pass on standard input, output and error"
    return "it needs Linux 5.13 with Landlock and seccomp; an external runner is tier T3 (sandbox.runner)"
