"""What goes wrong for one request goes wrong for no other, and leaves nothing behind."""

from __future__ import annotations

import itertools
import json
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from engine_adapters import make_adapter, settings_of
from peft import PeftModel
from safetensors.torch import load_file, save_file

from domaintune import Message, Request, Sampling, prompts
from domaintune.contracts import Mix
from domaintune.engine.session import TransformersEngine, TransformersSession
from domaintune.engine.slab import Slab
from domaintune.models import base as models
from domaintune.sessions import Limits, TokenEvent

Opened = Callable[..., TransformersSession]


def asked(adapter: str | Mix | None, tokens: int = 8, text: str = "Is the heart large?") -> Request:
    return Request(
        messages=(Message(role="user", content=text),), adapter=adapter, sampling=Sampling(max_new_tokens=tokens)
    )


def said(session: TransformersSession, adapter: str | Mix | None, tokens: int = 8) -> list[int]:
    return [token for event in session.generate([asked(adapter, tokens)]) for token in event.ids]


def run(session: TransformersSession) -> list[TokenEvent]:
    events = []
    while session.running or session.waiting:
        events += session.step()
    return events


@pytest.fixture
def huge(shapes: dict[str, Path], tmp_path: Path) -> Path:
    """An adapter whose update is ordinary, but whose inner products overflow."""
    folder = tmp_path / "huge"
    shutil.copytree(shapes["r4"], folder)
    file = folder / "adapter_model.safetensors"
    tensors = load_file(file)
    save_file({n: t * (3e38 / t.abs().max()) if "lora_A" in n else t * 1e-38 for n, t in tensors.items()}, file)
    return folder


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_numbers_out_of_range_end_one_answer_and_change_no_other(opened: Opened, huge: Path, dtype: str) -> None:
    session, quiet = opened(dtype), opened(dtype)
    session.load("huge", huge)
    wanted = {name: said(quiet, name) for name in (None, "r8")}
    numbers = {session.add(asked(name)).request: name for name in ("huge", None, "r8", "huge")}
    found: dict[int, list[int]] = {number: [] for number in numbers}
    for event in run(session):
        found[event.request] += event.ids
        if numbers[event.request] == "huge" and event.finish_reason:
            assert "out of range" in event.error
    assert all(found[number] == wanted[name] for number, name in numbers.items() if name != "huge")
    for name, answer in wanted.items():  # nor are the rows spoilt that it used
        assert [said(session, name) for _ in range(3)] == [answer] * 3


@pytest.mark.parametrize("fails_at", [1, 3, 9])
def test_an_adapter_that_could_not_be_put_in_place_whole_is_not_in_place(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    session, wanted = opened(), {name: said(opened(), name) for name in ("r4", "r8")}
    write, calls = Slab._write, itertools.count(1)

    def failing(*given: object) -> None:
        if next(calls) == fails_at:
            raise MemoryError
        write(*given)  # type: ignore[arg-type]

    said(session, "r8")
    monkeypatch.setattr(Slab, "_write", failing)
    with pytest.raises(MemoryError):
        said(session, "r4")
    assert {name: said(session, name) for name in wanted} == wanted


def test_a_request_that_ends_before_it_was_read_takes_nobody_with_it(opened: Opened) -> None:
    session = opened()
    session.limit(Limits(rows=8))
    kept = [session.add(asked("r8", 6)).request for _ in range(4)]
    session.step()
    lost = [session.add(asked(name)).request for name in ("r4", "attention")]
    session.unload("r4")
    events = run(session)
    assert {event.request for event in events if event.finish_reason == "error"} == {lost[0]}
    assert {event.request for event in events if event.finish_reason} == {*kept, *lost}


def test_nobody_fails_for_a_file_that_somebody_else_needs(
    opened: Opened, shapes: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "away"
    shutil.copytree(shapes["r4"], folder)
    session = opened()
    session.load("away", folder)
    first = session.add(asked("away", 12)).request
    session.step()
    session.limit(Limits(adapter_bytes=1))
    session.load("more", shapes["patterns"])  # everything else leaves memory
    shutil.rmtree(folder)
    second = session.add(asked("r8", 12)).request
    ends = {event.request: event.finish_reason for event in run(session) if event.finish_reason}
    assert "error" not in {ends[first], ends[second]}


def test_who_counts_bytes_may_do_so_while_adapters_come_and_go(opened: Opened, shapes: dict[str, Path]) -> None:
    session, over = opened(), threading.Event()

    def churn() -> None:
        for number in itertools.count():
            if over.is_set():
                return
            session.load(f"x{number}", shapes["r4"])
            session.store.remove(f"x{number}")

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread = threading.Thread(target=churn)
    thread.start()
    try:
        assert all(session.store.resident > 0 for _ in range(3000))
    finally:
        over.set()
        thread.join()
        sys.setswitchinterval(interval)


def test_routing_keeps_one_prototype_an_adapter_however_they_are_named(opened: Opened) -> None:
    session = opened()
    names = ("r4", "r8", "attention", "rslora")
    for order in itertools.permutations(names):
        said(session, Mix(weights=tuple((name, 1.0) for name in order), route="arrow"), 1)
    assert all(len(layer.prototypes) <= len(names) for layer in session.slab.layers.values())


def test_a_pattern_means_what_it_means_to_peft(tiny: Path, tmp_path: Path) -> None:
    folder = make_adapter(tiny, tmp_path / "dots", 3, r=2, lora_alpha=8, target_modules=["q_proj", "up_proj"])
    config = json.loads((folder / "adapter_config.json").read_text())
    # To peft a dot is any letter, so this means q_proj.
    (folder / "adapter_config.json").write_text(json.dumps({**config, "alpha_pattern": {"self_attn.q.proj": 24}}))
    session = TransformersEngine().open(settings_of(tiny))
    session.load("dots", folder)
    tuned = PeftModel.from_pretrained(models.load_model(models.locate(settings_of(tiny)), settings_of(tiny)), folder)
    ids = prompts.prompt_ids(session.tokenizer, asked(None).messages)
    with torch.no_grad():
        wanted = int(tuned.eval()(input_ids=torch.tensor([ids])).logits[0, -1].argmax())
    assert said(session, "dots", 1) == [wanted]
    assert session.store.known["dots"].factors is not None
    scales = {name: pair.scale for name, pair in session.store.known["dots"].factors.pairs.items()}
    assert scales["model.layers.0.self_attn.q_proj"] == 12
    assert scales["model.layers.0.mlp.up_proj"] == 4
