"""The engine against transformers and peft: same tokens, same logits, and none of peft's hazards."""

from __future__ import annotations

import json
import random
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from engine_adapters import SHAPES, make_adapter, settings_of
from peft import ArrowConfig, PeftModel, create_arrow_model
from transformers import AutoConfig, AutoModelForCausalLM

from domaintune import Message, Request, Sampling, prompts
from domaintune.contracts import Mix
from domaintune.engine.session import TransformersEngine, TransformersSession
from domaintune.engine.slab import prototype
from domaintune.errors import ModelError
from domaintune.models import base as models

Opened = Callable[..., TransformersSession]
TEXTS = ["Is the heart large?", "Small effusion.", "What is there to see in the left lower lobe of the lung?"]


def asked(text: str, adapter: str | Mix | None = None, tokens: int = 8) -> Request:
    return Request(
        messages=(Message(role="user", content=text),), adapter=adapter, sampling=Sampling(max_new_tokens=tokens)
    )


def logits(session: TransformersSession, request: Request) -> torch.Tensor:
    """The logits of the first token [vocabulary]."""
    seen = []
    take = session._take
    session._take = lambda one, row, *rest: (seen.append(row.clone()), take(one, row, *rest))[1]  # type: ignore[method-assign, assignment]
    list(session.generate([request]))
    session._take = take  # type: ignore[method-assign]
    return seen[0]


def first_logits(model: torch.nn.Module, session: TransformersSession, text: str) -> torch.Tensor:
    ids = prompts.prompt_ids(session.tokenizer, [Message(role="user", content=text)])
    with torch.no_grad():
        found: torch.Tensor = model.eval()(input_ids=torch.tensor([ids])).logits[0, -1]
    return found


def plain(folder: Path) -> torch.nn.Module:
    model: torch.nn.Module = models.load_model(models.locate(settings_of(folder)), settings_of(folder))
    return model


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_of_adapter_acts_as_in_peft(opened: Opened, tiny: Path, shapes: dict[str, Path], name: str) -> None:
    session = opened()
    tuned = PeftModel.from_pretrained(plain(tiny), shapes[name])
    for text in TEXTS:
        wanted = first_logits(tuned, session, text)
        assert torch.allclose(logits(session, asked(text, name)), wanted, atol=1e-5)


MODELS = {
    "llama": {"num_key_value_heads": 2},
    "qwen2": {"num_key_value_heads": 2},
    "qwen3": {"num_key_value_heads": 2, "head_dim": 8},
    "mistral": {"num_key_value_heads": 4, "sliding_window": 12},
    "gemma2": {"num_key_value_heads": 2, "head_dim": 8, "sliding_window": 12},
    "gemma3_text": {"num_key_value_heads": 1, "head_dim": 8, "sliding_window": 12},
    "olmo2": {"num_key_value_heads": 4},
    "granite": {"num_key_value_heads": 2},
}


@pytest.mark.parametrize("kind", MODELS)
def test_base_models_of_many_kinds_say_what_transformers_generates(kind: str, tiny: Path, tmp_path: Path) -> None:
    config = AutoConfig.for_model(
        kind, vocab_size=len(models.load_tokenizer(models.locate(settings_of(tiny)))), hidden_size=32,
        intermediate_size=48, num_hidden_layers=3, num_attention_heads=4, max_position_embeddings=512,
        pad_token_id=0, bos_token_id=1, eos_token_id=2, **MODELS[kind],
    )  # fmt: skip
    torch.manual_seed(0)
    folder = tmp_path / kind
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    for file in tiny.glob("*token*"):
        shutil.copy(file, folder)
    for file in tiny.glob("*.jinja"):
        shutil.copy(file, folder)
    session, model = TransformersEngine().open(settings_of(folder)), plain(folder)
    session.ends = frozenset()
    said: dict[int, list[int]] = {place: [] for place in range(len(TEXTS))}
    for event in session.generate([asked(text, tokens=20) for text in TEXTS]):
        said[event.request] += event.ids
    for place, text in enumerate(TEXTS):
        ids = torch.tensor([prompts.prompt_ids(session.tokenizer, [Message(role="user", content=text)])])
        wanted = model.eval().generate(ids, max_new_tokens=20, do_sample=False, eos_token_id=None)  # type: ignore[operator]
        assert said[place] == wanted[0, ids.shape[1] :].tolist()


