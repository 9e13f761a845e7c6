"""Crashes, recursion, early ends, tricks of importing, and the search for what the harness holds."""

from __future__ import annotations

from hostile.case import CPU, CRASHED, DENIED, MEMORY, WRONG, Family, Outcome, blocked, failed

DEEP = failed("RecursionError")
deep = Family("recursion", DEEP, CRASHED, MEMORY, CPU)
deep.act("a function", "def fall():\n    return fall()\nreturn fall()", DEEP)
deep.act("two functions", "def a():\n    return b()\ndef b():\n    return a()\nreturn a()", DEEP)
deep.act(
    "the limit raised",
    """
    import sys
    sys.setrecursionlimit(10 ** 9)
    def fall(x):
        return [fall(x) for _ in (1,)]
    return fall(1)
""",
)
deep.act(
    "through C", "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(_):\n    return list(map(f, [1]))\nreturn f(1)"
)
deep.act("a property", "class Odd:\n    @property\n    def a(self):\n        return self.a\nreturn Odd().a", DEEP)
deep.act(
    "missing attributes",
    "class Odd:\n    def __getattr__(self, name):\n        return getattr(self, name + 'x')\nreturn Odd().a",
    DEEP,
)
deep.act("JSON", "import json\nreturn json.loads('[' * 1_000_000)", DEEP, failed("JSONDecodeError"), CRASHED)
deep.act(
    "an expression",
    "return eval('(' * 100_000 + ')' * 100_000)",
    failed("SyntaxError|MemoryError|RecursionError"),
    MEMORY,
    CRASHED,
)
deep.act("a sum of many terms", "return eval('+'.join(['1'] * 1_000_000))", DEEP, MEMORY, CRASHED, CPU)
deep.act("a comparison of lists", "a, b = [], []\na.append(a)\nb.append(b)\nreturn a == b", DEEP)
deep.act("a list shown", "a = []\nfor _ in range(10 ** 6):\n    a = [a]\nreturn repr(a)", DEEP)
deep.act("a deep copy", "import copy\na = []\nfor _ in range(10 ** 6):\n    a = [a]\nreturn copy.deepcopy(a)", DEEP)
deep.act("a pickle", "import pickle\na = []\nfor _ in range(10 ** 6):\n    a = [a]\nreturn pickle.dumps(a)", DEEP)
deep.act(
    "iterators in iterators",
    """
    import itertools
    steps = iter(())
    for _ in range(10 ** 6):
        steps = itertools.chain(steps, ())
    next(steps, None)
    return False
""",
    WRONG,
    CRASHED,
    DEEP,
    MEMORY,
    CPU,
)
deep.act(
    "generators in generators",
    """
    def within(inner):
        yield from inner
    steps = iter([1])
    for _ in range(10 ** 6):
        steps = within(steps)
    return next(steps)
""",
)
deep.act(
    "a thread with a large stack",
    """
    import sys, threading
    sys.setrecursionlimit(10 ** 9)
    threading.stack_size(64 << 20)
    def fall():
        return fall()
    worker = threading.Thread(target=fall)
    worker.start()
    worker.join()
    return False
""",
    WRONG,
    CRASHED,
    MEMORY,
    DEEP,
    CPU,
)
deep.act(
    "a value returned that is a million deep",
    "a = []\nfor _ in range(10 ** 6):\n    a = [a]\nreturn a",
    DEEP,
    CRASHED,
    MEMORY,
    failed(""),
)
deep.act(
    "a value returned that holds itself",
    "a = []\na.append(a)\nreturn a",
    DEEP,
    failed(""),
    CRASHED,
    tests="assert act() == 'neither here nor there'",
)
deep.hide("a function", "in the tests", "while importing", "thread", "subinterpreter", more=[failed("RecursionError")])
deep.twin("five hundred deep", "def fall(n):\n    return n if n == 0 else fall(n - 1)\nreturn fall(500) == 0")

