"""Time without end: loops, sleeps, signals ignored, patterns that explode."""

from __future__ import annotations

from hostile.case import CPU, DENIED, MEMORY, WALL, WRONG, Family, Outcome, blocked, failed

loop = Family("endless loop", CPU)
for name, body in {
    "while": "while True:\n    pass",
    "an iterator in C": "import itertools\nreturn any(itertools.repeat(0))",
    "a sum in C": "import itertools\nreturn sum(itertools.repeat(1)) > 0",
    "the largest of all numbers": "import itertools\nreturn max(itertools.count()) > 0",
    "a queue without places": "import collections, itertools\ncollections.deque(itertools.repeat(0), maxlen=0)",
    "a comparison": "class Odd:\n    def __eq__(self, other):\n        while True:\n            pass\nreturn Odd() in [1]",
    "exceptions caught": "while True:\n    try:\n        raise KeyError\n    except BaseException:\n        continue",
    "a generator": "def steps():\n    while True:\n        yield 0\nfor _ in steps():\n    pass",
    "membership": "import itertools\nreturn -1 in itertools.count()",
    "random until it fits": "import random\nwhile random.random() < 2:\n    pass",
    "iter with a mark": "for _ in iter(int, 1):\n    pass",
    "sorting by a lie": "import random\nwhile True:\n    sorted(range(1000), key=lambda _: random.random())",
    "a loop of the compiler": "while True:\n    compile('x = 1\\n' * 1000, '<inside>', 'exec')",
}.items():
    loop.act(name, body)
loop.act(
    "two threads",
    """
    import threading
    def spin():
        while True:
            pass
    for _ in range(2):
        threading.Thread(target=spin, daemon=True).start()
    spin()
""",
)
loop.act(
    "collections of rubbish",
    """
    import gc
    kept = [[] for _ in range(200_000)]
    while True:
        gc.collect()
""",
)
loop.act(
    "a finalizer that revives",
    """
    class Phoenix:
        def __del__(self):
            while True:
                pass
    Phoenix()
    return True
""",
)
loop.hide("while", "in the tests", "while importing", "subinterpreter", "thread")
loop.twin("a hundred thousand steps", "return sum(1 for _ in range(100_000)) == 100_000")

sleep = Family("sleep", WALL, seconds=1)
for name, body in {
    "time.sleep": "import time\ntime.sleep(10_000)\nreturn True",
    "an event": "import threading\nreturn threading.Event().wait()",
    "select": "import select\nselect.select([], [], [])\nreturn True",
    "a lock held twice": "import threading\nlock = threading.Lock()\nlock.acquire()\nreturn lock.acquire()",
    "two locks crosswise": """
        import threading
        one, other, met = threading.Lock(), threading.Lock(), threading.Barrier(2)
        def take(first, second):
            with first:
                met.wait()
                with second:
                    pass
        worker = threading.Thread(target=take, args=(one, other))
        worker.start()
        take(other, one)
        return True
    """,
    "a pipe of one's own": "import os\nreturn os.read(os.pipe()[0], 1)",
    "an empty queue": "import queue\nreturn queue.Queue().get()",
    "asyncio": "import asyncio\nasyncio.run(asyncio.sleep(10_000))\nreturn True",
    "a thread that never ends": """
        import threading, time
        worker = threading.Thread(target=time.sleep, args=(10_000,))
        worker.start()
        worker.join()
        return True
    """,
    "a thread that is left behind": """
        import threading, time
        threading.Thread(target=time.sleep, args=(10_000,)).start()
        return False
    """,
    "many short sleeps": "import time\nwhile True:\n    time.sleep(0.01)",
    "sleep of libc": "import ctypes\nctypes.CDLL(None).sleep(10_000)\nreturn True",
}.items():
    sleep.act(name, body, WALL, *([WRONG] if "left behind" in name else []))
WAITING = blocked("pause|rt_sigtimedwait|rt_sigsuspend|flock|fcntl|mknodat")
sleep.act("a signal that never comes", "import signal\nsignal.pause()\nreturn True", WALL, WAITING, DENIED)
sleep.act("a signal awaited", "import signal\nsignal.sigwait([signal.SIGUSR1])\nreturn True", WALL, WAITING, DENIED)
sleep.act("a pipe with a name", "import os\nos.mkfifo('own')\nopen('own').read()\nreturn True", WALL, WAITING, DENIED)
sleep.act(
    "a lock of a file",
    """
    import fcntl
    kept = [open("own", "w"), open("own", "w")]
    for file in kept:
        fcntl.flock(file, fcntl.LOCK_EX)
    return True
""",
    WALL,
    WAITING,
    DENIED,
)
sleep.act("input", "return input()", failed("EOFError|OSError"), WALL)
sleep.hide("time.sleep", "in the tests", "while importing", "subinterpreter", "signal handler")
sleep.twin("a short sleep", "import time\ntime.sleep(0.01)\nreturn True")

