"""What a person types: lines of a terminal or a pipe, and Ctrl-C."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from domaintune.console import err, note


class Keys:
    """Ctrl-C stops the answer that is being written; a second one, with no question between, leaves.

    Where questions come from a pipe nobody is there to go on, and the first one leaves. To leave is KeyboardInterrupt.
    """

    def __init__(self) -> None:
        self.by_hand = sys.stdin.isatty()
        self.heard = False
        self.reading = False

    def stopped(self) -> bool:
        """Tell whether the answer shall stop."""
        return self.heard

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take Ctrl-C until the block ends."""
        before = signal.signal(signal.SIGINT, self._interrupted)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def lines(self) -> Iterator[str]:
        """Yield what is typed, without the white space around it; empty lines are passed over."""
        while True:
            try:
                self.reading = True
                line = self._line()
            except KeyboardInterrupt:
                if self.heard or not self.by_hand:
                    raise
                self.heard = True
                note("\nCtrl-C once more leaves, as /quit does")
                continue
            finally:
                self.reading = False
            if line is None:
                return
            if line.strip():
                self.heard = False
                yield line.strip()

    def _line(self) -> str | None:
        if self.by_hand and sys.stdout.isatty():
            return _typed()
        if self.by_hand:
            err().print(PROMPT, end="")
        return sys.stdin.readline() or None

    def _interrupted(self, *_: Any) -> None:
        if self.reading or self.heard or not self.by_hand:
            raise KeyboardInterrupt
        self.heard = True


PROMPT = "> "


def _typed() -> str | None:
    """Read a line that can be edited and, by the arrow keys, be one of those before; None at Ctrl-D."""
    with suppress(ImportError):  # not on every platform
        import readline  # noqa: F401, PLC0415  (to import it is to use it)
    try:
        return input(PROMPT)
    except EOFError:
        sys.stdout.write("\n")
        return None
