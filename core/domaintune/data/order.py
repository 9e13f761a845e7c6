"""One order for all examples, by what they say: the order of the rows in a file plays no part."""

from __future__ import annotations

import json
from collections.abc import Iterable

from domaintune.contracts import Dropped, Example
from domaintune.data.text import digest


def content(example: Example) -> str:
    """Return the hash of what is learned: prompt, completion and images."""
    return digest(json.dumps([example.prompt, example.completion, example.images], sort_keys=True))


def ordered(examples: Iterable[Example]) -> list[Example]:
    """Sort by content, then by origin."""
    return sorted(examples, key=lambda example: (content(example), example.origin.source, example.origin.place))


def without_repeats(examples: Iterable[Example]) -> tuple[list[Example], list[Dropped]]:
    """Keep the first of the examples with the same prompt and completion."""
    first: dict[str, Example] = {}
    dropped = []
    for example in examples:
        known = first.setdefault(content(example), example)
        if known is not example:
            dropped.append(Dropped(origin=example.origin, reason="duplicate", detail=f"the same as {known.origin}"))
    return list(first.values()), dropped
