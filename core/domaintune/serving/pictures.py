"""Pictures of requests: `data:` URLs only, each checked whole before anyone is asked, and never on the event loop.

What is larger than `serve.image_side` is made smaller here, in a thread: the engine, whose every step is waited for by all
who are being answered, decodes small pictures only.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from domaintune import images
from domaintune.serving.problems import bad, busy

if TYPE_CHECKING:
    from PIL import Image

AT_ONCE: Final = 2
"""Pictures that are decoded at the same time: what bounds the memory, as each has its own limit."""
MOST_WAITING: Final = 64
"""Requests that may wait for that."""
QUALITY: Final = 95
"""Of a photograph that was made smaller."""


@dataclass(eq=False)
class Gallery:
    """Looks at the pictures of all requests, and makes those smaller whose longer side has more than `side` pixels."""

    side: int
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, "domaintune-pictures"))
    _waiting: int = 0

    async def take(self, urls: Sequence[str], places: Sequence[str]) -> tuple[str, ...]:
        """Return the pictures as they are shown, as `data:` URLs.

        Raises the HttpError of the first one that cannot be used, by the place where it stands.
        """
        if self._waiting >= MOST_WAITING:
            raise busy("too many pictures wait to be looked at; try again in a moment")
        self._waiting += 1
        loop = asyncio.get_running_loop()
        try:
            # A thread goes on when a client leaves, so the pool, and not a lock, keeps them few.
            return tuple([
                await loop.run_in_executor(self._threads, _look, url, place, self.side)
                for url, place in zip(urls, places, strict=True)
            ])  # fmt: skip
        finally:
            self._waiting -= 1


def shrunk(picture: images.Picture, side: int) -> images.Picture:
    """Return a picture whose longer side has `side` pixels at most: itself, or a PNG; of a JPEG, a JPEG."""
    longest = max(picture.width, picture.height)
    if longest <= side:
        return picture
    size = [max(images.LEAST_SIDE, round(length * side / longest)) for length in (picture.width, picture.height)]
    small = images.pixels(picture).resize((size[0], size[1]))
    return _jpeg(small) if picture.format == "JPEG" else images.encode(small)


def _jpeg(image: Image.Image) -> images.Picture:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return images.check(file.getvalue())


def _look(url: str, place: str, side: int) -> str:
    try:
        picture = images.read(url)
        small = shrunk(picture, side)
    except images.ImageError as error:
        raise bad(str(error), place, "invalid_image") from None
    return url if small is picture else small.data_url
