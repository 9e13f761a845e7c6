"""From a JSON object to what it asks for: each refusal is a sentence that names the field."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from domaintune.errors import nearest
from domaintune.serving.problems import HttpError, bad, quoted
from domaintune.serving.schema import ChatMessage, Shape

Kind = TypeVar("Kind", bound=Shape)

UNSUPPORTED: Final[Mapping[str, tuple[tuple[Any, ...], str]]] = {
    "tools": ((None, []), "tools are not supported"),
    "tool_choice": ((None, "none", "auto"), "tools are not supported"),
    "functions": ((None, []), "functions are not supported"),
    "function_call": ((None, "none", "auto"), "functions are not supported"),
    "response_format": ((None, {"type": "text"}), "the only response_format is text: answers are not held to a schema"),
    "audio": ((None,), "audio is not supported"),
    "modalities": ((None, ["text"]), "the only modality is text"),
    "prediction": ((None,), "predicted outputs are not supported"),
    "web_search_options": ((None,), "this server fetches nothing from the web"),
    "logit_bias": ((None, {}), "logit_bias is not supported"),
    "frequency_penalty": ((None, 0, 0.0), "frequency_penalty is not supported"),
    "presence_penalty": ((None, 0, 0.0), "presence_penalty is not supported"),
    "reasoning_effort": ((None, "none"), "the models here do not reason before they answer"),
    "verbosity": ((None, "medium"), "verbosity is not supported; ask for it in the prompt"),
    "suffix": ((None, ""), "suffix is not supported"),
    "echo": ((None, False), "echo is not supported: the prompt is not repeated"),
    "best_of": ((None, 1), "best_of is not supported; ask for n answers"),
}
"""Fields of OpenAI's that would change the answer: the values that change nothing, and why others are refused."""

PARTS: Final = {
    "input_image": "input_image is of another interface; send a picture as image_url, with a data: URL",
    "input_audio": "audio is not supported",
    "file": "files are not supported; send their text",
    "refusal": "a refusal is sent as the text of the message",
}
MESSAGE_FIELDS: Final[Mapping[str, tuple[Any, ...]]] = {
    "tool_calls": (None, []),
    "function_call": (None,),
    "audio": (None,),
    "refusal": (None, ""),
}


def read(kind: type[Kind], values: Mapping[str, Any]) -> Kind:
    """Read one shape, or raise a HttpError with the first thing that does not fit."""
    kept = {key: value for key, value in values.items() if key in kind.model_fields or not _harmless(key, value)}
    if "messages" in kind.model_fields and isinstance(kept.get("messages"), list):
        kept["messages"] = [_message(message, place) for place, message in enumerate(kept["messages"])]
    if "prompt" in kind.model_fields:
        _no_token_ids(kept.get("prompt"))
    try:
        return kind.model_validate(kept)
    except ValidationError as error:
        raise _sentence(kind, error) from None


def _harmless(key: str, value: Any) -> bool:
    """Tell whether a field changes nothing; one that is known, and would, is refused."""
    if key not in UNSUPPORTED:
        return False
    allowed, sentence = UNSUPPORTED[key]
    if not _among(value, allowed):
        raise bad(sentence, key, "unsupported_parameter")
    return True


def _among(value: Any, allowed: tuple[Any, ...]) -> bool:
    return json.dumps(value) in {json.dumps(one) for one in allowed}


def _message(message: Any, place: int) -> Any:
    """Return a message without the fields that say nothing; what cannot be answered is refused by name."""
    if not isinstance(message, dict):
        return message
    where = f"messages[{place}]"
    if message.get("role") in ("tool", "function"):  # a tuple: a list may stand there
        raise bad("tools are not supported", f"{where}.role", "unsupported_value")
    for key, allowed in MESSAGE_FIELDS.items():
        if key in message and not _among(message[key], allowed):
            raise bad(f"{key} is not supported in a message", f"{where}.{key}", "unsupported_parameter")
    parts = message.get("content")
    for number, part in enumerate(parts if isinstance(parts, list) else ()):
        kind = part.get("type") if isinstance(part, dict) else None
        if isinstance(kind, str) and kind in PARTS:
            raise bad(PARTS[kind], f"{where}.content[{number}].type", "unsupported_value")
        if kind == "image_url" and message.get("role") in ("system", "developer", "assistant"):
            raise bad(
                "pictures stand in messages of the user only", f"{where}.content[{number}].type", "unsupported_value"
            )
    return {key: value for key, value in message.items() if key not in MESSAGE_FIELDS}


def _no_token_ids(prompt: Any) -> None:
    if isinstance(prompt, list) and any(isinstance(one, int | list) for one in prompt):
        raise bad("token ids are not supported as a prompt; send text", "prompt", "unsupported_value")


def _sentence(kind: type[Shape], error: ValidationError) -> HttpError:
    first = _nearest_to_fit(error.errors(include_url=False, include_input=False, include_context=False))
    path = _path(first["loc"])
    if first["type"] == "extra_forbidden":
        known = kind.model_fields if len(first["loc"]) == 1 else ChatMessage.model_fields
        name = str(first["loc"][-1])
        return bad(f"unknown field {quoted(name)}{nearest(name[:80], known)}", quoted(path)[1:-1], "unknown_parameter")
    if first["type"] == "missing":
        return bad(f"{path} is missing", path, "missing_required_parameter")
    if first["type"].startswith("union_tag"):
        return bad(f"{path}.type: input should be 'text' or 'image_url'", f"{path}.type")
    return bad(f"{path}: {first['msg'][:1].lower()}{first['msg'][1:]}", path)


def _nearest_to_fit(errors: Sequence[Any]) -> Any:
    """Return the first error; where a value fits none of several shapes, that of the shape it comes nearest to."""
    around = errors[0]["loc"][:-1]
    same = [one for one in errors if around and one["loc"][: len(around)] == around]
    return max(same, key=lambda one: len(one["loc"]), default=errors[0])


def _path(places: tuple[int | str, ...]) -> str:
    """Write a place as `messages[0].content`; the names that pydantic gives to alternatives are left out."""
    text, kind_of_part = "", False
    for place in places:
        if isinstance(place, int):
            text += f"[{place}]"
        elif not kind_of_part and not any(letter in place for letter in "[](-") and place not in {"str", "list"}:
            text += f".{place}" if text else place
        kind_of_part = isinstance(place, int) and text.rpartition(".")[2].startswith("content[")
    return text
