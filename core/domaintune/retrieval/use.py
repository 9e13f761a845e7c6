"""The index of a run in use: what training and grading see of it."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from domaintune import files
from domaintune.console import note, progress
from domaintune.contracts import Example
from domaintune.data.dataset import as_example, as_row
from domaintune.plan import Plan
from domaintune.retrieval.augment import Augmenter
from domaintune.retrieval.knowledge import Knowledge, open_index
from domaintune.runs import Run

AUGMENTED = "augmented.jsonl"
"""The training examples as the model saw them, with their passages; those that no step reaches are not among them."""


def of_training(plan: Plan, run: Run) -> dict[str, Any]:
    """Return what retrieval adds to the inputs of the train stage: nothing where no knowledge is used."""
    return {**of_grading(plan, run), **_shares(plan)} if plan.uses_knowledge else {}


def of_grading(plan: Plan, run: Run) -> dict[str, Any]:
    """Return what retrieval adds to the inputs of the evaluation stage: nothing where no knowledge is used."""
    if not plan.uses_knowledge:
        return {}
    used = plan.settings.retrieval
    return {"index": run.output("index", "index.json"), "use": {"k": used.k, "budget": used.budget}}


def open_knowledge(plan: Plan, run: Run) -> Knowledge:
    """Open the index of a run."""
    return open_index(run.file("index"), plan.catalog)


def augmenter(plan: Plan, knowledge: Knowledge, tokenizer: Any, processor: Any = None) -> Augmenter:
    """Return what puts the passages of an index beside questions, as the settings of a build say."""
    return Augmenter(
        search=knowledge.search,
        every=knowledge.passages,
        tokenizer=tokenizer,
        settings=plan.settings.retrieval,
        processor=processor,
    )


def learned(  # noqa: PLR0913  (what the train stage has at hand)
    plan: Plan,
    run: Run,
    tokenizer: Any,
    examples: Iterator[Example],
    rows: int,
    folder: Path,
    processor: Any = None,
) -> Iterator[Example]:
    """Yield the training examples with the passages drawn for them; they are kept in `folder`, and drawn once.

    Where the steps use fewer examples than there are, only so many are searched for: a search takes its time.
    """
    file = folder / AUGMENTED
    if not file.is_file():
        beside = augmenter(plan, open_knowledge(plan, run), tokenizer, processor)
        wanted = _wanted(plan, rows)
        used = (example for place, example in enumerate(examples) if place in wanted)
        with progress("passages beside examples", len(wanted)) as show:
            files.write_jsonl(file, _rows(plan, beside, used, len(wanted), show))
        told = ", ".join(f"{kind} {count:,}" for kind, count in sorted(beside.counts.items()))
        note(f"  passages beside the examples: {told}")
    return (as_example(row) for row in files.stream_jsonl(file))


def _wanted(plan: Plan, rows: int) -> Collection[int]:
    """Return which examples training can use, drawn by the seed: all, unless its steps are over before."""
    train = plan.settings.train
    count = rows if train.steps is None or train.packing else min(rows, train.steps * train.batch_size)
    return set(random.Random(plan.settings.seed).sample(range(rows), count))  # noqa: S311  (sampling, not secrecy)


def _rows(plan: Plan, beside: Augmenter, examples: Iterator[Example], rows: int, show: Any) -> Iterator[dict[str, Any]]:
    settings = plan.settings
    for count, example in enumerate(examples, 1):
        yield as_row(beside.learn(example, settings.seed, settings.train.max_length))
        show(count, rows)


def asked(
    plan: Plan, knowledge: Knowledge, tokenizer: Any, items: Sequence[Example], processor: Any = None
) -> list[Example]:
    """Return test items with the passages that their questions find."""
    beside = augmenter(plan, knowledge, tokenizer, processor)
    with progress("passages beside questions", len(items)) as show:
        found = []
        for count, item in enumerate(items, 1):
            found.append(beside.examine(item))
            show(count, len(items))
    return found


def _shares(plan: Plan) -> dict[str, Any]:
    used = plan.settings.retrieval
    return {"shares": {"right": used.right, "distractors": used.distractors}}
