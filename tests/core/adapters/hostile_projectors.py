"""Adapter folders with a projector that must be refused: what is done to a good one, and the code that must come of it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from hostile_adapters import WEIGHTS, Adapter, Case, as_dtype, put, renamed
from projecting import CONNECTOR, TARGETS

from domaintune.adapters.admission import DEFAULT_RULES, Rules

CASES: list[Case] = []
OWN = f"base_model.model.{CONNECTOR}."
"""How peft begins the names of the projector's tensors."""
Make = Callable[[Adapter], Any]


def add(code: str, made: Mapping[str, Make], rules: Rules = DEFAULT_RULES) -> None:
    CASES.extend(Case(name, code, make, rules) for name, make in made.items())


def add_settings(code: str, *changes: dict[str, Any]) -> None:
    add(code, {f"config {ascii(c)[:90]}": lambda a, c=c: a.set(**c) for c in changes})


def beside(name: str, shape: list[int]) -> Make:
    """Put another tensor behind the others."""

    def put_beside(a: Adapter) -> None:
        a.tensors = {**a.tensors, name: ("F32", shape, bytes(4 * math.prod(shape)))}

    return put_beside


def without(name: str) -> Make:
    def leave_out(a: Adapter) -> None:
        assert name in a.tensors
        a.tensors = {key: tensor for key, tensor in a.tensors.items() if key != name}

    return leave_out


