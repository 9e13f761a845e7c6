"""Packages of adapters for models that read pictures: what they say of the base, and which base models are the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from projecting import CONNECTOR, TARGETS, changed_model, seeing_adapter, seeing_model
from safetensors.torch import load_file, save_file

from domaintune import files
from domaintune.adapters import bases, package, stage
from domaintune.adapters.admission import admit
from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import measure
from domaintune.composition import members
from domaintune.composition.package import Recipe, compose
from domaintune.errors import UsageError
from domaintune.models import base as models
from domaintune.plan import make_plan
from domaintune.plugins import Catalog, catalog
from domaintune.runs import Run
from domaintune.settings import ModelSettings


@pytest.fixture(scope="module")
def seer(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeing_model(tiny, tmp_path_factory.mktemp("seer") / "seer")


def packed(place: Path, base: str, adapter: Path) -> Path:
    """Let the last stage make a package of a run that has everything else."""
    run = Run(place / "run")
    shutil.copytree(adapter, run.file("train/adapter"))
    for name in ("train_log.jsonl", "training_loss.png"):
        files.write_text(run.file(f"train/{name}"), "")
    report = {"scores": [], "comparisons": [], "warnings": [], "graders": {}}
    files.write_json(run.file("evaluation/report.json"), report)
    files.write_json(run.file("data/ledger.json"), {"rows_in": 2, "kept": {"train": 1, "test": 1}, "counts": {}})
    training = {"steps": 1, "epochs": 1.0, "trainable_parameters": 1}
    data = {"counts": {"sample": True}, "files": {"train.jsonl": "a", "test.jsonl": "b"}}
    files.write_json(run.file("stages.json"), {"data": data, "train": {"counts": training}})
    folder = place / "package"
    folder.mkdir()
    settings = [f"model.base={base}", f"data.images={place}/secret/pictures", "pack.embedder=none"]
    plan = make_plan(catalog(), "medical", overrides=settings)
    stage.work(plan, run, folder)
    return folder


def test_a_package_says_what_it_replaces_in_which_model(seer: Path, tmp_path: Path) -> None:
    folder = packed(tmp_path, str(seer), seeing_adapter(seer, tmp_path / "adapter"))
    manifest, size = files.read_json(folder / "domaintune.json"), 32 * 16 + 32 + 32 * 32 + 32
    base = manifest["base"]
    assert (base["name"], base["reads"], base["language"]) == ("seer", "images", {"type": "llama"})
    assert base["tower"] == {
        "type": "clip_vision_model", "image_size": 16, "patch_size": 4, "hidden_size": 16, "num_hidden_layers": 2,
    }  # fmt: skip
    assert manifest["projector"] == {"path": CONNECTOR, "parameters": size}
    assert manifest["settings"]["data"]["images"] == "pictures"
    found = admit(folder, measure(ModelSettings(base=str(seer))))
    assert (found.projector, found.targets) == (size, tuple(sorted(TARGETS)))
    card = (folder / "README.md").read_text()
    for line in (
        'pipeline_tag: "image-text-to-text"',
        "A LoRA adapter with a projector for `seer`",
        "from transformers import AutoModelForImageTextToText, AutoProcessor",
        'processor = AutoProcessor.from_pretrained("seer")',
        'base = AutoModelForImageTextToText.from_pretrained("seer")',
        'model = PeftModel.from_pretrained(base, "path/to/this/folder")',
        f"It replaces the projector, `{CONNECTOR}` (1,600 parameters), whole",
        "the very vision tower (`clip_vision_model`) and language model (`llama`)",
        base["fingerprint"],
    ):
        assert line in card, line


def test_a_package_without_a_projector_does_not_speak_of_one(seer: Path, tmp_path: Path) -> None:
    folder = packed(tmp_path, str(seer), seeing_adapter(seer, tmp_path / "adapter", None))
    assert "projector" not in files.read_json(folder / "domaintune.json")
    card = (folder / "README.md").read_text()
    assert "AutoModelForImageTextToText" in card
    assert "projector" not in card


def test_a_package_for_a_model_of_text_is_what_it_was(tiny: Path, peft_folder: Path, tmp_path: Path) -> None:
    folder = packed(tmp_path, str(tiny), peft_folder)
    manifest = files.read_json(folder / "domaintune.json")
    assert set(manifest["base"]) == {"name", "published_as", "revision", "commit", "fingerprint"}
    assert package.projector(folder) is None
    card = (folder / "README.md").read_text()
    assert 'tokenizer = AutoTokenizer.from_pretrained("path/to/this/folder")' in card
    assert 'base = AutoModelForCausalLM.from_pretrained("tiny")' in card


def test_a_small_projector_in_a_large_file_is_part_of_the_fingerprint(seer: Path, tmp_path: Path) -> None:
    """Evenly spread spans of the file would pass it over."""
    large = shutil.copytree(seer, tmp_path / "large")
    tensors = load_file(large / "model.safetensors")
    tensors["vision_tower.padding"] = torch.zeros(1 << 21)
    save_file(tensors, large / "model.safetensors", metadata={"format": "pt"})

    def print_of(folder: Path) -> str:
        return models.fingerprint(models.BaseModel(name="x", place=str(folder)))

    found = print_of(large)
    assert print_of(shutil.copytree(large, tmp_path / "same")) == found
    parts = ("multi_modal_projector", "language_model", "vision_tower.encoder")
    others = [changed_model(large, tmp_path / part, part) for part in parts]
    (shutil.copytree(large, tmp_path / "resized") / "preprocessor_config.json").write_text('{"size": 8}')
    assert len({found, *map(print_of, [*others, tmp_path / "resized"])}) == 5


def test_a_file_of_weights_that_is_damaged_still_has_a_fingerprint(seer: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(seer, tmp_path / "odd")
    for content in (b"", b"\xff" * 500, b"\x02\0\0\0\0\0\0\0[]", b'\x12\0\0\0\0\0\0\0{"a": {"data": [1]}}'):
        (folder / "model.safetensors").write_bytes(content)
        assert models.fingerprint(models.BaseModel(name="x", place=str(folder)))


@pytest.mark.parametrize("method", ["exact", "svd", "ties"])
def test_adapters_with_projectors_are_not_merged(method: str, seer: Path, tmp_path: Path) -> None:
    adapters = {"one": seeing_adapter(seer, tmp_path / "a"), "two": seeing_adapter(seer, tmp_path / "b", r=3)}
    registry = Registry(tmp_path / "registry")
    base = measure(ModelSettings(base=str(seer)))
    for name, folder in adapters.items():
        registry.add(folder, name=name, base=base)
    parts = members.find(["one@1", "two@1"], registry)
    assert parts[0].base["reads"] == "images"
    recipe = Recipe(parts=parts, weights=(0.5, 0.5), method=catalog().component("composer", method))
    with pytest.raises(
        UsageError, match=r"one@1 brings a projector .* serve the adapters together instead, as .* `a\+b`"
    ):
        compose(recipe, tmp_path / "both")
    assert not (tmp_path / "both").exists()


def test_adapters_without_a_projector_are_merged_for_a_model_that_reads_pictures(seer: Path, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    base = measure(ModelSettings(base=str(seer)))
    for name, rank in (("one", 2), ("two", 3)):
        registry.add(seeing_adapter(seer, tmp_path / name, None, r=rank), name=name, base=base)
    parts = members.find(["one@1", "two@1"], registry)
    recipe = Recipe(parts=parts, weights=(0.5, 0.5), method=catalog().component("composer", "exact"))
    compose(recipe, tmp_path / "both")
    assert admit(tmp_path / "both", base).rank == 5
    assert 'pipeline_tag: "image-text-to-text"' in (tmp_path / "both/README.md").read_text()


PROJECT = """[project]
name = "domaintune-models"
version = "1.0"
[project.entry-points.domaintune]
models = "domaintune_models_of_a_test"
"""
PLUGIN = """
import shutil
from pathlib import Path
from domaintune import Component, hookimpl
SOURCE, COUNTER = Path({source!r}), Path({counter!r})
class Maker:
    def identity(self):
        return {{"version": 1}}
    def make(self, folder, bars):
        shutil.copytree(SOURCE, folder, dirs_exist_ok=True)
        COUNTER.write_text(COUNTER.read_text() + "x" if COUNTER.exists() else "x")
