"""A base model held open: requests join and leave between the steps of one running batch."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import torch

from domaintune.contracts import Mix
from domaintune.engine import factors, pictures, projector, rows, slab
from domaintune.engine.choices import Chooser
from domaintune.engine.running import Running
from domaintune.engine.sampling import Draw, chance_of
from domaintune.engine.store import Store
from domaintune.engine.text import Text
from domaintune.errors import DomaintuneError, ModelError, RequestError
from domaintune.models import base as models
from domaintune.models import vision
from domaintune.sessions import Admission, Limits, Request, TokenChance, TokenEvent
from domaintune.settings import ModelSettings

PROMPT = 256
"""Tokens of a prompt that are read in one pass; running requests wait no longer than that."""


class TransformersEngine:
    """Opens base models with transformers."""

    def open(self, model: ModelSettings) -> TransformersSession:
        """Load the base model, its tokenizer, and the processor of its pictures where it reads some."""
        place = models.locate(model)
        processor = models.load_processor(place)
        tokenizer = processor.tokenizer if processor else models.load_tokenizer(place)
        return TransformersSession(models.load_model(place, model), tokenizer, processor)


class TransformersSession:
    """A base model with adapters beside it; one thread owns it (`load` alone may be called from another)."""

    def __init__(self, model: Any, tokenizer: Any, processor: vision.Processor | None = None) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.ends = frozenset(_end_ids(model, tokenizer))
        self.limits = Limits()
        self.store = Store()
        self.cache = rows.Rows(model.config)
        self.waiting: deque[Running] = deque()
        self.running: list[Running] = []
        self.joined = 0
        self._mixed: tuple[Any, slab.Mixing | None] = (None, None)
        self.reader = pictures.Reader(model, tokenizer, processor)
        self.projector = projector.Projector(model, vision.connector_of(model) if processor else None)
        rows.use(model)
        with torch.inference_mode():
            self.slab = slab.attach(model, torch.zeros((1, 2), dtype=torch.long, device=model.device))
        self.chooser = Chooser(model, tokenizer, self.slab)

    @property
    def sees(self) -> bool:
        """Whether requests may have pictures."""
        return self.reader.sees

    def limit(self, limits: Limits) -> None:
        """Bound what runs at once, how long it may be and the memory of adapters."""
        self.limits = limits
        self.store.limit = limits.adapter_bytes

    def load(self, adapter: str, folder: Path, sha256: str | None = None) -> None:
        """Read an adapter folder (safetensors only) under an id."""
        found = factors.read(folder, sha256)
        for name, pair in found.pairs.items():
            slab.check(self.slab, name, pair)
        self.projector.check(found)
        self.store.add(adapter, folder, sha256, found)

    @torch.inference_mode()
    def unload(self, adapter: str) -> None:
        """Forget an adapter; requests that still use it end with an error."""
        self.store.remove(adapter)
        self.slab.forget(adapter)

    def add(self, request: Request) -> Admission:
        """Let a request join; raises RequestError where it cannot be answered."""
        made, most = self.reader.prompt(request), self.most_tokens
        prompt = made.ids
        if request.shorten and 0 < most - len(prompt) < request.sampling.max_new_tokens:
            request = replace(request, sampling=replace(request.sampling, max_new_tokens=most - len(prompt)))
        if not prompt or len(prompt) + request.sampling.max_new_tokens > most:
            raise RequestError(
                "context_length_exceeded" if prompt else "empty_prompt",
                f"the prompt has {len(prompt):,} tokens and the answer may have {request.sampling.max_new_tokens:,}; "
                f"together they may have {most:,}" if prompt else "the prompt is empty",
            )  # fmt: skip
        self.joined += 1
        text = Text(self.tokenizer, request.sampling.stop)
        # Pictures take megabytes: who has to wait for a row has them read again.
        soon = len(self.waiting) + len(self.running) < self.limits.rows
        shown = made.inputs if soon else {}
        one = Running(self.joined, request, prompt, Draw(request.sampling), text, shown)
        known = {name: self.store.need(name) for name, _ in one.weights}
        if request.images and one.routed and any(each.projects for each in known.values()):
            raise RequestError("invalid_image", projector.UNROUTED)
        self.waiting.append(one)
        return Admission(request=one.number, prompt_tokens=len(prompt))

    @property
    def most_tokens(self) -> int:
        """Tokens that a prompt and its answer may have together."""
        own = getattr(self.model.config.get_text_config(), "max_position_embeddings", None) or 1 << 20
        return min(own, self.limits.max_length or own)

    @torch.inference_mode()
    def step(self) -> list[TokenEvent]:
        """Read some more of the prompts that wait, and give each running request its next token."""
        events = self._drop_orphans()
        ready = [one for one in self.running if one.answer]
        events += self._read_prompts()
        events += self._advance([one for one in ready if one in self.running])
        return events

    @torch.inference_mode()
    def cancel(self, request: int) -> None:
        """Let a request leave, whether or not it is still there."""
        self.waiting = deque(one for one in self.waiting if one.number != request)
        for one in [one for one in self.running if one.number == request]:
            self._leave(one)

    def generate(self, requests: Sequence[Request]) -> Iterator[TokenEvent]:
        """Answer the requests together, whatever their adapters and sampling."""
        yield from self._choose([place for place, request in enumerate(requests) if request.choices], requests)
        places: dict[int, int] = {}
        try:
            for place, request in enumerate(requests):
                if not request.choices:
                    places[self.add(request).request] = place
            while self.waiting or self.running:
                for event in self.step():
                    if event.error:
                        raise RequestError("failed", event.error)
                    if event.request in places:
                        yield replace(event, request=places[event.request])
        finally:
            for number in places:
                self.cancel(number)

    @torch.inference_mode()
    def _choose(self, places: Sequence[int], requests: Sequence[Request]) -> Iterator[TokenEvent]:
        """Answer the multiple-choice requests, those of one adapter together."""
        for place in places:
            self.reader.check_choosing(requests[place])
        order = sorted(places, key=lambda place: repr(requests[place].adapter))
        for _, group in groupby(order, key=lambda place: repr(requests[place].adapter)):
            same = list(group)
            asked = [requests[place] for place in same]
            mixing = self._alone(Running(0, asked[0], [], Draw(asked[0].sampling), Text(self.tokenizer, ())))
            for place, (text, weighed) in zip(same, self.chooser.choose(asked, mixing), strict=True):
                yield TokenEvent(request=place, text=text, tokens=weighed, finish_reason="choice")

    def _drop_orphans(self) -> list[TokenEvent]:
        """End the requests whose adapter was unloaded under them."""
        known = self.store.known
        lost = [(one, name) for one in self.running for name, _ in one.weights if name not in known]
        return [self._failed(*each) for each in {one.number: (one, _unloaded(name)) for one, name in lost}.values()]

    def _read_prompts(self) -> list[TokenEvent]:
        """Read prompts, each alone and in pieces of its own, until the step's budget is spent."""
        self._join()
        events: list[TokenEvent] = []
        budget, pictured = self.limits.prompt_tokens or 1 << 40, False
        for one in [one for one in self.running if not one.answer]:
            # Pictures take long, however few their tokens: those who are being answered wait for one request with some.
            if one.request.images and pictured and self.limits.prompt_tokens:
                continue
            pictured |= bool(one.request.images)
            while not one.answer and one in self.running and budget > 0:
                # Pictures are read with the whole of their prompt: their places may lie in any part of it.
                piece = one.prompt[one.read : None if one.request.images else one.read + PROMPT]
                budget -= len(piece)
                try:
                    events += self._read(one, piece)
                except DomaintuneError as error:
                    events.append(self._failed(one, error))
        return events

    def _join(self) -> None:
        """Give the requests that wait the rows that are free, the lowest first."""
        while self.waiting and len(self.running) < self.limits.rows:
            one = self.waiting.popleft()
            one.row = len(self.running)
            self.running.append(one)
            self.cache.reserve(len(self.running), rows.CHUNK)
            self.cache.clear(one.row)

    def _read(self, one: Running, piece: list[int]) -> list[TokenEvent]:
        """Read a piece of a prompt; the last one gives the first token."""
        mixing = self._alone(one)
        stop = one.read + len(piece)
        self.cache.reserve(max(len(self.running), one.row + 1), len(one.prompt) + one.request.sampling.max_new_tokens)
        given = self.cache.prompt(one.row, one.read, stop, self._like)
        ids = self._ids([piece])
        with self.slab.during(mixing):
            out = (
                self._show(one, ids, given)
                if one.request.images
                else self.model(input_ids=ids, logits_to_keep=1, **given)
            )
        one.read = stop
        if stop < len(one.prompt):
            return []
        logits = out.logits[0, -1]
        return [self._take(one, logits) if bool(logits.isfinite().all()) else self._failed(one, _infinite(one))]

    def _show(self, one: Running, ids: torch.Tensor, given: Mapping[str, Any]) -> Any:
        """Read a prompt [1, tokens] with its pictures, through the projector of its adapters."""
        projecting = {name for name, _ in one.weights if self.store.need(name).projects}
        taken = self.store.take(projecting)
        call = self.projector.call([(taken[name], weight) for name, weight in one.weights if name in projecting])
        shown, one.pictures = one.pictures or self.reader.again(one.request, one.prompt), {}
        try:
            tensors, one.shift = pictures.given(self.model, ids, shown)
            return call(input_ids=ids, logits_to_keep=1, **{**given, **tensors})
        except Exception as error:  # whatever a model's code says of one prompt ends that one alone
            raise ModelError(f"the base model could not read the pictures: {_first_line(error)}") from None

    def _advance(self, ready: list[Running]) -> list[TokenEvent]:
        """Give every request that has begun its next token, in one pass over all of them."""
        if not ready:
            return []
        count = -(-(max(one.row for one in ready) + 1) // rows.TOGETHER) * rows.TOGETHER
        try:
            mixing = self._rowwise(ready, count)
        except DomaintuneError as error:
            return self._drop_unanswerable(ready, error)
        tokens, lengths, shifts = [[0]] * count, [0] * count, [0] * count
        for one in self.running:
            # A row whose prompt is still being read takes part: what is written there for it is written again.
            if one.row < count:
                lengths[one.row] = one.length - 1 if one.answer else one.read
        for one in ready:
            tokens[one.row], shifts[one.row] = [one.answer[-1]], one.shift
        given = self.cache.step(lengths, shifts, self._like)
        with self.slab.during(mixing):
            out = self.model(input_ids=self._ids(tokens), logits_to_keep=1, **given)
        logits = out.logits[:, -1]
        likeliest, finite = logits.argmax(dim=-1).tolist(), logits.isfinite().all(dim=-1).tolist()
        found = [(one, one.row) for one in ready]  # before anyone leaves and rows move
        return [
            self._take(one, logits[row], likeliest[row]) if finite[row] else self._failed(one, _infinite(one))
            for one, row in found
        ]

    def _take(self, one: Running, logits: torch.Tensor, likeliest: int | None = None) -> TokenEvent:
        """Add the next token to an answer, and end it where it must."""
        greedy = likeliest is not None and one.request.sampling.temperature <= 0
        token = likeliest if greedy and likeliest is not None else one.draw(logits)
        if token in self.ends:
            self._leave(one)
            return TokenEvent(request=one.number, text=one.text.end(), tokens=0, finish_reason="stop")
        one.answer.append(token)
        text, reason = one.text.add(token), None
        if one.text.stopped:
            reason = "stop"
        elif len(one.answer) >= one.request.sampling.max_new_tokens:
            text, reason = text + one.text.end(), "length"
            reason = "stop" if one.text.stopped else reason
        if reason:
            self._leave(one)
        return TokenEvent(
            request=one.number,
            text=text,
            tokens=1,
            finish_reason=reason,
            ids=(token,),
            chances=self._chances(one, logits),
        )

    def _chances(self, one: Running, logits: torch.Tensor) -> tuple[TokenChance, ...]:
        if one.request.logprobs is None:
            return ()
        logprob, top = chance_of(logits, one.answer[-1], one.request.logprobs)
        named = tuple((self.tokenizer.decode([token]), value) for token, value in top)
        return (TokenChance(text=self.tokenizer.decode([one.answer[-1]]), logprob=logprob, top=named),)

    def _leave(self, one: Running) -> None:
        """Free a request's row; the last row moves there, so that the rows in use stay the lowest."""
        last = self.running[-1]
        place = self.running.index(one)
        if last is not one:
            if self.cache.keys:
                self.cache.move(last.row, one.row)
            last.row = one.row
            self.running[place] = last
        self.running.pop()

    def _failed(self, one: Running, error: Exception) -> TokenEvent:
        self._leave(one)
        return TokenEvent(request=one.number, text="", tokens=0, finish_reason="error", error=str(error))

    def _drop_unanswerable(self, ready: list[Running], error: DomaintuneError) -> list[TokenEvent]:
        """End the requests whose adapters are gone; the others go on with the next step."""
        lost = []
        for one in ready:
            try:
                self.store.take({name for name, _ in one.weights})
            except DomaintuneError:
                lost.append(one)
        return [self._failed(one, error) for one in lost]

    def _alone(self, one: Running) -> slab.Mixing | None:
        """Return the mixing of one request's own pass, with its adapters in the slab."""
        if not one.weights:
            return None
        self.slab.place(self._in_use({name for name, _ in one.weights}), self.store.take)
        adapter = one.request.adapter
        route = self._route(adapter) if isinstance(adapter, Mix) and one.routed else None
        return slab.Alone(self.slab, one.weights, route)

    def _rowwise(self, ready: list[Running], count: int) -> slab.Mixing | None:
        """Return the mixing of a step over `count` rows: a row of coefficients for each request."""
        asked = (count, tuple((one.row, one.request.adapter) for one in ready if one.weights), self.slab.version)
        if not asked[1]:
            return None
        if asked != self._mixed[0]:
            self.slab.place(self._in_use(set()), self.store.take)
            self._mixed = ((*asked[:2], self.slab.version), self._coefficients(ready, count))
        return self._mixed[1]

    def _coefficients(self, ready: list[Running], count: int) -> slab.Rowwise:
        coefficients = torch.zeros((count, self.slab.width), dtype=self.slab.dtype, device=self.model.device)
        routed: dict[Mix, list[int]] = {}
        for one in ready:
            adapter = one.request.adapter
            if isinstance(adapter, Mix) and one.routed:
                routed.setdefault(adapter, []).append(one.row)
                continue
            for name, weight in one.weights:
                slot = self.slab.slots[name]
                coefficients[one.row, slot.start : slot.start + slot.width] = weight
        return slab.Rowwise(self.slab, coefficients, [(self._route(mix), places) for mix, places in routed.items()])

    def _in_use(self, names: set[str]) -> set[str]:
        """Return the adapters of all running requests besides the given ones: none may leave the slab in between."""
        return names | {
            name for one in self.running if one.answer for name, _ in one.weights if name in self.store.known
        }

    def _route(self, mix: Mix) -> slab.Route:
        return slab.Route(self.slab, [name for name, _ in mix.weights], mix.top)

    @property
    def _like(self) -> torch.Tensor:
        """A tensor of the model's dtype and device."""
        return torch.empty(0, dtype=self.model.dtype, device=self.model.device)

    def _ids(self, tokens: Sequence[Sequence[int]]) -> torch.Tensor:
        return torch.tensor(tokens, device=self.model.device)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _infinite(one: Running) -> ModelError:
    names = " and ".join(name for name, _ in one.weights) or "the base model"
    return ModelError(f"{names}: the model's numbers ran out of range while it answered")


def _unloaded(name: str) -> ModelError:
    return ModelError(f"adapter {name!r} was unloaded while it answered")


def _end_ids(model: Any, tokenizer: Any) -> list[int]:
    """Return every token that ends a turn: the tokenizer's, and those the model was published with."""
    configured = model.generation_config.eos_token_id
    several = configured if isinstance(configured, list) else [configured]
    return sorted({int(token) for token in (*several, tokenizer.eos_token_id) if token is not None})
