"""Admission of adapters: a folder is checked whole before any loader sees it.

peft loads NaN, wrong bases and missing tensors without a word, and runs for hours on a pattern (see
docs/admission.md). Here every file, every key, the header and every number of an adapter is looked at first, with
the standard library and numpy alone. What cannot be seen this way is what an adapter was taught.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domaintune.adapters import contents, lora_config, origin, safetensors_header, strict_json, values
from domaintune.adapters.contents import CONFIG, MANIFEST, ROUTING, WEIGHTS, OpenFile
from domaintune.adapters.lora_config import LoraLayer
from domaintune.adapters.refusals import AdmissionError, Sentence
from domaintune.adapters.safetensors_header import Tensor
from domaintune.adapters.shape import BaseShape
from domaintune.errors import nearest

__all__ = ["AdmissionError", "Admitted", "Rules", "admit"]

PREFIX = "base_model.model."
DTYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How much of everything is admitted; `norms` is a band for the norm of the whole update, such as others have.

    `max_change` bounds the quadratic mean by which the weights of one layer are changed: trained weights are
    themselves between 0.01 and 0.1, so a change of 1 leaves nothing of them. `max_factor` bounds the quadratic mean of
    each factor: one that is huge beside a tiny one overflows on its way, however small their product is.
    `max_projector` bounds that of each matrix of a projector, which is there whole, so that its change is not known.
    """

    max_rank: int = 512
    max_scale: float = 64.0
    max_bytes: int = 2 * 1024**3
    max_change: float = 1.0
    max_factor: float = 100.0
    max_projector: float = 2.0
    approved_templates: frozenset[str] = frozenset()
    norms: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """What was found in a folder: nothing else was, and the bytes are those of `files` (SHA-256 by name).

    `rank` is the largest of all layers, `targets` their paths, `norm` the Frobenius norm of the whole update.
    `parameters` counts all numbers, and `projector` those among them of a projector that the adapter carries.
    """

    rank: int
    targets: tuple[str, ...]
    parameters: int
    bytes: int
    dtype: str
    norm: float
    files: Mapping[str, str]
    manifest: Mapping[str, Any] | None
    config: Mapping[str, Any]
    projector: int = 0


DEFAULT_RULES = Rules()


def admit(folder: Path, base: BaseShape, rules: Rules = DEFAULT_RULES) -> Admitted:
    """Check an adapter folder for a base model and tell what is in it; AdmissionError where it is refused."""
    name = folder.absolute().name
    try:
        with contents.opened(folder, rules.max_bytes) as files:
            return _admit(files, base, rules)
    except AdmissionError as error:
        raise error.of(name) from None
    except OSError as error:
        problem = Sentence(error.strerror or type(error).__name__)
        raise AdmissionError("unreadable", adapter=name, file=str(folder), problem=problem) from None


def _admit(files: Mapping[str, OpenFile], base: BaseShape, rules: Rules) -> Admitted:
    config = strict_json.parse(files[CONFIG].read(), CONFIG)
    lora_config.check_keys(config)
    manifest = origin.read_manifest(files[MANIFEST]) if MANIFEST in files else None
    origin.check_base(config, manifest, base)
    layers = lora_config.layers(config, base)
    lora_config.check_ranges(config, layers, rules.max_rank, rules.max_scale)
    saved = {f"{PREFIX}{path}": shape for path, shape in lora_config.saved(config, base).items()}
    tensors = safetensors_header.read(files[WEIGHTS], 2 * len(layers) + len(saved))
    _check_tensors(tensors, _factor_shapes(layers, base), saved)
    origin.check_templates(files, manifest, rules.approved_templates, base.template)
    hashes = {name: file.sha256() for name, file in files.items()}
    if manifest is not None:
        origin.check_files(files, hashes, manifest)
    _check_routing(files.get(ROUTING))
    _check_projector(files[WEIGHTS], [tensors[name] for name in saved], rules)
    norm = _check_update(files[WEIGHTS], tensors, layers, base, rules)
    _check_norm(norm, rules, alone=not saved)
    for file in files.values():
        file.check_unchanged()
    return Admitted(
        rank=max(layer.rank for layer in layers),
        targets=tuple(layer.module for layer in layers),
        parameters=sum(math.prod(tensor.shape) for tensor in tensors.values()),
        bytes=sum(file.size for file in files.values()),
        dtype=DTYPES[tensors[_factors(layers[0])[0]].dtype],
        norm=norm,
        files=hashes,
        manifest=manifest,
        config=config,
        projector=sum(math.prod(shape) for shape in saved.values()),
    )


