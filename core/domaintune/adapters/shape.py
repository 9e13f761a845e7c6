"""What admission must know of a base model: a page of facts, so that no model is opened to check an adapter."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domaintune import prompts
from domaintune.errors import ModelError
from domaintune.models import base as models
from domaintune.settings import ModelSettings


@dataclass(frozen=True, kw_only=True)
class BaseShape:
    """A base model as adapters see it: who it is, how it is asked, and its linear layers.

    `linears` gives (out_features, in_features) by dotted path; the head of the model stands there by its own name.
    `settings` are the ModelSettings as plain values: enough to open the base again.
    """

    name: str
    published_as: str
    fingerprint: str
    template: str
    linears: Mapping[str, tuple[int, int]]
    settings: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return it as values that JSON can hold."""
        linears = {path: list(size) for path, size in self.linears.items()}
        return {**dataclasses.asdict(self), "linears": linears, "settings": dict(self.settings)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BaseShape:
        """Return the shape that `as_dict` wrote."""
        linears = {path: (int(size[0]), int(size[1])) for path, size in values["linears"].items()}
        return cls(**{**values, "linears": linears, "settings": dict(values["settings"])})


def measure(settings: ModelSettings) -> BaseShape:
    """Look at a base model: its files, its tokenizer, and its layers without their weights."""
    base = models.locate(settings)
    tokenizer = models.load_tokenizer(base)
    return BaseShape(
        name=base.name,
        published_as=base.published_as,
        fingerprint=_fingerprint(base),
        template=prompts.template_fingerprint(tokenizer),
        linears=_linears(base),
        settings=dataclasses.asdict(settings),
    )


def _fingerprint(base: models.BaseModel) -> str:
    try:
        return models.fingerprint(base)
    except OSError as error:  # huggingface_hub's own errors are of this kind
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(
            f"base model {base.name!r} is not whole on this machine ({reason}); fetch it: hf download {base.place}"
        ) from None


def _linears(base: models.BaseModel) -> dict[str, tuple[int, int]]:
    """Build the model on the meta device, where layers have shapes and no numbers."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        config = AutoConfig.from_pretrained(base.place, revision=base.revision, trust_remote_code=False)
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    except (OSError, ValueError, ImportError, KeyError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"the layers of base model {base.name!r} could not be looked at: {reason}") from None
    linear = ((path, module) for path, module in model.named_modules() if isinstance(module, torch.nn.Linear))
    return {path: (module.out_features, module.in_features) for path, module in linear}
