"""Writes docs/openapi.json, the server's interface: `python docs/openapi.py`. The server itself does not serve it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from domaintune import __version__
from domaintune.serving import schema
from domaintune.serving.schema import Shape

FILE = Path(__file__).with_suffix(".json")
TEXT, WHOLE, NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}
OR_NOTHING = {"type": ["string", "null"]}
REASON = {"enum": ["stop", "length"]}
ADMIN = [{"admin": []}]


def document() -> dict[str, Any]:
    """Return the description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "domaintune",
            "version": __version__,
            "description": "One address for many adapters, in OpenAI's shapes. Every error has the shape `Error`.",
        },
        "security": [{"user": []}, {}],
        "paths": paths(),
        "components": {
            "securitySchemes": {
                "user": {"type": "http", "scheme": "bearer", "description": "the key of the users, where one is set"},
                "admin": {"type": "http", "scheme": "bearer", "description": "the key of the admin"},
            },
            "headers": {
                "request": {
                    "description": "The request's id, in the server's log too.",
                    "required": True,
                    "schema": TEXT,
                }
            },
            "schemas": {
                "Error": ERROR,
                "Chat": CHAT,
                "Completion": COMPLETION,
                "Usage": USAGE,
                "About": ABOUT,
                "Model": MODEL,
                "Models": listing("Model"),
                "Version": VERSION,
                "Versions": listing("Listed"),
                "Listed": {**VERSION, "properties": {**VERSION["properties"], "loaded": {"type": "boolean"}}},
                "Readiness": READINESS,
                "Alive": exact({"status": {"const": "ok"}}),
            },
        },
    }


def paths() -> dict[str, Any]:
    """Return every address."""
    stream = {"text/event-stream": {"schema": {"type": "object", "properties": {"data": TEXT}, "required": ["data"]}}}
    admin = {"security": ADMIN}
    success = {"text/plain": {"schema": TEXT}}
    named = {"name": "id", "in": "path", "required": True, "schema": {**TEXT, "minLength": 1}}
    return {
        "/v1/chat/completions": {
            "post": operation("chat", schema.ChatRequest, {**content("Chat"), **stream}, "400 404 413 415 429 503 504"),
        },
        "/v1/completions": {
            "post": operation(
                "complete", schema.CompletionRequest, {**content("Completion"), **stream}, "400 404 413 415 429 503 504"
            ),
        },
        "/v1/models": {"get": operation("models", None, content("Models"), "")},
        "/v1/models/{id}": {"get": {**operation("model", None, content("Model"), "404"), "parameters": [named]}},
        "/v1/load_lora_adapter": {"post": operation("load", schema.LoadRequest, success, "400 404 413 415") | admin},
        "/v1/unload_lora_adapter": {
            "post": operation("unload", schema.UnloadRequest, success, "400 404 413 415") | admin
        },
        "/v1/promote": {
            "post": operation("promote", schema.PromoteRequest, content("Version"), "400 404 409 413 415") | admin
        },
        "/v1/rollback": {
            "post": operation("rollback", schema.RollbackRequest, content("Version"), "400 404 413 415") | admin
        },
        "/v1/versions": {"get": operation("versions", None, content("Versions"), "") | admin},
        "/healthz": {"get": {**operation("alive", None, content("Alive"), ""), "security": []}},
        "/readyz": {"get": readiness()},
        "/metrics": {"get": operation("metrics", None, success, "")},
    }


def operation(name: str, body: type[Shape] | None, good: dict[str, Any], bad: str) -> dict[str, Any]:
    """Return one operation: its body, what it answers, and with which errors."""
    errors = ["401", "403", "408", "431", *bad.split()]
    found: dict[str, Any] = {"operationId": name, "responses": {"200": response("An answer.", good)}}
    found["responses"] |= {status: response("An error.", content("Error")) for status in sorted(set(errors))}
    if body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": inlined(body)}}}
    return found


def response(said: str, found: dict[str, Any]) -> dict[str, Any]:
    """Return a response with its headers."""
    return {
        "description": said,
        "headers": {"x-request-id": {"$ref": "#/components/headers/request"}},
        "content": found,
    }


def readiness() -> dict[str, Any]:
    """Return the one operation that answers in one shape with two statuses."""
    found = operation("ready", None, content("Readiness"), "")
    found["responses"]["503"] = response("Not ready.", content("Readiness"))
    return found


