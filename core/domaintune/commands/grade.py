"""`domaintune grade`: a grader on given answers, without a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from domaintune.commands.common import AsJson, Overrides, answering, print_json

Grader = Annotated[str, typer.Argument(metavar="EVALUATOR", help="A grader, as `domaintune plugins` lists them.")]
Items = Annotated[str, typer.Option("--items", metavar="FILE", help="Items with their references.")]
Answers = Annotated[Path, typer.Option("--answers", metavar="FILE", help='JSONL, a row an item: {"answer": "…"}')]
Against = Annotated[Path | None, typer.Option("--against", metavar="FILE", help="Other answers to compare with.")]


@answering
def grade(
    evaluator: Grader,
    items: Items,
    answers: Answers,
    against: Against = None,
    override: Overrides = None,
    json: AsJson = False,
) -> None:
    """Grade answers that were made elsewhere, the n-th answer for the n-th item; intervals and tags as in a build."""
    from domaintune import evaluation, given
    from domaintune.console import out
    from domaintune.home import quiet_libraries
    from domaintune.plugins import catalog

    quiet_libraries()
    report = given.grade(catalog(), evaluator, items, answers, against, override or [])
    if json:
        print_json(report)
    else:
        evaluation.render(report, out(), out().width)
