"""A composition as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from domaintune.evaluation.layout import difference, value, verdict


def lines(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield the members, what they do to each other, and what the mix does to each."""
    for member in manifest["members"]:
        yield f"{member['weight']:+8.3f}  {member['name']}"
    yield ""
    yield "interference (of the weighted updates)"
    yield f"  {'':<32} cosine  conflict  inputs (chance)  outputs (chance)"
    for row in manifest["interference"]:
        yield _pair(f"{row['a']}, {row['b']}", row)
        yield from (_pair(f"  {kind}", mean) for kind, mean in row["kinds"].items())
    if manifest["metrics"]:
        yield ""
        yield "each member's own items, x 100: base, alone, under the mix; differences with 95 % intervals"
        yield from _scores(manifest)
    yield from (f"note: {text}" for text in manifest["warnings"])


def _pair(name: str, row: Mapping[str, Any]) -> str:
    inputs, outputs = (f"{row[f'overlap_{side}']:6.3f} ({row[f'chance_{side}']:.3f})" for side in ("in", "out"))
    return f"  {name:<32} {row['cosine']:+6.3f}  {row['conflict']:8.3f}  {inputs:>15}  {outputs:>16}"


def _scores(manifest: Mapping[str, Any]) -> Iterator[str]:
    scores = {(row["member"], row["evaluator"], row["metric"], row["system"]): row for row in manifest["metrics"]}
    for where in dict.fromkeys(key[:3] for key in scores):
        numbers = (value(scores[*where, system]) for system in ("base", "alone", "tuned"))
        yield f"  {where[0]}  {where[1]} {where[2]}  n = {scores[*where, 'tuned']['n']}: {'  '.join(numbers)}"
        for row in manifest["comparisons"]:
            if (row["member"], row["evaluator"], row["metric"]) == where:
                yield f"      mix - {row['b']:<6} {difference(row)}  {verdict(row)}"