def content(name: str) -> dict[str, Any]:
    """Return JSON of a shape that is named below."""
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def inlined(shape: type[Shape]) -> dict[str, Any]:
    """Return pydantic's schema with its definitions put where they are used."""
    whole = shape.model_json_schema()
    known = whole.pop("$defs", {})

    def put(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                return put(known[value["$ref"].rpartition("/")[2]])
            return {key: put(inner) for key, inner in value.items() if key != "discriminator"}  # it names definitions
        return [put(inner) for inner in value] if isinstance(value, list) else value

    found: dict[str, Any] = put(whole)
    return found


def exact(properties: dict[str, Any], *also: str) -> dict[str, Any]:
    """Return an object that has all of these properties, may have those in `also`, and has no others."""
    required = [name for name in properties if name not in also]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def listing(name: str) -> dict[str, Any]:
    """Return a list as OpenAI writes one."""
    return exact(
        {"object": {"const": "list"}, "data": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}}
    )


ERROR = exact({"error": exact({"message": TEXT, "type": TEXT, "param": OR_NOTHING, "code": OR_NOTHING})})
USAGE = exact({"prompt_tokens": WHOLE, "completion_tokens": WHOLE, "total_tokens": WHOLE})
PASSAGE = exact({"title": TEXT, "text": TEXT, "source": TEXT, "place": TEXT})
ABOUT = exact(
    {"version": TEXT, "adapters": {"type": "array", "items": TEXT}, "passages": {"type": "array", "items": PASSAGE}}
)
_TOKEN = {"token": TEXT, "logprob": NUMBER, "bytes": {"type": "array", "items": WHOLE}}
_CHANCES = exact(
    {
        "content": {
            "type": "array",
            "items": exact({**_TOKEN, "top_logprobs": {"type": "array", "items": exact(_TOKEN)}}),
        },
        "refusal": {"type": "null"},
    }
)
_HEAD = {"id": TEXT, "created": WHOLE, "model": TEXT, "system_fingerprint": TEXT}
_TAIL = {"usage": {"$ref": "#/components/schemas/Usage"}, "domaintune": {"$ref": "#/components/schemas/About"}}
_CHOICE = {"index": WHOLE, "finish_reason": REASON}
CHAT = exact(
    {
        **_HEAD,
        "object": {"const": "chat.completion"},
        "choices": {
            "type": "array",
            "minItems": 1,
            "items": exact(
                {
                    **_CHOICE,
                    "message": exact({"role": {"const": "assistant"}, "content": TEXT, "refusal": {"type": "null"}}),
                    "logprobs": {"oneOf": [{"type": "null"}, _CHANCES]},
                }
            ),
        },
        **_TAIL,
    }
)
COMPLETION = exact(
    {
        **_HEAD,
        "object": {"const": "text_completion"},
        "choices": {
            "type": "array",
            "minItems": 1,
            "items": exact(
                {
                    **_CHOICE,
                    "text": TEXT,
                    "logprobs": {"type": ["object", "null"]},
                }
            ),
        },
        **_TAIL,
    }
)
MODEL = exact(
    {
        "id": TEXT,
        "object": {"const": "model"},
        "created": WHOLE,
        "owned_by": TEXT,
        "root": OR_NOTHING,
        "parent": OR_NOTHING,
        "digest": TEXT,
        "fingerprint": TEXT,
        "rank": WHOLE,
        "users": WHOLE,
        "knowledge": {"type": "boolean"},
        "images": {"type": "boolean"},
    },
    "digest",
    "fingerprint",
    "rank",
    "users",
    "knowledge",
)
VERSION = exact(
    {
        "id": TEXT,
        "name": TEXT,
        "number": WHOLE,
        "state": {"enum": ["candidate", "promoted", "retired"]},
        "withdrawn": {"type": "boolean"},
        "digest": TEXT,
        "fingerprint": TEXT,
        "rank": WHOLE,
        "bytes": WHOLE,
        "added": TEXT,
    }
)
READINESS = exact(
    {
        "status": {"enum": ["ready", "not ready"]},
        "serving": {"type": "object"},
        "problems": {"type": "object"},
        "restarting": {"type": "array", "items": TEXT},
    }
)


if __name__ == "__main__":
    FILE.write_text(json.dumps(document(), indent=2, sort_keys=True) + "\n", encoding="utf-8")
