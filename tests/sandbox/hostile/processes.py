"""New processes, programs, signals to others, and threads without end."""

from __future__ import annotations

from hostile.case import DENIED, MEMORY, UNKNOWN_CALL, WRONG, Family, Outcome, blocked, failed

NEW_PROCESS = blocked("fork|vfork|clone|clone3")

fork = Family("fork bomb", NEW_PROCESS)
fork.act("os.fork", "import os\nreturn os.fork() >= 0")
fork.act(
    "two hundred forks",
    """
    import os, time
    for _ in range(200):
        if os.fork() == 0:
            time.sleep(2)
            os._exit(0)
    return True
""",
)
fork.act("posix.fork", "import posix\nreturn posix.fork() >= 0")
fork.act("os.forkpty", "import os\nreturn os.forkpty()[0] >= 0", NEW_PROCESS, DENIED, WRONG, failed("OSError"))
fork.act("fork of libc", "import ctypes\nreturn ctypes.CDLL(None).fork() >= 0")
fork.act("fork by number", "return raw(@NR:fork@) >= 0")
fork.act("vfork by number", "return raw(@NR:vfork@) >= 0")
fork.act("clone with SIGCHLD", "return raw(@NR:clone@, 17, 0, 0, 0, 0) >= 0")
fork.act("clone that shares memory but is no thread", "return raw(@NR:clone@, 0x100 | 17, 0, 0, 0, 0) >= 0")
fork.act("clone as a child of the parent", "return raw(@NR:clone@, 0x8000 | 17, 0, 0, 0, 0) >= 0")
fork.act("clone into a new pid namespace", "return raw(@NR:clone@, 0x20000000 | 17, 0, 0, 0, 0) >= 0")
fork.act(
    "clone3",
    """
    import ctypes
    wanted = (ctypes.c_uint64 * 11)(0, 0, 0, 0, 17)
    return raw(@NR:clone3@, ctypes.byref(wanted), ctypes.c_size_t(88)) >= 0
""",
    NEW_PROCESS,
    UNKNOWN_CALL,
)
fork.act(
    "multiprocessing.Process",
    """
    import multiprocessing
    child = multiprocessing.get_context("fork").Process(target=print)
    child.start()
    return child.pid > 0
""",
)
fork.act(
    "a pool of processes",
    """
    from concurrent.futures import ProcessPoolExecutor
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(abs, [-1])) == [1]
""",
    NEW_PROCESS,
    DENIED,
    failed("OSError|ImportError|FileNotFoundError|Error"),
)
fork.hide("os.fork", "thread", "finalizer", "in the tests", "while importing", "marshal")
fork.hide("fork by number", "ctypes callback", "rot13", "subinterpreter")
fork.twin("asking for one's own number", "import os\nreturn os.getpid() > 0")

daemon = Family("daemon", NEW_PROCESS)
daemon.act(
    "double fork",
    """
    import os, time
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(2)
            open(@DIR@ + "/daemon", "w").close()
        os._exit(0)
    return True
""",
)
daemon.act("daemon of libc", "import ctypes\nreturn ctypes.CDLL(None).daemon(1, 0) == 0")
daemon.act(
    "a process in a session of its own",
    """
    import subprocess
    return subprocess.Popen(["/bin/sleep", "2"], start_new_session=True).pid > 0
""",
)
daemon.act(
    "posix_spawn",
    """
    import os
    return os.posix_spawn("/bin/sleep", ["sleep", "2"], {}) > 0
""",
)
daemon.act(
    "setsid alone",
    """
    import os
    return os.setsid() > 0
""",
    DENIED,
)
daemon.act(
    "a process group of one's own",
    """
    import os
    os.setpgid(0, 0)
    return True
""",
    DENIED,
)
daemon.act(
    "adoption of orphans",
    """
    import os
    raw(@NR:prctl@, 36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    return os.fork() >= 0
""",
    NEW_PROCESS,
    DENIED,
    failed("OSError"),
)
daemon.act(
    "a daemonic process",
    """
    import multiprocessing
    child = multiprocessing.get_context("fork").Process(target=print, daemon=True)
    child.start()
    return child.pid > 0
""",
)
daemon.act(
    "the fork server",
    """
    import multiprocessing
    child = multiprocessing.get_context("forkserver").Process(target=print)
    child.start()
    return child.pid > 0
""",
    NEW_PROCESS,
    DENIED,
    blocked("socket|bind|socketpair|connect"),
    failed("Error"),
)
daemon.hide("double fork", "thread", "audit hook", "while importing", "base64")
daemon.hide("posix_spawn", "coroutine", "in the tests")
daemon.twin(
    "a daemonic thread that ends",
    """
    import threading
    worker = threading.Thread(target=len, args=("",), daemon=True)
    worker.start()
    worker.join()
    return True
""",
)

