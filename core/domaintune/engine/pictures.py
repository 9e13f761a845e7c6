"""Prompts with pictures: what a model is given beside the token ids, and where its positions stand afterwards."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Collection, Mapping
from typing import Any

import torch

from domaintune import prompts
from domaintune.errors import DataError, ModelError, RequestError
from domaintune.images import ImageError
from domaintune.models import vision
from domaintune.prompts import PromptIds
from domaintune.sessions import Request

KEPT = 2
"""Prompts whose tensors are kept for the next request with the same messages and pictures, as `n` answers have."""
TOKENS = ("image_token_id", "image_token_index", "video_token_id", "video_token_index")


class Reader:
    """Turns requests into prompts of one base model, with pictures where it reads some."""

    def __init__(self, model: Any, tokenizer: Any, processor: Any) -> None:
        self.tokenizer = tokenizer
        self.processor = processor
        self.unfit = "" if processor is None else vision.unfit_model(model)
        self.image = None if processor is None else int(processor.image_token_id)
        self._made: OrderedDict[Any, PromptIds] = OrderedDict()
        self.places = frozenset() if processor is None else _places(model, processor)

    @property
    def sees(self) -> bool:
        """Whether pictures can be shown."""
        return self.processor is not None and not self.unfit

    def prompt(self, request: Request) -> PromptIds:
        """Return the prompt of a request; RequestError where its pictures cannot be shown."""
        if request.images:
            return self._with_pictures(request)
        if request.text is None:
            ids = prompts.prompt_ids(self.tokenizer, request.messages)
        else:
            ids = prompts.text_ids(self.tokenizer, request.text)
        self._check_places(ids, self.places)
        return PromptIds(ids)

    def check_choosing(self, request: Request) -> None:
        """Refuse pictures where answers are weighed, and tokens that stand for pictures."""
        if request.images:
            raise RequestError(
                "images_unsupported", "a request with choices cannot have pictures; leave out the choices"
            )
        self._check_texts((*(message["content"] for message in request.messages), *request.choices), self.places)

    def again(self, request: Request, ids: Collection[int]) -> Mapping[str, Any]:
        """Return the tensors of a request's pictures once more; ModelError where its prompt is no longer the same."""
        made = self.prompt(request)
        if list(made.ids) != list(ids):
            raise ModelError("a picture of the request was changed while the request waited")
        return made.inputs

    def _with_pictures(self, request: Request) -> PromptIds:
        if self.processor is None:
            raise RequestError(
                "images_unsupported", "the base model reads no pictures; ask one that does, or send none"
            )
        if self.unfit:
            raise RequestError("images_unsupported", self.unfit)
        if request.text is not None:
            raise RequestError("invalid_image", "pictures belong to messages, not to a text that is continued")
        others = self.places - {self.image}
        self._check_texts([message["content"] for message in request.messages], others)
        try:
            return self._shared(request)
        except (ImageError, DataError, ModelError) as error:
            raise RequestError("invalid_image", str(error)) from None

    def _shared(self, request: Request) -> PromptIds:
        """Return a prompt with its pictures, made once for all who ask the same; files may change, and are read anew."""
        if not all(name[:5].lower() == "data:" for name in request.images):
            return prompts.pictured_ids(self.processor, request.messages, request.images)
        key = tuple((message["role"], message["content"]) for message in request.messages), request.images
        if key not in self._made:
            self._made[key] = prompts.pictured_ids(self.processor, request.messages, request.images)
        self._made.move_to_end(key)
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        return self._made[key]

    def _check_texts(self, texts: Collection[str], places: Collection[int]) -> None:
        for text in texts if places else ():
            self._check_places(prompts.text_ids(self.tokenizer, text), places)

    def _check_places(self, ids: Collection[int], places: Collection[int]) -> None:
        """Refuse ids that the model would take for a picture where there is none."""
        strange = set(ids) & set(places)
        if strange:
            token = str(self.tokenizer.convert_ids_to_tokens(min(strange)))
            raise RequestError(
                "invalid_image",
                f"a message contains {token!r}, which stands for a picture or a video in this model, and none belongs to "
                "it; write it otherwise",
            )


def given(model: Any, ids: torch.Tensor, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Return what a pass over a whole prompt is given for its pictures, and how far later positions are shifted.

    ids [1, tokens]. Models whose pictures have places in rows and columns (Qwen-VL) count fewer positions than tokens.
    """
    tensors = {name: _placed(value, model) for name, value in inputs.items()}
    core = getattr(model, "model", model)
    if not hasattr(core, "get_rope_index"):
        return tensors, 0
    known = inspect.signature(core.get_rope_index).parameters
    positions, deltas = core.get_rope_index(ids, **{name: value for name, value in tensors.items() if name in known})
    return {**tensors, "position_ids": positions}, int(deltas.reshape(-1)[0])


def _placed(value: Any, model: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    return value.to(model.device, model.dtype) if value.is_floating_point() else value.to(model.device)


def _places(model: Any, processor: Any) -> frozenset[int]:
    """Return the tokens that stand for pictures and videos in a model's prompts."""
    configured = (getattr(model.config, name, None) for name in TOKENS)
    return frozenset({int(processor.image_token_id), *(token for token in configured if isinstance(token, int))})
