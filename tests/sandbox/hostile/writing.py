"""Changes outside of the work directory: contents, names, modes, times, attributes; and what other processes would see."""

from __future__ import annotations

from hostile.case import DENIED, MISSING, OTHER_DISK, UNKNOWN_CALL, WRONG, Family, Outcome, blocked, failed

outside = Family("write outside", DENIED)
outside.act("overwrite", "open(@DIR@ + '/file', 'w').close()\nreturn True")
outside.act("append", "open(@DIR@ + '/file', 'a').write('harm')\nreturn True")
outside.act("create", "open(@DIR@ + '/harm', 'x').close()\nreturn True")
outside.act("read and write", "open(@DIR@ + '/file', 'r+').write('harm')\nreturn True")
outside.act("os.open", "import os\nos.open(@DIR@ + '/harm', os.O_CREAT | os.O_WRONLY)\nreturn True")
outside.act("a file without a name", "import os\nos.open(@DIR@, os.O_TMPFILE | os.O_RDWR)\nreturn True")
outside.act("creat by number", "return raw(@NR:creat@, @DIR@.encode() + b'/harm', 0o644) >= 0")
outside.act("a folder", "import os\nos.mkdir(@DIR@ + '/harm')\nreturn True")
outside.act("remove", "import os\nos.remove(@DIR@ + '/file')\nreturn True")
outside.act("remove by number", "return raw(@NR:unlinkat@, -100, @DIR@.encode() + b'/file', 0) == 0")
outside.act("remove a folder", "import os\nos.rmdir(@DIR@ + '/below')\nreturn True")
outside.act("remove everything", "import shutil\nshutil.rmtree(@DIR@)\nreturn True")
outside.act("rename", "import os\nos.rename(@DIR@ + '/file', @DIR@ + '/harm')\nreturn True", DENIED, OTHER_DISK)
outside.act(
    "move a file out",
    """
    import os
    open("own", "w").close()
    os.replace("own", @DIR@ + "/file")
    return True
""",
    DENIED,
    OTHER_DISK,
)
outside.act(
    "a link outside",
    "import os\nopen('own', 'w').close()\nos.link('own', @DIR@ + '/harm')\nreturn True",
    DENIED,
    OTHER_DISK,
)
outside.act("a symlink outside", "import os\nos.symlink('x', @DIR@ + '/harm')\nreturn True")
outside.act(
    "a pipe with a name", "import os\nos.mkfifo(@DIR@ + '/harm')\nreturn True", DENIED, blocked("mknod|mknodat")
)
outside.act(
    "a device",
    "import os\nos.mknod('device', 0o060666, os.makedev(254, 0))\nreturn True",
    DENIED,
    blocked("mknod|mknodat"),
)
outside.act(
    "a device by number",
    "return raw(@NR:mknodat@, -100, b'device', 0o020666, 0x101) == 0",
    DENIED,
    blocked("mknod|mknodat"),
)
outside.act("a temporary file in /tmp", "import tempfile\ntempfile.mkstemp(dir='/tmp')\nreturn True")
outside.act(
    "a temporary folder in /var/tmp", "import tempfile\ntempfile.mkdtemp(dir='/var/tmp')\nreturn True", DENIED, MISSING
)
outside.act("/dev/shm", "open('/dev/shm/harm', 'w').close()\nreturn True", DENIED, MISSING)
outside.act(
    "a database",
    """
    import sqlite3
    sqlite3.connect(@DIR@ + "/harm").execute("create table harm (x)")
    return True
""",
    failed("OperationalError"),
    DENIED,
)
outside.act("a log", "import logging\nlogging.FileHandler(@DIR@ + '/harm')\nreturn True")
outside.act(
    "the standard library",
    """
    import json
    open(json.__file__, "a").close()
    return True
""",
)
outside.act(
    "a compiled module of the library",
    """
    import json, py_compile
    py_compile.compile(json.__file__, cfile=json.__cached__, doraise=True)
    return True
""",
)
outside.act(
    "a module beside the library",
    """
    import os
    open(os.path.join(os.path.dirname(os.__file__), "sitecustomize.py"), "x").close()
    return True
""",
    DENIED,
    failed("FileExistsError"),
)
outside.hide("create", "in the tests", "while importing", "subinterpreter", "ctypes callback", "finalizer")
outside.hide("remove everything", "in the tests", "thread")
outside.twin(
    "everything at home",
    """
    import os, shutil
    os.makedirs("a/b")
    open("a/b/c", "w").close()
    os.rename("a/b/c", "a/d")
    shutil.rmtree("a")
    return os.listdir(".") == []
""",
)