@hookimpl
def domaintune_models():
    yield Component(name="models-seer", summary="a model of a test", load=Maker)
"""


@pytest.fixture
def counter(seer: Path, tmp_path: Path, install: Callable[..., Catalog]) -> Path:
    """Install a plugin that makes a base model by copying one, and return the file that counts how often."""
    source, file = tmp_path / "source", tmp_path / "count"
    shutil.copytree(seer, source)
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "domaintune_models_of_a_test.py").write_text(PLUGIN.format(source=str(source), counter=str(file)))
    install(folder)
    return file


def test_a_base_model_that_a_plugin_makes_is_known_by_its_name(
    counter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry(tmp_path / "registry")
    named = ModelSettings(base="models-seer")
    (tmp_path / "models-seer").mkdir()
    monkeypatch.chdir(tmp_path)  # a folder of that name does not take its place
    base = bases.base_of(registry, named)
    assert (base.name, base.settings["base"], base.images) == ("models-seer", "models-seer", True)
    assert base.published_as.startswith("models-seer-")
    adapter = seeing_adapter(models.locate(named).folder or Path(), tmp_path / "adapter")
    folder = packed(tmp_path, "models-seer", adapter)
    manifest = files.read_json(folder / "domaintune.json")
    assert (manifest["base"]["name"], manifest["base"]["published_as"]) == ("models-seer", base.published_as)
    assert "is on no hub: domaintune makes it where a plugin offers `model.base=models-seer`" in (
        (folder / "README.md").read_text()
    )
    assert bases.base_for(registry, folder) == base, "it lies here already"
    registry.add(folder, name="scenes", base=base)
    assert bases.base_for(registry, folder) == base
    assert bases.base_for(registry, folder, "models-seer") == base
    assert bases.base_of_package(registry, named, manifest) == base
    assert counter.read_text() == "x"


def test_a_made_model_that_came_out_otherwise_is_measured_anew(counter: Path, seer: Path, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    named = ModelSettings(base="models-seer")
    base = bases.base_of(registry, named)
    kept = models.locate(named).folder
    assert kept is not None
    registry.add(packed(tmp_path, "models-seer", seeing_adapter(kept, tmp_path / "adapter")), name="scenes", base=base)
    shutil.rmtree(kept)
    assert bases.base_of(registry, named) == base, "nothing is made to look at what is known"
    assert counter.read_text() == "x"
    shutil.copytree(changed_model(seer, tmp_path / "other", "multi_modal_projector"), kept)
    assert bases.base_of(registry, named).fingerprint != base.fingerprint


def test_a_made_model_that_is_not_here_is_made_only_when_it_is_asked_for(counter: Path, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    folder = tmp_path / "stranger"
    about: dict[str, Any] = {"name": "models-seer", "published_as": "models-seer-0", "fingerprint": "0" * 16}
    files.write_json(folder / "domaintune.json", {"base": about})
    with pytest.raises(UsageError, match="a hub id or a plugin's base model"):
        bases.base_for(registry, folder)
    assert not counter.exists()
    assert bases.base_for(registry, folder, "models-seer").images
    with pytest.raises(UsageError, match="a hub id or a plugin's base model"):
        bases.base_for(registry, folder)
