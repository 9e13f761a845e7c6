"""Signals to other processes, and other programs."""

from __future__ import annotations

from hostile.case import DENIED, UNKNOWN_CALL, WRONG, Family, blocked, failed

KILLED = blocked("kill|tkill|tgkill|rt_sigqueueinfo|rt_tgsigqueueinfo|pidfd_open|pidfd_send_signal")
kill = Family("signals to others", KILLED, DENIED, failed("ProcessLookupError"))
kill.act("the decoy", "import os\nos.kill(@DECOY@, 9)\nreturn True")
kill.act("the parent", "import os\nos.kill(os.getppid(), 9)\nreturn True", KILLED, DENIED)
kill.act("the process that runs the tests of this project", "import os\nos.kill(@PARENT@, 0)\nreturn True")
kill.act(
    "everybody",
    "import os\nos.kill(-1, 9)\nreturn True",
    KILLED,
    DENIED,
    probe="import os\nos.kill(-1, 0)\nreturn True",
)
kill.act("everybody, politely", "import os\nos.kill(-1, 0)\nreturn True", KILLED, DENIED)
kill.act("one's own group", "import os\nos.killpg(0, 9)\nreturn True", KILLED, DENIED)
kill.act("the group by number", "import os\nos.kill(0, 15)\nreturn True", KILLED, DENIED)
kill.act("the first process", "import os\nos.kill(1, 0)\nreturn True", KILLED, DENIED)
kill.act(
    "all numbers nearby",
    """
    import os
    me, hit = os.getpid(), 0
    for other in range(max(2, me - 40), me + 40):
        if other != me:
            try:
                os.kill(other, 0)
                hit += 1
            except ProcessLookupError:
                pass
    return hit > 0
""",
    KILLED,
    DENIED,
    WRONG,
)
kill.act("kill by number", "raw(@NR:kill@, @DECOY@, 9)\nreturn True")
kill.act("tgkill by number", "raw(@NR:tgkill@, @DECOY@, @DECOY@, 9)\nreturn True")
kill.act("tkill by number", "raw(@NR:tkill@, @DECOY@, 9)\nreturn True", KILLED, DENIED, UNKNOWN_CALL)
kill.act(
    "a queued signal",
    """
    import ctypes
    info = (ctypes.c_int * 32)(9, 0, -1)
    raw(@NR:rt_sigqueueinfo@, @DECOY@, 9, ctypes.byref(info))
    return True
""",
    KILLED,
    DENIED,
    UNKNOWN_CALL,
)
kill.act(
    "a process descriptor",
    """
    import os, signal
    signal.pidfd_send_signal(os.pidfd_open(@DECOY@), signal.SIGKILL)
    return True
""",
    KILLED,
    DENIED,
    UNKNOWN_CALL,
)
kill.act(
    "a pipe's owner gets the signal",
    """
    import fcntl, os, time
    read, write = os.pipe()
    fcntl.fcntl(read, fcntl.F_SETOWN, @DECOY@)
    fcntl.fcntl(read, 10, 9)  # F_SETSIG, SIGKILL
    fcntl.fcntl(read, fcntl.F_SETFL, fcntl.fcntl(read, fcntl.F_GETFL) | os.O_ASYNC)
    os.write(write, b"x")
    time.sleep(0.1)
    return False  # who was hit is seen from outside
""",
    WRONG,
    DENIED,
    blocked("fcntl"),
    failed("ProcessLookupError|OSError"),
)
kill.hide("the decoy", "thread", "signal handler", "in the tests", "subinterpreter", "pickle")
kill.hide("everybody", "in the tests", "while importing")
kill.twin(
    "a signal to oneself",
    """
    import signal
    seen = []
    signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
    signal.raise_signal(signal.SIGUSR1)
    return seen == [1]
""",
)

NEW_PROGRAM = blocked("fork|vfork|clone|clone3|execve|execveat")
shell = Family("shell", NEW_PROGRAM)
shell.act("os.system", "import os\nreturn os.system('touch ' + @DIR@ + '/shell') == 0", NEW_PROGRAM, WRONG)
shell.act("posix.system", "import posix\nreturn posix.system('true') == 0", NEW_PROGRAM, WRONG)
shell.act("os.popen", "import os\nreturn os.popen('echo harm').read() == 'harm\\n'")
shell.act(
    "subprocess through the shell",
    """
    import subprocess
    return subprocess.run("echo harm", shell=True, capture_output=True).stdout == b"harm\\n"
""",
)
shell.act(
    "subprocess by vfork",
    """
    import subprocess
    return subprocess.run(["/bin/true"], close_fds=False).returncode == 0
""",
)
shell.act(
    "check_output of Python itself",
    """
    import subprocess, sys
    return subprocess.check_output([sys.executable or "/usr/bin/python3", "-c", "print(1)"]) == b"1\\n"
""",
)
shell.act("execv", "import os\nos.execv('/bin/true', ['true'])")
shell.act(
    "execve by number",
    """
    import ctypes
    raw(@NR:execve@, b"/bin/true", (ctypes.c_char_p * 2)(b"true", None), None)
    return True
""",
)
shell.act(
    "execveat",
    """
    import ctypes, os
    raw(@NR:execveat@, -100, b"/bin/true", (ctypes.c_char_p * 2)(b"true", None), None, 0)
    return True
""",
)
shell.act(
    "a program written by oneself",
    """
    import os
    with open("own", "wb") as file:
        file.write(b"#!/bin/sh\\ntouch harm\\n")
    os.execv("./own", ["own"])
""",
)
shell.act(
    "the loader as a program",
    """
    import glob, os
    os.execv("/lib64/ld-linux-x86-64.so.2", ["ld.so", "/bin/true"])
""",
)
shell.act("system of libc", "import ctypes\nreturn ctypes.CDLL(None).system(b'true') == 0", NEW_PROGRAM, WRONG)
shell.act("popen of libc", "import ctypes\nreturn bool(ctypes.CDLL(None).popen(b'true', b'r'))", NEW_PROGRAM, WRONG)
shell.act("pty.spawn", "import pty\nreturn pty.spawn('/bin/true') == 0", NEW_PROGRAM, DENIED, failed("OSError"))
shell.act(
    "asyncio",
    """
    import asyncio
    async def main():
        child = await asyncio.create_subprocess_exec("/bin/true")
        return await child.wait()
    return asyncio.run(main()) == 0
""",
)
shell.act(
    "os through the classes that are loaded",
    """
    for kind in object.__subclasses__():
        if kind.__name__ == "_wrap_close":
            return kind.__init__.__globals__["system"]("true") == 0
    import importlib
    return getattr(importlib.import_module("o" + "s"), "sys" + "tem")("true") == 0
""",
    NEW_PROGRAM,
    WRONG,
)
shell.act(
    "the browser", "import webbrowser\nreturn webbrowser.open(f'http://127.0.0.1:{@TCP@}')", NEW_PROGRAM, WRONG, DENIED
)
shell.act("a search for a library", "import ctypes.util\nreturn bool(ctypes.util.find_library('c'))")
shell.hide("os.system", "thread", "base64", "codec", "import hook", "in the tests", "embedded")
shell.twin("quoting for a shell", "import shlex\nreturn shlex.quote('a b') == \"'a b'\"")
shell.twin("ctypes calls a function", "import ctypes\nreturn ctypes.CDLL(None).abs(-3) == 3")

FAMILIES = (kill, shell)
