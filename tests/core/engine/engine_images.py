"""How the engine's tests ask with pictures, and what plain transformers would answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from engine_adapters import settings_of
from peft import LoraConfig, get_peft_model
from picturing import data_url, png

from domaintune import Message, Request, Sampling, prompts
from domaintune.contracts import Mix
from domaintune.engine.session import TransformersSession
from domaintune.models import base as models
from domaintune.models import vision
from domaintune.sessions import TokenEvent

RED, BLUE = data_url(png(1)), data_url(png(2, 30, 70))
QUESTION = "What colour is the circle?"
TWO = "Is <image> like <image>?"
TOKENS = 6


def plain(base: Path) -> Any:
    return models.load_model(models.locate(settings_of(base)), settings_of(base)).eval()


def adapter(
    base: Path, folder: Path, seed: int, *, projector: bool, targets: Sequence[str] = (), saved: str | None = None
) -> Path:
    """Save a random adapter that changes what the model says, and how it sees."""
    torch.manual_seed(seed)
    model = plain(base)
    tuned = get_peft_model(
        model,
        LoraConfig(
            r=2 + 2 * seed,
            target_modules=list(targets) or vision.language_linears(model),
            modules_to_save=[saved or vision.connector_of(model)] if projector else None,
            init_lora_weights=False,
            task_type="CAUSAL_LM",
        ),
    )
    for name, weight in tuned.named_parameters():
        if "modules_to_save" in name:
            torch.nn.init.normal_(weight, std=0.3)
    tuned.save_pretrained(folder, save_embedding_layers=False)
    return folder


def asked(
    text: str = QUESTION,
    images: Sequence[str] = (RED,),
    adapter: str | Mix | None = None,
    tokens: int = TOKENS,
    **given: Any,
) -> Request:
    return Request(
        messages=(Message(role="user", content=text),),
        images=tuple(images),
        adapter=adapter,
        sampling=Sampling(max_new_tokens=tokens),
        logprobs=2,
        **given,
    )


def run(session: TransformersSession) -> list[TokenEvent]:
    events = []
    while session.running or session.waiting:
        events += session.step()
    return events


def said(session: TransformersSession, request: Request) -> list[tuple[int, float]]:
    """The tokens of an answer with their log probabilities: equal only where every bit of it is."""
    return heard(list(session.generate([request])))[0]


def heard(events: Sequence[TokenEvent]) -> dict[int, list[tuple[int, float]]]:
    found: dict[int, list[tuple[int, float]]] = {}
    for event in events:
        given = zip(event.ids, (chance.logprob for chance in event.chances), strict=True)
        found.setdefault(event.request, []).extend(given)
    return found


def expected(model: Any, processor: vision.Processor, request: Request) -> list[tuple[int, float]]:
    """The greedy answer of plain transformers."""
    made = prompts.pictured_ids(processor, request.messages, request.images)
    ids = torch.tensor([made.ids])
    out = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        **made.inputs,
        max_new_tokens=request.sampling.max_new_tokens,
        do_sample=False,
        output_logits=True,
        return_dict_in_generate=True,
    )
    tokens = out.sequences[0, ids.shape[1] :].tolist()
    chances = [float(logits[0].log_softmax(0)[token]) for token, logits in zip(tokens, out.logits, strict=True)]
    return [pair for pair in zip(tokens, chances, strict=True) if pair[0] != processor.tokenizer.eos_token_id]


def agree(found: Sequence[tuple[int, float]], wanted: Sequence[tuple[int, float]]) -> None:
    assert [token for token, _ in found] == [token for token, _ in wanted]
    assert [chance for _, chance in found] == pytest.approx([chance for _, chance in wanted], abs=1e-4)
