"""The engine answers as plain transformers and peft would, and the adapter belongs to the request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model

from domaintune import Message, Request, Sampling, prompts
from domaintune.engine.session import TransformersEngine, TransformersSession
from domaintune.errors import ModelError
from domaintune.models import base as models
from domaintune.settings import ModelSettings

QUESTIONS = ["Is the heart large?", "Small effusion.", "What is there to see in the left lower lobe of the lung?"]


def asked(text: str, adapter: str | None = None, **sampling: Any) -> Request:
    return Request(
        messages=(Message(role="user", content=text),),
        adapter=adapter,
        sampling=Sampling(**{"max_new_tokens": 8, **sampling}),
    )


@pytest.fixture(scope="module")
def settings(tiny: Path) -> ModelSettings:
    return ModelSettings(base=str(tiny), device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def adapters(settings: ModelSettings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two random adapters that change every answer."""
    made = {}
    for seed, name in enumerate(("one", "two")):
        torch.manual_seed(seed)
        model = models.load_model(models.locate(settings), settings)
        tuned = get_peft_model(model, LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False))
        made[name] = tmp_path_factory.mktemp("adapters") / name
        tuned.save_pretrained(made[name], save_embedding_layers=False)
    return made


@pytest.fixture
def session(settings: ModelSettings, adapters: dict[str, Path]) -> TransformersSession:
    opened = TransformersEngine().open(settings)
    for name, folder in adapters.items():
        opened.load(name, folder)
    return opened


def answers(session: TransformersSession, requests: list[Request]) -> list[str]:
    said = [""] * len(requests)
    for event in session.generate(requests):
        said[event.request] += event.text
    return said


def reference(settings: ModelSettings, adapter: Path | None, text: str) -> str:
    """Greedy decoding of one prompt, written with transformers and peft alone."""
    place = models.locate(settings)
    model, tokenizer = models.load_model(place, settings), models.load_tokenizer(place)
    if adapter:
        model = PeftModel.from_pretrained(model, adapter)
    ids = prompts.prompt_ids(tokenizer, [Message(role="user", content=text)])
    grown = torch.tensor([ids])
    with torch.no_grad():
        for _ in range(8):
            token = int(model.eval()(input_ids=grown).logits[0, -1].argmax())
            if token == tokenizer.eos_token_id:
                break
            grown = torch.cat([grown, torch.tensor([[token]])], dim=1)
    return str(tokenizer.decode(grown[0, len(ids) :], skip_special_tokens=True))


def test_a_mixed_batch_gives_every_request_the_answer_of_its_own_adapter(
    session: TransformersSession, settings: ModelSettings, adapters: dict[str, Path]
) -> None:
    wanted = [(text, name) for name in (None, "one", "two") for text in QUESTIONS]
    said = answers(session, [asked(text, name) for text, name in wanted])
    assert said == [reference(settings, adapters.get(name or ""), text) for text, name in wanted]
    assert len(set(said)) > 3, "the adapters must matter for this test to see anything"


def test_the_order_of_requests_and_the_size_of_the_batch_do_not_matter(session: TransformersSession) -> None:
    requests = [asked(text, name) for text in QUESTIONS for name in ("two", None, "one")]
    together = answers(session, requests)
    assert together == [answers(session, [request])[0] for request in requests]
    assert together[::-1] == answers(session, requests[::-1])


CHOICES = ("Yes.", "No, it is normal.", "There is a small left pleural effusion.", "7", "")


