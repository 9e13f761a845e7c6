"""One face for every evaluator a plugin may offer: a class, an object with `grade`, or a plain function."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsIndex

from domaintune.contracts import Component, Example, Passage, Score
from domaintune.errors import DomaintuneError, PluginError, SettingsError
from domaintune.settings import SandboxSettings, Settings, validate

if TYPE_CHECKING:
    from domaintune.sandbox import Sandbox

UNSAFE = "unsafe"
"""The tier of a sandbox that is none."""
Predict = Callable[[Example], str]
"""A cheap answer to an example's question."""
_BROKEN = (DomaintuneError, OSError, EOFError, UnicodeError, json.JSONDecodeError)
"""What goes wrong while a file is read: never for want of held-out examples."""


class _NoneHeldOut(list[Example]):
    """No held-out examples, and whether anybody has looked for some."""

    looked = False

    def __len__(self) -> int:
        self.looked = True
        return 0

    def __iter__(self) -> Iterator[Example]:
        self.looked = True
        return iter(())

    def __getitem__(self, place: SupportsIndex | slice) -> Any:
        self.looked = True
        return super().__getitem__(place)


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

    @property
    def runs(self) -> bool:
        """Whether it runs what models write, so that it must be given a sandbox before it grades."""
        return callable(getattr(self.part, "run_in", None))

    @property
    def takes_samples(self) -> bool:
        """Whether it grades several answers to an item together."""
        return callable(getattr(self.part, "grade_samples", None))

    @property
    def takes_solutions(self) -> bool:
        """Whether it can tell which training examples solve its items."""
        return callable(getattr(self.part, "given_away", None))

    def ready(self) -> None:
        """Have the evaluator refuse now what it would refuse after hours of training: it cannot measure as it is set."""
        ready = getattr(self.part, "ready", None)
        if ready is not None:
            ready()

    def absent(self, name: str) -> str:
        """Return why no item has this name, where the evaluator knows it; else an empty text."""
        absent = getattr(self.part, "absent", None)
        return str(absent(name)) if absent is not None else ""

    def run_in(self, sandbox: Sandbox) -> None:
        """Give the evaluator the sandbox in which it runs what models write."""
        self.part.run_in(sandbox)

    def read(self, passages: Sequence[Passage]) -> None:
        """Show the evaluator the knowledge of the build, where it wants to see it."""
        read = getattr(self.part, "read", None)
        if read is not None:
            read(passages)

    def grade(self, example: Example, answer: str) -> list[Score]:
        """Return the scores of one answer, at most one for each metric."""
        grade = getattr(self.part, "grade", self.part)
        try:
            return self._checked(grade(example, answer))
        except Exception as error:
            error.add_note(f"while evaluator {self.name!r} graded the answer to {example.origin}")
            raise

    def grade_each(self, pairs: Sequence[tuple[Example, str]]) -> Iterator[list[Score]]:
        """Yield the scores of many answers in their order: all at once, where the evaluator can do that."""
        if callable(getattr(self.part, "grade_all", None)):
            yield from self._graded("grade_all", pairs)
        else:
            yield from (self.grade(example, answer) for example, answer in pairs)

    def grade_samples(self, several: Sequence[tuple[Example, Sequence[str]]]) -> Iterator[list[Score]]:
        """Yield the scores of many items in their order, each with several answers."""
        yield from self._graded("grade_samples", several)

    def given_away(self, train: Sequence[Example]) -> dict[int, str]:
        """Return the places of training examples that give an item away, each with the sentence which and how."""
        if not self.takes_solutions:
            return {}
        try:
            found = dict(self.part.given_away(train))
        except Exception as error:
            error.add_note(f"while evaluator {self.name!r} looked for training examples that solve its items")
            raise
        odd = next((place for place in found if place not in range(len(train))), None)
        if odd is not None:
            raise PluginError(
                f"evaluator {self.name!r} says that training example {odd!r} gives an item away; there are "
                f"{len(train):,}, counted from 0"
            )
        return {int(place): str(sentence) for place, sentence in sorted(found.items())}

    def items(self, test: Sequence[Example]) -> Sequence[Example]:
        """Return the items that this evaluator asks about: those given to it, its own choice, or the test split itself."""
        if self.asks is not None:
            return self.asks
        choose = getattr(self.part, "items", None)
        return list(choose(test)) if choose else test

    def own_items(self) -> list[Example]:
        """Return the items that this evaluator brings itself: those it asks about whatever is held out.

        One that draws from the held-out examples need not expect that there are none: it has looked at them before it
        fails. Any other error is one of its items, which would go unseen into training, and is raised.
        """
        if self.retrievers or not hasattr(self.part, "items"):
            return []
        none = _NoneHeldOut()
        try:
            return list(self.items(none))
        except Exception as error:
            unread = hasattr(self.part, "read")  # it asks about knowledge, which a build shows it only later
            if (none.looked or unread) and not isinstance(error, _BROKEN):
                return []
            error.add_note(f"while evaluator {self.name!r} read its items")
            raise

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

    def _graded(self, method: str, given: Sequence[tuple[Example, Any]]) -> Iterator[list[Score]]:
        """Grade many with one call; what it yields may still be in the making, so it is taken one by one."""
        done = 0
        try:
            for scores in getattr(self.part, method)(given):
                done += 1
                if done > len(given):
                    break
                yield self._checked(scores)
        except Exception as error:
            error.add_note(f"while evaluator {self.name!r} graded {len(given):,} items with {method}")
            raise
        if done != len(given):
            raise PluginError(
                f"evaluator {self.name!r} yielded {'more' if done > len(given) else 'fewer'} than the {len(given):,} items "
                f"it was given; {method} must yield the scores of each, in order"
            )

    def _checked(self, given: Score | Iterable[Score]) -> list[Score]:
        scores = [given] if isinstance(given, Score) else list(given)
        self._refuse_odd(scores)
        return scores

    def _refuse_odd(self, scores: Sequence[Any]) -> None:
        if not all(isinstance(score, Score) for score in scores):
            raise PluginError(f"evaluator {self.name!r} must yield Score records; it yielded {scores!r}")
        metrics = [score.metric for score in scores]
        if len(set(metrics)) < len(metrics):
            raise PluginError(f"evaluator {self.name!r} gave one answer the same metric twice: {', '.join(metrics)}")


def enter_sandbox(graders: Iterable[Grader], settings: SandboxSettings) -> list[str]:
    """Give every grader that runs what models write one sandbox; SandboxError where it cannot be had.

    Returns what a reader of the numbers must be told: that there was none, where the user has typed so.
    """
    running = [grader for grader in graders if grader.runs]
    if not running:
        return []
    from domaintune.sandbox import open_with  # noqa: PLC0415  (few graders run anything)

    sandbox = open_with(settings)
    for grader in running:
        grader.run_in(sandbox)
    names = ", ".join(grader.name for grader in running)
    return [f"{names}: programs ran without a sandbox (tier unsafe)."] if sandbox.tier == UNSAFE else []


def of_running(graders: Iterable[Grader], settings: Settings) -> dict[str, Any]:
    """Return what running programs adds to the inputs of a stage: nothing where no grader runs any."""
    return {"sandbox": of_sandbox(settings.sandbox)} if any(grader.runs for grader in graders) else {}


def of_sandbox(settings: SandboxSettings) -> dict[str, Any]:
    """Return what decides the verdict on a program: how many run at once does not."""
    return {name: value for name, value in dataclasses.asdict(settings).items() if name != "workers"}


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
