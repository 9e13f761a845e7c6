"""What is said: each question goes to all speakers in one batch, and each speaker remembers its own answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from domaintune.chat.speakers import Speaker
from domaintune.contracts import IMAGE, Message, Sampling
from domaintune.sessions import LiveSession, Request, TokenEvent


@dataclass(kw_only=True)
class Reply:
    """What one speaker has said so far to one question; times are seconds since the question."""

    speaker: Speaker
    text: str = ""
    tokens: int = 0
    finish_reason: str | None = None
    error: str = ""
    first: float | None = None
    seconds: float = 0.0

    @property
    def speed(self) -> float | None:
        """Tokens a second after the first token; None where there is no second one."""
        if self.tokens < 2 or self.first is None or self.seconds <= self.first:
            return None
        return (self.tokens - 1) / (self.seconds - self.first)

    def hear(self, event: TokenEvent, now: float) -> None:
        """Add what has come."""
        self.text += event.text
        self.tokens += event.tokens
        self.seconds = now
        self.finish_reason, self.error = event.finish_reason, event.error
        if self.first is None and self.tokens:
            self.first = now


@dataclass(kw_only=True)
class Conversation:
    """The turns so far, and the session that answers the next one; `stopped` is asked between two tokens.

    `pictures` are those of the next question, as `data:` URLs.
    """

    session: LiveSession
    speakers: Sequence[Speaker]
    sampling: Sampling
    system: str | None = None
    stopped: Callable[[], bool] = lambda: False
    histories: list[list[Message]] = field(init=False)
    shown: list[list[str]] = field(init=False)  # the pictures of each history
    pictures: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget what was said."""
        start = [Message(role="system", content=self.system)] if self.system else []
        self.histories = [list(start) for _ in self.speakers]
        self.shown = [[] for _ in self.speakers]
        self.pictures = []

    def ask(self, question: str) -> Iterator[tuple[int, Reply, str]]:
        """Yield (speaker's place, its reply so far, new text) until all have answered or someone stops them.

        A reply is remembered when it ends; a question that the engine refuses raises UsageError and is forgotten, and its
        pictures stay for the next one.
        """
        pictures = list(self.pictures)
        asked = Message(role="user", content="\n".join([*[IMAGE] * len(pictures), question]))
        replies = [Reply(speaker=speaker) for speaker in self.speakers]
        open_requests = self._join(asked, pictures)
        self.pictures = []
        begun = time.perf_counter()
        try:
            while open_requests and not self.stopped():
                for event in self.session.step():
                    place = open_requests.get(event.request)
                    if place is None:  # the last word of a question that was stopped
                        continue
                    reply = replies[place]
                    reply.hear(event, time.perf_counter() - begun)
                    if reply.finish_reason is not None:
                        del open_requests[event.request]
                    yield place, reply, event.text
            for place in open_requests.values():
                replies[place].finish_reason = "stopped"
                yield place, replies[place], ""
        finally:
            for request in open_requests:
                self.session.cancel(request)
            self._remember(asked, pictures, replies)

    def _join(self, asked: Message, pictures: Sequence[str]) -> dict[int, int]:
        """Let a request of each speaker join the batch: all of them, or none."""
        joined: dict[int, int] = {}
        try:
            for place, (speaker, history) in enumerate(zip(self.speakers, self.histories, strict=True)):
                request = Request(
                    messages=(*history, asked),
                    images=(*self.shown[place], *pictures),
                    adapter=speaker.adapter,
                    sampling=self.sampling,
                    shorten=True,
                )
                joined[self.session.add(request).request] = place
        except BaseException:
            for number in joined:
                self.session.cancel(number)
            raise
        return joined

    def _remember(self, asked: Message, pictures: Sequence[str], replies: Sequence[Reply]) -> None:
        for history, shown, reply in zip(self.histories, self.shown, replies, strict=True):
            if reply.text:
                said = reply.text.replace(IMAGE, "image")  # in what follows, the marker stands for pictures only
                history += [asked, Message(role="assistant", content=said)]
                shown.extend(pictures)
