"""Grading ScienceQA: which letter an answer chooses, by LLaVA's rule, and whether it is the right one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from domaintune import DataError, Example, Origin, Score, records
from domaintune_multimodal.scienceqa.options import ScienceGradingOptions
from domaintune_multimodal.scienceqa.problem import LETTERS, Problem, Unfit, as_texts, letter, read_problem


class ScienceGrader:
    """Accuracy over the letters that answers choose; what cannot be read is wrong.

    The tags of the items are the columns of the paper's table: subject, kind of context, grades.
    """

    def __init__(self, options: ScienceGradingOptions | None = None) -> None:
        self._options = options or ScienceGradingOptions()
        self._elsewhere: dict[str, str] = {}

    def items(self, test: Sequence[Example]) -> list[Example]:
        """Return the problems of the option `items`, or else the held-out examples; DataError where a row is none."""
        if not self._options.items:
            return list(test)
        folder = Path(self._options.images or Path(self._options.items).parent)
        return [self._item(problem, folder) for problem in self._problems()]

    def ready(self) -> None:
        """Refuse to begin where pictures of the items are not there: models are shown them. Raises DataError."""
        if self._options.items:
            _refuse_missing(self.items([]))

    def absent(self, name: str) -> str:
        """Return why a problem of the file of items is none of the items; empty where the file does not hold it."""
        return self._elsewhere.get(name, "")

    def grade(self, example: Example, answer: str) -> Iterator[Score]:
        """Yield `accuracy`, and `parsed`: whether a letter can be read at all."""
        said, right, count = letter(answer), _right(example), len(_choices(example))
        if said is None:
            reason = "unparsed: it is no letter, begins with no 'X. ' and does not say once 'The answer is X.'"
        elif count and LETTERS.index(said) >= count:
            reason = f"{said} is not among the {count} options"
        else:
            reason = f"{said} is right" if said == right else f"{said} instead of {right}"
        yield Score(metric="accuracy", value=float(said is not None and said == right), reason=reason, proportion=True)
        yield Score(metric="parsed", value=float(said is not None), reason=reason, proportion=True)

    def floors(self, train: Sequence[Example]) -> dict[str, Callable[[Example], str]]:
        """Add `longest`, the longest option, and `letter`, the commonest answer to as many options in training."""
        counts: dict[int, Counter[str]] = defaultdict(Counter)
        for example in train:
            right = _right(example)
            if right:
                counts[len(_choices(example))][right] += 1
        commonest = {count: min(seen, key=lambda mark: (-seen[mark], mark)) for count, seen in counts.items()}
        return {
            "longest": _longest,
            "letter": lambda example: f"The answer is {commonest.get(len(_choices(example)), LETTERS[0])}.",
        }

    def _problems(self) -> Iterator[Problem]:
        """Yield the problems of the wanted split, each id once."""
        options, seen, splits = self._options, dict[str, Origin](), Counter[str]()
        wanted = 0
        for row, origin in records(options.items):
            try:
                problem = read_problem(as_texts(row), origin)
            except Unfit as why:
                raise DataError(f"{origin}: {why}; mend the problem, or leave it out of the file") from None
            if problem.id in seen:
                raise DataError(f"{origin}: problem {problem.id[:40]!r} is there already, in {seen[problem.id]}")
            seen[problem.id] = origin
            splits[problem.split or "none"] += 1
            if options.split != "all" and problem.split not in ("", options.split):
                self._elsewhere[problem.id] = (
                    f"it is of the split {problem.split!r}, and {options.split!r} is asked "
                    f"(--set eval.multimodal-scienceqa.split={problem.split}, or all)"
                )
                continue
            wanted += 1
            if problem.image and options.pictures == "drop":
                self._elsewhere[problem.id] = "it has a picture (eval.multimodal-scienceqa.pictures=drop)"
            else:
                yield problem
        if not wanted:
            there = ", ".join(f"{name} {count:,}" for name, count in sorted(splits.items())) or "nothing"
            raise DataError(
                f"{options.items!r} has no problem of the split {options.split!r} ({there}); "
                "choose another with --set eval.multimodal-scienceqa.split=…"
            )

    def _item(self, problem: Problem, folder: Path) -> Example:
        try:
            item = problem.example("answer-last", self._options.picture)
        except Unfit:  # an item need not be learned from
            item = problem.example("answer-only", self._options.picture)
        shown = tuple(name if name.startswith("data:") else str(folder / name) for name in item.images)
        outside = [name for name in shown if not name.startswith("data:") and not _lies_in(Path(name), folder)]
        if outside:
            raise DataError(
                f"{problem.origin}: the picture {outside[0]!r} does not lie in {str(folder)!r}; mend its name"
            )
        return replace(item, images=shown)


def _lies_in(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        return False


def _refuse_missing(items: Sequence[Example]) -> None:
    names = [name for item in items for name in item.images if not name.startswith("data:")]
    missing = [name for name in names if not Path(name).is_file()]
    if missing:
        raise DataError(
            f"{len(missing):,} of {len(names):,} pictures are not there, such as {missing[0]!r}; name their folder with "
            "--set eval.multimodal-scienceqa.images=FOLDER, or leave these problems out with "
            "--set eval.multimodal-scienceqa.pictures=drop"
        )


def _right(example: Example) -> str:
    """Return the letter of the right option; empty where the example is no problem of ours."""
    return str(example.meta.get("answer") or letter(example.reference) or "")


def _choices(example: Example) -> Sequence[str]:
    found: Sequence[str] = example.meta.get("choices") or ()
    return found


def _longest(example: Example) -> str:
    """Answer with the longest option; the first of equals."""
    choices = _choices(example)
    place = max(range(len(choices)), key=lambda place: (len(choices[place]), -place), default=0)
    return f"The answer is {LETTERS[place]}."
