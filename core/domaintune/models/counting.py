"""A processor for counting tokens: pictures of one size have equally many places, so each size is processed once.

How many places a picture takes, a processor tells from its size and never from what is to be seen. So a data set is
measured, and its rows are tokenised, without decoding its pictures again and again.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np
from PIL import Image

from domaintune.images import Picture, blank
from domaintune.images.naming import picture_size
from domaintune.images.picture import named
from domaintune.models.vision import Processor

SIZES = 2048
"""Sizes that are remembered; the least used go."""


class Counting(Processor):
    """A processor that gives the ids of the one it is made of, and tensors that hold nothing but their shape."""

    def __init__(self, processor: Processor) -> None:
        self.__dict__.update(processor.__dict__)
        self.processor = copy.copy(processor.processor)
        self.processor.image_processor = _BySize(processor.processor.image_processor)

    def read(self, name: str) -> Picture:
        """Return a picture of the size of this one; ImageError where it cannot be read.

        A file is decoded when it is first met, and when it has changed.
        """
        return _blank(*picture_size(name))


class _BySize:
    """An image processor that remembers what it made of pictures of these sizes, all but the pixels."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._made: OrderedDict[Any, tuple[Any, dict[str, Callable[[], Any]]]] = OrderedDict()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __call__(self, images: Any, *args: Any, **given: Any) -> Any:
        key = (_sizes(images), repr(args), repr(sorted(given.items())))
        if key not in self._made:
            made = self._inner(images, *args, **given)
            self._made[key] = type(made), {name: _without_pixels(value) for name, value in made.items()}
            if len(self._made) > SIZES:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        kind, values = self._made[key]
        return kind(data={name: make() for name, make in values.items()})


@lru_cache(maxsize=SIZES)
def _blank(width: int, height: int) -> Picture:
    return blank(named(b"", "PNG", width, height))


def _sizes(images: Any) -> Any:
    return images.size if isinstance(images, Image.Image) else tuple(_sizes(one) for one in images)


def _without_pixels(value: Any) -> Callable[[], Any]:
    """Return what makes a value anew, zeros where it had real numbers: those are pixels, whole numbers are sizes."""
    if isinstance(value, (list, tuple)):
        makers = [_without_pixels(one) for one in value]
        kind = type(value)
        return lambda: kind(make() for make in makers)
    if isinstance(value, np.ndarray):
        return partial(np.zeros, value.shape, value.dtype) if value.dtype.kind == "f" else value.copy
    if hasattr(value, "new_zeros") and value.is_floating_point():
        return partial(value.new_zeros(()).expand, value.shape)
    return partial(copy.copy, value)
