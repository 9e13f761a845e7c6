"""What admission must know of a base model: a page of facts, so that no model is opened to check an adapter."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domaintune import prompts
from domaintune.errors import ModelError
from domaintune.models import base as models
from domaintune.models import vision
from domaintune.settings import ModelSettings


@dataclass(frozen=True, kw_only=True)
class BaseShape:
    """A base model as adapters see it: who it is, how it is asked, and its linear layers.

    `linears` gives (out_features, in_features) by dotted path; the head of the model stands there by its own name.
    `settings` are the ModelSettings as plain values: enough to open the base again.

    Of a model that reads pictures (`images`), `linears` are those of its language model. `tower` has the paths of the
    others, which adapters leave alone; `connector` is the path of its projector, and `projector` gives the shape of each
    tensor of that by path.
    """

    name: str
    published_as: str
    fingerprint: str
    template: str
    linears: Mapping[str, tuple[int, int]]
    settings: Mapping[str, Any]
    images: bool = False
    connector: str | None = None
    projector: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    tower: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as values that JSON can hold."""
        shapes = {name: _lists(getattr(self, name)) for name in ("linears", "projector")}
        return {**dataclasses.asdict(self), **shapes, "tower": list(self.tower), "settings": dict(self.settings)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BaseShape:
        """Return the shape that `as_dict` wrote, also where it knew of no pictures yet."""
        linears = {path: (int(size[0]), int(size[1])) for path, size in values["linears"].items()}
        projector = {path: tuple(map(int, size)) for path, size in values.get("projector", {}).items()}
        known = {**values, "linears": linears, "projector": projector, "tower": tuple(values.get("tower", ()))}
        return cls(**{**known, "settings": dict(values["settings"])})


def measure(settings: ModelSettings) -> BaseShape:
    """Look at a base model: its files, its tokenizer, and its layers without their weights."""
    base = models.locate(settings)
    tokenizer = models.load_tokenizer(base)
    return BaseShape(
        name=base.name,
        published_as=base.published_as,
        fingerprint=_fingerprint(base),
        template=prompts.template_fingerprint(tokenizer),
        settings=dataclasses.asdict(settings),
        **_layers(base),
    )


def _lists(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, list[int]]:
    return {path: list(shape) for path, shape in shapes.items()}


def _fingerprint(base: models.BaseModel) -> str:
    try:
        return models.fingerprint(base)
    except OSError as error:  # huggingface_hub's own errors are of this kind
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(
            f"base model {base.name!r} is not whole on this machine ({reason}); fetch it: hf download {base.place}"
        ) from None


def _layers(base: models.BaseModel) -> dict[str, Any]:
    """Build the model on the meta device, where layers have shapes and no numbers, and tell of its layers."""
    import torch

    try:
        config = models.load_config(base)
        with torch.device("meta"):
            model = vision.auto_class(config).from_config(config, trust_remote_code=False)
    except (OSError, ValueError, ImportError, KeyError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"the layers of base model {base.name!r} could not be looked at: {reason}") from None
    linear = {
        path: (module.out_features, module.in_features)
        for path, module in model.named_modules()
        if isinstance(module, torch.nn.Linear)
    }
    return _parts_that_see(model, linear) if vision.reads_images(config) else {"linears": linear}


def _parts_that_see(model: Any, linear: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    """Tell the language model's layers from those before it, and of the projector between them."""
    head = model.get_output_embeddings()
    own = {*vision.language_linears(model), *(path for path, module in model.named_modules() if module is head)}
    connector = vision.connector_of(model)
    state = model.get_submodule(connector).state_dict() if connector else {}
    return {
        "linears": {path: size for path, size in linear.items() if path in own},
        "images": not vision.unfit_model(model),
        "connector": connector,
        "projector": {f"{connector}.{name}": tuple(tensor.shape) for name, tensor in state.items()},
        "tower": tuple(path for path in linear if path not in own),
    }