def _factors(layer: LoraLayer) -> tuple[str, str]:
    """Return the names of A and B of a layer, as peft writes them."""
    return f"{PREFIX}{layer.module}.lora_A.weight", f"{PREFIX}{layer.module}.lora_B.weight"


def _factor_shapes(layers: Iterable[LoraLayer], base: BaseShape) -> dict[str, tuple[int, ...]]:
    wanted: dict[str, tuple[int, ...]] = {}
    for layer in layers:
        out_features, in_features = base.linears[layer.module]
        down, up = _factors(layer)
        wanted |= {down: (layer.rank, in_features), up: (out_features, layer.rank)}
    return wanted


def _check_tensors(
    tensors: Mapping[str, Tensor], factors: Mapping[str, tuple[int, ...]], saved: Mapping[str, tuple[int, ...]]
) -> None:
    """Refuse anything but exactly the factors of the adapted layers and the projector, in their shapes.

    Either is in one dtype; they may differ, as peft widens the factors of a model in 16 bits and not the projector.
    """
    wanted = {**factors, **saved}
    for name, tensor in tensors.items():
        if name not in wanted:
            raise AdmissionError("tensor_unknown", name=name, nearest=Sentence(nearest(name[:200], wanted)))
        if tensor.shape != wanted[name]:
            raise AdmissionError("tensor_shape", name=name, shape=tensor.shape, wanted=wanted[name])
    for name in wanted:
        if name not in tensors:
            raise AdmissionError("tensor_missing", name=name)
    for part in (factors, saved):
        dtypes = sorted({tensors[name].dtype for name in part})
        if len(dtypes) > 1:
            raise AdmissionError("tensor_dtypes_differ", names=Sentence(", ".join(dtypes)))


def _check_routing(file: OpenFile | None) -> None:
    """Look at the vectors that a package may bring for routing: numbers, and finite ones."""
    if file is not None:
        for tensor in safetensors_header.read(file, 2).values():
            values.check_finite(file, tensor)


def _check_update(
    file: OpenFile, tensors: Mapping[str, Tensor], layers: Iterable[LoraLayer], base: BaseShape, rules: Rules
) -> float:
    """Return the norm of the whole update, once it is known to be finite and in no layer too much."""
    total = 0.0
    for layer in layers:
        down, up = (tensors[name] for name in _factors(layer))
        squares = values.squared_norms(file, down, up)
        change = values.root_mean_square(squares.product, layer.scale, math.prod(base.linears[layer.module]))
        if change > rules.max_change:
            raise AdmissionError("change_too_large", name=layer.module, change=change, limit=rules.max_change)
        for tensor, squared in ((down, squares.down), (up, squares.up)):
            mean = values.root_mean_square(squared, 1, math.prod(tensor.shape))
            if mean > rules.max_factor:
                raise AdmissionError("factor_too_large", name=tensor.name, mean=mean, limit=rules.max_factor)
        total += layer.scale**2 * squares.product
    return math.sqrt(total)


def _check_norm(norm: float, rules: Rules, *, alone: bool) -> None:
    """Refuse an update that is nothing, where nothing else is there (`alone`), or unlike those that others have."""
    if norm == 0 and alone:
        raise AdmissionError("changes_nothing")
    if norm and rules.norms and not rules.norms[0] <= norm <= rules.norms[1]:
        raise AdmissionError("norm_out_of_band", norm=norm, low=rules.norms[0], high=rules.norms[1])


def _check_projector(file: OpenFile, tensors: Iterable[Tensor], rules: Rules) -> None:
    """Refuse a projector through which no picture is seen, or whose numbers run out of range."""
    for tensor in tensors:
        squared = values.squared_norm(file, tensor)
        is_matrix = len(tensor.shape) > 1
        if is_matrix and squared == 0:
            raise AdmissionError("projector_is_zero", name=tensor.name)
        mean = values.root_mean_square(squared, 1, max(1, math.prod(tensor.shape)))
        limit = rules.max_projector if is_matrix else rules.max_factor
        if mean > limit:
            raise AdmissionError("projector_too_large", name=tensor.name, mean=mean, limit=limit)
