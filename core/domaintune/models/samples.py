"""Samples of a model's weights: enough to tell any two trained models apart without reading gigabytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from domaintune import files

SPANS, WIDTH = 64, 4096
"""Of a file: so many spans of so many bytes, evenly spread."""
FEW, NARROW = 3, 1024
"""Of a tensor."""
PROCESSORS = ("preprocessor_config.json", "processor_config.json")
"""What a model that reads pictures is shown depends on these too."""


def of_weights(folder: Path) -> dict[str, str]:
    """Return a hash of samples of each file of weights in a model folder.

    Of a model that reads pictures every tensor is sampled: its projector is so small beside the rest that spans of the
    file may pass it over, and models that share tower and language model differ in nothing else.
    """
    sample = of_tensors if _has_tower(folder) else of_file
    return {path.name: sample(path) for path in weights(folder)}


def weights(folder: Path) -> list[Path]:
    """Return the files of weights, by name."""
    return sorted(folder.glob("*.safetensors"))


def of_processor(folder: Path) -> dict[str, str]:
    """Return the hashes of the files of a processor; none of a model of text, whatever lies there."""
    return {
        name: files.sha256(folder / name) for name in PROCESSORS if (folder / name).is_file() and _has_tower(folder)
    }


def _has_tower(folder: Path) -> bool:
    """Tell from its configuration, without the model libraries, whether a model has a part that sees.

    It decides how weights are sampled, no more: what reads pictures here is told by `vision.reads_images`.
    """
    try:
        return "vision_config" in files.read_json(folder / "config.json")
    except (OSError, ValueError, TypeError):
        return False


def of_file(path: Path) -> str:
    """Return a hash of evenly spread spans of a file, and of its size."""
    size = path.stat().st_size
    starts = (max(size - WIDTH, 0) * index // (SPANS - 1) for index in range(SPANS))
    return files.fingerprint({"size": size, "parts": list(_parts(path, ((start, WIDTH) for start in starts)))})


def of_tensors(path: Path) -> str:
    """Return a hash of the header of a safetensors file and of the beginning, middle and end of each tensor."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = file.read(length) if length < size else b""
    try:
        places = sorted(entry["data_offsets"] for name, entry in json.loads(header).items() if name != "__metadata__")
        spans = [span for start, stop in places for span in _spans(8 + length + start, 8 + length + stop)]
    except (ValueError, TypeError, KeyError, AttributeError):  # damaged, as loading it will say
        return of_file(path)
    return files.fingerprint({"size": size, "header": header.hex(), "parts": list(_parts(path, spans))})


def _spans(start: int, stop: int) -> Iterator[tuple[int, int]]:
    width = min(NARROW, stop - start)
    for index in range(FEW):
        yield start + (stop - start - width) * index // (FEW - 1), width


def _parts(path: Path, spans: Iterable[tuple[int, int]]) -> Iterator[str]:
    with path.open("rb") as file:
        for start, width in spans:
            file.seek(start)
            yield file.read(width).hex()
