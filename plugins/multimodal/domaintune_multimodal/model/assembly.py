"""Putting a LLaVA together: tower, projector and language model as one ordinary transformers folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoModel,
    AutoModelForCausalLM,
    AutoTokenizer,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.llava.modeling_llava import LlavaMultiModalProjector

from domaintune import DomaintuneError, locate_model
from domaintune_multimodal.model import templates
from domaintune_multimodal.model.tower import make_tower
from domaintune_multimodal.scenes.shapes import SIDE

IMAGE = "<image>"
ROUND = 64
"""The vocabulary is filled up to a multiple of this: kernels like it."""


def put_together(language: str, tower: Any, image_processor: Any, layer: int, device: str) -> tuple[Any, Any]:
    """Return model and processor; the projector is a 2-layer GELU MLP that has learned nothing (LLaVA-1.5)."""
    place = locate_model(language)
    tokenizer = AutoTokenizer.from_pretrained(place, trust_remote_code=False)
    tokenizer.add_special_tokens({"additional_special_tokens": [IMAGE]}, replace_extra_special_tokens=False)
    tokenizer.chat_template = templates.fitting(tokenizer.get_vocab())
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    text = AutoModelForCausalLM.from_pretrained(
        place,
        use_safetensors=True,
        trust_remote_code=False,
        dtype=torch.bfloat16 if device == "cuda" else torch.float32,
    )
    _enlarge(text, len(tokenizer))
    strategy = "default" if tower.config.model_type.startswith("clip") else "full"  # CLIP's first place is no patch
    config = LlavaConfig(
        vision_config=tower.config,
        text_config=text.config,
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
        vision_feature_layer=layer,
        vision_feature_select_strategy=strategy,
        projector_hidden_act="gelu",
        tie_word_embeddings=bool(text.config.tie_word_embeddings),
    )
    model = _joined(config, tower.to(text.dtype), text).to(device)
    processor = LlavaProcessor(
        image_processor=image_processor,
        tokenizer=tokenizer,
        patch_size=tower.config.patch_size,
        vision_feature_select_strategy=strategy,
        chat_template=tokenizer.chat_template,
        num_additional_image_tokens=1 if strategy == "default" else 0,
    )
    return model.eval(), processor


@torch.no_grad()
def _enlarge(text: Any, words: int) -> None:
    """Make room for new words, each as likely as the mean of the old ones."""
    old = text.get_input_embeddings().weight.shape[0]
    text.resize_token_embeddings(words, pad_to_multiple_of=ROUND, mean_resizing=False)
    for layer in (text.get_input_embeddings(), text.get_output_embeddings()):
        layer.weight[old:] = layer.weight[:old].mean(dim=0)


def _joined(config: Any, tower: Any, text: Any) -> Any:
    """Return the model around its finished parts: only the projector is new, and nothing is copied."""
    projector = LlavaMultiModalProjector(config).to(text.dtype)
    with torch.device("meta"):
        model = LlavaForConditionalGeneration(config)
    model.model.vision_tower, model.model.multi_modal_projector = tower, projector
    model.model.language_model, model.lm_head = text.model, text.lm_head
    model.tie_weights()
    model.generation_config = text.generation_config
    return model


def chosen_device(wanted: str) -> str:
    """Return where a model is put together and aligned: cuda or cpu."""
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise DomaintuneError("model.options.device = 'cuda', but torch sees no such device here; use 'auto' or 'cpu'")
    return "cuda" if there and wanted != "cpu" else "cpu"


def small_tower() -> tuple[Any, Any]:
    """Return the tower that is trained here, and the processor of its pictures."""
    return make_tower(), _plain_processor()


def ready_tower(name: str) -> tuple[Any, Any]:
    """Return a CLIP or SigLIP tower of the hub or of a folder, and the processor of its pictures."""
    place = locate_model(name)
    config = AutoConfig.from_pretrained(place, trust_remote_code=False)
    vision = getattr(config, "vision_config", config)
    if not str(vision.model_type).startswith(("clip", "siglip")):
        raise DomaintuneError(f"model.options.tower = {name!r} is a {vision.model_type}; name a CLIP or SigLIP model")
    model = AutoModel.from_pretrained(place, use_safetensors=True, trust_remote_code=False, dtype=torch.float32)
    tower = getattr(model, "vision_model", model)
    return _as_tower(vision, tower), AutoImageProcessor.from_pretrained(place, trust_remote_code=False)


def save(model: Any, processor: Any, folder: Path) -> None:
    """Write an ordinary transformers folder: safetensors, configuration, tokenizer and processor."""
    model.to("cpu").save_pretrained(folder)
    processor.save_pretrained(folder)
    processor.tokenizer.save_pretrained(folder)


def _as_tower(config: Any, found: Any) -> Any:
    """Return the part of a model that sees, under the names that a LLaVA gives it."""
    tower = AutoModel.from_config(config)
    missing, strange = tower.load_state_dict(found.state_dict(), strict=False)
    if strange or any("head" not in name for name in missing):
        raise DomaintuneError(f"the vision tower does not fit: {len(missing)} weights missing, {len(strange)} too many")
    return tower.eval()


def _plain_processor() -> Any:
    """Return a processor that brings pictures to the small tower's size and to -1 ... 1."""
    return CLIPImageProcessorPil(
        size={"shortest_edge": SIDE},
        crop_size={"height": SIDE, "width": SIDE},
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
        resample=2,
    )
