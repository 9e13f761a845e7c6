"""Grading answers that were made elsewhere: any grader on any answers, without a model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from domaintune import evaluation, files
from domaintune.console import note
from domaintune.contracts import Dropped, Example, Origin
from domaintune.data import dataset
from domaintune.data.context import Context
from domaintune.data.ledger import Entry
from domaintune.errors import DataError, PluginError, UsageError
from domaintune.plan import Plan, make_plan
from domaintune.plugins import Catalog


@dataclass(frozen=True, kw_only=True)
class Items:
    """Examples with references, each with the position of its row in the file: that of its answer."""

    examples: Sequence[Example]
    positions: Sequence[int]
    rows: int


def grade(
    catalog: Catalog,
    evaluator: str,
    items: str,
    answers: Path,
    against: Path | None = None,
    overrides: Sequence[str] = (),
) -> dict[str, Any]:
    """Grade the n-th answer against the n-th row of `items`; returns a report with the systems given and against.

    `items` is a file that the data builder of the evaluator's domain reads, or a test.jsonl that domaintune wrote.
    """
    component = catalog.component("evaluator", evaluator)
    plan, found = _found(catalog, evaluator, items, overrides)
    grader = evaluation.open_grader(component, plan.settings.eval.graders.get(evaluator, {}))
    if len(found.examples) < found.rows:
        note(
            f"{found.rows - len(found.examples):,} of {found.rows:,} rows of {items} are dropped; see `domaintune data`"
        )
    return evaluation.grade_given(
        grader,
        found.examples,
        _answers_to(found, answers, items),
        draws=plan.settings.eval.draws,
        seed=plan.settings.seed,
        against=_answers_to(found, against, items) if against else None,
    )


def _found(catalog: Catalog, evaluator: str, items: str, overrides: Sequence[str]) -> tuple[Plan, Items]:
    """Return the items, read by the first domain of the evaluator that can (any domain, where none lists it)."""
    domains = [catalog.domain(name) for name in catalog.names("domain")]
    fitting = [domain for domain in domains if evaluator in domain.evaluators] or domains
    if not fitting:
        raise PluginError("no domain is installed whose data builder could read the items")
    chosen = f"eval.evaluators={json.dumps([evaluator])}"
    own, errors = _own_items(Path(items)), []
    for domain in fitting:
        try:
            plan = make_plan(catalog, domain.name, overrides=[*overrides, chosen])
            return plan, own or _read_items(plan, items)
        except UsageError as error:
            errors.append(error)
    raise next((error for error in errors if not isinstance(error, _ReadsNothing)), errors[0])


class _ReadsNothing(DataError):  # noqa: N818  (says what kind of builder it was)
    """The data builder makes its own examples."""


def _own_items(path: Path) -> Items | None:
    """Read a test.jsonl of ours, or return None for any other file."""
    if path.suffix != ".jsonl" or not path.is_file():
        return None
    try:
        first = json.loads(path.open(encoding="utf-8").readline(1_000_000))
        if not {"prompt", "completion", "meta"} <= first.keys():
            return None
        examples = [dataset.as_example(row) for row in files.read_jsonl(path)]
    except (ValueError, KeyError, TypeError, AttributeError, UnicodeDecodeError):
        return None
    return Items(examples=examples, positions=range(len(examples)), rows=len(examples))


def _read_items(plan: Plan, items: str) -> Items:
    """Read the items with the domain's data builder."""
    settings = replace(plan.settings.data, sources=(items,), limit=None)
    context = Context(plan.builder.name, plan.builder_options, settings, seed=plan.settings.seed)
    try:
        examples, _ = context.call(plan.builder.load())
    except DataError:
        if context.asked:
            raise
        raise _ReadsNothing(
            f"{items!r} cannot be read as items: data builder {plan.builder.name!r} makes its own examples and reads no "
            "files; give the test.jsonl that domaintune wrote (data/test.jsonl of a run)"
        ) from None
    rows = sorted({*context.seen, *context.malformed}, key=_reading_order)
    place = {origin: index for index, origin in enumerate(rows)}
    if not examples:
        raise DataError(f"{items!r} has no row that can be graded; `domaintune data --source` says why")
    return Items(examples=examples, positions=[place[example.origin] for example in examples], rows=len(rows))


def _reading_order(origin: Origin) -> Any:
    return Entry.of(Dropped(origin=origin, reason="")).order


def _answers_to(items: Items, path: Path, named: str) -> list[str]:
    answers = _read_answers(path)
    if len(answers) != items.rows:
        raise DataError(
            f"{path} holds {len(answers):,} answers, but {named} holds {items.rows:,} rows; "
            'write one line a row, in the same order: {"answer": "…"}'
        )
    return [answers[position] for position in items.positions]


def _read_answers(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # an answer may hold the line ends of Unicode
    except OSError as error:
        raise DataError(f"cannot read {str(path)!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text; write JSONL in UTF-8") from None
    return [_answer(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]


def _answer(line: str, where: str) -> str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    text = row.get("answer") if isinstance(row, dict) else row
    if not isinstance(text, str):
        raise DataError(f'{where}: not an answer; write {{"answer": "…"}} or a JSON string')
    return text
