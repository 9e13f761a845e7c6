"""Attention row by row is attention with the mask of a lean batch, in value and in gradient."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from picturing import pictured_model

from domaintune.contracts import Example, Message, Origin
from domaintune.errors import SettingsError
from domaintune.models import base as models
from domaintune.settings import ModelSettings, Settings, TrainSettings
from domaintune.training import attention, lean, sft

HEADS, GROUPS, WIDTH = 4, 2, 8


def attended(states: list[torch.Tensor], mask: torch.Tensor | None, starts: tuple[int, ...] | None) -> Any:
    """Return what comes out, and the gradients of what went in."""
    learned = [tensor.clone().requires_grad_(True) for tensor in states]
    module = SimpleNamespace(num_key_value_groups=GROUPS, is_causal=True)
    out, _ = attention.by_rows(module, *learned, mask, row_starts=starts, scaling=0.4)
    (out * torch.arange(out.numel()).reshape(out.shape).cos()).sum().backward()
    return [out, *(tensor.grad for tensor in learned)]


@settings(max_examples=60, deadline=None)
@given(shared=st.integers(0, 5), lengths=st.lists(st.integers(1, 7), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_row_by_row_is_the_masked_square(shared: int, lengths: list[int], seed: int) -> None:
    first = list(range(100, 100 + shared))
    rows = [
        {"input_ids": [*first, *([number] * length)], "labels": [-100] * (shared + 1) + [7] * (length - 1)}
        for number, length in enumerate(lengths)
    ]
    batch = lean.collate(rows)
    size = batch["input_ids"].shape[1]
    torch.manual_seed(seed)
    states = [torch.randn(1, heads, size, WIDTH) for heads in (HEADS, HEADS // GROUPS, HEADS // GROUPS)]
    masked = attended(states, batch["attention_mask"], None)
    for one, other in zip(attended(states, batch["attention_mask"], batch["row_starts"]), masked, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_rows_begin_behind_what_they_share() -> None:
    rows = [
        {"input_ids": [1, 2, 3, 8], "labels": [-100, -100, -100, 8]},
        {"input_ids": [1, 2, 3, 8, 9], "labels": [-100, -100, -100, 8, 9]},
        {"input_ids": [1, 2, 4, 9], "labels": [-100, -100, -100, 9]},
    ]
    assert lean.collate(rows)["row_starts"] == (2, 4, 7)
    assert lean.collate(rows[:1])["row_starts"] == (2,)


@pytest.fixture(scope="module")
def seer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictured_model(tmp_path_factory.mktemp("seer") / "llava", "llava-clip")


def tiny_model(kind: str = "Llama", **options: Any) -> Any:
    """Return a random language model of a kind."""
    torch.manual_seed(0)
    size = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "vocab_size": 90}
    config = getattr(transformers, f"{kind}Config")(
        **size, num_attention_heads=4, num_key_value_heads=2, pad_token_id=0, **options
    )
    return getattr(transformers, f"{kind}ForCausalLM")(config).eval()


def lines() -> list[dict[str, list[int]]]:
    """Return rows of different lengths that begin alike."""
    draw = random.Random(3)
    return [
        {"input_ids": [1, 2, 3, *words], "labels": [-100] * 5 + words[2:]}
        for words in ([draw.randint(10, 89) for _ in range(size)] for size in (3, 9, 6, 14))
    ]


def one_by_one(model: Any) -> float:
    """Return the summed loss of each row alone, with the model's own attention."""
    total = 0.0
    for row in lines():
        ids, labels = torch.tensor([row["input_ids"]]), torch.tensor(row["labels"])
        logits = model(input_ids=ids).logits[0, :-1].float()
        total += float(torch.nn.functional.cross_entropy(logits, labels[1:], reduction="sum", ignore_index=-100))
    return total


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("Llama", {}),
        ("Qwen2", {}),
        ("Mistral", {"sliding_window": 64}),
    ],
)
@torch.no_grad()
def test_lean_loss_is_that_of_the_rows_one_by_one(kind: str, options: dict[str, Any]) -> None:
    model = tiny_model(kind, **options)
    alone = one_by_one(model)
    with attention.attending_by_rows(model) as takes:
        assert takes
        assert float(lean.loss(model, lean.collate(lines()), 1)) == pytest.approx(alone, rel=1e-5)


