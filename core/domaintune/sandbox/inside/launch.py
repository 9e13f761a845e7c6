"""The launcher: a fresh process that confines itself, starts the solution and the tests, and watches over both.

    stdin    frame 1, the set-up and the solution; frame 2, the tests and the token, read by the tests' process alone
    stdout   frames of what came of it: from the tests' process with the token, from here without
    stderr   whatever solution and tests print

The solution's process is forked before the second frame is read, and has neither stdin nor stdout: it cannot know the
token, nor say that it passed.
"""

from __future__ import annotations

import os
import select
import sys
import time

from domaintune.sandbox.inside import solution, tests, wire

TYPE_CHECKING = False  # as in typing, which takes as long to import as all this

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

REPORT = 1
KILL = 9
"""SIGKILL, without the time that the module `signal` takes."""
GONE = tests.GONE
LOOK = 0.02
"""Seconds between looks at the threads of the processes, and at the files that they hold open."""
LAST = 0.2
"""Seconds that a solution has to end by itself, once its tests have seen it go."""
THREADS = 256
"""Threads of a process: the kernel's memory for them is in no other limit."""
HOPELESS = 70
"""Exit status of a process that could not be confined."""


class Unconfined(Exception):  # noqa: N818  (says what happened)
    """A process could not be confined."""


class Child:
    """A process that runs a model's code: how it tells of being confined, and what was seen of it since."""

    def __init__(self, name: str, pid: int, ready: int, go: int) -> None:
        self.name, self.pid, self.ready, self.go = name, pid, ready, go
        self.process = self.listener = -1
        self.status: int | None = None
        self.cpu = 0.0


def main() -> None:
    """Run one program and report what came of it."""
    setup = wire.load(wire.receive(0))
    try:
        confine = _confinement(setup)
        asking, answering = os.pipe(), os.pipe()  # tests -> solution, and back
        first = _start("tests", confine, lambda: tests.main(answering[0], asking[1], setup), (asking[0], answering[1]))
        foreign = (asking[1], answering[0], first.ready, first.go)
        children = [first, _start("solution", confine, lambda: solution.main(asking[0], answering[1], setup), foreign)]
        for descriptor in (*asking, *answering):
            os.close(descriptor)
        report = _watch(children, time.monotonic() + setup["seconds"], setup)
    except Unconfined as error:
        report = {"error": str(error)}
    except Exception as error:
        report = {"error": f"{type(error).__name__}: {error}"}
    wire.send(REPORT, wire.dump(report))


def _confinement(setup: dict[str, Any]) -> Callable[[], int]:
    """Set what both processes inherit; returns a function that confines a process and returns its listener or -1."""
    if setup["tier"] == "unsafe":
        return lambda: -1
    from domaintune.sandbox.inside import kernel  # noqa: PLC0415  (Linux only)

    work, external = setup["work"] or os.path.realpath("."), setup["tier"] == "T3"
    if setup["tier"] == "T2":
        kernel.namespaces(work, setup["disk"], setup["files"])
    kernel.limit(setup)

    def attempt(step: Callable[[], int | None]) -> int | None:
        try:
            return step()
        except kernel.KernelError:
            if external:  # the runner is the boundary; what lies inside it is welcome, but not needed
                return None
            raise

    if not os.path.isdir("/proc/self/task") and not external:  # noqa: PTH112
        raise kernel.KernelError("/proc is not there, by which threads and open files are counted")
    rules = attempt(lambda: kernel.landlock(setup["readable"] or _python(), setup["listable"], work))

    def confine() -> int:
        attempt(lambda: kernel.give_up_privileges(setup["machine"]))
        if rules is not None:
            attempt(lambda: kernel.restrict(rules))
            os.close(rules)
        listener = attempt(lambda: kernel.seccomp(setup["machine"]))
        return -1 if listener is None else listener

    return confine


def _python() -> list[str]:
    """Return where this Python and the libraries under it lie."""
    return [os.path.dirname(os.__file__), "/usr/lib", "/lib", "/lib64", "/etc/ld.so.cache"]  # noqa: PTH120


def _start(name: str, confine: Callable[[], int], work: Callable[[], None], foreign: tuple[int, ...]) -> Child:
    """Fork a process that confines itself, says so, waits until it is watched, and works."""
    ready, go = os.pipe(), os.pipe()
    pid = os.fork()
    if pid:
        os.close(ready[1])
        os.close(go[0])
        return Child(name, pid, ready[0], go[1])
    try:
        for descriptor in (ready[0], go[1], *foreign):
            os.close(descriptor)
        listener = confine()
        os.write(ready[1], f"{listener}\n".encode())
        os.read(go[0], 1)
        for descriptor in (ready[1], go[0], *((listener,) if listener >= 0 else ())):
            os.close(descriptor)
        work()
    except BaseException as error:
        os.write(ready[1], f"{type(error).__name__}: {error}\n".encode()[:500])
    finally:
        os._exit(HOPELESS)


