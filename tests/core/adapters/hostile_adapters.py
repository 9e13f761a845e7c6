"""Adapter folders that must be refused: what is done to a good one, and the code that must come of it."""

from __future__ import annotations

import json
import math
import os
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from domaintune import files
from domaintune.adapters.admission import DEFAULT_RULES, Rules
from domaintune.adapters.config_keys import KEYS
from domaintune.adapters.shape import BaseShape

CONFIG, WEIGHTS, MANIFEST = "adapter_config.json", "adapter_model.safetensors", "domaintune.json"
NUMBERS = {"F32": np.float32, "F16": np.float16}
Tensors = dict[str, tuple[str, list[int], bytes]]


class Adapter:
    """An adapter folder, and tools to spoil it."""

    def __init__(self, folder: Path, base: BaseShape) -> None:
        self.folder, self.base = folder, base

    @property
    def config(self) -> dict[str, Any]:
        return json.loads((self.folder / CONFIG).read_text())

    def set(self, **changes: Any) -> None:
        """Change keys of the configuration."""
        (self.folder / CONFIG).write_text(json.dumps({**self.config, **changes}))

    def drop(self, key: str) -> None:
        (self.folder / CONFIG).write_text(json.dumps({k: v for k, v in self.config.items() if k != key}))

    def replace(self, old: str, new: str, name: str = CONFIG) -> None:
        """Change the text of a file, where JSON cannot say what is wanted."""
        text = (self.folder / name).read_text()
        assert old in text
        (self.folder / name).write_text(text.replace(old, new, 1))

    def write(self, name: str, data: bytes | str = b"x") -> None:
        (self.folder / name).write_bytes(data.encode() if isinstance(data, str) else data)

    def sparse(self, name: str, size: int) -> None:
        """Make a file look large without writing it."""
        with (self.folder / name).open("ab") as file:
            file.truncate(size)

    def link(self, name: str, target: str | Path) -> None:
        (self.folder / name).unlink(missing_ok=True)
        (self.folder / name).symlink_to(target)

    @property
    def tensors(self) -> Tensors:
        return read_weights(self.folder / WEIGHTS)

    @tensors.setter
    def tensors(self, tensors: Tensors) -> None:
        self.write(WEIGHTS, weights(tensors))

    def header(self, change: Callable[[dict[str, Any]], Any]) -> None:
        """Change the header and leave the bytes after it."""
        data = (self.folder / WEIGHTS).read_bytes()
        length = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8 : 8 + length])
        change(header)
        self.raw_header(json.dumps(header).encode(), data[8 + length :])

    def raw_header(self, header: bytes, body: bytes = b"", length: int | None = None) -> None:
        self.write(WEIGHTS, struct.pack("<Q", len(header) if length is None else length) + header + body)

    def values(self, change: Callable[[np.ndarray], Any], which: str = "lora_B", index: int = 0) -> None:
        """Change the numbers of one tensor."""
        tensors = self.tensors
        name = [name for name in tensors if which in name][index]
        dtype, shape, data = tensors[name]
        numbers = np.frombuffer(data, NUMBERS.get(dtype, np.uint16)).copy().reshape(shape)
        changed = change(numbers)
        tensors[name] = (dtype, shape, (numbers if changed is None else changed).tobytes())
        self.tensors = tensors

    def cast(self, dtype: str) -> None:
        """Write the weights in another dtype."""
        self.tensors = {
            name: (dtype, shape, as_dtype(np.frombuffer(data, np.float32), dtype))
            for name, (_, shape, data) in self.tensors.items()
        }

    def package(self, **changes: Any) -> None:
        """Add a manifest such as the pack stage writes, for the files as they are now."""
        (self.folder / MANIFEST).unlink(missing_ok=True)
        listed = files.folder_hashes(self.folder)
        listed.pop("README.md", None)
        base = {"fingerprint": self.base.fingerprint, "published_as": self.base.published_as}
        manifest = {"schema_version": 1, "base": base, "template_fingerprint": self.base.template, "files": listed}
        files.write_json(self.folder / MANIFEST, {**manifest, **changes})

    def manifest(self, change: Callable[[dict[str, Any]], Any]) -> None:
        self.package()
        manifest = files.read_json(self.folder / MANIFEST)
        change(manifest)
        files.write_json(self.folder / MANIFEST, manifest)


def read_weights(path: Path) -> Tensors:
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    body = data[8 + length :]
    return {name: (e["dtype"], e["shape"], body[slice(*e["data_offsets"])]) for name, e in header.items()}


