"""A teacher that repeats what was recorded: builds with it need no network, cost nothing and give the same data.

A recording is a JSONL file; a row holds the messages that were sent, and the answer, null where none was given:

    {"messages": [{"role": "user", "content": "Make a question about asthma."}], "answer": "Question: ..."}

Other fields of a row, such as the "sampling" of a recorded build, are not looked at.

Half a character in an answer, a lone surrogate, which no file in UTF-8 can hold, is read as "?".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from domaintune import files
from domaintune.contracts import Message, Sampling, Usage
from domaintune.data.text import words
from domaintune.defaults.answer_store import writable
from domaintune.defaults.teacher_options import ReplayOptions
from domaintune.errors import DataError

SHOWN = 80
"""Characters of a message in an error."""


class Replay:
    """Answers a conversation with what is recorded for exactly these messages, whatever the sampling.

    Where the same messages were answered several times, the answers come in the order of the file; the last one stays.
    """

    free = True
    """Asking costs neither time nor money, so that a look at the data may ask, too."""

    def __init__(self, options: ReplayOptions) -> None:
        if not options.file:
            raise DataError("the teacher repeats a recording; name it with --set data.teacher_options.file=FILE")
        self.options = options
        self._answers: dict[str, list[str | None]] = {}
        self._questions: dict[str, tuple[int, str]] = {}
        self._given: dict[str, int] = {}
        self._requests = 0
        for number, messages, answer in _rows(Path(options.file).expanduser()):
            key = _key(messages)
            self._answers.setdefault(key, []).append(answer)
            self._questions.setdefault(key, (number, messages[-1]["content"]))

    @property
    def usage(self) -> Usage:
        """How often it was asked; every answer is out of the file."""
        return Usage(requests=self._requests, cached=self._requests)

    def answers(self, several: Iterable[Sequence[Message]], samplings: Iterable[Sampling]) -> Iterator[str | None]:
        """Yield the recorded answers in their order."""
        yield from (self.answer(messages, sampling) for messages, sampling in zip(several, samplings, strict=True))

    def answer(self, messages: Sequence[Message], sampling: Sampling) -> str | None:  # noqa: ARG002
        """Return the recorded answer; raises DataError where there is none, or declines with `missing`."""
        self._requests += 1
        key = _key(messages)
        recorded = self._answers.get(key)
        if recorded is None:
            if self.options.missing == "decline":
                return None
            raise DataError(self._missing(messages))
        place = self._given.get(key, 0)
        self._given[key] = place + 1
        return recorded[min(place, len(recorded) - 1)]

    def _missing(self, messages: Sequence[Message]) -> str:
        """Say what was asked, and which recorded question is most like it."""
        asked = messages[-1]["content"] if messages else ""
        said = f"{self.options.file} holds no answer to {_short(asked)}"
        if self._questions:
            wanted = frozenset(words(asked))
            number, like = max(self._questions.values(), key=lambda known: (_likeness(wanted, known[1]), -known[0]))
            same = "the same last message after others" if like == asked else _short(_from_difference(like, asked))
            said += f"; the nearest recorded is line {number}: {same}"
        return f"{said}; record it too, or set data.teacher_options.missing=decline"


def _rows(file: Path) -> Iterator[tuple[int, list[Message], str | None]]:
    """Yield line number, conversation and answer of each row; raises DataError with the line that does not fit."""
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise DataError(f"cannot read the recording {str(file)!r}: {reason}") from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                raise DataError(f"{file}, line {number}: not a JSON object") from None
            yield number, *_checked(row, f"{file}, line {number}")


def _checked(row: Any, where: str) -> tuple[list[Message], str | None]:
    if not isinstance(row, Mapping) or "messages" not in row or "answer" not in row:
        raise DataError(f'{where}: a row holds "messages" and "answer"')
    messages, answer = row["messages"], row["answer"]
    if not isinstance(messages, list) or not messages or not all(map(_is_message, messages)):
        raise DataError(f'{where}: "messages" is a list of {{"role": text, "content": text}}, and not empty')
    if not isinstance(answer, str | None):
        raise DataError(f'{where}: "answer" is a text, or null where the teacher declined')
    return messages, answer if answer is None else writable(answer)


def _is_message(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(value.get(part), str) for part in ("role", "content"))


def _key(messages: Sequence[Message]) -> str:
    return files.fingerprint([[message["role"], message["content"]] for message in messages])


def _likeness(wanted: frozenset[str], text: str) -> float:
    found = frozenset(words(text))
    return len(wanted & found) / len(wanted | found) if wanted | found else 0.0


def _from_difference(text: str, other: str) -> str:
    """Return the text from a little before the first place where it differs from the other."""
    pairs = zip(text, other, strict=False)
    first = next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(text), len(other)))
    return text if first < SHOWN // 2 else "…" + text[first - SHOWN // 4 :]


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return repr(plain if len(plain) <= SHOWN else plain[: SHOWN - 1] + "…")
