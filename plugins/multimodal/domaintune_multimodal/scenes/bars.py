"""The picture of a test on scenes: exact match by kind of question, of who sees, who is blind, and who is no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from domaintune_multimodal.scenes.options import KINDS

LOOKS = {
    "base": ("#D55E00", "base"),
    "tuned": ("#0072B2", "tuned"),
    "given": ("#009E73", "given"),
    "base+blind": ("#F0C29B", "base blind"),
    "tuned+blind": ("#9CC9E3", "tuned blind"),
    "given+blind": ("#99D8C4", "given blind"),
    "floor:kind": ("#777777", "floor: commonest answer of the form"),
}
"""Colour (Okabe and Ito 2008, and paler) and label of each system, in the order of the bars."""

Rows = dict[tuple[str, str], Mapping[str, Any]]
"""Score rows by system and kind."""


def draw_bars(scores: Sequence[Mapping[str, Any]], file: Path) -> str:
    """Write a PNG with a group of bars for each kind, with 95 % intervals, and return what it shows in words.

    `scores` are the score rows of a report: system, metric, tag, value, low, high and n. Equal rows give equal bytes.
    """
    rows: Rows = {
        (row["system"], row["tag"]): row
        for row in scores
        if row["metric"] == "exact" and row["tag"] in KINDS and row["system"] in LOOKS
    }
    kinds = [kind for kind in KINDS if any((system, kind) in rows for system in LOOKS)]
    systems = [system for system in LOOKS if any((system, kind) in rows for kind in kinds)]
    if not kinds:
        raise ValueError(
            "there is nothing to draw: no score row has the metric 'exact' and the tag of a kind, as colour"
        )
    figure = Figure(figsize=(max(6.0, 1.15 * len(kinds) + 1.5), 4.2), layout="constrained")
    FigureCanvasAgg(figure)  # beside pyplot, so that no setting of the caller's is touched
    ax = figure.subplots()
    for place, system in enumerate(systems):
        _bars(ax, rows, kinds, system, (place - (len(systems) - 1) / 2) * 0.84 / len(systems), 0.8 / len(systems))
    ax.set_xticks(range(len(kinds)), kinds, rotation=30 if len(kinds) > 6 else 0)
    ax.set_ylim(0, 104)
    ax.set_ylabel("exact match, %")
    ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    figure.suptitle("Questions about scenes with new combinations, with 95 % intervals", fontsize=12)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(file, format="png", dpi=120, metadata={"Software": None})
    return _in_words(rows, kinds, systems)


def _bars(ax: Any, rows: Rows, kinds: Sequence[str], system: str, shift: float, width: float) -> None:
    colour, label = LOOKS[system]
    seen = [(place, rows[system, kind]) for place, kind in enumerate(kinds) if (system, kind) in rows]
    values = [100 * row["value"] for _, row in seen]
    ends = [
        [max(0.0, 100 * (row["value"] - row["low"])) for _, row in seen],
        [max(0.0, 100 * (row["high"] - row["value"])) for _, row in seen],
    ]
    places = [place + shift for place, _ in seen]
    ax.bar(places, values, width, color=colour, label=label)
    ax.errorbar(places, values, yerr=ends, fmt="none", ecolor="#333333", elinewidth=0.9, capsize=1.8)


def _in_words(rows: Rows, kinds: Sequence[str], systems: Sequence[str]) -> str:
    """Return all numbers in a sentence, for who cannot see the picture."""
    parts = []
    for kind in kinds:
        said = [f"{LOOKS[s][1].split(':')[0]} {100 * rows[s, kind]['value']:.1f}" for s in systems if (s, kind) in rows]
        parts.append(f"{kind} {', '.join(said)}")
    return f"Exact match in per cent by kind of question: {'; '.join(parts)}."
