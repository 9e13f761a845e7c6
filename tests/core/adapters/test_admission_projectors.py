"""Adapters that carry a projector: what peft makes is admitted, whatever is spoiled of it is refused for its reason."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hostile_adapters import Adapter, Case, as_dtype
from hostile_projectors import CASES
from peft import PeftModel
from projecting import CONNECTOR, TARGETS, changed_model, seeing_adapter, seeing_model
from transformers import LlavaForConditionalGeneration

from domaintune.adapters import bases
from domaintune.adapters.admission import AdmissionError, Rules, admit
from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import BaseShape, measure
from domaintune.settings import ModelSettings

SIZE = 32 * 16 + 32 + 32 * 32 + 32
"""Numbers of the projector."""


@pytest.fixture(scope="module")
def seer(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeing_model(tiny, tmp_path_factory.mktemp("seer") / "seer")


@pytest.fixture(scope="module")
def shape(seer: Path) -> BaseShape:
    return measure(ModelSettings(base=str(seer)))


@pytest.fixture(scope="module")
def good(seer: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeing_adapter(seer, tmp_path_factory.mktemp("adapters") / "good")


@pytest.fixture
def adapter(good: Path, shape: BaseShape, tmp_path: Path) -> Adapter:
    return Adapter(shutil.copytree(good, tmp_path / "adapter"), shape)


def refusal(adapter: Adapter, rules: Rules | None = None) -> AdmissionError:
    with pytest.raises(AdmissionError) as caught:
        admit(adapter.folder, adapter.base, rules or Rules())
    return caught.value


@pytest.mark.parametrize("hostile", CASES, ids=lambda case: f"{case.code}: {ascii(case.name)[1:60]}")
def test_a_hostile_projector_is_refused_for_its_reason_at_once(hostile: Case, adapter: Adapter) -> None:
    hostile.make(adapter)
    started = time.process_time()
    error = refusal(adapter, hostile.rules)
    assert error.code == hostile.code, str(error)
    assert time.process_time() - started < 1
    assert f"({hostile.code})" in str(error)
    assert len(str(error)) < 700
    assert str(error).isprintable()


def test_no_two_hostile_projectors_are_the_same() -> None:
    assert len(CASES) >= 80
    assert not [name for name, count in Counter(case.name for case in CASES).items() if count > 1]


def test_the_shape_tells_the_language_model_from_what_reads_the_pictures(seer: Path, shape: BaseShape) -> None:
    model = LlavaForConditionalGeneration.from_pretrained(seer)
    linear = {path for path, module in model.named_modules() if isinstance(module, torch.nn.Linear)}
    assert {*shape.linears, *shape.tower} == linear
    assert "lm_head" in shape.linears
    assert {path for path in shape.linears if "language_model" not in path} == {"lm_head"}
    assert (shape.images, shape.connector) == (True, CONNECTOR)
    own = {path: tuple(weight.shape) for path, weight in model.named_parameters() if path.startswith(f"{CONNECTOR}.")}
    assert shape.projector == own
    assert BaseShape.from_dict(json.loads(json.dumps(shape.as_dict()))) == shape


def test_a_shape_that_was_kept_before_pictures_is_one_of_text(tiny_shape: BaseShape) -> None:
    kept = tiny_shape.as_dict()
    for name in ("images", "connector", "projector", "tower"):
        del kept[name]
    assert BaseShape.from_dict(kept) == tiny_shape
    assert (tiny_shape.images, tiny_shape.connector, tiny_shape.projector, tiny_shape.tower) == (False, None, {}, ())


@pytest.mark.parametrize("saved", [CONNECTOR, "multi_modal_projector"])
def test_an_admitted_projector_is_what_peft_restores(saved: str, seer: Path, adapter: Adapter) -> None:
    adapter.set(modules_to_save=[saved])
    found = admit(adapter.folder, adapter.base)
    assert (found.projector, found.rank, found.dtype, found.targets) == (SIZE, 2, "float32", tuple(sorted(TARGETS)))
    factors = 2 * (2 * 32 + 32 * 2 + 2 * 32 + 16 * 2)
    assert found.parameters == SIZE + factors
    adapter.package()
    assert admit(adapter.folder, adapter.base).projector == SIZE
    model = PeftModel.from_pretrained(LlavaForConditionalGeneration.from_pretrained(seer), adapter.folder)
    restored = model.base_model.model.get_submodule(CONNECTOR).modules_to_save["default"].state_dict()
    for name, weight in restored.items():
        kept = adapter.tensors[f"base_model.model.{CONNECTOR}.{name}"]
        assert np.array_equal(weight.numpy().reshape(-1), np.frombuffer(kept[2], np.float32))


def test_an_adapter_without_a_projector_is_admitted_for_a_model_that_reads_pictures(
    seer: Path, shape: BaseShape, tmp_path: Path
) -> None:
    folder = seeing_adapter(seer, tmp_path / "plain", None)
    assert admit(folder, shape).projector == 0


def test_a_projector_may_be_in_another_dtype_than_the_factors(adapter: Adapter) -> None:
    """peft widens the factors for a model in 16 bits, and not what it saves whole."""
    adapter.tensors = {
        name: ("BF16", form, as_dtype(np.frombuffer(data, np.float32), "BF16"))
        if CONNECTOR in name
        else (kind, form, data)
        for name, (kind, form, data) in adapter.tensors.items()
    }
    assert admit(adapter.folder, adapter.base).dtype == "float32"


def test_a_projector_is_a_change_where_the_update_is_none(adapter: Adapter) -> None:
    adapter.tensors = {
        name: (kind, form, bytes(len(data))) if "lora_B" in name else (kind, form, data)
        for name, (kind, form, data) in adapter.tensors.items()
    }
    assert admit(adapter.folder, adapter.base, Rules(norms=(1.0, 2.0))).norm == 0


def test_a_bias_of_zeros_is_admitted(adapter: Adapter) -> None:
    adapter.values(np.zeros_like, which="linear_1.bias")
    assert admit(adapter.folder, adapter.base).projector == SIZE


def test_the_files_of_a_processor_may_lie_beside_it(adapter: Adapter) -> None:
    adapter.write("preprocessor_config.json", json.dumps({"image_processor_type": "CLIPImageProcessor", "size": 24}))
    adapter.write("processor_config.json", json.dumps({"image_processor": {"size": 24}, "auto_map": None}))
    assert "preprocessor_config.json" in admit(adapter.folder, adapter.base).files


@pytest.mark.parametrize("part", ["vision_tower", "multi_modal_projector", "language_model"])
def test_a_base_that_differs_in_one_part_alone_is_another(
    part: str, seer: Path, adapter: Adapter, tmp_path: Path
) -> None:
    other = measure(ModelSettings(base=str(changed_model(seer, tmp_path / "seer", part))))
    assert (other.published_as, other.linears, other.projector) == (
        adapter.base.published_as, adapter.base.linears, adapter.base.projector,
    )  # fmt: skip
    adapter.package()
    assert admit(adapter.folder, adapter.base).projector == SIZE
    adapter.base = other
    assert refusal(adapter).code == "wrong_base"


def test_a_text_adapter_and_one_that_sees_do_not_take_each_others_base(
    adapter: Adapter, tiny_shape: BaseShape, peft_folder: Path, shape: BaseShape, tmp_path: Path
) -> None:
    adapter.base = tiny_shape
    adapter.set(base_model_name_or_path=tiny_shape.published_as)
    assert refusal(adapter).code == "target_unknown"
    text = Adapter(shutil.copytree(peft_folder, tmp_path / "text"), shape)
    text.set(base_model_name_or_path=shape.published_as)
    assert refusal(text).code == "target_sees"


GAIN: Mapping[str, Any] = {
    "comparisons": [
        {"evaluator": "exact", "metric": "exact", "tag": "all", "a": "tuned", "b": "base", "difference": 0.1, "low": 0.05,
         "high": 0.2, "p": 0.01, "mde": 0.1, "verdict": "better"}
    ],
}  # fmt: skip


def test_a_registry_keeps_versions_with_a_projector(adapter: Adapter, seer: Path, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    added = []
    for nudge in (0.0, 0.01):
        adapter.values(lambda n, nudge=nudge: n + np.float32(nudge), which="linear_1.bias")
        adapter.package(**GAIN)
        added.append(registry.add(adapter.folder, name="scenes", base=adapter.base))
        registry.promote("scenes")
    assert [version.projector for version in registry.versions()] == [SIZE, SIZE]
    assert registry.find("scenes").id == "scenes@2"
    assert registry.rollback("scenes").id == "scenes@1"
    assert registry.find("scenes").as_dict()["projector"] == SIZE
    assert registry.verify() == []
    assert bases.base_for(registry, adapter.folder) == adapter.base
    assert bases.base_of(registry, ModelSettings(base=str(seer))) == adapter.base
    kept = registry.folder(added[1]) / "adapter_model.safetensors"
    kept.chmod(0o644)
    kept.write_bytes(kept.read_bytes()[:-1] + b"\x7f")
    assert [sentence.split()[0] for sentence in registry.verify()] == ["scenes@2"]
