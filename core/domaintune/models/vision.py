"""Models that read pictures: their processor, and the projector between the vision tower and the language model.

A processor turns a rendered prompt and its pictures into token ids, in which each picture has as many places as its
features, and into the tensors of the pictures themselves. Every image-text-to-text model of transformers is met through
these few functions, so that training, grading and serving see the same places.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from domaintune.errors import ModelError
from domaintune.images import Picture, pixels, read

CONNECTORS = ("multi_modal_projector", "connector", "visual.merger")
"""What the field calls the projector: LLaVA and its kin, Idefics3 and SmolVLM, Qwen-VL."""
OTHER_MASKS = ("or_mask_function", "block_sequence_ids", "token_type_ids_mask", "cross_attention_mask")
"""What the code of a model speaks of where its pictures are seen otherwise than token after token."""
OF_TEXT = {"input_ids", "attention_mask"}


class Encoded(NamedTuple):
    """Token ids of a prompt, and what the model is given beside them (`pixel_values`, sizes, …)."""

    ids: list[int]
    inputs: dict[str, Any]


class Processor:
    """A transformers processor as prompts.py uses it; `tokenizer` is the one that text alone goes through.

    `config` is that of its model, by which `unfit` is told.
    """

    def __init__(self, processor: Any, tokenizer: Any, config: Any = None) -> None:
        self.processor = processor
        self.tokenizer = tokenizer
        self.config = config
        self.token = str(processor.image_token)
        self.image_token_id = int(tokenizer.convert_tokens_to_ids(self.token))

    @cached_property
    def unfit(self) -> str:
        """Why its model cannot be shown pictures here, as `unfit` says it; empty where it can."""
        return "" if self.config is None else unfit(self.config)

    def read(self, name: str) -> Picture:
        """Read the picture of this name; ImageError where it cannot be."""
        return read(name)

    def encode(self, text: str, pictures: Sequence[Picture]) -> Encoded:
        """Return the ids of a rendered prompt, each picture spread over its places, and the tensors of the pictures."""
        try:
            made = self.processor(
                text=[text],
                images=[[pixels(picture) for picture in pictures]],
                add_special_tokens=False,
                return_tensors="pt",
            )
        except (ValueError, IndexError, TypeError) as error:  # whatever a processor says of a prompt it cannot place
            raise ModelError(f"the processor of the base model could not take the prompt: {error}") from None
        inputs = {name: value for name, value in made.items() if name not in OF_TEXT}
        return Encoded([int(token) for token in made["input_ids"][0]], inputs)

    def tensors(self, pictures: Sequence[Sequence[Picture]], ids: Any) -> dict[str, Any]:
        """Return what a training batch is given beside its ids [rows, tokens]: the tensors of the rows' pictures."""
        made = self.processor.image_processor([[pixels(one) for one in row] for row in pictures], return_tensors="pt")
        inputs = {name: value for name, value in made.items() if hasattr(value, "shape")}
        if getattr(self.processor, "return_mm_token_type_ids", False):
            inputs["mm_token_type_ids"] = ids.new_tensor(self.processor.create_mm_token_type_ids(ids.tolist()))
        return inputs


def reads_images(config: Any) -> bool:
    """Tell from a model's configuration whether it reads pictures."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    return getattr(config, "model_type", None) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES and (
        getattr(config, "vision_config", None) is not None
    )


def unfit(config: Any) -> str:
    """Say of a configuration why its model cannot be shown pictures here, before any weight is read; empty where it can."""
    import torch

    try:
        with torch.device("meta"):
            model = auto_class(config).from_config(config, trust_remote_code=False)
    except (OSError, ValueError, ImportError, KeyError):  # as loading it will say
        return ""
    return unfit_model(model)


def unfit_model(model: Any) -> str:
    """Say why a model cannot be shown pictures here, empty where it can: better none than wrong answers."""
    try:
        code = inspect.getsource(sys.modules[type(model).__module__])
    except (OSError, TypeError, KeyError):
        code = ""
    strange = model.config.is_encoder_decoder or any(name in code for name in OTHER_MASKS)
    if not strange and connector_of(model) is not None:
        return ""
    return (
        f"the engine 'transformers' cannot show pictures to {type(model).__name__}, in which they are not read in line "
        "with the text; it answers text alone, or choose another model.base, like one of LLaVA, SmolVLM or Qwen-VL"
    )


def auto_class(config: Any) -> Any:
    """Return the auto class that opens a model of this configuration."""
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

    return AutoModelForImageTextToText if reads_images(config) else AutoModelForCausalLM


def connector_of(model: Any) -> str | None:
    """Return the dotted path of the projector in a model; None where there is none of a known kind."""
    paths = [name for name, _ in model.named_modules()]
    return next((path for path in paths for end in CONNECTORS if path == end or path.endswith(f".{end}")), None)


def language_linears(model: Any) -> list[str]:
    """Return the paths of the linear layers of the language model of a model that reads pictures, without its head.

    LLaVA's LoRA: every linear layer but the head, the projector and the vision tower.
    """
    import torch

    inner = _language_model(model)
    return [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name.startswith(f"{inner}.")
    ]


def language_part(config: Any) -> str | None:
    """Return the name under which a configuration holds that of its language model; None where it is no part of it."""
    text = config.get_text_config()
    return next((name for name in config.sub_configs if getattr(config, name, None) is text), None)


def described(config: Any) -> Mapping[str, Any]:
    """Return what a model card says of the parts of a model that reads pictures."""
    vision, text = config.vision_config, config.get_text_config()
    names = ("image_size", "patch_size", "hidden_size", "num_hidden_layers")
    tower = {name: value for name in names if isinstance(value := getattr(vision, name, None), int)}
    return {"tower": {"type": vision.model_type, **tower}, "language": {"type": text.model_type}}


def _language_model(model: Any) -> str:
    for path in ("model.language_model", "language_model", "model.text_model"):
        try:
            model.get_submodule(path)
        except AttributeError:
            continue
        return path
    raise ModelError(
        f"{type(model).__name__} has no language model under a name that is known here; choose another model.base"
    )
