"""Admission: every hostile folder is refused for its own reason, quickly; what plain peft makes is admitted."""

from __future__ import annotations

import json
import resource
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hostile_adapters import CASES, Adapter, Case
from hostile_projectors import CASES as PROJECTORS
from transformers import AutoTokenizer

from domaintune.adapters.admission import AdmissionError, Rules, admit
from domaintune.adapters.refusals import REFUSALS
from domaintune.adapters.shape import BaseShape
from domaintune.errors import UsageError
from domaintune.prompts import template_fingerprint

SECONDS, BYTES = 1.0, 100 * 1024**2
"""Of the processor, which other work on the machine does not change; a reader that waits is stopped by the time limit."""


def refusal(adapter: Adapter, rules: Rules) -> AdmissionError:
    with pytest.raises(AdmissionError) as caught:
        admit(adapter.folder, adapter.base, rules)
    return caught.value


@pytest.mark.parametrize("hostile", CASES, ids=lambda case: f"{case.code}: {ascii(case.name)[1:-1]}")
def test_a_hostile_folder_is_refused_for_its_reason_at_once(hostile: Case, adapter: Adapter) -> None:
    hostile.make(adapter)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    error = refusal(adapter, hostile.rules)
    took = time.process_time() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident) * 1024
    assert error.code == hostile.code, str(error)
    assert took < SECONDS
    assert grown < BYTES
    tracemalloc.start()
    try:
        assert refusal(adapter, hostile.rules).code == hostile.code
        assert tracemalloc.get_traced_memory()[1] < BYTES
    finally:
        tracemalloc.stop()
    assert isinstance(error, UsageError)
    assert f"({hostile.code})" in str(error)
    assert len(str(error)) < 700
    assert str(error).isprintable(), "nothing of a stranger's can disturb a terminal"


def test_there_are_at_least_150_hostile_folders_and_every_code_is_among_them() -> None:
    assert len(CASES) >= 150
    assert not [name for name, count in Counter(case.name for case in CASES).items() if count > 1]
    untested = set(REFUSALS) - {case.code for case in (*CASES, *PROJECTORS)}
    assert untested == {"changed_while_read"}, "that one needs a race, and has a test of its own"


def test_a_file_that_is_replaced_while_it_is_checked_is_refused(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    from domaintune.adapters import values

    squared_norms = values.squared_norms

    def slow(*arguments: Any) -> float:
        weights = adapter.folder / "adapter_model.safetensors"
        with weights.open("r+b") as file:
            file.seek(-4, 2)
            file.write(b"\0\0\0\0")
        return squared_norms(*arguments)

    monkeypatch.setattr(values, "squared_norms", slow)
    with pytest.raises(AdmissionError) as caught:
        admit(adapter.folder, adapter.base)
    assert caught.value.code == "changed_while_read"


def test_a_link_that_takes_the_place_of_a_file_before_it_is_opened_is_not_followed(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    from domaintune.adapters import contents

    entries = contents._entries

    def then_swapped(folder: Path) -> Any:
        found = entries(folder)
        adapter.link("README.md", "/etc/passwd")
        return found

    monkeypatch.setattr(contents, "_entries", then_swapped)
    with pytest.raises(AdmissionError) as caught:
        admit(adapter.folder, adapter.base)
    assert caught.value.code == "unreadable"


def test_an_admitted_folder_is_told_about(adapter: Adapter) -> None:
    found = admit(adapter.folder, adapter.base)
    assert (found.rank, found.dtype, found.manifest) == (4, "float32", None)
    assert found.targets == tuple(
        f"model.layers.{layer}.self_attn.{name}_proj" for layer in (0, 1) for name in ("q", "v")
    )
    assert found.parameters == 2 * (4 * 32 + 32 * 4 + 4 * 32 + 16 * 4)
    assert set(found.files) == {"adapter_config.json", "adapter_model.safetensors", "README.md"}
    assert found.bytes == sum(path.stat().st_size for path in adapter.folder.iterdir())
    assert found.config["peft_type"] == "LORA"


def test_the_norm_is_that_of_the_update_that_peft_adds(adapter: Adapter, tiny: Path) -> None:
    from peft import PeftModel
    from peft.tuners.lora import Linear
    from transformers import AutoModelForCausalLM

    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny), adapter.folder)
    layers = [module for module in model.modules() if isinstance(module, Linear)]
    squares = [float(layer.get_delta_weight("default").double().square().sum()) for layer in layers]
    assert admit(adapter.folder, adapter.base).norm == pytest.approx(sum(squares) ** 0.5, rel=1e-5)


