"""What each key of adapter_config.json may say: the 41 keys of peft 0.21, of which most must stay at their default.

peft reads the keys as instructions: to build layers twice, to import a module, to change the base model before the
adapter is laid over it. What does more than add a low-rank update to linear layers is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class KeyRule:
    """What a key accepts, what it is for, and what to write instead."""

    accepts: Callable[[Any], bool]
    why: str
    wanted: str
    required: bool = False


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number (`true` is none)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value: Any) -> bool:
    """Tell whether a value is a whole number (`true` and 4.0 are none)."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(longest: int) -> Callable[[Any], bool]:
    return lambda value: value is None or (isinstance(value, str) and len(value) <= longest and value.isprintable())


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(name, str) for name in value)


def _is_one_name_or_none(value: Any) -> bool:
    return value is None or value == [] or (_is_names(value) and len(value) == 1)


def _is_table_of(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(kind, value.values()))


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _one_of(*values: Any) -> Callable[[Any], bool]:
    # True == 1 in Python, and peft tells them apart
    return lambda value: any(value == known and type(value) is type(known) for known in values)


def _unset(why: str, wanted: str = "set it to null, or train without it") -> KeyRule:
    return KeyRule(lambda value: value is None, why, wanted)


def _empty(why: str, wanted: str = "set it to null, or train without it") -> KeyRule:
    return KeyRule(_one_of([], None), why, wanted)


def _off(why: str) -> KeyRule:
    return KeyRule(_one_of(False), why, "set it to false, or train without it")


_INIT = "it makes peft read data, or change the base model's own weights, while it loads"
_ADVICE = "set it to true where the file holds the whole trained update; for pissa, olora, corda, loftq convert it"
_OTHER = "a variant of LoRA that is not a plain low-rank update"
_RANK = "write a whole number of at least 1"
_SWITCH = "write true or false"

KEYS: dict[str, KeyRule] = {
    # the adapter itself
    "peft_type": KeyRule(_one_of("LORA"), "only LoRA adapters are admitted", "train a LoRA adapter", required=True),
    "task_type": KeyRule(_one_of("CAUSAL_LM", None), "only language models answer here", 'write "CAUSAL_LM"'),
    "r": KeyRule(is_whole, "a rank is a whole number", _RANK, required=True),
    "lora_alpha": KeyRule(is_number, "alpha is a finite number", "write a positive number", required=True),
    "target_modules": KeyRule(
        _is_names,
        "a list of layer names is wanted; a text is taken for a pattern, and matching one can run for hours",
        'write the list of layer names that peft saves, for example ["q_proj", "v_proj"]',
        required=True,
    ),
    "rank_pattern": KeyRule(_is_table_of(is_whole), "a table of name = rank is wanted", _RANK),
    "alpha_pattern": KeyRule(_is_table_of(is_number), "a table of name = alpha is wanted", "write positive numbers"),
    "use_rslora": KeyRule(_is_bool, "it is a switch", _SWITCH),
    "lora_dropout": KeyRule(
        lambda value: is_number(value) and 0 <= value < 1, "dropout is a share", "write a number from 0 to below 1"
    ),
    "init_lora_weights": KeyRule(_one_of(True, False, "gaussian"), _INIT, _ADVICE),
    "bias": KeyRule(_one_of("none"), "biases of the base model would be replaced", 'train with bias="none"'),
    # what describes it
    "inference_mode": KeyRule(_is_bool, "it is a switch", _SWITCH),
    "base_model_name_or_path": KeyRule(_is_text(1024), "a name is wanted", "write the name of the base model"),
    "revision": KeyRule(_is_text(256), "a revision is a short text", "write a commit, or null"),
    "peft_version": KeyRule(_is_text(64), "a version is a short text", "write the version of peft, or null"),
    # what would do more
    "auto_mapping": _unset("it names a module to be imported", 'set it to null and task_type to "CAUSAL_LM"'),
    "layer_replication": _unset("it builds layers of the base model many times over"),
    "megatron_config": _unset("it is for models of Megatron"),
    "megatron_core": KeyRule(
        _one_of("megatron.core", None), "it names a module to be imported", 'write "megatron.core", the default'
    ),
    "modules_to_save": KeyRule(
        _is_one_name_or_none,
        "it replaces whole layers of the base model, of which only the projector may be",
        'train without modules_to_save, or with ["NAME"] of the projector of a base model that reads pictures',
    ),
    "trainable_token_indices": _unset("it replaces embeddings of the base model"),
    "target_parameters": _empty("it changes parameters that are not linear layers"),
    "exclude_modules": _empty("what is adapted must be said by target_modules alone", "list the targets themselves"),
    "layers_to_transform": _empty(
        "what is adapted must be said by target_modules alone", "write whole paths there, model.layers.0.… for one"
    ),
    "layers_pattern": _empty("what is adapted must be said by target_modules alone", "write whole paths there"),
    "fan_in_fan_out": _off("the layers of the base model are plain linear ones"),
    "ensure_weight_tying": _off("it ties layers of the base model to the adapter"),
    "lora_bias": _off("a bias beside the update is not a plain low-rank update"),
    "use_dora": _off(_OTHER),
    "use_qalora": _off(_OTHER),
    "qalora_group_size": KeyRule(_one_of(16, None), _OTHER, "write 16, the default"),
    "use_bdlora": _unset(_OTHER),
    "velora_config": _unset(_OTHER),
    "monteclora_config": _unset(_OTHER),
    "kasa_config": _unset(_OTHER),
    "arrow_config": _unset(_OTHER),
    "alora_invocation_tokens": _unset("it switches the adapter on and off inside a prompt"),
    "loftq_config": KeyRule(_one_of({}, None), _INIT, "set it to null"),
    "eva_config": _unset("it makes peft read data before it loads"),
    "corda_config": _unset("it makes peft read files before it loads"),
    "lora_ga_config": _unset("it makes peft read data before it loads"),
}
"""In the order in which they are checked."""