deaf = Family("signals ignored", CPU, WALL)
for number in ("SIGTERM", "SIGXCPU", "SIGALRM", "SIGINT", "SIGHUP"):
    deaf.act(
        f"{number}, then a loop",
        f"""
        import signal
        signal.signal(signal.{number}, signal.SIG_IGN)
        while True:
            pass
    """,
    )
deaf.act(
    "all of them",
    """
    import signal
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, 32, 33}:
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        pass
""",
)
deaf.act(
    "all of them blocked",
    """
    import signal
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while True:
        pass
""",
)
deaf.act(
    "a handler that goes on",
    """
    import signal
    signal.signal(signal.SIGXCPU, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: None)
    while True:
        pass
""",
)
deaf.act(
    "every exception caught",
    """
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
""",
)
deaf.act(
    "more processor time wanted",
    """
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, (3600, 3600))
    while True:
        pass
""",
    failed("ValueError: not allowed to raise maximum limit"),
    DENIED,
    blocked("setrlimit|prlimit64"),
    CPU,
)
deaf.act(
    "a soft limit raised to the hard one",
    """
    import resource
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))
    while True:
        pass
""",
    CPU,
    WALL,
    DENIED,
    blocked("setrlimit|prlimit64"),
)
deaf.act(
    "stopped",
    "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nreturn True",
    WALL,
    DENIED,
    Outcome("crashed", "SIGSTOP|signal"),
    blocked("kill"),
    seconds=1,
)
deaf.act(
    "an end that is put off",
    """
    import atexit, time
    atexit.register(time.sleep, 10_000)
    return False
""",
    WRONG,
    WALL,
    seconds=1,
)
deaf.act(
    "the clock of the process",
    "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.01)\nwhile True:\n    pass",
    CPU,
    Outcome("crashed", "SIGALRM|signal"),
)
deaf.hide("SIGXCPU, then a loop", "in the tests", "while importing")
deaf.hide("all of them", "in the tests")
deaf.twin(
    "a handler of one's own",
    """
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.raise_signal(signal.SIGTERM)
    return True
""",
)

pattern = Family("catastrophic pattern", CPU)
for name, (expression, text) in {
    "nested repeats": ("(a+)+$", "'a' * 40 + 'b'"),
    "alternatives": ("(a|aa)+$", "'a' * 60 + 'b'"),
    "anything, twice": ("(.*)*x$", "'a' * 40"),
    "words": ("^(\\\\w+\\\\s?)*$", "'word ' * 20 + '!'"),
    "three levels": ("((a*)*)*b", "'a' * 40"),
    "optional": ("(x+x+)+y", "'x' * 40"),
    "an address": ("^([a-zA-Z0-9])(([\\\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+$", "'a' * 40 + '!'"),
    "a look ahead": ("(?=(a+)+$)b", "'a' * 40 + 'c'"),
}.items():
    pattern.act(name, f'import re\nreturn re.search("{expression}", {text}) is None')
pattern.act("a replacement", "import re\nreturn re.sub('(a+)+$', '', 'a' * 40 + 'b') != ''")
pattern.act("a division", "import re\nreturn re.split('(a+)+$', 'a' * 40 + 'b') != []")
pattern.act("a back reference", "import re\nreturn re.match(r'(a*)*\\1*b', 'a' * 40) is None")
pattern.act(
    "a pattern of a megabyte", "import re\nreturn re.compile('(' + 'a?' * 500_000 + ')') is not None", CPU, MEMORY
)
pattern.act("a path", "import pathlib, re\nreturn re.match(r'^(/?[^/]+)+/$', 'a/' * 30 + 'a' * 30 + '!') is None")
pattern.act(
    "differences of texts",
    """
    import difflib
    return difflib.SequenceMatcher(None, "ab" * 20_000, "ba" * 20_000, False).ratio() < 2
""",
    CPU,
)
pattern.act("a tokenizer", "import re\nreturn list(re.Scanner([('(a+)+$', None)]).scan('a' * 40 + 'b')) != []")
pattern.hide("nested repeats", "in the tests", "while importing", "thread")
pattern.twin("a plain pattern", "import re\nreturn re.fullmatch('a+b', 'aab') is not None")

FAMILIES = (loop, sleep, deaf, pattern)
