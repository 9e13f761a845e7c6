"""What the machine and its processes tell: environment, /proc, devices."""

from __future__ import annotations

import textwrap

from hostile.case import DENIED, MISSING, WRONG, Family, Outcome, blocked, failed

environment = Family("environment", WRONG)
LEAK = "print(found)\nreturn @ENVIRON@ in str(found)"
for name, lines in {
    "os.environ": "import os\nfound = dict(os.environ)",
    "bytes": "import os\nfound = dict(os.environb)",
    "posix.environ": "import posix\nfound = posix.environ",
    "getenv of libc": """
        import ctypes
        libc = ctypes.CDLL(None)
        libc.getenv.restype = ctypes.c_char_p
        found = libc.getenv(@ENVIRON@.encode())
        return found
    """,
    "environ of libc": """
        import ctypes
        start = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
        found, place = [], 0
        while start and start[place]:
            found.append(start[place])
            place += 1
    """,
    "above the stack": """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        end = ctypes.c_void_p.in_dll(libc, "__libc_stack_end").value
        read, write = os.pipe()
        found = b""
        for step in range(256):
            done = libc.write(write, ctypes.c_void_p(end + 512 * step), 512)
            if done <= 0:
                break
            found += os.read(read, done)
        return @ENVIRON@.encode() in found
    """,
    "arguments": "import sys\nfound = [sys.argv, sys.orig_argv, sys.flags, sys.path, sys.executable]",
}.items():
    body = textwrap.dedent(lines).strip()
    environment.act(name, body if "return " in body else f"{body}\n{LEAK}")
for name, path in {"its own": "self", "the parent's": "{os.getppid()}", "the first process's": "1"}.items():
    environment.act(
        f"{name} in /proc",
        f"""
        import os
        found = open(f"/proc/{path}/environ").read()
        print(found)
        return True
    """,
        DENIED,
        MISSING,
    )
environment.act(
    "that of the tests of this project",
    "found = open(f'/proc/{@PARENT@}/environ').read()\nreturn found",
    DENIED,
    failed("FileNotFoundError"),
)
environment.act(
    "more than the sandbox sets",
    """
    import os
    own = {"PATH", "LANG", "LC_CTYPE", "HOME", "TMPDIR", "PYTHONHASHSEED", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"}
    return set(os.environ) - own
""",
)
environment.hide("os.environ", "in the tests", "subinterpreter")
environment.hide("environ of libc", "in the tests", "thread")
environment.twin("a variable of one's own", "import os\nos.environ['MINE'] = '1'\nreturn os.getenv('MINE') == '1'")

proc = Family("/proc and devices", DENIED)
for path in (
    "/proc/1/cmdline", "/proc/self/maps", "/proc/self/mem", "/proc/self/status", "/proc/kallsyms", "/proc/kcore",
    "/proc/net/tcp", "/proc/sys/kernel/core_pattern", "/proc/mounts", "/proc/cmdline", "/sys/kernel/uevent_seqnum",
    "/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/tty", "/dev/fuse", "/dev/kvm",
):  # fmt: skip
    proc.act(
        path,
        f"return open({path!r}, 'rb').read(64) is not None",
        DENIED,
        Outcome("failed", "FileNotFoundError|Errno 6\\]"),
    )
proc.act("listed", "import os\nreturn [name for name in os.listdir('/proc') if name.isdigit()]")
proc.act("the parent's descriptors", "import os\nreturn os.listdir(f'/proc/{os.getppid()}/fd')", DENIED, MISSING)
proc.act(
    "the parent's folder",
    "import os\nreturn open(f'/proc/{os.getppid()}/cwd/harm', 'w')",
    DENIED,
    failed("FileNotFoundError"),
)
proc.act(
    "write to one's own memory",
    """
    import ctypes
    target = ctypes.create_string_buffer(b"old")
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        memory.seek(ctypes.addressof(target))
        memory.write(b"new")
    return target.value == b"new"
""",
)
proc.act("settings of the kernel", "return open('/proc/sys/kernel/core_pattern', 'r+') is not None")
proc.act("the magic key", "return open('/proc/sysrq-trigger', 'r+') is not None", DENIED, MISSING)
proc.act("safe from the lack of memory", "return open('/proc/self/oom_score_adj', 'r+') is not None")
proc.act(
    "keys for a terminal",
    """
    import fcntl
    for number in range(21):
        try:
            fcntl.ioctl(number, 0x5412, b"x")  # TIOCSTI
            return True
        except OSError:
            pass
    return False
""",
    WRONG,
    blocked("ioctl"),
    DENIED,
)
proc.hide("listed", "in the tests", "thread")
proc.twin("numbers from the system", "import os\nreturn len(os.urandom(8)) == 8")

FAMILIES = (environment, proc)
