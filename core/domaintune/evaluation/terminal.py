"""The report as a person reads it in a terminal: values, what they mean, what to beware of, and a few answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from domaintune.evaluation.layout import (
    FLOOR_NOTE,
    Block,
    Row,
    Table,
    blind_note,
    cell,
    difference,
    heading,
    named,
    plain,
    shown,
    value,
    verdict,
)
from domaintune.evaluation.marks import FLOOR

SAMPLES = 3
"""Answers shown in the terminal; the report file holds more."""
LINES = 3
"""Lines that a prompt or an answer may take."""
NAMES = 28
"""Cells that the names of systems may take."""
SHORTEST = 16
"""Cells that a tag keeps before its difference is left out."""
SYSTEMS = (
    "base", "base+blind", "base+retrieval", "tuned", "tuned+blind", "tuned+retrieval", "given", "against",
)  # fmt: skip
_GAP = "  "
_COLOURS = {"better": "green", "worse": "red", "no evidence": "dim"}
_Show = Callable[[Row | None], str]


def render(report: Mapping[str, Any], console: Console, width: int | None = None) -> None:
    """Print a report; colour is left out where the console is no terminal or NO_COLOR is set."""
    width = width or min(console.width, 100)
    for part in _parts(report, width):
        for line in part.wrap(console, width):
            line.rstrip()
            console.print(line, highlight=False, no_wrap=True, overflow="ignore", crop=False)


def _parts(report: Mapping[str, Any], width: int) -> Iterator[Text]:
    yield from (Text(line) for line in heading(report))
    for evaluator in report["graders"]:
        yield from _evaluator(report, evaluator, width)
    yield from _legend(report)
    if report["warnings"]:
        yield Text("\nBeware", style="bold yellow")
        for warning in report["warnings"]:
            yield from _hanging("-", Text(plain(warning)), width)
    for place, sample in enumerate(report["samples"][:SAMPLES], start=1):
        yield Text(f"\nSample {place}: {_whence(sample)}", style="bold")
        for name, text in _sample(sample, width):
            yield from _hanging(f"{name:<10}", text, width)


def _evaluator(report: Mapping[str, Any], evaluator: str, width: int) -> Iterator[Text]:
    """Yield a block for each slice, the systems by metric, then the comparisons; or a row for each of many tags."""
    yield Text(f"\n{plain(evaluator)}, x 100 [95 % interval]", style="bold")
    found, tables = shown(report, evaluator)
    labels = [
        label for block in found for label in (block.heading, *(_name(block, system) for system in block.systems))
    ]
    names = min(max(map(cell_len, labels), default=0), NAMES)
    pairs = max((cell_len(_pair(row)) for block in found for row in block.comparisons), default=0)
    show, groups = _columns(found, width - names)
    for block in found:
        yield Text()
        for group in groups:
            yield from _systems(block, group, show, names)
        yield from _comparisons(block, pairs)
    for table in tables:
        yield Text()
        yield from _table(table, width)
    for picture in report.get("pictures", ()):
        if picture["evaluator"] == evaluator:
            yield Text(f"\npicture: {plain(picture['file'])}")


def _comparisons(block: Block, width: int) -> Iterator[Text]:
    """Yield a line for each pair of systems and metric; the pair is named where it begins."""
    metrics = max(map(cell_len, block.metrics))
    named = ""
    for row in sorted(block.comparisons, key=lambda row: (row["b"].startswith(FLOOR), row["b"], row["a"])):
        label = "" if _pair(row) == named else _pair(row)
        named = _pair(row)
        line = (
            f"{set_cell_size(label, width)}{_GAP}{set_cell_size(row['metric'], metrics)}{_GAP}{difference(row)}{_GAP}"
        )
        yield Text(line).append(verdict(row), style=_COLOURS[row["verdict"]])


def _table(table: Table, width: int) -> Iterator[Text]:
    """Yield one metric over many tags; where the width is short, the floor goes first, then the difference."""
    lines = [table.head, *table.rows]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for least, without in ((NAMES, ()), (SHORTEST, ("floor",)), (0, ("floor", "difference"))):
        kept = [place for place in range(1, len(widths)) if table.head[place] not in without]
        room = max(0, width - sum(len(_GAP) + widths[place] for place in kept))
        if room >= min(widths[0], least):
            break
    for line in lines:
        text = Text(set_cell_size(line[0], min(widths[0], room)), style="bold" if line is table.head else "")
        for place in kept:
            placed = line[place].ljust if table.head[place] == "verdict" else line[place].rjust
            text.append(_GAP + placed(widths[place]), style=_COLOURS.get(line[place], ""))
        yield text


def _pair(row: Row) -> str:
    return f"  {row['a']} - {plain(row['b'])}"


def _legend(report: Mapping[str, Any]) -> Iterator[Text]:
    if any(row["system"].startswith(FLOOR) for row in report["scores"]):
        yield Text(f"\n{FLOOR_NOTE}", style="dim")
    if blind := blind_note(report):
        yield Text(blind, style="dim")
    blocks = (block for evaluator in report["graders"] for block in shown(report, evaluator)[0])
    if any("(" in verdict(row) for block in blocks for row in block.comparisons):
        yield Text("(sees N): a true difference of N would have shown, four times in five.", style="dim")


def _columns(found: Sequence[Block], room: int) -> tuple[_Show, list[dict[str, int]]]:
    """Return how scores are written, and the metrics with their widths in groups that fit beside each other.

    Intervals are shown where all metrics fit with them; else the values alone, in as many groups as the width demands.
    """
    full, short = _widths(found, cell), _widths(found, value)
    if sum(full.values()) + len(_GAP) * len(full) <= room:
        return cell, [full]
    groups: list[dict[str, int]] = [{}]
    for metric, width in short.items():
        if groups[-1] and sum(groups[-1].values()) + len(_GAP) * (len(groups[-1]) + 1) + width > room:
            groups.append({})
        groups[-1][metric] = width
    return value, groups


def _widths(found: Sequence[Block], show: _Show) -> dict[str, int]:
    widths: dict[str, int] = {}
    for block in found:
        for (_, metric), row in block.scores.items():
            widths[metric] = max(widths.get(metric, cell_len(metric)), len(show(row)))
    return widths


def _systems(block: Block, widths: Mapping[str, int], show: _Show, names: int) -> Iterator[Text]:
    head = "".join(_GAP + _placed(metric, width, show) for metric, width in widths.items())
    if cell_len(block.heading) > names:
        yield Text(block.heading, style="bold")
        yield Text(" " * names + head, style="bold")
    else:
        yield Text(set_cell_size(block.heading, names) + head, style="bold")
    for system in block.systems:
        shown = ((show(block.scores.get((system, metric))), width) for metric, width in widths.items())
        cells = "".join(_GAP + _placed(text, width, show) for text, width in shown)
        yield Text(set_cell_size(_name(block, system), names) + cells)


def _placed(text: str, width: int, show: _Show) -> str:
    """Place a metric's name and its values alike: to the right where values stand alone, else to the left."""
    return set_cell_size(text, width) if show is cell else " " * (width - cell_len(text)) + text


