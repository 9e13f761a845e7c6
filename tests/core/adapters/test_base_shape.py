"""What admission knows of a base model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from domaintune.adapters.shape import BaseShape, measure
from domaintune.errors import ModelError
from domaintune.models import base as models
from domaintune.prompts import template_fingerprint
from domaintune.settings import ModelSettings


def test_the_shape_has_every_linear_layer_of_the_loaded_model(base: BaseShape, tiny: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(tiny)
    linear = {path: module for path, module in model.named_modules() if isinstance(module, torch.nn.Linear)}
    assert base.linears == {path: tuple(module.weight.shape) for path, module in linear.items()}
    assert "lm_head" in base.linears
    assert len(base.linears) == 15


def test_the_shape_says_who_the_base_is_and_how_it_is_asked(base: BaseShape, tiny: Path) -> None:
    place = models.locate(ModelSettings(base=str(tiny)))
    assert (base.name, base.published_as) == (str(tiny), "tiny")
    assert base.fingerprint == models.fingerprint(place)
    assert base.template == template_fingerprint(AutoTokenizer.from_pretrained(tiny))
    assert ModelSettings(**base.settings) == ModelSettings(base=str(tiny))


def test_a_shape_survives_being_written_as_json(base: BaseShape) -> None:
    assert BaseShape.from_dict(json.loads(json.dumps(base.as_dict()))) == base


def test_no_weight_is_read(tiny: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny, tmp_path / "tiny")
    size = (folder / "model.safetensors").stat().st_size
    (folder / "model.safetensors").write_bytes(b"\xff" * size)
    assert measure(ModelSettings(base=str(folder))).linears


def test_another_tokenizer_makes_another_base(tiny: Path, tmp_path: Path, base: BaseShape) -> None:
    folder = shutil.copytree(tiny, tmp_path / "tiny")
    same = measure(ModelSettings(base=str(folder)))
    assert same.fingerprint == base.fingerprint
    text = (folder / "tokenizer.json").read_text(encoding="utf-8")
    (folder / "tokenizer.json").write_text(text + "\n", encoding="utf-8")
    assert measure(ModelSettings(base=str(folder))).fingerprint != base.fingerprint


@pytest.mark.parametrize(
    ("config", "words"), [('{"model_type": "nothing"}', "nothing"), ('{"model_type": "vit"}', "could not be looked at")]
)
def test_a_base_that_is_no_language_model_is_one_sentence(tiny: Path, tmp_path: Path, config: str, words: str) -> None:
    folder = shutil.copytree(tiny, tmp_path / "odd")
    (folder / "config.json").write_text(config)
    with pytest.raises(ModelError, match=words):
        measure(ModelSettings(base=str(folder)))
