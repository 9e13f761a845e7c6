"""The process of the solution: it loads the source, and does what the tests ask until they have gone."""

from __future__ import annotations

import io
import os
import sys
import types

from domaintune.sandbox.inside.mirrors import OWN
from domaintune.sandbox.inside.objects import Peer, names_of

TYPE_CHECKING = False  # as in typing, which takes as long to import as all this

if TYPE_CHECKING:
    from typing import Any

OUT_OF_MEMORY = 71
"""Exit status where not even an answer fits into memory."""
HELD = 1 << 14
"""Characters that are held back until the tests can see them."""


class Printed(io.TextIOBase):
    """What the solution prints: it goes with the next answer, so that tests which capture it can, or straight out."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = 0

    def write(self, text: str) -> int:
        """Keep a text, or let all out where there is too much."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._parts.append(text)
        self._size += len(text)
        if self._size > HELD:
            self.flush_out()
        return len(text)

    def writable(self) -> bool:
        """It is."""
        return True

    @property
    def buffer(self) -> Bytes:
        """Standard output for bytes, which are text here."""
        return Bytes(self)

    def reconfigure(self, **_: Any) -> None:
        """Change nothing: whatever is printed is text."""

    def fileno(self) -> int:
        """Return standard output itself, for who writes past this."""
        return 1

    def taken(self) -> str:
        """Return what was printed since the last time."""
        text = "".join(self._parts)
        self._parts.clear()
        self._size = 0
        return text

    def flush_out(self) -> None:
        """Write all to standard output."""
        os.write(1, self.taken().encode("utf-8", "replace"))


class Bytes(io.RawIOBase):
    """The bytes side of what the solution prints."""

    def __init__(self, printed: Printed) -> None:
        self._printed = printed

    def write(self, content: Any) -> int:
        """Keep bytes as text."""
        self._printed.write(bytes(content).decode("utf-8", "replace"))
        return len(content)

    def writable(self) -> bool:
        """It is."""
        return True


def main(reader: int, writer: int, setup: dict[str, Any]) -> None:
    """Cut the way to the outside, load the solution when asked, and serve the tests."""
    nothing = os.open("/dev/null", os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    printed = Printed()
    sys.stdout = printed
    sys.argv = [OWN]
    sys.path[:] = [path for path in sys.path if path != setup["core"]] + setup["paths"]
    module = types.ModuleType(OWN)
    sys.modules[OWN] = module

    def load() -> dict[str, Any]:
        source, name = setup["source"], f"<{OWN}>"
        vars(module)["__file__"] = name
        exec(compile(source, name, "exec", dont_inherit=True), vars(module))  # noqa: S102  (confined, and its purpose)
        return names_of(module)

    peer = Peer(reader, writer)
    peer.printed = printed.taken
    peer.offer(load)
    try:
        peer.serve()
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    os._exit(0)
