"""What is run, what it may use, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["passed", "failed", "timeout", "memory", "output", "blocked", "crashed", "sandbox_error"]
"""How a run ended.

passed: the tests ran to their end. failed: they did not, or the solution did not load. timeout, memory, output: it used
more than it may; output is what it prints or writes to files. blocked: it tried what no solution needs (a socket, a new
process, files elsewhere). crashed: a process of it died. sandbox_error: nothing is known of the program, because the
sandbox failed.
"""
Tier: TypeAlias = Literal["T1", "T2", "T3", "unsafe"]
"""What stands between a program and this machine.

T1: no_new_privs, seccomp, Landlock and resource limits in a fresh process. T2: those and namespaces (user, process,
network, mount, IPC, host name). T3: an external runner, such as bubblewrap or docker. unsafe: nothing but a process.
"""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one program may use; sizes are bytes, `memory` is the address space of each of its two processes."""

    cpu_seconds: float = 10.0
    seconds: float = 30.0
    memory: int = 1 << 30
    output: int = 1 << 20
    disk: int = 16 << 20
    files: int = 256


@dataclass(frozen=True, kw_only=True)
class Program:
    """A solution and the tests that it must pass, both Python source.

    They run in two processes. Tests see what the solution defines, by name or as `from solution import ...`; they call it
    through a pipe that carries plain values, and never share memory with it. Without tests, passing means running to
    the end. Names that hide a builtin or a module are visible to tests only where `entry` lists them. With `packages`,
    installed third-party packages can be imported. `functions` names what has to be a function and not a class, whose
    instances could judge what tests compare them with.
    """

    source: str
    tests: str = ""
    entry: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    packages: bool = False


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a run ended, why, within which tier, in how many seconds, and the first 64 KiB of what it printed."""

    verdict: Verdict
    reason: str = ""
    tier: Tier
    seconds: float = 0.0
    output: str = ""

    @property
    def passed(self) -> bool:
        """Whether the program passed its tests."""
        return self.verdict == "passed"