@torch.no_grad()
def test_what_a_model_adds_to_its_mask_counts_in_rows_too() -> None:
    model, batch = tiny_model("Doge", keep_window_size=4), lean.collate(lines())
    masked = float(lean.loss(model, {name: value for name, value in batch.items() if name != "row_starts"}, 1))
    with attention.attending_by_rows(model):
        assert float(lean.loss(model, batch, 1)) == pytest.approx(masked, rel=1e-6)


@torch.no_grad()
def test_everything_else_is_attended_as_before_and_afterwards(seer: Path) -> None:
    """Padding still counts within, and nothing is left behind; what pictures are seen with is not touched at all."""
    model = tiny_model()
    ids = torch.tensor([[0, 0, 0, 11, 12, 13], [21, 22, 23, 24, 25, 26]])
    mask = (ids != 0).long()
    before = model(input_ids=ids, attention_mask=mask).logits
    with attention.attending_by_rows(model):
        assert model.config._attn_implementation == attention.BY_ROWS
        assert torch.equal(model(input_ids=ids, attention_mask=mask).logits, before)
    assert model.config._attn_implementation == "sdpa"
    sees = transformers.AutoModelForImageTextToText.from_pretrained(seer)
    with attention.attending_by_rows(sees) as takes:
        assert takes
        assert sees.config.get_text_config()._attn_implementation == attention.BY_ROWS
        assert sees.config.vision_config._attn_implementation == "sdpa"
    assert sees.config.get_text_config()._attn_implementation == "sdpa"


def test_a_model_that_lets_no_attention_be_chosen_keeps_its_own() -> None:
    torch.manual_seed(0)
    size = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "vocab_size": 90}
    model = transformers.FalconForCausalLM(transformers.FalconConfig(**size))
    with attention.attending_by_rows(model) as takes:
        assert not takes
        assert model.config._attn_implementation == "sdpa"


@pytest.mark.parametrize("checkpointing", [False, True])
def test_in_training_every_layer_is_told_where_rows_begin(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, checkpointing: bool
) -> None:
    told: list[Any] = []
    plain = attention.by_rows

    def spy(*states: Any, row_starts: Any = None, **options: Any) -> Any:
        told.append(row_starts)
        return plain(*states, row_starts=row_starts, **options)

    monkeypatch.setattr(attention, "by_rows", spy)
    train = TrainSettings(steps=1, batch_size=4, micro_batch_size=4, lean=True, gradient_checkpointing=checkpointing)
    wanted = Settings(model=ModelSettings(base=str(tiny), device="cpu", dtype="float32"), train=train)
    base = models.locate(wanted.model)
    model = models.load_model(base, wanted.model)
    made = [
        Example(
            prompt=(Message(role="user", content=f"How much is {n}?"),),
            completion=(Message(role="assistant", content=str(n)),),
            origin=Origin(source="test", place=f"line {n}"),
        )
        for n in range(8)
    ]
    sft.train(model, models.load_tokenizer(base), made, wanted, tmp_path)
    assert len(told) >= model.config.num_hidden_layers
    assert all(starts is not None and len(starts) == 4 for starts in told)
    assert model.config._attn_implementation == "sdpa"


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("Mistral", {"layer_types": ["chunked_attention", "full_attention"]}, "chunked_attention"),
        ("Llama", {"index_topk": 8}, "index_topk"),
        ("Llama", {"keep_window_size": 8}, "keep_window_size"),
        ("Llama", {"layer_types": ["conv", "full_attention"]}, "conv"),
    ],
)
def test_models_whose_tokens_reach_further_than_a_mask_are_refused(
    tmp_path: Path, kind: str, options: dict[str, Any], said: str
) -> None:
    model = tiny_model(kind)
    for name, value in options.items():
        setattr(model.config, name, value)
    with pytest.raises(SettingsError, match=rf"another way \({said}\)"):
        sft.make_trainer(model, None, [], Settings(train=TrainSettings(lean=True)), tmp_path)
