"""The picture of `multimodal-llava-bench`: relative scores by type and system, and the paper's number in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

TAGS = ("all", "conversation", "detail", "reasoning")
ORDERS = {"": "reference first", "_swapped": "answer first"}
Means = Mapping[tuple[str, str, str], float]
"""Mean scores by system, tag and metric."""


def draw_relative(scores: Sequence[Mapping[str, Any]], file: Path) -> str:
    """Write a PNG with the relative score of each system by type, and return the numbers in words.

    `scores` are the score rows of a report: system, metric, tag, value, low, high and n. A relative score is here the mean
    score of the answers divided by the mean score of the references (LLaVA), not the mean of the items' ratios.
    """
    means = {(row["system"], row["tag"], row["metric"]): float(row["value"]) for row in scores}
    systems = list(dict.fromkeys(row["system"] for row in scores if not row["system"].startswith("floor:")))
    tags = [tag for tag in TAGS if any(ratio(means, system, tag) is not None for system in systems)]
    if not tags:
        raise ValueError("there is nothing to draw: no verdict of the judge could be read")
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    FigureCanvasAgg(figure)  # beside pyplot, so that no setting of the caller's is touched
    axes = figure.subplots()
    width = 0.8 / len(systems)
    for place, system in enumerate(systems):
        values = [100 * (ratio(means, system, tag) or 0.0) for tag in tags]
        axes.bar([at + width * place for at in range(len(tags))], values, width, label=system)
    axes.axhline(100, color="grey", linewidth=0.8)
    axes.set_xticks([at + width * (len(systems) - 1) / 2 for at in range(len(tags))], tags)
    axes.set_ylabel("% of the reference's score")
    axes.set_title("Relative score, the reference first", fontsize=11)
    figure.legend(loc="outside lower center", ncols=len(systems), frameon=False)
    figure.savefig(file, format="png", dpi=120, metadata={"Software": None})
    return _in_words(means, systems)


def ratio(means: Means, system: str, tag: str, order: str = "") -> float | None:
    """Return the mean score of a system's answers divided by that of the references; None where there is none."""
    candidate, reference = (means.get((system, tag, f"{name}{order}")) for name in ("candidate", "reference"))
    return candidate / reference if candidate is not None and reference else None


def _in_words(means: Means, systems: Sequence[str]) -> str:
    """Say each system's relative score in both orders; the difference is what an answer gains by standing first."""
    parts = []
    for system in systems:
        said = [
            f"{100 * value:.1f} with the {name}"
            for order, name in ORDERS.items()
            if (value := ratio(means, system, "all", order)) is not None
        ]
        parts += [f"{system} {', '.join(said)}"] if said else []
    return (
        "Mean score of the answers as a percentage of the mean score of the references, as the paper counts it: "
        + "; ".join(parts)
        + "."
    )
