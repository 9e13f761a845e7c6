"""What the kernel is asked for: no new privileges, no capabilities, Landlock, seccomp, resource limits, namespaces.

Everything is set after the interpreter has started, in a process that has no threads and runs nobody's code yet. Constants
are those of the kernel's headers (linux/landlock.h, linux/seccomp.h, linux/sched.h, linux/prctl.h).
"""

from __future__ import annotations

import ctypes
import os
import resource
from errno import EPERM
from struct import pack, unpack_from

from domaintune.sandbox.inside import syscalls

TYPE_CHECKING = False  # as in typing, which takes as long to import as all this

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long

LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
PIDFD_OPEN, PIDFD_GETFD = 434, 438
SECCOMP = {"x86_64": 317, "aarch64": 277}
CAPSET = {"x86_64": 126, "aarch64": 91}

READ_FILE, READ_DIR = 1 << 2, 1 << 3
WRITE_FILE, TRUNCATE = 1 << 1, 1 << 14
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_FILE, MAKE_FIFO, MAKE_SYMLINK = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 10, 1 << 12
MOVE = 1 << 13
READING = READ_FILE | READ_DIR
WORKING = (
    READING | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_FILE | MAKE_FIFO | MAKE_SYMLINK | MOVE
)
RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Every right that a version of Landlock knows of; what is handled and not granted is denied."""
TCP = 0b11
SCOPES = 0b11
"""No signals and no abstract sockets out of the domain, from version 6 on."""

ALLOW, KILL, NOTIFY, ERRNO = 0x7FFF0000, 0x80000000, 0x7FC00000, 0x00050000
NEW_LISTENER = 1 << 3
NOTIF_RECEIVE = 0xC0502100
THREAD = 0x00010000
IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX."""
FCNTLS = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032)
"""Duplicates, flags and locks, but no F_SETOWN and F_SETSIG, which send signals to other processes, and no F_SETPIPE_SZ."""
NAMES = (15, 16, 0x53564D41)
"""prctl: the thread's name, and names of memory."""
NEW_NAMESPACES = 0x10000000 | 0x00020000 | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000
"""user, mount, pid, net, ipc, uts."""


class KernelError(Exception):
    """The kernel refuses what the sandbox needs."""


def _call(what: str, number: int, *args: Any) -> int:
    result = LIBC.syscall(number, *(ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args))
    if result < 0:
        raise KernelError(f"{what}: {os.strerror(ctypes.get_errno())}")
    return int(result)


def landlock_version() -> int:
    """Return the version of Landlock, 0 where the kernel has none."""
    return max(0, int(LIBC.syscall(LANDLOCK_CREATE, None, ctypes.c_long(0), ctypes.c_long(1))))


