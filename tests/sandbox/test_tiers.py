"""A tier is what was asked for, or an error that says why: on kernels that have all, and on kernels that lack something."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys

import pytest

from domaintune.sandbox import Program, SandboxError, box, open_sandbox
from domaintune.sandbox.inside import kernel, syscalls

HONEST = Program(source="def f(): return 1", tests="assert f() == 1")
SPY = Program(source="def f(): return open('/etc/passwd').read()", tests="f()")

linux = pytest.mark.skipif(
    platform.system() != "Linux" or platform.machine() not in syscalls.ARCHITECTURES, reason="the sandbox needs Linux"
)


def tier_or_skip(tier: str) -> box.Sandbox:
    try:
        return open_sandbox(tier)  # type: ignore[arg-type]
    except SandboxError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("tier", ["T1", "T2"])
def test_each_result_names_its_tier(tier: str) -> None:
    sandbox = tier_or_skip(tier)
    assert sandbox.run(HONEST).tier == tier
    assert sandbox.run(HONEST).passed
    assert sandbox.run(SPY).verdict == "blocked"


def test_namespaces_hide_what_runs_beside() -> None:
    sandbox = tier_or_skip("T2")
    source = "import os, socket\npid, host = os.getpid(), os.uname().nodename\ndef ids(): return pid"
    assert sandbox.run(Program(source=source, tests="assert ids() < 10")).passed


WITHOUT = """
import sys
from struct import pack
import ctypes
from domaintune.sandbox.inside import kernel, syscalls
machine, names, tier = {machine!r}, {names!r}, {tier!r}
numbers = syscalls.numbers(machine)
code = [kernel._load(0)]
for name in names:
    code += [kernel._jump(numbers[name], 0, 1), kernel._return(kernel.ERRNO | 38)]
content = ctypes.create_string_buffer(b"".join([*code, kernel._return(kernel.ALLOW)]))
assert kernel.LIBC.prctl(38, 1, 0, 0, 0) == 0
filters = pack("<H6xQ", len(code) + 1, ctypes.addressof(content))
assert kernel.LIBC.syscall(kernel.SECCOMP[machine], ctypes.c_long(1), ctypes.c_long(0), filters) == 0
from domaintune.sandbox import *
try:
    box = open_sandbox(tier)
    print(box.tier, box.run(Program(source="def f(): return 1", tests="assert f() == 1")).verdict)
except SandboxError as error:
    print("refused:", error)
