"""Tracing others, mounts, namespaces, administration and young interfaces of the kernel."""

from __future__ import annotations

from hostile.case import DENIED, MISSING, UNKNOWN_CALL, WRONG, Family, Outcome, blocked, failed

TRACED = blocked(
    "ptrace|process_vm_readv|process_vm_writev|kcmp|pidfd_open|pidfd_getfd|process_madvise|perf_event_open"
)
NO_SUCH = (DENIED, UNKNOWN_CALL)

trace = Family("ptrace", TRACED)
trace.act("attach to the decoy", "return raw(@NR:ptrace@, 16, @DECOY@, 0, 0) == 0")
trace.act("seize the decoy", "return raw(@NR:ptrace@, 0x4206, @DECOY@, 0, 0) == 0")
trace.act("attach to the parent", "import os\nreturn raw(@NR:ptrace@, 16, os.getppid(), 0, 0) == 0")
trace.act("be traced", "return raw(@NR:ptrace@, 0, 0, 0, 0) == 0")
trace.act("ptrace of libc", "import ctypes\nreturn ctypes.CDLL(None).ptrace(16, @DECOY@, 0, 0) == 0")
trace.act(
    "read memory of the parent",
    """
    import ctypes, os
    room = ctypes.create_string_buffer(8)
    here = (ctypes.c_uint64 * 2)(ctypes.addressof(room), 8)
    there = (ctypes.c_uint64 * 2)(id(None), 8)
    return raw(@NR:process_vm_readv@, os.getppid(), ctypes.byref(here), 1, ctypes.byref(there), 1, 0) == 8
""",
)
trace.act(
    "write memory of the parent",
    """
    import ctypes, os
    here = (ctypes.c_uint64 * 2)(id(None), 8)
    return raw(@NR:process_vm_writev@, os.getppid(), ctypes.byref(here), 1, ctypes.byref(here), 1, 0) == 8
""",
)
trace.act(
    "/proc/PARENT/mem",
    """
    import os
    return open(f"/proc/{os.getppid()}/mem", "rb") is not None
""",
    DENIED,
    MISSING,
)
trace.act("/proc/PARENT/maps", "import os\nreturn len(open(f'/proc/{os.getppid()}/maps').read()) > 0", DENIED, MISSING)
trace.act(
    "compare files with the parent",
    "import os\nreturn raw(@NR:kcmp@, os.getpid(), os.getppid(), 0, 0, 0) >= 0",
    TRACED,
    *NO_SUCH,
)
trace.act(
    "take a descriptor of the parent",
    """
    import os
    return raw(@NR:pidfd_getfd@, raw(@NR:pidfd_open@, os.getppid(), 0), 0, 0) >= 0
""",
    TRACED,
    *NO_SUCH,
)
trace.act(
    "advise another's memory",
    """
    import os
    return raw(@NR:process_madvise@, raw(@NR:pidfd_open@, os.getppid(), 0), 0, 0, 20, 0) >= 0
""",
    TRACED,
    *NO_SUCH,
)
trace.hide("attach to the parent", "thread", "in the tests", "subinterpreter", "ctypes callback")
trace.twin(
    "reading one's own memory",
    """
    import ctypes
    return ctypes.string_at(ctypes.create_string_buffer(b"mine")) == b"mine"
""",
)

MOUNTED = blocked("mount|umount2|pivot_root|chroot|open_tree|move_mount|fsopen|mount_setattr|fsconfig|fsmount")
mount = Family("mount", MOUNTED, DENIED)
mount.act("a memory file system on the work directory", 'return raw(@NR:mount@, b"none", b".", b"tmpfs", 0, 0) == 0')
mount.act(
    "mount of libc",
    """
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.mount(b"none", b".", b"tmpfs", 0, None) == 0
""",
    MOUNTED,
    WRONG,
)
mount.act("bind the canary", 'return raw(@NR:mount@, @DIR@.encode(), b".", b"none", 4096, 0) == 0')
mount.act("make all mounts private", 'return raw(@NR:mount@, b"none", b"/proc/self", b"none", 1 << 18, 0) == 0')
mount.act("umount", "return raw(@NR:umount2@, @DIR@.encode(), 0) == 0")
mount.act("chroot", "import os\nos.chroot('.')\nreturn True")
mount.act("chroot by number", 'return raw(@NR:chroot@, b".") == 0')
mount.act("pivot_root", 'return raw(@NR:pivot_root@, b".", b".") == 0')
mount.act("fsopen", 'return raw(@NR:fsopen@, b"tmpfs", 0) >= 0', MOUNTED, *NO_SUCH)
mount.act("open_tree", 'return raw(@NR:open_tree@, -100, b"/", 1) >= 0', MOUNTED, *NO_SUCH)
mount.act("move_mount", 'return raw(@NR:move_mount@, -100, b".", -100, b".", 0) == 0', MOUNTED, *NO_SUCH)
mount.act("mount_setattr", 'return raw(@NR:mount_setattr@, -100, b".", 0, 0, 0) == 0', MOUNTED, *NO_SUCH)
mount.hide("chroot", "thread", "in the tests")
mount.hide("bind the canary", "finalizer")
mount.twin(
    "changing into a directory of one's own",
    """
    import os
    os.mkdir("below")
    os.chdir("below")
    return os.getcwd().endswith("below")
""",
)

