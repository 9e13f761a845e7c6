"""The shapes of answers: chat and text, whole and in pieces, as OpenAI's clients read them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from domaintune.contracts import Passage
from domaintune.sessions import TokenChance

LEAST: Final = -9999.0
"""The log probability of what cannot be: JSON has no infinity."""


@dataclass(kw_only=True)
class Said:
    """What one answer has said so far."""

    text: str = ""
    tokens: int = 0
    finish_reason: str | None = None
    chances: list[TokenChance] = field(default_factory=list)


class Form(Protocol):
    """How an answer is written: one of `Chat` and `Text`."""

    prefix: str
    whole: str
    piece: str

    def choice(self, index: int, said: Said, *, likely: bool) -> dict[str, Any]:
        """Return a whole answer; `likely` tells whether log probabilities were asked for."""

    def opening(self, index: int) -> dict[str, Any] | None:
        """Return what a stream says of an answer before its first text."""

    def delta(self, index: int, said: Said, before: int, *, likely: bool) -> dict[str, Any]:
        """Return a piece of an answer after tokens of `before` letters, or with a finish reason its end."""


class Chat:
    """Answers to conversations."""

    prefix, whole, piece = "chatcmpl-", "chat.completion", "chat.completion.chunk"

    def choice(self, index: int, said: Said, *, likely: bool) -> dict[str, Any]:
        """Return a whole message."""
        return {
            "index": index,
            "message": {"role": "assistant", "content": said.text, "refusal": None},
            "logprobs": _chat_chances(said.chances) if likely else None,
            "finish_reason": said.finish_reason,
        }

    def opening(self, index: int) -> dict[str, Any]:
        """Return who speaks."""
        delta = {"role": "assistant", "content": "", "refusal": None}
        return {"index": index, "delta": delta, "logprobs": None, "finish_reason": None}

    def delta(self, index: int, said: Said, before: int, *, likely: bool) -> dict[str, Any]:
        """Return a piece of the message."""
        del before
        return {
            "index": index,
            "delta": {"content": said.text} if said.finish_reason is None else {},
            "logprobs": _chat_chances(said.chances) if likely and said.chances else None,
            "finish_reason": said.finish_reason,
        }


class Text:
    """Texts continued."""

    prefix, whole, piece = "cmpl-", "text_completion", "text_completion"

    def choice(self, index: int, said: Said, *, likely: bool) -> dict[str, Any]:
        """Return a whole text."""
        return self.delta(index, said, 0, likely=likely)

    def opening(self, index: int) -> None:
        """Say nothing before the text."""
        del index

    def delta(self, index: int, said: Said, before: int, *, likely: bool) -> dict[str, Any]:
        """Return a piece of the text."""
        return {
            "index": index,
            "text": said.text,
            "logprobs": _text_chances(said.chances, before) if likely else None,
            "finish_reason": said.finish_reason,
        }


@dataclass(frozen=True, kw_only=True)
class Letterhead:
    """What stands on every piece of one answer: its id, its time, and who answers."""

    form: Form
    label: str
    fingerprint: str
    adapters: tuple[str, ...]
    passages: tuple[Passage, ...] = ()
    id: str = field(default_factory=lambda: secrets.token_hex(12))
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, choices: Sequence[dict[str, Any]], usage: dict[str, int]) -> dict[str, Any]:
        """Return a whole answer."""
        return {**self._head(self.form.whole), "choices": choices, "usage": usage, "domaintune": self._about()}

    def chunk(self, choices: Sequence[dict[str, Any]], *, about: bool = False) -> dict[str, Any]:
        """Return a piece of a stream; the first one says more about who answers."""
        more = {"domaintune": self._about()} if about else {}
        return {**self._head(self.form.piece), "choices": choices, **more}

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.form.prefix + self.id,
            "object": kind,
            "created": self.created,
            "model": self.label,
            "system_fingerprint": f"fp_{self.fingerprint[:12]}",
        }

    def _about(self) -> dict[str, Any]:
        passages = [
            {"title": one.title, "text": one.text, "source": one.origin.source, "place": one.origin.place}
            for one in self.passages
        ]
        return {"version": self.label, "adapters": list(self.adapters), "passages": passages}


def usage(prompt: int, completion: int) -> dict[str, int]:
    """Return the token counts."""
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _chat_chances(chances: Sequence[TokenChance]) -> dict[str, Any]:
    content = [
        {**_chance(one.text, one.logprob), "top_logprobs": [_chance(text, value) for text, value in one.top]}
        for one in chances
    ]
    return {"content": content, "refusal": None}


def _chance(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "logprob": max(logprob, LEAST), "bytes": list(text.encode("utf-8", "replace"))}


def _text_chances(chances: Sequence[TokenChance], before: int) -> dict[str, Any]:
    offsets = [before]
    for one in chances:
        offsets.append(offsets[-1] + len(one.text))
    return {
        "tokens": [one.text for one in chances],
        "token_logprobs": [max(one.logprob, LEAST) for one in chances],
        "top_logprobs": [{text: max(value, LEAST) for text, value in one.top} for one in chances],
        "text_offset": offsets[:-1],
    }
