"""How a hostile program is written down: the act, the route it takes, and what the sandbox has to say.

An act is the body of a function of the solution; the tests call it. It returns something true only where the harm was
done, so that the verdict `passed` means an escape. `@NAME@` stands for what a canary is (`canaries.Canaries.words`),
`@NR:name@` for the number of a system call on this machine. Acts that would hurt this machine if the sandbox were
broken are harmless by their arguments (a null pointer, signal 0), or have a harmless `probe` that has to be stopped first.
"""

from __future__ import annotations

import platform
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domaintune.sandbox import Program
from hostile.disguises import DISGUISES

SYSCALLS = {  # name: (x86_64, aarch64)
    "accept4": (288, 242), "acct": (163, 89), "add_key": (248, 217), "bind": (49, 200), "bpf": (321, 280),
    "capset": (126, 91), "chmod": (90, None), "chown": (92, None), "chroot": (161, 51), "clock_settime": (227, 112),
    "clone": (56, 220), "clone3": (435, 435), "connect": (42, 203), "copy_file_range": (326, 285), "creat": (85, None),
    "delete_module": (176, 106), "execve": (59, 221), "execveat": (322, 281), "exit_group": (231, 94),
    "fanotify_init": (300, 262), "fchmodat": (268, 53), "fchmodat2": (452, 452), "fchownat": (260, 54),
    "finit_module": (313, 273), "fork": (57, None), "fsopen": (430, 430), "getdents64": (217, 61),
    "init_module": (175, 105), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "io_uring_setup": (425, 425),
    "ioperm": (173, None), "iopl": (172, None), "kcmp": (312, 272), "kexec_load": (246, 104), "keyctl": (250, 219),
    "kill": (62, 129), "linkat": (265, 37), "lsetxattr": (189, 6), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "mknodat": (259, 33), "mount": (165, 40), "mount_setattr": (442, 442), "move_mount": (429, 429),
    "mq_open": (240, 180), "msgget": (68, 186), "name_to_handle_at": (303, 264), "open": (2, None),
    "open_by_handle_at": (304, 265), "open_tree": (428, 428), "openat": (257, 56), "openat2": (437, 437),
    "pause": (34, None), "perf_event_open": (298, 241), "personality": (135, 92), "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pivot_root": (155, 41), "prctl": (157, 167),
    "prlimit64": (302, 261), "process_madvise": (440, 440), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "ptrace": (101, 117), "quotactl": (179, 60), "reboot": (169, 142),
    "renameat2": (316, 276), "request_key": (249, 218), "rt_sigqueueinfo": (129, 138), "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119), "semget": (64, 190), "sendmmsg": (307, 269), "sendmsg": (46, 211),
    "sendto": (44, 206), "setdomainname": (171, 162), "sethostname": (170, 161), "setns": (308, 268),
    "setresuid": (117, 147), "settimeofday": (164, 170), "setxattr": (188, 5), "setxattrat": (463, 463),
    "shmat": (30, 196), "shmget": (29, 194), "socket": (41, 198), "socketpair": (53, 199), "swapon": (167, 224),
    "symlinkat": (266, 36), "syslog": (103, 116), "tgkill": (234, 131), "tkill": (200, 130), "truncate": (76, 45),
    "umount2": (166, 39), "unlinkat": (263, 35), "unshare": (272, 97), "userfaultfd": (323, 282),
    "utimensat": (280, 88), "vfork": (58, None), "vhangup": (153, 58),
}  # fmt: skip
MACHINE = ("x86_64", "aarch64").index(platform.machine()) if platform.machine() in {"x86_64", "aarch64"} else None

PRELUDE = """
def raw(number, *arguments):
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    plain = [a if not isinstance(a, int) else ctypes.c_long(a) for a in arguments]
    done = libc.syscall(ctypes.c_long(number), *plain)
    if done < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done
"""
"""A system call by its number, past every function of Python's."""


@dataclass(frozen=True)
class Outcome:
    """One verdict that is right, and what its reason has to say."""

    verdict: str
    reason: str

    def fits(self, verdict: str, reason: str) -> bool:
        return verdict == self.verdict and re.search(self.reason, reason) is not None


@dataclass(frozen=True, kw_only=True)
class Case:
    """A program, with what may be said of it."""

    family: str
    name: str
    source: str
    tests: str
    expected: tuple[Outcome, ...]
    limits: Mapping[str, float] = field(default_factory=dict)
    probe: str | None = None
    benign: bool = False
    disguise: str | None = None

    @property
    def title(self) -> str:
        return f"{self.family}: {self.name}"

    def program(self, words: Mapping[str, object]) -> Program:
        """Return what is run, with the canaries' names filled in."""
        source, tests = _filled(self.source, words), _filled(self.tests, words)
        if self.disguise is not None:
            source, tests, _ = DISGUISES[self.disguise](source)
        return Program(source=source, tests=tests)

    def probing(self, words: Mapping[str, object]) -> Program | None:
        """Return the harmless program that has to be stopped before this one is run."""
        if self.probe is None:
            return None
        return Program(source=_filled(_function(self.probe), words), tests="assert act()")

    def right(self, verdict: str, reason: str) -> bool:
        return any(outcome.fits(verdict, reason) for outcome in self.expected)


