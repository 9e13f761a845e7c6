"""One face for every evaluator a plugin may offer: a class, an object with `grade`, or a plain function."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domaintune.contracts import Component, Example, Passage, Score
from domaintune.errors import PluginError, SettingsError
from domaintune.settings import validate

Predict = Callable[[Example], str]
"""A cheap answer to an example's question."""


@dataclass(frozen=True, kw_only=True)
class Grader:
    """An evaluator with its options chosen; `options` are recorded in the report, `asks` are the items given to it.

    `found` are the answers of retrievers to these items, by system: an evaluator that has some is put to no model.
    """

    name: str
    part: Any
    options: dict[str, Any] = field(default_factory=dict)
    asks: Sequence[Example] | None = None
    found: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def retrievers(self) -> tuple[str, ...]:
        """The retrievers that this evaluator measures; none where it grades what models say."""
        return tuple(getattr(self.part, "retrievers", ()))

    def read(self, passages: Sequence[Passage]) -> None:
        """Show the evaluator the knowledge of the build, where it wants to see it."""
        read = getattr(self.part, "read", None)
        if read is not None:
            read(passages)

    def grade(self, example: Example, answer: str) -> list[Score]:
        """Return the scores of one answer, at most one for each metric."""
        grade = getattr(self.part, "grade", self.part)
        try:
            given = grade(example, answer)
            scores = [given] if isinstance(given, Score) else list(given)
        except Exception as error:
            error.add_note(f"while evaluator {self.name!r} graded the answer to {example.origin}")
            raise
        self._refuse_odd(scores)
        return scores

    def items(self, test: Sequence[Example]) -> Sequence[Example]:
        """Return the items that this evaluator asks about: those given to it, its own choice, or the test split itself."""
        if self.asks is not None:
            return self.asks
        choose = getattr(self.part, "items", None)
        return list(choose(test)) if choose else test

    def floors(self, train: Sequence[Example]) -> dict[str, Predict]:
        """Return the evaluator's own cheap systems, by name; they learn from training examples only."""
        learn = getattr(self.part, "floors", None)
        return dict(learn(train)) if learn else {}

    def draw(self, scores: Sequence[Mapping[str, Any]], file: Path) -> str | None:
        """Draw the evaluator's picture of its score rows; returns the sentence that describes it, None without one."""
        draw = getattr(self.part, "draw", None)
        if draw is None:
            return None
        text = draw(scores, file)
        if not (isinstance(text, str) and text.strip() and file.is_file()):
            raise PluginError(f"its draw must write {file.name} and return a sentence; it returned {text!r}")
        return text

    def _refuse_odd(self, scores: Sequence[Any]) -> None:
        if not all(isinstance(score, Score) for score in scores):
            raise PluginError(f"evaluator {self.name!r} must yield Score records; it yielded {scores!r}")
        metrics = [score.metric for score in scores]
        if len(set(metrics)) < len(metrics):
            raise PluginError(f"evaluator {self.name!r} gave one answer the same metric twice: {', '.join(metrics)}")


def open_grader(component: Component[Any], options: Mapping[str, Any]) -> Grader:
    """Load an evaluator and give it its options; raises SettingsError or PluginError."""
    record = _options(component, options)
    part: Any = component.load()
    if isinstance(part, type):
        part = part() if record is None else part(record)
    elif record is not None:
        raise PluginError(f"evaluator {component.name!r} declares options, but its load returns no class to take them")
    if not callable(getattr(part, "grade", part)):
        raise PluginError(
            f"evaluator {component.name!r} must be a class or an object with grade(example, answer), "
            f"or a function of these two; its load returned {part!r}"
        )
    return Grader(name=component.name, part=part, options={} if record is None else dataclasses.asdict(record))


def _options(component: Component[Any], options: Mapping[str, Any]) -> Any:
    where = f"eval.{component.name}"
    if component.options is not None:
        return validate(component.options, options, where)
    if options:
        raise SettingsError(f"{where}: unknown setting {next(iter(options))!r}; this evaluator has no options")
    return None