def _name(block: Block, system: str) -> str:
    return f"  {named(block, system)}"


def _hanging(label: str, text: Text, width: int) -> Iterator[Text]:
    """Yield a label with a text that wraps beside it."""
    lines = text.wrap(Console(width=width), width - len(label) - 1)
    for place, line in enumerate(lines):
        yield Text((label if place == 0 else "").ljust(len(label) + 1)).append_text(line)


def _whence(sample: Mapping[str, Any]) -> str:
    origin = ", ".join(plain(part) for part in (sample["origin"]["source"], sample["origin"]["place"]) if part)
    return f"{', '.join(sample['tags'])} ({origin})" if sample["tags"] else origin


def _sample(sample: Mapping[str, Any], width: int) -> Iterator[tuple[str, Text]]:
    room = (width - 11) * LINES
    for name in ("prompt", "reference", *SYSTEMS):
        if name in sample:
            marks = ", ".join(
                f"{row['metric']} {100 * row['value']:.1f}" for row in sample["scores"] if row["system"] == name
            )
            yield name, Text(_clip(sample[name], room)).append(f"  [{marks}]" if marks else "", style="dim")


def _clip(text: str, room: int) -> str:
    line = plain(text) or "(nothing)"
    return line if cell_len(line) <= room else set_cell_size(line, room - 4).rstrip() + " ..."
