"""The engine that runs in this process: transformers for the base model, peft for the adapters beside it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

import torch
from peft import PeftModel
from torch.nn.functional import cross_entropy
from transformers import GenerationConfig, set_seed

from domaintune import prompts
from domaintune.contracts import Message, Request, Sampling, TokenEvent
from domaintune.errors import ModelError
from domaintune.models import base as models
from domaintune.settings import ModelSettings

ROWS = 64
"""Prompts with a choice each that are weighed in one forward pass."""
IGNORED = -100
Row: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]
"""The token ids of a prompt and of a completion."""


class TransformersEngine:
    """Opens base models with transformers."""

    def open(self, model: ModelSettings) -> TransformersSession:
        """Load the base model and its tokenizer."""
        place = models.locate(model)
        return TransformersSession(models.load_model(place, model), models.load_tokenizer(place))


class TransformersSession:
    """A base model held open; one thread at a time."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.ends = _end_ids(model, tokenizer)
        self.adapters: set[str] = set()
        model.config.use_cache = True
        # Many models bring sampling defaults of their own; a request's sampling is all that counts here.
        model.generation_config = GenerationConfig(eos_token_id=self.ends, pad_token_id=tokenizer.pad_token_id)

    def load(self, adapter: str, folder: Path) -> None:
        """Read an adapter folder (safetensors only) under an id."""
        if not (folder / "adapter_model.safetensors").is_file():
            raise ModelError(f"{folder} has no adapter_model.safetensors; it is not an adapter domaintune can load")
        if isinstance(self.model, PeftModel):
            self.model.load_adapter(str(folder), adapter_name=adapter)
        else:
            self.model = PeftModel.from_pretrained(self.model, str(folder), adapter_name=adapter).eval()
        self.adapters.add(adapter)

    def unload(self, adapter: str) -> None:
        """Forget an adapter."""
        if adapter not in self.adapters:
            raise ModelError(f"no adapter named {adapter!r} is loaded")
        self.adapters.remove(adapter)
        with warnings.catch_warnings():  # peft says which adapter it makes active; here every request says its own
            warnings.simplefilter("ignore", UserWarning)
            self.model.delete_adapter(adapter)

    def generate(self, requests: Sequence[Request]) -> Iterator[TokenEvent]:
        """Answer the requests, those of one adapter and one way of answering together."""
        order = sorted(range(len(requests)), key=lambda i: _kind(requests[i]))
        for _, group in groupby(order, key=lambda i: _kind(requests[i])):
            places = list(group)
            asked = [requests[i] for i in places]
            yield from self._choose(places, asked) if asked[0].choices else self._write(places, asked)

    def _write(self, places: list[int], requests: list[Request]) -> Iterator[TokenEvent]:
        asked = [prompts.prompt_ids(self.tokenizer, request.messages) for request in requests]
        adapter, sampling = requests[0].adapter, requests[0].sampling
        answers = self._continue(asked, adapter, sampling)
        for place, ids in zip(places, answers, strict=True):
            cut = next((i for i, token in enumerate(ids) if token in self.ends), None)
            text = self.tokenizer.decode(ids[:cut], skip_special_tokens=True)
            text, stopped = _cut_at(text, sampling.stop)
            reason = "stop" if cut is not None or stopped else "length"
            yield TokenEvent(request=place, text=text.strip(), tokens=len(ids[:cut]), finish_reason=reason)

    def _choose(self, places: list[int], requests: list[Request]) -> Iterator[TokenEvent]:
        """Answer each request with the likeliest of its choices, the first of equals; `tokens` counts those weighed."""
        rows = [[self._row(request, choice) for choice in request.choices] for request in requests]
        likelihood = self._likelihoods({row for several in rows for row in several}, requests[0].adapter)
        for place, request, several in zip(places, requests, rows, strict=True):
            best = max(range(len(several)), key=lambda i: likelihood[several[i]])
            weighed = sum(len(completion) for _, completion in several)
            yield TokenEvent(request=place, text=request.choices[best], tokens=weighed, finish_reason="choice")

    def _row(self, request: Request, choice: str) -> Row:
        answer = Message(role="assistant", content=choice)
        ids = prompts.exchange_ids(self.tokenizer, request.messages, [answer])
        return tuple(ids.prompt), tuple(ids.completion)

    def _likelihoods(self, rows: set[Row], adapter: str | None) -> dict[Row, float]:
        """Return the log probability of each completion after its prompt; equal rows share one, so that ties are ties."""
        found: dict[Row, float] = {}
        # Longest first: memory runs out at the start or not at all.
        order = sorted(rows, key=lambda row: (-len(row[0]) - len(row[1]), row))
        with self._adapter(adapter):
            for start in range(0, len(order), ROWS):
                batch = order[start : start + ROWS]
                found |= zip(batch, self._weigh(batch), strict=True)
        return found

    @torch.inference_mode()
    def _weigh(self, rows: Sequence[Row]) -> list[float]:
        """Return the log probability of each completion, from one forward pass."""
        longest = max(len(completion) for _, completion in rows)
        ids, mask = self._padded([prompt + completion for prompt, completion in rows])
        # On the left stand padding and prompts, so the language-model head is needed for the last places only.
        out = self.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(dim=1) - 1).clamp(min=0),
            logits_to_keep=longest + 1,
            use_cache=False,
        )
        wanted = [[IGNORED] * (longest - len(completion)) + [*completion] for _, completion in rows]
        logits = out.logits[:, -longest - 1 : -1].float().transpose(1, 2)  # [rows, vocabulary, longest]
        losses = cross_entropy(logits, ids.new_tensor(wanted), ignore_index=IGNORED, reduction="none")
        return [float(loss) for loss in -losses.sum(dim=1, dtype=torch.float64)]

    def _padded(self, rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return token ids and attention mask [rows, width], padded on the left."""
        width = max(map(len, rows))
        pad, device = self.tokenizer.pad_token_id, self.model.device
        ids = torch.tensor([[pad] * (width - len(row)) + [*row] for row in rows], device=device)
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=device)
        return ids, mask

    @torch.inference_mode()
    def _continue(self, asked: list[list[int]], adapter: str | None, sampling: Sampling) -> list[list[int]]:
        """Return the new token ids of each prompt: [batch, new tokens] as lists."""
        ids, mask = self._padded(asked)
        set_seed(sampling.seed)
        with self._adapter(adapter):
            out = self.model.generate(input_ids=ids, attention_mask=mask, generation_config=self._generation(sampling))
        return [[int(token) for token in row] for row in out[:, ids.shape[1] :].tolist()]

    def _adapter(self, adapter: str | None) -> Any:
        """Make the request's adapter, or none, the one that answers inside a `with` block."""
        if adapter is None:
            return self.model.disable_adapter() if isinstance(self.model, PeftModel) else nullcontext()
        if adapter not in self.adapters:
            raise ModelError(f"no adapter named {adapter!r} is loaded")
        self.model.set_adapter(adapter)
        return nullcontext()

    def _generation(self, sampling: Sampling) -> GenerationConfig:
        warm = sampling.temperature > 0
        return GenerationConfig(
            max_new_tokens=sampling.max_new_tokens,
            do_sample=warm,
            temperature=sampling.temperature if warm else None,
            top_p=sampling.top_p if warm else None,
            top_k=0 if warm else None,
            eos_token_id=self.ends,
            pad_token_id=self.tokenizer.pad_token_id,
        )


def _kind(request: Request) -> tuple[bool, str, str]:
    """Return what requests must share to be answered together: the adapter, and sampling unless they choose."""
    return request.adapter is None, request.adapter or "", "" if request.choices else repr(request.sampling)


def _end_ids(model: Any, tokenizer: Any) -> list[int]:
    """Return every token that ends a turn: the tokenizer's, and those the model was published with."""
    configured = model.generation_config.eos_token_id
    several = configured if isinstance(configured, list) else [configured]
    return sorted({int(token) for token in (*several, tokenizer.eos_token_id) if token is not None})


def _cut_at(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    found = [text.index(stop) for stop in stops if stop and stop in text]
    return (text[: min(found)], True) if found else (text, False)
