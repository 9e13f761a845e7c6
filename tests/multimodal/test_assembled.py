"""A LLaVA put together in seconds: an ordinary folder, made of what its options say, in which the projector has learned."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from picturing import PLACED, SIDE, TEXTS, TOWER, png

from domaintune import DomaintuneError
from domaintune.testing import tiny_model
from domaintune_multimodal.model import making
from domaintune_multimodal.model.maker import AssembledLlava
from domaintune_multimodal.model.options import AssembledOptions

FEW = {"tower_steps": 2, "anchor_steps": 2, "steps": 2, "batch_size": 4}


@contextmanager
def bars(title: str, total: int | None) -> Iterator[Callable[..., None]]:
    del title, total
    yield lambda *_: None


@pytest.fixture(autouse=True)
def few_scenes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(making, "CAPTION_SCENES", 30)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def language(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("language") / "tiny", list(TEXTS))


def made(language: Path, folder: Path, **options: Any) -> Path:
    folder.mkdir(parents=True)
    told = AssembledLlava(AssembledOptions(**{**FEW, "language": str(language), **options})).make(folder, bars)
    assert told.startswith("stage 1 ")
    return folder


@pytest.fixture(scope="module")
def assembled(language: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "CAPTION_SCENES", 30)
        return made(language, tmp_path_factory.mktemp("assembled") / "llava")


def hashes(folder: Path) -> Mapping[str, str]:
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.iterdir())
        if file.name != "made.json"
    }


def weights(folder: Path, part: str) -> dict[str, torch.Tensor]:
    from transformers import AutoModelForImageTextToText

    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
    return dict(model.model.get_submodule(part).state_dict())


def alike(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> bool:
    return set(one) == set(other) and all(torch.equal(value, other[name]) for name, value in one.items())


def test_plain_transformers_opens_it_and_it_answers(assembled: Path) -> None:
    from PIL import Image
    from transformers import AutoModelForImageTextToText, AutoProcessor

    model = AutoModelForImageTextToText.from_pretrained(assembled).eval()
    processor = AutoProcessor.from_pretrained(assembled)
    talk = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What colour?"}]}]
    text = processor.apply_chat_template(talk, add_generation_prompt=True, tokenize=False)
    answers = []
    for shade in (0, 255):
        inputs = processor(text=[text], images=[Image.new("RGB", (96, 96), (shade, 40, 90))], return_tensors="pt")
        assert (inputs["input_ids"] == model.config.image_token_id).sum() == 36
        with torch.no_grad():
            answers.append(model(**inputs).logits[0, -1])
        out = model.generate(**inputs, max_new_tokens=3, do_sample=False)
        assert out.shape[1] > inputs["input_ids"].shape[1]
    assert not torch.allclose(answers[0], answers[1])
    facts = json.loads((assembled / "made.json").read_text())
    assert {"tower_names", "patches_name", "caption_loss", "recipe", "seconds"} <= set(facts)
    assert not list(assembled.glob("*.bin"))


def test_equal_options_make_equal_bytes_and_another_seed_makes_others(
    assembled: Path, language: Path, tmp_path: Path
) -> None:
    torch.manual_seed(77)
    assert hashes(made(language, tmp_path / "again")) == hashes(assembled)
    assert hashes(made(language, tmp_path / "other", seed=1)) != hashes(assembled)


def test_stage_1_trains_the_projector_only(assembled: Path, language: Path, tmp_path: Path) -> None:
    bare = made(language, tmp_path / "bare", anchor_steps=0, steps=0)
    for part in ("vision_tower", "language_model"):
        assert alike(weights(bare, part), weights(assembled, part)), part
    assert not alike(weights(bare, "multi_modal_projector"), weights(assembled, "multi_modal_projector"))
    from transformers import AutoModelForCausalLM

    own = AutoModelForCausalLM.from_pretrained(language, dtype=torch.float32)
    words = own.get_input_embeddings().weight.shape[0]
    kept = weights(assembled, "language_model")
    for name, value in own.model.state_dict().items():
        same = kept[name][:words] if name == "embed_tokens.weight" else kept[name]
        assert torch.equal(same, value), name


def identity(**options: Any) -> str:
    return json.dumps(AssembledLlava(AssembledOptions(**options)).identity(), sort_keys=True)


def test_the_identity_follows_options_and_the_bytes_of_captions(tmp_path: Path) -> None:
    file = tmp_path / "captions.jsonl"
    file.write_text('{"image": "a.png", "caption": "one"}\n')
    first = identity(captions=str(file))
    assert identity(captions=str(file)) == first
    file.rename(tmp_path / "moved.jsonl")
    assert identity(captions=str(tmp_path / "moved.jsonl")) == first
    (tmp_path / "moved.jsonl").write_text('{"image": "a.png", "caption": "two"}\n')
    assert len({first, identity(captions=str(tmp_path / "moved.jsonl")), identity(), identity(seed=1)}) == 4
    with pytest.raises(DomaintuneError, match=r"cannot read model\.options\.captions = .*nowhere"):
        identity(captions=str(tmp_path / "nowhere.jsonl"))


def captions(folder: Path, *, chat: bool = False) -> Path:
    """Write pictures with captions, as rows of two fields or in LLaVA's form."""
    (folder / "pictures").mkdir(parents=True)
    rows: list[dict[str, Any]] = []
    for number in range(5):
        (folder / "pictures" / f"{number}.png").write_bytes(png(number))
        name, text = f"pictures/{number}.png", f"The circle is {number}."
        turns = [{"from": "human", "value": "<image>\nSay it."}, {"from": "gpt", "value": text}]
        rows.append({"image": name, "conversations": turns} if chat else {"image": name, "caption": text})
    if chat:
        (folder / "captions.json").write_text(json.dumps(rows))
        return folder / "captions.json"
    (folder / "captions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "captions.jsonl"


def test_captions_come_from_a_file_in_either_form(language: Path, tmp_path: Path) -> None:
    own = captions(tmp_path / "own")
    theirs = captions(tmp_path / "theirs", chat=True)
    first = made(language, tmp_path / "first", captions=str(own))
    second = made(language, tmp_path / "second", captions=str(theirs))
    assert hashes(first) == hashes(second)
    (tmp_path / "own" / "captions.jsonl").rename(tmp_path / "captions.jsonl")
    third = made(language, tmp_path / "third", captions=str(tmp_path / "captions.jsonl"), images=str(tmp_path / "own"))
    assert hashes(third) == hashes(first)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"image": "pictures/9.png", "caption": "x"}, r"9\.png"),
        ({"image": "pictures/broken.png", "caption": "x"}, r"broken\.png"),
        ({"image": "../outside.png", "caption": "x"}, r"outside\.png"),
        ({"image": "pictures/0.png"}, "has no `image` and `caption`"),
        ({"image": "pictures/0.png", "caption": " "}, "has no `image` and `caption`"),
        ({"image": "pictures/0.png", "caption": ["x"]}, "has no `image` and `caption`"),
        ({"image": "pictures/0.png", "conversations": ["x"]}, "has no `image` and `caption`"),
        (None, "captions"),
    ],
)
def test_rows_that_are_broken_end_with_a_sentence(
    language: Path, tmp_path: Path, row: dict[str, Any] | None, sentence: str
) -> None:
    file = captions(tmp_path / "own")
    (tmp_path / "own/pictures/broken.png").write_bytes(png(1)[:80])
    (tmp_path / "outside.png").write_bytes(png(1))
    file.write_text("" if row is None else json.dumps(row) + "\n")
    with pytest.raises(DomaintuneError, match=sentence):
        made(language, tmp_path / "llava", captions=str(file), tower_steps=0)


