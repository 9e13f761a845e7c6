"""Texts as unit vectors: what sentence-transformers computes, with transformers alone.

The tokens of the last layer become one vector as the model's recipe says (the mean, where it says nothing), scaled to
length 1, so that a dot product is a cosine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize
from transformers import AutoModel, AutoTokenizer
from transformers.utils import cached_file

from domaintune import files
from domaintune.embedding import recipe as recipes
from domaintune.embedding.names import MINILM, locate
from domaintune.embedding.recipe import Recipe
from domaintune.errors import ModelError
from domaintune.models import base as models

ROWS = 32
"""Texts in one forward pass."""
LONGEST = 512
"""Tokens read of a text where the model does not say."""


@dataclass(frozen=True, eq=False)
class Embedder:
    """A model on this machine that embeds texts; `fingerprint` tells whether two made comparable vectors.

    `name` is how an adapter's package calls it: no path of this machine.
    """

    name: str
    fingerprint: str
    model: Any
    tokenizer: Any
    longest: int
    recipe: Recipe = field(default_factory=Recipe)
    _one_at_a_time: Lock = field(default_factory=Lock, init=False, repr=False)

    @staticmethod
    @cache
    def open(name: str) -> Embedder:
        """Open `minilm`, a model folder or a hub id, once in a process; raises ModelError."""
        models.quiet_transformers()
        base = locate(name)
        try:
            tokenizer = AutoTokenizer.from_pretrained(base.place, trust_remote_code=False)
            model = AutoModel.from_pretrained(
                base.place, dtype=torch.float32, use_safetensors=True, trust_remote_code=False
            )
            recipe = recipes.read(name, lambda file: _found(base, file))
        except ModelError:
            raise
        except Exception as error:  # the tokenizers library raises bare exceptions for damaged files
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ModelError(f"the embedder {name!r} could not be loaded: {reason}") from None
        if getattr(model.config, "is_encoder_decoder", False):
            raise ModelError(f"the embedder {name!r} is an encoder with a decoder; name one that only encodes")
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        tokenizer.padding_side = "right"  # so that a text's positions do not depend on the others of its batch
        longest = recipe.longest or _longest(model, tokenizer)
        return Embedder(_published(base), _fingerprint(base, recipe), model.eval(), tokenizer, longest, recipe)

    @property
    def width(self) -> int:
        """The length of a vector."""
        return int(self.model.config.hidden_size)

    def vectors(self, texts: Sequence[str], query: bool = False) -> NDArray[np.float32]:
        """Return a unit vector for each text, [texts, width]; `query` where they are to find, not to be found."""
        prompt = self.recipe.query if query else self.recipe.passage
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        found = np.zeros((len(texts), self.width), dtype=np.float32)
        for start in range(0, len(order), ROWS):
            places = order[start : start + ROWS]
            found[places] = self._embed([prompt + texts[place] for place in places])
        return found

    def vector(self, text: str, query: bool = False) -> NDArray[np.float32]:
        """Return the unit vector of one text; the last ones asked for are remembered."""
        return _remembered(self, text, query)

    @torch.inference_mode()
    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        texts = [text.encode("utf-8", "replace").decode() for text in texts]  # half a character is none
        if self.recipe.lower:
            texts = [text.lower() for text in texts]
        with self._one_at_a_time:  # a tokenizer cannot be used by two threads
            batch = self.tokenizer(
                texts, padding=True, truncation=True, max_length=self.longest, return_tensors="pt",
                return_token_type_ids=False,
            )  # fmt: skip
        if not batch["input_ids"].shape[1]:  # tokenizers without marks make nothing of an empty text
            return np.zeros((len(texts), self.width), dtype=np.float32)
        last = self.model(**batch).last_hidden_state
        rows: NDArray[np.float32] = normalize(_pooled(last, batch["attention_mask"], self.recipe.pooling)).numpy()
        return rows


@lru_cache(maxsize=256)
def _remembered(embedder: Embedder, text: str, query: bool) -> NDArray[np.float32]:
    row: NDArray[np.float32] = embedder.vectors([text], query)[0]
    return row


def _pooled(last: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """Return one vector a text, [texts, width], of its tokens [texts, tokens, width]; padding is on the right.

    A text without a token has the vector 0.
    """
    weights, counts = mask.unsqueeze(-1).to(last.dtype), mask.sum(dim=1)
    last = last * weights
    if pooling == "mean":
        return last.sum(dim=1) / weights.sum(dim=1).clamp(min=1)
    if pooling == "max":
        highest = last.masked_fill(weights == 0, -torch.inf).max(dim=1).values
        return highest.masked_fill((counts == 0).unsqueeze(-1), 0)
    place = (counts - 1).clamp(min=0) if pooling == "lasttoken" else torch.zeros_like(counts)
    return last[torch.arange(len(last)), place]


def _published(base: models.BaseModel) -> str:
    return MINILM if base.name == MINILM else base.published_as


def _found(base: models.BaseModel, file: str) -> Path | None:
    """Return where a file of the model lies, fetched from the hub where the model is, or None."""
    if base.folder:
        path = base.folder / file
        return path if path.is_file() else None
    found = cached_file(base.place, file, _raise_exceptions_for_missing_entries=False)
    return Path(found) if found else None


def _fingerprint(base: models.BaseModel, recipe: Recipe) -> str:
    """Return a short hash of the model and of what is unusual in its recipe."""
    model = models.fingerprint(base)
    unusual = [recipe.pooling, recipe.query, recipe.passage, recipe.lower]
    return model if recipe.plain else files.fingerprint({"model": model, "recipe": unusual})


def _longest(model: Any, tokenizer: Any) -> int:
    """Return the tokens that are read of a text where the recipe does not say."""
    positions = getattr(model.config, "max_position_embeddings", None) or LONGEST
    return min(int(tokenizer.model_max_length), int(positions), LONGEST)