QUIET = (DENIED, Outcome("blocked", r"^blocked: \w+"), UNKNOWN_CALL)
modes = Family("modes, owners, times, attributes", *QUIET)
modes.act("chmod", "import os\nos.chmod(@DIR@ + '/file', 0)\nreturn True")
modes.act("chmod by number", "return raw(@NR:chmod@, @DIR@.encode() + b'/file', 0) == 0")
modes.act("fchmodat", "return raw(@NR:fchmodat@, -100, @DIR@.encode() + b'/file', 0) == 0")
modes.act("fchmodat2", "return raw(@NR:fchmodat2@, -100, @DIR@.encode() + b'/file', 0, 0) == 0")
modes.act(
    "a path's descriptor",
    """
    import os
    handle = os.open(@DIR@ + "/file", os.O_PATH)
    os.chmod(f"/proc/self/fd/{handle}", 0)
    return True
""",
)
modes.act(
    "fchmod of a path's descriptor",
    "import os\nos.fchmod(os.open(@DIR@ + '/file', os.O_PATH), 0)\nreturn True",
    *QUIET,
    failed(r"Errno 9\]"),
)
modes.act("chmod of a secret for all", "import os\nos.chmod(@SECRET@, 0o777)\nreturn True")
modes.act("chown", "import os\nos.chown(@DIR@ + '/file', 1, 1)\nreturn True")
modes.act("lchown", "import os\nos.lchown(@DIR@ + '/file', 1, 1)\nreturn True")
modes.act("chown by number", "return raw(@NR:chown@, @DIR@.encode() + b'/file', 1, 1) == 0")
modes.act("fchownat", "return raw(@NR:fchownat@, -100, @DIR@.encode() + b'/file', 1, 1, 0) == 0")
modes.act("utime", "import os\nos.utime(@DIR@ + '/file', (1, 1))\nreturn True")
modes.act("touch", "import pathlib\npathlib.Path(@DIR@ + '/file').touch()\nreturn True")
modes.act("times of a folder", "import os\nos.utime(@DIR@, (1, 1))\nreturn True")
modes.act("utimensat", "return raw(@NR:utimensat@, -100, @DIR@.encode() + b'/file', 0, 0) == 0")
modes.act("truncate", "import os\nos.truncate(@DIR@ + '/file', 0)\nreturn True")
modes.act("truncate by number", "return raw(@NR:truncate@, @DIR@.encode() + b'/file', 0) == 0")
modes.act("an attribute", "import os\nos.setxattr(@DIR@ + '/file', 'user.harm', b'1')\nreturn True")
modes.act(
    "an attribute by number", "return raw(@NR:lsetxattr@, @DIR@.encode() + b'/file', b'trusted.harm', b'1', 1, 0) == 0"
)
modes.act(
    "an attribute by the new number",
    "return raw(@NR:setxattrat@, -100, @DIR@.encode() + b'/file', 0, b'user.harm', 0, 0) == 0",
)
modes.act(
    "all of it copied", "import shutil\nopen('own', 'w').close()\nshutil.copystat('own', @DIR@ + '/file')\nreturn True"
)
modes.hide("chmod", "in the tests", "thread", "subinterpreter")
modes.hide("utime", "in the tests", "pickle")
modes.twin(
    "times of a file of one's own are read", "import os\nopen('own', 'w').close()\nreturn os.stat('own').st_mtime > 0"
)

GONE = Outcome("blocked", r"^blocked: \w+")
talk = Family("shared memory and queues", GONE, DENIED, UNKNOWN_CALL)
talk.act("shmget", "return raw(@NR:shmget@, 4242, 4096, 0o1666) >= 0", GONE)
talk.act("shmget of libc", "import ctypes\nreturn ctypes.CDLL(None).shmget(4242, 4096, 0o1666) >= 0", GONE)
talk.act("shmat", "return raw(@NR:shmat@, 0, 0, 0) >= 0", GONE)
talk.act("a private segment", "return raw(@NR:shmget@, 0, 4096, 0o1666) >= 0", GONE)
talk.act("msgget", "return raw(@NR:msgget@, 4242, 0o1666) >= 0", GONE)
talk.act("semget", "return raw(@NR:semget@, 4242, 1, 0o1666) >= 0", GONE)
talk.act("mq_open", "return raw(@NR:mq_open@, b'harm', 0o102, 0o666, 0) >= 0", GONE)
talk.act(
    "mq_open of libc",
    """
    import ctypes
    name = "librt.so.1"
    try:
        library = ctypes.CDLL(name)
    except OSError:
        library = ctypes.CDLL(None)
    return library.mq_open(b"/harm", 0o102, 0o666, None) >= 0
""",
    GONE,
)
talk.act(
    "shared memory of multiprocessing",
    """
    from multiprocessing import shared_memory
    return shared_memory.SharedMemory(name="harm", create=True, size=4096).name == "harm"
""",
    DENIED,
    MISSING,
    GONE,
)
talk.act("shm_open of libc", "import ctypes\nreturn ctypes.CDLL(None).shm_open(b'/harm', 0o102, 0o666) >= 0", WRONG)
talk.act(
    "a semaphore with a name",
    """
    import _multiprocessing
    return bool(_multiprocessing.SemLock(1, 1, 1, "/harm", False))
""",
    DENIED,
    MISSING,
    failed("OSError"),
)
talk.act(
    "sem_open of libc",
    """
    import ctypes
    library = ctypes.CDLL(None)
    library.sem_open.restype = ctypes.c_void_p
    return bool(library.sem_open(b"/harm", 0o100, 0o666, 1))
""",
    WRONG,
)
talk.act(
    "a lock on another's file",
    """
    import fcntl, os
    handle = os.open(@DIR@ + "/file", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True
""",
    DENIED,
)
talk.act(
    "a message for the next program",
    """
    import os
    found = os.path.exists("message")
    with open("message", "w") as file:
        file.write("from the one before")
    return found
""",
    WRONG,
)
talk.hide("shmget", "in the tests", "subinterpreter", "thread")
talk.hide("msgget", "while importing", "ctypes callback")
talk.twin(
    "memory shared with oneself",
    """
    import mmap
    with open("own", "wb") as file:
        file.write(bytes(4096))
    with open("own", "r+b") as file:
        room = mmap.mmap(file.fileno(), 4096)
        room[:4] = b"mine"
        room.flush()
    return open("own", "rb").read(4) == b"mine"
""",
)

FAMILIES = (outside, modes, talk)
