"""The modules of the inside as one source text, for a Python in a container that has no domaintune."""

from __future__ import annotations

from functools import cache
from pathlib import Path

MODULES = ("wire", "kinds", "shared", "mirrors", "objects", "solution", "tests", "syscalls", "kernel", "launch")
"""In the order of their imports."""
PACKAGE = "domaintune.sandbox.inside"

_UNPACK = """\
import sys, types
def package(name):
    module = sys.modules[name] = types.ModuleType(name)
    module.__path__ = []
    above, _, last = name.rpartition(".")
    if above:
        setattr(sys.modules[above], last, module)
    return module
for name in ("domaintune", "domaintune.sandbox", PACKAGE):
    package(name)
for name, source in MODULES:
    module = package(PACKAGE + "." + name)
    exec(compile(source, name, "exec"), module.__dict__)
sys.modules[PACKAGE + ".launch"].main()
"""


@cache
def bundled() -> str:
    """Return a program that does what `launch.main` does, without any file."""
    folder = Path(__file__).parent / "inside"
    sources = [(name, (folder / f"{name}.py").read_text(encoding="utf-8")) for name in MODULES]
    return f"PACKAGE = {PACKAGE!r}\nMODULES = {sources!r}\n{_UNPACK}"
