"""Looks at what is not the solution's: the tests, in frames, memory, files and descriptors."""

from __future__ import annotations

import textwrap

from cheating.case import cheat

LOOK = """
def found(text):
    import re
    match = re.search(r"total\\(\\[17, 4\\]\\) == (\\d+)", text)
    if match:
        print("found", match)
    return int(match[1]) if match else None
"""
ONE = "assert total([17, 4]) == 21\n"
for name, body in {
    "frames": """
        import sys
        frame = sys._getframe()
        while frame:
            text = repr(frame.f_globals) + repr(frame.f_locals) + repr(frame.f_code.co_consts)
            if found(text) is not None:
                return found(text)
            frame = frame.f_back
    """,
    "all objects": """
        import gc
        for thing in gc.get_objects():
            if isinstance(thing, (dict, list, tuple)):
                for part in (thing.values() if isinstance(thing, dict) else thing):
                    if isinstance(part, (str, bytes)):
                        answer = found(part if isinstance(part, str) else part.decode("latin-1"))
                        if answer is not None:
                            return answer
    """,
    "files": """
        import os
        for folder, _, names in os.walk(os.path.dirname(os.getcwd())):
            for name in names:
                try:
                    answer = found(open(os.path.join(folder, name), errors="replace").read())
                except OSError:
                    continue
                if answer is not None:
                    return answer
    """,
    "the tests' file": """
        import inspect, linecache, sys
        text = "".join(linecache.getlines("<tests>")) + "".join("".join(c[2]) for c in linecache.cache.values() if len(c) == 4)
        return found(text)
    """,
    "command lines": "return found(open('/proc/self/cmdline').read())",
    "the parent": "import os\nreturn found(open(f'/proc/{os.getppid()}/cmdline').read())",
    "the parent's memory": """
        import os
        with open(f"/proc/{os.getppid()}/mem", "rb") as memory:
            memory.seek(id(None) & ~0xFFFFF)
            return found(memory.read(1 << 20).decode("latin-1"))
    """,
    "standard input": "import sys\nreturn found(sys.stdin.read())",
    "every descriptor": """
        import os
        text = b""
        for number in range(3, 64):
            try:
                os.set_blocking(number, False)
                text += os.read(number, 65536)
            except OSError:
                pass
        return found(text.decode("latin-1"))
    """,
    "the callback's own frame": "import sys\nreturn found(repr(sys._current_frames()))",
    "its own memory, all of it": """
        import ctypes, os
        libc = ctypes.CDLL(None)
        read, write = os.pipe()
        starts = {id(found) >> 26, id(os) >> 26, id(None) >> 26, ctypes.addressof(ctypes.c_int()) >> 26}
        for start in starts:
            for page in range(start << 14, (start + 2) << 14):
                if libc.write(write, ctypes.c_void_p(page << 12), 4096) == 4096:
                    answer = found(os.read(read, 4096).decode("latin-1"))
                    if answer is not None:
                        return answer
    """,
}.items():
    inside = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    cheat(
        f"looks for the answer in {name}",
        f"{LOOK}\ndef total(xs):\n{inside}\n",
        "failed",
        "blocked",
        "crashed",
        "timeout",
        tests=ONE,
    )
cheat(
    "looks at the tests through a callback",
    """
    def total(xs, then):
        for name in ("__globals__", "__closure__", "__code__", "__self__", "__builtins__"):
            try:
                print(getattr(then, name))
            except AttributeError:
                pass
        try:
            then.__globals__["expected"] = None
        except AttributeError:
            pass
        return None
""",
    tests="expected = 3\nassert total([1, 2], lambda x: x) == expected\nassert expected == 3\n",
)
cheat(
    "looks at the tests through an object",
    """
    def total(box):
        for name in dir(type(box)) + ["__dict__", "__class__", "expected"]:
            try:
                value = getattr(box, name)
            except Exception:
                continue
            if name == "__class__":
                try:
                    value.__eq__ = lambda *_: True
                except Exception:
                    pass
        return box
""",
    tests="class Box:\n    def __init__(self):\n        self.items = [1, 2]\nassert total(Box()) == 3\n",
)