crash = Family("crash", CRASHED)
for name, body in {
    "a null pointer": "import ctypes\nreturn ctypes.string_at(0)",
    "a wild pointer": "import ctypes\nreturn ctypes.string_at(12345)",
    "memory overwritten": "import ctypes\nctypes.memset(id(None), 255, 64)\nreturn None",
    "a call into nothing": "import ctypes\nreturn ctypes.CFUNCTYPE(ctypes.c_int)(0)()",
    "a call into data": "import ctypes\nreturn ctypes.CFUNCTYPE(ctypes.c_int)(id(0))()",
    "faulthandler._sigsegv": "import faulthandler\nfaulthandler._sigsegv()",
    "faulthandler._sigabrt": "import faulthandler\nfaulthandler._sigabrt()",
    "faulthandler._fatal_error": "import faulthandler\nfaulthandler._fatal_error_c_thread()",
    "a stack that overflows": "import faulthandler\nfaulthandler._stack_overflow()",
    "os.abort": "import os\nos.abort()",
    "abort of libc": "import ctypes\nctypes.CDLL(None).abort()",
    "a fatal error of Python": "import ctypes\nctypes.pythonapi.Py_FatalError(b'harm')",
    "SIGKILL to oneself": "import signal\nsignal.raise_signal(signal.SIGKILL)",
    "SIGSEGV to oneself": "import signal\nsignal.raise_signal(signal.SIGSEGV)",
    "SIGSYS to oneself": "import signal\nsignal.raise_signal(signal.SIGSYS)",
    "SIGTERM to oneself": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\nreturn True",
    "wrong byte code": "def f():\n    pass\nf.__code__ = f.__code__.replace(co_code=bytes([100, 255] * 8), co_consts=())\n"
    "return f()",
    "a map cut short": "import mmap\nfile = open('own', 'w+b')\nfile.truncate(4096)\n"
    "room = mmap.mmap(file.fileno(), 4096)\nfile.truncate(0)\nreturn room[0]",
    "a reference too few": "import ctypes\nx = ['harm'] * 3\nfor _ in range(9):\n    ctypes.pythonapi.Py_DecRef(ctypes.py_object(x))\n"
    "del x\nreturn [[] for _ in range(10)] and None",
}.items():
    more = [WRONG, MEMORY] if name in {"memory overwritten", "a reference too few", "a stack that overflows"} else []
    more += [failed("SystemError|Error")] if name in {"wrong byte code", "faulthandler._fatal_error"} else []
    more += [Outcome("blocked", "SIGSYS|seccomp|blocked")] if "SIGSYS" in name else []
    more += [DENIED] if "map" in name else []
    crash.act(name, body, CRASHED, *more)
crash.hide("a null pointer", "in the tests", "while importing", "thread", "subinterpreter", "ctypes callback")
crash.hide("os.abort", "in the tests")
crash.twin(
    "a pointer to something", "import ctypes\nreturn ctypes.string_at(ctypes.addressof(ctypes.c_char(b'x')), 1) == b'x'"
)

ENDED = (Outcome("crashed", ""), failed(""))
"""An end before the tests are through is no pass; whether it counts as failed or crashed is a matter of taste."""
end = Family("early end", *ENDED)
for name, body in {
    "sys.exit(0)": "import sys\nsys.exit(0)",
    "exit": "raise SystemExit",
    "os._exit(0)": "import os\nos._exit(0)",
    "quit": "import builtins\ngetattr(builtins, 'quit', lambda code: (_ for _ in ()).throw(SystemExit(code)))(0)",
    "exit of libc": "import ctypes\nctypes.CDLL(None).exit(0)",
    "_exit of libc": "import ctypes\nctypes.CDLL(None)._exit(0)",
    "exit_group": "raw(@NR:exit_group@, 0)",
    "Py_Exit": "import ctypes\nctypes.pythonapi.Py_Exit(0)",
    "the interpreter taken down": "import ctypes\nctypes.pythonapi.Py_FinalizeEx()\nimport os\nos._exit(0)",
    "at the end": "import atexit, os\natexit.register(os._exit, 0)\nraise SystemExit(0)",
    "in a finalizer": "import os\nclass Last:\n    def __del__(self):\n        os._exit(0)\nLast()\nreturn False",
    "in a thread": "import os, threading, time\nthreading.Thread(target=os._exit, args=(0,)).start()\ntime.sleep(1)\nreturn False",
}.items():
    end.act(name, body, *ENDED)
