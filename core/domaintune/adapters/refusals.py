"""Why an adapter folder is refused: a stable code, a sentence, and what to do about it.

docs/admission.md is written from this table, and a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domaintune.adapters.config_keys import KEYS
from domaintune.errors import UsageError

CUT = 80
"""Names and values of strangers are shown up to so many characters."""


@dataclass(frozen=True)
class Refusal:
    """What is wrong, with the facts of the case in braces, and what its owner can do."""

    group: str
    reason: str
    remedy: str


class AdmissionError(UsageError):
    """An adapter folder is refused before any loader has seen it; `code` is stable, for programs."""

    def __init__(self, code: str, /, *, adapter: str = "", **facts: Any) -> None:
        self.code, self.adapter, self.facts = code, adapter, facts
        refusal = REFUSALS[code]
        reason = refusal.reason.format_map({name: shown(value) for name, value in facts.items()})
        whose = f"adapter folder {shown(adapter)}" if adapter else "the adapter folder"
        super().__init__(f"{whose} is refused ({code}): {reason}; {refusal.remedy}")

    def of(self, adapter: str) -> AdmissionError:
        """Return the same refusal, with the name of the folder in its sentence."""
        return AdmissionError(self.code, adapter=adapter, **self.facts)


def shown(value: Any) -> str:
    """Write a stranger's value so that it cannot disturb a terminal or a log: quoted, escaped and cut."""
    if isinstance(value, Sentence):
        return str(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    # of a long text only its beginning is worth escaping
    text = ascii(value[: CUT + 1]) if isinstance(value, str) else ascii(value)
    return text if len(text) <= CUT else f"{text[:CUT]}…"


class Sentence(str):
    """Words of our own inside a fact: shown as they are."""

    __slots__ = ()


_FOLDER, _JSON, _CONFIG = "The folder", "JSON files", "adapter_config.json"
_HEADER, _WEIGHTS, _ORIGIN = "The header of adapter_model.safetensors", "The weights", "Where it comes from"
_COPY = "copy the files of the adapter alone into a new folder (`cp -L` follows links) and use that"
_AGAIN = "the file is damaged or was made by hand: get it again from where it came from, or save it again with peft"
_PEFT = "save the adapter again with peft"

REFUSALS: dict[str, Refusal] = {
    "not_a_folder": Refusal(_FOLDER, "{path} is not a folder", "give the folder in which adapter_config.json lies"),
    "too_many_files": Refusal(_FOLDER, "it holds more than {limit} files", _COPY),
    "symlink": Refusal(_FOLDER, "{file} is a symbolic link, which may lead anywhere", _COPY),
    "subfolder": Refusal(_FOLDER, "{file} is a folder; an adapter has none", _COPY),
    "not_a_regular_file": Refusal(_FOLDER, "{file} is a pipe, a socket or a device", _COPY),
    "unreadable": Refusal(_FOLDER, "{file} cannot be read ({problem})", "let your user read it"),
    "changed_while_read": Refusal(
        _FOLDER, "{file} changed while it was checked", "wait until nothing writes there any more and try again"
    ),
    "pickle": Refusal(
        _FOLDER,
        "{file} has the ending of a pickle, and reading a pickle can run code",
        "save the weights as safetensors (peft's save_pretrained does) and remove this file",
    ),
    "program": Refusal(_FOLDER, "{file} is a program, and an adapter needs none", "remove it"),
    "file_unknown": Refusal(
        _FOLDER, "{file} is no file of an adapter{nearest}", "remove it; docs/admission.md lists what may be there"
    ),
    "file_missing": Refusal(_FOLDER, "{file} is not there", "give a folder that peft's save_pretrained wrote"),
    "file_too_large": Refusal(_FOLDER, "{file} has {bytes} bytes; {limit} are allowed", _COPY),
    "folder_too_large": Refusal(
        _FOLDER, "the files beside the weights have {bytes} bytes together; {limit} are allowed", _COPY
    ),
    "json_encoding": Refusal(_JSON, "{file} is not UTF-8 text (byte {place})", "save it as UTF-8 without a byte mark"),
    "json_syntax": Refusal(_JSON, "{file} is not JSON: {problem}", _AGAIN),
    "json_not_an_object": Refusal(_JSON, "{file} is not a JSON object", _AGAIN),
    "json_depth": Refusal(_JSON, "{file} is nested deeper than {limit}", _AGAIN),
    "json_too_many_values": Refusal(_JSON, "{file} holds more than {limit} values", _AGAIN),
    "json_duplicate_key": Refusal(
        _JSON, "{file} has the key {key} twice, and readers differ in which they take", "keep one of the two"
    ),
    "json_number": Refusal(
        _JSON, "{file} has the number {number}", "write finite numbers of at most 40 digits; JSON knows no NaN"
    ),
    "json_text": Refusal(_JSON, "{file} has half a character in a text (a lone surrogate)", _AGAIN),
    "config_key_unknown": Refusal(_CONFIG, "peft 0.21 knows no key {key}{nearest}", f"remove it, or {_PEFT} 0.21"),
    "config_key_missing": Refusal(_CONFIG, "the key {key} is missing, and its default would be a guess", _PEFT),
    **{f"config_{key}": Refusal(_CONFIG, f"{key} is {{value}}: {rule.why}", rule.wanted) for key, rule in KEYS.items()},
    "target_not_plain": Refusal(
        _CONFIG,
        "{name} in target_modules is a pattern, not a plain name; patterns can run for hours",
        "list names of layers such as q_proj, or whole paths such as model.layers.0.self_attn.q_proj",
    ),
    "target_unknown": Refusal(
        _CONFIG,
        "target_modules names {name}, and base model {base} has no linear layer of that name{nearest}",
        "use the base model for which it was trained, or train on layers which that base has",
    ),
    "target_sees": Refusal(
        _CONFIG,
        "target_modules names {name}, which fits {layer} too: a layer that reads pictures, and those are left as they are",
        "name layers of the language model by their whole paths, model.language_model.layers.0.self_attn.q_proj for one",
    ),
    "saved_without_projector": Refusal(
        _CONFIG,
        "modules_to_save names {name}, and base model {base} has no projector that an adapter could replace",
        "train without modules_to_save, or use the base model for which it was trained",
    ),
    "saved_not_projector": Refusal(
        _CONFIG,
        "modules_to_save names {name}; of base model {base} only the projector may be replaced, {wanted}",
        "train with modules_to_save naming the projector alone, or without it",
    ),
    "pattern_not_plain": Refusal(
        _CONFIG,
        "the key {name} of {key} is a pattern, not a plain name; patterns can run for hours",
        "write a plain name or a path there, without ^, *, ( and the like",
    ),
    "pattern_unknown": Refusal(
        _CONFIG, "the key {name} of {key} fits none of the adapted layers{nearest}", "remove it, or correct the name"
    ),
    "too_many_patterns": Refusal(
        _CONFIG, "{key} has {count} entries, more than the base model has linear layers", "keep one for each layer"
    ),
    "rank_out_of_range": Refusal(
        _CONFIG, "the rank of {name} is {rank}; 1 to {limit} is allowed", "train with a smaller rank, or reduce it"
    ),
    "scale_out_of_range": Refusal(
        _CONFIG,
        "the update of {name} is multiplied by {scale}; more than 0 and at most {limit} is allowed",
        "correct lora_alpha (or alpha_pattern): the scale is alpha / r, or alpha / sqrt(r) with use_rslora",
    ),
    "header_truncated": Refusal(_HEADER, "{file} ends before its header does", _AGAIN),
    "header_too_long": Refusal(_HEADER, "{file} declares a header of {bytes} bytes; {limit} are allowed", _AGAIN),
    "header_metadata": Refusal(_HEADER, "the metadata of {file} is not a table of texts", _AGAIN),
    "header_entry": Refusal(_HEADER, "tensor {name} is not described by exactly dtype, shape and data_offsets", _AGAIN),
    "tensor_dtype": Refusal(
        _HEADER, "tensor {name} has dtype {dtype}", "save the adapter in float32, float16 or bfloat16"
    ),
    "tensor_dtypes_differ": Refusal(_HEADER, "tensors have different dtypes ({names})", "save all in one dtype"),
    "tensor_unknown": Refusal(
        _HEADER,
        "tensor {name} belongs to none of the layers that adapter_config.json names{nearest}",
        "save again with peft's save_pretrained(..., save_embedding_layers=False)",
    ),
    "tensor_missing": Refusal(
        _HEADER, "tensor {name} is missing, which peft would replace by an untrained one in silence", _AGAIN
    ),
    "tensor_shape": Refusal(
        _HEADER,
        "tensor {name} has the shape {shape}; base model and rank ask for {wanted}",
        "use the base model for which it was trained, and the rank with which it was trained",
    ),
    "tensor_offsets": Refusal(
        _HEADER, "the bytes of tensor {name} overlap others, leave a gap or do not fit its shape", _AGAIN
    ),
    "file_length": Refusal(_HEADER, "{file} has {bytes} bytes; its header accounts for {wanted}", _AGAIN),
    "weights_not_finite": Refusal(
        _WEIGHTS, "tensor {name} holds NaN or infinity", "train again, with a lower learning rate or in float32"
    ),
    "changes_nothing": Refusal(
        _WEIGHTS, "its update of the base model is zero: it would answer exactly as the base", "train it"
    ),
    "change_too_large": Refusal(
        _WEIGHTS,
        "it changes the weights of {name} by {change} each (root mean square); at most {limit} is allowed, "
        "and trained weights are themselves 0.01 to 0.1",
        "train again with a lower learning rate, or correct lora_alpha",
    ),
    "factor_too_large": Refusal(
        _WEIGHTS,
        "the numbers of {name} are {mean} in the quadratic mean; at most {limit} is allowed: what is computed with them "
        "runs out of range",
        "train again with a lower learning rate",
    ),
    "projector_too_large": Refusal(
        _WEIGHTS,
        "the numbers of {name} of its projector are {mean} in the quadratic mean; at most {limit} is allowed, and those of "
        "trained ones are 0.01 to 0.1",
        "train again with a lower learning rate",
    ),
    "projector_is_zero": Refusal(
        _WEIGHTS, "{name} of its projector holds only zeros, so that no picture would be seen", "train it"
    ),
    "norm_out_of_band": Refusal(
        _WEIGHTS,
        "the norm of its update is {norm}, outside the band {low} to {high} of adapters that are in use",
        "look at how it was trained, or widen the band if you meant it",
    ),
    "wrong_base": Refusal(
        _ORIGIN, "it was made for base model {theirs}, and this is {ours}", "use the base model for which it was made"
    ),
    "base_not_named": Refusal(
        _ORIGIN,
        "nothing says for which base model it was made (base_model_name_or_path is empty and there is no manifest)",
        "write the name of the base model into adapter_config.json if you know it",
    ),
    "template_not_approved": Refusal(
        _ORIGIN,
        "the chat template in {file} ({theirs}) is not the base model's ({ours}) nor an approved one",
        "remove the tokenizer files if the adapter works with the base's template, or have its owner approve it",
    ),
    "template_not_text": Refusal(_ORIGIN, "the chat template in {file} is not one UTF-8 text", "leave one template"),
    "tokenizer_with_code": Refusal(
        _ORIGIN,
        "{file} names code to be imported ({key})",
        "remove that key; no tokenizer or processor here needs code",
    ),
    "manifest_version": Refusal(
        _ORIGIN, "domaintune.json has schema_version {version}; 1 is known", "update domaintune, or build it again"
    ),
    "manifest_incomplete": Refusal(
        _ORIGIN, "domaintune.json has no valid {key}", "build the package again, or remove domaintune.json"
    ),
    "manifest_path": Refusal(
        _ORIGIN, "domaintune.json lists {file}, which is not a plain file name", "build the package again"
    ),
    "file_listed_but_missing": Refusal(_ORIGIN, "domaintune.json lists {file}, and it is not there", _AGAIN),
    "file_not_listed": Refusal(
        _ORIGIN, "{file} is not in the list of domaintune.json: it was added later", "remove it, or build again"
    ),
    "file_changed": Refusal(
        _ORIGIN,
        "the SHA-256 of {file} is {theirs}, and domaintune.json says {ours}: it was changed later",
        "get the package again, or build it again",
    ),
}
"""Every code, in the order of the page."""
