"""Pictures: an evaluator may draw its own numbers, and one that fails costs a sentence, not the evaluation."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from domaintune.evaluation.grading import Grader
from domaintune.evaluation.report import Report


def draw(report: Report, graders: Sequence[Grader], folder: Path) -> Report:
    """Return the report with the pictures that its evaluators draw into the evaluation's folder."""
    pictures, warnings = [], []
    for grader in graders:
        file = folder / f"{grader.name}.png"
        rows = [dict(row) for row in report.scores if row["evaluator"] == grader.name]
        try:
            text = grader.draw(rows, file)
        except Exception as error:  # a stranger's drawing may raise anything
            file.unlink(missing_ok=True)
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            warnings.append(f"The picture of {grader.name} could not be drawn ({reason}).")
        else:
            if text:
                pictures.append({"evaluator": grader.name, "file": f"evaluation/{file.name}", "text": text})
    return dataclasses.replace(report, pictures=pictures, warnings=[*report.warnings, *warnings])
