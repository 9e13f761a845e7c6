"""Tiny models that read pictures, and pictures to show them: random, of every kind the engine knows, in seconds."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from domaintune.models.still import VIDEOS, without_videos

SIDE, PATCH = 24, 8
"""Pixels of the side of a picture as the tiny towers see it, and of a patch of it."""
TEMPLATE = (
    "{% for m in messages %}{{ '<|' + m['role'] + '|>' }}"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for part in m['content'] %}"
    "{% if part['type'] == 'image' %}{{ 'IMAGE_TOKEN' }}{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}{% if m['role'] == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
TEXTS = (
    "What colour is the circle? The circle is red, and the square beside it is blue.",
    "How many shapes are there?",
)
TEXT = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    "bos_token_id": None,
}
TOWER = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": SIDE,
    "patch_size": PATCH,
}
PLACED = {"size": {"height": SIDE, "width": SIDE}}
"""An image processor's size: pictures are stretched to the tower's side."""


def png(seed: int, width: int = 40, height: int = 30) -> bytes:
    """Return a picture of coarse random blocks as PNG."""
    blocks = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    held = io.BytesIO()
    Image.fromarray(blocks).resize((width, height), Image.Resampling.NEAREST).save(held, "PNG")
    return held.getvalue()


def data_url(content: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def pictured_model(folder: Path, kind: str, *, seed: int = 0) -> Path:
    """Write a random tiny model of a kind, a key of KINDS, as a folder with its tokenizer and processor."""
    import torch

    torch.manual_seed(seed)
    model, processor = KINDS[kind]()
    for weight in model.parameters():  # with weights of the usual size, every picture would look alike
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=0.3)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def tokenizer_with(image: str, others: Sequence[str] = ()) -> Any:
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    trainer = ByteLevelBPETokenizer()
    trainer.train_from_iterator(TEXTS, vocab_size=400, min_frequency=1, show_progress=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=trainer._tokenizer, eos_token="<|end|>", pad_token="<|pad|>")
    roles = ["<|system|>", "<|user|>", "<|assistant|>"]
    tokenizer.add_special_tokens({"additional_special_tokens": [*roles, image, *others]})
    tokenizer.chat_template = TEMPLATE.replace("IMAGE_TOKEN", image)
    return tokenizer


def _processor(kind: Any, images: Any, tokenizer: Any, **given: Any) -> Any:
    if VIDEOS in kind.get_attributes():
        return without_videos(kind)(images, tokenizer, None, **given)
    return kind(images, tokenizer, **given)


def _text(tokenizer: Any, **given: Any) -> dict[str, Any]:
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    return {**TEXT, **ends, "vocab_size": len(tokenizer), **given}


def _llava_clip() -> tuple[Any, Any]:
    from transformers import (
        CLIPImageProcessorPil,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    tokenizer = tokenizer_with("<image>")
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**TOWER),
        text_config=LlamaConfig(**_text(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    images = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    # CLIP's class place is cut off again, so it is counted once more and taken away.
    processor = LlavaProcessor(
        images, tokenizer, patch_size=PATCH, vision_feature_select_strategy="default", num_additional_image_tokens=1
    )
    return LlavaForConditionalGeneration(config), processor


def _llava_siglip() -> tuple[Any, Any]:
    from transformers import (
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
        SiglipImageProcessorPil,
        SiglipVisionConfig,
    )

    tokenizer = tokenizer_with("<image>")
    config = LlavaConfig(
        vision_config=SiglipVisionConfig(**TOWER),
        text_config=LlamaConfig(**_text(tokenizer, tie_word_embeddings=True)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_select_strategy="full",
        vision_feature_layer=-1,
    )
    images = SiglipImageProcessorPil(**PLACED)
    processor = LlavaProcessor(images, tokenizer, patch_size=PATCH, vision_feature_select_strategy="full")
    return LlavaForConditionalGeneration(config), processor


def _llava_next() -> tuple[Any, Any]:
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaNextConfig,
        LlavaNextForConditionalGeneration,
        LlavaNextImageProcessorPil,
        LlavaNextProcessor,
    )

    tokenizer = tokenizer_with("<image>")
    pinpoints = [[SIDE, 2 * SIDE], [2 * SIDE, SIDE], [2 * SIDE, 2 * SIDE]]
    config = LlavaNextConfig(
        vision_config=CLIPVisionConfig(**TOWER),
        text_config=LlamaConfig(**_text(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_grid_pinpoints=pinpoints,
    )
    images = LlavaNextImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}, image_grid_pinpoints=pinpoints
    )
    processor = LlavaNextProcessor(
        images, tokenizer, patch_size=PATCH, vision_feature_select_strategy="default", num_additional_image_tokens=1
    )
    return LlavaNextForConditionalGeneration(config), processor


def _llava_onevision() -> tuple[Any, Any]:
    from transformers import (
        LlavaOnevisionConfig,
        LlavaOnevisionForConditionalGeneration,
        LlavaOnevisionImageProcessorPil,
        LlavaOnevisionProcessor,
        Qwen2Config,
        SiglipVisionConfig,
    )

    tokenizer = tokenizer_with("<image>", ["<video>"])
    pinpoints = [[SIDE, SIDE], [SIDE, 2 * SIDE], [2 * SIDE, SIDE], [2 * SIDE, 2 * SIDE]]
    config = LlavaOnevisionConfig(
        vision_config=SiglipVisionConfig(**TOWER, vision_use_head=False),
        text_config=Qwen2Config(**_text(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        video_token_index=tokenizer.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=pinpoints,
    )
    images = LlavaOnevisionImageProcessorPil(**PLACED, image_grid_pinpoints=pinpoints)
    processor = _processor(
        LlavaOnevisionProcessor,
        images,
        tokenizer,
        num_image_tokens=(SIDE // PATCH) ** 2,
        vision_feature_select_strategy="full",
    )
    return LlavaOnevisionForConditionalGeneration(config), processor


def _idefics(kind: str) -> tuple[Any, Any]:
    import transformers

    tokenizer = tokenizer_with(
        "<image>",
        ["<fake_token_around_image>", "<global-img>", "<end_of_utterance>"]
        + [f"<row_{row}_col_{column}>" for row in (1, 2, 3) for column in (1, 2, 3)],
    )
    config = getattr(transformers, f"{kind}Config")(
        vision_config={**TOWER, "image_size": 32},
        text_config=transformers.LlamaConfig(**_text(tokenizer)),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        pad_token_id=tokenizer.pad_token_id,
    )
    sizes = {"size": {"longest_edge": 64}, "max_image_size": {"longest_edge": 32}}
    images = getattr(transformers, f"{kind}ImageProcessorPil")(**sizes)
    processor = _processor(getattr(transformers, f"{kind}Processor"), images, tokenizer, image_seq_len=4)
    return getattr(transformers, f"{kind}ForConditionalGeneration")(config), processor


def _qwen(version: str) -> tuple[Any, Any]:
    import transformers

    tokenizer = tokenizer_with("<|image_pad|>", ["<|vision_start|>", "<|vision_end|>", "<|video_pad|>"])
    tokenizer.chat_template = TEMPLATE.replace("IMAGE_TOKEN", "<|vision_start|><|image_pad|><|vision_end|>")
    common = {"depth": 2, "num_heads": 4, "patch_size": PATCH, "spatial_merge_size": 2, "temporal_patch_size": 2}
    own = {
        "2": {"embed_dim": 32, "hidden_size": 32},
        "2_5": {"hidden_size": 32, "out_hidden_size": 32, "intermediate_size": 48, "window_size": 32},
    }[version]
    text = _text(tokenizer, rope_parameters={"rope_type": "default", "rope_theta": 1e4, "mrope_section": [1, 1, 2]})
    kinds = {
        f"{name}_token_id": tokenizer.convert_tokens_to_ids(f"<|{mark}|>")
        for name, mark in (
            ("image", "image_pad"), ("video", "video_pad"), ("vision_start", "vision_start"), ("vision_end", "vision_end"),
        )
    }  # fmt: skip
    config = getattr(transformers, f"Qwen{version}_VLConfig".replace("2_VL", "2VL"))(
        vision_config={**common, **own, **({"fullatt_block_indexes": [1]} if version == "2_5" else {})},
        text_config=text,
        **kinds,
    )
    images = transformers.Qwen2VLImageProcessorPil(
        size={"shortest_edge": 16 * 16, "longest_edge": 64 * 64}, patch_size=PATCH, merge_size=2
    )
    model = getattr(transformers, f"Qwen{version}_VLForConditionalGeneration".replace("2_VL", "2VL"))(config)
    processor = _processor(
        getattr(transformers, f"Qwen{version}_VLProcessor".replace("2_VL", "2VL")), images, tokenizer
    )
    return model, processor


KINDS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "llava-clip": _llava_clip,
    "llava-siglip": _llava_siglip,
    "llava-next": _llava_next,
    "llava-onevision": _llava_onevision,
    "idefics3": lambda: _idefics("Idefics3"),
    "smolvlm": lambda: _idefics("SmolVLM"),
    "qwen2-vl": lambda: _qwen("2"),
    "qwen2.5-vl": lambda: _qwen("2_5"),
}
