"""A measured base model, and good adapters for it that plain peft made."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hostile_adapters import Adapter
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from domaintune.adapters.shape import BaseShape, measure
from domaintune.settings import ModelSettings


@pytest.fixture(scope="session")
def base(tiny: Path) -> BaseShape:
    return measure(ModelSettings(base=str(tiny)))


@pytest.fixture(scope="session")
def trained(tiny: Path) -> Callable[..., Path]:
    """Save an adapter with random factors, as plain peft does."""

    def make(folder: Path, dtype: Any = torch.float32, **settings: Any) -> Path:
        torch.manual_seed(1)
        chosen = {"task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"], **settings}
        model = AutoModelForCausalLM.from_pretrained(tiny)
        adapted = get_peft_model(model, LoraConfig(**chosen), autocast_adapter_dtype=False)
        with torch.no_grad():
            for name, factor in adapted.named_parameters():
                if "lora_" in name:
                    factor.copy_(torch.randn_like(factor) * 0.05)
        adapted.to(dtype).save_pretrained(folder, save_embedding_layers=False)
        return folder

    return make


@pytest.fixture(scope="session")
def good(trained: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("adapters") / "good")


@pytest.fixture
def adapter(good: Path, base: BaseShape, tmp_path: Path) -> Adapter:
    """A copy of a good adapter, to be spoiled."""
    return Adapter(shutil.copytree(good, tmp_path / "adapter"), base)


QUESTION = torch.arange(12).reshape(1, 12)


@pytest.fixture(scope="session")
def load_in_peft(tiny: Path) -> Callable[[Path], Any]:
    """Load an adapter folder as plain peft does, and return the logits of a fixed prompt."""
    model = AutoModelForCausalLM.from_pretrained(tiny).eval()

    def load(folder: Path) -> Any:
        adapted = PeftModel.from_pretrained(copy.deepcopy(model), folder)
        with torch.no_grad():
            return adapted.eval()(input_ids=QUESTION).logits

    return load
