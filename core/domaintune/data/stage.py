"""The data stage: from sources to train.jsonl, test.jsonl and a ledger that accounts for every row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

from rich.table import Table

from domaintune import data, files, prompts
from domaintune.console import err, note, progress
from domaintune.contracts import Example
from domaintune.data.context import Tools
from domaintune.data.ledger import Ledger
from domaintune.data.overlap import Asked
from domaintune.data.pictures import check_choices, pictures_in
from domaintune.data.sources import contents
from domaintune.evaluation import Grader, enter_sandbox, of_sandbox, open_grader
from domaintune.evaluation.items import content_key
from domaintune.models import base as models
from domaintune.plan import Plan
from domaintune.runs import Run
from domaintune.settings import SandboxSettings
from domaintune.teachers import told

Words = Callable[[], Any]
"""Opens a tokenizer when it is first wanted."""


def inputs(plan: Plan) -> dict[str, Any]:
    """Return everything that decides the data files."""
    settings = plan.settings
    named = (*settings.data.sources, *settings.data.test_source)
    asked = _asking(plan)
    given = settings.as_dict()["data"]
    if not asked:
        del given["overlap"]  # with nothing to be kept apart, it decides nothing
    return {
        "domain": plan.domain.name,
        "builder": {"name": plan.builder.name, **plan.code("data builder", plan.builder)},
        "teacher": plan.teacher_code,
        "settings": given,
        "sources": contents(named),
        **pictures_in(settings.data.images),
        "seed": settings.seed,
        "max_length": settings.train.max_length,
        "model": models.identity(settings.model),
        **_of_asked(plan, asked),
        **_of_programs(plan, asked),
    }


def _asking(plan: Plan) -> list[Grader]:
    """Return the evaluators of the build that bring their own items, which training must not hold."""
    options = plan.settings.eval.graders
    graders = [open_grader(part, options.get(part.name, {})) for part in plan.evaluators]
    asking = [grader for grader in graders if grader.own_items()]
    for grader in asking:
        check_choices(grader.own_items(), f"evaluator {grader.name!r}")
    return asking


def _of_asked(plan: Plan, asking: Sequence[Grader]) -> dict[str, Any]:
    """Return what the items of evaluators add to the inputs: nothing where all ask about the held-out examples.

    Of their options only those count that choose other items: what a report shows decides nothing about the data.
    """
    found = [
        {
            "name": grader.name,
            "items": content_key(grader.own_items()),
            **plan.code("evaluator", plan.catalog.component("evaluator", grader.name)),
        }
        for grader in asking
    ]
    return {"asked": found} if found else {}


def _of_programs(plan: Plan, asking: Sequence[Grader]) -> dict[str, Any]:
    """Return what running programs adds to the inputs: by evaluators that look for solutions, or by the data builder.

    Only while it works does a builder say whether it runs any, so settings that the user has changed always count.
    """
    given = of_sandbox(plan.settings.sandbox)
    runs = any(grader.runs for grader in asking)
    return {"sandbox": given} if runs or given != of_sandbox(SandboxSettings()) else {}


def _asked(plan: Plan, *, solving: bool) -> list[Asked]:
    """Return the items of the evaluators, and, with `solving`, how these tell that a training example solves one."""
    asking = _asking(plan)
    if solving:
        enter_sandbox(asking, plan.settings.sandbox)
    return [
        Asked(
            evaluator=grader.name,
            items=grader.own_items(),
            given_away=grader.given_away if solving and grader.takes_solutions else None,
        )
        for grader in asking
    ]


def make(plan: Plan, words: Words | None, *, solving: bool = True) -> data.Dataset | data.Sharded:
    """Build, divide and account for the examples, in memory; shards are yet to be made.

    `words` opens the tokenizer when it is first wanted; without it no lengths are known. Without `solving` no evaluator is
    asked which training examples solve its items: that may run programs by the thousand.
    """
    settings = plan.settings
    return data.make(
        plan.builder.name,
        plan.builder.load(),
        plan.builder_options,
        settings.data,
        seed=settings.seed,
        max_length=settings.train.max_length,
        count_tokens=words and _Lengths(words, partial(processor, plan)),
        tools=Tools(
            pieces=words and (lambda text: prompts.pieces(words(), text)), sandbox=settings.sandbox, asking=solving
        ),
        asked=_asked(plan, solving=solving),
    )


class _Lengths:
    """Counts tokens, with a tokenizer that is opened when it is first wanted."""

    def __init__(self, words: Words, sees: Callable[[], Any]) -> None:
        self._words, self._sees = words, sees

    @cached_property
    def _count(self) -> partial[list[tuple[int, int]]]:
        return partial(prompts.count_tokens, self._words(), processor=self._sees())

    def __call__(self, examples: Sequence[Example]) -> list[tuple[int, int]]:
        return self._count(examples)

    def __reduce__(self) -> Any:
        return self._count.__reduce__()  # other processes, which make shards, are given it open


def preview(plan: Plan, size: int, words: Words | None) -> data.Dataset:
    """Make the data set, or, of one that comes in shards, about `size` examples a side with the ledger of the whole."""
    made = make(plan, words, solving=False)
    if isinstance(made, data.Sharded):
        return made.sample(size)
    for grader in _asking(plan):
        if grader.takes_solutions:
            note(f"not looked for yet: training examples that solve an item of {grader.name}; a build drops them")
    return made


def tokenizer(plan: Plan) -> Words:
    """Return what opens the tokenizer of the base model, once.

    A model that is made or fetched here waits until the rows are known to be good. All others are opened now: a wrong name
    is said before a teacher costs anything.
    """
    opened = cache(lambda: models.load_tokenizer(models.locate(plan.settings.model)))
    if not models.is_unmade(plan.settings.model):
        opened()
    return opened


def processor(plan: Plan) -> Any:
    """Return what counts the tokens of pictures for a base model that reads them, else None."""
    found = models.load_processor(models.locate(plan.settings.model))
    if found is None:
        return None
    from domaintune.models.counting import Counting  # noqa: PLC0415  (Pillow)

    return Counting(found)


def work(plan: Plan, folder: Path) -> dict[str, Any]:
    """Make the data files in `folder`; returns the counts for the record."""
    try:
        made = make(plan, tokenizer(plan))
    except data.TooMalformed as error:
        files.write_json(folder.parent / "refused.json", error.ledger.as_dict())
        raise
    (folder.parent / "refused.json").unlink(missing_ok=True)
    made = _written(made, folder)
    for sentence in made.notes:
        note(f"  {sentence}")
    counts = {"train": made.ledger.train, "test": made.ledger.test, "sample": made.sample, "notes": list(made.notes)}
    return counts | _of_teacher(made, plan.settings.data.teacher)


def _of_teacher(made: data.Dataset, name: str | None) -> dict[str, Any]:
    """Say what the teacher was asked and cost, and return it for the record; nothing where it was not asked."""
    if name is None or made.usage is None:
        return {}
    note(f"  {told(name, made.usage)}")
    return {"teacher": asdict(made.usage)}


def _written(made: data.Dataset | data.Sharded, folder: Path) -> data.Dataset:
    if isinstance(made, data.Sharded):
        with progress("rows", made.rows("train") + made.rows("test")) as show:
            made = made.write(folder, progress=show)
        data.write_books(made, folder)
    else:
        data.write(made, folder)
    return made


def announce(run: Run) -> None:
    """Show what became of the rows, and how long they are in tokens."""
    ledger = files.read_json(run.file("data/ledger.json"))
    books = Ledger.from_dict(ledger)
    err().print(ledger_table(books))
    if books.told_of_scrubbing:
        note(books.told_of_scrubbing)
    lengths = run.file("data/lengths.json")
    if lengths.is_file():
        err().print(lengths_table(files.read_json(lengths)))


def ledger_table(ledger: Ledger) -> Table:
    """Return the ledger as a table: every row in exactly one bucket."""
    table = Table(title="rows", title_justify="left", box=None, pad_edge=False)
    table.add_column("bucket")
    table.add_column("rows", justify="right")
    for bucket, count in ledger.summary():
        table.add_row(bucket, f"{count:,}")
    return table


def lengths_table(lengths: dict[str, Any]) -> Table:
    """Return the token lengths as a table, with what max_length would cut."""
    limit = lengths.get("max_length")
    table = Table(title="tokens an example", title_justify="left", box=None, pad_edge=False)
    columns = ("n", "total", "median", "p90", "p99", "max")
    for name in ("", *columns, f"over {limit:,}"):
        table.add_column(name, justify="right" if name else "left")
    for side in ("train", "test"):
        row = lengths[side]
        table.add_row(side, *(f"{row[name]:,.0f}" for name in columns), f"{row['over']:,}")
    return table
