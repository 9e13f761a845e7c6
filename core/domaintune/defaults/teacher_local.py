"""A teacher that is a base model on this machine, answering through the same engines as evaluation and serving."""

from __future__ import annotations

from collections.abc import Sequence

from domaintune.contracts import Message, Sampling
from domaintune.defaults.teacher_options import LocalOptions
from domaintune.errors import ModelError, RequestError
from domaintune.plugins import catalog
from domaintune.sessions import Request, Session
from domaintune.settings import ModelSettings

UNANSWERABLE = {"context_length_exceeded", "empty_prompt"}
"""Codes of questions that this model cannot answer, whatever stands beside them: it declines those."""


class Local:
    """Answers with a base model, which is opened when the first question comes."""

    def __init__(self, options: LocalOptions) -> None:
        self.options = options
        self._session: Session | None = None

    def answer(self, messages: Sequence[Message], sampling: Sampling) -> str | None:
        """Answer one conversation; None where it is too long for the model, or the model says nothing."""
        return self.answers([messages], sampling)[0]

    def answers(self, several: Sequence[Sequence[Message]], sampling: Sampling) -> list[str | None]:
        """Answer many conversations, `batch` at a time, in their order; raises ModelError."""
        found: list[str | None] = []
        for start in range(0, len(several), self.options.batch):
            batch = several[start : start + self.options.batch]
            requests = [Request(messages=tuple(messages), sampling=sampling, shorten=True) for messages in batch]
            found += self._answered(requests)
        return found

    def _answered(self, requests: Sequence[Request]) -> list[str | None]:
        """Answer one batch; where a question spoils it, each is asked alone and that one is declined."""
        try:
            return self._asked(requests)
        except RequestError as error:
            if error.code not in UNANSWERABLE:
                raise
            if len(requests) == 1:
                return [None]
        return [answer for request in requests for answer in self._answered([request])]

    def _asked(self, requests: Sequence[Request]) -> list[str | None]:
        texts = [""] * len(requests)
        ended: set[int] = set()
        for event in self._opened().generate(requests):
            if event.finish_reason == "error":
                raise ModelError(f"the teacher {self.options.base!r} failed: {event.error}")
            texts[event.request] += event.text
            if event.finish_reason is not None:
                ended.add(event.request)
        if len(ended) < len(requests):
            raise ModelError(
                f"the teacher {self.options.base!r} left {len(requests) - len(ended)} of {len(requests)} questions "
                "without an end; ask again, or choose another engine in data.teacher_options"
            )
        # Lone surrogates fit in no UTF-8 file.
        return [text.encode("utf-8", "replace").decode("utf-8").strip() or None for text in texts]

    def _opened(self) -> Session:
        if self._session is None:
            options = self.options
            model = ModelSettings(
                base=options.base, revision=options.revision, device=options.device, dtype=options.dtype,
                quantization=options.quantization, engine=options.engine,
            )  # fmt: skip
            self._session = catalog().component("engine", options.engine).load().open(model)
        return self._session
