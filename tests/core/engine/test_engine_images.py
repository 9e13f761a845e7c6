"""Requests with pictures: answered as plain transformers and peft would, each as if it were alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from engine_adapters import settings_of
from engine_images import BLUE, RED, TWO, adapter, agree, asked, expected, heard, plain, run, said
from peft import PeftModel
from picturing import KINDS
from safetensors.torch import load_file

from domaintune.adapters.admission import admit
from domaintune.adapters.shape import measure
from domaintune.contracts import Mix
from domaintune.engine.session import TransformersEngine, TransformersSession
from domaintune.models import vision
from domaintune.sessions import Limits, TokenEvent


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # the models are tiny
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_those_of_plain_transformers(
    pictured: Callable[[str], TransformersSession], folder_of: Callable[[str], Path], kind: str
) -> None:
    session, model = TransformersEngine().open(settings_of(folder_of(kind))), plain(folder_of(kind))
    processor = session.reader.processor
    requests = [asked(), asked(images=[BLUE]), asked(TWO, [RED, BLUE]), asked(TWO, [BLUE, RED]), asked(images=[])]
    answers = [said(session, request) for request in requests]
    for found, request in zip(answers, requests, strict=True):
        agree(found, expected(model, processor, request))
    assert len({tuple(answer) for answer in answers}) == len(requests), "pictures must matter for this test to see"


@pytest.mark.parametrize("kind", ["smolvlm", "qwen2.5-vl"])
def test_an_adapter_sees_with_its_own_projector(
    pictured: Callable[[str], TransformersSession],
    folder_of: Callable[[str], Path],
    adapters_of: Callable[[str], dict[str, Path]],
    kind: str,
) -> None:
    session = pictured(kind)
    for name, folder in adapters_of(kind).items():
        model = PeftModel.from_pretrained(plain(folder_of(kind)), folder).eval()
        for request in (asked(adapter=name), asked(TWO, [RED, BLUE], name), asked(images=(), adapter=name)):
            agree(said(session, request), expected(model, session.reader.processor, request))


@pytest.mark.parametrize("kind", ["llava-siglip", "qwen2-vl"])
def test_updates_of_the_tower_and_the_projector_are_applied(
    folder_of: Callable[[str], Path], tmp_path: Path, kind: str
) -> None:
    base = folder_of(kind)
    tower = {"llava-siglip": ["q_proj", "fc1", "linear_1"], "qwen2-vl": ["qkv", "mlp.0", "up_proj"]}[kind]
    folder = adapter(base, tmp_path / "seeing", 1, projector=False, targets=tower)
    session = TransformersEngine().open(settings_of(base))
    session.load("seeing", folder)
    wanted = expected(PeftModel.from_pretrained(plain(base), folder).eval(), session.reader.processor, asked())
    agree(said(session, asked(adapter="seeing")), wanted)
    assert wanted != said(session, asked())


MIXES = (
    Mix(weights=(("one", 0.6), ("two", -0.3), ("text", 1.0))),
    Mix(weights=(("two", 1.0), ("text", 0.5))),
    Mix(weights=(("text", 2.0),)),
    Mix(weights=(("one", 0.0),)),
)


@pytest.mark.parametrize("mix", MIXES, ids=["three", "two", "text", "none"])
def test_a_mix_is_what_its_weights_added_by_hand_would_be(
    pictured: Callable[[str], TransformersSession],
    folder_of: Callable[[str], Path],
    adapters_of: Callable[[str], dict[str, Path]],
    mix: Mix,
) -> None:
    session, model = pictured("llava-clip"), plain(folder_of("llava-clip"))
    own = {name: weight.clone() for name, weight in model.state_dict().items()}
    changed = model.state_dict()
    for name, weight in mix.weights:
        tensors = load_file(adapters_of("llava-clip")[name] / "adapter_model.safetensors")
        config = json.loads((adapters_of("llava-clip")[name] / "adapter_config.json").read_text())
        for key, value in tensors.items():
            place = key.removeprefix("base_model.model.")
            if "lora_A" in key:
                update = tensors[key.replace("lora_A", "lora_B")] @ value * config["lora_alpha"] / config["r"]
                changed[place.replace("lora_A.", "")] += weight * update
            elif "lora_B" not in key:
                changed[place] += weight * (value - own[place])
    agree(said(session, asked(adapter=mix)), expected(model, session.reader.processor, asked()))


@pytest.mark.parametrize("kind", ["llava-clip", "qwen2-vl"])
def test_every_answer_of_a_mixed_batch_is_the_answer_alone_to_the_last_bit(
    pictured: Callable[[str], TransformersSession], kind: str
) -> None:
    alone, together = pictured(kind), pictured(kind)
    names = (None, "one", "text", "two", Mix(weights=(("one", 0.6), ("two", 0.4))))
    requests = [
        request
        for name in names
        for request in (asked(TWO, [BLUE, RED], name), asked(images=(), adapter=name), asked(adapter=name))
    ]
    wanted = [said(alone, request) for request in requests]
    assert len({tuple(answer) for answer in wanted}) == len(wanted), "adapters and pictures must matter"
    together.limit(Limits(rows=7, prompt_tokens=40))
    found = heard(list(together.generate(requests)))
    assert [found[place] for place in range(len(requests))] == wanted


def test_adapters_come_and_go_while_pictures_are_answered(
    pictured: Callable[[str], TransformersSession], adapters_of: Callable[[str], dict[str, Path]]
) -> None:
    session, folders = pictured("llava-clip"), adapters_of("llava-clip")
    requests = [asked(adapter=name) for name in (None, "one", "two")]
    wanted = [said(session, request) for request in requests]
    before = {name: weight.clone() for name, weight in session.model.state_dict().items()}
    numbers = [session.add(request).request for request in requests]
    events: list[TokenEvent] = []
    for turn in range(3):
        events += session.step()
        session.unload("text")
        session.load("text", folders["one" if turn % 2 else "two"])  # another file under a known name
        late = session.add(asked(adapter="text")).request
        events += session.step()
        session.cancel(late)
    lost = session.add(asked(adapter="text", tokens=12)).request
    events += session.step()
    session.unload("text")
    events += run(session)
    found = heard(events)
    assert [found[number] for number in numbers] == wanted
    assert [event.request for event in events if event.finish_reason == "error"] == [lost]
    session.load("text", folders["one"])
    assert said(session, asked(adapter="text")) == wanted[1]
    assert all(torch.equal(weight, before[name]) for name, weight in session.model.state_dict().items())


def test_who_leaves_midway_takes_nobody_along(pictured: Callable[[str], TransformersSession]) -> None:
    session = pictured("qwen2.5-vl")
    requests = [asked(TWO, [RED, BLUE], name, 10) for name in ("one", None, "two")] + [asked(images=(), tokens=10)]
    wanted = [said(session, request) for request in requests]
    numbers = [session.add(request).request for request in requests]
    gone = [session.add(asked(TWO, [BLUE, RED], name, 10)).request for name in ("two", "text")]
    events: list[TokenEvent] = []
    for number in gone:
        events += [*session.step(), *session.step()]
        session.cancel(number)
    events += run(session)
    found = heard(events)
    assert [found[number] for number in numbers] == wanted
    assert all(one.pictures == {} for one in session.running)


@pytest.mark.parametrize("name", ["model.multi_modal_projector", "multi_modal_projector"])
def test_a_projector_is_found_by_every_name_that_is_admitted(
    folder_of: Callable[[str], Path], pictured: Callable[..., TransformersSession], tmp_path: Path, name: str
) -> None:
    base = folder_of("llava-clip")
    made = adapter(base, tmp_path / "named", 1, projector=True, saved=name)
    admit(made, measure(settings_of(base)))
    session = pictured("llava-clip")
    session.load("named", made)
    assert said(session, asked(adapter="named")) == said(session, asked(adapter="two"))


def test_answers_to_one_question_share_its_pictures(
    pictured: Callable[..., TransformersSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    session, encode, counted = pictured("llava-clip"), vision.Processor.encode, []
    wanted = [said(session, asked(images=[one])) for one in (RED, BLUE)]
    session = pictured("llava-clip")
    monkeypatch.setattr(vision.Processor, "encode", lambda *given: counted.append(1) or encode(*given))
    session.limit(Limits(rows=1))  # whoever waits asks for the pictures again
    numbers = [session.add(asked(images=[one])).request for one in (RED, RED, BLUE, BLUE)]
    found = heard(run(session))
    assert [found[number] for number in numbers] == [wanted[0], wanted[0], wanted[1], wanted[1]]
    assert len(counted) == 2


def test_one_request_with_pictures_is_read_between_two_tokens_of_the_others(
    pictured: Callable[..., TransformersSession],
) -> None:
    session = pictured("llava-clip")
    wanted = said(session, asked())
    session.limit(Limits(prompt_tokens=1000))
    numbers = [session.add(asked(images=images)).request for images in ((), (RED,), (), (RED,))]
    events = list(session.step())
    assert {event.request for event in events} == set(numbers[:3])
    events += session.step()
    assert {event.request for event in events} == set(numbers)
    found = heard([*events, *run(session)])
    assert found[numbers[1]] == found[numbers[3]] == wanted
