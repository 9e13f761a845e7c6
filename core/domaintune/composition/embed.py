"""Texts as unit vectors: what sentence-transformers computes, with transformers alone.

The mean of the last layer over a text's tokens, scaled to length 1, so that a dot product is a cosine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize
from transformers import AutoModel, AutoTokenizer

from domaintune import files
from domaintune.composition.embedders import MINILM, locate
from domaintune.errors import ModelError
from domaintune.models import base as models

ROWS = 32
"""Texts in one forward pass."""
LONGEST = 512
"""Tokens read of a text where the model does not say."""


@dataclass(frozen=True, eq=False)
class Embedder:
    """A model that embeds texts; `fingerprint` tells whether two made comparable vectors.

    `name` is how an adapter's package calls it: no path of this machine.
    """

    name: str
    fingerprint: str
    model: Any
    tokenizer: Any
    longest: int

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
        except Exception as error:  # the tokenizers library raises bare exceptions for damaged files
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ModelError(f"the embedder {name!r} could not be loaded: {reason}") from None
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        return Embedder(_published(base), models.fingerprint(base), model.eval(), tokenizer, _longest(base, tokenizer))

    @torch.inference_mode()
    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a unit vector for each text, [texts, width]."""
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        found = np.zeros((len(texts), int(self.model.config.hidden_size)), dtype=np.float32)
        for start in range(0, len(order), ROWS):
            places = order[start : start + ROWS]
            found[places] = self._embed([texts[place] for place in places])
        return found

    def vector(self, text: str) -> NDArray[np.float32]:
        """Return the unit vector of one text; the last ones asked for are remembered."""
        return _remembered(self, text)

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        batch = self.tokenizer(
            texts, padding=True, truncation=True, max_length=self.longest, return_tensors="pt",
            return_token_type_ids=False,
        )  # fmt: skip
        last = self.model(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1).to(last.dtype)
        mean = (last * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        rows: NDArray[np.float32] = normalize(mean, dim=1).numpy()
        return rows


@lru_cache(maxsize=256)
def _remembered(embedder: Embedder, text: str) -> NDArray[np.float32]:
    row: NDArray[np.float32] = embedder.vectors([text])[0]
    return row


def _published(base: models.BaseModel) -> str:
    return MINILM if base.name == MINILM else base.published_as


def _longest(base: models.BaseModel, tokenizer: Any) -> int:
    """Return the tokens that are read of a text: what sentence-transformers stores, or what the tokenizer allows."""
    stored = base.folder / "sentence_bert_config.json" if base.folder else None
    if stored is not None and stored.is_file():
        return int(files.read_json(stored)["max_seq_length"])
    return min(int(tokenizer.model_max_length), LONGEST)
