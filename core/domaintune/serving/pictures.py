"""Pictures of requests: `data:` URLs only, each checked whole before anyone is asked, and never on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from domaintune import images
from domaintune.serving.problems import bad, busy

AT_ONCE: Final = 2
"""Pictures that are decoded at the same time: what bounds the memory, as each has its own limit."""
MOST_WAITING: Final = 64
"""Requests that may wait for that."""


@dataclass(eq=False)
class Gallery:
    """Looks at the pictures of all requests."""

    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, "domaintune-pictures"))
    _waiting: int = 0

    async def check(self, urls: Sequence[str], places: Sequence[str]) -> None:
        """Raise the HttpError of the first picture that cannot be used, by the place where it stands."""
        if self._waiting >= MOST_WAITING:
            raise busy("too many pictures wait to be looked at; try again in a moment")
        self._waiting += 1
        try:
            for url, place in zip(urls, places, strict=True):
                # A thread goes on when a client leaves, so the pool, and not a lock, keeps them few.
                await asyncio.get_running_loop().run_in_executor(self._threads, _look, url, place)
        finally:
            self._waiting -= 1


def _look(url: str, place: str) -> None:
    try:
        images.read(url)
    except images.ImageError as error:
        raise bad(str(error), place, "invalid_image") from None
