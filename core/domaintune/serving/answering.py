"""One request's answers on their way: collected whole, or piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from typing import Any

from domaintune.serving import forms
from domaintune.serving.forms import Letterhead, Said
from domaintune.serving.replies import Watch, events
from domaintune.serving.wanted import Wanted
from domaintune.serving.worker import Reply
from domaintune.sessions import TokenEvent


@dataclass(eq=False, kw_only=True)
class Answer:
    """One request's answers on their way."""

    head: Letterhead
    asks: Wanted
    replies: Sequence[Reply]
    watch: Watch
    closed: asyncio.Event
    deadline: float = 0.0
    id: str = ""
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def likely(self) -> bool:
        """Whether log probabilities were asked for."""
        return self.asks.asks[0].logprobs is not None

    async def whole(self) -> dict[str, Any]:
        """Wait for all answers and return them together."""
        said = [Said() for _ in self.replies]
        async with aclosing(self._events()) as found:
            async for index, event in found:
                one = said[index]
                one.text += event.text
                one.tokens += event.tokens
                one.chances += event.chances
                one.finish_reason = event.finish_reason
        choices = [self.head.form.choice(index, one, likely=self.likely) for index, one in enumerate(said)]
        return self.head.whole(choices, self._count(sum(one.tokens for one in said)))

    async def chunks(self) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the pieces of a stream, up to the token counts."""
        form, tokens = self.head.form, 0
        read = [0] * len(self.replies)  # letters of the tokens so far, by which log probabilities tell their place
        openings = [opening for index in range(len(self.replies)) if (opening := form.opening(index)) is not None]
        for place, opening in enumerate(openings):
            yield self._chunk([opening], about=place == 0)
        about = not openings
        async with aclosing(self._events()) as found:
            async for index, event in found:
                tokens += event.tokens
                if event.text or event.chances:
                    said = Said(text=event.text, chances=list(event.chances))
                    yield self._chunk([form.delta(index, said, read[index], likely=self.likely)], about=about)
                    about = False
                    read[index] += sum(len(one.text) for one in event.chances)
                if event.finish_reason is not None:
                    end = Said(finish_reason=event.finish_reason)
                    yield self._chunk([form.delta(index, end, read[index], likely=False)], about=about)
                    about = False
        counts = self._count(tokens)
        if self.asks.usage:
            yield {**self.head.chunk([]), "usage": counts}

    async def _events(self) -> AsyncGenerator[tuple[int, TokenEvent], None]:
        """Yield what the engine says, until the server must close."""
        async with aclosing(events(self.replies, self.closed)) as found:
            async for index, event in found:
                self.watch.saw(index, event)
                yield index, event

    def _chunk(self, choices: list[dict[str, Any]], *, about: bool) -> dict[str, Any]:
        none = {"usage": None} if self.asks.usage else {}
        return {**self.head.chunk(choices, about=about), **none}

    def _count(self, completion: int) -> dict[str, int]:
        prompt = sum(reply.prompt_tokens for reply in self.replies[:: self.asks.answers])
        self.watch.ended(prompt, completion)
        return forms.usage(prompt, completion)