"""


def on_a_kernel_without(names: list[str], tier: str) -> str:
    script = WITHOUT.format(machine=platform.machine(), names=names, tier=tier)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@linux
@pytest.mark.parametrize(
    ("names", "tier", "said"),
    [
        (["landlock_create_ruleset"], "T1", "refused: tier T1 of the sandbox cannot be had on this machine: KernelError: Landlock"),
        (["landlock_create_ruleset"], "T2", "refused: tier T2 of the sandbox cannot be had on this machine: KernelError: Landlock"),
        (["seccomp"], "T1", "refused: tier T1 of the sandbox cannot be had on this machine: KernelError: seccomp"),
        (["capset"], "T1", "refused: tier T1 of the sandbox cannot be had on this machine: KernelError: capset"),
        (["unshare"], "T2", "refused: tier T2 of the sandbox cannot be had on this machine: KernelError: namespaces"),
        (["mount"], "T2", "refused: tier T2 of the sandbox cannot be had on this machine: KernelError: mounts"),
        (["unshare"], "T1", "T1 passed"),
        (["mount"], "T1", "T1 passed"),
    ],
)  # fmt: skip
def test_a_kernel_that_lacks_something_gets_a_refusal_never_a_lower_tier(
    names: list[str], tier: str, said: str
) -> None:
    tier_or_skip(tier)
    assert on_a_kernel_without(names, tier).startswith(said)


@linux
def test_where_nobody_may_listen_hostile_calls_kill_without_a_name() -> None:
    tier_or_skip("T1")
    script = (
        "from domaintune.sandbox.inside import kernel\n"
        "import os, signal\n"
        "pid = os.fork()\n"
        "if not pid:\n"
        "    kernel.NOTIFY = 0x7f990000\n"  # no such action: the first attempt fails, as it does under another listener
        "    kernel.NEW_LISTENER = 1 << 30\n"
        f"    kernel.give_up_privileges({platform.machine()!r})\n"
        f"    assert kernel.seccomp({platform.machine()!r}) == -1\n"
        "    import socket\n"
        "    socket.socket()\n"
        "    os._exit(0)\n"
        "print(signal.Signals(os.WTERMSIG(os.waitpid(pid, 0)[1])).name)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "SIGSYS\n", done.stderr


@linux
def test_a_user_who_is_not_root_gets_the_same_tier() -> None:
    tier_or_skip("T1")
    script = (
        "import os\nos.setgroups([]); os.setgid(65534); os.setuid(65534)\nfrom domaintune.sandbox import *\n"
        "print(open_sandbox().run(Program(source='def f(): return 1', tests='assert f() == 1')).verdict)"
    )
    if os.getuid() != 0:
        pytest.skip("all other tests run without root already")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    if "PermissionError" in done.stderr or "ModuleNotFoundError" in done.stderr or "Permission denied" in done.stdout:
        pytest.skip("this interpreter can be read by root only")
    assert done.stdout == "passed\n", done.stderr


def test_an_external_runner_is_told_from_the_other_tiers() -> None:
    with pytest.raises(SandboxError, match="both or neither"):
        open_sandbox("T3")
    with pytest.raises(SandboxError, match="both or neither"):
        open_sandbox("T1", runner=("bwrap",))
    with pytest.raises(SandboxError, match=r"check sandbox\.runner"):
        open_sandbox("T3", runner=("false",))


@linux
def test_a_program_runs_in_an_external_runner_that_has_no_domaintune() -> None:
    sandbox = open_sandbox("T3", runner=("env", "-i", "{python}"))
    assert sandbox.run(HONEST).passed
    assert sandbox.run(HONEST).tier == "T3"
    assert sandbox.run(SPY).verdict == "blocked"


def test_bubblewrap_is_such_a_runner() -> None:
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed")
    runner = ("bwrap", "--ro-bind", "/", "/", "--tmpfs", "/tmp", "--dev", "/dev", "--unshare-all", "--die-with-parent", "--chdir",
              "/tmp", "{python}")  # fmt: skip
    try:
        sandbox = open_sandbox("T3", runner=runner)
    except SandboxError as error:
        pytest.skip(str(error))
    assert sandbox.run(HONEST).passed


def test_without_a_boundary_every_result_says_so() -> None:
    with pytest.raises(SandboxError, match="--allow-unsafe-exec is typed"):
        open_sandbox("unsafe")
    result = open_sandbox(unsafe=True).run(HONEST)
    assert (result.verdict, result.tier) == ("passed", "unsafe")


def test_other_systems_are_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    box._try_out.cache_clear()
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    with pytest.raises(SandboxError, match=r"needs Linux .* this is Darwin"):
        open_sandbox()
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(SandboxError, match="x86_64, aarch64, and this is riscv64"):
        open_sandbox()
    box._try_out.cache_clear()


@pytest.mark.parametrize("machine", list(syscalls.ARCHITECTURES))
def test_no_call_is_both_allowed_and_refused_and_filters_fit(machine: str) -> None:
    lists = [*syscalls.ALLOWED, *syscalls.HOSTILE, *syscalls.REFUSED]
    assert len(lists) == len(set(lists))
    numbers = syscalls.numbers(machine)
    assert set(numbers) >= {"clone", "kill", "openat", "execve", "seccomp"}
    assert len(set(numbers.values())) == len(numbers)
    assert len(kernel.program(machine, 1, kernel.NOTIFY)) // 8 < 4096
