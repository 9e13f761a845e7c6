"""Questions about pictures with nothing to see: what a model answers rightly then, it knew without looking.

Many questions about pictures are answered by what is usual (Goyal et al. 2017, Making the V in VQA Matter), so a score
without its blind baseline says little about sight.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cache

from domaintune.contracts import Example


def blinded(items: Sequence[Example]) -> list[Example]:
    """Return the items with a blank picture of the same size in the place of each; ImageError where one cannot be read.

    Items without pictures are returned as they are, so that their answers are asked once for both.
    """
    from domaintune import images  # noqa: PLC0415  (few items have pictures)

    @cache
    def blank(name: str) -> str:
        return images.blank(images.read(name)).data_url

    return [dataclasses.replace(item, images=tuple(map(blank, item.images))) if item.images else item for item in items]
