"""Opening a teacher by its name, and asking it: what builders and retrievers do that want worked answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from domaintune.contracts import Message, Sampling, Teacher, Usage
from domaintune.parts import opened
from domaintune.plugins import catalog


def open_teacher(name: str, options: Mapping[str, Any] | None = None) -> Teacher:
    """Return the teacher of that name with its options; raises PluginError or SettingsError."""
    teacher: Teacher = opened(catalog().component("teacher", name), options or {}, "data.teacher_options")
    return teacher


def ask_teacher(
    teacher: Teacher, several: Iterable[Sequence[Message]], samplings: Iterable[Sampling]
) -> Iterator[str | None]:
    """Yield the answers to many conversations in their order, each with its own sampling; None where it declines.

    A teacher with `answers` is asked many at once, as many as it likes; any other one after the other.
    """
    answers = getattr(teacher, "answers", None)
    if answers is None:
        yield from (teacher.answer(messages, sampling) for messages, sampling in zip(several, samplings, strict=True))
    else:
        yield from answers(several, samplings)


def together(usages: Iterable[Usage]) -> Usage:
    """Return what several teachers, or one that was opened several times, were asked and cost in all."""
    several = list(usages)
    costs = [usage.cost for usage in several if usage.cost is not None]
    return Usage(
        requests=sum(usage.requests for usage in several),
        cached=sum(usage.cached for usage in several),
        prompt_tokens=sum(usage.prompt_tokens for usage in several),
        completion_tokens=sum(usage.completion_tokens for usage in several),
        cost=sum(costs) if costs else None,
    )


def told(name: str, usage: Usage) -> str:
    """Return a sentence about what a teacher was asked and cost, as far as it counts."""
    parts = [f"{usage.requests:,} {'answer' if usage.requests == 1 else 'answers'}"]
    if usage.cached:
        parts[0] += f" ({usage.cached:,} from the store)"
    if usage.prompt_tokens or usage.completion_tokens:
        parts.append(f"{usage.prompt_tokens:,} + {usage.completion_tokens:,} tokens")
    if usage.cost is not None:
        parts.append(f"cost {usage.cost:,.2f}" if usage.cost >= 1 or not usage.cost else f"cost {usage.cost:.2g}")
    return f"teacher {name}: {', '.join(parts)}"


class Silent:
    """A teacher that declines everything."""

    def answer(self, messages: Sequence[Message], sampling: Sampling) -> str | None:  # noqa: ARG002
        """Decline."""
        return None


class Recorder:
    """A teacher whose answers are remembered in the order in which they were taken, as teacher-replay reads them."""

    def __init__(self, teacher: Teacher) -> None:
        self.rows: list[dict[str, Any]] = []
        self._teacher = teacher

    @property
    def usage(self) -> Usage:
        """What the teacher was asked and what it cost; of one that does not count, how many answers it gave."""
        return getattr(self._teacher, "usage", None) or Usage(requests=len(self.rows))

    def answer(self, messages: Sequence[Message], sampling: Sampling) -> str | None:
        """Answer, or decline with None."""
        return next(self.answers([messages], [sampling]))

    def answers(self, several: Iterable[Sequence[Message]], samplings: Iterable[Sampling]) -> Iterator[str | None]:
        """Yield the answers to many conversations in their order."""
        asked: deque[Sequence[Message]] = deque()  # those that wait for their answer

        def remembered() -> Iterator[Sequence[Message]]:
            for messages in several:
                asked.append(messages)
                yield messages

        for answer in ask_teacher(self._teacher, remembered(), samplings):
            self.rows.append({"messages": list(asked.popleft()), "answer": answer})
            yield answer
