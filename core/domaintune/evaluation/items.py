"""Which test items are asked, and the slices in which their numbers are shown: decided by content, not by chance."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from domaintune import files
from domaintune.contracts import Example
from domaintune.data.dataset import as_row
from domaintune.images.naming import picture_key

ALL = "all"
"""The slice of every item."""
FEWEST = 5
"""A tag with fewer items gets no numbers of its own."""


def choose(test: Sequence[Example], limit: int | None) -> list[Example]:
    """Return at most `limit` items in their order, each combination of tags keeping its share (largest remainder)."""
    if limit is None or limit >= len(test):
        return list(test)
    groups = _by_tags(test)
    quota = _largest_remainder({tags: len(places) for tags, places in groups.items()}, limit)
    kept = sorted(place for tags, places in groups.items() for place in places[: quota[tags]])
    return [test[place] for place in kept]


def spread(test: Sequence[Example], count: int) -> list[int]:
    """Return the positions of `count` items, taking turns among the combinations of tags, each by content hash."""
    turns = zip_longest(*_by_tags(test).values())
    return [place for turn in turns for place in turn if place is not None][:count]


def slices(tags: Sequence[frozenset[str]]) -> dict[str, list[int]]:
    """Return the positions of the items of each slice: `all` first, then every tag, sorted."""
    found: dict[str, list[int]] = defaultdict(list)
    for place, names in enumerate(tags):
        for name in names - {ALL}:
            found[name].append(place)
    return {ALL: list(range(len(tags)))} | {name: found[name] for name in sorted(found)}


def prompt_key(example: Example) -> str:
    """Return a hash of what a model is asked: messages, images and, where there are some, choices.

    Images count by their content, wherever their files lie.
    """
    choices = [list(example.choices)] if example.choices else []  # answers kept before there were choices stay good
    return files.fingerprint([list(example.prompt), list(map(picture_key, example.images)), *choices])


def content_key(items: Sequence[Example]) -> str:
    """Return a hash of everything that items ask and say, their pictures by content, wherever their files lie."""
    return files.fingerprint([_content(item) for item in items])


def _content(item: Example) -> dict[str, Any]:
    """Return what an item asks and says, without the place it comes from."""
    row = as_row(item)
    images = {"images": list(map(picture_key, item.images))} if item.images else {}
    return {**row, **images, "meta": {key: value for key, value in row["meta"].items() if key != "origin"}}


def _by_tags(test: Sequence[Example]) -> dict[tuple[str, ...], list[int]]:
    """Group positions by sorted tag tuple, tuples sorted, positions by content hash."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, example in enumerate(test):
        groups[tuple(sorted(example.tags))].append(place)
    return {tags: sorted(groups[tags], key=lambda place: (_content_key(test[place]), place)) for tags in sorted(groups)}


def _content_key(example: Example) -> str:
    images = list(map(picture_key, example.images))
    return files.fingerprint([list(example.prompt), list(example.completion), images])


def _largest_remainder(sizes: dict[tuple[str, ...], int], seats: int) -> Counter[tuple[str, ...]]:
    """Divide the seats in proportion to the sizes; the last seats go to the largest remainders."""
    total = sum(sizes.values())
    quota = Counter({name: seats * size // total for name, size in sizes.items()})
    by_remainder = sorted(sizes, key=lambda name: (-(seats * sizes[name] % total), -sizes[name], name))
    quota.update(by_remainder[: seats - quota.total()])
    return quota