def weighed(settings: ModelSettings, adapter: Path | None, text: str) -> list[float]:
    """The log probability of each choice, a token at a time, written with transformers and peft alone."""
    place = models.locate(settings)
    model, tokenizer = models.load_model(place, settings), models.load_tokenizer(place)
    if adapter:
        model = PeftModel.from_pretrained(model, adapter)
    prompt = prompts.prompt_ids(tokenizer, [Message(role="user", content=text)])
    sums = []
    for choice in CHOICES:
        seen, total = list(prompt), 0.0
        for token in [*tokenizer(choice, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]:
            with torch.no_grad():
                logits = model.eval()(input_ids=torch.tensor([seen])).logits[0, -1]
            total += float(logits.log_softmax(0)[token])
            seen.append(token)
        sums.append(total)
    return sums


def choosing(text: str, adapter: str | None = None, choices: Sequence[str] = CHOICES) -> Request:
    return replace(asked(text, adapter), choices=tuple(choices))


def ranked(session: TransformersSession, text: str, adapter: str | None) -> list[str]:
    """The choices from the likeliest down: each answer is taken away before the question is asked again."""
    left, found = list(CHOICES), []
    while left:
        found += answers(session, [choosing(text, adapter, left)])
        left.remove(found[-1])
    return found


def test_the_likeliest_choice_is_the_answer(
    session: TransformersSession, settings: ModelSettings, adapters: dict[str, Path]
) -> None:
    for name in (None, "one", "two"):
        for text in QUESTIONS:
            sums = dict(zip(CHOICES, weighed(settings, adapters.get(name or ""), text), strict=True))
            assert ranked(session, text, name) == sorted(CHOICES, key=lambda choice: -sums[choice])


def test_the_adapter_decides_the_choice_and_the_rest_of_the_batch_does_not(
    session: TransformersSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Choices of like length, so that the models and not the number of tokens decide.
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    requests = [choosing(text, name, letters) for text in QUESTIONS for name in ("two", None, "one")]
    together = answers(session, requests)
    assert together == [answers(session, [request])[0] for request in requests]
    assert together[::-1] == answers(session, requests[::-1])
    assert len({tuple(together[place::3]) for place in range(3)}) == 3
    passes: list[int] = []
    session.model.register_forward_pre_hook(lambda *call: passes.append(len(call[2]["input_ids"])), with_kwargs=True)
    monkeypatch.setattr("domaintune.engine.choices.TOGETHER", 10)
    assert answers(session, requests) == together
    assert passes == [10] * 7 + [8] + [10] * 7 + [8] + [10] * 7 + [8]


def test_choices_and_free_questions_share_a_batch(session: TransformersSession) -> None:
    free, choose = asked("Hello", "one"), choosing("Hello", "one")
    requests = [choose, free, choose]
    said = answers(session, requests)
    events = {event.request: event for event in session.generate(requests)}
    assert said[0] == said[2] == answers(session, [choose])[0]
    assert said[1] == answers(session, [free])[0]
    assert [events[place].finish_reason == "choice" for place in range(3)] == [True, False, True]
    tokenizer = session.tokenizer
    assert events[0].tokens == sum(len(tokenizer(choice)["input_ids"]) + 1 for choice in CHOICES)


def test_the_first_of_equal_choices_is_taken(session: TransformersSession) -> None:
    session.tokenizer.chat_template = session.tokenizer.chat_template.replace("m['content']", "m['content'] | trim")
    assert answers(session, [choosing("Hello", None, ["7 ", "7", " 7"])]) == ["7 "]
    assert answers(session, [choosing("Hello", None, [" 7", "7", "7 "])]) == [" 7"]
    assert answers(session, [choosing("Hello", None, ["only"])]) == ["only"]


def test_choices_of_an_unknown_adapter_are_an_error(session: TransformersSession) -> None:
    with pytest.raises(ModelError, match="'three'"):
        answers(session, [choosing("Hello", "three")])


def test_an_unknown_adapter_is_an_error_never_the_base_model(
    session: TransformersSession, settings: ModelSettings
) -> None:
    with pytest.raises(ModelError, match="'three'"):
        answers(session, [asked("Hello", "three")])
    with pytest.raises(ModelError, match="'one'"):
        answers(TransformersEngine().open(settings), [asked("Hello", "one")])
    session.unload("one")
    with pytest.raises(ModelError, match="'one'"):
        answers(session, [asked("Hello", "one")])


def test_sampling_follows_its_seed(session: TransformersSession) -> None:
    warm = [asked("Hello", temperature=1.5, seed=seed) for seed in (1, 1, 2)]
    said = [answers(session, [request])[0] for request in warm]
    assert said[0] == said[1] != said[2]


def test_a_stop_string_ends_the_answer(session: TransformersSession) -> None:
    whole = answers(session, [asked("Hello", "one")])[0]
    stop = whole[2:4]
    events = list(session.generate([asked("Hello", "one", stop=(stop,))]))
    assert "".join(event.text for event in events) == whole[: whole.index(stop)]
    assert [event.finish_reason for event in events][-1] == "stop"


def test_an_answer_that_is_cut_says_so(session: TransformersSession) -> None:
    event = next(iter(session.generate([asked("Hello", max_new_tokens=1)])))
    assert (event.tokens, event.finish_reason) in {(1, "length"), (0, "stop")}


def test_a_folder_without_safetensors_is_refused(session: TransformersSession, tmp_path: Path) -> None:
    (tmp_path / "adapter_model.bin").write_bytes(b"")
    with pytest.raises(ModelError, match=r"no adapter_model\.safetensors"):
        session.load("bad", tmp_path)
