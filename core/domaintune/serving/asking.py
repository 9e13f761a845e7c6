"""Answering: POST /v1/chat/completions and /v1/completions, whole or as a stream of server-sent events.

Whatever can be refused is refused before the first byte of an answer. What goes wrong later in a stream is sent as its
last event, `data: {"error": …}`, without the `[DONE]` that a whole answer ends with.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Protocol

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from domaintune.contracts import Message, Passage
from domaintune.errors import DomaintuneError, UsageError
from domaintune.serving import forms, names, wanted
from domaintune.serving.answering import Answer
from domaintune.serving.body import read_json
from domaintune.serving.forms import Letterhead
from domaintune.serving.metrics import Meters
from domaintune.serving.pictures import Gallery
from domaintune.serving.problems import HttpError, bad, no_model, unavailable
from domaintune.serving.reading import read
from domaintune.serving.replies import Watch, asked
from domaintune.serving.schema import ChatRequest, CompletionRequest
from domaintune.serving.sending import ClientGoneError, Stream, told, unless_gone
from domaintune.serving.shelf import Base, Lease, Shelf, UnknownModelError
from domaintune.serving.wanted import Wanted
from domaintune.settings import ServeSettings

log = logging.getLogger("domaintune.serving")


class Router(Protocol):
    """Chooses who answers a question to `auto`."""

    @property
    def offered(self) -> bool:
        """Whether there is anything to choose by."""

    @property
    def seeing(self) -> Base | None:
        """The base among whose adapters it chooses where there are pictures."""

    async def choose(self, question: str, *, pictures: bool = False) -> str:
        """Return a name that the shelf knows, a base's where nobody fits; UnknownModelError where there is no choice."""


class Retrieval(Protocol):
    """Puts knowledge beside a question."""

    def knows(self, adapter: str) -> bool:
        """Tell whether a version has knowledge here."""

    async def enrich(
        self, adapters: Sequence[str], messages: Sequence[Message], tokens: int, images: Sequence[str]
    ) -> tuple[Sequence[Message], Sequence[Passage]] | None:
        """Return the messages with passages in them, and the passages; None where these adapters have no knowledge.

        There is room for them beside the pictures of the messages and an answer of so many tokens.
        """


@dataclass(eq=False, kw_only=True)
class Desk:
    """What it takes to answer."""

    shelf: Shelf
    limits: ServeSettings
    meters: Meters
    router: Router | None = None
    retrieval: Retrieval | None = None
    gallery: Gallery = field(init=False)
    open: asyncio.Event = field(default_factory=asyncio.Event)  # set while questions are taken
    closed: asyncio.Event = field(default_factory=asyncio.Event)  # set when running answers must end

    def __post_init__(self) -> None:
        self.gallery = Gallery(self.limits.image_side)

    async def chat(self, request: HttpRequest) -> Response:
        """Answer a conversation."""
        room = self.limits.image_bytes if any(base.images for base in self.shelf.bases) else 0
        values = await read_json(request, self.limits.body_bytes, room)
        return await self._answer(request, wanted.from_chat(read(ChatRequest, values), self.limits), forms.Chat())

    async def complete(self, request: HttpRequest) -> Response:
        """Continue texts."""
        values = await read_json(request, self.limits.body_bytes)
        asks = wanted.from_completion(read(CompletionRequest, values), self.limits)
        return await self._answer(request, asks, forms.Text())

    async def _answer(self, request: HttpRequest, asks: Wanted, form: forms.Form) -> Response:
        """Find who answers, put the questions, and answer whole or begin a stream; all that is borrowed goes back."""
        if not self.open.is_set():
            raise unavailable("the server is starting or stopping; try again in a moment", "not_ready")
        deadline = asyncio.get_running_loop().time() + self.limits.deadline
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout_at(deadline):
                    lease = stack.enter_context(await self.borrow(asks))
                    asks, passages = await unless_gone(request.receive, self._prepared(asks, lease))
                    request.state.model = lease.counted_as
                    watch = Watch(self.meters, lease.counted_as)
                    replies = await unless_gone(
                        request.receive,
                        stack.enter_async_context(asked(lease.base.worker, asks.put_to(lease.adapter))),
                    )
                    head = _letterhead(form, lease, passages)
                    answer = Answer(head=head, asks=asks, replies=replies, watch=watch, closed=self.closed)
                    headers = {"x-domaintune-version": lease.label}
                    if not asks.stream:
                        whole = await unless_gone(request.receive, answer.whole())
                        return JSONResponse(whole, headers=headers)
            except ClientGoneError:
                raise
            except Exception as error:
                raise told(error, request.state.id) from None
            answer.deadline, answer.id, answer.stack = deadline, request.state.id, stack.pop_all()
            return Stream(answer, headers)

    async def borrow(self, asks: Wanted) -> Lease:
        """Return who answers, or the HttpError that says why nobody does."""
        try:
            name = asks.model
            if name == names.AUTO:
                if self.router is None:
                    raise UnknownModelError("this server does not choose")
                if asks.images and self.router.seeing is None:
                    raise self._blind("auto has nobody to choose who reads pictures")
                name = await self.router.choose(asks.question, pictures=bool(asks.images))
            return await self.shelf.borrow(name)
        except UnknownModelError as error:
            raise no_model(asks.model, self.shelf.known(), str(error)) from None
        except UsageError as error:
            raise bad(str(error), "model") from None
        except DomaintuneError as error:
            log.error("%s", error)
            raise unavailable(
                "this model cannot be loaded at the moment; the server's log says why", "model_not_loadable"
            ) from None

    async def _prepared(self, asks: Wanted, lease: Lease) -> tuple[Wanted, tuple[Passage, ...]]:
        """Check the pictures and make large ones smaller, and put knowledge beside the question."""
        if asks.images:
            if not lease.base.images:
                raise self._blind(f"{lease.label} reads no pictures")
            asks = asks.with_images(await self.gallery.take(asks.images, asks.places))
        return await self._enriched(asks, lease)

    def _blind(self, reason: str) -> HttpError:
        """Return the refusal of pictures, with the names of those who read them."""
        seeing = self.shelf.seeing()
        others = f"those who do: {', '.join(seeing)}" if seeing else "no model here does"
        return bad(f"{reason}; {others}", "model", "images_unsupported")

    async def _enriched(self, asks: Wanted, lease: Lease) -> tuple[Wanted, tuple[Passage, ...]]:
        """Put knowledge beside the question, where it is wanted."""
        if not asks.retrieval:
            return asks, ()
        adapters = [member.version.id for member in lease.members]
        first = asks.asks[0]
        found = (
            await self.retrieval.enrich(adapters, first.messages, first.sampling.max_new_tokens, first.images)
            if self.retrieval
            else None
        )
        if found is None:
            raise bad(
                f"{lease.label} has no knowledge on this server; leave retrieval out", "retrieval", "no_retrieval"
            )
        messages, passages = found
        return asks.with_messages(messages), tuple(passages)


def _letterhead(form: forms.Form, lease: Lease, passages: tuple[Passage, ...]) -> Letterhead:
    adapters = tuple(member.version.id for member in lease.members)
    return Letterhead(
        form=form, label=lease.label, fingerprint=lease.base.fingerprint, adapters=adapters, passages=passages
    )