APART = blocked("unshare|setns|clone|clone3|pidfd_open")
apart = Family("namespaces", APART, DENIED)
for name, flag in {
    "user": 0x10000000, "mount": 0x20000, "process": 0x20000000, "network": 0x40000000, "host name": 0x4000000,
    "ipc": 0x8000000, "control group": 0x2000000, "time": 0x80, "files": 0x400,
}.items():  # fmt: skip
    apart.act(f"unshare the {name}", f"return raw(@NR:unshare@, {flag}) == 0")
apart.act("unshare of libc", "import ctypes\nreturn ctypes.CDLL(None).unshare(0x10000000) == 0", APART, WRONG)
apart.act(
    "enter that of the first process",
    """
    import os
    return raw(@NR:setns@, os.open("/proc/1/ns/mnt", os.O_RDONLY), 0) == 0
""",
)
apart.act("setns with a wrong descriptor", "return raw(@NR:setns@, -1, 0) == 0")
apart.act(
    "enter that of a process", "return raw(@NR:setns@, raw(@NR:pidfd_open@, @DECOY@, 0), 0x20000) == 0", APART, *NO_SUCH
)
apart.hide("unshare the user", "thread", "in the tests", "subinterpreter")
apart.twin("asking which user one is", "import os\nreturn os.getuid() >= 0")

ADMINISTRATION = Outcome("blocked", r"^blocked: \w+")
rule = Family("administration", ADMINISTRATION, DENIED, UNKNOWN_CALL)
for name, arguments in {
    "acct": "0", "capset": "0, 0", "clock_settime": "0, 0", "delete_module": "0, 0", "finit_module": "-1, 0, 0",
    "init_module": "0, 0, 0", "ioperm": "0, 1, 1", "iopl": "3", "kexec_load": "0, 0, 0, 0",
    "name_to_handle_at": "-100, b'/', 0, 0, 0", "open_by_handle_at": "-1, 0, 0", "personality": "0x0040000",
    "quotactl": "0, 0, 0, 0", "reboot": "0, 0, 0, 0", "sethostname": "0, 1", "setdomainname": "0, 1",
    "settimeofday": "0, 0", "swapon": "0, 0", "syslog": "3, 0, 0", "vhangup": "", "fanotify_init": "0, 0",
}.items():  # fmt: skip
    rule.act(name, f"return raw(@NR:{name}@{', ' if arguments else ''}{arguments}) >= 0")
rule.act("another user", "import os\nos.setresuid(12345, 12345, 12345)\nreturn os.getuid() == 12345")
rule.act("another group", "import os\nos.setgroups([12345])\nreturn os.getgroups() == [12345]")
rule.act("a higher priority", "import os\nreturn os.nice(-20) < 0")
rule.act("real time", "import os\nos.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))\nreturn True")
rule.act(
    "another's priority",
    "import os\nos.setpriority(os.PRIO_PROCESS, @DECOY@, 19)\nreturn True",
    ADMINISTRATION,
    DENIED,
    failed("ProcessLookupError"),
)
rule.act(
    "another's processors",
    "import os\nos.sched_setaffinity(@DECOY@, {0})\nreturn True",
    ADMINISTRATION,
    DENIED,
    failed("ProcessLookupError"),
)
rule.act(
    "another's limits",
    "import resource\nresource.prlimit(@DECOY@, resource.RLIMIT_NOFILE, (5, 5))\nreturn True",
    ADMINISTRATION,
    DENIED,
    failed("ProcessLookupError"),
)
rule.act(
    "one's own limits",
    """
    import resource
    for name in ("RLIMIT_CPU", "RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_NOFILE"):
        resource.setrlimit(getattr(resource, name), (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return True
""",
    ADMINISTRATION,
    DENIED,
    failed("ValueError: not allowed to raise maximum limit"),
)
rule.twin("asking for one's limits", "import resource\nreturn resource.getrlimit(resource.RLIMIT_CORE)[0] == 0")

