"""How the numbers of a report are grouped and written, alike in the terminal and on the model card."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from domaintune.evaluation.marks import BLIND, FLOOR, SUBJECTS

Row = Mapping[str, Any]
FLOOR_NOTE = (
    "floor: an answer without a model. constant: always one common training answer; "
    "nearest: the answer of the most similar training question."
)
BLIND_NOTE = "blind: the same questions with blank pictures; what is right then as well was not seen."
BLIND_FEW = " (N): of these items N have a picture, and the blind are compared on them alone."
NOTHING = "&#8203;"
"""A space without width, for Markdown."""
MANY = 6
"""With more tags than these, each gets a row of a table instead of a block."""


class Block(NamedTuple):
    """One slice of one evaluator: systems by metrics, and the comparisons of that slice."""

    heading: str
    systems: list[str]
    metrics: list[str]
    scores: dict[tuple[str, str], Row]
    comparisons: list[Row]


class Table(NamedTuple):
    """One metric over many slices, a row each; a column without a single entry is left out."""

    head: list[str]
    rows: list[list[str]]


def shown(report: Mapping[str, Any], evaluator: str) -> tuple[list[Block], list[Table]]:
    """Return the slices shown in blocks, and the tables of the others: with many tags, only `all` has a block."""
    found = blocks(report, evaluator)
    if len(found) - 1 <= MANY:
        return found, []
    rest = found[1:]
    return found[:1], [
        _table(rest, metric) for metric in dict.fromkeys(name for block in rest for name in block.metrics)
    ]


def _table(found: Sequence[Block], metric: str) -> Table:
    """Return tag, n, the models, the subject blind, the best floor, and the first comparison of two models, by slice."""
    names = list(dict.fromkeys(name for block in found for name in block.systems))
    models = [name for name in names if not (name.startswith(FLOOR) or name.endswith(BLIND))]
    head = [plain(metric), "n", *models, "blind", "floor", "difference", "verdict"]
    rows = [_line(block, metric, models) for block in found if metric in block.metrics]
    kept = [place for place in range(len(head)) if any(row[place] for row in rows)]
    return Table([head[place] for place in kept], [[row[place] for place in kept] for row in rows])


def _line(block: Block, metric: str, models: Sequence[str]) -> list[str]:
    scores = {system: row for (system, name), row in block.scores.items() if name == metric}
    compared = [row for row in block.comparisons if row["metric"] == metric]
    rival = next((row for row in compared if not (row["b"].startswith(FLOOR) or row["b"].endswith(BLIND))), None)
    blind = next((row["b"] for row in compared if row["b"].endswith(BLIND) and row["a"] in SUBJECTS), "")
    floor = next((row["b"] for row in compared if row["b"].startswith(FLOOR)), "")
    some = next(iter(scores.values()))
    return [
        plain(some["tag"]),
        str(some["n"]),
        *(value(scores.get(system)) + few(some, scores.get(system)) for system in (*models, blind, floor)),
        difference(rival) if rival else "",
        rival["verdict"] if rival else "",
    ]


def blocks(report: Mapping[str, Any], evaluator: str) -> list[Block]:
    """Return the slices of one evaluator in the order of the report."""
    scores = [row for row in report["scores"] if row["evaluator"] == evaluator]
    comparisons = [row for row in report["comparisons"] if row["evaluator"] == evaluator]
    return [
        _block(tag, [row for row in scores if row["tag"] == tag], [row for row in comparisons if row["tag"] == tag])
        for tag in dict.fromkeys(row["tag"] for row in scores)
    ]


def _block(tag: str, scores: list[Row], comparisons: list[Row]) -> Block:
    return Block(
        heading=f"{plain(tag)}, {counted(max(row['n'] for row in scores), 'item')}",
        systems=list(dict.fromkeys(row["system"] for row in scores)),
        metrics=list(dict.fromkeys(row["metric"] for row in scores)),
        scores={(row["system"], row["metric"]): row for row in scores},
        comparisons=comparisons,
    )


def counted(number: int, noun: str) -> str:
    """Return `1 item` or `2 items`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def few(among: Row, row: Row | None) -> str:
    """Return how many items a row of the blind is about, ` (12)`, where it is about fewer than another row."""
    fewer = row is not None and row["system"].endswith(BLIND) and row["n"] < among["n"]
    return f" ({row['n']})" if row is not None and fewer else ""


def named(block: Block, system: str) -> str:
    """Return the name of a system in a block; that of a blind one with its items, where not all have pictures."""
    rows = [row for (name, _), row in block.scores.items() if name == system]
    among = max(block.scores.values(), key=lambda row: row["n"])
    return plain(system) + few(among, max(rows, key=lambda row: row["n"]))


def blind_note(report: Mapping[str, Any]) -> str:
    """Return what the blind are, or nothing where no model was asked with blank pictures."""
    rows = [row for row in report["scores"] if row["system"].endswith(BLIND)]
    if not rows:
        return ""
    most = {_slice(row): row["n"] for row in report["scores"] if not row["system"].endswith(BLIND)}
    return BLIND_NOTE + (BLIND_FEW if any(row["n"] < most.get(_slice(row), 0) for row in rows) else "")


def _slice(row: Row) -> tuple[str, str, str]:
    return row["evaluator"], row["tag"], row["metric"]


def value(row: Row | None) -> str:
    """Write a score x 100: `29.6`."""
    return "" if row is None else f"{100 * row['value']:5.1f}"


def cell(row: Row | None) -> str:
    """Write a score x 100 with its interval: `29.6 [25.1, 34.0]`."""
    return "" if row is None else f"{value(row)} [{100 * row['low']:4.1f}, {100 * row['high']:4.1f}]"


def difference(row: Row) -> str:
    """Write a difference x 100 with its interval: `+20.1 [+16.2, +24.3]`."""
    return f"{100 * row['difference']:+5.1f} [{100 * row['low']:+5.1f}, {100 * row['high']:+5.1f}]"


def verdict(row: Row) -> str:
    """Write the verdict; where there is no evidence, with the difference that the items would have shown."""
    needed = f" (sees {100 * row['mde']:.1f})" if row["verdict"] == "no evidence" and row.get("mde") else ""
    return f"{row['verdict']}{needed}"


def heading(report: Mapping[str, Any]) -> list[str]:
    """Return what was evaluated and how, one fact a line."""
    facts = {name: report[name] for name in ("domain", "base", "adapter") if report[name]}
    facts["items"] = report["n"]["all"]
    if report["decoding"]:
        facts["decoding"] = ", ".join(f"{name} {value}" for name, value in report["decoding"].items())
    return [f"{name:<9} {plain(str(fact))}" for name, fact in facts.items()]


def plain(text: str) -> str:
    """Return text on one line, without control characters: answers are written by models."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def markdown_row(cells: Sequence[str]) -> str:
    """Return a row of a Markdown table; nothing in a cell is read as Markdown."""
    return "| " + " | ".join(markdown_text(text) for text in cells) + " |"


def markdown_text(text: str) -> str:
    """Take the meaning out of characters that Markdown would read; warnings quote what models wrote."""
    return re.sub(r"([\\`*_<>|#])", r"\\\1", plain(text)).replace("[ ", "[")


def markdown_quoted(text: str) -> str:
    """Return what others wrote: it makes no link and fetches no picture, not even by a bare address.

    Pages that make links of bare addresses look for `://`, `www.` and `@`; nothing visible stands in between.
    """
    shown = re.sub(r"([\[\]])", r"\\\1", markdown_text(text))
    return re.sub(r"(?i):(?=//)|www(?=\.)|@", rf"\g<0>{NOTHING}", shown)
