"""What must not change while hostile programs run, and what they must not reach: files, listeners, processes, names."""

from __future__ import annotations

import os
import resource
import secrets
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ENVIRON = "DOMAINTUNE_CANARY"


@dataclass
class Canaries:
    """A folder that must stay as it is, a secret, listeners that must stay silent, a process that must stay alive."""

    folder: Path
    secret: str
    decoy: subprocess.Popen[bytes]
    listeners: dict[str, socket.socket]
    words: Mapping[str, object]
    before: dict[str, object] = field(default_factory=dict)

    def harm(self, text: str = "") -> list[str]:
        """Return what is not as it was; `text` is what a program printed and the sandbox said of it."""
        now = self.look()
        found = [
            f"{name} changed: {self.before[name]} to {now[name]}" for name in now if now[name] != self.before[name]
        ]
        if self.decoy.poll() is not None:
            found.append("the decoy is dead")
        ready, _, _ = select.select(list(self.listeners.values()), [], [], 0)
        found += [f"the {name} listener was reached" for name, one in self.listeners.items() if one in ready]
        if self.secret in text:
            found.append("the secret was told")
        return found

    def look(self) -> dict[str, object]:
        """Return the state of everything that must not change."""
        return {
            "hidden": picture(self.folder / "hidden"),
            "quiet": picture(self.folder / "quiet"),
            "sockets": picture(self.folder / "sockets"),
            "shared memory": names("/dev/shm"),
            "queues and segments": [len(_lines(f"/proc/sysvipc/{kind}")) for kind in ("shm", "msg", "sem")],
            "folders of runs": names(self.folder / "runs"),
            "processes of runs": processes_of(self.folder / "runs"),
            "children": sorted(children()),
            "limits": [
                resource.getrlimit(kind) for kind in (resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_AS)
            ],
            "priority": os.getpriority(os.PRIO_PROCESS, 0),
            "decoy": (os.getpriority(os.PRIO_PROCESS, self.decoy.pid), len(os.sched_getaffinity(self.decoy.pid))),
            "host": (socket.gethostname(), str(Path.cwd()), len(_lines("/proc/self/mounts"))),
        }


def names(folder: Path | str) -> list[str]:
    """Return the names in a folder; none where it is not there."""
    return sorted(path.name for path in Path(folder).iterdir()) if Path(folder).is_dir() else []


def picture(folder: Path) -> list[tuple[object, ...]]:
    """Return names, modes, owners, times, attributes and contents of a folder and what lies in it."""
    shown = []
    for path in sorted([folder, *folder.rglob("*")]):
        state = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(state.st_mode) else b""
        attributes = os.listxattr(path, follow_symlinks=False) if hasattr(os, "listxattr") else []
        shown.append(
            (
                str(path),
                state.st_mode,
                state.st_uid,
                state.st_gid,
                state.st_nlink,
                state.st_mtime_ns,
                content,
                *attributes,
            )
        )
    return shown


def processes_of(runs: Path) -> list[int]:
    """Return the processes that were started with a home below a folder, wherever they hang in the tree."""
    home, found = f"HOME={runs}".encode(), []
    for name in filter(str.isdigit, names("/proc")):
        try:
            if home in Path("/proc", name, "environ").read_bytes():
                found.append(int(name))
        except OSError:
            continue
    return found


def children(parent: int | None = None) -> list[int]:
    """Return the child processes of this one, zombies included."""
    found = []
    for name in filter(str.isdigit, names("/proc")):
        try:
            after = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after[1]) == (parent or os.getpid()):
            found.append(int(name))
    return found


@contextmanager
def canaries() -> Iterator[Canaries]:
    """Set the canaries out; what they are called in a program is `words`."""
    folder = Path(tempfile.mkdtemp(prefix="canaries-"))
    hidden, quiet, usual = folder / "hidden", folder / "quiet", tempfile.tempdir
    for place in (hidden, quiet, quiet / "below", folder / "sockets"):
        place.mkdir()
        place.chmod(0o777)  # what protects it is the sandbox alone
    (folder / "runs").mkdir()
    tempfile.tempdir = str(folder / "runs")  # others run programs on this machine, too
    secret = secrets.token_hex(16)
    contents = {
        hidden / "secret.txt": secret,
        hidden / "secretmodule.py": f"SECRET = {secret!r}\n",
        quiet / "file": "quiet\n",
    }
    contents[quiet / "secretmodule.py"] = f"SECRET = {secret!r}\n"
    for path, content in contents.items():
        path.write_text(content)
        path.chmod(0o666)
    os.environ[ENVIRON] = secret
    decoy = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time\nwhile True: time.sleep(9)"])
    listeners = _listeners(folder / "sockets")
    words = {
        "SECRET": str(hidden / "secret.txt"), "DIR": str(quiet), "ENVIRON": ENVIRON, "PARENT": os.getpid(), "DECOY": decoy.pid,
        "TCP": listeners["TCP"].getsockname()[1], "UDP": listeners["UDP"].getsockname()[1],
        "UNIX": listeners["UNIX"].getsockname(), "DGRAM": listeners["DGRAM"].getsockname(),
        "ABSTRACT": listeners["ABSTRACT"].getsockname()[1:].decode(),
        "ABSTRACT_DGRAM": listeners["ABSTRACT_DGRAM"].getsockname()[1:].decode(),
    }  # fmt: skip
    try:
        out = Canaries(folder, secret, decoy, listeners, words)
        out.before = out.look()
        yield out
    finally:
        os.environ.pop(ENVIRON)
        tempfile.tempdir = usual
        decoy.send_signal(signal.SIGKILL)
        decoy.wait()
        for listener in listeners.values():
            listener.close()
        shutil.rmtree(folder)


def _listeners(folder: Path) -> dict[str, socket.socket]:
    name = f"canary-{os.getpid()}-{secrets.token_hex(4)}"
    wanted: dict[str, tuple[int, int, object]] = {
        "TCP": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        "UDP": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        "UNIX": (socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "stream")),
        "DGRAM": (socket.AF_UNIX, socket.SOCK_DGRAM, str(folder / "dgram")),
        "ABSTRACT": (socket.AF_UNIX, socket.SOCK_STREAM, f"\0{name}-s"),
        "ABSTRACT_DGRAM": (socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{name}-d"),
    }
    made = {}
    for title, (kind, sort, address) in wanted.items():
        made[title] = socket.socket(kind, sort)
        made[title].bind(address)  # type: ignore[arg-type]
        if sort == socket.SOCK_STREAM:
            made[title].listen()
    return made


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
