"""Turning tokens into text as they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

BROKEN = "\ufffd"
"""What a tokenizer makes of a character whose bytes are not all there yet."""
WINDOW = 8
"""Tokens that are decoded again with each new one."""


class Text:
    """The text of one answer: only what can no longer change, nor become a stop string, is given out."""

    def __init__(self, tokenizer: Any, stops: Sequence[str]) -> None:
        self.tokenizer = tokenizer
        self.stops = [stop for stop in stops if stop]
        self.ids: list[int] = []
        self.start = 0  # where decoding begins: a token's text may depend on the one before
        self.clean = 0  # the last place where the text was whole
        self.taken = 0  # letters of the decoded text that are in `held` or were given out
        self.held = ""
        self.stopped = False

    def add(self, token: int) -> str:
        """Take a token and return the new text; `stopped` tells that a stop string has appeared."""
        self.ids.append(token)
        whole = self._decode()
        stable = whole.rstrip(BROKEN)
        self._hold(stable)
        if len(stable) == len(whole):
            if len(self.ids) - self.start > WINDOW:
                self.start = self.clean
                self.taken = len(self._decode())
            self.clean = len(self.ids)
        return self._give()

    def end(self) -> str:
        """Return what was held back: the answer is over."""
        self._hold(self._decode())
        text = self._give()
        rest, self.held = ("" if self.stopped else self.held), ""
        return text + rest

    def _hold(self, text: str) -> None:
        self.held += text[self.taken :]
        self.taken = max(self.taken, len(text))

    def _give(self) -> str:
        found = [self.held.index(stop) for stop in self.stops if stop in self.held]
        if found:
            text, self.held, self.stopped = self.held[: min(found)], "", True
            return text
        keep = max((_overlap(self.held, stop) for stop in self.stops), default=0)
        cut = len(self.held) - keep
        text, self.held = self.held[:cut], self.held[cut:]
        return text

    def _decode(self) -> str:
        return str(self.tokenizer.decode(self.ids[self.start :], skip_special_tokens=True))


def _overlap(text: str, stop: str) -> int:
    """Return how many letters at the end of the text begin the stop string."""
    return next((n for n in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:n])), 0)
