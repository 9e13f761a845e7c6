"""Training on pictures: the same loss however a batch is laid out, and an adapter that others can load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from picturing import data_url, pictured_model, png, tokenizer_with
from safetensors.torch import load_file
from transformers import CLIPImageProcessorPil, GitConfig, GitForCausalLM, GitProcessor

from domaintune import Example, Message, Origin, Request, Sampling, files, prompts
from domaintune.adapters.admission import admit
from domaintune.adapters.shape import measure
from domaintune.contracts import IMAGE
from domaintune.engine import pictures as shown
from domaintune.engine.session import TransformersEngine
from domaintune.errors import DataError, SettingsError, TrainingError
from domaintune.models import base as models
from domaintune.models.counting import Counting
from domaintune.settings import LoraSettings, ModelSettings, Settings, TrainSettings
from domaintune.training import checkpoints, lean, sft

RED, BLUE = data_url(png(1)), data_url(png(2, 30, 70))
CONNECTOR = "base_model.model.model.multi_modal_projector."


@pytest.fixture(scope="module")
def seer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictured_model(tmp_path_factory.mktemp("seer") / "llava", "llava-clip")


def lesson(number: int, asked: str, answers: Sequence[str], images: Sequence[str] = ()) -> Example:
    turns = [Message(role="assistant", content=answers[0])]
    for answer in answers[1:]:
        turns += [Message(role="user", content="And then?"), Message(role="assistant", content=answer)]
    prompt = (Message(role="system", content="See what there is."), Message(role="user", content=asked))
    return Example(
        prompt=prompt, completion=tuple(turns), images=tuple(images), origin=Origin(source="t", place=f"line {number}")
    )


MIXED = (
    lesson(0, "How many shapes are there?", ["two"]),
    lesson(1, f"{IMAGE}\nWhat colour is the circle?", ["red", "blue", "none"], [RED]),
    lesson(2, f"Is {IMAGE} like {IMAGE}?", ["no"], [BLUE, RED]),
    lesson(3, "What colour is the square?", ["blue", "red"]),
    lesson(4, "What colour is the circle?", ["blue"], [BLUE]),
)


def settings(base: Path, **train: Any) -> Settings:
    given = {"steps": 6, "batch_size": 5, "micro_batch_size": 5, "checkpoint_every": 2, "learning_rate": 1e-2, **train}
    return Settings(
        model=ModelSettings(base=str(base), dtype="float32", device="cpu"),
        lora=LoraSettings(r=4, alpha=8),
        train=TrainSettings(**given),
    )


def made(given: Settings, folder: Path, examples: Sequence[Example] = MIXED) -> Any:
    place = models.locate(given.model)
    processor = models.load_processor(place)
    assert processor is not None
    return sft.make_trainer(
        models.load_model(place, given.model), processor.tokenizer, examples, given, folder, processor
    )


def run(given: Settings, folder: Path, examples: Sequence[Example] = MIXED) -> dict[str, Any]:
    place = models.locate(given.model)
    processor = models.load_processor(place)
    assert processor is not None
    model = models.load_model(place, given.model)
    return sft.train(model, processor.tokenizer, examples, given, folder, processor)


@pytest.fixture(scope="module")
def trained(seer: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    record = run(settings(seer, steps=12, lean=True), folder)
    assert record["steps"] == 12
    return folder / "adapter"


def test_factors_and_the_projector_are_trained_and_nothing_else(seer: Path, tmp_path: Path) -> None:
    trainer = made(settings(seer, steps=2), tmp_path)
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    trainer.train()
    after = trainer.model.state_dict()
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert {name for name in changed if "lora_" not in name} == {
        f"{CONNECTOR}modules_to_save.default.{layer}.{part}"
        for layer in ("linear_1", "linear_2")
        for part in ("weight", "bias")
    }
    assert {name.partition(".lora_")[0] for name in after if "lora_" in name} == {
        f"base_model.model.model.language_model.layers.{layer}.{part}"
        for layer in (0, 1)
        for part in (
            "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
            "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj",
        )
    }  # fmt: skip
    assert all(name in changed for name in after if "lora_B" in name)


def test_the_adapter_answers_alike_in_plain_peft_and_in_the_engine(seer: Path, trained: Path) -> None:
    log = files.read_jsonl(trained.parent / "train_log.jsonl")
    assert log[-1]["loss"] < log[0]["loss"] - 0.5
    given = settings(seer).model
    session = TransformersEngine().open(given)
    session.load("own", trained)
    plain = PeftModel.from_pretrained(models.load_model(models.locate(given), given), trained).eval()
    for example in MIXED:
        request = Request(
            messages=example.prompt, images=example.images, adapter="own", sampling=Sampling(max_new_tokens=5)
        )
        heard = [token for event in session.generate([request]) for token in event.ids]
        asked = session.reader.prompt(request)
        ids = torch.tensor([asked.ids])
        out = plain.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), **asked.inputs, max_new_tokens=5, do_sample=False
        )[0, ids.shape[1] :].tolist()
        assert heard == [token for token in out if token != session.tokenizer.eos_token_id]


def test_no_projector_is_trained_where_none_is_wanted(seer: Path, tmp_path: Path) -> None:
    given = replace(settings(seer, steps=1), lora=LoraSettings(r=4, alpha=8, projector=False))
    run(given, tmp_path)
    saved = load_file(tmp_path / "adapter/adapter_model.safetensors")
    assert all(".lora_" in name for name in saved)
    assert files.read_json(tmp_path / "adapter/adapter_config.json")["modules_to_save"] is None


def gradients(trainer: Any, rows: Sequence[int]) -> tuple[float, dict[str, torch.Tensor]]:
    """The summed loss of some rows in one batch, and what it does to the weights."""
    torch.manual_seed(0)
    for name, weight in trainer.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    trainer.model.eval().zero_grad()
    batch = trainer.data_collator([trainer.train_dataset[place] for place in rows])
    loss = trainer.compute_loss(trainer.model, batch, num_items_in_batch=torch.tensor(1.0))
    loss.backward()
    return float(loss.detach()), {
        name: weight.grad.clone() for name, weight in trainer.model.named_parameters() if weight.grad is not None
    }


@pytest.mark.parametrize("kind", ["llava-clip", "llava-onevision", "smolvlm"])
def test_lean_and_padded_batches_are_the_rows_one_by_one(seer: Path, tmp_path: Path, kind: str) -> None:
    base = seer if kind == "llava-clip" else pictured_model(tmp_path / kind, kind)
    found = {}
    for lean_ in (True, False):
        trainer = made(settings(base, lean=lean_), tmp_path / str(lean_))
        found[lean_] = gradients(trainer, range(5))
    alone = [gradients(trainer, [place]) for place in range(5)]
    loss, grads = sum(loss for loss, _ in alone), alone[0][1]
    for _, more in alone[1:]:
        grads = {name: grads.get(name, torch.zeros(())) + more.get(name, torch.zeros(())) for name in {**grads, **more}}
    for other_loss, other in found.values():
        assert other_loss == pytest.approx(loss, rel=1e-5)
        assert set(other) == set(grads)
        for name, value in grads.items():
            assert torch.allclose(value, other[name], rtol=1e-3, atol=1e-3), name


def test_a_shared_beginning_never_holds_a_place_of_a_picture(seer: Path, tmp_path: Path) -> None:
    trainer = made(settings(seer, lean=True), tmp_path, [MIXED[1], replace(MIXED[1], images=(BLUE,))])
    rows = [trainer.train_dataset[place] for place in (0, 1)]
    image = trainer.data_collator.processor.image_token_id
    batch = trainer.data_collator(rows)
    assert (batch["input_ids"] == image).sum() == 18
    assert len(batch["pixel_values"]) == 2
    shared = rows[0]["input_ids"].index(image)
    assert batch["input_ids"].shape[1] == shared + sum(len(row["input_ids"]) - shared for row in rows)
    assert lean.collate(rows, image)["input_ids"][0, :shared].tolist() == rows[0]["input_ids"][:shared]


@pytest.mark.parametrize("kind", ["qwen2-vl", "smolvlm"])
def test_what_is_learned_is_what_the_engine_weighs(tmp_path: Path, kind: str) -> None:
    """The positions of a picture in training are those at which it is answered about."""
    base = pictured_model(tmp_path / kind, kind)
    trainer = made(settings(base, steps=1), tmp_path / "t", MIXED[1:3])
    model = models.load_model(models.locate(settings(base).model), settings(base).model).eval()
    processor = models.load_processor(models.locate(settings(base).model))
    assert processor is not None
    wanted = 0.0
    for example in MIXED[1:3]:
        ids = prompts.example_ids(processor.tokenizer, example, processor)
        tokens = torch.tensor([[*ids.prompt, *ids.completion]])
        inputs = dict(ids.inputs)
        if "mm_token_type_ids" in inputs:
            tail = torch.zeros(1, len(ids.completion), dtype=inputs["mm_token_type_ids"].dtype)
            inputs["mm_token_type_ids"] = torch.cat([inputs["mm_token_type_ids"], tail], dim=1)
        given, _ = shown.given(model, tokens, inputs)
        chances = model(input_ids=tokens, **given).logits[0, :-1].detach().log_softmax(-1)
        labels = torch.tensor([*[prompts.MASKED] * len(ids.prompt), *ids.labels])[1:]
        wanted -= float(sum(chances[place, label] for place, label in enumerate(labels.tolist()) if label >= 0))
    trainer.model.eval()
    batch = trainer.data_collator([trainer.train_dataset[place] for place in (0, 1)])
    with torch.no_grad(), trainer.model.disable_adapter():
        found = trainer.compute_loss(trainer.model, batch, num_items_in_batch=torch.tensor(1.0))
    assert float(found) == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("kind", ["qwen2-vl", "smolvlm"])
def test_other_kinds_of_models_learn_too(tmp_path: Path, kind: str) -> None:
    base = pictured_model(tmp_path / kind, kind)
    record = run(settings(base, steps=2, gradient_checkpointing=True), tmp_path / "t")
    assert 0 < record["loss"] < 20
    saved = load_file(tmp_path / "t/adapter/adapter_model.safetensors")
    assert any(".lora_B." in name and bool(value.any()) for name, value in saved.items())
    assert any("merger" in name or "connector" in name for name in saved)


def test_bfloat16_bases_learn_with_a_projector_in_float32(seer: Path, tmp_path: Path) -> None:
    given = settings(seer, steps=2, gradient_checkpointing=True)
    given = replace(given, model=replace(given.model, dtype="bfloat16"))
    record = run(given, tmp_path)
    assert 0 < record["loss"] < 20
    saved = load_file(tmp_path / "adapter/adapter_model.safetensors")
    assert {str(value.dtype) for name, value in saved.items() if name.startswith(CONNECTOR)} == {"torch.float32"}
    session = TransformersEngine().open(given.model)
    session.load("own", tmp_path / "adapter")


def test_packing_and_pictures_do_not_go_together(seer: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"train\.packing does not go with a base model that reads pictures"):
        made(settings(seer, packing=True), tmp_path)


def test_lean_batches_are_refused_where_pictures_have_rows_and_columns(tmp_path: Path) -> None:
    base = pictured_model(tmp_path / "qwen", "qwen2-vl")
    with pytest.raises(SettingsError, match=r"train\.lean does not fit Qwen2VL.* set it to false"):
        made(settings(base, lean=True), tmp_path / "t")


def test_a_row_with_nothing_to_learn_is_an_error_that_names_it(seer: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="the completion of t, line 9 is empty"):
        made(settings(seer), tmp_path, [lesson(9, "What?", [" "], [RED])])


def test_rows_are_counted_as_they_are_trained_on(seer: Path, tmp_path: Path) -> None:
    trainer = made(settings(seer), tmp_path)
    processor = trainer.data_collator.processor
    counted = prompts.count_tokens(processor.tokenizer, MIXED, processor)
    assert [len(row["input_ids"]) for row in trainer.train_dataset] == [sum(pair) for pair in counted]
    for row, example in zip(trainer.train_dataset, MIXED, strict=True):
        ids = prompts.example_ids(processor.tokenizer, example, processor)
        assert row["input_ids"] == ids.prompt + ids.completion
        assert row["labels"] == [prompts.MASKED] * len(ids.prompt) + ids.labels
    with pytest.raises(TrainingError, match=r"line 2 is longer than train\.max_length=20"):
        made(settings(seer, max_length=20), tmp_path / "short", MIXED[2:3])


def test_rows_are_made_with_one_look_at_each_size(seer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[Any] = []
    monkeypatch.setattr(sft, "Counting", lambda processor: used.append(Counting(processor)) or used[-1])
    more = [lesson(9 + seed, "What colour?", ["red"], [data_url(png(seed))]) for seed in range(5)]  # of RED's size
    made(settings(seer), tmp_path, [*MIXED, *more])
    assert len(used[0].processor.image_processor._made) == 3  # RED, BLUE, and both together


def test_a_base_of_text_alone_says_what_to_do_with_pictures(tiny: Path, tmp_path: Path) -> None:
    given = settings(tiny)
    place = models.locate(given.model)
    with pytest.raises(DataError, match=r"t, line 1 shows a picture.*model\.base=NAME"):
        sft.make_trainer(models.load_model(place, given.model), models.load_tokenizer(place), MIXED, given, tmp_path)


def test_a_picture_that_is_gone_ends_training_with_a_sentence(seer: Path, tmp_path: Path) -> None:
    file = tmp_path / "red.png"
    file.write_bytes(png(1))
    with pytest.raises(DataError, match=r"line 1: .*missing\.png"):
        made(settings(seer), tmp_path / "t", [replace(MIXED[1], images=(str(tmp_path / "missing.png"),))])
    trainer = made(settings(seer), tmp_path / "t", [replace(MIXED[1], images=(str(file),))])
    file.unlink()
    with pytest.raises(DataError, match=r"red\.png"):
        trainer.train()


def test_stopped_inside_a_save_it_goes_on_to_the_same_adapter(
    seer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings(seer, batch_size=2, micro_batch_size=2)
    given = replace(given, lora=LoraSettings(r=4, alpha=8, dropout=0.1))  # so that the state of the generators matters
    run(given, tmp_path / "whole")
    finish = checkpoints.finish

    def stopped(written: Path, place: Path) -> None:
        if place.name == "checkpoint-4":
            raise KeyboardInterrupt
        finish(written, place)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "finish", stopped)
        with pytest.raises(KeyboardInterrupt):
            run(given, tmp_path / "stopped")
    assert [path.name for path in (tmp_path / "stopped").glob("checkpoint-*")] == ["checkpoint-2"]
    torch.manual_seed(99)
    run(given, tmp_path / "stopped")
    expected, resumed = (
        load_file(tmp_path / name / "adapter/adapter_model.safetensors") for name in ("whole", "stopped")
    )
    assert set(expected) == set(resumed)
    assert all(torch.equal(expected[name], resumed[name]) for name in expected)


def test_layers_that_are_named_are_those_of_the_language_model_alone(seer: Path, tmp_path: Path) -> None:
    given = settings(seer, steps=1)
    given = replace(given, lora=LoraSettings(r=4, alpha=8, targets=("q_proj", "v_proj")))
    run(given, tmp_path / "t")
    admitted = admit(tmp_path / "t/adapter", measure(given.model))
    assert admitted.targets
    saved = load_file(tmp_path / "t/adapter/adapter_model.safetensors")
    adapted = {name.partition(".lora_")[0] for name in saved if ".lora_" in name}
    assert all("language_model" in name and name.endswith(("q_proj", "v_proj")) for name in adapted)
    assert {name.rpartition(".")[2] for name in adapted} == {"q_proj", "v_proj"}
    wrong = replace(given, lora=LoraSettings(r=4, alpha=8, targets=("q_proj", "patch_embedding")))
    with pytest.raises(SettingsError, match=r"lora\.targets.*language model has no linear layer 'patch_embedding'"):
        made(wrong, tmp_path / "wrong")


def test_a_base_whose_prompts_have_no_place_for_pictures_reads_text_alone(tmp_path: Path) -> None:
    tokenizer = tokenizer_with("<image>")
    tower = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 4}
    config = GitConfig(vision_config={**tower, "image_size": 24, "patch_size": 8}, vocab_size=len(tokenizer), **tower)
    base = tmp_path / "git"
    GitForCausalLM(config).save_pretrained(base)
    GitProcessor(CLIPImageProcessorPil(), tokenizer).save_pretrained(base)
    place = models.locate(ModelSettings(base=str(base)))
    assert models.load_processor(place) is None
    reader = models.load_tokenizer(place)
    assert prompts.count_tokens(reader, MIXED[:1], models.load_processor(place))
    with pytest.raises(DataError, match=r"reads none; name one that does"):
        prompts.count_tokens(reader, MIXED[1:2], models.load_processor(place))
