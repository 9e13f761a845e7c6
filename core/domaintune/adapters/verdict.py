"""What an evaluation says of an adapter, kept beside it: the ground on which it may be promoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domaintune.errors import UsageError

PAIRS = (("tuned", "base"), ("given", "against"))
"""The systems that a report compares: those of a build, and those of `domaintune grade`."""
ALL = "all"
VERDICTS = ("better", "no evidence", "worse")
_NUMBERS = ("difference", "low", "high")
_LARGEST = 1e12

Verdict = Mapping[str, Any]


def verdict_of(document: Mapping[str, Any], origin: str) -> Verdict | None:
    """Return what a manifest or a report says over all test items, or None where it compares no two models.

    The adapter's folder may come from anyone, so that each row is looked at: a verdict must follow from its interval.
    """
    rows = [row for row in _rows(document, "comparisons", origin) if _pair(row) in PAIRS and row.get("tag") == ALL]
    if not rows:
        return None
    systems = {name for row in rows for name in _pair(row)}
    scores = [*_rows(document, "metrics", origin), *_rows(document, "scores", origin)]
    kept = [row for row in scores if row.get("tag") == ALL and row.get("system") in systems]
    return {
        "origin": origin,
        "comparisons": [_comparison(row, origin) for row in rows],
        "scores": [_score(row, origin) for row in kept],
    }


def passed(verdict: Verdict | None) -> bool:
    """Tell whether the gate is met: some metric better than the base model, and none worse."""
    found = {row["verdict"] for row in verdict["comparisons"]} if verdict else set()
    return "better" in found and "worse" not in found


def summary(verdict: Verdict | None) -> str:
    """Return the verdicts in a few words: `better: rouge1, rougeL; no evidence: rouge2`."""
    if verdict is None:
        return "not evaluated"
    metrics = {word: [row["metric"] for row in verdict["comparisons"] if row["verdict"] == word] for word in VERDICTS}
    return "; ".join(f"{word}: {', '.join(dict.fromkeys(names))}" for word, names in metrics.items() if names)


def measured(verdict: Verdict | None) -> str:
    """Return the differences with their intervals: what a refusal to promote has to say."""
    if verdict is None:
        return "there is no evaluation of it"
    return "; ".join(
        f"{row['evaluator']} {row['metric']} is {row['verdict']!r}: {row['a']} - {row['b']} "
        f"{100 * row['difference']:+.1f} [{100 * row['low']:+.1f}, {100 * row['high']:+.1f}]"
        for row in sorted(verdict["comparisons"], key=lambda row: -VERDICTS.index(row["verdict"]))
    )


def _comparison(row: Mapping[str, Any], origin: str) -> dict[str, Any]:
    words = {key: _text(row, key, origin) for key in ("evaluator", "metric", "a", "b", "verdict")}
    numbers = {key: _number(row, key, origin) for key in _NUMBERS}
    follows = "better" if numbers["low"] > 0 else "worse" if numbers["high"] < 0 else "no evidence"
    if words["verdict"] != follows or not numbers["low"] <= numbers["difference"] <= numbers["high"]:
        raise _unreadable(origin, f"{words['metric']} is said to be {words['verdict']!r}, which its interval is not")
    return {**words, **numbers}


def _score(row: Mapping[str, Any], origin: str) -> dict[str, Any]:
    kept: dict[str, Any] = {key: _text(row, key, origin) for key in ("evaluator", "metric", "system")}
    return kept | {key: _number(row, key, origin) for key in ("value", "low", "high", "n")}


def _rows(document: Mapping[str, Any], key: str, origin: str) -> list[Mapping[str, Any]]:
    rows = document.get(key, ())
    if not isinstance(rows, Sequence) or not all(isinstance(row, Mapping) for row in rows):
        raise _unreadable(origin, f"{key!r} is not a list of objects")
    return list(rows)


def _pair(row: Mapping[str, Any]) -> tuple[Any, Any]:
    return row.get("a"), row.get("b")


def _text(row: Mapping[str, Any], key: str, origin: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise _unreadable(origin, f"{key!r} is missing in a row, or is not a short text")
    return value


def _number(row: Mapping[str, Any], key: str, origin: str) -> float:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LARGEST:  # nor NaN
        raise _unreadable(origin, f"{key!r} is missing in a row, or is not a number")
    return value


def _unreadable(origin: str, reason: str) -> UsageError:
    return UsageError(f"the evaluation in {origin} cannot be read: {reason}; evaluate the adapter again")
