"""The largest training set with given shares of its tags; the surplus is chosen by content, not by luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from domaintune.contracts import Dropped, Example
from domaintune.errors import DataError, nearest


def balanced(examples: Sequence[Example], shares: Mapping[str, float]) -> tuple[list[Example], list[Dropped]]:
    """Keep as many examples as the shares allow, the first of each tag; the examples must be in content order."""
    wanted = _normalised(shares, examples)
    members = {tag: [example for example in examples if _tag(example, wanted) == tag] for tag in wanted}
    for tag, found in members.items():
        if not found:
            raise _unknown(tag, examples)
    sizes = _sizes({tag: len(found) for tag, found in members.items()}, wanted)
    kept = {id(example) for tag, found in members.items() for example in found[: sizes[tag]]}
    dropped = [
        Dropped(origin=example.origin, reason="balance", detail=_detail(_tag(example, wanted), wanted))
        for example in examples
        if id(example) not in kept
    ]
    return [example for example in examples if id(example) in kept], dropped


def _normalised(shares: Mapping[str, float], examples: Sequence[Example]) -> dict[str, Fraction]:
    seen = {tag for example in examples for tag in example.tags}
    for tag in shares:
        if tag not in seen:
            raise _unknown(tag, examples)
    exact = {tag: Fraction(str(share)) for tag, share in sorted(shares.items())}
    total = sum(exact.values())
    if not total:
        raise DataError("data.balance gives every tag the share 0; give at least one a larger share")
    return {tag: share / total for tag, share in exact.items()}


def _tag(example: Example, wanted: Mapping[str, Fraction]) -> str | None:
    """Return the tag an example counts under: the first by name, should it carry several."""
    return next((tag for tag in wanted if tag in example.tags), None)


def _sizes(counts: Mapping[str, int], wanted: Mapping[str, Fraction]) -> dict[str, int]:
    """Return how many of each tag make the largest set; rounding gives the odd ones to the largest remainders."""
    total = min(int(counts[tag] / share) for tag, share in wanted.items() if share)
    exact = {tag: share * total for tag, share in wanted.items()}
    sizes = {tag: int(size) for tag, size in exact.items()}
    by_remainder = sorted(exact, key=lambda tag: (sizes[tag] - exact[tag], tag))
    for tag in by_remainder[: total - sum(sizes.values())]:
        sizes[tag] += 1
    return sizes


def _detail(tag: str | None, wanted: Mapping[str, Fraction]) -> str:
    if tag is None:
        return "has none of the tags of data.balance"
    return f"more {tag!r} than its share of {float(wanted[tag]):.3g}"


def _unknown(tag: str, examples: Sequence[Example]) -> DataError:
    seen = sorted({name for example in examples for name in example.tags})
    return DataError(
        f"data.balance names the tag {tag!r}, which no training example has{nearest(tag, seen)}; "
        f"tags: {', '.join(seen) or 'none'}"
    )
