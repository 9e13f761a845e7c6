"""The evaluation itself: the answers of all systems on the same items become one report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from domaintune.contracts import Answer, Example
from domaintune.errors import DataError, UsageError
from domaintune.evaluation.bootstrap import DIGITS
from domaintune.evaluation.cautions import cautions
from domaintune.evaluation.floors import core_floors, predict_all
from domaintune.evaluation.grading import Grader, Predict
from domaintune.evaluation.items import prompt_key, slices, spread
from domaintune.evaluation.marks import BLIND, FLOOR, Marks, mark, numbers
from domaintune.evaluation.repetition import repetition
from domaintune.evaluation.report import Report
from domaintune.settings import EvalSettings

Answers = Mapping[str, Sequence[Answer]]
Samples = Mapping[str, Sequence[Sequence[str]]]
"""Several answers to each item, by system."""
Progress = Callable[[int, int], None]
Keep = Callable[[Iterable[Mapping[str, Any]]], None]
"""Takes a row for each item and system: what each answer scored."""


def evaluate(  # noqa: PLR0913  (the keyword-only half is the report's heading, written down as it is given)
    test: Sequence[Example],
    train: Sequence[Example],
    graders: Sequence[Grader],
    answers: Answers,
    settings: EvalSettings,
    *,
    seed: int,
    domain: str,
    base: str,
    adapter: str,
    decoding: Mapping[str, Any],
    samples: Samples | None = None,
    progress: Progress | None = None,
    keep: Keep | None = None,
) -> Report:
    """Grade the models and the floors on every item and compare them.

    `answers` holds the systems `base` and `tuned`, each aligned with `test`, and where there is knowledge the same two
    with passages beside the questions, `base+retrieval` and `tuned+retrieval`; where there are pictures, with blank ones
    in their place, `base+blind` and `tuned+blind`. A grader that chooses its own items is given those among them that
    were answered. `samples` holds all answers to each item where a model was asked for
    several; `answers` are then the first. `progress` is called with (answers graded, answers to grade).
    """
    heading = {"domain": domain, "base": base, "adapter": adapter, "decoding": dict(decoding)}
    ordered = {system: answers[system] for system in sorted(answers, key=lambda system: not system.startswith("base"))}
    study = Study(
        test=test, train=train, graders=graders, answers=ordered, settings=settings, seed=seed, samples=samples or {}
    )
    return study.report(heading, progress, keep)


def grade_given(  # noqa: PLR0913  (who grades which answers to what; the rest says how)
    grader: Grader,
    examples: Sequence[Example],
    answers: Sequence[str | Sequence[str]],
    *,
    draws: int,
    seed: int,
    against: Sequence[str | Sequence[str]] | None = None,
    progress: Progress | None = None,
    keep: Keep | None = None,
) -> dict[str, Any]:
    """Return the report of a file of answers (system `given`), compared with a second file (`against`); no floors.

    An item may have several answers; a grader that takes one is shown the first.
    """
    said = {"given": answers} | ({} if against is None else {"against": against})
    samples = {system: [_several(one) for one in texts] for system, texts in said.items()}
    study = Study(
        test=examples,
        train=(),
        graders=[grader],
        answers={system: [Answer(text=texts[0]) for texts in several] for system, several in samples.items()},
        settings=EvalSettings(draws=draws),
        seed=seed,
        samples=samples if any(len(texts) > 1 for several in samples.values() for texts in several) else {},
    )
    return study.report({"domain": "", "base": "", "adapter": "", "decoding": {}}, progress, keep).as_dict()


def _several(given: str | Sequence[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


@dataclass(frozen=True, kw_only=True)
class Study:
    """The items, the answers of the models, and who grades them; floors are added where there are training examples."""

    test: Sequence[Example]
    train: Sequence[Example]
    graders: Sequence[Grader]
    answers: Answers
    settings: EvalSettings
    seed: int
    samples: Samples = field(default_factory=dict)

    def report(self, heading: Mapping[str, Any], progress: Progress | None = None, keep: Keep | None = None) -> Report:
        """Grade, resample, compare, and look for what the numbers hide."""
        _refuse_misaligned(self.test, self.answers)
        graded = self._grade(progress)
        if keep is not None:
            ours = (marks for grader, marks in zip(self.graders, graded, strict=True) if not grader.found)
            keep(row for marks in ours for row in marks.rows())
        drawn = [numbers(marks, self.settings.draws, self.seed) for marks in graded]
        comparisons = [row for _, rows in drawn for row in rows]
        seeing = {system: given for system, given in self.answers.items() if not system.endswith(BLIND)}
        said = {system: [a.text for a in given] for system, given in seeing.items()}
        repeated = repetition(self.test, self.train, said)
        n = {tag: len(places) for tag, places in slices([example.tags for example in self.test]).items()}
        return Report(
            **heading,
            seed=self.seed,
            draws=self.settings.draws,
            graders={grader.name: grader.options for grader in self.graders},
            n=n,
            scores=[row for rows, _ in drawn for row in rows],
            comparisons=comparisons,
            repetition=repeated,
            warnings=[*self._first_only(), *cautions(repeated, comparisons, seeing, n)],
            samples=[self._sample(place, graded) for place in spread(self.test, self.settings.samples)],
        )

    def _first_only(self) -> list[str]:
        """Return a sentence for each grader that takes one answer an item, where there were several."""
        ones = [grader.name for grader in self.graders if not (grader.found or grader.takes_samples)]
        return [f"{name} grades one answer an item: of several, the first." for name in ones] if self.samples else []

    def _grade(self, progress: Progress | None) -> list[Marks]:
        """Mark every system for every grader: models in the order given, then floors."""
        core = core_floors(self.train)
        jobs = [self._job(grader, core) for grader in self.graders]
        steps = _counter(progress, sum(len(job.items) * len(job.texts) for job in jobs))
        return [mark(job.grader, job.items, job.texts, lambda: next(steps), job.samples) for job in jobs]

    def _job(self, grader: Grader, core: Mapping[str, Predict]) -> _Job:
        """Return what one grader has to grade."""
        if grader.found:
            return _Job(grader, list(grader.asks or ()), dict(grader.found))
        asked = _answered(grader, self.test)
        items = [item for _, item in asked]
        texts: dict[str, Sequence[str]] = {
            system: [said[place].text for place, _ in asked] for system, said in _of(self.answers, items).items()
        }
        floors = {**core, **(grader.floors(self.train) if self.train else {})}
        texts |= {FLOOR + name: predict_all(predict, items) for name, predict in floors.items()}
        samples = {system: [said[place] for place, _ in asked] for system, said in self.samples.items()}
        return _Job(grader, items, texts, samples)

    def _sample(self, place: int, graded: Sequence[Marks]) -> dict[str, Any]:
        item = self.test[place]
        said = {system: given[place].text for system, given in _of(self.answers, [item]).items()}
        return {
            "prompt": item.question,
            "reference": item.reference,
            **said,
            "tags": sorted(item.tags),
            "origin": asdict(item.origin),
            "scores": [row for marks in graded for row in _sample_scores(prompt_key(item), marks, list(said))],
        }


class _Job(NamedTuple):
    """One grader with its items, and the answers to them by system: one an item, and where there are several, all."""

    grader: Grader
    items: Sequence[Example]
    texts: Mapping[str, Sequence[str]]
    samples: Samples | None = None


def _of(answers: Answers, items: Sequence[Example]) -> Answers:
    """Return the answers to some items, without those of the blind where there is nothing to see."""
    if any(item.images for item in items):
        return answers
    return {system: given for system, given in answers.items() if not system.endswith(BLIND)}


def _refuse_misaligned(test: Sequence[Example], answers: Answers) -> None:
    if not test:
        raise UsageError("there is no test item to evaluate on; give more data or raise data.test_fraction")
    if not answers:
        raise UsageError("there are no answers to evaluate")
    for system, said in answers.items():
        if len(said) != len(test):
            raise DataError(f"{len(said)} answers of {system!r} for {len(test)} items; give one answer each")


def _answered(grader: Grader, test: Sequence[Example]) -> list[tuple[int, Example]]:
    """Return the items that a grader asks about and that were answered, each with the position of its answer."""
    same = {id(example): place for place, example in enumerate(test)}
    alike = {prompt_key(example): place for place, example in reversed(list(enumerate(test)))}
    places = ((same.get(id(item), alike.get(prompt_key(item))), item) for item in grader.items(test))
    return [(place, item) for place, item in places if place is not None]


def _counter(progress: Progress | None, total: int) -> Iterator[None]:
    for done in range(1, total + 1):
        if progress is not None:
            progress(done, total)
        yield


def _sample_scores(key: str, marks: Marks, systems: Sequence[str]) -> list[dict[str, Any]]:
    """Return the scores of one item, none where this evaluator does not ask about it."""
    if key not in marks.places:
        return []
    return [
        {"evaluator": marks.evaluator, "metric": score.metric, "system": system}
        | {"value": round(score.value, DIGITS), "reason": score.reason}
        for system in systems
        if system in marks.scores
        for score in marks.scores[system][marks.places[key]].values()
    ]
