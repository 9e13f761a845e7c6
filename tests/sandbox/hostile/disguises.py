"""Routes to the same act that do not look like it: encodings, other threads and interpreters, callbacks, finalizers.

A disguise takes a source that defines `act` and returns (source, tests, outcomes that this route may have as well).
What `act` returns or raises has to arrive in the tests, so that "did nothing" is never taken for "was stopped".
"""

from __future__ import annotations

import base64
import codecs
import textwrap
import zlib
from collections.abc import Callable

Disguised = tuple[str, str, list[tuple[str, str]]]
PLAIN = "assert act()"

KEPT = """
def kept():
    try:
        return (hidden(), None)
    except BaseException as error:
        return (None, error)

def shown(pair):
    if pair[1] is not None:
        raise pair[1]
    return pair[0]
"""
"""Carries an outcome out of a place from which exceptions do not escape."""


def _hidden(source: str) -> str:
    return source.replace("def act():", "def hidden():") + KEPT


def _base64(source: str) -> Disguised:
    return f"import base64\nexec(base64.b64decode({base64.b64encode(source.encode())!r}))\n", PLAIN, []


def _rot13(source: str) -> Disguised:
    return f"import codecs\nexec(codecs.decode({codecs.encode(source, 'rot13')!r}, 'rot13'))\n", PLAIN, []


def _marshal(source: str) -> Disguised:
    packed = base64.b64encode(zlib.compress(source.encode()))
    return (
        (
            "import base64, marshal, types, zlib\n"
            f"text = zlib.decompress(base64.b64decode({packed!r}))\n"
            "code = marshal.loads(marshal.dumps(compile(text, '<inside>', 'exec')))\n"
            "types.FunctionType(code, globals())()\n"
        ),
        PLAIN,
        [],
    )


def _thread(source: str) -> Disguised:
    return (
        _hidden(source)
        + textwrap.dedent("""
        def act():
            import threading
            found = []
            worker = threading.Thread(target=lambda: found.append(kept()))
            worker.start()
            worker.join()
            return shown(found[0])
    """),
        PLAIN,
        [],
    )


def _finalizer(source: str) -> Disguised:
    return (
        _hidden(source)
        + textwrap.dedent("""
        def act():
            found = []
            class Last:
                def __del__(self):
                    found.append(kept())
            Last()
            return shown(found[0])
    """),
        PLAIN,
        [],
    )


def _signal(source: str) -> Disguised:
    return (
        _hidden(source)
        + textwrap.dedent("""
        import signal
        found = []
        signal.signal(signal.SIGUSR1, lambda *_: found.append(kept()))
        signal.raise_signal(signal.SIGUSR1)
        def act():
            return shown(found[0])
    """),
        PLAIN,
        [],
    )


def _callback(source: str) -> Disguised:
    return (
        _hidden(source)
        + textwrap.dedent("""
        def act():
            import ctypes
            found = []
            kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
            def compare(a, b):
                found.append(kept())
                return 0
            numbers = (ctypes.c_int * 2)(1, 2)
            ctypes.CDLL(None).qsort(numbers, 2, 4, kind(compare))
            return shown(found[0])
    """),
        PLAIN,
        [("blocked", "^blocked: memfd_create")],
    )  # some builds of libffi place callbacks in such a file


def _trace(source: str) -> Disguised:
    return (
        _hidden(source)
        + textwrap.dedent("""
        def act():
            import sys
            found = []
            def trace(frame, event, argument):
                sys.settrace(None)
                found.append(kept())
            def bait():
                pass
            sys.settrace(trace)
            bait()
            return shown(found[0])
    """),
        PLAIN,
        [],
    )


def _audit(source: str) -> Disguised:
    return (
        _hidden(source)
        + textwrap.dedent("""
        def act():
            import sys
            found = []
            def hook(event, arguments):
                if event == "bait" and not found:
                    found.append(kept())
            sys.addaudithook(hook)
            sys.audit("bait")
            return shown(found[0])
    """),
        PLAIN,
        [],
    )