LAYER = "model.layers.1.self_attn"
EVERY = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
SHAPES: dict[str, dict[str, Any]] = {
    "two targets": {},
    "all linear layers": {"target_modules": "all-linear"},
    "every target by name": {"target_modules": EVERY},
    "attention only": {"target_modules": EVERY[:4]},
    "feed-forward only": {"target_modules": EVERY[4:]},
    "one target": {"target_modules": ["o_proj"]},
    "one layer by its path": {"target_modules": [f"{LAYER}.q_proj", f"{LAYER}.v_proj"]},
    "half a path": {"target_modules": ["1.mlp.up_proj", "self_attn.k_proj"]},
    "with the head": {"target_modules": ["q_proj", "lm_head"]},
    "rank 1": {"r": 1},
    "rank 64": {"r": 64, "lora_alpha": 128},
    "ranks that differ": {"rank_pattern": {"q_proj": 2}},
    "ranks that differ by layer": {"rank_pattern": {f"{LAYER}.q_proj": 8, "0.self_attn.v_proj": 3}},
    "ranks where the first pattern wins": {"rank_pattern": {f"{LAYER}.q_proj": 8, "q_proj": 3}},
    "alphas that differ": {"alpha_pattern": {"v_proj": 3.5}, "lora_alpha": 6.5},
    "ranks and alphas": {"rank_pattern": {"q_proj": 6}, "alpha_pattern": {"q_proj": 12}, "target_modules": EVERY},
    "rsLoRA": {"use_rslora": True, "r": 16},
    "rsLoRA with ranks": {"use_rslora": True, "rank_pattern": {"v_proj": 9}},
    "bfloat16": {"dtype": torch.bfloat16},
    "float16": {"dtype": torch.float16, "target_modules": EVERY},
    "begun from Gaussian numbers": {"init_lora_weights": "gaussian", "lora_dropout": 0.1},
    "begun from random numbers": {"init_lora_weights": False, "inference_mode": True, "revision": "main"},
}


@pytest.mark.parametrize("name", SHAPES)
def test_what_plain_peft_makes_is_admitted_and_loads_there(
    name: str, trained: Callable[..., Path], base: BaseShape, tmp_path: Path, load_in_peft: Callable[[Path], Any]
) -> None:
    folder = trained(tmp_path / "made", **SHAPES[name])
    found = admit(folder, base)
    assert found.norm > 0
    Adapter(folder, base).package()
    assert admit(folder, base).manifest is not None
    assert torch.isfinite(load_in_peft(folder)).all()


def test_the_files_that_a_package_brings_are_admitted(adapter: Adapter, tiny: Path) -> None:
    AutoTokenizer.from_pretrained(tiny).save_pretrained(adapter.folder)
    for name in ("train_log.jsonl", "training_loss.png", "comparison.png", ".gitattributes", "LICENSE"):
        adapter.write(name)
    adapter.package()
    adapter.write("README.md", "written after the manifest")
    found = admit(adapter.folder, adapter.base)
    assert "tokenizer.json" in found.files
    assert (adapter.folder / "chat_template.jinja").exists()


