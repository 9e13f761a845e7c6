"""ScienceQA as a data set: problems.json, or rows with the same fields, on the sides that the set itself names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from domaintune import BuildContext, DataError, Dropped, Example
from domaintune_multimodal.scienceqa.options import ScienceOptions
from domaintune_multimodal.scienceqa.problem import FIELDS, Problem, Unfit, read_problem

SAMPLE = Path(__file__).parents[1] / "samples" / "scienceqa.json"
_LARGEST = 64 << 20
"""Bytes of pid_splits.json; that of ScienceQA has half a megabyte."""


def science(context: BuildContext) -> Iterator[Example | Dropped]:
    """Yield an example for every problem, on the side of its split, and say why for every other row."""
    options: ScienceOptions = context.options or ScienceOptions()
    splits = read_splits(options.splits) if options.splits else None
    bare = 0
    for row in context.rows(*FIELDS, sample=SAMPLE):
        try:
            problem = _placed(read_problem(row.values, row.origin), splits)
            side = _side(problem, options)
            if problem.image and options.pictures == "drop":
                raise Unfit("picture", "it has a picture (data.options.pictures)")
            example = problem.example(options.order, options.picture)
        except Unfit as why:
            yield Dropped(origin=row.origin, reason=why.reason, detail=why.detail)
            continue
        bare += not (problem.lecture or problem.solution)
        yield replace(example, side=side)
    if bare and options.order != "answer-only":
        context.note(f"problems with neither lecture nor explanation: {bare:,}; of these the answer alone is learned")


def read_splits(source: str) -> dict[str, str]:
    """Return the split of every problem id in a pid_splits.json: `{"train": ["1", ...], "val": [...], "test": [...]}`.

    Raises DataError where it is no such file, or names a problem in two of the three.
    """
    path = Path(source)
    try:
        if path.stat().st_size > _LARGEST:
            raise DataError(
                f"{source!r} has more than 64 MiB; name the pid_splits.json of ScienceQA in data.options.splits"
            )
        given = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"{source!r} cannot be read: {error.strerror}; check data.options.splits") from None
    except (ValueError, RecursionError):
        raise DataError(f"{source!r} is no JSON; check data.options.splits") from None
    named = (
        {name: given[name] for name in ("train", "val", "test") if name in given} if isinstance(given, Mapping) else {}
    )
    if not named or not all(map(_is_list_of_ids, named.values())):
        wrong = next((name for name, ids in named.items() if not _is_list_of_ids(ids)), "train, val or test")
        raise DataError(f"{source!r} has no list of problem ids under {wrong}; check data.options.splits")
    found: dict[str, str] = {}
    for name, ids in named.items():
        for problem in map(str, ids):
            if found.setdefault(problem, name) != name:
                raise DataError(
                    f"{source!r} has problem {problem[:40]!r} in {found[problem]} and in {name}; mend the file"
                )
    return found


def _is_list_of_ids(given: Any) -> bool:
    return isinstance(given, list) and all(isinstance(one, int | str) and not isinstance(one, bool) for one in given)


def _placed(problem: Problem, splits: Mapping[str, str] | None) -> Problem:
    """Return the problem with the split that the list of splits gives it."""
    if splits is None:
        return problem
    if problem.id not in splits:
        raise Unfit("no-split", "data.options.splits does not name it")
    return replace(problem, split=splits[problem.id])


def _side(problem: Problem, options: ScienceOptions) -> Literal["train", "test"] | None:
    """Return the side of a problem; None where its row names no split."""
    if problem.split == "val":
        if options.val == "drop":
            raise Unfit("val", "of the validation split (data.options.val)")
        return options.val
    return "train" if problem.split == "train" else "test" if problem.split == "test" else None