def landlock(readable: Iterable[str], listable: Iterable[str], work: str) -> int:
    """Return a rule set: these paths may be read, those listed, the work directory used; nothing executed, and no TCP.

    Raises KernelError.
    """
    version = landlock_version()
    if not version:
        raise KernelError("Landlock: this kernel has none")
    handled = RIGHTS[max(known for known in RIGHTS if known <= version)]
    attributes = pack("<QQQ", handled, TCP if version >= 4 else 0, SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = _call("Landlock", LANDLOCK_CREATE, attributes, size, 0)
    for path in readable:
        _allow(rules, path, READING & handled)
    for path in listable:
        _allow(rules, path, READ_DIR & handled)
    _allow(rules, "/dev/null", (READ_FILE | WRITE_FILE) & handled)
    if not _allow(rules, work, WORKING & handled):
        raise KernelError(f"Landlock: {work} is not there")
    return rules


def _allow(rules: int, path: str, rights: int) -> bool:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if not os.path.isdir(path):  # noqa: PTH112  (pathlib takes longer to import than the rest together)
            rights &= READ_FILE | WRITE_FILE | TRUNCATE
        _call("Landlock", LANDLOCK_ADD, rules, 1, pack("<Qi", rights, place), 0)
    finally:
        os.close(place)
    return True


def restrict(rules: int) -> None:
    """Put this process under a rule set."""
    _call("Landlock", LANDLOCK_RESTRICT, rules, 0)


def give_up_privileges(machine: str) -> None:
    """Never gain privileges again, lose all capabilities, and die with the parent."""
    no_new_privileges, death_signal = 38, 1
    if LIBC.prctl(no_new_privileges, 1, 0, 0, 0) or LIBC.prctl(death_signal, 9, 0, 0, 0):
        raise KernelError(f"prctl: {os.strerror(ctypes.get_errno())}")
    version_3 = pack("<Ii", 0x20080522, 0)
    _call("capset", CAPSET[machine], version_3, bytes(24))


def limit(limits: Mapping[str, Any]) -> None:
    """Set what the process may use, for itself and its children."""
    seconds = max(1, int(limits["cpu_seconds"] + 0.999))
    wanted = {
        resource.RLIMIT_CPU: (seconds, seconds + 1),
        resource.RLIMIT_AS: (limits["memory"],) * 2,
        resource.RLIMIT_FSIZE: (limits["disk"],) * 2,
        resource.RLIMIT_NOFILE: (64, 64),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_STACK: (8 << 20, 8 << 20),
        resource.RLIMIT_MEMLOCK: (0, 0),
        resource.RLIMIT_MSGQUEUE: (0, 0),
    }
    for kind, pair in wanted.items():
        most = resource.getrlimit(kind)[1]
        soft, hard = (min(value, most) if most != resource.RLIM_INFINITY else value for value in pair)
        resource.setrlimit(kind, (soft, hard))


def namespaces(work: str, disk: int, files: int) -> None:
    """Leave the machine's processes, network, mounts and names; children live in the new namespaces. KernelError."""
    user, group = os.getuid(), os.getgid()
    if LIBC.unshare(NEW_NAMESPACES):
        raise KernelError(f"namespaces: {os.strerror(ctypes.get_errno())}")
    try:
        for name, content in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123
                file.write(content)
    except OSError as error:
        raise KernelError(f"namespaces: {error}") from None
    recursive_private = 0x4000 | 0x40000
    nosuid_nodev_noexec = 0b1110
    options = f"size={disk},nr_inodes={files},mode=700"
    if LIBC.mount(b"none", b"/", None, recursive_private, None) or LIBC.mount(
        b"tmpfs", work.encode(), b"tmpfs", nosuid_nodev_noexec, options.encode()
    ):
        raise KernelError(f"mounts: {os.strerror(ctypes.get_errno())}")
    os.chdir(work)


def seccomp(machine: str) -> int:
    """Filter this process's system calls; return a descriptor that tells of hostile ones, -1 where they kill at once.

    A process can have one such descriptor at a time, and a container may have taken it: then calls kill without a name.
    """
    for action, flags in ((NOTIFY, NEW_LISTENER), (KILL, 0)):
        content = ctypes.create_string_buffer(program(machine, os.getpid(), action))
        count = (len(content) - 1) // 8
        filters = pack("<H6xQ", count, ctypes.addressof(content))
        result = LIBC.syscall(SECCOMP[machine], ctypes.c_long(1), ctypes.c_long(flags), filters)
        if result >= 0:
            return int(result) if action == NOTIFY else -1
    raise KernelError(f"seccomp: {os.strerror(ctypes.get_errno())}")


def program(machine: str, own: int, hostile: int) -> bytes:
    """Return the filter in BPF for the process `own`; `hostile` is what happens on a hostile call."""
    number = syscalls.numbers(machine)
    code = [_load(4), _jump(syscalls.ARCHITECTURES[machine], 1, 0), _return(KILL), _load(0)]
    if machine == "x86_64":
        code += [pack("<HBBI", 0x35, 0, 1, 0x40000000), _return(KILL)]  # the x32 numbers of the same calls
    code += _when(number["clone"], [_load(16), pack("<HBBI", 0x45, 0, 1, THREAD), _return(ALLOW), _return(hostile)])
    for name in ("kill", "tgkill"):
        code += _when(number[name], _one_of(0, [own], hostile))
    code += _when(number["socketpair"], _stream_pair(hostile))
    code += _when(number["ioctl"], _one_of(1, IOCTLS, ERRNO | EPERM))
    code += _when(number["fcntl"], _one_of(1, FCNTLS, ERRNO | EPERM))
    code += _when(number["prctl"], _one_of(0, NAMES, ERRNO | EPERM))
    code += _when(number["prlimit64"], _one_of(0, [0, own], ERRNO | EPERM))
    for names, action in (
        (syscalls.ALLOWED, ALLOW),
        (syscalls.HOSTILE, hostile),
        (syscalls.REFUSED, ERRNO | EPERM),
    ):
        for name in names:
            if name in number:
                code += [_jump(number[name], 0, 1), _return(action)]
    enosys = 38
    return b"".join([*code, _return(ERRNO | enosys)])


def _load(offset: int) -> bytes:
    """Load 32 bits of seccomp_data: 0 the number, 4 the architecture, 16 + 8 * n the low half of argument n."""
    return pack("<HBBI", 0x20, 0, 0, offset)


def _jump(value: int, if_equal: int, if_not: int) -> bytes:
    return pack("<HBBI", 0x15, if_equal, if_not, value)


def _return(action: int) -> bytes:
    return pack("<HBBI", 0x06, 0, 0, action)


def _when(number: int, body: Sequence[bytes]) -> list[bytes]:
    """Return the body for one call; it ends in a return on every path."""
    return [_jump(number, 0, len(body)), *body]


def _one_of(argument: int, values: Sequence[int], otherwise: int) -> list[bytes]:
    tests = [part for value in values for part in (_jump(value & 0xFFFFFFFF, 0, 1), _return(ALLOW))]
    return [_load(16 + 8 * argument), *tests, _return(otherwise)]


def _stream_pair(hostile: int) -> list[bytes]:
    """Allow what asyncio needs: a connected pair of Unix streams, which can be connected to nothing else."""
    unix, stream = 1, 1
    return [
        _load(16), _jump(unix, 1, 0), _return(hostile),
        _load(24), pack("<HBBI", 0x54, 0, 0, 0xFF), _jump(stream, 0, 1), _return(ALLOW), _return(hostile),
    ]  # fmt: skip


def open_process(pid: int) -> int:
    """Return a descriptor of a child process."""
    return _call("pidfd_open", PIDFD_OPEN, pid, 0)


def descriptor_of(process: int, number: int) -> int:
    """Return a copy of a descriptor of another process."""
    return _call("pidfd_getfd", PIDFD_GETFD, process, number, 0)


def hostile_call(listener: int, machine: str) -> str:
    """Return the name of the call that a listener tells of."""
    notice = ctypes.create_string_buffer(80)  # seccomp_notif: id, pid, flags, seccomp_data
    if LIBC.ioctl(listener, ctypes.c_ulong(NOTIF_RECEIVE), notice):
        return ""
    wanted = unpack_from("<i", notice.raw, 16)[0]
    names = {number: name for name, number in syscalls.numbers(machine).items()}
    return names.get(wanted, f"system call {wanted}")