def test_another_template_is_admitted_where_it_is_approved(adapter: Adapter, tiny: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    tokenizer.chat_template = "{{ messages[0]['content'] }}\n"
    tokenizer.save_pretrained(adapter.folder)
    assert refusal(adapter, Rules()).code == "template_not_approved"
    rules = Rules(approved_templates=frozenset({template_fingerprint(tokenizer)}))
    assert admit(adapter.folder, adapter.base, rules).norm > 0


def test_a_norm_inside_the_band_is_admitted(adapter: Adapter) -> None:
    norm = admit(adapter.folder, adapter.base).norm
    assert admit(adapter.folder, adapter.base, Rules(norms=(norm / 2, norm * 2))).norm == norm


@pytest.mark.parametrize("named", ["tiny", "/home/someone/models/tiny", "C:\\models\\tiny", "./tiny", "models/tiny"])
def test_the_base_may_be_named_by_a_path_of_another_machine(adapter: Adapter, named: str) -> None:
    adapter.set(base_model_name_or_path=named)
    assert admit(adapter.folder, adapter.base).norm > 0


def test_a_hub_name_is_not_another_owners_name(adapter: Adapter, base: BaseShape) -> None:
    import dataclasses

    adapter.base = dataclasses.replace(base, name="starter", published_as="HuggingFaceTB/SmolLM2-135M-Instruct")
    for named, fits in {
        "HuggingFaceTB/SmolLM2-135M-Instruct": True,
        "starter": True,
        "/models/SmolLM2-135M-Instruct": True,
        "evil/SmolLM2-135M-Instruct": False,
        "HuggingFaceTB/SmolLM2-135M": False,
    }.items():
        adapter.set(base_model_name_or_path=named)
        if fits:
            assert admit(adapter.folder, adapter.base).norm > 0
        else:
            assert refusal(adapter, Rules()).code == "wrong_base"


def test_a_sentence_names_the_adapter_the_reason_and_what_to_do(adapter: Adapter) -> None:
    adapter.set(target_modules=["q_porj"])
    assert str(refusal(adapter, Rules())) == (
        "adapter folder 'adapter' is refused (target_unknown): target_modules names 'q_porj', and base model 'tiny' has "
        "no linear layer of that name (did you mean 'q_proj'?); use the base model for which it was trained, or train on "
        "layers which that base has"
    )


def test_an_adapter_of_usual_size_is_judged_within_a_second_and_100_megabytes(tmp_path: Path) -> None:
    sizes = {"q_proj": (576, 576), "o_proj": (576, 576), "gate_proj": (1536, 576), "down_proj": (576, 1536)}
    linears = {f"model.layers.{layer}.x.{name}": size for layer in range(30) for name, size in sizes.items()}
    base = BaseShape(name="b", published_as="b", fingerprint="", template="", linears=linears, settings={})
    (tmp_path / "large").mkdir()
    adapter = Adapter(tmp_path / "large", base)
    config = {"peft_type": "LORA", "r": 32, "lora_alpha": 32, "target_modules": list(sizes)}
    adapter.write("adapter_config.json", json.dumps({**config, "base_model_name_or_path": "b"}))
    rng = np.random.default_rng(0)
    shapes = {
        f"base_model.model.{path}.lora_{side}.weight": [32, size[1]] if side == "A" else [size[0], 32]
        for path, size in linears.items()
        for side in "AB"
    }
    adapter.tensors = {
        name: ("F32", shape, (rng.standard_normal(shape, np.float32) * 0.02).tobytes())
        for name, shape in shapes.items()
    }
    assert (adapter.folder / "adapter_model.safetensors").stat().st_size > 20_000_000
    assert admit(adapter.folder, base).parameters == sum(a * b for a, b in shapes.values())
    data = (adapter.folder / "adapter_model.safetensors").read_bytes()
    adapter.write("adapter_model.safetensors", data[:-4] + b"\xff\xff\xff\x7f")
    started = time.process_time()
    assert refusal(adapter, Rules()).code == "weights_not_finite"
    assert time.process_time() - started < SECONDS
    tracemalloc.start()
    try:
        assert refusal(adapter, Rules()).code == "weights_not_finite"
        assert tracemalloc.get_traced_memory()[1] < BYTES / 10
    finally:
        tracemalloc.stop()