young = Family("young interfaces", Outcome("blocked", r"^blocked: \w+"), DENIED, UNKNOWN_CALL)
young.act(
    "io_uring",
    """
    import ctypes
    settings = (ctypes.c_uint32 * 30)()
    return raw(@NR:io_uring_setup@, 4, ctypes.byref(settings)) >= 0
""",
    blocked("io_uring_setup"),
)
young.act(
    "io_uring_enter",
    "return raw(@NR:io_uring_enter@, -1, 1, 0, 0, 0) >= 0",
    blocked("io_uring_enter"),
    DENIED,
    UNKNOWN_CALL,
)
young.act("io_uring_register", "return raw(@NR:io_uring_register@, -1, 0, 0, 0) >= 0")
young.act("userfaultfd", "return raw(@NR:userfaultfd@, 0) >= 0", blocked("userfaultfd"))
young.act("userfaultfd for user mode", "return raw(@NR:userfaultfd@, 1) >= 0", blocked("userfaultfd"))
young.act(
    "a program for the kernel",
    """
    import ctypes
    wanted = (ctypes.c_uint32 * 32)(1, 4, 4, 1)
    return raw(@NR:bpf@, 0, ctypes.byref(wanted), 72) >= 0
""",
    blocked("bpf"),
)
young.act(
    "perf_event_open",
    """
    import ctypes
    wanted = (ctypes.c_uint32 * 32)(1, 112)
    return raw(@NR:perf_event_open@, ctypes.byref(wanted), 0, -1, -1, 0) >= 0
""",
    blocked("perf_event_open"),
)
young.act("the key ring of the session", "return raw(@NR:keyctl@, 0, -3, 1) >= 0", blocked("keyctl"))
young.act("a new key", 'return raw(@NR:add_key@, b"user", b"harm", b"x", 1, -3) >= 0', blocked("add_key"), DENIED)
young.act("request_key", 'return raw(@NR:request_key@, b"user", b"harm", 0, -3) >= 0', blocked("request_key"), DENIED)
young.act("secret memory", "return raw(@NR:memfd_secret@, 0) >= 0")
young.act("a file in memory", "import os\nreturn os.memfd_create('harm') >= 0", blocked("memfd_create"))
young.act(
    "a file in memory, executed",
    """
    import os
    handle = os.memfd_create("harm")
    os.write(handle, b"#!/bin/sh\\ntrue\\n")
    os.execve(handle, ["harm"], {})
""",
    blocked("memfd_create|execveat|execve"),
)
young.act("a call that nobody knows", "return raw(999) >= 0", UNKNOWN_CALL, DENIED)
young.act(
    "the other numbering of this machine",
    "return raw(0x40000000 | @NR:fork@) >= 0",
    Outcome("blocked", ""),
    UNKNOWN_CALL,
    DENIED,
    Outcome("crashed", ""),
)
young.act(
    "numbers of 32 bits",
    """
    import ctypes, mmap
    room = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    room.write(bytes.fromhex("53b802000000cd805bc3"))  # push rbx; mov eax, 2 (fork); int 0x80; pop rbx; ret
    address = ctypes.addressof(ctypes.c_char.from_buffer(room))
    @NR:fork@
    return ctypes.CFUNCTYPE(ctypes.c_int)(address)() >= 0
""",
    Outcome("blocked", ""),
    Outcome("crashed", ""),
    WRONG,
    DENIED,
)
young.act(
    "machine code",
    """
    import ctypes, mmap
    room = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    room.write(bytes.fromhex("b8390000000f05c3"))  # mov eax, 57 (fork); syscall; ret
    address = ctypes.addressof(ctypes.c_char.from_buffer(room))
    @NR:fork@
    return ctypes.CFUNCTYPE(ctypes.c_int)(address)() >= 0
""",
    blocked("fork"),
    DENIED,
)
young.act(
    "a filter that lies to the sandbox",
    """
    import ctypes
    program = (ctypes.c_uint64 * 1)(0x7FFF000000000006)  # allow everything
    wanted = (ctypes.c_uint64 * 2)(1, ctypes.addressof(program))
    raw(@NR:prctl@, 22, 2, ctypes.byref(wanted), 0, 0)
    return raw(@NR:fork@) >= 0
""",
    blocked("fork|prctl|seccomp"),
    DENIED,
)
young.act(
    "privileges back",
    "raw(@NR:prctl@, 38, 0, 0, 0, 0)\nreturn True",
    failed("OSError: .Errno 22"),
    DENIED,
    blocked("prctl"),
)
young.act(
    "core dumps and tracing back on",
    "raw(@NR:prctl@, 4, 1, 0, 0, 0)\nreturn raw(@NR:fork@) >= 0",
    blocked("fork|prctl"),
    DENIED,
)
young.hide("io_uring", "thread", "in the tests", "subinterpreter", "while importing")
young.twin("an anonymous map", "import mmap\nreturn mmap.mmap(-1, 4096)[:2] == b'\\0\\0'")

FAMILIES = (trace, mount, apart, rule, young)