def _pickle(source: str) -> Disguised:
    return (
        _hidden(source)
        + textwrap.dedent("""
        class Parcel:
            def __reduce__(self):
                return (hidden, ())
        def act():
            import pickle, sys
            sys.modules.setdefault(__name__, type(sys)(__name__))
            setattr(sys.modules[__name__], "hidden", hidden)
            return pickle.loads(pickle.dumps(Parcel()))
    """),
        PLAIN,
        [],
    )


def _importer(source: str) -> Disguised:
    return (
        textwrap.dedent(f"""
        import importlib.abc, importlib.machinery, sys
        class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
            def find_spec(self, name, path, target=None):
                return importlib.machinery.ModuleSpec(name, self) if name == "harmless" else None
            def create_module(self, spec):
                return None
            def exec_module(self, module):
                exec({source!r}, module.__dict__)
        sys.meta_path.insert(0, Finder())
        from harmless import act
    """),
        PLAIN,
        [],
    )


def _coding(source: str) -> Disguised:
    return (
        textwrap.dedent(f"""
        import codecs
        def decode(data, errors="strict"):
            exec({source!r}, globals())
            return "", len(data)
        codecs.register(lambda name: codecs.CodecInfo(codecs.ascii_encode, decode, name=name) if name == "odd" else None)
        b"x".decode("odd")
    """),
        PLAIN,
        [],
    )


def _subinterpreter(source: str) -> Disguised:
    inner = source + textwrap.dedent("""
        try:
            outcome = "returned " + repr(bool(act()))
        except BaseException as error:
            outcome = type(error).__name__ + ": " + str(error)
            if isinstance(error, PermissionError):
                outcome = "denied: " + str(error)
        with open("outcome", "w") as file:
            file.write(outcome)
    """)
    outer = textwrap.dedent(f"""
        INNER = {inner!r}
        def act():
            try:
                import _xxsubinterpreters as interpreters
            except ImportError:
                import _interpreters as interpreters
            number = interpreters.create()
            interpreters.run_string(number, INNER)
            with open("outcome") as file:
                outcome = file.read()
            if outcome.startswith("denied: "):
                raise PermissionError(13, outcome)
            assert outcome == "returned True", outcome
            return True
    """)
    return outer, PLAIN, []


def _embedded(source: str) -> Disguised:
    return (
        textwrap.dedent(f"""
        def act():
            import __main__, ctypes
            __main__.inner = {_hidden(source)!r}
            ctypes.pythonapi.PyRun_SimpleString(b"exec(inner, globals()); pair = kept()")
            if __main__.pair[1] is not None:
                raise __main__.pair[1]
            return __main__.pair[0]
    """),
        PLAIN,
        [],
    )


def _importing(source: str) -> Disguised:
    """While the solution is read, before any test."""
    return f"{source}\nDONE = bool(act())\n", "assert DONE", []


def _tests(source: str) -> Disguised:
    """Tests are written by a model, too."""
    return "def nothing():\n    pass\n", f"{source}\nassert act()\n", []


def _coroutine(source: str) -> Disguised:
    return (
        _hidden(source)
        + textwrap.dedent("""
        def act():
            import sys
            async def later():
                return hidden()
            try:
                later().send(None)
            except StopIteration as stop:
                return stop.value
    """),
        PLAIN,
        [],
    )


DISGUISES: dict[str, Callable[[str], Disguised]] = {
    "base64": _base64,
    "rot13": _rot13,
    "marshal": _marshal,
    "thread": _thread,
    "finalizer": _finalizer,
    "signal handler": _signal,
    "ctypes callback": _callback,
    "trace function": _trace,
    "audit hook": _audit,
    "pickle": _pickle,
    "import hook": _importer,
    "codec": _coding,
    "subinterpreter": _subinterpreter,
    "embedded": _embedded,
    "while importing": _importing,
    "in the tests": _tests,
    "coroutine": _coroutine,
}
