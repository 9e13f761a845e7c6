"""No tag may fill more of the training set than its share; the surplus is chosen by content, not by luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from domaintune.contracts import Dropped, Example
from domaintune.errors import DataError, nearest


def balanced(examples: Sequence[Example], caps: Mapping[str, float]) -> tuple[list[Example], list[Dropped]]:
    """Keep the largest set in which each tag of `caps` has at most its share; examples come in content order.

    An upper limit, not an exact share: a tag that is rare by itself costs no example of another. An example with several
    of the tags counts under the first by name; one with none of them always stays.
    """
    limits = {tag: Fraction(str(share)) for tag, share in sorted(caps.items())}
    members = {tag: [example for example in examples if _tag(example, limits) == tag] for tag in limits}
    _check_known(members, examples)
    sizes = _sizes({tag: len(found) for tag, found in members.items()}, limits, len(examples))
    surplus = {id(example): tag for tag, found in members.items() for example in found[sizes[tag] :]}
    kept = [example for example in examples if id(example) not in surplus]
    if not kept:
        raise DataError(
            f"data.balance leaves no training example: all of them are {' or '.join(map(repr, members))}, which may fill "
            f"only {float(sum(limits.values())):.0%}; write --set data.balance={{}} for no limits"
        )
    dropped = [
        Dropped(origin=example.origin, reason="balance", detail=_detail(surplus[id(example)], limits))
        for example in examples
        if id(example) in surplus
    ]
    return kept, dropped


def absent(examples: Sequence[Example], caps: Mapping[str, float]) -> list[str]:
    """Return the tags of `caps` that no example has."""
    return sorted(set(caps) - {tag for example in examples for tag in example.tags})


def _sizes(counts: Mapping[str, int], limits: Mapping[str, Fraction], total: int) -> dict[str, int]:
    """Return how many of each tag stay.

    What is not limited, F examples, fills the rest of the set: the whole is F / (1 - the shares of the limited tags).
    Tags are limited one after the other until none exceeds its share of that whole.
    """
    limited: set[str] = set()
    while True:
        free = total - sum(counts[tag] for tag in limited)
        room = 1 - sum(limits[tag] for tag in limited)
        whole = free / room if room > 0 else Fraction(free)
        over = {tag for tag in counts if tag not in limited and counts[tag] > limits[tag] * whole}
        if not over:
            return {tag: int(limits[tag] * whole) if tag in limited else n for tag, n in counts.items()}
        limited |= over


def _tag(example: Example, limits: Mapping[str, Fraction]) -> str | None:
    return next((tag for tag in limits if tag in example.tags), None)


def _detail(tag: str, limits: Mapping[str, Fraction]) -> str:
    return f"more {tag!r} than {float(limits[tag]):.3g} of the training set"


def _check_known(members: Mapping[str, Sequence[Example]], examples: Sequence[Example]) -> None:
    """Refuse limits of which no tag occurs: a slip, where one absent tag among several is only a fact about the data."""
    if any(members.values()):
        return
    seen = sorted({name for example in examples for name in example.tags})
    raise DataError(
        f"data.balance names the tag {min(members)!r}, which no training example has{nearest(min(members), seen)}; "
        f"tags: {', '.join(seen) or 'none'}"
    )
