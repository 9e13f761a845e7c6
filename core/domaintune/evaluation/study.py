"""The evaluation itself: the answers of all systems on the same items become one report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from domaintune.contracts import Answer, Example
from domaintune.errors import DataError, UsageError
from domaintune.evaluation.bootstrap import DIGITS
from domaintune.evaluation.cautions import cautions
from domaintune.evaluation.floors import core_floors, predict_all
from domaintune.evaluation.grading import Grader
from domaintune.evaluation.items import prompt_key, slices, spread
from domaintune.evaluation.marks import FLOOR, Marks, mark, numbers
from domaintune.evaluation.repetition import repetition
from domaintune.evaluation.report import Report
from domaintune.settings import EvalSettings

Answers = Mapping[str, Sequence[Answer]]
Progress = Callable[[int, int], None]


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
    progress: Progress | None = None,
) -> Report:
    """Grade the models and the floors on every item and compare them.

    `answers` holds the systems `base` and `tuned`, each aligned with `test`, and where there is knowledge the same two
    with passages beside the questions, `base+retrieval` and `tuned+retrieval`. A grader that chooses its own items is
    given those among them that were answered. `progress` is called with (answers graded, answers to grade).
    """
    heading = {"domain": domain, "base": base, "adapter": adapter, "decoding": dict(decoding)}
    ordered = {system: answers[system] for system in sorted(answers, key=lambda system: not system.startswith("base"))}
    study = Study(test=test, train=train, graders=graders, answers=ordered, settings=settings, seed=seed)
    return study.report(heading, progress)


def grade_given(
    grader: Grader,
    examples: Sequence[Example],
    answers: Sequence[str],
    *,
    draws: int,
    seed: int,
    against: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return the report of a file of answers (system `given`), compared with a second file (`against`); no floors."""
    texts = {"given": answers} | ({} if against is None else {"against": against})
    systems = {system: [Answer(text=text) for text in said] for system, said in texts.items()}
    settings = EvalSettings(draws=draws)
    study = Study(test=examples, train=(), graders=[grader], answers=systems, settings=settings, seed=seed)
    return study.report({"domain": "", "base": "", "adapter": "", "decoding": {}}).as_dict()


@dataclass(frozen=True, kw_only=True)
class Study:
    """The items, the answers of the models, and who grades them; floors are added where there are training examples."""

    test: Sequence[Example]
    train: Sequence[Example]
    graders: Sequence[Grader]
    answers: Answers
    settings: EvalSettings
    seed: int

    def report(self, heading: Mapping[str, Any], progress: Progress | None = None) -> Report:
        """Grade, resample, compare, and look for what the numbers hide."""
        _refuse_misaligned(self.test, self.answers)
        graded = self._grade(progress)
        drawn = [numbers(marks, self.settings.draws, self.seed) for marks in graded]
        comparisons = [row for _, rows in drawn for row in rows]
        said = {system: [a.text for a in given] for system, given in self.answers.items()}
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
            warnings=cautions(repeated, comparisons, self.answers, n),
            samples=[self._sample(place, graded) for place in spread(self.test, self.settings.samples)],
        )

    def _grade(self, progress: Progress | None) -> list[Marks]:
        """Mark every system for every grader: models in the order given, then floors."""
        core = core_floors(self.train)
        jobs: list[tuple[Grader, Sequence[Example], dict[str, Sequence[str]]]] = []
        for grader in self.graders:
            if grader.found:
                jobs.append((grader, list(grader.asks or ()), dict(grader.found)))
                continue
            asked = _answered(grader, self.test)
            items = [item for _, item in asked]
            texts: dict[str, Sequence[str]] = {
                system: [said[place].text for place, _ in asked] for system, said in self.answers.items()
            }
            floors = core | (grader.floors(self.train) if self.train else {})
            jobs.append((grader, items, texts | {FLOOR + name: predict_all(f, items) for name, f in floors.items()}))
        steps = _counter(progress, sum(len(items) * len(texts) for _, items, texts in jobs))
        return [mark(grader, items, texts, lambda: next(steps)) for grader, items, texts in jobs]

    def _sample(self, place: int, graded: Sequence[Marks]) -> dict[str, Any]:
        item = self.test[place]
        said = {system: given[place].text for system, given in self.answers.items()}
        return {
            "prompt": item.question,
            "reference": item.reference,
            **said,
            "tags": sorted(item.tags),
            "origin": asdict(item.origin),
            "scores": [row for marks in graded for row in _sample_scores(prompt_key(item), marks, list(said))],
        }


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
        for score in marks.scores[system][marks.places[key]].values()
    ]
