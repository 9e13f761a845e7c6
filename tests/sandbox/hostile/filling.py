"""The disk filled, and the table of descriptors."""

from __future__ import annotations

from hostile.case import (
    CRASHED,
    DENIED,
    DISK,
    FILE_TOO_BIG,
    FULL,
    TOO_MANY_FILES,
    UNKNOWN_CALL,
    WRONG,
    Family,
    Outcome,
    blocked,
    failed,
)

TOO_LONG = Outcome("timeout", " s")
disk = Family("full disk", *FULL)
"""Every act stops by itself at 200 MB, should nothing stop it."""
disk.act(
    "64 KiB at a time",
    """
    with open("big", "wb") as file:
        for _ in range(3200):
            file.write(bytes(65536))
    return True
""",
)
disk.act(
    "many files of one megabyte",
    """
    for i in range(200):
        with open(f"big{i}", "wb") as file:
            file.write(bytes(1 << 20))
    return True
""",
)
disk.act(
    "deleted but open",
    """
    import os
    kept = []
    for i in range(50):
        file = open(f"big{i}", "wb")
        os.remove(f"big{i}")
        file.write(bytes(4 << 20))
        file.flush()
        kept.append(file)
    return True
""",
)
disk.act(
    "files without names",
    """
    import tempfile
    kept = []
    for i in range(50):
        file = tempfile.TemporaryFile(dir=".")
        file.write(bytes(4 << 20))
        file.flush()
        kept.append(file)
    return True
""",
    *FULL,
    DENIED,
)
disk.act(
    "100,000 empty files",
    """
    import os
    for i in range(100_000):
        os.close(os.open(f"empty{i}", os.O_CREAT | os.O_WRONLY))
    return True
""",
    DISK,
)
disk.act(
    "empty files in many folders",
    """
    import os
    for i in range(300):
        os.mkdir(f"folder{i}")
        for j in range(300):
            os.close(os.open(f"folder{i}/{j}", os.O_CREAT | os.O_WRONLY))
    return True
""",
    DISK,
)
disk.act(
    "a thousand folders deep",
    """
    import os
    for _ in range(100_000):
        os.mkdir("deeper")
        os.chdir("deeper")
    return True
""",
    DISK,
)
disk.act(
    "links without end",
    """
    import os
    open("own", "w").close()
    for i in range(100_000):
        os.link("own", f"link{i}")
    return True
""",
    DISK,
    failed(r"Errno 31\]"),
)  # a file has 65,000 names at most on ext4
disk.act(
    "symlinks without end",
    """
    import os
    for i in range(100_000):
        os.symlink("x" * 200, f"link{i}")
    return True
""",
    DISK,
)
disk.act(
    "pipes with names",
    """
    import os
    for i in range(100_000):
        os.mkfifo(f"pipe{i}")
    return True
""",
    DISK,
    DENIED,
    blocked("mknod|mknodat"),
)
disk.act(
    "below a path that is too long to be looked at",
    """
    import os
    for _ in range(20):
        os.mkdir("x" * 250)
        os.chdir("x" * 250)
    for i in range(50):
        with open(f"big{i}", "wb") as file:
            file.write(bytes(4 << 20))
    return True
""",
)
disk.act(
    "in a folder that cannot be listed",
    """
    import os
    os.umask(0)
    os.mkdir("shut", 0o300)
    for i in range(50):
        with open(f"shut/big{i}", "wb") as file:
            file.write(bytes(4 << 20))
    return True
""",
)
disk.act(
    "a sparse file of a terabyte",
    """
    with open("big", "wb") as file:
        file.truncate(1 << 40)
    return True
""",
    DISK,
    FILE_TOO_BIG,
    failed("Errno 22"),
)
disk.act(
    "a hole and a byte",
    """
    with open("big", "wb") as file:
        file.seek(1 << 36)
        file.write(b"x")
    return True
""",
)
disk.act(
    "reserved at once",
    """
    import os
    os.posix_fallocate(os.open("big", os.O_CREAT | os.O_RDWR), 0, 200 << 20)
    return True
""",
    *FULL,
    DENIED,
    UNKNOWN_CALL,
    blocked("fallocate"),
)
disk.act(
    "a map of a file",
    """
    import mmap
    with open("big", "w+b") as file:
        file.truncate(8 << 20)
        for i in range(25):
            with open(f"big{i}", "w+b") as other:
                other.truncate(8 << 20)
                room = mmap.mmap(other.fileno(), 8 << 20)
                room[:] = bytes(8 << 20)
    return True
""",
    *FULL,
    CRASHED,
)  # a full memory file system has no page to give: SIGBUS
disk.act(
    "a copy of a copy",
    """
    import shutil
    with open("big0", "wb") as file:
        file.write(bytes(1 << 20))
    for i in range(200):
        shutil.copyfile("big0", f"big{i + 1}")
    return True
""",
)
disk.act(
    "a database",
    """
    import sqlite3
    base = sqlite3.connect("big")
    base.execute("create table big (x)")
    for _ in range(200):
        base.execute("insert into big values (zeroblob(1048576))")
        base.commit()
    return True
""",
    DISK,
    failed("OperationalError|FullError|DatabaseError|disk"),
    DENIED,
)
disk.act(
    "written by two threads",
    """
    import os, threading
    def fill(name):
        for i in range(100):
            with open(f"{name}{i}", "wb") as file:
                file.write(bytes(1 << 20))
    workers = [threading.Thread(target=fill, args=(name,)) for name in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(os.path.getsize(name) for name in os.listdir(".")) == 200 << 20
""",
    DISK,
    WRONG,
)  # where the file system is full, the threads end
disk.hide("64 KiB at a time", "in the tests", "while importing")
disk.hide("64 KiB at a time", "subinterpreter", more=[failed("Errno 28|Errno 27")])
disk.hide("100,000 empty files", "in the tests")
disk.twin(
    "a megabyte",
    """
    with open("some", "wb") as file:
        file.write(bytes(1 << 20))
    return True
""",
)