def test_layers_that_remember_otherwise_are_refused_by_name(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "strange"
    shutil.copytree(tiny, folder)
    session = TransformersEngine().open(settings_of(folder))
    session.model.config.layer_types = ["linear_attention"]
    from domaintune.engine.rows import Rows

    with pytest.raises(ModelError, match="linear_attention"):
        Rows(session.model.config)


def test_a_mix_is_the_weighted_sum_of_the_updates_in_any_order(
    opened: Opened, tiny: Path, shapes: dict[str, Path]
) -> None:
    session, draw = opened(), random.Random(0)
    model = plain(tiny)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    for _ in range(25):
        weights = [(name, draw.uniform(-2, 2)) for name in draw.sample(list(shapes), 3)]
        model.load_state_dict(before)
        for name, weight in weights:
            _add(model, session, name, weight)
        text = draw.choice(TEXTS)
        found = logits(session, asked(text, Mix(weights=tuple(weights))))
        assert (found - first_logits(model, session, text)).abs().max() <= 1e-4
        turned = logits(session, asked(text, Mix(weights=tuple(weights[::-1]))))
        assert (found - turned).abs().max() <= 1e-4


def _add(model: torch.nn.Module, session: TransformersSession, name: str, weight: float) -> None:
    """Write a weighted update into the weights, as an offline merge would."""
    for layer, pair in session.store.take({name})[name].pairs.items():
        with torch.no_grad():
            model.get_submodule(layer).weight += weight * pair.scale * (pair.b.float() @ pair.a.float())


def test_routing_by_token_is_peft_s_arrow(tiny: Path, tmp_path: Path) -> None:
    folders = [
        make_adapter(tiny, tmp_path / str(seed), seed, r=4, lora_alpha=12, target_modules=["q_proj", "down_proj"])
        for seed in range(3)
    ]
    session = TransformersEngine().open(settings_of(tiny))
    for place, folder in enumerate(folders):
        session.load(f"e{place}", folder)
    arrow = create_arrow_model(plain(tiny), [str(folder) for folder in folders], ArrowConfig(top_k=2, rng_seed=1))
    _exact_prototypes(arrow)
    mix = Mix(weights=tuple((f"e{place}", 1.0) for place in range(3)), route="arrow", top=2)
    for text in TEXTS:
        wanted = first_logits(arrow, session, text)
        assert torch.allclose(logits(session, asked(text, mix)), wanted, atol=1e-4)
        assert not torch.allclose(logits(session, asked(text)), wanted, atol=1e-2)


def _exact_prototypes(arrow: torch.nn.Module) -> None:
    """Give peft's routers singular vectors that are not cut off after 15 rounds of power iteration."""
    for module in arrow.modules():
        if hasattr(module, "lora_arrow") and "arrow_router" in module.lora_arrow:
            router = module.lora_arrow["arrow_router"]
            router.top_right_singular_vec_from_BA = lambda a, b, **_: prototype(a, b)


def test_a_prototype_is_the_top_right_singular_vector() -> None:
    torch.manual_seed(0)
    a, b = torch.randn(5, 40), torch.randn(30, 5)
    wanted = torch.linalg.svd(b @ a)[2][0]
    assert abs(float(prototype(a, b) @ wanted)) == pytest.approx(1, abs=1e-5)
    assert not prototype(a, torch.zeros(30, 5)).any()


# The hazards of peft 0.21.2: each of these would fail with the calls named in the comment.


def test_a_new_version_does_not_wipe_adapters_whose_names_contain_its_name(
    opened: Opened, shapes: dict[str, Path]
) -> None:  # hotswap_adapter zeroes `code2` when `code` is swapped
    session = opened()
    session.load("code2", shapes["r4"])
    session.load("code", shapes["r8"])
    before = logits(session, asked("Hello", "code2"))
    session.unload("code")
    session.load("code", shapes["attention"])
    logits(session, asked("Hello", "code"))
    assert torch.equal(logits(session, asked("Hello", "code2")), before)


def test_an_error_in_a_pass_leaves_no_adapter_behind(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    # model(bad_ids, adapter_names=[...]) leaves forward hooks on every layer
    session = opened()
    before = logits(session, asked("Hello"))
    session.add(asked("Hello", "r4"))
    monkeypatch.setattr(session, "_ids", lambda _: torch.tensor([[10**6]]))
    with pytest.raises(IndexError):
        session.step()
    monkeypatch.undo()
    for one in list(session.running):
        session.cancel(one.number)
    assert session.slab.mixing is None
    assert torch.equal(logits(session, asked("Hello")), before)


def test_a_changed_recipe_is_a_changed_mix(opened: Opened) -> None:
    # add_weighted_adapter silently keeps the old mix where the name exists
    session = opened()
    only_one = Mix(weights=(("r4", 1.0), ("r8", 0.0)))
    other = Mix(weights=(("r4", 0.0), ("r8", 1.0)))
    assert torch.allclose(logits(session, asked("Hello", only_one)), logits(session, asked("Hello", "r4")), atol=1e-6)
    assert torch.allclose(logits(session, asked("Hello", other)), logits(session, asked("Hello", "r8")), atol=1e-6)


def test_loading_from_another_thread_never_touches_a_running_answer(
    opened: Opened, shapes: dict[str, Path]
) -> None:  # model(x, adapter_names=[...]) from two threads is wrong in 173 of 300 cases
    session = opened()
    wanted = _ids(opened(), asked("Hello", "r4", 60))
    stop = threading.Event()

    def load() -> None:
        count = 0
        while not stop.is_set():
            session.load(f"other{count}", shapes["r8"])
            stop.wait(0.005)
            count += 1

    thread = threading.Thread(target=load)
    thread.start()
    try:
        for _ in range(8):
            assert _ids(session, asked("Hello", "r4", 60)) == wanted
    finally:
        stop.set()
        thread.join()


def _ids(session: TransformersSession, request: Request) -> list[int]:
    return [token for event in session.generate([request]) for token in event.ids]


def test_every_row_has_its_own_adapter(opened: Opened) -> None:
    # generate_batch(..., adapter_names=[...]) answers every row with the one active adapter
    session = opened()
    requests = [asked("Hello", name) for name in ("r4", "r4", None, "r4")]
    said: list[list[int]] = [[], [], [], []]
    for event in session.generate(requests):
        said[event.request] += event.ids
    assert said[0] == said[1] == said[3] == _ids(opened(), asked("Hello", "r4"))
    assert said[2] == _ids(opened(), asked("Hello"))
    assert said[2] != said[0]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"use_dora": True}, "use_dora"),
        ({"bias": "all"}, "bias"),
        ({"fan_in_fan_out": True}, "fan_in_fan_out"),
        ({"lora_alpha": None}, "not a LoRA adapter"),
    ],
)
def test_an_adapter_that_is_more_than_a_low_rank_update_is_refused(
    opened: Opened, shapes: dict[str, Path], tmp_path: Path, change: dict[str, object], complaint: str
) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(shapes["r4"], folder)
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(ModelError, match=complaint):
        opened().load("changed", folder)
