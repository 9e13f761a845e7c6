"""Floods of output: 64 KiB are read, then the program ends."""

from __future__ import annotations

import textwrap

from hostile.case import CPU, DENIED, MEMORY, OUTPUT, WRONG, Family, Outcome, failed

flood = Family("flood of output", OUTPUT)
"""Every act stops by itself at 64 MB, should nothing stop it."""
for name, body in {
    "print": "for _ in range(1 << 16):\n    print('x' * 1024)",
    "one huge print": "print('x' * (64 << 20))",
    "os.write": "import os\nfor _ in range(1 << 10):\n    os.write(1, bytes(65536))",
    "errors": "import sys\nfor _ in range(1 << 16):\n    sys.stderr.write('x' * 1024)",
    "errors by os.write": "import os\nfor _ in range(1 << 10):\n    os.write(2, bytes(65536))",
    "both in turn": "import os\nfor i in range(1 << 16):\n    os.write(1 + i % 2, bytes(1024))",
    "the buffer": "import sys\nfor _ in range(1 << 10):\n    sys.stdout.buffer.write(bytes(65536))",
    "the first stream": "import sys\nfor _ in range(1 << 16):\n    sys.__stdout__.write('x' * 1024)",
    "single characters": "import os\nfor _ in range(1 << 20):\n    os.write(1, b'x')",
    "new lines only": "import os\nfor _ in range(1 << 12):\n    os.write(1, b'\\n' * 4096)",
    "bytes that are no text": "import os\nfor _ in range(1 << 10):\n    os.write(1, b'\\xff\\x00' * 32768)",
    "several at once": "import os\nfor _ in range(1 << 10):\n    os.writev(1, [bytes(4096)] * 16)",
    "a copied descriptor": "import os\nhandle = os.dup(1)\nfor _ in range(1 << 10):\n    os.write(handle, bytes(65536))",
    "a log": "import logging\nfor _ in range(1 << 14):\n    logging.error('x' * 4096)",
    "warnings": "import warnings\nfor i in range(1 << 14):\n    warnings.warn('x' * 4096 + str(i))",
    "tracebacks": """
        import sys, traceback
        def fall(n):
            return fall(n - 1) if n else 1 / 0
        for _ in range(1 << 10):
            try:
                fall(200)
            except ZeroDivisionError:
                traceback.print_exc(chain=True)
                sys.stderr.write("x" * 4096)
    """,
    "write of libc": """
        import ctypes
        room = ctypes.create_string_buffer(65536)
        for _ in range(1 << 10):
            ctypes.CDLL(None).write(1, room, 65536)
    """,
    "two threads": """
        import os, threading
        def pour(number):
            for _ in range(1 << 9):
                os.write(number, bytes(65536))
        workers = [threading.Thread(target=pour, args=(number,)) for number in (1, 2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    """,
    "a dump of frames": "import faulthandler, sys\nfor _ in range(1 << 16):\n    faulthandler.dump_traceback(2)",
    "pieces just under the limit": "import os\nfor _ in range(64):\n    os.write(1, bytes(65535))",
    "sent from a file": """
        import os
        with open("big", "wb") as file:
            file.write(bytes(1 << 20))
        handle = os.open("big", os.O_RDONLY)
        for _ in range(64):
            os.sendfile(1, handle, 0, 1 << 20)
    """,
}.items():
    more = [DENIED] if name in {"sent from a file", "a dump of frames"} else []
    flood.act(name, f"{textwrap.dedent(body).strip()}\nreturn True", OUTPUT, *more)
flood.act("a huge value returned", "return 'x' * (64 << 20)", OUTPUT, MEMORY, CPU, failed("too|large|long|limit|bytes"))
flood.act(
    "a huge message of an error",
    "raise ValueError('x' * (64 << 20))",
    OUTPUT,
    MEMORY,
    CPU,
    failed("ValueError|too|large|long|limit|bytes"),
)
flood.act(
    "a huge message of an error in the tests",
    "return 'x'",
    OUTPUT,
    MEMORY,
    failed("AssertionError: x"),
    tests="assert False, act() * (16 << 20)",
)
flood.hide("print", "in the tests", "while importing", "thread")
flood.hide("os.write", "in the tests", "subinterpreter", "finalizer")
flood.act(
    "a line, then another for ever",
    """
    import os, time
    while True:
        os.write(1, bytes(2048))
        time.sleep(0.01)
""",
)
flood.twin("some lines", "for i in range(100):\n    print(i)\nreturn True")
flood.twin("sixty thousand characters", "print('x' * 60_000)\nreturn True")

