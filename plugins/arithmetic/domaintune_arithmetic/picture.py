"""The picture of Goat's Table 3: what the base and the tuned model reach in each cell, beside the published numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from domaintune_arithmetic.cells import CELLS, NAMES, PUBLISHED

TITLES = {"+": "Addition", "-": "Subtraction", "*": "Multiplication", "/": "Division"}
LOOKS = {"tuned": ("#0072B2", "o", "tuned"), "base": ("#D55E00", "s", "base"), "given": ("#009E73", "D", "given")}
"""Colour (Okabe and Ito 2008: told apart by every kind of colour vision), marker and label of each system."""
GREY = "#777777"

Rows = dict[tuple[str, str], Mapping[str, Any]]
"""Score rows by system and cell."""


def draw_table(scores: Sequence[Mapping[str, Any]], file: Path) -> str:
    """Write a PNG with a panel for each operation that was tested, and return what it shows in a sentence.

    `scores` are the score rows of a report: system, metric, tag, value, low, high and n. Equal rows give equal bytes.
    """
    rows = {(row["system"], row["tag"]): row for row in scores if row["metric"] == "exact" and row["tag"] in CELLS}
    panels = {sign: [tag for tag in CELLS if _tested(rows, tag) and CELLS[tag].operation == sign] for sign in NAMES}
    panels = {sign: tags for sign, tags in panels.items() if tags}
    if not panels:
        raise ValueError(
            "there is nothing to draw: no score row has the metric 'exact' and the tag of a cell, as add-3D"
        )
    figure = _figure(rows, panels)
    figure.savefig(file, format="png", dpi=120, metadata={"Software": None})
    return _in_words(rows, panels)


def _tested(rows: Rows, tag: str) -> bool:
    return any((system, tag) in rows for system in LOOKS)


def _figure(rows: Rows, panels: Mapping[str, Sequence[str]]) -> Figure:
    """Return a panel an operation, two side by side, with one legend below the title."""
    across = min(2, len(panels))
    down = -(-len(panels) // across)
    figure = Figure(figsize=(5.2 * across, 2.9 * down + 1.0), layout="constrained")
    FigureCanvasAgg(figure)  # beside pyplot, so that no setting of the caller's is touched
    axes = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    for ax, (sign, tags) in zip(axes, panels.items(), strict=False):
        _panel(ax, sign, tags, rows)
    for ax in axes[len(panels) :]:
        ax.set_visible(False)
    title = ("Arithmetic on held-out problems:", "exact match by task, with 95 % intervals")
    figure.suptitle((" " if across > 1 else "\n").join(title), fontsize=12)
    entries = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(entries.values(), entries.keys(), loc="outside lower center", ncols=len(entries), frameon=False)
    return figure


def _panel(ax: Any, sign: str, tags: Sequence[str], rows: Rows) -> None:
    published = [PUBLISHED[tag].goat_exact for tag in tags]
    ax.hlines(
        published,
        [place - 0.38 for place in range(len(tags))],
        [place + 0.38 for place in range(len(tags))],
        colors=GREY,
        linestyles=(0, (3, 2)),
        linewidth=1.2,
        label="Goat-7B, published",
        zorder=1,
    )
    for system in (system for system in LOOKS if any((system, tag) in rows for tag in tags)):
        _curve(ax, system, tags, rows)
    ax.set_title(TITLES[sign], fontsize=11, loc="left")
    ax.set_xticks(range(len(tags)), [tag.partition("-")[2] for tag in tags], rotation=30 if len(tags) > 5 else 0)
    ax.set_ylim(-4, 104)
    ax.set_xlim(-0.6, len(tags) - 0.4)
    ax.set_ylabel("exact match, %")
    ax.label_outer(remove_inner_ticks=False)
    ax.tick_params(labelbottom=True)
    ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def _curve(ax: Any, system: str, tags: Sequence[str], rows: Rows) -> None:
    """Draw one system: a line through the cells of equal lengths, single points for the others, and their intervals."""
    colour, marker, label = LOOKS[system]
    shift = {"base": -0.09, "tuned": 0.09}.get(system, 0.0)  # so that equal values stay visible
    seen = [(place + shift, rows[system, tag], tag) for place, tag in enumerate(tags) if (system, tag) in rows]
    values = [100 * row["value"] for _, row, _ in seen]
    below = [100 * (row["value"] - row["low"]) for _, row, _ in seen]
    above = [100 * (row["high"] - row["value"]) for _, row, _ in seen]
    places = [place for place, _, _ in seen]
    ax.errorbar(
        places,
        values,
        yerr=[below, above],
        fmt=marker,
        color=colour,
        markersize=5,
        elinewidth=1.2,
        capsize=2.5,
        label=label,
    )
    line = [(place, 100 * row["value"]) for place, row, tag in seen if CELLS[tag].grows]
    ax.plot([place for place, _ in line], [value for _, value in line], "-", color=colour, linewidth=1.4)


def _in_words(rows: Rows, panels: Mapping[str, Sequence[str]]) -> str:
    """Return the mean of each operation over the cells drawn: a sentence for who cannot see the picture."""
    parts = []
    for sign, tags in panels.items():
        means = []
        for system in LOOKS:
            values = [100 * rows[system, tag]["value"] for tag in tags if (system, tag) in rows]
            if values:
                means.append(f"{system} {fmean(values):.1f}")
        goat = fmean(PUBLISHED[tag].goat_exact for tag in tags)
        tasks = f"{len(tags)} task{'s' * (len(tags) > 1)}"
        parts.append(f"{TITLES[sign].lower()} {', '.join(means)}, Goat-7B as published {goat:.1f} ({tasks})")
    return f"Exact match in per cent, mean over the tasks shown: {'; '.join(parts)}."
