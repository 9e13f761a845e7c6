"""What goes wrong with a request, always told in OpenAI's error form, and never with more than the client may know."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from domaintune.console import harmless
from domaintune.errors import nearest

TYPES: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
LONGEST_NAME: Final = 80


@dataclass(eq=False)  # Python writes the traceback of an exception into it
class HttpError(Exception):
    """A request that gets an error for an answer: an HTTP status, a sentence, and a short stable code."""

    status: int
    message: str
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the error as OpenAI's clients read it."""
        kind = TYPES.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def encoded(self) -> bytes:
        """Return the body as bytes."""
        return json.dumps(self.body(), ensure_ascii=True).encode()


def bad(message: str, param: str | None = None, code: str | None = None) -> HttpError:
    """Return the answer to a request that cannot be used."""
    return HttpError(400, message, code or "invalid_value", param)


def no_model(name: str, known: Iterable[str], reason: str = "") -> HttpError:
    """Return the answer to a model name that nobody has; it is never answered by another model."""
    hint = f": {reason}" if reason else nearest(name, known)
    return HttpError(
        404,
        f"the model {quoted(name)} does not exist here{hint}; GET /v1/models lists them",
        "model_not_found",
        "model",
    )


def no_key(given: bool, realm: str | None = None) -> HttpError:
    """Return the answer to a request without the right key; `realm` makes a browser ask for one."""
    said = "the API key is not the one of this server" if given else "this server needs an API key"
    ask = f'Basic realm="{realm}", charset="UTF-8"' if realm else "Bearer"
    return HttpError(
        401, f"{said}; send it as `Authorization: Bearer KEY`", "invalid_api_key", None, {"www-authenticate": ask}
    )


def busy(message: str, seconds: int = 1) -> HttpError:
    """Return the answer to a request too many."""
    return HttpError(429, message, "queue_full", None, {"retry-after": str(seconds)})


def unavailable(message: str, code: str, seconds: int = 5) -> HttpError:
    """Return the answer while the server starts or stops."""
    return HttpError(503, message, code, None, {"retry-after": str(seconds)})


def broken(request_id: str) -> HttpError:
    """Return the answer to a request that met a bug of ours: only the id by which the log knows it."""
    return HttpError(
        500, f"the server could not answer; its log has more under request id {request_id}", "internal_error"
    )


def quoted(name: str) -> str:
    """Return a client's text, short and harmless, for a message."""
    short = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
    return repr(harmless(short.encode("utf-8", "replace").decode()))
