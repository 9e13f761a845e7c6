"""The results as Markdown, for the model card and the README of a run: the numbers of the report, nothing more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domaintune.evaluation.layout import Block, blocks, cell, difference, plain, verdict


def markdown(report: Mapping[str, Any]) -> str:
    """Return the tables of scores and comparisons, and the warnings; scores are x 100 with 95 % intervals."""
    return "\n".join(_lines(report)).strip() + "\n"


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    for evaluator in report["graders"]:
        yield f"**{_safe(evaluator)}** (x 100, 95 % bootstrap intervals)\n"
        for block in blocks(report, evaluator):
            yield from _scores(block)
            yield from _comparisons(block)
    if report["warnings"]:
        yield "Beware:\n"
        yield from (f"- {_safe(warning)}" for warning in report["warnings"])


def _scores(block: Block) -> Iterator[str]:
    yield _row([block.heading, *block.metrics])
    yield "|---" + "|---:" * len(block.metrics) + "|"
    for system in block.systems:
        yield _row([system, *(cell(block.scores.get((system, metric))) for metric in block.metrics)])
    yield ""


def _comparisons(block: Block) -> Iterator[str]:
    if block.comparisons:
        yield _row([block.heading, "metric", "difference", "verdict"])
        yield "|---|---|---:|---|"
        for row in block.comparisons:
            yield _row([f"{row['a']} - {row['b']}", row["metric"], difference(row), verdict(row)])
        yield ""


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_safe(text) for text in cells) + " |"


def _safe(text: str) -> str:
    """Take the meaning out of characters that Markdown would read; warnings quote what models wrote."""
    return re.sub(r"([\\`*_<>|#])", r"\\\1", plain(text)).replace("[ ", "[")
