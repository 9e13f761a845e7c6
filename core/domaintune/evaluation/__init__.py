"""Evaluation: every question is asked once, every answer graded, every number printed beside what it must beat.

`collect` asks a model; `evaluate` grades the base model, the tuned adapter and the cheap floors on the same items, with
95 % intervals for each metric and tag, and compares them in pairs; `render`, `markdown` and `gates` read the report.

    test, graders, warnings = ask([open_grader(component, options)], held_out, train, settings.limit)
    answers = {"base": collect(session, test, None, ...), "tuned": collect(session, test, "tuned", ...)}
    report = evaluate(test, train, graders, answers, settings, ...)
"""

from __future__ import annotations

from domaintune.evaluation.answers import collect, collect_samples, missing, samplings_of
from domaintune.evaluation.asked import ask
from domaintune.evaluation.card import markdown
from domaintune.evaluation.gate import gates
from domaintune.evaluation.grading import Grader, enter_sandbox, of_running, of_sandbox, open_grader
from domaintune.evaluation.items import choose
from domaintune.evaluation.pictures import draw
from domaintune.evaluation.report import Report
from domaintune.evaluation.study import evaluate, grade_given
from domaintune.evaluation.terminal import render

__all__ = [
    "Grader",
    "Report",
    "ask",
    "choose",
    "collect",
    "collect_samples",
    "draw",
    "enter_sandbox",
    "evaluate",
    "gates",
    "grade_given",
    "markdown",
    "missing",
    "of_running",
    "of_sandbox",
    "open_grader",
    "render",
    "samplings_of",
]
