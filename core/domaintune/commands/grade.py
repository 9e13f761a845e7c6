"""`domaintune grade`: a grader on given answers, without a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from domaintune.commands.common import AsJson, Overrides, Unsafe, answering, print_json

Grader = Annotated[str, typer.Argument(metavar="EVALUATOR", help="A grader, as `domaintune plugins` lists them.")]
Items = Annotated[
    str | None,
    typer.Option("--items", metavar="FILE", help="Items with their references; default: the grader's own."),
]
Answers = Annotated[
    Path,
    typer.Option(
        "--answers", metavar="FILE", help='JSONL, a row an item: {"answer": "…"}, or with "task_id" in any order.'
    ),
]
Against = Annotated[Path | None, typer.Option("--against", metavar="FILE", help="Other answers to compare with.")]
Partial = Annotated[bool, typer.Option("--partial", help="Leave out the tasks that have no answer.")]
Results = Annotated[
    Path | None, typer.Option("--results", metavar="FILE", help="Write what every answer scored, as JSONL.")
]


@answering
def grade(  # noqa: PLR0913  (a command's options)
    evaluator: Grader,
    answers: Answers,
    items: Items = None,
    against: Against = None,
    override: Overrides = None,
    partial: Partial = False,
    results: Results = None,
    allow_unsafe_exec: Unsafe = False,
    json: AsJson = False,
) -> None:
    """Grade answers made elsewhere, by task_id or the n-th for the n-th item; intervals and tags as in a build."""
    from domaintune import evaluation, given
    from domaintune.console import out
    from domaintune.home import quiet_libraries
    from domaintune.plugins import catalog

    quiet_libraries()
    report = given.grade(
        catalog(), evaluator, items, answers, against, override or [],
        partial=partial, results=results, unsafe=allow_unsafe_exec,
    )  # fmt: skip
    if json:
        print_json(report)
    else:
        evaluation.render(report, out(), out().width)
