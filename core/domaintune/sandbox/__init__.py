"""The only place that runs what a model wrote; open to every plugin.

    box = open_sandbox()                                        # tier T1, or SandboxError
    result = box.run(Program(source="def add(a, b): return a + b", tests="assert add(1, 2) == 3"))
    result.verdict, result.tier                                 # "passed", "T1"

Solution and tests run in two processes that are confined by the kernel. A solution never sees its tests: what it prints,
how it exits and what it changes in its own process have no say in the verdict. See docs/sandbox.md.
"""

from __future__ import annotations

TYPE_CHECKING = False  # the launcher imports this package for every program that runs, and needs none of it

if TYPE_CHECKING:
    from typing import Any

    from domaintune.errors import SandboxError as SandboxError
    from domaintune.sandbox.box import Sandbox as Sandbox
    from domaintune.sandbox.box import open_sandbox as open_sandbox
    from domaintune.sandbox.box import open_with as open_with
    from domaintune.sandbox.records import Limits as Limits
    from domaintune.sandbox.records import Program as Program
    from domaintune.sandbox.records import Result as Result
    from domaintune.sandbox.records import Tier as Tier
    from domaintune.sandbox.records import Verdict as Verdict

_MODULE_OF = {
    "SandboxError": "domaintune.errors",
    **dict.fromkeys(("Sandbox", "open_sandbox", "open_with"), "domaintune.sandbox.box"),
    **dict.fromkeys(("Limits", "Program", "Result", "Tier", "Verdict"), "domaintune.sandbox.records"),
}

__all__ = ["Limits", "Program", "Result", "Sandbox", "SandboxError", "Tier", "Verdict", "open_sandbox", "open_with"]


def __getattr__(name: str) -> Any:
    """Import a public name from the module that defines it."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'domaintune.sandbox' has no attribute {name!r}")
    return getattr(__import__(_MODULE_OF[name], fromlist=[name]), name)