KEEP = "kept = []\nfor _ in range(100_000):\n    kept.append({})\nreturn len(kept) > 4096"
descriptors = Family("descriptors", TOO_MANY_FILES)
for name, (start, one) in {
    "open": ("import os\nopen('own', 'w').close()", "open('own')"),
    "os.open of a folder": ("import os", "os.open('.', os.O_RDONLY)"),
    "pipe": ("import os", "os.pipe()"),
    "dup": ("import os", "os.dup(1)"),
    "epoll": ("import select", "select.epoll()"),
    "poll objects": ("import os", "os.open('.', os.O_PATH)"),
    "eventfd": ("import os", "os.eventfd(0)"),
    "scandir": ("import os", "os.scandir('.')"),
    "temporary files": ("import tempfile", "tempfile.TemporaryFile(dir='.')"),
    "fcntl": ("import fcntl", "fcntl.fcntl(1, fcntl.F_DUPFD, 3)"),
}.items():
    more = [UNKNOWN_CALL, blocked("eventfd|epoll_create"), DENIED] if name in {"eventfd", "epoll"} else []
    more += [DENIED] if name == "temporary files" else []
    descriptors.act(name, f"{start}\n{KEEP.format(one)}", TOO_MANY_FILES, *more)
descriptors.act(
    "pairs of sockets", f"import socket\n{KEEP.format('socket.socketpair()')}", TOO_MANY_FILES, blocked("socketpair")
)
descriptors.act(
    "pseudo-terminals", f"import os\n{KEEP.format('os.openpty()')}", TOO_MANY_FILES, DENIED, failed("OSError")
)
descriptors.act("a high number", "import os\nreturn os.dup2(1, 100_000) == 100_000", failed(r"Errno 9\]"))
descriptors.act(
    "a higher limit first",
    """
    import os, resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (100_000, 100_000))
    return len([os.dup(1) for _ in range(90_000)]) > 0
""",
    failed("ValueError: not allowed to raise maximum limit"),
    DENIED,
    blocked("prlimit64|setrlimit"),
)
descriptors.act(
    "inotify",
    """
    import ctypes
    libc = ctypes.CDLL(None)
    return sum(libc.inotify_init1(0) >= 0 for _ in range(5000)) > 4000
""",
    failed("AssertionError"),
    blocked("inotify_init1"),
)
descriptors.hide("open", "in the tests", "subinterpreter", "thread")
descriptors.twin("twenty files", "import os\nreturn len([os.dup(1) for _ in range(20)]) == 20")

FAMILIES = (disk, descriptors)
