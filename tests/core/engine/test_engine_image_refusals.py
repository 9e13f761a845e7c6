"""What a model cannot be shown is refused with a sentence, and nobody else notices."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from engine_adapters import settings_of
from engine_images import BLUE, QUESTION, RED, TOKENS, TWO, asked, heard, run, said
from picturing import data_url, png
from safetensors.torch import load_file, save_file

from domaintune import Request, Sampling
from domaintune.contracts import Mix
from domaintune.engine.session import TransformersEngine, TransformersSession
from domaintune.errors import ModelError, RequestError
from domaintune.models import vision
from domaintune.sessions import Limits

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
PROJECTOR = "base_model.model.model.multi_modal_projector."


@pytest.fixture(scope="module")
def session(pictured: Callable[..., TransformersSession]) -> TransformersSession:
    return pictured("llava-clip")


def broken() -> dict[str, tuple[str, Sequence[str]]]:
    """Requests that are refused: what is said, and the pictures beside it."""
    whole = png(3)
    return {
        "truncated": (QUESTION, [data_url(whole[: len(whole) // 2])]),
        "nothing": (QUESTION, [data_url(b"")]),
        "svg": (QUESTION, [data_url(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg+xml")]),
        "polyglot": (QUESTION, [data_url(whole + b"PK\x03\x04")]),
        "another kind": (QUESTION, [data_url(whole, "jpeg")]),
        "one pixel": (QUESTION, [data_url(png(3, 1, 1))]),
        "a file that is not there": (QUESTION, ["nowhere/missing.png"]),
        "a place on the net": (QUESTION, ["http://127.0.0.1/a.png"]),
        "one marker, two pictures": ("<image> and?", [RED, BLUE]),
        "two markers, one picture": (TWO, [RED]),
        "a marker without a picture": ("What is <image>?", []),
        "one good, one broken": (TWO, [RED, data_url(whole[:60])]),
    }


@pytest.mark.parametrize("why", broken())
def test_what_cannot_be_shown_is_refused_and_the_others_go_on(session: TransformersSession, why: str) -> None:
    number = session.add(asked(adapter="one")).request
    session.step()
    text, images = broken()[why]
    with pytest.raises(RequestError) as refused:
        session.add(asked(text, images))
    assert refused.value.code == "invalid_image"
    assert len(str(refused.value)) > 20
    assert len(heard(run(session))[number]) == TOKENS - 1


def test_tokens_that_stand_for_pictures_are_no_text(
    session: TransformersSession, pictured: Callable[..., TransformersSession]
) -> None:
    qwen = pictured("qwen2-vl")
    for token in ("<|image_pad|>", "<|video_pad|>"):
        for images in ((), (RED,)):
            with pytest.raises(RequestError, match="stands for a picture"):
                qwen.add(asked(f"What is {token}?", images))
    for request in (
        Request(text="Once <image>", sampling=Sampling(max_new_tokens=2)),
        replace(asked("A or <image>?", ()), choices=("A", "B")),
        replace(asked("A or B?", ()), choices=("A", "<image>")),
    ):
        with pytest.raises(RequestError, match="stands for a picture"):
            list(session.generate([request]))


def test_a_model_that_reads_no_pictures_says_so(tiny: Path, shapes: dict[str, Path]) -> None:
    session = TransformersEngine().open(settings_of(tiny))
    with pytest.raises(RequestError, match="reads no pictures") as refused:
        session.add(asked())
    assert refused.value.code == "images_unsupported"
    assert said(session, asked("What is <image>?", ())), "to such a model the marker is text"


def test_choices_and_continued_texts_have_no_pictures(session: TransformersSession) -> None:
    with pytest.raises(RequestError, match="choices") as refused:
        list(session.generate([replace(asked(), choices=("red", "blue"))]))
    assert refused.value.code == "images_unsupported"
    with pytest.raises(RequestError, match="continued"):
        session.add(Request(text="Once", images=(RED,)))
    assert list(session.generate([replace(asked("Red or blue?", ()), choices=("red", "blue"))]))


def test_a_mix_by_route_cannot_choose_a_projector(session: TransformersSession) -> None:
    arrow = Mix(weights=(("one", 1.0), ("text", 1.0)), route="arrow")
    with pytest.raises(RequestError, match="one projector"):
        session.add(asked(adapter=arrow))
    assert said(session, asked(images=(), adapter=arrow))
    assert said(session, asked(adapter=Mix(weights=(("text", 1.0),), route="arrow"))) == said(
        session, asked(adapter="text")
    )


def test_models_that_see_both_ways_answer_text_alone(
    pictured: Callable[..., TransformersSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vision, "OTHER_MASKS", ("class LlavaForConditionalGeneration",))
    session = pictured("llava-clip")
    with pytest.raises(RequestError, match="LlavaForConditionalGeneration"):
        session.add(asked())
    assert said(session, asked(images=()))


def test_the_places_of_pictures_count_where_a_prompt_may_be_too_long(
    session: TransformersSession, pictured: Callable[..., TransformersSession]
) -> None:
    text, one, two = (session.add(asked(images=images)) for images in ((), (RED,), (RED, BLUE)))
    assert [each.prompt_tokens - text.prompt_tokens for each in (one, two)] == [9, 18]
    for each in (text, one, two):
        session.cancel(each.request)
    with pytest.raises(RequestError, match="together they may have") as refused:
        session.add(asked(images=[RED] * 113))
    assert refused.value.code == "context_length_exceeded"


def test_a_prompt_that_its_processor_misjudged_fails_alone(
    pictured: Callable[..., TransformersSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = pictured("llava-clip")
    wanted = said(session, asked(adapter="one"))
    kept = session.add(asked(adapter="one")).request
    encode = vision.Processor.encode
    monkeypatch.setattr(
        vision.Processor,
        "encode",
        lambda *given: encode(*given)._replace(ids=[*encode(*given).ids, given[0].image_token_id]),
    )
    lost = session.add(asked(TWO, [RED, BLUE], "two")).request
    monkeypatch.undo()
    after = session.add(asked(adapter="one")).request
    events = run(session)
    assert [(e.request, "could not read the pictures" in e.error) for e in events if e.error] == [(lost, True)]
    assert heard(events)[kept] == heard(events)[after] == wanted


def changed(source: Path, folder: Path, change: Callable[[dict[str, torch.Tensor], dict[str, object]], None]) -> Path:
    shutil.copytree(source, folder)
    tensors, config = load_file(source / WEIGHTS), json.loads((source / CONFIG).read_text())
    change(tensors, config)
    save_file(tensors, folder / WEIGHTS)
    (folder / CONFIG).write_text(json.dumps(config))
    return folder


CHANGES = {
    "a weight is missing": (lambda tensors, _: tensors.pop(f"{PROJECTOR}linear_2.bias"), "saved whole or not at all"),
    "another shape": (
        lambda tensors, _: tensors.update({f"{PROJECTOR}linear_1.bias": torch.zeros(7)}),
        "linear_1.bias of the base model is",
    ),
    "a weight too many": (
        lambda tensors, _: tensors.update({f"{PROJECTOR}linear_3.bias": torch.zeros(7)}),
        "linear_3.bias",
    ),
    "another module": (
        lambda tensors, config: (
            tensors.update({"base_model.model.lm_head.weight": torch.zeros(3, 32)}),
            config["modules_to_save"].append("lm_head"),
        ),
        "lm_head.weight",
    ),
    "said and not there": (lambda _, config: config["modules_to_save"].append("lm_head"), "no weight"),
    "there and not said": (lambda _, config: config.update(modules_to_save=None), "no factor"),
    "whole and an update": (
        lambda tensors, _: tensors.update(
            {f"{PROJECTOR}linear_1.lora_{side}.weight": torch.zeros(2, 32).T.contiguous() if side == "B"
             else torch.zeros(2, 32) for side in "AB"}
        ),
        "only one can be applied",
    ),
}  # fmt: skip


@pytest.mark.parametrize("why", CHANGES)
def test_an_adapter_whose_projector_does_not_fit_is_not_loaded(
    session: TransformersSession, adapters_of: Callable[[str], dict[str, Path]], tmp_path: Path, why: str
) -> None:
    change, sentence = CHANGES[why]
    folder = changed(adapters_of("llava-clip")["one"], tmp_path / "changed", change)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=sentence):
        session.load("changed", folder)
    assert "changed" not in session.store.known


def test_a_projector_belongs_to_the_model_it_was_trained_for(
    tiny: Path, pictured: Callable[..., TransformersSession], adapters_of: Callable[[str], dict[str, Path]]
) -> None:
    session = pictured("qwen2-vl")
    for adapters in (adapters_of("llava-clip"), adapters_of("qwen2.5-vl")):
        with pytest.raises(ModelError):
            session.load("other", adapters["one"])
    text = TransformersEngine().open(settings_of(tiny))
    with pytest.raises(ModelError):
        text.load("other", adapters_of("llava-clip")["one"])


def test_a_projector_counts_in_memory_and_is_read_again_when_it_had_to_leave(
    pictured: Callable[..., TransformersSession], adapters_of: Callable[[str], dict[str, Path]]
) -> None:
    session, folders = pictured("llava-clip"), adapters_of("llava-clip")
    wanted = {name: said(session, asked(adapter=name)) for name in folders}
    assert session.store.resident == sum((folder / WEIGHTS).stat().st_size for folder in folders.values())
    session.store.limit = 1
    for name in (*folders, *folders):
        assert said(session, asked(adapter=name)) == wanted[name]
    assert session.store.resident < sum((folder / WEIGHTS).stat().st_size for folder in folders.values())


def test_pictures_of_who_has_to_wait_are_read_again(
    pictured: Callable[..., TransformersSession], tmp_path: Path
) -> None:
    session, files = pictured("llava-clip"), [tmp_path / f"{name}.png" for name in ("kept", "larger", "gone")]
    for file in files:
        file.write_bytes(png(1))
    wanted = said(session, asked())
    session.limit(Limits(rows=1))
    numbers = [session.add(asked(images=[str(file)])).request for file in (files[0], *files)]
    assert [bool(one.pictures) for one in session.waiting] == [True, False, False, False]
    files[1].write_bytes(png(1, 8, 8)[:40])
    files[2].unlink()
    events = run(session)
    found = heard(events)
    assert [found[number] for number in numbers] == [wanted, wanted, [], []]
    assert [event.request for event in events if event.error] == numbers[2:]