class Family:
    """Collects the variants of one kind of harm."""

    def __init__(self, name: str, *expected: Outcome, **limits: float) -> None:
        self.name = name
        self.expected = expected
        self.limits = limits
        self.cases: list[Case] = []
        self.bodies: dict[str, tuple[str, tuple[Outcome, ...], Mapping[str, float], str | None]] = {}

    def act(
        self, name: str, body: str, *expected: Outcome, tests: str = "assert act()", probe: str = "", **limits: float
    ) -> None:
        """Add the act `name`; without `expected` the family's outcomes hold."""
        body = textwrap.dedent(body).strip("\n")
        held = expected or self.expected
        if not _known(body):
            return  # this machine has no such system call
        self.bodies[name] = (body, held, {**self.limits, **limits}, textwrap.dedent(probe).strip() or None)
        self._add(name, _function(body), tests, held, *self.bodies[name][2:])

    def hide(self, name: str, *disguises: str, more: Sequence[Outcome] = ()) -> None:
        """Add the act once more for each disguise, which may allow outcomes of its own."""
        if name not in self.bodies:
            return
        body, expected, limits, probe = self.bodies[name]
        for disguise in disguises:
            source = _function(body)
            _, tests, own = DISGUISES[disguise](source)
            outcomes = (*expected, *more, *(Outcome(*pair) for pair in own))
            self._add(f"{name}, {disguise}", source, tests, outcomes, limits, probe, disguise)

    def source(self, name: str, source: str, tests: str, *expected: Outcome, **limits: float) -> None:
        """Add a whole program."""
        if _known(source + tests):
            held, bounds = expected or self.expected, {**self.limits, **limits}
            self._add(name, textwrap.dedent(source), textwrap.dedent(tests), held, bounds)

    def twin(self, name: str, body: str, tests: str = "assert act()", **limits: float) -> None:
        """Add a harmless relative, which has to pass: otherwise nothing above is proven."""
        source = _function(textwrap.dedent(body).strip("\n"))
        passed = (Outcome("passed", ""),)
        self.cases.append(
            Case(
                family=self.name,
                name=name,
                source=source,
                tests=tests,
                expected=passed,
                limits={**self.limits, **limits},
                benign=True,
            )
        )

    def _add(
        self,
        name: str,
        source: str,
        tests: str,
        expected: tuple[Outcome, ...],
        limits: Mapping[str, float],
        probe: str | None = None,
        disguise: str | None = None,
    ) -> None:
        assert expected, f"{self.name}: {name} expects nothing"
        self.cases.append(
            Case(
                family=self.name,
                name=name,
                source=source,
                tests=tests,
                expected=expected,
                limits=limits,
                probe=probe,
                disguise=disguise,
            )
        )


def blocked(calls: str) -> Outcome:
    """The program was stopped at one of these system calls (a regular expression)."""
    return Outcome("blocked", rf"^blocked: ({calls})\b")


def failed(reason: str) -> Outcome:
    return Outcome("failed", reason)


DENIED = Outcome("blocked", r"PermissionError: .*(Permission denied|Operation not permitted)")
"""The kernel said no, and the program did not catch it."""
WRONG = Outcome("failed", r"AssertionError")
"""The act was contained without a word: it did not find or do what it came for."""
UNKNOWN_CALL = Outcome("blocked", r"OSError: \[Errno 38\] Function not implemented")
OTHER_DISK = Outcome("blocked", r"OSError: \[Errno 18\] ")
"""Landlock says this of what would leave its folder."""
MISSING = Outcome("failed", r"FileNotFoundError")
CPU = Outcome("timeout", r"processor time")
WALL = Outcome("timeout", r"^\d+(\.\d+)? s\b(?!.*processor)")
MEMORY = Outcome("memory", r"MemoryError|memory")
OUTPUT = Outcome("output", r"^it prints more than 65,536 bytes")
DISK = Outcome("output", r"^it writes (more than|a file of more than)|Errno 28\]")
FILE_TOO_BIG = Outcome("output", r"OSError: \[Errno 27\] File too large")
FULL = (DISK, FILE_TOO_BIG)
"""The work directory was watched, or one file met its limit."""
CRASHED = Outcome("crashed", r"")
TOO_MANY_FILES = Outcome("failed", r"OSError: \[Errno 24\]")


def _function(body: str) -> str:
    return (PRELUDE if "raw(" in body else "") + "\ndef act():\n" + textwrap.indent(body, "    ") + "\n"


def _known(text: str) -> bool:
    names = re.findall(r"@NR:(\w+)@", text)
    return not names or (MACHINE is not None and all(SYSCALLS[name][MACHINE] is not None for name in names))


def _filled(text: str, words: Mapping[str, object]) -> str:
    def word(match: re.Match[str]) -> str:
        kind, _, name = match[1].partition(":")
        return str(SYSCALLS[name][MACHINE or 0]) if kind == "NR" else repr(words[kind])

    return re.sub(r"@([A-Z_]+(?::\w+)?)@", word, text)
