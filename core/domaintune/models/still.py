"""Processors of models that read pictures, where torchvision is not installed.

Processors of models that also watch videos (LLaVA-OneVision, SmolVLM, Qwen-VL) cannot be made without their part for
videos, and that part is made by torchvision alone. Pictures need neither.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

VIDEOS = "video_processor"


def load(place: str, revision: str | None, config: Any) -> Any:
    """Load the processor of a model with this configuration, without its part for videos where that cannot be had."""
    from transformers import AutoProcessor
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING

    kind = PROCESSOR_MAPPING.get(type(config), None)
    if kind is None or find_spec("torchvision") is not None or VIDEOS not in kind.get_attributes():
        kind = AutoProcessor
    else:
        kind = without_videos(kind)
    return kind.from_pretrained(place, revision=revision, trust_remote_code=False)


def without_videos(kind: Any) -> Any:
    """Return a kind of processor that has no part for videos: None stands in its place."""

    def attributes(_: Any) -> list[str]:
        return [name for name in kind.get_attributes() if name != VIDEOS]

    def parts(own: Any, *given: Any, **named: Any) -> list[Any]:
        made = list(kind._get_arguments_from_pretrained.__func__(own, *given, **named))
        made.insert(kind.get_attributes().index(VIDEOS), None)
        return made

    module = sys.modules[kind.__module__]
    if getattr(module, "num2words", True) is None:  # SmolVLM's refuses to be made without it, and writes times with it
        module.num2words = str  # type: ignore[attr-defined]
    changed = {"get_attributes": classmethod(attributes), "_get_arguments_from_pretrained": classmethod(parts)}
    return type(kind.__name__, (kind,), {**changed, "__module__": kind.__module__})
