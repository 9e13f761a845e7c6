"""A teacher that is a base model on this machine, answering through the same engines as evaluation and serving."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from itertools import islice

from domaintune.contracts import Message, Sampling, Usage
from domaintune.defaults.answer_store import Given, answer_key, open_store, writable
from domaintune.defaults.teacher_options import LocalOptions
from domaintune.errors import ModelError, RequestError
from domaintune.models import base as models
from domaintune.plugins import catalog
from domaintune.sessions import Limits, LiveSession, Request, Session, TokenEvent
from domaintune.settings import ModelSettings

UNANSWERABLE = {"context_length_exceeded", "empty_prompt"}
"""Codes of questions that this model cannot answer, whatever stands beside them: it declines those."""
AHEAD = 4
"""Batches that are taken from the conversations at a time."""


class _Batch:
    """Questions that an engine is answering, and what has come of it."""

    def __init__(self, events: Iterator[TokenEvent], count: int, name: str) -> None:
        self._events, self._name = events, name
        self._texts, self._tokens = [""] * count, [0] * count
        self._ended: dict[int, Given] = {}
        self._open = count
        self._failure: Exception | None = None

    def take(self, place: int) -> Given:
        """Return the answer to one question, going on until it is there."""
        while place not in self._ended:
            if self._failure is not None:
                raise self._failure
            self._step()
        return self._ended.pop(place)

    def finish(self) -> None:
        """Go on to the end; what goes wrong is raised where the answers are taken."""
        try:
            while self._open and self._failure is None:
                self._step()
        except Exception as error:
            self._failure = error

    def close(self) -> None:
        """Stop the engine."""
        if isinstance(self._events, Generator):
            self._events.close()

    def _step(self) -> None:
        event = next(self._events, None)
        if event is None:
            raise ModelError(
                f"{self._name} left {self._open} of {len(self._texts)} questions without an end; ask again, or choose "
                "another engine in data.teacher_options"
            )
        if event.finish_reason == "error":
            raise ModelError(f"{self._name} failed: {event.error}")
        self._texts[event.request] += event.text
        self._tokens[event.request] += event.tokens
        if event.finish_reason is not None:
            text = writable(self._texts[event.request]).strip() or None
            tokens = self._tokens[event.request]
            self._open -= 1
            self._ended[event.request] = Given(text=text, finish=event.finish_reason, completion_tokens=tokens)


class Local:
    """Answers with a base model, which is opened when the first question comes."""

    def __init__(self, options: LocalOptions) -> None:
        self.options = options
        self.model = ModelSettings(
            base=options.base, revision=options.revision, device=options.device, dtype=options.dtype,
            quantization=options.quantization, engine=options.engine,
        )  # fmt: skip
        self.store = open_store(options.store)
        self._session: Session | None = None
        self._batch: _Batch | None = None
        self._requests = self._cached = self._tokens = 0

    @property
    def usage(self) -> Usage:
        """What was asked, and the tokens of the answers; engines do not tell how long a prompt was."""
        return Usage(requests=self._requests, cached=self._cached, completion_tokens=self._tokens)

    def answer(self, messages: Sequence[Message], sampling: Sampling) -> str | None:
        """Answer one conversation; None where it is too long for the model, or the model says nothing."""
        (answer,) = self.answers([messages], [sampling])
        return answer

    def answers(self, several: Iterable[Sequence[Message]], samplings: Iterable[Sampling]) -> Iterator[str | None]:
        """Yield the answers in their order, as they come; `batch` are in work at once. Raises ModelError."""
        asked = zip(several, samplings, strict=True)
        while some := list(islice(asked, self.options.batch * AHEAD)):
            requests = [Request(messages=tuple(one), sampling=sampling, shorten=True) for one, sampling in some]
            keys = self._keys(requests)
            kept = [self.store.find(key) for key in keys] if self.store else [None] * len(requests)
            missing = [place for place, given in enumerate(kept) if given is None]
            with closing(
                self._fresh([requests[place] for place in missing], [keys[place] for place in missing])
            ) as fresh:
                for given in kept:
                    self._requests += 1
                    self._cached += given is not None
                    yield (given or next(fresh)).text

    def _fresh(self, requests: Sequence[Request], keys: Sequence[str]) -> Generator[Given, None, None]:
        """Answer what is not kept: all at once where the engine takes up a question as soon as another is answered."""
        live = bool(requests) and isinstance(self._opened(), LiveSession)
        step = len(requests) if live else self.options.batch
        for start in range(0, len(requests), step):
            yield from self._answered(requests[start : start + step], keys[start : start + step])

    def _answered(self, requests: Sequence[Request], keys: Sequence[str]) -> Generator[Given, None, None]:
        """Answer one batch; where a question spoils it, it is cut in two until that one is alone, and is declined."""
        done = 0
        try:
            for given in self._asked(requests, keys):
                yield given
                done += 1
        except RequestError as error:
            if error.code not in UNANSWERABLE:
                raise
            requests, keys = requests[done:], keys[done:]
            if len(requests) == 1:
                yield self._kept(keys[0], Given(text=None, finish=error.code))
                return
            half = len(requests) // 2
            yield from self._answered(requests[:half], keys[:half])
            yield from self._answered(requests[half:], keys[half:])

    def _asked(self, requests: Sequence[Request], keys: Sequence[str]) -> Generator[Given, None, None]:
        """Yield the answers in their order, each as soon as those before it are there."""
        if self._batch is not None:
            self._batch.finish()  # an engine answers one batch at a time, and whoever takes that one may be our caller
        name = f"the teacher {self.options.base!r}"
        with closing(_Batch(self._opened().generate(requests), len(requests), name)) as batch:
            self._batch = batch
            for place, key in enumerate(keys):
                given = batch.take(place)
                self._tokens += given.completion_tokens
                yield self._kept(key, given)

    def _kept(self, key: str, given: Given) -> Given:
        return self.store.keep(key, given) if self.store else given

    def _keys(self, requests: Sequence[Request]) -> list[str]:
        """Return what each answer is kept under: the request, and what tells this teacher from another one."""
        if self.store is None:
            return [""] * len(requests)
        options = self.options
        how = {"dtype": options.dtype, "quantization": options.quantization, "engine": options.engine}
        asked = {"model": models.identity(self.model), **how}
        return [answer_key({**asked, "request": asdict(request)}) for request in requests]

    def _opened(self) -> Session:
        if self._session is None:
            self._session = catalog().component("engine", self.options.engine).load().open(self.model)
            if isinstance(self._session, LiveSession):
                self._session.limit(Limits(rows=self.options.batch))
        return self._session