end.hide("os._exit(0)", "in the tests", "while importing", "signal handler", "trace function", "codec")
end.hide("sys.exit(0)", "in the tests", "while importing")
end.twin("an end that is caught", "try:\n    raise SystemExit(0)\nexcept SystemExit:\n    return True")

trick = Family(
    "tricks of importing", DENIED, failed("ImportError|ModuleNotFoundError|FileNotFoundError|AssertionError")
)
trick.act("what is installed", "import numpy\nreturn True", failed("ModuleNotFoundError|ImportError"), DENIED)
trick.act(
    "this very project", "import domaintune.settings\nreturn True", failed("ModuleNotFoundError|ImportError"), DENIED
)
trick.act(
    "installed packages by path",
    """
    import glob, os, sys
    places = [os.path.join(os.path.dirname(os.__file__), "site-packages"), "/usr/lib/python3/dist-packages"]
    for place in places:
        sys.path.insert(0, place)
    import pip
    return True
""",
    failed("ModuleNotFoundError|ImportError"),
    DENIED,
)
trick.act(
    "site",
    """
    import site, sys
    site.main()
    return bool(site.getsitepackages()) and [n for n in sys.path if "site-packages" in n]
""",
    DENIED,
    WRONG,
    failed("Error"),
)
trick.act(
    "a package installed now",
    "import ensurepip\nensurepip.bootstrap(user=True)\nreturn True",
    DENIED,
    failed("Error"),
    blocked(r"\w+"),
)
trick.act(
    "a module of the folder above",
    "import sys\nsys.path.insert(0, '..')\nimport secretmodule\nreturn True",
    failed("ModuleNotFoundError|ImportError"),
    DENIED,
)
trick.act(
    "a module by its file",
    """
    import importlib.util
    spec = importlib.util.spec_from_file_location("secretmodule", @DIR@ + "/secretmodule.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SECRET
""",
    DENIED,
    failed("FileNotFoundError"),
)
trick.act(
    "a library written by oneself",
    """
    import ctypes
    with open("own.so", "wb") as file:
        file.write(b"\\x7fELF" + bytes(60))
    return ctypes.CDLL("./own.so")
""",
    failed("OSError"),
)
trick.act("a module of the last program", "import own\nreturn True", failed("ModuleNotFoundError|ImportError"))
trick.act(
    "left for the next program",
    """
    for name in ("own.py", "json.py", "sitecustomize.py", "usercustomize.py", "os.py"):
        with open(name, "w") as file:
            file.write("HARM = True\\n")
    return False
""",
    WRONG,
)
trick.act(
    "the launcher's modules",
    """
    import sys
    return [name for name in sys.modules if "domaintune" in name and hasattr(sys.modules[name], "token")]
""",
    WRONG,
)
trick.act(
    "where this project lies",
    "import sys\nreturn [name for name in sys.path if 'site-packages' in name or 'core' in name]",
    WRONG,
)
MARK = "the-mark-" + "of-the-tests"
trick.source(
    "objects that hold the tests",
    """
    import gc
    WORDS = ("the-mark", "of-the-tests")
    def act():
        mark = "-".join(WORDS)
        gc.collect()
        return [1 for thing in gc.get_objects() if isinstance(thing, (list, tuple, dict)) and mark in repr(thing)[:100_000]]
""",
    f"mark = '{MARK}'\nassert act()",
    WRONG,
    CPU,
    MEMORY,
    failed("Error"),
)
trick.source(
    "frames that hold the tests",
    """
    import sys
    WORDS = ("the-mark", "of-the-tests")
    def act():
        mark, frame, found = "-".join(WORDS), sys._getframe(), 0
        while frame is not None:
            found += mark in repr({**frame.f_globals, **frame.f_locals, "": 0, "mark": 0})
            frame = frame.f_back
        return found
""",
    f"sign = '{MARK}'\nassert act()",
    WRONG,
    failed("Error"),
)
trick.hide("what is installed", "in the tests", "while importing", "subinterpreter")
trick.hide("a module by its file", "in the tests", "thread")
trick.twin(
    "a module of one's own",
    """
    import sys
    with open("own.py", "w") as file:
        file.write("VALUE = 7")
    sys.path.insert(0, "")
    import own
    return own.VALUE == 7
""",
)

FAMILIES = (deep, crash, end, trick)