def weights(tensors: Tensors) -> bytes:
    """Write a safetensors file, whether or not its shapes and bytes fit each other."""
    header, body = {}, b""
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def as_dtype(numbers: np.ndarray, dtype: str) -> bytes:
    if dtype == "BF16":
        return (numbers.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return numbers.astype(NUMBERS[dtype]).tobytes()


@dataclass(frozen=True)
class Case:
    """One hostile folder."""

    name: str
    code: str
    make: Callable[[Adapter], Any]
    rules: Rules = DEFAULT_RULES


CASES: list[Case] = []
QUANTIFIED = "(([a-z])+.)+[A-Z]([a-z])+$"


def case(code: str, name: str, rules: Rules | None = None) -> Callable[[Callable[[Adapter], Any]], None]:
    """Take a function that spoils an adapter into the table."""

    def take(make: Callable[[Adapter], Any]) -> None:
        CASES.append(Case(name, code, make, rules or DEFAULT_RULES))

    return take


def add(code: str, made: Mapping[str, Callable[[Adapter], Any]]) -> None:
    CASES.extend(Case(name, code, make) for name, make in made.items())


def add_file(code: str, *names: str) -> None:
    add(code, {f"file {name!r}": lambda a, name=name: a.write(name) for name in names})


def add_settings(code: str, *changes: dict[str, Any]) -> None:
    add(code, {f"config {ascii(c)[:60]}": lambda a, c=c: a.set(**c) for c in changes})


# --- the folder -----------------------------------------------------------------------------------------------------

add_file(
    "pickle", "adapter_model.bin", "training_args.bin", "optimizer.pt", "rng_state.pth", "x.pkl", "MODEL.PKL",
    "x.pickle", "model.ckpt", "x.joblib", "weights.npz",
)  # fmt: skip
add_file("program", "modeling.py", "setup.PY", "x.pyc", "lib.so", "x.dll", "run.sh", "notebook.ipynb", "x.exe")
add_file(
    "file_unknown", "model.gguf", "model.onnx", "adapter.zip", "config.yaml", "Adapter_Config.json", "..json",
    "adapter_model.safetensors.tmp", "adapter_model-00001-of-00002.safetensors", "\x1b[2Jx.txt", "conf\udcff.json",
    "ad\u0430pter_config.json", "model.safetensors", "adapter_config.json\u202e",
)  # fmt: skip
add(
    "symlink",
    {
        "weights lead to a system file": lambda a: a.link(WEIGHTS, "/etc/passwd"),
        "configuration leads out": lambda a: a.link(CONFIG, "../../elsewhere.json"),
        "a link to nowhere": lambda a: a.link("README.md", "/nowhere"),
        "a link to a folder": lambda a: a.link("tokenizer.json", "/etc"),
        "a link to itself": lambda a: a.link("LICENSE", "LICENSE"),
        "a link to a file beside it": lambda a: (a.folder / "README.md").unlink() or a.link("README.md", CONFIG),
        "the manifest is a link": lambda a: a.link(MANIFEST, "/dev/zero"),
    },
)
add(
    "subfolder",
    {
        f"folder {name!r}": lambda a, name=name: (a.folder / name).mkdir()
        for name in ("checkpoint-10", ".git", "__pycache__", "tokenizer.json", "additional_chat_templates")
    },
)


def in_place(name: str, make: Callable[[Path], Any]) -> Callable[[Adapter], Any]:
    def replace(adapter: Adapter) -> None:
        (adapter.folder / name).unlink(missing_ok=True)
        make(adapter.folder / name)

    return replace


def bind(path: Path) -> None:
    """Leave a socket; its path is too long to bind from afar."""
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(path.parent)
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.fchdir(here)
        os.close(here)


add(
    "not_a_regular_file",
    {
        "a pipe as configuration": in_place(CONFIG, os.mkfifo),
        "a pipe as weights": in_place(WEIGHTS, os.mkfifo),
        "a pipe as README": in_place("README.md", os.mkfifo),
        "a pipe with a strange name": in_place("x.pkl", os.mkfifo),
        "a socket": in_place("README.md", bind),
    },
)
add(
    "file_missing",
    {
        "no configuration": lambda a: (a.folder / CONFIG).unlink(),
        "no weights": lambda a: (a.folder / WEIGHTS).unlink(),
        "an empty folder": lambda a: [path.unlink() for path in a.folder.iterdir()],
    },
)
add(
    "file_too_large",
    {
        f"{name} of {size:,} bytes": lambda a, name=name, size=size: a.sparse(name, size)
        for name, size in {
            WEIGHTS: 3 << 30, CONFIG: 5 << 30, MANIFEST: 2 << 20, "README.md": 1 << 40, "tokenizer.json": 64 << 20,
            "chat_template.jinja": 1 << 20, "loss.png": 100 << 20, "routing.safetensors": 1 << 30,
        }.items()
    },
)  # fmt: skip
add("folder_too_large", {"many pictures": lambda a: [a.sparse(f"{n}.png", 7 << 20) for n in range(20)]})
add("too_many_files", {"a thousand pictures": lambda a: [a.write(f"{n}.png") for n in range(1000)]})


@case("not_a_folder", "it is not there")
def _(a: Adapter) -> None:
    a.folder = a.folder / "nowhere"


@case("not_a_folder", "it is a file")
def _(a: Adapter) -> None:
    a.folder = a.folder / CONFIG


@case("not_a_folder", "a NUL in its name")
def _(a: Adapter) -> None:
    a.folder = a.folder.with_name("a\0b")


@case("unreadable", "a name longer than names can be")
def _(a: Adapter) -> None:
    a.folder = a.folder.with_name("a" * 5000)


# --- JSON -----------------------------------------------------------------------------------------------------------


def add_json(code: str, made: Mapping[str, bytes]) -> None:
    add(code, {f"JSON: {name}": lambda a, data=data: a.write(CONFIG, data) for name, data in made.items()})


add_json(
    "json_syntax",
    {
        "empty": b"",
        "words": b"hello",
        "a comma too many": b'{"r": 4,}',
        "single quotes": b"{'r': 4}",
        "cut off": b'{"peft_type": "LORA", "r"',
        "NUL bytes": b"\0" * 1000,
        "a text without end": b'{"' + b'\\"' * 400_000,
        "a text that ends in a backslash": b'{"' + b'\\"' * 400_000 + b"\\",
        "two objects": b"{}{}",
        "a comment": b'{"r": 4 /* rank */}',
        "a raw line end in a text": b'{"r": "\n"}',
        "closing brackets": b"]" * 100_000,
    },
)
add_json("json_not_an_object", {"a list": b"[]", "a text": b'"LORA"', "null": b"null", "a number": b"12"})
add_json(
    "json_depth",
    {"a depth bomb": b"[" * 100_000, "objects": b'{"a":' * 40 + b"1" + b"}" * 40, "33 lists": b"[" * 33 + b"]" * 33},
)
add_json(
    "json_encoding",
    {"UTF-16": '{"r": 4}'.encode("utf-16"), "a byte mark": b'\xef\xbb\xbf{"r": 4}', "Latin-1": b'{"r": "\xe9"}'},
)
add_json("json_too_many_values", {"lists": b'{"r": [' + b"[]," * 300_000 + b"0]}", "commas": b"," * 900_000})
add_json("json_text", {"a lone surrogate": b'{"r": "\\ud800"}', "one as a key": b'{"\\udfff": 1}'})
add(
    "json_number",
    {
        f"lora_alpha = {text[:12]}": lambda a, text=text: a.replace('"lora_alpha": 8', f'"lora_alpha": {text}')
        for text in ("NaN", "Infinity", "-Infinity", "1e400", "-1e999", "9" * 5000, "1" + "0" * 40)
    },
)
add(
    "json_duplicate_key",
    {
        "r twice": lambda a: a.replace('"r": 4', '"r": 4, "r": 400'),
        "r twice, once escaped": lambda a: a.replace('"r": 4', '"r": 4, "\\u0072": 400'),
        "target_modules twice": lambda a: a.replace('"r": 4', f'"r": 4, "target_modules": "{QUANTIFIED}"'),
        "twice inside": lambda a: a.replace('"rank_pattern": {}', '"rank_pattern": {"q_proj": 4, "q_proj": 2}'),
    },
)

# --- adapter_config.json --------------------------------------------------------------------------------------------

add_settings(
    "config_key_unknown", {"rnak": 4}, {"runtime_config": {}}, {"__class__": "os"}, {"trust_remote_code": True}, {"": 1}
)
add("config_key_missing", {f"no {key}": lambda a, key=key: a.drop(key) for key in KEYS if KEYS[key].required})
UNSET: dict[str, Any] = {
    "auto_mapping": {"base_model_class": "X", "parent_library": "os"}, "layer_replication": [[0, 2]] * 2000,
    "megatron_config": {"tensor_model_parallel_size": 1}, "megatron_core": "os",
    "modules_to_save": ["lm_head", "embed_tokens"],
    "trainable_token_indices": [1, 2], "target_parameters": ["mlp.experts"], "exclude_modules": QUANTIFIED,
    "layers_to_transform": [0], "layers_pattern": QUANTIFIED, "fan_in_fan_out": True, "ensure_weight_tying": True,
    "lora_bias": True, "use_dora": True, "use_qalora": True, "qalora_group_size": 32, "use_bdlora": {"nblocks": 2},
    "velora_config": {"rank": 1}, "monteclora_config": {"num_samples": 8}, "kasa_config": {"beta": 1},
    "arrow_config": {"top_k": 3}, "alora_invocation_tokens": [1], "loftq_config": {"loftq_bits": 4},
    "eva_config": {"rho": 2.0}, "corda_config": {"cache_file": "/etc/passwd"}, "lora_ga_config": {"scale": "stable"},
}  # fmt: skip
for key, value in UNSET.items():
    add_settings(f"config_{key}", {key: value})
add_settings(
    "config_modules_to_save", {"modules_to_save": "lm_head"}, {"modules_to_save": [1]}, {"modules_to_save": {"a": 1}}
)
add_settings(
    "saved_without_projector", {"modules_to_save": ["lm_head"]}, {"modules_to_save": ["model.multi_modal_projector"]}
)
add_settings("config_peft_type", {"peft_type": "LOHA"}, {"peft_type": None}, {"peft_type": ["LORA"]})
add_settings("config_task_type", {"task_type": "SEQ_CLS"}, {"task_type": 1})
add_settings("config_r", {"r": True}, {"r": "4"}, {"r": 4.0}, {"r": None}, {"r": [4]})
add_settings("config_lora_alpha", {"lora_alpha": "8"}, {"lora_alpha": None}, {"lora_alpha": True})
add_settings(
    "config_target_modules",
    {"target_modules": QUANTIFIED}, {"target_modules": "all-linear"}, {"target_modules": "q_proj"},
    {"target_modules": None}, {"target_modules": []}, {"target_modules": [1]}, {"target_modules": {"q_proj": 1}},
)  # fmt: skip
add_settings(
    "target_not_plain",
    {"target_modules": [QUANTIFIED]}, {"target_modules": ["q_proj", ".*"]}, {"target_modules": ["q_proj|v_proj"]},
    {"target_modules": [""]}, {"target_modules": ["q_proj\n"]}, {"target_modules": ["../q_proj"]},
    {"target_modules": ["a" * 257]}, {"target_modules": [".q_proj"]}, {"target_modules": ["q__proj", "^v_proj$"]},
    {"target_modules": ["q\u200b_proj"]},
)  # fmt: skip
add_settings(
    "target_unknown",
    {"target_modules": ["q_porj"]}, {"target_modules": ["q_proj", "v_proj", "embed_tokens"]},
    {"target_modules": ["self_attn"]}, {"target_modules": ["norm"]}, {"target_modules": ["proj"]},
    {"target_modules": ["model.layers.7.self_attn.q_proj"]}, {"target_modules": [f"x{n}" for n in range(60_000)]},
)  # fmt: skip
add_settings(
    "pattern_not_plain",
    {"rank_pattern": {QUANTIFIED: 4}}, {"alpha_pattern": {QUANTIFIED: 8}}, {"rank_pattern": {"": 4}},
    {"rank_pattern": {"^q_proj": 4}}, {"alpha_pattern": {"(?:q)_proj": 4}},
)  # fmt: skip
add_settings("pattern_unknown", {"rank_pattern": {"k_proj": 4}}, {"alpha_pattern": {"q_porj": 4}})
add_settings(
    "too_many_patterns",
    {"rank_pattern": {f"x{n}": 4 for n in range(50_000)}}, {"alpha_pattern": {f"x{n}": 4 for n in range(16)}},
)  # fmt: skip
add_settings("config_rank_pattern", {"rank_pattern": {"q_proj": "4"}}, {"rank_pattern": ["q_proj"]})
add_settings("config_alpha_pattern", {"alpha_pattern": {"q_proj": None}}, {"alpha_pattern": "q_proj"})
add_settings("config_use_rslora", {"use_rslora": "yes"}, {"use_rslora": 1})
add_settings("config_lora_dropout", {"lora_dropout": 1.5}, {"lora_dropout": -0.1}, {"lora_dropout": "0"})
add_settings(
    "config_init_lora_weights",
    *({"init_lora_weights": how} for how in ("pissa", "pissa_niter_100000", "olora", "corda", "loftq", "eva", 1, None)),
)
add_settings("config_bias", {"bias": "all"}, {"bias": "lora_only"}, {"bias": None})
add_settings("config_inference_mode", {"inference_mode": 1})
add_settings("config_base_model_name_or_path", {"base_model_name_or_path": 5}, {"base_model_name_or_path": "a" * 2000})
add_settings("config_revision", {"revision": ["main"]})
add_settings("config_peft_version", {"peft_version": "0.21\n\x1b[2J"})
add_settings(
    "rank_out_of_range",
    {"r": 0}, {"r": -4}, {"r": 1_000_000}, {"r": 513}, {"r": 10**19}, {"rank_pattern": {"q_proj": 1_000_000}},
    {"rank_pattern": {"q_proj": 0}},
)  # fmt: skip
add_settings(
    "scale_out_of_range",
    {"lora_alpha": 0}, {"lora_alpha": -8}, {"lora_alpha": 1e30}, {"lora_alpha": 300}, {"alpha_pattern": {"v_proj": 1e9}},
    {"lora_alpha": 1e300, "use_rslora": True},
)  # fmt: skip
add_settings("tensor_shape", {"r": 8}, {"rank_pattern": {"q_proj": 2}})
add_settings(
    "tensor_missing",
    {"target_modules": ["q_proj", "v_proj", "o_proj"]},
    {"target_modules": ["q_proj", "v_proj", "lm_head"]},
)
add_settings("tensor_unknown", {"target_modules": ["q_proj"]}, {"target_modules": ["model.layers.0.self_attn.q_proj"]})

# --- the header -----------------------------------------------------------------------------------------------------


def first(header: dict[str, Any]) -> dict[str, Any]:
    return next(entry for name, entry in header.items() if name != "__metadata__")


def swap(header: dict[str, Any], **changes: Any) -> None:
    first(header).update(changes)


def overlap(header: dict[str, Any]) -> None:
    """Let two tensors of one size share their bytes."""
    entries = [entry for name, entry in header.items() if "lora_A" in name]
    entries[1]["data_offsets"] = entries[0]["data_offsets"]


def shift(header: dict[str, Any]) -> None:
    for name, entry in header.items():
        if name != "__metadata__":
            entry["data_offsets"] = [offset + 4 for offset in entry["data_offsets"]]


def add_header(code: str, made: Mapping[str, Callable[[dict[str, Any]], Any]]) -> None:
    add(code, {f"header: {name}": lambda a, change=change: a.header(change) for name, change in made.items()})


add(
    "header_truncated",
    {
        "no byte of weights": lambda a: a.write(WEIGHTS, b""),
        "seven bytes of weights": lambda a: a.write(WEIGHTS, b"\1" * 7),
        "a header that the file has not": lambda a: a.raw_header(b"{}", length=5000),
        "an HTML page as weights": lambda a: a.write(WEIGHTS, b"\x40\0\0\0\0\0\0\0<html>"),
    },
)
add(
    "header_too_long",
    {
        "a header of 2**64 bytes": lambda a: a.raw_header(b"{}", length=2**64 - 1),
        "a header of 99 MB": lambda a: (a.raw_header(b"{}", length=99 << 20), a.sparse(WEIGHTS, 100 << 20)),
        "a million tensors": lambda a: a.raw_header(b'{"a":{},' * 1_000_000),
        "a pickle named safetensors": lambda a: a.write(WEIGHTS, b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x05posix."),
    },
)
add("json_syntax", {"a header that is no JSON": lambda a: a.raw_header(b"{'a': 1}")})
add("json_depth", {"a header of brackets": lambda a: a.raw_header(b"[" * 60_000)})
add("json_not_an_object", {"a header that is a list": lambda a: a.raw_header(b"[]")})
add("json_encoding", {"a header of odd bytes": lambda a: a.raw_header(b'{"\xff": {}}')})
add("json_number", {"a shape of 5,000 digits": lambda a: a.raw_header(b'{"a": {"shape": [' + b"9" * 5000 + b"]}}")})
add(
    "json_duplicate_key",
    {"a tensor twice": lambda a: a.raw_header(b'{"a": {"dtype": "F32"}, "a": {"dtype": "F16"}}')},
)
add_header(
    "header_metadata",
    {
        "metadata of numbers": lambda h: h.update(__metadata__={"format": 1}),
        "metadata as a list": lambda h: h.update(__metadata__=["pt"]),
    },
)
add_header(
    "header_entry",
    {
        "no dtype": lambda h: first(h).pop("dtype"),
        "a key too many": lambda h: swap(h, device="cuda:0"),
        "a list as entry": lambda h: h.update({next(iter(h)): []} if "__metadata__" not in h else {"a": []}),
        "a negative size": lambda h: swap(h, shape=[-4, 32]),
        "a size that is true": lambda h: swap(h, shape=[True, 32]),
        "a size with a point": lambda h: swap(h, shape=[4.0, 32]),
        "a hundred dimensions": lambda h: swap(h, shape=[1] * 100),
        "three offsets": lambda h: swap(h, data_offsets=[0, 1, 2]),
        "a negative offset": lambda h: swap(h, data_offsets=[-512, 0]),
        "dtype as a list": lambda h: swap(h, dtype=["F32"]),
    },
)
add_header(
    "tensor_dtype",
    {
        f"dtype {dtype}": lambda h, dtype=dtype: swap(h, dtype=dtype)
        for dtype in ("I8", "F64", "F8_E4M3", "", "f32", "BOOL")
    },
)
add_header(
    "tensor_offsets",
    {
        "two tensors on the same bytes": overlap,
        "a gap before the first": shift,
        "offsets the wrong way round": lambda h: swap(h, data_offsets=first(h)["data_offsets"][::-1]),
        "a declared terabyte": lambda h: swap(h, shape=[1 << 20, 1 << 20]),
        "a declared 2**80 numbers": lambda h: swap(h, shape=[1 << 40, 1 << 40]),
        "offsets far outside": lambda h: swap(h, data_offsets=[1 << 60, (1 << 60) + 512]),
        "half the width": lambda h: swap(h, dtype="F16"),
    },
)
add(
    "file_length",
    {
        "four bytes more": lambda a: a.write(WEIGHTS, (a.folder / WEIGHTS).read_bytes() + b"\0" * 4),
        "the last kilobyte cut off": lambda a: a.write(WEIGHTS, (a.folder / WEIGHTS).read_bytes()[:-1024]),
        "an archive behind the weights": lambda a: a.write(WEIGHTS, (a.folder / WEIGHTS).read_bytes() + b"PK\3\4" * 99),
        "a gigabyte of nothing behind": lambda a: a.sparse(WEIGHTS, 1 << 30),
        "a header without tensors": lambda a: a.raw_header(b"{}", b"\0" * 64),
    },
)


def renamed(old: str, new: str) -> Callable[[Adapter], None]:
    def rename(a: Adapter) -> None:
        a.tensors = {name.replace(old, new): entry for name, entry in a.tensors.items()}

    return rename


add(
    "tensor_unknown",
    {
        "no prefix": renamed("base_model.model.", ""),
        "with an adapter's name": renamed("lora_A.weight", "lora_A.default.weight"),
        "another layer": renamed("layers.1", "layers.9"),
        "upper case": renamed("lora_B", "LORA_B"),
        "the embedding beside": lambda a: setattr(
            a, "tensors", {**a.tensors, "base_model.model.model.embed_tokens.weight": ("F32", [1, 32], bytes(128))}
        ),
        "a DoRA magnitude beside": lambda a: setattr(
            a,
            "tensors",
            {
                **a.tensors,
                "base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector": ("F32", [32], bytes(128)),
            },
        ),
        "an empty tensor beside": lambda a: setattr(a, "tensors", {**a.tensors, "x": ("F32", [0], b"")}),
    },
)
add(
    "tensor_missing",
    {
        "one tensor less": lambda a: setattr(a, "tensors", dict(list(a.tensors.items())[1:])),
        "only A": lambda a: setattr(a, "tensors", {name: t for name, t in a.tensors.items() if "lora_A" in name}),
        "no tensor at all": lambda a: a.raw_header(b"{}"),
    },
)


def wider(a: Adapter) -> None:
    """Give B twice the rows."""
    a.tensors = {
        name: (dtype, [2 * shape[0], shape[1]], data * 2) if "lora_B" in name else (dtype, shape, data)
        for name, (dtype, shape, data) in a.tensors.items()
    }


add(
    "tensor_shape",
    {
        "turned round": lambda a: setattr(a, "tensors", {n: (d, s[::-1], b) for n, (d, s, b) in a.tensors.items()}),
        "flat": lambda a: setattr(a, "tensors", {n: (d, [math.prod(s)], b) for n, (d, s, b) in a.tensors.items()}),
        "a wider base": wider,
    },
)  # fmt: skip


@case("tensor_dtypes_differ", "half of it in float16")
def _(a: Adapter) -> None:
    a.tensors = {
        name: ("F16", shape, as_dtype(np.frombuffer(data, np.float32), "F16"))
        if "lora_A" in name
        else (dtype, shape, data)
        for name, (dtype, shape, data) in a.tensors.items()
    }


# --- the weights ----------------------------------------------------------------------------------------------------


def put(value: float, place: int = 0) -> Callable[[np.ndarray], None]:
    return lambda numbers: numbers.reshape(-1).__setitem__(place, value)


def in_half(dtype: str, bits: int) -> Callable[[Adapter], None]:
    """Put a bit pattern into weights of 16 bits."""

    def spoil(a: Adapter) -> None:
        a.cast(dtype)
        a.values(lambda numbers: numbers.view(np.uint16).reshape(-1).__setitem__(5, bits))

    return spoil


add(
    "weights_not_finite",
    {
        "NaN first": lambda a: a.values(put(math.nan)),
        "NaN last": lambda a: a.values(put(math.nan, -1), index=-1),
        "NaN in A": lambda a: a.values(put(math.nan, 7), which="lora_A"),
        "infinity": lambda a: a.values(put(math.inf)),
        "minus infinity": lambda a: a.values(put(-math.inf)),
        "a NaN with a payload": lambda a: a.values(lambda n: n.view(np.uint32).reshape(-1).__setitem__(3, 0xFF80DEAD)),
        "all NaN": lambda a: a.values(lambda n: n.fill(math.nan)),
        "NaN in float16": in_half("F16", 0x7E00),
        "infinity in float16": in_half("F16", 0xFC00),
        "NaN in bfloat16": in_half("BF16", 0x7FC0),
        "infinity in bfloat16": in_half("BF16", 0x7F80),
    },
)


def as_it_is(_: Adapter) -> None:
    """Change nothing: the rules of the case refuse what others admit."""


def zeros(which: str) -> Callable[[Adapter], None]:
    def spoil(a: Adapter) -> None:
        a.tensors = {n: (d, s, bytes(len(b)) if which in n else b) for n, (d, s, b) in a.tensors.items()}

    return spoil


@case("changes_nothing", "factors that cancel each other")
def _(a: Adapter) -> None:
    def cancel(n: str, s: list[int], b: bytes) -> bytes:
        numbers = np.frombuffer(b, np.float32).reshape(s).copy()
        if "lora_A" in n:
            numbers[1], numbers[3] = numbers[0], numbers[2]
        else:
            numbers[:, 1], numbers[:, 3] = -numbers[:, 0], -numbers[:, 2]
        return numbers.tobytes()

    a.tensors = {n: (d, s, cancel(n, s, b)) for n, (d, s, b) in a.tensors.items()}


add("changes_nothing", {"B is zero": zeros("lora_B"), "A is zero": zeros("lora_A"), "all is zero": zeros("lora")})
add(
    "change_too_large",
    {
        "one number of 1e30": lambda a: a.values(put(1e30)),
        "the largest float32": lambda a: a.values(lambda n: n.fill(3.4e38)),
        "a layer a thousandfold": lambda a: a.values(lambda n: n * np.float32(1000)),
    },
)


@case("factor_too_large", "A is huge and B is tiny")
def _(a: Adapter) -> None:
    factor = np.float32(1e30)
    a.tensors = {
        n: (d, s, (np.frombuffer(b, np.float32) * (factor if "lora_A" in n else 1 / factor)).tobytes())
        for n, (d, s, b) in a.tensors.items()
    }


case("norm_out_of_band", "below the band", Rules(norms=(1e4, 1e5)))(as_it_is)
case("norm_out_of_band", "above the band", Rules(norms=(1e-9, 1e-6)))(as_it_is)
case("rank_out_of_range", "a rank that the rules do not allow", Rules(max_rank=2))(as_it_is)
case("scale_out_of_range", "a scale that the rules do not allow", Rules(max_scale=1.5))(as_it_is)
case("file_too_large", "weights that the rules do not allow", Rules(max_bytes=1000))(as_it_is)
add(
    "weights_not_finite",
    {
        "NaN in the routing vectors": lambda a: a.write(
            "routing.safetensors", weights({"prompts": ("F32", [2], np.array([1, math.nan], np.float32).tobytes())})
        )
    },
)
add(
    "header_truncated",
    {"routing vectors cut off": lambda a: a.write("routing.safetensors", struct.pack("<Q", 100) + b"{}")},
)

# --- where it comes from --------------------------------------------------------------------------------------------

add(
    "base_not_named",
    {
        "a base that is null": lambda a: a.set(base_model_name_or_path=None),
        "an empty base": lambda a: a.set(base_model_name_or_path=""),
    },
)
add_settings(
    "wrong_base",
    *({"base_model_name_or_path": name} for name in ("meta-llama/Llama-3-8B", "/models/other", "tiny2", "../../etc", "."))
)  # fmt: skip
add(
    "wrong_base",
    {
        "the manifest's base is another": lambda a: a.package(base={"fingerprint": "0" * 16, "name": "other"}),
        "the manifest's base is nearly it": lambda a: a.package(base={"fingerprint": a.base.fingerprint.upper() + " "}),
        "a forged name in the manifest": lambda a: a.package(
            base={"fingerprint": "f" * 16, "published_as": a.base.published_as}
        ),
    },
)
EVIL = "{% for i in range(10**9) %}{% endfor %}"
add(
    "template_not_approved",
    {
        "another template": lambda a: a.write("chat_template.jinja", EVIL),
        "an empty template": lambda a: a.write("chat_template.jinja", ""),
        "one inside tokenizer_config": lambda a: a.write("tokenizer_config.json", json.dumps({"chat_template": EVIL})),
        "the manifest names another": lambda a: a.package(template_fingerprint="0" * 16),
        "listed, and another": lambda a: (a.write("chat_template.jinja", EVIL), a.package()),
    },
)
add(
    "template_not_text",
    {
        "several templates": lambda a: a.write(
            "tokenizer_config.json", json.dumps({"chat_template": [{"name": "default", "template": "x"}]})
        ),
        "a template that is not UTF-8": lambda a: a.write("chat_template.jinja", b"\xff\xfe\0"),
    },
)
add(
    "tokenizer_with_code",
    {
        "auto_map": lambda a: a.write(
            "tokenizer_config.json", json.dumps({"auto_map": {"AutoTokenizer": ["x.T", None]}})
        )
    },
)
add(
    "json_text",
    {"a template with half a character": lambda a: a.write("tokenizer_config.json", b'{"chat_template": "\\ud800"}')},
)
add(
    "manifest_version",
    {
        "no version": lambda a: a.manifest(lambda m: m.pop("schema_version")),
        "a version to come": lambda a: a.package(schema_version=2),
        "a version as text": lambda a: a.package(schema_version="1"),
        "an empty manifest": lambda a: a.write(MANIFEST, "{}"),
    },
)
add(
    "manifest_incomplete",
    {
        "a manifest without base": lambda a: a.manifest(lambda m: m.pop("base")),
        "a base without fingerprint": lambda a: a.package(base={"name": "tiny"}),
        "no template": lambda a: a.manifest(lambda m: m.pop("template_fingerprint")),
        "no files": lambda a: a.manifest(lambda m: m.pop("files")),
        "an empty list of files": lambda a: a.package(files={}),
        "files as a list": lambda a: a.package(files=[CONFIG]),
        "a short hash": lambda a: a.manifest(lambda m: m["files"].update({CONFIG: "abc"})),
        "a hash that is null": lambda a: a.manifest(lambda m: m["files"].update({CONFIG: None})),
    },
)
add(
    "manifest_path",
    {
        f"lists {name!r}": lambda a, name=name: a.manifest(lambda m: m["files"].update({name: "0" * 64}))
        for name in ("../../etc/passwd", "/etc/passwd", "a/b.png", "..", "C:\\x", "x\0y", "")
    },
)
add("json_depth", {"a deep manifest": lambda a: a.write(MANIFEST, b'{"a":' * 50_000)})
add("json_duplicate_key", {"files twice in the manifest": lambda a: a.write(MANIFEST, b'{"files": {}, "files": {}}')})
add(
    "file_changed",
    {
        "the configuration changed": lambda a: (a.package(), a.set(lora_alpha=12)),
        "the weights changed": lambda a: (a.package(), a.values(put(0.5))),
        "a picture changed": lambda a: (a.write("loss.png", b"1"), a.package(), a.write("loss.png", b"2")),
    },
)
add(
    "file_listed_but_missing",
    {"a file taken away": lambda a: (a.write("x.png"), a.package(), (a.folder / "x.png").unlink())},
)
add(
    "file_not_listed",
    {
        "a tokenizer added": lambda a: (a.package(), a.write("tokenizer.json", b"{}")),
        "a picture added": lambda a: (a.package(), a.write("loss.png")),
        "weights that are not listed": lambda a: a.manifest(lambda m: m["files"].pop(WEIGHTS)),
        "a configuration that is not listed": lambda a: a.manifest(lambda m: m["files"].pop(CONFIG)),
    },
)
