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
        """What the teacher was asked and what it cost; nothing is known of one that does not count."""
        return getattr(self._teacher, "usage", Usage())

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