own = Family("inherited descriptors", WRONG)
own.act(
    "read what is there",
    """
    import fcntl, os
    found = b""
    for number in range(3, 64):
        try:
            fcntl.fcntl(number, fcntl.F_SETFL, fcntl.fcntl(number, fcntl.F_GETFL) | os.O_NONBLOCK)
            found += os.read(number, 4096)
        except OSError:
            pass
    return found
""",
    WRONG,
    Outcome("crashed", ""),
    DENIED,
    Outcome("timeout", " s"),
    failed(""),
)
own.act(
    "files among them",
    """
    import os, stat
    found = []
    for number in range(64):
        try:
            kind = os.fstat(number).st_mode
        except OSError:
            continue
        if stat.S_ISREG(kind) or stat.S_ISDIR(kind) or stat.S_ISBLK(kind):
            found.append(number)
    return found
""",
)
own.act(
    "sockets among them",
    """
    import os, stat
    return [n for n in range(64) if os.path.exists(f"/dev/fd/{n}") and stat.S_ISSOCK(os.fstat(n).st_mode)]
""",
)
own.act(
    "the null device only",
    """
    import os
    return os.read(0, 1)
""",
    WRONG,
    failed("OSError"),
)
own.act(
    "a folder among them",
    """
    import os
    for number in range(64):
        try:
            os.fchdir(number)
            return True
        except OSError:
            pass
    return False
""",
    WRONG,
    DENIED,
)
own.act(
    "positions and sizes",
    """
    import os
    moved = 0
    for number in range(3, 64):
        for change in (lambda n: os.lseek(n, 0, 0), lambda n: os.ftruncate(n, 0)):
            try:
                change(number)
                moved += 1
            except OSError:
                pass
    return moved
""",
    WRONG,
    DENIED,
)
own.act(
    "owners and modes",
    """
    import os
    changed = 0
    for number in range(64):
        for change in (lambda n: os.fchmod(n, 0o777), lambda n: os.fchown(n, 0, 0)):
            try:
                change(number)
                changed += 1
            except OSError:
                pass
    return changed
""",
    WRONG,
    DENIED,
    Outcome("blocked", r"^blocked: (fchmod|fchown)"),
)
own.act(
    "paths of descriptors",
    "import os\nreturn [os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')]",
    DENIED,
)
own.act(
    "what a new descriptor follows",
    """
    import os
    return len([n for n in range(os.dup(0), 3, -1) if os.isatty(n)])
""",
)
RUBBISH = (WRONG, Outcome("crashed", ""), Outcome("failed", ""), Outcome("timeout", " s"), OUTPUT, DENIED)
"""Whoever writes into the pipe to the tests, or closes it, ends his own program; in no case does he pass."""
for name, body in {
    "rubbish into all": "import os\nfor n in range(3, 64):\n    try:\n        os.write(n, b'rubbish' * 9)\n"
    "    except OSError:\n        pass\nreturn False",
    "all closed": "import os\nos.closerange(0, 64)\nreturn False",
    "all but one closed": "import os\nos.closerange(3, 64)\nreturn False",
    "all replaced": "import os\nr, w = os.pipe()\nfor n in range(3, 64):\n    os.dup2(w, n) if n not in (r, w) else 0\n"
    "return False",
    "zeros into all": "import os\nfor n in range(3, 64):\n    try:\n        os.write(n, bytes(4096))\n"
    "    except OSError:\n        pass\nreturn False",
    "all without waiting": "import os\nfor n in range(64):\n    try:\n        os.set_blocking(n, False)\n"
    "    except OSError:\n        pass\nreturn False",
}.items():
    own.act(name, body, *RUBBISH)
own.hide("files among them", "in the tests", "while importing", "subinterpreter")
own.hide("rubbish into all", "while importing", "thread")
own.twin(
    "a copy of one's own",
    """
    import os
    read, write = os.pipe()
    os.write(os.dup(write), b"mine")
    return os.read(os.dup(read), 4) == b"mine"
""",
)

FAMILIES = (flood, own)