def _watch(children: list[Child], until: float, setup: dict[str, Any]) -> dict[str, Any]:
    """Let the processes go, end what is hostile or late, and return how each ended and what it tried."""
    for child in children:
        _admit(child)
    wire.send(REPORT, wire.dump({"started": True}))
    for child in children:
        os.write(child.go, b"1")
        os.close(child.go)
    machine, disk, work = setup["machine"], setup["disk"], setup["work"]
    blocked: list[str] = []
    eyes = Eyes(children)
    late = full = many = False
    while children[0].status is None and not (late or full or many or eyes.alone):
        left = until - time.monotonic()
        late = left <= 0
        for child in eyes.look(min(max(left, 0), LOOK)):
            blocked += _caught(child, machine)
        full = sum(map(_hidden, children)) > disk
        many = max(map(_threads, children)) > THREADS
    _end(children)
    if eyes.alone and work:
        import shutil  # noqa: PLC0415  (nobody else is left to do it)

        shutil.rmtree(work, ignore_errors=True)
    ends = {child.name: (child.status, child.cpu) for child in children}
    return {"late": late, "full": full, "many": many, "blocked": blocked, **ends}


def _threads(child: Child) -> int:
    """Return how many threads a process has."""
    try:
        return os.stat(f"/proc/{child.pid}/task").st_nlink - 2  # noqa: PTH116
    except OSError:
        return 0


def _hidden(child: Child) -> int:
    """Return the bytes of files that a process holds open and no folder lists: who counts the folder misses them."""
    size = 0
    try:
        with os.scandir(f"/proc/{child.pid}/fd") as descriptors:
            for descriptor in descriptors:
                status = os.stat(descriptor.path)  # noqa: PTH116
                size += 0 if status.st_nlink else status.st_blocks * 512
    except OSError:
        return 0  # the process has ended, or there is no /proc
    return size


class Eyes:
    """What is waited for: the end of a process, a hostile call, and the end of whoever wanted to know."""

    def __init__(self, children: list[Child]) -> None:
        self.alone = False
        self._children = children
        self._poll = select.poll()
        self._poll.register(0, 0)
        self._what = {child.process: (child, False) for child in children if child.process >= 0}
        self._what |= {child.listener: (child, True) for child in children if child.listener >= 0}
        for descriptor in self._what:
            self._poll.register(descriptor, select.POLLIN)

    def look(self, seconds: float) -> list[Child]:
        """Wait for something to happen, bury who has ended, and return who makes a hostile call."""
        if not self._what:
            _look_after(self._children)  # the kernel gives no descriptors of processes (macOS)
            seconds = 0.005
        hostile = []
        for descriptor, event in self._poll.poll(seconds * 1000):
            if descriptor not in self._what:
                self.alone = True
                continue
            child, is_listener = self._what[descriptor]
            if is_listener and event & select.POLLIN and child.status is None:
                hostile.append(child)
                continue
            if not is_listener:
                _bury(child)
            self._poll.unregister(descriptor)
        return hostile


def _look_after(children: list[Child]) -> None:
    """Bury who has ended, without waiting."""
    for child in children:
        pid, status, used = os.wait4(child.pid, os.WNOHANG) if child.status is None else (0, 0, None)
        if pid and used:
            child.status, child.cpu = status, used.ru_utime + used.ru_stime


def _admit(child: Child) -> None:
    """Wait until a process is confined, and take the descriptor that tells of its hostile calls."""
    said = os.read(child.ready, 600).decode("utf-8", "replace").strip()
    os.close(child.ready)
    try:
        number = int(said)
    except ValueError:
        raise Unconfined(said or f"the process of the {child.name} ended before it was confined") from None
    if sys.platform == "linux":
        from domaintune.sandbox.inside import kernel  # noqa: PLC0415  (Linux only)

        child.process = kernel.open_process(child.pid)
        if number >= 0:
            try:
                child.listener = kernel.descriptor_of(child.process, number)
            except kernel.KernelError:
                child.listener = -1  # hostile calls then fail with ENOSYS, unnamed


def _caught(child: Child, machine: str) -> list[str]:
    """End a process that makes a hostile call, and return who made which; nothing where it has gone meanwhile."""
    from domaintune.sandbox.inside import kernel  # noqa: PLC0415  (Linux only)

    name = kernel.hostile_call(child.listener, machine)
    if not name:
        return []
    os.kill(child.pid, KILL)
    return [f"{child.name} {name}"]


def _bury(child: Child) -> None:
    _, child.status, used = os.wait4(child.pid, 0)
    child.cpu = used.ru_utime + used.ru_stime


def _end(children: list[Child]) -> None:
    """End what still runs; how a process ended by itself stays known, and what was ended here has no status."""
    first, second = children
    until = time.monotonic() + LAST
    while first.status == GONE << 8 and second.status is None and time.monotonic() < until:
        _look_after([second])  # it is about to end by itself: how, is worth knowing
        time.sleep(0.001)
    running = [child for child in children if child.status is None]
    for child in running:
        os.kill(child.pid, KILL)
    for child in reversed(running):  # the first of a process namespace ends after all others
        _bury(child)
        child.status = None
