"""Gates: what a tuned model must be shown to do for a build to end well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domaintune.errors import SettingsError, nearest
from domaintune.evaluation.items import ALL, FEWEST
from domaintune.evaluation.layout import counted
from domaintune.evaluation.marks import BLIND, FLOOR, WITH

VERDICTS = ("worse", "no evidence", "better")
"""From bad to good; a gate is met by its verdict or a better one."""


def gates(report: Mapping[str, Any], require: Mapping[str, str]) -> list[str]:
    """Return a sentence for every gate not met, for gates such as {"rougeL": "better", "rougeL@abnormal": "better"}.

    The verdict is that of the tuned model against the base model; where several evaluators have the metric, all must
    meet the gate. An unknown metric, tag or verdict raises SettingsError.
    """
    return [sentence for key, verdict in require.items() for sentence in _unmet(report, key, verdict)]


def _unmet(report: Mapping[str, Any], key: str, verdict: str) -> Iterator[str]:
    metric, _, tag = key.partition("@")
    tag = tag or ALL
    _refuse_unknown(key, "metric", metric, list(dict.fromkeys(row["metric"] for row in report["scores"])))
    _refuse_unknown(key, "tag", tag, list(dict.fromkeys([*report["n"], *(row["tag"] for row in report["scores"])])))
    _refuse_unknown(key, "verdict", verdict, VERDICTS)
    rows = [row for row in _against_model(report) if (row["metric"], row["tag"]) == (metric, tag)]
    if not rows:
        yield f"{key} must be {verdict!r}, but {_why_absent(report, tag)}"
    for row in rows:
        if VERDICTS.index(row["verdict"]) < VERDICTS.index(verdict):
            yield (
                f"{key} must be {verdict!r}, but is {row['verdict']!r}: {row['evaluator']}, {row['a']} - {row['b']} "
                f"{100 * row['difference']:+.1f} [{100 * row['low']:+.1f}, {100 * row['high']:+.1f}]"
            )


def _against_model(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the comparisons of models without passages, and of retrievers: all but those with floors and the blind."""
    rows = [row for row in report["comparisons"] if not (row["b"].startswith(FLOOR) or row["b"].endswith(BLIND))]
    return [row for row in rows if not row["a"].endswith(WITH)]


def _why_absent(report: Mapping[str, Any], tag: str) -> str:
    count = report["n"].get(tag, FEWEST)  # a tag that only an evaluator gives has its rows, or is unknown
    if count < FEWEST and tag != ALL:
        return f"only {counted(count, 'test item')} tagged {tag!r}; {FEWEST} are needed"
    return "the report has no comparison of two models for it"


def _refuse_unknown(key: str, what: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        hint = f"{nearest(name, known)}; {what}s: {', '.join(known)}"
        raise SettingsError(f"eval.require: {key!r}: no {what} {name!r}{hint}")