def shaped(name: str, *shape: int) -> Make:
    """Give a tensor of the projector another shape, with as many bytes as that needs."""

    def reshape(a: Adapter) -> None:
        dtype, _, data = a.tensors[OWN + name]
        size = 4 * math.prod(shape)
        a.tensors = {**a.tensors, OWN + name: (dtype, list(shape), (data * (1 + size // len(data)))[:size])}

    return reshape


def numbers(name: str, change: Callable[[np.ndarray], Any]) -> Make:
    return lambda a: a.values(change, which=OWN + name)


# --- what adapter_config.json says of it -----------------------------------------------------------------------------

add_settings(
    "config_modules_to_save",
    {"modules_to_save": CONNECTOR}, {"modules_to_save": [CONNECTOR, "lm_head"]}, {"modules_to_save": [CONNECTOR] * 2},
    {"modules_to_save": [CONNECTOR, "multi_modal_projector"]}, {"modules_to_save": [None]}, {"modules_to_save": True},
    {"modules_to_save": [[CONNECTOR]]}, {"modules_to_save": {CONNECTOR: True}},
)  # fmt: skip
add_settings(
    "saved_not_projector",
    *(
        {"modules_to_save": [name]}
        for name in (
            "lm_head", "embed_tokens", "model.language_model.embed_tokens", "model.vision_tower", "vision_tower",
            "model.language_model", "model", "", "projector", "linear_1", f"{CONNECTOR}.linear_1",
            f"base_model.{CONNECTOR}", CONNECTOR.upper(), f"{CONNECTOR} ", "multi_modal_projector.", ".*projector",
            "(([a-z])+.)+[A-Z]$", "x" * 90_000,
            "multi_modal_pr\u043ejector",
        )
    ),
)  # fmt: skip
add_settings(
    "target_sees",
    {"target_modules": ["q_proj", "v_proj"]}, {"target_modules": ["fc1"]}, {"target_modules": ["linear_1"]},
    {"target_modules": [*TARGETS, f"{CONNECTOR}.linear_2"]}, {"target_modules": [*TARGETS, "out_proj"]},
    {"target_modules": [*TARGETS, "model.vision_tower.encoder.layers.0.self_attn.q_proj"]},
)  # fmt: skip
add_settings("config_exclude_modules", {"exclude_modules": ["vision_tower"]}, {"exclude_modules": ".*vision_tower.*"})
add_settings("config_target_modules", {"target_modules": ".*language_model.*q_proj"})
add_settings("target_unknown", {"target_modules": ["language_model.model.layers.0.self_attn.q_proj"]})
add_settings("tensor_unknown", {"modules_to_save": None}, {"modules_to_save": []})

# --- which tensors there are ----------------------------------------------------------------------------------------

add(
    "tensor_missing",
    {
        "a bias is missing": without(f"{OWN}linear_1.bias"),
        "a weight is missing": without(f"{OWN}linear_2.weight"),
        "the whole projector is missing": lambda a: setattr(
            a, "tensors", {name: tensor for name, tensor in a.tensors.items() if OWN not in name}
        ),
        "factors are missing beside the projector": lambda a: setattr(
            a, "tensors", {name: tensor for name, tensor in a.tensors.items() if "lora_B" not in name}
        ),
    },
)
add(
    "tensor_unknown",
    {
        "a third layer": beside(f"{OWN}linear_3.weight", [32, 32]),
        "an empty tensor": beside(f"{OWN}linear_1.extra", [0]),
        "a scalar": beside(f"{OWN}scale", []),
        "the tower's own weights": beside("base_model.model.model.vision_tower.post_layernorm.weight", [16]),
        "the head": beside("base_model.model.lm_head.weight", [293, 32]),
        "the embedding": beside("base_model.model.model.language_model.embed_tokens.weight", [1, 32]),
        "the projector of another name": renamed("multi_modal_projector", "mm_projector"),
        "LLaVA's own name": renamed(OWN, "base_model.model.model.mm_projector."),
        "no prefix": renamed(OWN, f"{CONNECTOR}."),
        "another prefix": renamed(OWN, f"model.base_model.{CONNECTOR}."),
        "the prefix twice": renamed(OWN, f"base_model.model.{OWN}"),
        "as peft holds it": renamed(OWN, f"{OWN}modules_to_save.default."),
        "as the base's own": renamed(OWN, f"{OWN}original_module."),
        "an older name": renamed("base_model.model.model.multi", "base_model.model.multi"),
        "factors of the projector": beside(f"{OWN}linear_1.lora_A.weight", [2, 16]),
        "a name of another alphabet": renamed("linear_2.bias", "linear_2.bi\u0430s"),
    },
)
add(
    "tensor_shape",
    {
        "of a smaller tower": shaped("linear_1.weight", 32, 8),
        "of a larger tower": shaped("linear_1.weight", 32, 1024),
        "of a larger language model": shaped("linear_2.weight", 64, 32),
        "turned round": shaped("linear_1.weight", 16, 32),
        "flat": shaped("linear_1.weight", 512),
        "a bias as a matrix": shaped("linear_2.bias", 1, 32),
        "a bias too short": shaped("linear_2.bias", 31),
        "no number in it": shaped("linear_2.weight", 0, 32),
        "five dimensions": shaped("linear_1.weight", 1, 1, 1, 32, 16),
    },
)


def twice(a: Adapter) -> None:
    """Describe a tensor of the projector twice."""
    data = (a.folder / WEIGHTS).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = data[8 : 8 + length].rstrip()
    entry = json.dumps(json.loads(header)[f"{OWN}linear_1.bias"])
    a.raw_header(header[:-1] + f', "{OWN}linear_1.bias": {entry}}}'.encode(), data[8 + length :])


def shared(a: Adapter) -> None:
    """Let the two biases share their bytes."""
    a.header(lambda h: h[f"{OWN}linear_1.bias"].update(data_offsets=h[f"{OWN}linear_2.bias"]["data_offsets"]))


def cut_off(count: int) -> Make:
    return lambda a: a.write(WEIGHTS, (a.folder / WEIGHTS).read_bytes()[:-count])


def in_sixteen_bits(which: str) -> Make:
    """Write some tensors in float16 and leave the others."""

    def narrow(a: Adapter) -> None:
        a.tensors = {
            name: ("F16", shape, as_dtype(np.frombuffer(data, np.float32), "F16"))
            if which in name
            else (dtype, shape, data)
            for name, (dtype, shape, data) in a.tensors.items()
        }

    return narrow


add("json_duplicate_key", {"a tensor of the projector twice": twice})
add("tensor_offsets", {"two biases on the same bytes": shared})
add("file_length", {"the last four bytes are missing": cut_off(4), "the last kilobyte is missing": cut_off(1024)})
add(
    "header_truncated",
    {"cut off inside the header": lambda a: a.write(WEIGHTS, (a.folder / WEIGHTS).read_bytes()[:500])},
)
add(
    "tensor_dtypes_differ",
    {
        "one bias in float16": in_sixteen_bits("linear_1.bias"),
        "half of the factors in float16": in_sixteen_bits("lora_A"),
    },
)
add("tensor_dtype", {"in whole numbers": lambda a: a.header(lambda h: h[f"{OWN}linear_1.weight"].update(dtype="I32"))})

# --- the numbers ----------------------------------------------------------------------------------------------------

add(
    "weights_not_finite",
    {
        "NaN in a weight": numbers("linear_1.weight", put(math.nan, 7)),
        "NaN in a bias": numbers("linear_2.bias", put(math.nan, 31)),
        "infinity in a weight": numbers("linear_2.weight", put(math.inf)),
        "minus infinity in a bias": numbers("linear_1.bias", put(-math.inf)),
        "all NaN": numbers("linear_1.weight", lambda n: n * np.float32(math.nan)),
    },
)
add(
    "projector_too_large",
    {
        "a hundred times too large": numbers("linear_1.weight", lambda n: n * np.float32(1000)),
        "one number is huge": numbers("linear_2.weight", put(3e38)),
        "all as large as can be": numbers("linear_2.weight", lambda n: np.full_like(n, 3e38)),
        "a bias too large": numbers("linear_1.bias", lambda n: n + np.float32(1e4)),
    },
)
add("projector_too_large", {"larger than the rules allow": lambda _: None}, Rules(max_projector=1e-3))
add(
    "projector_is_zero",
    {
        "a weight of zeros": numbers("linear_1.weight", np.zeros_like),
        "a weight of minus zeros": numbers("linear_2.weight", lambda n: np.full_like(n, -0.0)),
    },
)
add("change_too_large", {"factors too large beside it": lambda a: a.values(lambda n: n * np.float32(1000))})

# --- what lies beside it, and where it comes from -------------------------------------------------------------------

PROCESSOR = "preprocessor_config.json"
add(
    "file_too_large",
    {
        "a large preprocessor": lambda a: a.sparse(PROCESSOR, 1 << 20),
        "a large processor": lambda a: a.sparse("processor_config.json", 1 << 30),
    },
)
add(
    "file_unknown",
    {f"file {name!r}": lambda a, name=name: a.write(name) for name in ("mm_projector.safetensors", "a.jpg")},
)
add(
    "pickle",
    {
        "LLaVA's own projector": lambda a: a.write("mm_projector.bin"),
        "non_lora_trainables.bin": lambda a: a.write("non_lora_trainables.bin"),
    },
)
add("json_syntax", {"a processor that is no JSON": lambda a: a.write(PROCESSOR, b"size: 24")})
add("json_depth", {"a deep processor": lambda a: a.write(PROCESSOR, b'{"a":' * 10_000)})
add("json_duplicate_key", {"a processor with a key twice": lambda a: a.write(PROCESSOR, b'{"size": 1, "size": 2}')})
add(
    "tokenizer_with_code",
    {
        "a processor with code": lambda a: a.write(PROCESSOR, json.dumps({"auto_map": {"AutoImageProcessor": "x.P"}})),
        "a part of a processor with code": lambda a: a.write(
            "processor_config.json", json.dumps({"image_processor": {"auto_map": {"AutoImageProcessor": "x.P"}}})
        ),
    },
)
add(
    "template_not_approved",
    {"a template in a processor": lambda a: a.write("processor_config.json", json.dumps({"chat_template": "{{ 1 }}"}))},
)
add(
    "template_not_text",
    {"a template that is none": lambda a: a.write("processor_config.json", b'{"chat_template": 1}')},
)
add(
    "file_changed",
    {"the projector changed after the manifest": lambda a: (a.package(), numbers("linear_1.bias", put(0.01))(a))},
)
add("file_not_listed", {"a processor added later": lambda a: (a.package(), a.write(PROCESSOR, b"{}"))})
add("wrong_base", {"another base's manifest": lambda a: a.package(base={"fingerprint": "0" * 16, "reads": "images"})})
add_settings("wrong_base", {"base_model_name_or_path": "llava-hf/llava-1.5-7b-hf"})
