"""Grading answers that were made elsewhere: any grader on any answers, without a model."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from domaintune import evaluation, files
from domaintune.console import note, progress
from domaintune.contracts import Component, Domain, Dropped, Origin
from domaintune.data import dataset
from domaintune.data.context import Context
from domaintune.data.ledger import Entry
from domaintune.errors import DataError, PluginError, UsageError
from domaintune.evaluation import Grader
from domaintune.evaluation.given import Items, answers_to
from domaintune.plan import Plan, make_plan
from domaintune.plugins import Catalog
from domaintune.settings import Settings, resolve


def grade(  # noqa: PLR0913  (one command: who grades, what, against what; the rest is its options)
    catalog: Catalog,
    evaluator: str,
    items: str | None,
    answers: Path,
    against: Path | None = None,
    overrides: Sequence[str] = (),
    *,
    partial: bool = False,
    results: Path | None = None,
    unsafe: bool = False,
) -> dict[str, Any]:
    """Grade given answers; returns a report with the systems given and against.

    Answers with a `task_id` belong to the item of that name, several to one item are samples of it; else the n-th belongs
    to the n-th row of `items`. These are a file that the evaluator takes as its option `items`, or that the data builder
    of its domain reads, or a test.jsonl that domaintune wrote; None are the evaluator's own. `partial` leaves out items
    without an answer. `results` is a file for what every answer scored.
    """
    component = catalog.component("evaluator", evaluator)
    if items is None or _takes_items(component):
        settings, grader, found = _brought(catalog, component, items, overrides, unsafe)
    else:
        plan, found = _found(catalog, evaluator, items, overrides, unsafe)
        settings, grader = (
            plan.settings,
            evaluation.open_grader(component, plan.settings.eval.graders.get(evaluator, {})),
        )
    if len(found.examples) < found.rows:
        note(
            f"{found.rows - len(found.examples):,} of {found.rows:,} rows of {items} are dropped; see `domaintune data`"
        )
    given = answers_to(found, answers, partial=partial)
    other = answers_to(found, against, partial=partial) if against else given
    places = [place for place in range(len(found.examples)) if place in given and place in other]
    if not places:
        raise DataError(f"{answers}{f' and {against} together' if against else ''} answer none of the items")
    told = evaluation.enter_sandbox([grader], settings.sandbox)
    examples = [found.examples[place] for place in places]
    with progress("grading", None) as show:
        report = evaluation.grade_given(
            replace(grader, asks=examples) if found.brought else grader,
            examples,
            [given[place] for place in places],
            draws=settings.eval.draws,
            seed=settings.seed,
            against=[other[place] for place in places] if against else None,
            progress=show,
            keep=functools.partial(files.write_jsonl, results) if results else None,
        )
    report["warnings"] = [*told, *_told(len(places), len(found.examples)), *report["warnings"]]
    return report


def _told(graded: int, items: int) -> list[str]:
    """Return the sentence about items without an answer."""
    if graded == items:
        return []
    return [f"Only {graded:,} of {items:,} items were given an answer; the numbers are of these alone."]


def _takes_items(component: Component[Any]) -> bool:
    """Tell whether an evaluator reads its items itself, from the file that its option `items` names."""
    return component.options is not None and "items" in {field.name for field in dataclasses.fields(component.options)}


def _brought(
    catalog: Catalog, component: Component[Any], items: str | None, overrides: Sequence[str], unsafe: bool
) -> tuple[Settings, Grader, Items]:
    """Return the items that an evaluator brings itself, with the evaluator and the settings of its domain.

    Items of a test.jsonl of ours need no reading by the evaluator: they are given to it.
    """
    name = component.name
    settings = resolve(
        _domain_of(catalog, name), overrides=overrides, evaluators=catalog.names("evaluator"), unsafe=unsafe
    )
    options = dict(settings.eval.graders.get(name, {}))
    if items is not None and (held_out := _own_items(Path(items))):
        return settings, evaluation.open_grader(component, options), replace(held_out, brought=True)
    grader = evaluation.open_grader(component, options | ({} if items is None else {"items": items}))
    examples = grader.own_items()
    if not examples:
        raise UsageError(_no_items(name, items))
    source = items or f"the items of {name}"
    found = Items(examples=examples, rows=len(examples), source=source, brought=True, absent=grader.absent)
    return settings, grader, found


def _no_items(name: str, items: str | None) -> str:
    """Return the sentence that there is nothing to grade; who has named a file is not told to name one."""
    if items is None:
        return f"evaluator {name!r} brings no items of its own; name a file that has some with --items FILE"
    return f"evaluator {name!r} found no items in {items!r}; name a file that has some with --items FILE"


def _own(catalog: Catalog, domain: Domain, evaluator: str) -> bool:
    """Tell whether a domain and an evaluator are of one plugin: one that is borrowed reads no files for its lender."""
    return catalog.owner("domain", domain.name).owner == catalog.owner("evaluator", evaluator).owner


def _domain_of(catalog: Catalog, evaluator: str) -> Domain | None:
    """Return the domain that uses an evaluator, or else one of the same plugin, or None."""
    domains = [catalog.domain(name) for name in catalog.names("domain")]
    using = [domain for domain in domains if evaluator in domain.evaluators]
    kin = [domain for domain in domains if _own(catalog, domain, evaluator)]
    return next(iter([*using, *kin]), None)


def _found(catalog: Catalog, evaluator: str, items: str, overrides: Sequence[str], unsafe: bool) -> tuple[Plan, Items]:
    """Return the items, read by the first domain of the evaluator that can (any domain, where none lists it)."""
    domains = [catalog.domain(name) for name in catalog.names("domain")]
    fitting = [domain for domain in domains if evaluator in domain.evaluators and _own(catalog, domain, evaluator)]
    fitting = fitting or domains
    if not fitting:
        raise PluginError("no domain is installed whose data builder could read the items")
    chosen = f"eval.evaluators={json.dumps([evaluator])}"
    own, errors = _own_items(Path(items)), []
    for domain in fitting:
        try:
            plan = make_plan(catalog, domain.name, overrides=[*overrides, chosen], unsafe=unsafe)
            return plan, own or _read_items(plan, items)
        except UsageError as error:
            errors.append(error)
    raise min(errors, key=_telling)


class _ReadsNothing(DataError):  # noqa: N818  (says what kind of builder it was)
    """The data builder makes its own examples."""


class _MadeNothing(DataError):  # noqa: N818  (says what the builder did)
    """The data builder read the rows and made no example of them."""


def _telling(error: UsageError) -> int:
    """Rank what the builders say of a file: who read its rows knows best, and who reads no files knows nothing."""
    return 0 if isinstance(error, _MadeNothing) else 2 if isinstance(error, _ReadsNothing) else 1


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
    return Items(examples=examples, rows=len(examples), source=str(path))


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
        raise _MadeNothing(f"{items!r} has no row that can be graded; `domaintune data --source` says why")
    return Items(
        examples=examples, rows=len(rows), source=items, positions=[place[example.origin] for example in examples]
    )


def _reading_order(origin: Origin) -> Any:
    return Entry.of(Dropped(origin=origin, reason="")).order
