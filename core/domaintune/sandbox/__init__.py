"""The only place that runs what a model wrote; open to every plugin.

    box = open_sandbox()                                        # tier T1, or SandboxError
    result = box.run(Program(source="def add(a, b): return a + b", tests="assert add(1, 2) == 3"))
    result.verdict, result.tier                                 # "passed", "T1"

Solution and tests run in two processes that are confined by the kernel. A solution never sees its tests: what it prints,
how it exits and what it changes in its own process have no say in the verdict. See docs/sandbox.md.
"""

from __future__ import annotations

from domaintune.lazy import on_demand

TYPE_CHECKING = False  # the launcher imports this package for every program that runs, and needs none of it

if TYPE_CHECKING:
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
    **dict.fromkeys(("Sandbox", "SandboxError", "open_sandbox", "open_with"), "box"),
    **dict.fromkeys(("Limits", "Program", "Result", "Tier", "Verdict"), "records"),
}

__all__ = ["Limits", "Program", "Result", "Sandbox", "SandboxError", "Tier", "Verdict", "open_sandbox", "open_with"]

__getattr__ = on_demand(__name__, _MODULE_OF)
