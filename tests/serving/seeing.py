"""A server with two base models, one of text and one that reads pictures, and adapters on both, projectors included."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from picturing import data_url, pictured_model, png
from PIL import Image
from served import WHY, Served, World, serving

from domaintune import Origin, Passage, files
from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import measure
from domaintune.contracts import IMAGE
from domaintune.retrieval import passages as store
from domaintune.retrieval.knowledge import ABOUT, OWN
from domaintune.retrieval.lexical import Bm25
from domaintune.retrieval.options import Bm25Options
from domaintune.settings import ModelSettings

NAMES = ("sees", "sees-2", "looks")
EYES = "eyes"
"""The published name of the base model that reads pictures."""


def make_seeing_adapters(base: Path, folder: Path, names: Sequence[str]) -> dict[str, Path]:
    """Return random adapters of a model that reads pictures: LoRA on its language model, and a projector of their own."""
    import torch
    from peft import LoraConfig, get_peft_model

    from domaintune.models import base as models
    from domaintune.models import vision

    settings = ModelSettings(base=str(base), device="cpu", dtype="float32")
    made = {}
    for seed, name in enumerate(names):
        torch.manual_seed(200 + seed)
        model = models.load_model(models.locate(settings), settings)
        config = LoraConfig(
            r=(2, 4)[seed % 2],
            lora_alpha=8,
            target_modules=vision.language_linears(model),
            modules_to_save=[vision.connector_of(model)],
            init_lora_weights=False,
            task_type="CAUSAL_LM",
        )
        adapted = get_peft_model(model, config)
        for path, weight in adapted.named_parameters():
            if "modules_to_save" in path:
                torch.nn.init.normal_(weight, std=0.3)
        made[name] = folder / name
        adapted.save_pretrained(made[name], save_embedding_layers=False)
    return made


def make_seeing_world(folder: Path) -> World:
    base = pictured_model(folder / EYES, "llava-clip")
    settings = ModelSettings(base=str(base), device="cpu", dtype="float32")
    return World(base, measure(settings), make_seeing_adapters(base, folder / "adapters", NAMES))


@dataclass
class Both:
    """The two worlds, and the server of both."""

    texts: World
    pictures: World
    server: Served


@contextmanager
def serving_both(texts: World, pictures: World, home: Path) -> Iterator[Both]:
    """Serve alpha and beta of the text model, sees (@1 promoted, @2 a candidate) and looks of the other."""
    texts.registry(home, ["alpha*", "beta*"])
    registry = pictures.registry(home, ["sees*", "sees-2"])
    looks = registry.add(know(pictures, "looks", registry, home), name="looks", base=pictures.shape)
    registry.promote(looks.id, override=WHY)
    with serving(home, key=None) as running:
        yield Both(texts, pictures, running)


def know(world: World, name: str, registry: Registry, home: Path) -> Path:
    """Return a package of an adapter with knowledge: one passage, in which the marker of a picture stands."""
    own = home / "index" / OWN
    own.mkdir(parents=True)
    store.write(PASSAGES, home / "index")
    Bm25(Bm25Options()).index(PASSAGES, own)
    about = {"schema_version": 1, "domain": "toy", "retriever": "bm25", "options": {}, "passages": len(PASSAGES)}
    files.write_json(home / "index" / ABOUT, about)
    digest = registry.keep_knowledge(home / "index", files.folder_hashes(home / "index"))
    package = shutil.copytree(world.adapters[name], home / name, ignore=shutil.ignore_patterns("README.md"))
    shape = world.shape
    base = {"published_as": shape.published_as, "fingerprint": shape.fingerprint, "name": shape.name}
    manifest = {"schema_version": 1, "base": base, "template_fingerprint": shape.template}
    manifest |= {"knowledge": {"digest": digest, "k": 1, "budget": 200}, "files": files.folder_hashes(package)}
    files.write_json(package / "domaintune.json", manifest)
    return package


PASSAGES = [
    Passage(
        text=f"A circle is written {IMAGE} in some books.",
        title="circle",
        origin=Origin(source="shapes.csv", place="1"),
    )
]


def jpeg(seed: int, width: int = 64, height: int = 48) -> bytes:
    held = io.BytesIO()
    Image.open(io.BytesIO(png(seed, width, height))).save(held, "JPEG", quality=80)
    return held.getvalue()


def part(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def content(question: str, *urls: str) -> list[dict[str, Any]]:
    """A question after its pictures."""
    return [*map(part, urls), {"type": "text", "text": question}]


RED = data_url(png(1))
PICTURES = (RED, data_url(png(2, 90, 40)), data_url(jpeg(3), "jpeg"))
