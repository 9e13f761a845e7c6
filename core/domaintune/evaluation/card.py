"""The results as Markdown, for the model card and the README of a run: the numbers of the report, nothing more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from domaintune.evaluation import contact_sheet
from domaintune.evaluation.layout import (
    Block,
    Table,
    blind_note,
    cell,
    difference,
    markdown_quoted,
    markdown_row,
    markdown_text,
    named,
    shown,
    verdict,
)


def markdown(report: Mapping[str, Any]) -> str:
    """Return the tables of scores and comparisons, the warnings, and samples with pictures, which lie beside the card.

    Scores are x 100 with 95 % intervals.
    """
    return "\n".join(_lines(report)).strip() + "\n"


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    for evaluator in report["graders"]:
        yield f"**{markdown_text(evaluator)}** (x 100, 95 % intervals)\n"
        whole, tables = shown(report, evaluator)
        for block in whole:
            yield from _scores(block)
            yield from _comparisons(block)
        for table in tables:
            yield from _tags(table)
        yield from _picture(report, evaluator)
    if blind := blind_note(report):
        yield f"{blind}\n"
    if report["warnings"]:
        yield "Beware:\n"
        yield from (f"- {markdown_quoted(warning)}" for warning in report["warnings"])
        yield ""
    if contact_sheet.chosen(report.get("samples", ())):
        yield f"![The pictures of the samples below, by number.]({contact_sheet.FILE})\n"
        yield contact_sheet.table(report["samples"])


def _scores(block: Block) -> Iterator[str]:
    yield markdown_row([block.heading, *block.metrics])
    yield "|---" + "|---:" * len(block.metrics) + "|"
    for system in block.systems:
        yield markdown_row(
            [named(block, system), *(cell(block.scores.get((system, metric))) for metric in block.metrics)]
        )
    yield ""


def _comparisons(block: Block) -> Iterator[str]:
    if block.comparisons:
        yield markdown_row([block.heading, "metric", "difference", "verdict"])
        yield "|---|---|---:|---|"
        for row in block.comparisons:
            yield markdown_row([f"{row['a']} - {row['b']}", row["metric"], difference(row), verdict(row)])
        yield ""


def _tags(table: Table) -> Iterator[str]:
    yield markdown_row(table.head)
    yield "|---" + "|---:" * (len(table.head) - 1) + "|"
    yield from map(markdown_row, table.rows)
    yield ""


def _picture(report: Mapping[str, Any], evaluator: str) -> Iterator[str]:
    """Show the picture, which lies beside the card."""
    for picture in report.get("pictures", ()):
        if picture["evaluator"] == evaluator:
            yield f"![{markdown_quoted(picture['text'])}]({PurePosixPath(picture['file']).name})\n"