def tower(kind: str, folder: Path) -> Path:
    """Write a random tower of a kind, whole with its text side where there is one."""
    import transformers

    torch.manual_seed(0)
    text = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 4}
    if kind == "clip":
        config = transformers.CLIPConfig(
            vision_config=TOWER, text_config={**text, "vocab_size": 99, "bos_token_id": 0, "eos_token_id": 1}
        )
        transformers.CLIPModel(config).save_pretrained(folder)
        transformers.CLIPImageProcessorPil(
            size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
        ).save_pretrained(folder)
    elif kind == "siglip":
        config = transformers.SiglipConfig(vision_config=TOWER, text_config={**text, "vocab_size": 99})
        transformers.SiglipModel(config).save_pretrained(folder)
        transformers.SiglipImageProcessorPil(**PLACED).save_pretrained(folder)
    else:
        vit = transformers.ViTConfig(**TOWER)
        transformers.ViTModel(vit).save_pretrained(folder)
        transformers.ViTImageProcessorPil(**PLACED).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_a_tower_from_a_folder_sees_as_it_did(language: Path, tmp_path: Path, kind: str) -> None:
    from transformers import AutoModel, AutoProcessor

    place = tower(kind, tmp_path / "tower")
    folder = made(language, tmp_path / "llava", tower=str(place), captions=str(captions(tmp_path / "own")))
    own = AutoModel.from_pretrained(place).vision_model.state_dict()
    kept = weights(folder, "vision_tower")
    shared = {name.removeprefix("vision_model."): value for name, value in kept.items()}
    assert all(torch.equal(value, own[name]) for name, value in shared.items())
    from PIL import Image

    processor = AutoProcessor.from_pretrained(folder)
    inputs = processor(text=["<image>"], images=[Image.new("RGB", (50, 30))], return_tensors="pt")
    assert (inputs["input_ids"] == processor.image_token_id).sum() == (SIDE // 8) ** 2


def test_a_ready_tower_takes_no_step_on_scenes(language: Path, tmp_path: Path) -> None:
    place = tower("siglip", tmp_path / "tower")
    stepped, bare = (
        made(language, tmp_path / f"anchor {steps}", tower=str(place), steps=0, anchor_steps=steps) for steps in (5, 0)
    )
    assert hashes(stepped) == hashes(bare)
    assert "patches_name" not in json.loads((stepped / "made.json").read_text())


def test_another_kind_of_tower_is_refused(language: Path, tmp_path: Path) -> None:
    place = tower("vit", tmp_path / "vit")
    with pytest.raises(DomaintuneError, match=r"model\.options\.tower = .* is a vit; name a CLIP or SigLIP model"):
        made(language, tmp_path / "llava", tower=str(place), captions=str(captions(tmp_path / "own")))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"steps": -1}, "steps = -1"),
        ({"batch_size": 0}, "batch_size = 0"),
        ({"tower": "a/b"}, "name a file of captions"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        AssembledOptions(**options)
