"""The results as Markdown, for the model card and the README of a run: the numbers of the report, nothing more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from domaintune.evaluation.layout import Block, Table, cell, difference, plain, shown, verdict


def markdown(report: Mapping[str, Any]) -> str:
    """Return the tables of scores and comparisons, and the warnings; scores are x 100 with 95 % intervals."""
    return "\n".join(_lines(report)).strip() + "\n"


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    for evaluator in report["graders"]:
        yield f"**{_safe(evaluator)}** (x 100, 95 % intervals)\n"
        whole, tables = shown(report, evaluator)
        for block in whole:
            yield from _scores(block)
            yield from _comparisons(block)
        for table in tables:
            yield from _tags(table)
        yield from _picture(report, evaluator)
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


def _tags(table: Table) -> Iterator[str]:
    yield _row(table.head)
    yield "|---" + "|---:" * (len(table.head) - 1) + "|"
    yield from map(_row, table.rows)
    yield ""


def _picture(report: Mapping[str, Any], evaluator: str) -> Iterator[str]:
    """Show the picture, which lies beside the card."""
    for picture in report.get("pictures", ()):
        if picture["evaluator"] == evaluator:
            text = re.sub(r"([\[\]])", r"\\\1", _safe(picture["text"]))
            yield f"![{text}]({PurePosixPath(picture['file']).name})\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_safe(text) for text in cells) + " |"


def _safe(text: str) -> str:
    """Take the meaning out of characters that Markdown would read; warnings quote what models wrote."""
    return re.sub(r"([\\`*_<>|#])", r"\\\1", plain(text)).replace("[ ", "[")