COUNTED = Outcome("memory", r"^more than \d+ threads")
TOO_MANY_THREADS = failed("RuntimeError: can't (start new|allocate).*|can't start new thread|OSError")
threads = Family("5,000 threads", TOO_MANY_THREADS, MEMORY, COUNTED, Outcome("timeout", " s"), seconds=4)
threads.act(
    "threading.Thread",
    """
    import threading, time
    for _ in range(5000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return threading.active_count() > 4000
""",
)
threads.act(
    "_thread.start_new_thread",
    """
    import _thread, time
    for _ in range(5000):
        _thread.start_new_thread(time.sleep, (60,))
    return _thread._count() > 4000
""",
)
threads.act(
    "small stacks",
    """
    import threading, time
    threading.stack_size(32768)
    for _ in range(5000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return threading.active_count() > 4000
""",
)
threads.act(
    "timers",
    """
    import threading
    for _ in range(5000):
        timer = threading.Timer(60, print)
        timer.daemon = True
        timer.start()
    return threading.active_count() > 4000
""",
)
threads.act(
    "a pool of threads",
    """
    from concurrent.futures import ThreadPoolExecutor
    import threading, time
    pool = ThreadPoolExecutor(5000)
    for _ in range(5000):
        pool.submit(time.sleep, 60)
    return threading.active_count() > 4000
""",
)
threads.act(
    "threads that start threads",
    """
    import threading, time
    def grow(depth):
        if depth:
            for _ in range(2):
                threading.Thread(target=grow, args=(depth - 1,), daemon=True).start()
        time.sleep(60)
    threading.Thread(target=grow, args=(12,), daemon=True).start()
    end = time.monotonic() + 20
    while threading.active_count() < 4000 and time.monotonic() < end:
        time.sleep(0.05)
    return threading.active_count() > 4000
""",
    TOO_MANY_THREADS,
    MEMORY,
    WRONG,
    COUNTED,
    Outcome("timeout", " s"),
    seconds=2,
)
threads.act(
    "threads of libc",
    """
    import ctypes
    libc = ctypes.CDLL(None)
    made = 0
    for _ in range(5000):
        number = ctypes.c_ulong()
        made += libc.pthread_create(ctypes.byref(number), None, ctypes.cast(libc.pause, ctypes.c_void_p), None) == 0
    return made > 4000
""",
    WRONG,
    TOO_MANY_THREADS,
    MEMORY,
    COUNTED,
)
threads.act(
    "the smallest stacks",
    """
    import ctypes
    libc = ctypes.CDLL(None)
    attributes = ctypes.create_string_buffer(64)
    libc.pthread_attr_init(attributes)
    libc.pthread_attr_setstacksize(attributes, ctypes.c_size_t(16384))
    made, pause = 0, ctypes.cast(libc.pause, ctypes.c_void_p)
    for _ in range(8000):
        number = ctypes.c_ulong()
        made += libc.pthread_create(ctypes.byref(number), attributes, pause, None) == 0
    print(made)
    return made > 4000
""",
    WRONG,
    TOO_MANY_THREADS,
    MEMORY,
    COUNTED,
    Outcome("crashed", ""),
    Outcome("timeout", " s"),
)
threads.act(
    "a shell of interpreters",
    """
    import _xxsubinterpreters as interpreters
    for _ in range(2000):
        interpreters.create()
    return True
""",
    MEMORY,
    TOO_MANY_THREADS,
    failed("RuntimeError|Error"),
    Outcome("timeout", " s"),
    Outcome("crashed", ""),
)
threads.hide("threading.Thread", "in the tests", "while importing", "subinterpreter", more=[failed("AssertionError")])
threads.twin(
    "four threads at work",
    """
    import threading
    done = []
    workers = [threading.Thread(target=done.append, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sorted(done) == [0, 1, 2, 3]
""",
)

FAMILIES = (fork, daemon, threads)
